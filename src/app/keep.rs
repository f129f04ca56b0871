//! Keeping work safe: what is in no file yet is written beside the file, never into it, and offered when it is opened again; a
//! file that something else has written meanwhile is noticed. A copy is locked by the window whose work it has, so that what is left
//! behind can be told from what another window has open. Knows files, no widget and no clock: the time is passed in.

use super::document::Document;
use super::files::{Home, Stamp, stamp};
use crate::files;
use crate::scenario::{self, Scenario};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

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
    /// What says that it is ours.
    held: Option<fs::File>,
    /// Of which state of the document.
    revision: u64,
    last: Option<f64>,
    writing: Option<JoinHandle<io::Result<fs::File>>>,
    /// The open file when it was last looked at.
    seen: Option<(PathBuf, Option<Stamp>)>,
    looked: Option<f64>,
}

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
        let text = scenario::write(unsaved);
        (self.copy, self.revision, self.last) = (Some(place.clone()), document.revision(), Some(now));
        let write = move || {
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder)?;
            }
            files::save_held(&place, &text)
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
            Ok(Ok(held)) => {
                self.held = Some(held);
                None
            }
            Ok(Err(why)) => Some(format!("Your work could not be kept safe beside its file: {}. Save it", files::reason(&why))),
            Err(_) => None,
        }
    }

    /// This copy is of what is open now: it goes when the work is safe. `false` if it is another window's, or gone.
    pub fn adopt(&mut self, copy: &Path) -> bool {
        let Some(held) = files::hold(copy) else { return false };
        (self.copy, self.held) = (Some(copy.to_path_buf()), Some(held));
        true
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
        (self.held, self.last, self.revision) = (None, None, 0);
    }

    /// Where the copy is, or is to be: never where there is one that is not ours.
    fn place(&self, home: &Home) -> Option<PathBuf> {
        let folder = self.folder.as_deref();
        let ours = |copy: &&PathBuf| match home.path() {
            Some(path) => is_beside(copy, path),
            None => copy.parent() == folder,
        };
        let free = || {
            let name = |n: u32| match home.path() {
                Some(path) => Some(beside(path, n)),
                None => Some(folder?.join(format!("unsaved-{n}.ron"))),
            };
            (1..).map_while(name).find(|place| !place.exists())
        };
        self.copy.as_ref().filter(ours).cloned().or_else(free)
    }

    /// Work that has no file and was left behind by a program that is no more, with its name.
    pub fn left_behind(&self) -> Vec<(PathBuf, String)> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let named = |path: PathBuf| {
            let name = kept(&path)?.name;
            Some((path, name))
        };
        let left = |path: &PathBuf| is_without_a_file(path) && self.copy.as_ref() != Some(path) && !files::is_held(path);
        all_in(folder).into_iter().filter(left).filter_map(named).collect()
    }

    /// The open file's text, if something else has written it since it was last read or written here. Each state is told once.
    pub fn changed(&mut self, now: f64, document: &Document) -> Option<String> {
        let path = document.home.path()?;
        if self.looked.is_some_and(|looked| now - looked < LOOK && now >= looked) {
            return None;
        }
        self.looked = Some(now);
        let stamp = stamp(path);
        if self.seen.as_ref().is_some_and(|(seen, before)| seen == path && *before == stamp) {
            return None;
        }
        // Where it cannot be read just now, it is tried again.
        let text = files::text(path).ok()?;
        self.seen = Some((path.to_path_buf(), stamp));
        (text != document.original).then_some(text)
    }
}

/// What there is of unsaved work on a file beside it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What a program that is no more has left.
    pub left: Option<PathBuf>,
    /// Another window has some now.
    pub elsewhere: bool,
}

/// Looks for unsaved work on a file in which this scenario is. A copy that nobody has and that says the same goes.
pub fn found(path: &Path, scenario: &Scenario) -> Found {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Found::default();
    for copy in all_in(folder).into_iter().filter(|copy| is_beside(copy, path)) {
        match kept(&copy) {
            _ if files::is_held(&copy) => found.elsewhere = true,
            Some(kept) if kept == *scenario => drop(fs::remove_file(copy)),
            Some(_) => found.left = found.left.or(Some(copy)),
            None => {}
        }
    }
    found
}

/// Throws a copy away; `false`, and it stays, if another window has it now.
pub fn discard(copy: &Path) -> bool {
    let held = files::hold(copy);
    if held.is_some() {
        drop(fs::remove_file(copy));
    }
    held.is_some() || !copy.exists()
}

fn all_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Where the copies of a file's unsaved work are, by their number, of which the first needs none: in its folder, hidden.
fn beside(path: &Path, number: u32) -> PathBuf {
    let number = if number == 1 { String::new() } else { format!(".{number}") };
    path.with_file_name(format!(".{}{number}.autosave", name_of(path)))
}

/// Whether a file in the folder of another has the name of one of its copies.
fn is_beside(copy: &Path, path: &Path) -> bool {
    let copy = name_of(copy);
    let number = copy.strip_prefix(&format!(".{}.", name_of(path))).and_then(|rest| rest.strip_suffix("autosave"));
    number.is_some_and(|number| number.is_empty() || number.strip_suffix('.').is_some_and(|n| n.parse::<u32>().is_ok()))
}

/// The scenario that was kept there.
pub fn kept(copy: &Path) -> Option<Scenario> {
    scenario::read(&files::text(copy).ok()?, "autosave").ok()
}

/// Whether this is a copy of work that has no file.
fn is_without_a_file(path: &Path) -> bool {
    let name = name_of(path);
    name.strip_prefix("unsaved-").and_then(|n| n.strip_suffix(".ron")).is_some_and(|n| n.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::edit::Edit;

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
        assert!(!beside(&path, 1).exists(), "nothing to keep");
        renamed(&mut document, "Shop");
        settle(&mut keep, &document, 1.0);
        assert_eq!(kept(&beside(&path, 1)).unwrap(), document.scenario);
        assert_eq!(fs::read_to_string(&path).unwrap(), "Scenario(format: 1)\n", "the file itself is not touched");
        renamed(&mut document, "Other");
        settle(&mut keep, &document, 1.5);
        assert_eq!(kept(&beside(&path, 1)).unwrap().name, "Shop", "not at every edit");
        settle(&mut keep, &document, 3.5);
        assert_eq!(kept(&beside(&path, 1)).unwrap().name, "Other");
        document.saved("saved".into(), Home::File(path.clone()));
        settle(&mut keep, &document, 4.0);
        assert!(!beside(&path, 1).exists());
    }

    #[test]
    fn work_without_a_file_is_found_again_once_its_window_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let window = || Keep::in_folder(Some(folder.path().to_path_buf()));
        let named = |name: &str| {
            let mut document = Document::new(Scenario::default(), String::new(), Home::Nowhere);
            renamed(&mut document, name);
            document
        };
        let (mut one, mut other) = (window(), window());
        settle(&mut one, &named("Mine"), 0.0);
        settle(&mut other, &named("Other"), 0.0);
        assert!(one.left_behind().is_empty() && other.left_behind().is_empty(), "both live");
        let copy = one.copy.clone().unwrap();
        assert_ne!(Some(&copy), other.copy.as_ref());
        assert!(!discard(&copy) && !other.adopt(&copy), "it has an owner");
        drop(one);
        assert_eq!(other.left_behind(), [(copy.clone(), "Mine".to_owned())]);
        let mut third = window();
        assert!(third.adopt(&copy));
        assert!(other.left_behind().is_empty(), "it has a new owner");
        settle(&mut third, &named("Mine again"), 0.0);
        assert_eq!(third.copy, Some(copy.clone()));
        assert_eq!(kept(&copy).unwrap().name, "Mine again");
        third.forget();
        assert!(!copy.exists());
    }

    #[test]
    fn windows_on_one_file_keep_their_work_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.ron");
        files::save(&path, "Scenario(format: 1)\n").unwrap();
        let edited = |name: &str| {
            let mut document = Document::new(Scenario::default(), "Scenario(format: 1)\n".into(), Home::File(path.clone()));
            renamed(&mut document, name);
            document
        };
        let (mut one, mut other) = (Keep::default(), Keep::default());
        settle(&mut one, &edited("One"), 0.0);
        settle(&mut other, &edited("Other"), 0.0);
        assert_eq!(kept(&beside(&path, 1)).unwrap().name, "One");
        assert_eq!(kept(&beside(&path, 2)).unwrap().name, "Other");
        assert_eq!(found(&path, &Scenario::default()), Found { left: None, elsewhere: true });
        drop(one);
        assert_eq!(found(&path, &Scenario::default()), Found { left: Some(beside(&path, 1)), elsewhere: true });
        drop(other);
        assert!(discard(&beside(&path, 1)));
        assert_eq!(found(&path, &Scenario::default()), Found { left: Some(beside(&path, 2)), elsewhere: false });
        assert_eq!(found(&path, &edited("Other").scenario), Found::default());
        assert!(!beside(&path, 2).exists(), "all of it is in the file");
    }

    #[test]
    fn a_copy_that_was_not_wanted_now_is_offered_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.ron");
        let before = Scenario { name: "Before".into(), ..Scenario::default() };
        fs::write(beside(&path, 1), scenario::write(&before)).unwrap();
        let mut document = Document::new(Scenario::default(), String::new(), Home::File(path.clone()));
        let mut keep = Keep::default();
        renamed(&mut document, "Shop");
        settle(&mut keep, &document, 0.0);
        assert_eq!((kept(&beside(&path, 1)).unwrap().name, kept(&beside(&path, 2)).unwrap().name), ("Before".into(), "Shop".into()));
        document.saved("saved".into(), Home::File(path.clone()));
        settle(&mut keep, &document, 3.0);
        assert!(!beside(&path, 2).exists());
        assert_eq!(found(&path, &document.scenario).left, Some(beside(&path, 1)));
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
            assert_eq!(kept(&beside(&path, 1)).unwrap().name, name);
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
