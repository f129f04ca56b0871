//! Where what is open lives, and with it the files that it names. Reading and writing itself is `crate::files`.

use super::library::Shipped;
use crate::files::Folder;
use crate::scenario::Files;
use crate::scenario::recording::Recording;
use crate::scenario::trace::Table;
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Where a document, and the files it names, live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere yet: it was made in the window.
    Nowhere,
    /// In the program itself.
    Shipped(&'static Shipped),
    /// In a file.
    File(PathBuf),
    /// In the recording of a run, which is in a file but is not the scenario's own.
    Recorded(Arc<Recording>),
}

impl Home {
    /// The file, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Home::File(path) => Some(path),
            _ => None,
        }
    }
}

impl Files for Home {
    fn read(&self, name: &str) -> Result<String, String> {
        match self {
            Home::Nowhere => Err(format!("`{name}` cannot be found yet: save the scenario first, then files are looked for beside it")),
            Home::Shipped(shipped) => {
                let file = shipped.files.iter().find(|(known, _)| *known == name);
                file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("`{name}` does not come with this scenario"))
            }
            Home::File(path) => Folder::of(path).read(name),
            Home::Recorded(recording) => recording.read(name),
        }
    }

    fn table(&self, name: &str) -> Result<Arc<Table>, (String, Option<String>)> {
        let read = || {
            let text = self.read(name).map_err(|why| (why, None))?;
            Table::parse(name, &text).map(Arc::new)
        };
        match self {
            Home::File(path) => kept(&Folder::of(path).path(name), read),
            _ => read(),
        }
    }
}

/// The traces that were read last. Every edit is checked, and hardly any concerns a file: to read and parse a large one again would hold
/// the picture up.
static KEPT: Mutex<VecDeque<(PathBuf, Stamp, Arc<Table>)>> = Mutex::new(VecDeque::new());

/// How many.
const MOST_KEPT: usize = 4;

/// By what a file is known to be the same without reading it: when it was written, and its length.
pub type Stamp = (SystemTime, u64);

/// That of a file that is there.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

/// A file's table as it was read before, if the file is still the same; else by `read`.
fn kept<E>(path: &Path, read: impl FnOnce() -> Result<Arc<Table>, E>) -> Result<Arc<Table>, E> {
    // Before it is read: what is written meanwhile is read again.
    let Some(stamp) = stamp(path) else { return read() };
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = all.iter().position(|(known, ..)| known == path);
    let known = place.and_then(|place| all.remove(place)).filter(|(_, was, _)| *was == stamp);
    let table = match known {
        Some((.., table)) => table,
        None => read()?,
    };
    all.push_back((path.to_owned(), stamp, Arc::clone(&table)));
    if all.len() > MOST_KEPT {
        all.pop_front();
    }
    Ok(table)
}

/// The file that a scenario is saved in where a person named no ending.
pub fn with_ending(path: PathBuf) -> PathBuf {
    if path.extension().is_some() { path } else { path.with_extension("ron") }
}

/// A path as people read it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_found_beside_the_scenario_and_their_absence_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("trace.csv"), "time\n0\n").unwrap();
        let home = Home::File(folder.path().join("a.ron"));
        assert_eq!(home.read("trace.csv").unwrap(), "time\n0\n");
        let why = home.read("other.csv").unwrap_err();
        assert!(why.contains("other.csv") && why.contains("no such file"), "{why}");
        assert!(Home::Nowhere.read("trace.csv").unwrap_err().contains("save the scenario first"));
    }

    #[test]
    fn traces_are_read_again_only_when_they_changed() {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace.csv");
        fs::write(&trace, "time\n0\n").unwrap();
        let home = Home::File(folder.path().join("a.ron"));
        let first = home.table("trace.csv").unwrap();
        assert!(Arc::ptr_eq(&first, &home.table("trace.csv").unwrap()));
        fs::write(&trace, "time\n0\n1\n").unwrap();
        let second = home.table("trace.csv").unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&second, &home.table("trace.csv").unwrap()));
        // Others push it out.
        for other in 0..MOST_KEPT {
            fs::copy(&trace, folder.path().join(format!("{other}.csv"))).unwrap();
            home.table(&format!("{other}.csv")).unwrap();
        }
        assert!(!Arc::ptr_eq(&second, &home.table("trace.csv").unwrap()));
        fs::remove_file(&trace).unwrap();
        let (why, _) = home.table("trace.csv").unwrap_err();
        assert!(why.contains("no such file"), "{why}");
    }
}
