//! Errors and warnings with a place.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It runs, but probably not as meant.
    Warning,
    /// It cannot run.
    Error,
}

/// Something wrong in a scenario's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// The file's name as the person gave it.
    pub file: String,
    /// Line from 1; 0 if the problem has no place in the text.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// Where in the document, as in `nodes.billing.reads[0].from`; empty if unknown.
    pub path: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub help: Option<String>,
    /// The line concerned with a caret under the place; empty if the problem has no place.
    pub excerpt: String,
}
