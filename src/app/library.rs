//! The scenarios that ship inside the program.

/// A scenario in the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its name here and as a file.
    pub file: &'static str,
    /// Title.
    pub name: &'static str,
    /// One line on what it shows.
    pub line: &'static str,
    /// The scenario's text.
    pub text: &'static str,
    /// Files it names, with their text.
    pub files: &'static [(&'static str, &'static str)],
}

/// All of them, in the order in which they are shown.
pub static LIBRARY: &[Shipped] = &[];

/// The one of that file name.
pub fn shipped(file: &str) -> Option<&'static Shipped> {
    LIBRARY.iter().find(|s| s.file == file)
}
