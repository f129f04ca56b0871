//! RabbitMQ's model against everything observed on real servers, and against rules that follow from its sources.

use serde_json::{Value, json};
use tidemill::cli::conform::run;

/// Rows that fail, with what was wrong.
fn failures(document: &Value) -> Vec<String> {
    let verdicts = run("rabbitmq", &document.to_string()).unwrap();
    verdicts
        .iter()
        .filter_map(|v| v.mismatch.as_ref().map(|m| format!("{}: {} expected {} actual {}", v.id, m.row, m.expected, m.actual)))
        .collect()
}

#[test]
fn every_observed_case_and_topic_row_passes() {
    let document: Value = serde_json::from_str(include_str!("rabbitmq.json")).unwrap();
    assert_eq!(failures(&document), Vec::<String>::new());
    let verdicts = run("rabbitmq", &document.to_string()).unwrap();
    assert_eq!(verdicts.len(), 151 + 86);
}

#[test]
fn a_row_that_is_wrong_is_found() {
    let mut document: Value = serde_json::from_str(include_str!("rabbitmq.json")).unwrap();
    document["cases"][0]["steps"][3]["observed"]["messages"][0]["redelivered"] = json!(true);
    document["topic_table"][0]["matches"] = json!(!document["topic_table"][0]["matches"].as_bool().unwrap());
    let failures = failures(&document);
    assert_eq!(failures.len(), 2, "{failures:?}");
}

#[test]
fn cases_that_make_no_sense_are_bad_input() {
    for step in [json!({}), json!({"op": "juggle"}), json!({"op": "publish"}), json!({"op": "wait"}), json!({"op": "bind", "source": "x"})]
    {
        let document = json!({"cases": [{"id": "a/b", "steps": [step]}]});
        let error = run("rabbitmq", &document.to_string()).unwrap_err();
        assert!(error.contains("a/b") && error.contains("step 0"), "{error}");
    }
}
