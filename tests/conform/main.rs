//! The models of the brokers against rows of observed behaviour, and the command that runs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod command;
mod eventbridge;
mod kafka;
mod rabbitmq;

use tidemill::cli::conform::{Verdict, run};

/// The verdicts on the rows of a file beside this one.
fn verdicts(kind: &str, file: &str) -> Vec<Verdict> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conform").join(file);
    run(kind, &std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every row passes; otherwise those that do not, in full.
fn all_pass(verdicts: &[Verdict]) {
    let failed: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.passed()).collect();
    assert!(failed.is_empty(), "{} of {} rows fail:\n{failed:#?}", failed.len(), verdicts.len());
}
