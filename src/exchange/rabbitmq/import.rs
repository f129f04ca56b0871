//! Definitions to a scenario.

use super::policy::{Definition, Parameter, Policies, Thing};
use crate::exchange::{Carried, tamed};
use crate::scenario::Scenario;
use crate::scenario::broker::rabbitmq::{
    Binding, DeadLetter, Exchange, ExchangeKind, Header, MOST_NODES, Match, Overflow, PREDECLARED, Queue, QueueKind, Strategy,
};
use crate::scenario::broker::{BrokerKind, RabbitMq};
use crate::scenario::document::{Broker, Node};
use crate::scenario::pairs::Pairs;
use crate::scenario::units::Size;
use crate::time::Span;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Definitions {
    #[serde(default)]
    vhosts: Vec<Named>,
    #[serde(default)]
    exchanges: Vec<ExchangeDefinition>,
    #[serde(default)]
    queues: Vec<QueueDefinition>,
    #[serde(default)]
    bindings: Vec<BindingDefinition>,
    #[serde(default)]
    policies: Vec<Definition>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct ExchangeDefinition {
    name: String,
    vhost: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "yes")]
    durable: bool,
    #[serde(default)]
    auto_delete: bool,
    #[serde(default)]
    internal: bool,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
struct QueueDefinition {
    name: String,
    vhost: Option<String>,
    #[serde(default = "yes")]
    durable: bool,
    #[serde(default)]
    auto_delete: bool,
    #[serde(default)]
    exclusive: bool,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
struct BindingDefinition {
    source: String,
    vhost: Option<String>,
    destination: String,
    #[serde(default = "to_queue")]
    destination_type: String,
    #[serde(default)]
    routing_key: String,
    #[serde(default)]
    arguments: Map<String, Value>,
}

fn yes() -> bool {
    true
}

fn to_queue() -> String {
    "queue".to_owned()
}

/// A scenario with the broker that definitions describe, without producers and consumers, which they do not know. `vhost`: which
/// virtual host; the default one, or the only one, if not said.
pub fn import(text: &str, vhost: Option<&str>) -> Result<Carried<Scenario>, String> {
    let definitions: Definitions = serde_json::from_str(text).map_err(|error| format!("these are no RabbitMQ definitions: {error}"))?;
    let mut left = Vec::new();
    let chosen = choose_vhost(&definitions, vhost, &mut left)?;
    let here = |vhost: &Option<String>| vhost.as_ref().is_none_or(|vhost| *vhost == chosen);
    let policies = {
        let own = definitions.policies.iter().filter(|policy| here(&policy.vhost)).cloned().collect();
        let operators = definitions.parameters.iter().filter_map(Parameter::operator_policy).filter(|policy| here(&policy.vhost));
        Policies::new(own, operators.collect(), &mut left)
    };
    let mut parts = RabbitMq::default();
    for definition in definitions.exchanges.iter().filter(|exchange| here(&exchange.vhost)) {
        if !definition.name.is_empty() && !definition.name.starts_with("amq.") {
            parts.exchanges.extend(exchange(definition, &policies, &mut left));
        }
    }
    for definition in definitions.queues.iter().filter(|queue| here(&queue.vhost)) {
        if definition.name.starts_with("amq.") {
            left.push(format!("the queue `{}`, whose name the server gave: a server does not import it either", definition.name));
        } else {
            parts.queues.extend(queue(definition, &policies, &mut left));
        }
    }
    let bindings: Vec<&BindingDefinition> = definitions.bindings.iter().filter(|binding| here(&binding.vhost)).collect();
    predeclared(&mut parts, &bindings);
    let known = Known::of(&parts);
    for definition in bindings {
        // The default exchange's bindings go without saying.
        if !definition.source.is_empty() {
            parts.bindings.extend(binding(definition, &known, &mut left));
        }
    }
    mend(&mut parts, &mut left);
    tame(&mut parts, &mut left);
    policies.tell(&mut left);
    let other = definitions.parameters.iter().filter(|parameter| parameter.operator_policy().is_none()).count();
    let counted = definitions.rest.iter().map(|(part, value)| (part.replace('_', " "), value.as_array().map_or(0, Vec::len)));
    for (part, count) in counted.chain([("parameters".to_owned(), other)]).filter(|(_, count)| *count > 0) {
        left.push(format!("{count} {part}: not part of a scenario"));
    }
    let broker = Broker { id: "rabbitmq".to_owned(), at: Some((320.0, 120.0)), zone: None, kind: BrokerKind::RabbitMq(parts) };
    let scenario = Scenario {
        name: if chosen == "/" { "Imported from RabbitMQ".to_owned() } else { format!("Imported from RabbitMQ, {chosen}") },
        about: "Exchanges, queues and bindings of a RabbitMQ server. Add producers that publish and consumers that read.".to_owned(),
        nodes: vec![Node::Broker(broker)],
        ..Scenario::default()
    };
    Ok(Carried { result: scenario, left })
}

/// Names of exchanges and queues that are there.
struct Known {
    exchanges: BTreeSet<String>,
    queues: BTreeSet<String>,
}

impl Known {
    fn of(parts: &RabbitMq) -> Known {
        Known {
            exchanges: parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect(),
            queues: parts.queues.iter().map(|queue| queue.name.clone()).collect(),
        }
    }
}

/// Exchanges that are there from the start stand in no definitions, but what refers to them does.
fn predeclared(parts: &mut RabbitMq, bindings: &[&BindingDefinition]) {
    let mut used: BTreeSet<&str> = bindings.iter().map(|binding| binding.source.as_str()).collect();
    used.extend(bindings.iter().filter(|binding| binding.destination_type == "exchange").map(|binding| binding.destination.as_str()));
    let alternates: Vec<String> = parts.exchanges.iter().filter_map(|exchange| exchange.alternate.clone()).collect();
    let ways: Vec<String> = parts.queues.iter().filter_map(|queue| Some(queue.dead_letter.as_ref()?.exchange.clone())).collect();
    used.extend(alternates.iter().chain(&ways).map(String::as_str));
    let found = PREDECLARED.iter().filter(|(name, _)| used.contains(name)).map(|(name, kind)| Exchange::new(name, *kind));
    parts.exchanges.extend(found);
}

fn choose_vhost(definitions: &Definitions, wanted: Option<&str>, left: &mut Vec<String>) -> Result<String, String> {
    let mut known: Vec<&str> = definitions.vhosts.iter().map(|vhost| vhost.name.as_str()).collect();
    let used = definitions.queues.iter().filter_map(|queue| queue.vhost.as_deref());
    for vhost in used.chain(definitions.exchanges.iter().filter_map(|exchange| exchange.vhost.as_deref())) {
        if !known.contains(&vhost) {
            known.push(vhost);
        }
    }
    let chosen = match wanted {
        Some(wanted) if known.is_empty() || known.contains(&wanted) => wanted,
        Some(wanted) => return Err(format!("there is no virtual host `{wanted}`; there is {}", known.join(", "))),
        None if known.is_empty() || known.contains(&"/") => "/",
        None => known[0],
    };
    for other in known.iter().filter(|vhost| **vhost != chosen) {
        left.push(format!("the virtual host `{other}`: one is imported at a time"));
    }
    Ok(chosen.to_owned())
}

/// Takes an argument out; complains if it is there and not of this kind.
fn take<T>(
    arguments: &mut Map<String, Value>,
    name: &str,
    what: &str,
    left: &mut Vec<String>,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    let value = arguments.remove(name)?;
    let found = read(&value);
    if found.is_none() {
        left.push(format!("{what}: `{name}` with the value {value}"));
    }
    found
}

fn rest(arguments: &Map<String, Value>, what: &str, left: &mut Vec<String>) {
    for (name, value) in arguments {
        left.push(format!("{what}: `{name}` with the value {value}"));
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn exchange(definition: &ExchangeDefinition, policies: &Policies, left: &mut Vec<String>) -> Option<Exchange> {
    let what = format!("the exchange `{}`", definition.name);
    let kind = match definition.kind.as_str() {
        "direct" => ExchangeKind::Direct,
        "fanout" => ExchangeKind::Fanout,
        "topic" => ExchangeKind::Topic,
        "headers" => ExchangeKind::Headers,
        other => {
            left.push(format!("{what}, which is of the type `{other}`, with its bindings"));
            return None;
        }
    };
    let mut arguments = policies.applied(&definition.name, Thing::Exchange, &definition.arguments);
    let alternate = take(&mut arguments, "alternate-exchange", &what, left, string);
    rest(&arguments, &what, left);
    for (property, odd) in [("not durable", !definition.durable), ("auto-delete", definition.auto_delete)] {
        if odd {
            left.push(format!("{what}: that it is {property}"));
        }
    }
    Some(Exchange { name: definition.name.clone(), kind, internal: definition.internal, alternate })
}

fn queue(definition: &QueueDefinition, policies: &Policies, left: &mut Vec<String>) -> Option<Queue> {
    let what = format!("the queue `{}`", definition.name);
    let mut arguments = definition.arguments.clone();
    let said = take(&mut arguments, "x-queue-type", &what, left, string).or_else(|| definition.kind.clone());
    let kind = match said.as_deref() {
        None | Some("classic" | "rabbit_classic_queue") => QueueKind::Classic,
        Some("quorum" | "rabbit_quorum_queue") => QueueKind::Quorum,
        Some("stream" | "rabbit_stream_queue") => QueueKind::Stream,
        Some(other) => {
            left.push(format!("{what}, which is of the type `{other}`, with its bindings"));
            return None;
        }
    };
    for (property, odd) in [("not durable", !definition.durable), ("exclusive", definition.exclusive)] {
        if odd {
            left.push(format!("{what}: that it is {property}"));
        }
    }
    let mut arguments = policies.applied(&definition.name, Thing::Queue(kind), &arguments);
    let whole = |value: &Value| value.as_u64();
    let overflow = take(&mut arguments, "x-overflow", &what, left, |value| match value.as_str()? {
        "drop-head" => Some(Overflow::DropHead),
        "reject-publish" => Some(Overflow::RejectPublish),
        "reject-publish-dlx" if kind == QueueKind::Classic => Some(Overflow::RejectPublishDlx),
        _ => None,
    });
    let exchange = take(&mut arguments, "x-dead-letter-exchange", &what, left, string);
    let key = take(&mut arguments, "x-dead-letter-routing-key", &what, left, string);
    let strategy = take(&mut arguments, "x-dead-letter-strategy", &what, left, |value| match value.as_str()? {
        "at-most-once" => Some(Strategy::AtMostOnce),
        "at-least-once" if kind == QueueKind::Quorum => Some(Strategy::AtLeastOnce),
        _ => None,
    });
    let small = |value: &Value| value.as_u64().and_then(|most| u8::try_from(most).ok()).filter(|_| kind == QueueKind::Classic);
    let limit = |value: &Value| value.as_i64().and_then(|limit| i32::try_from(limit).ok()).filter(|_| kind == QueueKind::Quorum);
    let millis = |value: &Value| value.as_u64().map(|ms| Span(ms.saturating_mul(1_000_000)));
    let members = if kind == QueueKind::Stream { "x-initial-cluster-size" } else { "x-quorum-initial-group-size" };
    let queue = Queue {
        name: definition.name.clone(),
        kind,
        max_age: take(&mut arguments, "x-max-age", &what, left, |value| super::age(value.as_str()?)),
        segment: take(&mut arguments, "x-stream-max-segment-size-bytes", &what, left, whole).map(Size),
        members: take(&mut arguments, members, &what, left, |value| value.as_u64()?.try_into().ok()),
        max_length: take(&mut arguments, "x-max-length", &what, left, whole),
        max_bytes: take(&mut arguments, "x-max-length-bytes", &what, left, whole).map(Size),
        overflow: overflow.unwrap_or_default(),
        ttl: take(&mut arguments, "x-message-ttl", &what, left, millis),
        expires: take(&mut arguments, "x-expires", &what, left, |value| millis(value).filter(|span| span.0 > 0)),
        auto_delete: definition.auto_delete && kind == QueueKind::Classic,
        max_priority: take(&mut arguments, "x-max-priority", &what, left, small),
        single_active: take(&mut arguments, "x-single-active-consumer", &what, left, Value::as_bool).unwrap_or(false),
        delivery_limit: take(&mut arguments, "x-delivery-limit", &what, left, limit),
        dead_letter: exchange.map(|exchange| DeadLetter { exchange, key, strategy: strategy.unwrap_or_default() }),
        ..Queue::default()
    };
    rest(&arguments, &what, left);
    Some(queue)
}

fn binding(definition: &BindingDefinition, known: &Known, left: &mut Vec<String>) -> Option<Binding> {
    let BindingDefinition { source, destination, routing_key, .. } = definition;
    let what = format!("the binding from `{source}` to `{destination}`");
    let to_exchange = definition.destination_type == "exchange";
    let there = if to_exchange { known.exchanges.contains(destination) } else { known.queues.contains(destination) };
    if !known.exchanges.contains(source) || !there {
        left.push(format!("{what}: an end of it is not there"));
        return None;
    }
    let mut arguments = definition.arguments.clone();
    let matching = take(&mut arguments, "x-match", &what, left, |value| match value.as_str()? {
        "all" => Some(Match::All),
        "any" => Some(Match::Any),
        "all-with-x" => Some(Match::AllWithX),
        "any-with-x" => Some(Match::AnyWithX),
        _ => None,
    });
    let mut headers = Vec::new();
    for (name, value) in arguments {
        let header = match &value {
            Value::String(text) => Header::Text(text.clone()),
            Value::Bool(flag) => Header::Flag(*flag),
            Value::Null => Header::Present,
            Value::Number(number) if number.is_i64() => Header::Number(number.as_i64().unwrap_or_default()),
            other => {
                left.push(format!("{what}: the header `{name}` with the value {other}"));
                continue;
            }
        };
        headers.push((name, header));
    }
    Some(Binding {
        from: source.clone(),
        to: destination.clone(),
        // Said only where a queue has the same name.
        to_exchange: to_exchange && known.queues.contains(destination),
        key: routing_key.clone(),
        matching: matching.unwrap_or_default(),
        headers: Pairs(headers),
    })
}

/// A server lets names lead nowhere; a scenario does not. And it lets clusters shrink below what a queue was declared for.
fn mend(parts: &mut RabbitMq, left: &mut Vec<String>) {
    let known = Known::of(parts);
    for exchange in &mut parts.exchanges {
        if let Some(alternate) = exchange.alternate.take_if(|name| !known.exchanges.contains(name)) {
            left.push(format!("the exchange `{}`: its alternate exchange `{alternate}`, which is not there", exchange.name));
        }
    }
    for queue in &mut parts.queues {
        let missing = |way: &mut DeadLetter| match (way.exchange.as_str(), &way.key) {
            ("", Some(key)) => !known.queues.contains(key),
            ("", None) => false,
            (exchange, _) => !known.exchanges.contains(exchange),
        };
        if let Some(way) = queue.dead_letter.take_if(missing) {
            left.push(format!("the queue `{}`: its dead-letter exchange `{}`, which leads nowhere", queue.name, way.exchange));
        }
    }
    // Definitions do not say how many nodes there are, only how many some queues wanted.
    parts.nodes = parts.queues.iter().filter_map(|queue| queue.members).max().unwrap_or(1).clamp(1, MOST_NODES);
    for queue in &mut parts.queues {
        if let Some(members) = queue.members.take_if(|members| *members == 0 || *members > MOST_NODES) {
            left.push(format!("the queue `{}`: that it has {members} members", queue.name));
        }
    }
}

/// Names that a scenario does not allow are changed, wherever they stand.
fn tame(parts: &mut RabbitMq, left: &mut Vec<String>) {
    let names = |kind: &str, all: Vec<String>, left: &mut Vec<String>| {
        let mut taken: BTreeSet<String> = all.iter().cloned().collect();
        let mut changed = BTreeMap::new();
        for name in all {
            let mut plain = tamed(&name);
            if plain != name {
                let base = plain.clone();
                let mut number = 2;
                while taken.contains(&plain) {
                    plain = format!("{base}-{number}");
                    number += 1;
                }
                left.push(format!("the name of the {kind} `{name}`, which is `{plain}` here"));
                taken.insert(plain.clone());
                changed.insert(name, plain);
            }
        }
        changed
    };
    let exchanges = names("exchange", parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect(), left);
    let queues = names("queue", parts.queues.iter().map(|queue| queue.name.clone()).collect(), left);
    if exchanges.is_empty() && queues.is_empty() {
        return;
    }
    let set = |changed: &BTreeMap<String, String>, name: &mut String| {
        if let Some(new) = changed.get(name) {
            name.clone_from(new);
        }
    };
    for binding in &mut parts.bindings {
        let to_queue =
            !binding.to_exchange && (queues.contains_key(&binding.to) || parts.queues.iter().any(|queue| queue.name == binding.to));
        set(&exchanges, &mut binding.from);
        set(if to_queue { &queues } else { &exchanges }, &mut binding.to);
    }
    for exchange in &mut parts.exchanges {
        set(&exchanges, &mut exchange.name);
        exchange.alternate.iter_mut().for_each(|name| set(&exchanges, name));
    }
    for queue in &mut parts.queues {
        set(&queues, &mut queue.name);
        if let Some(way) = &mut queue.dead_letter {
            match way.exchange.is_empty() {
                true => way.key.iter_mut().for_each(|key| set(&queues, key)),
                false => set(&exchanges, &mut way.exchange),
            }
        }
    }
}
