//! Text to document, and document to plan, with problems that have a place.

use super::problem::Problem;
use super::{Files, Plan, Scenario};

/// A scenario that can run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The document.
    pub scenario: Scenario,
    /// What the engine runs.
    pub plan: Plan,
    /// What is probably not meant.
    pub warnings: Vec<Problem>,
}

/// Reads a document: its form only, not its meaning. `file` is how the text is called in problems.
pub fn read(_text: &str, _file: &str) -> Result<Scenario, Vec<Problem>> {
    todo!()
}

/// Reads and checks: everything that is wrong is reported at once.
pub fn load(_text: &str, _file: &str, _files: &dyn Files) -> Result<Loaded, Vec<Problem>> {
    todo!()
}
