//! Scenario files on disk: the one place that reads and writes them.

use crate::scenario::read::{self, Loaded};
use crate::scenario::{Files, Problem};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Largest file that is read: a mistyped path should not fill the memory.
const LARGEST: u64 = 256 << 20;

/// Files beside a scenario, by the names the scenario uses.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of a scenario file.
    pub fn of(file: &Path) -> Folder {
        Folder(file.parent().map(Path::to_owned).unwrap_or_default())
    }

    /// Where a file of that name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Files for Folder {
    fn read(&self, name: &str) -> Result<String, String> {
        let path = self.path(name);
        bytes(&path)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")))
            .map_err(|error| format!("cannot read `{}`: {}", path.display(), reason(&error)))
    }
}

/// The text of a scenario file, or of a pipe that ends. `-` is standard input.
///
/// # Errors
/// A problem that says what the system said and what to try.
pub fn text(path: &Path) -> Result<String, Vec<Problem>> {
    let shown = path.display().to_string();
    let is_stream = || fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
    let bytes = match path {
        path if path == Path::new("-") => all(io::stdin()),
        path if is_stream() => fs::File::open(path).and_then(all),
        path => bytes(path),
    };
    match bytes {
        Ok(bytes) => read::text(&bytes, &shown),
        Err(error) => {
            let help = match error.kind() {
                io::ErrorKind::NotFound => Some("check the spelling; scenarios that ship are under `scenarios/`".to_owned()),
                io::ErrorKind::IsADirectory => Some("name a file in it; `tidemill check` also takes folders".to_owned()),
                _ => None,
            };
            Err(vec![Problem::of_file(&shown, format!("cannot read the file: {}", reason(&error)), help)])
        }
    }
}

/// Reads and checks a scenario file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn open(path: &Path) -> Result<Loaded, Vec<Problem>> {
    read::load(&text(path)?, &path.display().to_string(), &Folder::of(path))
}

/// Writes a file so that a crash at any moment leaves either the old or the new text whole: into a file beside it, onto the disk, then renamed.
/// What is no file, a pipe or a device, is written to as it stands.
///
/// # Errors
/// The system's; a file that is write-protected stays as it is, although another could take its place.
pub fn save(path: &Path, text: &str) -> io::Result<()> {
    // Renaming onto a pipe or a device would put a file in its place.
    if is_no_file(path) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    write(path, text, |_| ()).map(drop)
}

/// The same for a file that is this program's alone: others see by [`is_held`] that it has an owner, until what this gives is dropped or
/// the program ends, however it ends.
///
/// # Errors
/// As [`save`].
pub fn save_held(path: &Path, text: &str) -> io::Result<fs::File> {
    // Before it has its name, so that there is no moment in which it seems to be nobody's. Where a disk knows no locks the text matters more.
    write(path, text, |file| drop(file.try_lock()))
}

/// Makes a file that is there this program's, as [`save_held`] does; nothing if it is another's or is gone.
pub fn hold(path: &Path) -> Option<fs::File> {
    let file = fs::File::open(path).ok()?;
    (!matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))).then_some(file)
}

/// Whether a file belongs to a program, this one or another, that still runs.
pub fn is_held(path: &Path) -> bool {
    // Shared: two that ask at the same time do not take each other for its owner.
    fs::File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

fn write(path: &Path, text: &str, prepare: impl FnOnce(&fs::File)) -> io::Result<fs::File> {
    let Place { path, beside, old } = Place::of(path)?;
    let written = (|| {
        let mut file = fs::File::create(&beside)?;
        prepare(&file);
        file.write_all(text.as_bytes())?;
        if let Some(old) = old {
            file.set_permissions(old)?;
        }
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        Ok(file)
    })();
    if written.is_err() {
        // Best effort: the failure to report is the one above.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether a file could be saved there, found out before the work of which something is to be saved.
///
/// # Errors
/// As [`save`] would say it.
pub fn can_save(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    // Pipes and devices are not tried: opening a pipe waits for its reader.
    if is_no_file(path) {
        return Ok(());
    }
    let place = Place::of(path)?;
    fs::File::create(&place.beside)?;
    fs::remove_file(&place.beside)
}

/// Whether both are names of the same file that is there, so that writing one loses the other.
pub fn are_the_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok().filter(|path| path.is_file());
    real(a).is_some_and(|a| real(b) == Some(a))
}

/// Whether there is something that is not a file.
fn is_no_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file())
}

/// Where a file is saved.
struct Place {
    /// The real file, behind all links.
    path: PathBuf,
    /// The one that is written first.
    beside: PathBuf,
    /// What the file that is there now permits.
    old: Option<fs::Permissions>,
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        // Through a link to the real file: renaming onto the link would replace the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "that is not a file name"))?;
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}.saving", std::process::id()));
        let beside = path.with_file_name(beside);
        let old = fs::metadata(&path).ok().map(|old| old.permissions());
        if old.as_ref().is_some_and(fs::Permissions::readonly) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is write-protected"));
        }
        Ok(Place { path, beside, old })
    }
}

/// A file as it is on the disk.
///
/// # Errors
/// The system's; folders and files of absurd size are refused as well, and pipes and devices: they may keep whoever reads them waiting.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe or a device"));
    }
    if meta.len() > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 256 MiB"));
    }
    all(fs::File::open(path)?)
}

/// All that comes, up to the limit: a pipe or a device does not say its length beforehand.
fn all(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 256 MiB"));
    }
    Ok(bytes)
}

/// What went wrong in plain words; the system's own, without their number, where there are none better.
pub fn reason(error: &io::Error) -> String {
    // An error of our own making says itself what it is about.
    if error.raw_os_error().is_none() && error.get_ref().is_some() {
        return error.to_string();
    }
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk can only be read".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_replaces_the_whole_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        save(&path, "one").unwrap();
        save(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_save_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let why = save(&folder.path().join("no/such/folder.ron"), "x").unwrap_err();
        assert_eq!(reason(&why), "there is no such file or folder");
        assert!(save(Path::new("/"), "x").is_err());
        let kept = folder.path().join("kept.ron");
        fs::write(&kept, "old").unwrap();
        let mut protected = fs::metadata(&kept).unwrap().permissions();
        protected.set_readonly(true);
        fs::set_permissions(&kept, protected).unwrap();
        assert_eq!(reason(&save(&kept, "new").unwrap_err()), "the file is write-protected");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing half-written beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&pipe, &link] {
            can_save(path).unwrap();
            let from = pipe.clone();
            let reader = std::thread::spawn(move || fs::read_to_string(from).unwrap());
            save(path, "all of it").unwrap();
            assert!(fs::metadata(path).unwrap().file_type().is_fifo());
            assert_eq!(reader.join().unwrap(), "all of it");
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn whether_something_can_be_saved_is_known_before_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept.ron");
        fs::write(&kept, "old").unwrap();
        can_save(&kept).unwrap();
        can_save(&folder.path().join("new.ron")).unwrap();
        assert_eq!(fs::read_to_string(&kept).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(reason(&can_save(folder.path()).unwrap_err()), "it is a folder");
        assert_eq!(reason(&can_save(&folder.path().join("no/a.ron")).unwrap_err()), "there is no such file or folder");
        let mut protected = fs::metadata(&kept).unwrap().permissions();
        protected.set_readonly(true);
        fs::set_permissions(&kept, protected).unwrap();
        assert_eq!(reason(&can_save(&kept).unwrap_err()), "the file is write-protected");
    }

    #[test]
    fn a_held_file_is_seen_to_have_an_owner_through_all_its_versions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        assert!(!is_held(&path) && hold(&path).is_none(), "there is none");
        let first = save_held(&path, "one").unwrap();
        let second = save_held(&path, "two").unwrap();
        drop(first);
        assert!(is_held(&path) && hold(&path).is_none());
        drop(second);
        assert!(!is_held(&path), "its owner is gone");
        let taken = hold(&path);
        assert!(taken.is_some() && is_held(&path));
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let problems = text(Path::new("no/such/file.ron")).unwrap_err();
        assert!(problems[0].to_string().contains("cannot read the file: there is no such file or folder"), "{}", problems[0]);
        let folder = tempfile::tempdir().unwrap();
        assert!(text(folder.path()).unwrap_err()[0].to_string().contains("folder"));
    }

    #[cfg(unix)]
    #[test]
    fn what_may_never_end_is_no_file_but_can_be_a_scenario() {
        let nothing = Path::new("/dev/null");
        assert_eq!(reason(&bytes(nothing).unwrap_err()), "it is a pipe or a device");
        assert_eq!(text(nothing).unwrap(), "");
    }
}
