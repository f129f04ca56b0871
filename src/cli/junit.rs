//! The outcome of `tidemill check` as JUnit XML, which continuous integration shows as test results.

use super::check::Outcome;
use super::{Exit, output, table};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::path::Path;

/// Writes a suite per scenario, with a case for loading and running it one per expectation, and one per step of its lesson.
pub(super) fn write(file: &Path, outcomes: &[Outcome]) -> Exit {
    let mut report = Report::new("tidemill check");
    report.add_test_suites(outcomes.iter().map(suite));
    match report.to_string() {
        Ok(text) => output::save(file, &text),
        Err(why) => output::cannot(file, &format!("the outcome is no JUnit XML: {why}")),
    }
}

fn suite(outcome: &Outcome) -> TestSuite {
    let mut suite = TestSuite::new(&outcome.file);
    let runs = match outcome.errors.as_slice() {
        [] => TestCaseStatus::success(),
        errors => failure(NonSuccessKind::Error, outcome.result, &errors.join("\n")),
    };
    suite.add_test_case(TestCase::new("runs", runs));
    for expectation in &outcome.expectations {
        let status = match expectation.holds {
            true => TestCaseStatus::success(),
            false => failure(NonSuccessKind::Failure, &table::expectation_line(expectation), ""),
        };
        suite.add_test_case(TestCase::new(&expectation.text, status));
    }
    for case in &outcome.lesson {
        let status = match case.problems.as_slice() {
            [] => TestCaseStatus::success(),
            problems => failure(NonSuccessKind::Failure, &problems.join("; "), ""),
        };
        suite.add_test_case(TestCase::new(format!("lesson, {}", case.name), status));
    }
    suite
}

fn failure(kind: NonSuccessKind, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}
