//! `tidemill conform` as people and scripts call it.

use std::process::{Command, Output};

fn conform(text: &str, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.json");
    std::fs::write(&path, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_tidemill")).args(["conform", "kafka"]).arg(&path).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn row(id: &str, partition: u32) -> String {
    format!(
        r#"{{"id": "{id}", "kind": "partitioner", "rule": "empty", "key_hex": "", "num_partitions": 5,
            "expected": {{"murmur2": 275646681, "positive": 275646681, "partition": {partition}}}}}"#
    )
}

#[test]
fn rows_that_pass_give_a_line_per_group_and_zero() {
    let output = conform(&format!(r#"{{"rows": [{}]}}"#, row("a", 1)), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<Vec<&str>> = text(&output.stdout).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines, [["partitioner/empty", "1", "passed", "0", "failed"], ["total", "1", "passed", "0", "failed"]]);
}

#[test]
fn rows_that_fail_are_shown_in_full_and_give_one() {
    let rows = format!(r#"{{"rows": [{}, {}, {}]}}"#, row("a", 1), row("b", 2), row("c", 3));
    let output = conform(&rows, &["--failures", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(out.contains("b (partitioner/empty)") && out.contains(r#""partition":1"#), "{out}");
    assert!(!out.contains("c (partitioner/empty)") && out.contains("1 further failures"), "{out}");
}

#[test]
fn what_is_not_understood_gives_two_and_says_where() {
    for (rows, said) in [
        ("[", "not JSON"),
        ("{}", "`rows`"),
        (r#"{"rows": []}"#, "no rows"),
        (r#"{"rows": [{"id": "x", "kind": "tea"}]}"#, "x is of the unknown kind `tea`"),
        (r#"{"rows": [{"id": "x"}]}"#, "x has no `kind`"),
        (r#"{"rows": [{"id": "x", "kind": "partitioner"}]}"#, "missing field `key_hex`"),
        (r#"{"rows": [{"id": "x", "kind": "retention"}, {"id": "y", "kind": "offsets"}]}"#, "y (offsets): missing field"),
    ] {
        let output = conform(rows, &[]);
        assert_eq!(output.status.code(), Some(2), "{rows}");
        assert!(text(&output.stderr).contains(said), "{rows}: {}", text(&output.stderr));
    }
}
