//! Import and export: scenarios as other tools write them.
//!
//! Knows no file and no screen: text in, text out, and notes on what could not be said in the other language.

pub mod cloudformation;

use crate::scenario::Scenario;

/// A format that scenarios can be written in, or read from.
#[derive(Debug)]
pub struct Format {
    /// As on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub line: &'static str,
    /// Writes a scenario; `None` if it can only be read.
    pub export: Option<Export>,
    /// Reads a text as the text of a scenario; `None` if it can only be written.
    pub import: Option<Import>,
    /// Whether a text looks like this format.
    pub recognises: fn(&str) -> bool,
}

/// Writes a scenario in a format, or says why it cannot be.
pub type Export = fn(&Scenario) -> Result<Exchanged, String>;

/// Reads a text of a format as the text of a scenario, or says why it cannot be.
pub type Import = fn(&str) -> Result<Exchanged, String>;

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchanged {
    /// The text.
    pub text: String,
    /// What is not in it, or was made up.
    pub notes: Vec<String>,
}

/// All formats.
pub const FORMATS: &[Format] = &[cloudformation::FORMAT];
