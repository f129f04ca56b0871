//! Files: where a scenario's trace files come from, and writing so that a crash loses nothing.

use super::library::Shipped;
use crate::scenario::Files;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a document, and the files it names, live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere yet: it was made in the window.
    Nowhere,
    /// In the program itself.
    Shipped(&'static Shipped),
    /// In a file.
    File(PathBuf),
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
            Home::File(path) => {
                let folder = path.parent().unwrap_or(Path::new(""));
                let file = folder.join(name);
                read_text(&file).map_err(|why| format!("`{name}` cannot be read from {}: {why}", shown_folder(folder)))
            }
        }
    }
}

/// A file's text, or why it cannot be had.
pub fn read_text(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|e| words(&e))?;
    String::from_utf8(bytes).map_err(|_| "it is not text (not valid UTF-8)".to_owned())
}

/// Writes a file so that at every instant the old or the new content is whole: to a file beside it first, which then takes its place.
pub fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    // A link stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target.file_name().ok_or_else(|| "this is not the name of a file".to_owned())?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    let part = target.with_file_name(beside);
    let written = (|| {
        let mut file = fs::File::create(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if let Ok(old) = fs::metadata(&target) {
            fs::set_permissions(&part, old.permissions())?;
        }
        fs::rename(&part, &target)
    })();
    if written.is_err() {
        // Nothing of value is in it: the content is still in the window.
        let _ = fs::remove_file(&part);
    }
    written.map_err(|e| words(&e))
}

/// A path as people read it: without `./`, absolute where that is shorter to understand.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn shown_folder(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { "the current folder".to_owned() } else { format!("`{}`", folder.display()) }
}

/// What went wrong, in words rather than numbers.
fn words(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{IsADirectory, NotFound, PermissionDenied, StorageFull};
    match error.kind() {
        NotFound => "there is no such file or folder".to_owned(),
        PermissionDenied => "permission denied".to_owned(),
        IsADirectory => "this is a folder".to_owned(),
        StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_replaces_the_whole_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        write_whole(&path, "one").unwrap();
        write_whole(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

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
    fn a_folder_that_is_not_there_is_an_error_in_words() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_whole(&folder.path().join("no/such/a.ron"), "x").unwrap_err().contains("no such file or folder"));
    }
}
