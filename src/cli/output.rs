//! Files that results are written to.

use super::{Exit, complain};
use crate::files;
use std::path::{Path, PathBuf};

/// Refuses, before any work is done, a file that cannot be written to or that is one of those that are read.
pub fn look(output: Option<&Path>, read: &[PathBuf]) -> Result<(), Exit> {
    let Some(output) = output else { return Ok(()) };
    if read.iter().any(|input| files::are_the_same(input, output)) {
        return Err(complain(&format!("`{}` is read here and would be lost: write it to another file", output.display())));
    }
    files::can_save(output).map_err(|error| cannot(output, &files::reason(&error)))
}

/// Writes a result to a file.
pub fn save(output: &Path, text: &str) -> Exit {
    files::save(output, text).map_or_else(|error| cannot(output, &files::reason(&error)), |()| Exit::Fine)
}

/// Says that something was not written, and why.
pub fn cannot(output: &Path, why: &str) -> Exit {
    complain(&format!("cannot write `{}`: {why}", output.display()))
}
