//! EventBridge's rows: `{"rows": [{"id", "kind", "rule", ...}]}`, a file here for each family of kinds.

mod admin;
mod input;
mod pattern;
mod publish;
mod replay;
mod routing;

use super::{Compared, Runner, Verdict, by_kind, read};
use serde_json::Value;

const KINDS: &[(&str, Runner)] = &[
    ("pattern", pattern::run),
    ("input", input::run),
    ("put_events", publish::put_events),
    ("entry_size", publish::entry_size),
    ("limit", admin::limit),
    ("delivery", admin::delivery),
    ("routing", routing::run),
    ("replay", replay::run),
];

/// Runs every row.
pub fn verdicts(document: &Value) -> Result<Vec<Verdict>, String> {
    by_kind(document, KINDS)
}

/// A field of a row that has to be there.
fn field<'a>(row: &'a Value, name: &str) -> Result<&'a Value, String> {
    row.get(name).ok_or_else(|| format!("it has no `{name}`"))
}
