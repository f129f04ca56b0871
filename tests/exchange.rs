//! `tidemill import` and `tidemill export` as people call them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::process::{Command, Output};

fn tidemill(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemill")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_shipped_broker_goes_out_as_definitions_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = folder.path().join("definitions.json");
    let exported = tidemill(&["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "rabbitmq", "-o", definitions.to_str().unwrap()]);
    assert_eq!(exported.status.code(), Some(0), "{}", text(&exported.stderr));
    assert!(text(&exported.stderr).contains("not carried over"), "clients are named");
    let imported = tidemill(&["import", definitions.to_str().unwrap()]);
    assert_eq!(imported.status.code(), Some(0), "{}", text(&imported.stderr));
    assert_eq!(text(&imported.stderr), "");
    let scenario = folder.path().join("back.ron");
    std::fs::write(&scenario, &imported.stdout).unwrap();
    let again = tidemill(&["export", scenario.to_str().unwrap(), "--to", "rabbitmq"]);
    assert_eq!(text(&again.stdout), std::fs::read_to_string(&definitions).unwrap());
}

#[test]
fn what_cannot_be_imported_or_exported_is_bad_input() {
    for arguments in [
        &["import", "README.md"][..],
        &["import", "no-such-file.json"],
        &["export", "scenarios/basics/first.ron", "--to", "rabbitmq"],
        &["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "papyrus"],
        &["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "rabbitmq", "--broker", "nope"],
    ] {
        let output = tidemill(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(!output.stderr.is_empty());
    }
}
