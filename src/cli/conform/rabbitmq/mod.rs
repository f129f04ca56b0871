//! RabbitMQ's rows: `{"cases": [...], "topic_table": [...]}`. A case is a topology and steps, each with what a real server showed;
//! the modelled version is 4.0.5, so what was observed in it counts where versions differ.

mod client;
mod json;

use super::{Mismatch, Verdict};
use crate::engine::rabbitmq::topic;
use client::Client;
use serde::Deserialize;
use serde_json::{Value, json};

/// The version whose answers count.
const VERSION: &str = "4.0.5";

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    cases: Vec<Case>,
    #[serde(default)]
    topic_table: Vec<TopicRow>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    group: Option<String>,
    #[serde(default)]
    topology: Topology,
    steps: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct Topology {
    #[serde(default)]
    exchanges: Vec<Value>,
    #[serde(default)]
    queues: Vec<Value>,
    #[serde(default)]
    bindings: Vec<Value>,
}

#[derive(Deserialize)]
struct TopicRow {
    pattern: String,
    key: String,
    matches: bool,
}

/// Runs every case and every row of the topic table.
pub fn verdicts(document: &Value) -> Result<Vec<Verdict>, String> {
    let Document { cases, topic_table } = Document::deserialize(document).map_err(|error| error.to_string())?;
    let mut verdicts: Vec<Verdict> = cases
        .iter()
        .map(|case| {
            verdict(case).unwrap_or_else(|why| Verdict::not_understood(group(case), case.id.clone(), format!("{}: {why}", case.id)))
        })
        .collect();
    verdicts.extend(topic_table.iter().map(|TopicRow { pattern, key, matches }| {
        let row = json!({"pattern": pattern, "key": key, "matches": matches});
        let id = format!("topic `{pattern}` on `{key}`");
        Verdict::comparing("topic-table".to_owned(), id, &row, json!(matches), json!(topic::matches(pattern, key)))
    }));
    Ok(verdicts)
}

fn group(case: &Case) -> String {
    case.group.clone().unwrap_or_else(|| case.id.split('/').next().unwrap_or_default().to_owned())
}

/// Declares the topology, then makes the steps one by one; the first that shows something else fails the case.
fn verdict(case: &Case) -> Result<Verdict, String> {
    let (group, id) = (group(case), case.id.clone());
    let mut client = Client::default();
    let Topology { exchanges, queues, bindings } = &case.topology;
    for (op, things) in [("declare_exchange", exchanges), ("declare_queue", queues), ("bind", bindings)] {
        for thing in things {
            let shown = client.step(op, thing)?;
            if let Some(problem) = shown.get("channel_closed").or_else(|| shown.get("connection_closed")) {
                let mismatch = Mismatch { row: json!({"topology": thing}), expected: json!({}), actual: problem.clone() };
                return Ok(Verdict { group, id, mismatch: Some(mismatch), problem: None, dispute: None });
            }
        }
    }
    for (number, step) in case.steps.iter().enumerate() {
        let op = step.get("op").and_then(Value::as_str).ok_or_else(|| format!("step {number} has no `op`"))?;
        let actual = client.step(op, step).map_err(|why| format!("step {number} ({op}): {why}"))?;
        let observed = step.get("observed_in").and_then(|versions| versions.get(VERSION)).or_else(|| step.get("observed"));
        let expected = observed.cloned().unwrap_or_else(|| json!({}));
        if comparable(&expected, &group) != comparable(&actual, &group) {
            let mismatch = Mismatch { row: json!({"step": number, "does": without_observations(step)}), expected, actual };
            return Ok(Verdict { group, id, mismatch: Some(mismatch), problem: None, dispute: None });
        }
    }
    Ok(Verdict { group, id, mismatch: None, problem: None, dispute: None })
}

fn without_observations(step: &Value) -> Value {
    let mut step = step.clone();
    if let Some(step) = step.as_object_mut() {
        step.remove("observed");
        step.remove("observed_in");
    }
    step
}

/// What of an observation counts: of errors and returns the code, not the text for people; the last death only in the group that
/// is about it.
fn comparable(shown: &Value, group: &str) -> Value {
    match shown {
        Value::Object(fields) => {
            let entry = |(name, value): (&String, &Value)| {
                let value = match name.as_str() {
                    "channel_closed" | "connection_closed" => value.get("code").cloned().unwrap_or(Value::Null),
                    "skipped" => Value::Bool(true),
                    "text" => return None,
                    "last_death" if group != "x-death" => return None,
                    // As published: nothing in it is ours to leave out.
                    "headers" => value.clone(),
                    _ => comparable(value, group),
                };
                Some((name.clone(), value))
            };
            Value::Object(fields.iter().filter_map(entry).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| comparable(item, group)).collect()),
        other => other.clone(),
    }
}
