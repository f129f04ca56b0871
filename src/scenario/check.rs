//! Meaning: names resolved, numbers looked at, a plan made.

use super::problem::Severity;
use super::{Files, Plan, Scenario};

/// Something wrong in a document, without a place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Where, as in `nodes.billing.reads[0].from`.
    pub path: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub help: Option<String>,
}

/// Checks a document as it is (from a file or from the window): a plan with warnings, or everything that is wrong.
pub fn check(_scenario: &Scenario, _files: &dyn Files) -> Result<(Plan, Vec<Finding>), Vec<Finding>> {
    todo!()
}
