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
    pub export: Option<fn(&Scenario) -> Result<Exchanged, String>>,
    /// Reads a text as the text of a scenario; `None` if it can only be written.
    pub import: Option<fn(&str) -> Result<Exchanged, String>>,
    /// Whether a text looks like this format.
    pub recognises: fn(&str) -> bool,
}

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
