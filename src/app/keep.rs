//! Keeping work safe: what is in no file yet is written beside the file, never into it, and offered when it is opened again; a
//! file that something else has written meanwhile is noticed. Knows files, no widget and no clock: the time is passed in.

use super::document::Document;
use super::files::Home;
use crate::files;
use crate::scenario::{self, Scenario};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::SystemTime;

/// At most so many seconds of work are lost when the program is killed.
const EVERY: f64 = 2.0;
/// How often, in seconds, the open file is looked at.
const LOOK: f64 = 1.0;

/// What keeps the open document's unsaved work.
#[derive(Debug, Default)]
pub struct Keep {
    /// Where work is kept that has no file yet; without it, it is not.
    folder: Option<PathBuf>,
    /// The copy that there is now.
    copy: Option<PathBuf>,
    /// Of which state of the document.
    revision: u64,
    last: Option<f64>,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// The open file when it was last looked at.
    seen: Option<(PathBuf, Option<Stamp>)>,
    looked: Option<f64>,
}

/// What tells one state of a file from another without reading it.
type Stamp = (SystemTime, u64);

impl Keep {
    /// Keeps work that has no file yet in this folder.
    pub fn in_folder(folder: Option<PathBuf>) -> Keep {
        Keep { folder, ..Keep::default() }
    }

    /// To be called now and then, with the seconds since some beginning, what is open, and what of it is in no file. Gives what went
    /// wrong, once.
    pub fn pass(&mut self, now: f64, document: Option<&Document>, unsaved: Option<&Scenario>) -> Option<String> {
        let trouble = self.finished();
        let Some(document) = document else { return trouble };
        let Some(unsaved) = unsaved else {
            self.forget();
            self.revision = document.revision();
            return trouble;
        };
        let due = self.last.is_none_or(|last| now - last >= EVERY || now < last);
        if !due || self.revision == document.revision() || self.writing.is_some() {
            return trouble;
        }
        let Some(place) = self.place(&document.home) else { return trouble };
        if self.copy.as_ref().is_some_and(|copy| *copy != place) {
            self.forget();
        }
        // What is there already is work from before, which may still be wanted.
        if self.copy.is_none()
            && place.exists()
            && let Err(why) = set_aside(&place)
        {
            self.last = Some(now);
            return Some(not_kept(&why));
        }
        let text = scenario::write(unsaved);
        (self.copy, self.revision, self.last) = (Some(place.clone()), document.revision(), Some(now));
        let write = move || {
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder)?;
            }
            files::save(&place, &text)
        };
        // On a thread of its own: disks can take their time.
        match std::thread::Builder::new().name("autosave".into()).spawn(write) {
            Ok(thread) => self.writing = Some(thread),
            Err(why) => return Some(format!("Your work is not being kept safe: {why}. Save it")),
        }
        trouble
    }

    /// When the next call of [`Keep::pass`] is of use, in seconds from now. `dirty` is whether something is in no file.
    pub fn next(&self, document: Option<&Document>, dirty: bool) -> Option<f64> {
        let document = document?;
        let unkept = dirty && (self.revision != document.revision() || self.writing.is_some());
        (unkept || document.home.path().is_some()).then_some(if unkept { EVERY / 4.0 } else { LOOK * 2.0 })
    }

    fn finished(&mut self) -> Option<String> {
        let thread = self.writing.take_if(|thread| thread.is_finished())?;
        match thread.join() {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(not_kept(&why)),
            Err(_) => None,
        }
    }

    /// This copy is of what is open now, which lives there: it stays until a newer one takes its place, or the work is safe.
    pub fn adopt(&mut self, copy: &Path, home: &Home) {
        let place = self.place(home).filter(|place| place == copy || !place.exists() && fs::rename(copy, place).is_ok());
        self.copy = Some(place.unwrap_or_else(|| copy.to_path_buf()));
    }

    /// The work is in its file, or given up: the copy goes.
    pub fn forget(&mut self) {
        if let Some(thread) = self.writing.take() {
            // Written after it was removed it would come back. What it says no longer matters.
            drop(thread.join());
        }
        if let Some(copy) = self.copy.take() {
            drop(fs::remove_file(copy));
        }
        (self.last, self.revision) = (None, 0);
    }

    fn place(&self, home: &Home) -> Option<PathBuf> {
        match home.path() {
            Some(path) => Some(beside(path)),
            None => Some(self.folder.as_ref()?.join(format!("unsaved-{}.ron", std::process::id()))),
        }
    }

    /// Work that has no file and was left behind by a program that is no more, with its name.
    pub fn left_behind(&self) -> Vec<(PathBuf, String)> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_orphan(path)).collect();
        paths.sort();
        let named = |path: PathBuf| {
            let name = kept(&path)?.name;
            Some((path, name))
        };
        paths.into_iter().filter_map(named).collect()
    }

    /// The open file's text, if something else has written it since it was last read or written here. Each state is told once.
    pub fn changed(&mut self, now: f64, document: &Document) -> Option<String> {
        let path = document.home.path()?;
        if self.looked.is_some_and(|looked| now - looked < LOOK && now >= looked) {
            return None;
        }
        self.looked = Some(now);
        let stamp = fs::metadata(path).ok().and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        if self.seen.as_ref().is_some_and(|(seen, before)| seen == path && *before == stamp) {
            return None;
        }
        // Where it cannot be read just now, it is tried again.
        let text = files::text(path).ok()?;
        self.seen = Some((path.to_path_buf(), stamp));
        (text != document.original).then_some(text)
    }
}

/// Where the copy of a file's unsaved work is: in its folder, hidden.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.autosave"))
}

fn not_kept(why: &io::Error) -> String {
    format!("Your work could not be kept safe beside its file: {}. Save it", files::reason(why))
}

/// Another name for a copy that is not ours, so that ours can have its place.
fn set_aside(copy: &Path) -> io::Result<()> {
    let stem = stem(copy);
    let ends = copy.extension().unwrap_or_default().to_string_lossy().into_owned();
    let mut names = (2..).map(|number| copy.with_file_name(format!("{stem}-{number}.{ends}")));
    names.find(|name| !name.exists()).map_or(Ok(()), |name| fs::rename(copy, name))
}

/// The copies of a file's unsaved work, the latest first: the one beside it, and those that were set aside.
fn copies(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let first = beside(path);
    let own = stem(&first);
    let numbered = |rest: &str| rest.is_empty() || rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
    let is_one = |found: &Path| found.extension() == first.extension() && stem(found).strip_prefix(&own).is_some_and(numbered);
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(path.with_file_name(entry.ok()?.file_name())));
    let mut found: Vec<PathBuf> = entries.filter(|found| is_one(found)).collect();
    found.sort_by_key(|copy| (fs::metadata(copy).and_then(|meta| meta.modified()).ok(), copy.clone()));
    found.reverse();
    found
}

/// The latest work on a file that is in none, where the file says `saved`. Copies of what it says already go.
pub fn offered(path: &Path, saved: &Scenario) -> Option<PathBuf> {
    copies(path).into_iter().find(|copy| match kept(copy) {
        Some(kept) if kept == *saved => {
            drop(fs::remove_file(copy));
            false
        }
        kept => kept.is_some(),
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The scenario that was kept there.
pub fn kept(copy: &Path) -> Option<Scenario> {
    scenario::read(&files::text(copy).ok()?, "autosave").ok()
}

/// Whether this is kept work of a program that no longer runs.
fn is_orphan(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let id = name.strip_prefix("unsaved-").and_then(|n| n.strip_suffix(".ron"));
    // One that was set aside has a number behind that of its process.
    let Some(id) = id.and_then(|n| n.split('-').next()).and_then(|n| n.parse::<u32>().ok()) else { return false };
    let processes = Path::new("/proc/self");
    id != std::process::id() && !(processes.exists() && Path::new("/proc").join(id.to_string()).exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::edit::Edit;
    use crate::scenario::Scenario;

    fn renamed(document: &mut Document, name: &str) {
        let scenario = Scenario { name: name.into(), ..document.scenario.clone() };
        document.edit(&Edit::SetScenario { label: "Rename".into(), scenario: Box::new(scenario) }).unwrap();
    }

    fn settle(keep: &mut Keep, document: &Document, now: f64) {
        let unsaved = Some(&document.scenario).filter(|_| document.dirty());
        assert_eq!(keep.pass(now, Some(document), unsaved), None);
        while keep.writing.is_some() {
            std::thread::yield_now();
            assert_eq!(keep.pass(now, Some(document), unsaved), None);
        }
    }

    #[test]
    fn unsaved_work_is_kept_beside_its_file_and_goes_when_it_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.ron");
        files::save(&path, "Scenario(format: 1)\n").unwrap();
        let mut document = Document::new(Scenario::default(), "Scenario(format: 1)\n".into(), Home::File(path.clone()));
        let mut keep = Keep::default();
        settle(&mut keep, &document, 0.0);
        assert!(!beside(&path).exists(), "nothing to keep");
        renamed(&mut document, "Shop");
        settle(&mut keep, &document, 1.0);
        assert_eq!(kept(&beside(&path)).unwrap(), document.scenario);
        assert_eq!(fs::read_to_string(&path).unwrap(), "Scenario(format: 1)\n", "the file itself is not touched");
        renamed(&mut document, "Other");
        settle(&mut keep, &document, 1.5);
        assert_eq!(kept(&beside(&path)).unwrap().name, "Shop", "not at every edit");
        settle(&mut keep, &document, 3.5);
        assert_eq!(kept(&beside(&path)).unwrap().name, "Other");
        document.saved("saved".into(), Home::File(path.clone()));
        settle(&mut keep, &document, 4.0);
        assert!(!beside(&path).exists());
    }

    #[test]
    fn work_without_a_file_is_found_again_by_the_next_program() {
        let folder = tempfile::tempdir().unwrap();
        let mut keep = Keep::in_folder(Some(folder.path().to_path_buf()));
        let mut document = Document::new(Scenario::default(), String::new(), Home::Nowhere);
        renamed(&mut document, "Mine");
        settle(&mut keep, &document, 0.0);
        assert!(keep.left_behind().is_empty(), "it is ours");
        let own = folder.path().join(format!("unsaved-{}.ron", std::process::id()));
        // No process has this number.
        let orphan = folder.path().join(format!("unsaved-{}.ron", u32::MAX));
        fs::copy(&own, &orphan).unwrap();
        assert_eq!(keep.left_behind(), [(orphan, "Mine".to_owned())]);
        keep.forget();
        assert!(!own.exists());
    }

    #[test]
    fn a_copy_that_is_not_ours_is_set_aside_and_offered_until_it_is_wanted_or_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.ron");
        let (place, aside) = (beside(&path), folder.path().join(".shop.ron-2.autosave"));
        let before = Scenario { name: "Before".into(), ..Scenario::default() };
        fs::write(&place, scenario::write(&before)).unwrap();
        fs::write(folder.path().join(".shop.ron-x.autosave"), scenario::write(&before)).unwrap();
        let mut document = Document::new(Scenario::default(), String::new(), Home::File(path.clone()));
        let mut keep = Keep::default();
        renamed(&mut document, "Shop");
        settle(&mut keep, &document, 0.0);
        assert_eq!((kept(&place).unwrap().name, kept(&aside).unwrap().name), ("Shop".into(), "Before".into()));
        document.saved("saved".into(), Home::File(path.clone()));
        settle(&mut keep, &document, 3.0);
        assert!(!place.exists());
        assert_eq!(offered(&path, &document.scenario), Some(aside.clone()));
        keep.adopt(&aside, &document.home);
        assert!(place.is_file() && !aside.exists());
        assert_eq!(offered(&path, &before), None, "what the file says is not offered");
        assert!(!place.exists());
    }

    #[test]
    fn another_document_at_the_same_number_of_changes_is_kept_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut keep = Keep::default();
        for name in ["a.ron", "b.ron"] {
            let path = folder.path().join(name);
            let mut document = Document::new(Scenario::default(), String::new(), Home::File(path.clone()));
            renamed(&mut document, name);
            settle(&mut keep, &document, 0.0);
            assert_eq!(kept(&beside(&path)).unwrap().name, name);
            keep.forget();
        }
    }

    #[test]
    fn a_file_that_something_else_wrote_is_noticed_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.ron");
        files::save(&path, "one").unwrap();
        let document = Document::new(Scenario::default(), "one".into(), Home::File(path.clone()));
        let mut keep = Keep::default();
        assert_eq!(keep.changed(0.0, &document), None);
        files::save(&path, "two, and longer").unwrap();
        assert_eq!(keep.changed(0.5, &document), None, "not at every picture");
        assert_eq!(keep.changed(2.0, &document).as_deref(), Some("two, and longer"));
        assert_eq!(keep.changed(4.0, &document), None);
    }
}
