//! Document to text.

use super::Scenario;

/// The text of a scenario written over an older text.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// Comments of the old text for which there was no place any more; they stand at the end of the new text.
    pub displaced: Vec<String>,
}

/// The text of a scenario, as a person would write it.
pub fn write(_scenario: &Scenario) -> String {
    todo!()
}

/// The same, keeping the comments of `original` beside what they were written for.
pub fn write_over(_scenario: &Scenario, _original: &str) -> Rewritten {
    todo!()
}
