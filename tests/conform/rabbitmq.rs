//! RabbitMQ's model against everything observed on real servers, and against rules that follow from its sources.

use serde_json::{Value, json};
use tidemill::cli::conform::run;

/// Rows that fail, with what was wrong.
fn failures(document: &Value) -> Vec<String> {
    let verdicts = run("rabbitmq", &document.to_string()).unwrap();
    verdicts
        .iter()
        .filter_map(|v| {
            let wrong = v.mismatch.as_ref().map(|m| format!("{}: {} expected {} actual {}", v.id, m.row, m.expected, m.actual));
            wrong.or_else(|| v.problem.clone())
        })
        .collect()
}

/// What a RabbitMQ 4.0.5 server showed where the rows above say nothing: single active consumers by credit, order of what is dropped at
/// once, limits of channels, arguments that other kinds of queues know.
#[test]
fn what_a_server_showed_besides_holds_as_well() {
    let document: Value = serde_json::from_str(include_str!("rabbitmq.observed.json")).unwrap();
    assert_eq!(document["cases"].as_array().unwrap().len(), 37);
    assert_eq!(failures(&document), Vec::<String>::new());
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
        let error = run("rabbitmq", &document.to_string()).unwrap()[0].problem.clone().unwrap();
        assert!(error.contains("a/b") && error.contains("step 0"), "{error}");
    }
}

/// A case with one queue `q`, a quorum queue or a classic one with further arguments, and these steps.
fn case(name: &str, arguments: Value, steps: Value) -> Value {
    let queues = json!([{"name": "q", "arguments": arguments}]);
    json!({"cases": [{"id": format!("own/{name}"), "group": "own", "topology": {"queues": queues}, "steps": steps}]})
}

fn ids(messages: &[(&str, bool)]) -> Value {
    messages.iter().map(|(id, redelivered)| json!({"id": id, "redelivered": redelivered, "exchange": "", "key": "q"})).collect()
}

fn publish(ids: &[&str], confirms: &[&str]) -> Value {
    json!({"op": "publish", "exchange": "", "key": "q", "ids": ids, "observed": {"confirms": confirms}})
}

#[test]
fn rules_that_no_row_shows_hold_as_well() {
    let all: [Value; 7] = [
        case(
            "quorum-takes-one-more-than-its-limit",
            json!({"x-queue-type": "quorum", "x-max-length": 2, "x-overflow": "reject-publish"}),
            json!([
                publish(&["m1", "m2", "m3", "m4", "m5"], &["ack", "ack", "ack", "nack", "nack"]),
                {"op": "get", "queue": "q", "auto_ack": true, "observed": {"message": ids(&[("m1", false)])[0], "remaining": 2}},
                publish(&["m6"], &["nack"]),
                {"op": "get", "queue": "q", "auto_ack": true, "observed": {"message": ids(&[("m2", false)])[0], "remaining": 1}},
                publish(&["m7"], &["ack"]),
                {"op": "drain", "queue": "q", "observed": {"messages": ids(&[("m3", false), ("m7", false)])}},
            ]),
        ),
        case(
            "an-unconfirmed-burst-goes-well-beyond",
            json!({"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}),
            json!([
                {"op": "publish", "exchange": "", "key": "q", "ids": ["m1", "m2", "m3", "m4"], "confirm": false},
                {"op": "count", "queue": "q", "observed": {"ready": 4, "consumers": 0}},
                publish(&["m5"], &["nack"]),
            ]),
        ),
        case(
            "global-qos-counts-over-the-channel",
            json!({}),
            json!([
                {"op": "qos", "ch": "c", "prefetch": 2, "global": true},
                {"op": "consume", "consumer": "c1", "ch": "c", "queue": "q"},
                {"op": "consume", "consumer": "c2", "ch": "c", "queue": "q"},
                publish(&["m1", "m2", "m3", "m4"], &["ack", "ack", "ack", "ack"]),
                {"op": "wait", "ms": 100, "observed": {"deliveries": {"c1": ids(&[("m1", false)]), "c2": ids(&[("m2", false)])}}},
                {"op": "ack", "ch": "c", "id": "m2"},
                {"op": "wait", "ms": 100, "observed": {"deliveries": {"c1": ids(&[("m3", false)])}}},
            ]),
        ),
        case(
            "an-orderly-close-lets-the-next-active-consumer-begin-with-what-waits",
            json!({"x-single-active-consumer": true}),
            json!([
                {"op": "consume", "consumer": "c1", "queue": "q", "prefetch": 2},
                {"op": "consume", "consumer": "c2", "queue": "q"},
                publish(&["m1", "m2", "m3"], &["ack", "ack", "ack"]),
                {"op": "wait", "ms": 100, "observed": {"deliveries": {"c1": ids(&[("m1", false), ("m2", false)])}}},
                {"op": "close_connection", "conn": "c1"},
                {"op": "wait", "ms": 100, "observed": {"deliveries": {"c2": ids(&[("m3", false), ("m1", true), ("m2", true)])}}},
            ]),
        ),
        case(
            "a-restart-keeps-what-is-persistent-in-its-order",
            json!({}),
            json!([
                {"op": "publish", "exchange": "", "key": "q", "ids": ["m1", "m2"], "persistent": true, "observed": {"confirms": ["ack", "ack"]}},
                publish(&["m3"], &["ack"]),
                {"op": "get", "queue": "q", "observed": {"message": ids(&[("m1", false)])[0], "remaining": 2}},
                {"op": "restart"},
                {"op": "drain", "queue": "q", "observed": {"messages": ids(&[("m1", true), ("m2", false)])}},
            ]),
        ),
        case(
            "deleting-tells-consumers",
            json!({}),
            json!([
                {"op": "consume", "consumer": "c1", "queue": "q"},
                {"op": "delete_queue", "name": "q"},
                {"op": "wait", "ms": 100, "observed": {"cancelled": ["c1"]}},
                {"op": "count", "queue": "q", "observed": {"channel_closed": {"ch": "count", "code": 404, "text": ""}}},
            ]),
        ),
        case(
            "an-exclusive-queue-is-locked-to-others",
            json!({}),
            json!([
                {"op": "declare_queue", "name": "mine", "ch": "a", "exclusive": true, "observed": {"ready": 0, "consumers": 0}},
                {"op": "consume", "consumer": "c1", "ch": "a.2", "queue": "mine"},
                {"op": "get", "ch": "b", "queue": "mine", "observed": {"channel_closed": {"ch": "b", "code": 405, "text": ""}}},
                {"op": "recover", "ch": "b", "requeue": false, "observed": {"connection_closed": {"ch": "b", "code": 540, "text": ""}}},
            ]),
        ),
    ];
    for document in &all {
        assert_eq!(failures(document), Vec::<String>::new());
    }
}
