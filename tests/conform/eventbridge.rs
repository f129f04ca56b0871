//! EventBridge's rows: all pass.

use tidemill::cli::conform::run;

#[test]
fn every_public_row_passes() {
    let verdicts = run("eventbridge", include_str!("eventbridge.public.json")).unwrap();
    assert_eq!(verdicts.len(), 385);
    let failed: Vec<String> = verdicts
        .iter()
        .filter_map(|v| v.mismatch.as_ref().map(|m| format!("{} ({}): {} instead of {}", v.id, v.group, m.actual, m.expected)))
        .collect();
    assert!(failed.is_empty(), "{} rows fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn rows_of_every_kind_can_fail() {
    // What would pass anyway proves nothing: each kind answers something else than asked here.
    for row in [
        r#"{"kind": "pattern", "pattern": "{\"a\":[1]}", "event": "{\"a\":1}", "expected": "no_match"}"#,
        r#"{"kind": "pattern", "pattern": "{\"a\":1}", "event": "{\"a\":1}", "expected": "match"}"#,
        r#"{"kind": "input", "event": {"detail": {}}, "target": {"InputPath": "$.detail"}, "expected": {"outcome": "delivered", "body_json": 1}}"#,
        r#"{"kind": "put_events", "entries": [], "expected": {"http": 200}}"#,
        r#"{"kind": "entry_size", "entry": {"Source": "a"}, "expected_bytes": 2}"#,
        r#"{"kind": "limit", "request": {"existing_targets": 5, "add": 1}, "expected": "accepted"}"#,
        r#"{"kind": "delivery", "given": {"error": "TIMEOUT", "retries_done": 0, "event_age_s": 1, "policy": {}, "dlq": true}, "expected": "dlq"}"#,
        r#"{"kind": "routing", "setup": [], "event": {"bus": "b"}, "expected_deliveries": ["q"]}"#,
        r#"{"kind": "replay", "given": {"RetentionDays": 1, "event_age_days": 2}, "expected": {"kept": true}}"#,
    ] {
        let verdicts = run("eventbridge", &format!(r#"{{"rows": [{row}]}}"#)).unwrap();
        assert!(!verdicts[0].passed(), "{row}");
    }
}

#[test]
fn rows_that_cannot_be_understood_are_named() {
    for (row, said) in [
        (r#"{"id": "x", "kind": "limit", "request": {}, "expected": "accepted"}"#, "x (limit): a request of an unknown kind"),
        (r#"{"id": "x", "kind": "pattern", "event": null, "expected": "match"}"#, "x (pattern): it has no `pattern`"),
    ] {
        let verdicts = run("eventbridge", &format!(r#"{{"rows": [{row}]}}"#)).unwrap();
        assert_eq!((verdicts[0].problem.as_deref(), verdicts[0].passed()), (Some(said), false));
    }
}
