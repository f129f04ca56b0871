//! Policies of RabbitMQ definitions: which one applies to what, and what comes of it together with the arguments.
//!
//! The rules are RabbitMQ's (`rabbit_policy`, `rabbit_policies`, `rabbit_queue_type_util`, and the documentation of policies): one policy
//! and one operator policy apply at a time, those with the highest priority among those that match; one with a key that a kind of queue
//! does not have does not apply to it at all. Limits and times are the lowest of what policy, operator policy and arguments say; of all
//! else arguments win, then operator policies.

use crate::scenario::broker::rabbitmq::QueueKind;
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::cell::Cell;

/// A policy as definitions have it.
#[derive(Clone, Debug, Deserialize)]
pub struct Definition {
    /// Its name.
    #[serde(default)]
    name: String,
    /// The virtual host.
    pub vhost: Option<String>,
    /// A regular expression; no anchors go without saying.
    #[serde(default)]
    pattern: String,
    /// What it applies to.
    #[serde(default = "all", rename = "apply-to")]
    apply_to: String,
    /// Keys and values.
    #[serde(default)]
    definition: Map<String, Value>,
    /// The highest counts.
    #[serde(default)]
    priority: i64,
}

fn all() -> String {
    "all".to_owned()
}

/// A runtime parameter; operator policies are some of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Parameter {
    #[serde(default)]
    component: String,
    #[serde(default)]
    name: String,
    vhost: Option<String>,
    #[serde(default)]
    value: Value,
}

impl Parameter {
    /// The operator policy that it is, if it is one.
    pub fn operator_policy(&self) -> Option<Definition> {
        if self.component != "operator_policy" {
            return None;
        }
        let read: Definition = serde_json::from_value(self.value.clone()).ok()?;
        Some(Definition { name: self.name.clone(), vhost: self.vhost.clone(), ..read })
    }
}

/// What a policy can apply to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// An exchange.
    Exchange,
    /// A queue of a kind.
    Queue(QueueKind),
}

/// A policy that can be asked.
struct Policy {
    definition: Definition,
    pattern: Regex,
    what: &'static str,
    used: Cell<u32>,
}

/// The policies of a virtual host, or the operator policies.
pub struct Policies {
    /// The highest priority first.
    own: Vec<Policy>,
    operators: Vec<Policy>,
}

/// Keys that mean something to a scenario, and whether the lowest value counts.
const KEYS: &[(&str, bool)] = &[
    ("alternate-exchange", false),
    ("dead-letter-exchange", false),
    ("dead-letter-routing-key", false),
    ("dead-letter-strategy", false),
    ("delivery-limit", true),
    ("expires", true),
    ("max-age", true),
    ("max-length", true),
    ("max-length-bytes", true),
    ("message-ttl", true),
    ("overflow", false),
    ("stream-max-segment-size-bytes", false),
];

/// Keys that a kind of queue does not have (`unsupported_policies` of the queue types).
fn unsupported(kind: QueueKind, key: &str) -> bool {
    let stream = ["max-age", "stream-max-segment-size-bytes", "initial-cluster-size"];
    let classic = ["max-priority", "queue-mode", "queue-master-locator"];
    match kind {
        QueueKind::Classic => stream.contains(&key) || ["queue-leader-locator", "delivery-limit", "dead-letter-strategy"].contains(&key),
        QueueKind::Quorum => stream.contains(&key) || classic.contains(&key) || key.starts_with("ha-"),
        QueueKind::Stream => {
            let others = [
                "expires",
                "message-ttl",
                "dead-letter-exchange",
                "dead-letter-routing-key",
                "max-length",
                "max-in-memory-length",
                "max-in-memory-bytes",
                "overflow",
                "delivery-limit",
                "dead-letter-strategy",
                "target-group-size",
            ];
            others.contains(&key) || classic.contains(&key) || key.starts_with("ha-")
        }
    }
}

impl Policies {
    /// Of these policies and operator policies; what cannot be read is named in `left`.
    pub fn new(own: Vec<Definition>, operators: Vec<Definition>, left: &mut Vec<String>) -> Policies {
        let mut read = |definitions: Vec<Definition>, what: &'static str| {
            let mut policies = Vec::new();
            for definition in definitions {
                match Regex::new(&definition.pattern) {
                    Ok(pattern) => policies.push(Policy { definition, pattern, what, used: Cell::new(0) }),
                    Err(_) => left.push(format!(
                        "the {what} `{}`: its pattern `{}` cannot be read, so it applies to nothing",
                        definition.name, definition.pattern
                    )),
                }
            }
            // Of equal ones the first counts; RabbitMQ leaves that open.
            policies.sort_by_key(|policy: &Policy| std::cmp::Reverse(policy.definition.priority));
            policies
        };
        Policies { own: read(own, "policy"), operators: read(operators, "operator policy") }
    }

    /// The arguments of a thing with what policies say of it.
    pub fn applied(&self, name: &str, thing: Thing, arguments: &Map<String, Value>) -> Map<String, Value> {
        let mut result = arguments.clone();
        let find = |policies: &[Policy]| {
            let policy = policies.iter().find(|policy| policy.applies(name, thing))?;
            policy.used.set(policy.used.get() + 1);
            Some(policy.definition.definition.clone())
        };
        let (own, operator) = (find(&self.own).unwrap_or_default(), find(&self.operators).unwrap_or_default());
        for (key, lowest) in KEYS {
            let argument = match (thing, *key) {
                (Thing::Exchange, "alternate-exchange") => (*key).to_owned(),
                (Thing::Queue(_), key) if key != "alternate-exchange" => format!("x-{key}"),
                _ => continue,
            };
            let policy = match (own.get(*key), operator.get(*key)) {
                (Some(own), Some(operator)) => Some(if *lowest { lower(key, own, operator) } else { operator }),
                (one, other) => one.or(other),
            };
            let Some(policy) = policy else { continue };
            let value = match result.get(&argument) {
                Some(own) if *lowest => lower(key, own, policy),
                Some(_) => continue,
                None => policy,
            };
            result.insert(argument, value.clone());
        }
        result
    }

    /// Names every policy: what became of it, and what of it means nothing to a scenario.
    pub fn tell(&self, left: &mut Vec<String>) {
        for Policy { definition, what, used, .. } in self.own.iter().chain(&self.operators) {
            let name = &definition.name;
            left.push(match used.get() {
                0 => format!("the {what} `{name}`: it applies to nothing here"),
                1 => format!("the {what} `{name}` as such: its settings are now those of what it applies to, an exchange or queue"),
                n => format!("the {what} `{name}` as such: its settings are now those of what it applies to, {n} exchanges or queues"),
            });
            for (key, value) in definition.definition.iter().filter(|(key, _)| KEYS.iter().all(|(known, _)| known != key)) {
                left.push(format!("the {what} `{name}`: `{key}` with the value {value}"));
            }
        }
    }
}

impl Policy {
    fn applies(&self, name: &str, thing: Thing) -> bool {
        let fits = match (self.definition.apply_to.as_str(), thing) {
            ("all", _) | ("exchanges", Thing::Exchange) | ("queues", Thing::Queue(_)) => true,
            ("classic_queues", Thing::Queue(kind)) => kind == QueueKind::Classic,
            ("quorum_queues", Thing::Queue(kind)) => kind == QueueKind::Quorum,
            ("streams", Thing::Queue(kind)) => kind == QueueKind::Stream,
            _ => false,
        };
        let understood = |kind: QueueKind| !self.definition.definition.keys().any(|key| unsupported(kind, key));
        let understood = match thing {
            Thing::Exchange => true,
            Thing::Queue(kind) => understood(kind),
        };
        fits && understood && self.pattern.is_match(name)
    }
}

/// The lower of two limits, times or ages. Of delivery limits one of which is below zero, which means none, the higher one counts.
fn lower<'v>(key: &str, a: &'v Value, b: &'v Value) -> &'v Value {
    if key == "max-age" {
        let age = |value: &Value| value.as_str().and_then(super::age).map_or(u64::MAX, |span| span.0);
        return if age(a) <= age(b) { a } else { b };
    }
    match (a.as_i64(), b.as_i64()) {
        (Some(x), Some(y)) if key == "delivery-limit" && (x < 0 || y < 0) => {
            if x >= y {
                a
            } else {
                b
            }
        }
        (Some(x), Some(y)) => {
            if x <= y {
                a
            } else {
                b
            }
        }
        (Some(_), None) => a,
        _ => b,
    }
}
