//! Import and export: other tools' formats to scenarios and back. Text in, text out, with a list of what could not be carried over.
//!
//! Knows no file and no window. A new format is a file here and a line in [`FORMATS`].

pub mod cloudformation;

use crate::scenario::Scenario;

/// Something that came out of an import or export, and what was left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried<T> {
    /// What came out.
    pub result: T,
    /// What was not carried over, one sentence each.
    pub left: Vec<String>,
}

/// A format that scenarios can be exported to or imported from.
pub struct Format {
    /// As on the command line.
    pub name: &'static str,
    /// One line on what it is.
    pub line: &'static str,
    /// Whether a text looks like it.
    pub is: fn(&str) -> bool,
    /// Makes a scenario of a text; the second argument chooses a part of it.
    pub import: fn(&str, Option<&str>) -> Result<Carried<Scenario>, String>,
    /// Makes a text of a scenario; the second argument chooses a part of it (a broker).
    pub export: fn(&Scenario, Option<&str>) -> Result<Carried<String>, String>,
}

/// All formats.
pub const FORMATS: &[Format] = &[Format {
    name: "cloudformation",
    line: "AWS CloudFormation (JSON): EventBridge's buses, rules, archives and queues",
    is: cloudformation::is,
    import: cloudformation::import,
    export: cloudformation::export,
}];
