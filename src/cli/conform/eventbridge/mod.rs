//! EventBridge's rows: `{"rows": [{"id", "kind", "rule", ...}]}`, a file here for each family of kinds.

mod admin;
mod input;
mod pattern;
mod publish;
mod replay;
mod routing;

use super::{Verdict, rows};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a row expects, and what the model answers.
struct Compared {
    expected: Value,
    actual: Value,
}

impl Compared {
    /// A row's field `expected` against an answer.
    fn with(row: &Value, actual: Value) -> Result<Compared, String> {
        let expected = row.get("expected").cloned().ok_or("it has no `expected`")?;
        Ok(Compared { expected, actual })
    }
}

/// Runs a row of one kind.
type Runner = fn(&Value) -> Result<Compared, String>;

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
    rows(document)?.iter().enumerate().map(|(at, row)| verdict(at, row)).collect()
}

fn verdict(at: usize, row: &Value) -> Result<Verdict, String> {
    let text = |field: &str| row.get(field).and_then(Value::as_str);
    let id = text("id").map_or_else(|| format!("row {at} (without an id)"), str::to_owned);
    let kind = text("kind").ok_or_else(|| format!("{id} has no `kind`"))?;
    let Some((_, run)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        return Err(format!("{id} is of the unknown kind `{kind}`; known are {}", known.join(", ")));
    };
    let group = text("rule").map_or_else(|| kind.to_owned(), |rule| format!("{kind}/{rule}"));
    Ok(match run(row) {
        Ok(Compared { expected, actual }) => Verdict::comparing(group, id, row, expected, actual),
        Err(problem) => Verdict::not_understood(group, id.clone(), format!("{id} ({kind}): {problem}")),
    })
}

/// A part of a row as its kind spells it.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// A field of a row that has to be there.
fn field<'a>(row: &'a Value, name: &str) -> Result<&'a Value, String> {
    row.get(name).ok_or_else(|| format!("it has no `{name}`"))
}
