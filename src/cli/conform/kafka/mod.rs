//! Kafka's rows: `{"rows": [{"id", "kind", "rule", ...}]}`, one file here for each family of kinds.

mod assignor;
mod choice;
mod logs;
mod offsets;
mod rebalance;
mod replication;

use super::{Verdict, rows};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a row expects, and what the model answers.
struct Compared {
    expected: Value,
    actual: Value,
}

/// Runs a row of one kind.
type Runner = fn(&Value) -> Result<Compared, String>;

const KINDS: &[(&str, Runner)] = &[
    ("partitioner", choice::partitioner),
    ("sticky", choice::sticky),
    ("assignor", assignor::assignor),
    ("compaction", logs::compaction),
    ("retention", logs::retention),
    ("idempotence", logs::idempotence),
    ("offsets", offsets::offsets),
    ("replication", replication::replication),
    ("rebalance", rebalance::rebalance),
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

/// A row as its kind spells it; fields that no model looks at (notes, sources) may be there.
fn read<T: DeserializeOwned>(row: &Value) -> Result<T, String> {
    serde_json::from_value(row.clone()).map_err(|error| error.to_string())
}
