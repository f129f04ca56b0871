//! Kafka's rows: `{"rows": [{"id", "kind", "rule", ...}]}`, one file here for each family of kinds.

mod assignor;
mod choice;
mod logs;
mod offsets;
mod rebalance;
mod replication;

use super::{Compared, Runner, Verdict, by_kind, read};
use serde_json::Value;

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
    by_kind(document, KINDS)
}
