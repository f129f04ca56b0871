//! `tidemill conform`: rows of observed behaviour, run against the models of the brokers.
//!
//! Knows neither a broker nor a row: each kind of [`KINDS`] reads its own file format, drives its model and gives a [`Verdict`]
//! for every row; counting, printing and exit codes are here. A new kind is a file here and a line in the table.

mod eventbridge;
mod kafka;
mod rabbitmq;

use super::{Exit, complain, print};
use crate::files;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write;
use std::path::PathBuf;

/// What is known about a kind of broker.
struct Kind {
    /// As on the command line.
    name: &'static str,
    /// Runs every row of a file against the model. An error is a file that cannot be understood at all.
    verdicts: fn(&Value) -> Result<Vec<Verdict>, String>,
}

/// The kinds whose rows can be run.
const KINDS: &[Kind] = &[
    Kind { name: "kafka", verdicts: kafka::verdicts },
    Kind { name: "rabbitmq", verdicts: rabbitmq::verdicts },
    Kind { name: "eventbridge", verdicts: eventbridge::verdicts },
];

/// What came of one row.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What rows are counted by: kind and rule, or the file's own groups.
    pub group: String,
    /// The row's own name.
    pub id: String,
    /// What the model answered where that is not what the row expects.
    pub mismatch: Option<Mismatch>,
    /// Why the row cannot be run: it says something that is not understood. Such a row counts as failed, and the others are run nevertheless.
    pub problem: Option<String>,
    /// Why the row itself is held to be wrong, where the model differs from it on purpose. Such a row counts as failed nonetheless.
    pub dispute: Option<&'static str>,
}

/// Where a model and a row differ.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The row as it stands in the file.
    pub row: Value,
    /// What the row expects, or that part of it which is missed.
    pub expected: Value,
    /// What the model answered instead.
    pub actual: Value,
}

impl Verdict {
    /// The verdict on a row that expects `expected` where the model answers `actual`: passed if they are equal as JSON.
    pub fn comparing(group: String, id: String, row: &Value, expected: Value, actual: Value) -> Verdict {
        let mismatch = (expected != actual).then(|| Mismatch { row: row.clone(), expected, actual });
        Verdict { group, id, mismatch, problem: None, dispute: None }
    }

    /// The verdict on a row that cannot be run.
    pub fn not_understood(group: String, id: String, problem: String) -> Verdict {
        Verdict { group, id, mismatch: None, problem: Some(problem), dispute: None }
    }

    /// Whether the model answers what the row expects.
    pub fn passed(&self) -> bool {
        self.mismatch.is_none() && self.problem.is_none()
    }
}

/// Run rows in the format of the shared vectors against a broker's model. Exit code 0: all pass, 1: some fail, 2: bad input.
#[derive(Debug, clap::Args)]
pub struct Conform {
    /// The kind of broker.
    #[arg(value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(KINDS.iter().map(|kind| kind.name)))]
    kind: String,
    /// The file with the rows (JSON).
    file: PathBuf,
    /// How many failures to print in full.
    #[arg(long, value_name = "N", default_value_t = 5, allow_hyphen_values = true)]
    failures: usize,
}

impl Conform {
    /// Runs the rows and prints a line per group, then the first failures.
    pub fn execute(&self) -> Exit {
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) => return complain(&format!("`{}` cannot be read: {}", self.file.display(), files::reason(&error))),
        };
        match run(&self.kind, &text) {
            Ok(verdicts) => {
                let printed = print(&report(&verdicts, self.failures));
                let problems: Vec<&str> = verdicts.iter().filter_map(|verdict| verdict.problem.as_deref()).collect();
                if !problems.is_empty() {
                    return complain(&format!("`{}`: {}", self.file.display(), problems.join("\n")));
                }
                printed.worse(if verdicts.iter().all(Verdict::passed) { Exit::Fine } else { Exit::Failed })
            }
            Err(message) => complain(&format!("`{}`: {message}", self.file.display())),
        }
    }
}

/// Runs the rows of a file's text against the model of `kind`.
pub fn run(kind: &str, text: &str) -> Result<Vec<Verdict>, String> {
    let Some(kind) = KINDS.iter().find(|known| known.name == kind) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(format!("there are no rows for a broker of kind `{kind}`; known are {}", names.join(", ")));
    };
    let document: Value = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    let verdicts = (kind.verdicts)(&document)?;
    if verdicts.is_empty() { Err("there are no rows in it".to_owned()) } else { Ok(verdicts) }
}

/// The rows of a document `{"rows": [...]}`.
fn rows(document: &Value) -> Result<&[Value], String> {
    document.get("rows").and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| "it has no list called `rows`".to_owned())
}

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

/// Runs every row `{"id", "kind", "rule", ...}` of a document by its kind.
fn by_kind(document: &Value, kinds: &[(&str, Runner)]) -> Result<Vec<Verdict>, String> {
    rows(document)?.iter().enumerate().map(|(at, row)| verdict(at, row, kinds)).collect()
}

fn verdict(at: usize, row: &Value, kinds: &[(&str, Runner)]) -> Result<Verdict, String> {
    let text = |field: &str| row.get(field).and_then(Value::as_str);
    let id = text("id").map_or_else(|| format!("row {at} (without an id)"), str::to_owned);
    let kind = text("kind").ok_or_else(|| format!("{id} has no `kind`"))?;
    let Some((_, run)) = kinds.iter().find(|(name, _)| *name == kind) else {
        let known: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
        return Err(format!("{id} is of the unknown kind `{kind}`; known are {}", known.join(", ")));
    };
    let group = text("rule").map_or_else(|| kind.to_owned(), |rule| format!("{kind}/{rule}"));
    Ok(match run(row) {
        Ok(Compared { expected, actual }) => Verdict::comparing(group, id, row, expected, actual),
        Err(problem) => Verdict::not_understood(group, id.clone(), format!("{id} ({kind}): {problem}")),
    })
}

/// A row or a part of it as its kind spells it; fields that no model looks at (notes, sources) may be there.
fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// A line per group in the order of the file, the total, then the first failures in full.
fn report(verdicts: &[Verdict], failures: usize) -> String {
    let mut groups: Vec<(&str, usize, usize)> = Vec::new();
    for verdict in verdicts {
        let at = groups.iter().position(|(name, ..)| *name == verdict.group).unwrap_or_else(|| {
            groups.push((&verdict.group, 0, 0));
            groups.len() - 1
        });
        if verdict.passed() {
            groups[at].1 += 1;
        } else {
            groups[at].2 += 1;
        }
    }
    let total = ("total", verdicts.iter().filter(|v| v.passed()).count(), verdicts.iter().filter(|v| !v.passed()).count());
    let width = groups.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, passed, failed) in groups.iter().chain([&total]) {
        let _ = writeln!(text, "{name:width$}  {passed:5} passed  {failed:5} failed");
    }
    for (verdict, mismatch) in verdicts.iter().filter_map(|v| v.mismatch.as_ref().map(|m| (v, m))).take(failures) {
        let _ = writeln!(text, "\n{} ({})", verdict.id, verdict.group);
        let _ = writeln!(text, "  row       {}", mismatch.row);
        let _ = writeln!(text, "  expected  {}", mismatch.expected);
        let _ = writeln!(text, "  actual    {}", mismatch.actual);
    }
    let mismatches = verdicts.iter().filter(|verdict| verdict.mismatch.is_some()).count();
    if mismatches > failures {
        let _ = writeln!(text, "\n{} further failures; --failures {mismatches} shows all", mismatches - failures);
    }
    for (verdict, reason) in verdicts.iter().filter_map(|v| v.dispute.map(|reason| (v, reason))) {
        let _ = writeln!(text, "\n{} is held to be wrong: {reason}", verdict.id);
    }
    text
}
