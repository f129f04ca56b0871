//! Where what is open lives, and with it the files that it names. Reading and writing itself is `crate::files`.

use super::library::Shipped;
use crate::files::Folder;
use crate::scenario::Files;
use crate::scenario::recording::Recording;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
}
