//! A scenario's broker to definitions. What is written is what a server accepts: see `tests/exchange.rs`.

use super::AGES;
use crate::exchange::{Carried, chosen};
use crate::scenario::Scenario;
use crate::scenario::broker::rabbitmq::{
    Binding, DEFAULT_EXCHANGE, Exchange, ExchangeKind, Header, Leads, Match, Overflow, Places, Queue, QueueKind, Strategy,
};
use crate::scenario::broker::{BrokerKind, RabbitMq};
use crate::scenario::document::{Broker, Node};
use crate::time::Span;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The version whose definitions are written.
const VERSION: &str = "4.0.5";

/// The longest time a server takes for messages and queues to live, in milliseconds: ten years (`MAX_EXPIRY_TIMER`).
const LONGEST_MS: u64 = 315_360_000_000;

/// The largest segment of a stream that a server takes, in bytes (`MAX_STREAM_MAX_SEGMENT_SIZE`).
const LARGEST_SEGMENT: u64 = 3_000_000_000;

/// The age in the longest unit that says it exactly; fractions of a second are rounded up, and none is shorter than one.
fn age_text(age: Span) -> String {
    let seconds = age.0.div_ceil(1_000_000_000).max(1);
    let (unit, of) = AGES.iter().copied().find(|(_, of)| seconds >= *of && seconds.is_multiple_of(*of)).unwrap_or(("s", 1));
    format!("{}{unit}", seconds / of)
}

/// Definitions of one broker: the one called `broker`, or the only one of its kind.
pub fn export(scenario: &Scenario, broker: Option<&str>) -> Result<Carried<String>, String> {
    let all = scenario.nodes.iter().filter_map(|node| match node {
        Node::Broker(Broker { id, kind: BrokerKind::RabbitMq(parts), .. }) => Some((id.as_str(), parts)),
        _ => None,
    });
    let all: Vec<(&str, &RabbitMq)> = all.collect();
    let (_, parts) = chosen("RabbitMq", &all, broker)?;
    let mut left = Vec::new();
    let own = [
        (parts.memory.is_some(), "`memory`: a server's watermark is in its configuration, not in its definitions"),
        (!parts.redrives.is_empty(), "`redrives`: moving messages is a shovel's work, not part of definitions"),
        (!parts.attaches.is_empty(), "`attaches`: where readers of streams begin is theirs to say"),
        (parts.nodes > 1, "the nodes of the cluster, which queue is where, and what a minority does"),
    ];
    left.extend(own.iter().filter(|(there, _)| *there).map(|(_, words)| (*words).to_owned()));
    let queues: Vec<&Queue> = parts.queues.iter().filter(|queue| is_defined(queue, &mut left)).collect();
    let exchanges: Vec<&Exchange> = parts.exchanges.iter().filter(|exchange| is_declared(exchange, &mut left)).collect();
    let bindings: Vec<Value> = {
        let (there, places) = (queues.iter().map(|queue| queue.name.as_str()).collect::<BTreeSet<&str>>(), parts.places());
        parts.bindings.iter().filter_map(|binding| binding_definition(binding, &places, &there, &mut left)).collect()
    };
    let users = scenario.nodes.iter().filter(|node| !matches!(node, Node::Broker(_))).count();
    if users > 0 {
        left.push(format!("{users} producers and consumers: definitions do not know clients"));
    }
    let definitions = json!({
        "rabbit_version": VERSION,
        "rabbitmq_version": VERSION,
        "product_name": "RabbitMQ",
        "product_version": VERSION,
        "users": [],
        "vhosts": [{"name": "/"}],
        "permissions": [],
        "topic_permissions": [],
        "parameters": [],
        "global_parameters": [],
        "policies": [],
        "queues": queues.iter().map(|queue| queue_definition(queue, &mut left)).collect::<Vec<_>>(),
        "exchanges": exchanges.iter().map(|exchange| exchange_definition(exchange)).collect::<Vec<_>>(),
        "bindings": bindings,
    });
    let text = serde_json::to_string_pretty(&definitions).map_err(|error| error.to_string())?;
    Ok(Carried { result: text + "\n", left })
}

/// Whether a name or key is short enough for AMQP, whose short strings have 255 bytes at most.
fn is_short(text: &str) -> bool {
    text.len() <= 255
}

/// Whether a queue stands in definitions at all.
fn is_defined(queue: &Queue, left: &mut Vec<String>) -> bool {
    let what = format!("the queue `{}`", queue.name);
    if queue.exclusive {
        left.push(format!("{what}, which is exclusive: it is declared by its connection, not by definitions"));
    } else if !is_short(&queue.name) {
        left.push(format!("{what}: AMQP knows no names of more than 255 bytes"));
    }
    if queue.rate.is_some() {
        left.push(format!("{what}: how fast it takes messages in is a matter of the server"));
    }
    !queue.exclusive && is_short(&queue.name)
}

/// Whether an exchange has to be declared. A server does so by itself with its own, and leaves internal ones out of its exports.
fn is_declared(exchange: &Exchange, left: &mut Vec<String>) -> bool {
    if exchange.internal {
        left.push(format!("the exchange `{}`, once a server exports again: `rabbitmqctl` leaves internal exchanges out", exchange.name));
    }
    exchange.predeclared().is_none() && is_short(&exchange.name)
}

fn exchange_definition(exchange: &Exchange) -> Value {
    let kind = match exchange.kind {
        ExchangeKind::Direct => "direct",
        ExchangeKind::Fanout => "fanout",
        ExchangeKind::Topic => "topic",
        ExchangeKind::Headers => "headers",
    };
    let mut arguments = Map::new();
    if let Some(alternate) = &exchange.alternate {
        arguments.insert("alternate-exchange".to_owned(), json!(alternate));
    }
    json!({
        "name": exchange.name,
        "vhost": "/",
        "type": kind,
        "durable": true,
        "auto_delete": false,
        "internal": exchange.internal,
        "arguments": arguments,
    })
}

fn queue_definition(queue: &Queue, left: &mut Vec<String>) -> Value {
    let mut arguments = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            arguments.insert(name.to_owned(), value);
        }
    };
    let (kind, members) = match queue.kind {
        QueueKind::Classic => ("classic", None),
        QueueKind::Quorum => ("quorum", Some("x-quorum-initial-group-size")),
        QueueKind::Stream => ("stream", Some("x-initial-cluster-size")),
    };
    let what = format!("the queue `{}`", queue.name);
    let mut millis = |name: &str, span: Option<Span>| {
        let wanted = span?.0.div_ceil(1_000_000);
        if span?.0 % 1_000_000 != 0 {
            left.push(format!("{what}: its {name} is rounded up to whole milliseconds"));
        }
        if wanted > LONGEST_MS {
            left.push(format!("{what}: its {name} is cut to ten years, the longest that a server takes"));
        }
        Some(json!(wanted.min(LONGEST_MS)))
    };
    let (ttl, expires) = (millis("time to live", queue.ttl), millis("life without consumers", queue.expires));
    if queue.segment.is_some_and(|size| size.0 > LARGEST_SEGMENT) {
        left.push(format!("{what}: its segments are cut to 3 GB, the largest that a server takes"));
    }
    put("x-max-age", queue.max_age.map(|age| json!(age_text(age))));
    put("x-stream-max-segment-size-bytes", queue.segment.map(|size| json!(size.0.min(LARGEST_SEGMENT))));
    if let (Some(name), Some(count)) = (members, queue.members) {
        put(name, Some(json!(count)));
    }
    put("x-queue-type", Some(json!(kind)));
    // Numbers of tables are signed.
    let signed = |most: u64| json!(most.min(i64::MAX as u64));
    put("x-max-length", queue.max_length.map(signed));
    put("x-max-length-bytes", queue.max_bytes.map(|most| signed(most.0)));
    put(
        "x-overflow",
        match queue.overflow {
            Overflow::DropHead => None,
            Overflow::RejectPublish => Some(json!("reject-publish")),
            Overflow::RejectPublishDlx => Some(json!("reject-publish-dlx")),
        },
    );
    put("x-message-ttl", ttl);
    put("x-expires", expires);
    put("x-max-priority", queue.max_priority.map(|most| json!(most)));
    put("x-single-active-consumer", queue.single_active.then(|| json!(true)));
    put("x-delivery-limit", queue.delivery_limit.map(|limit| json!(limit)));
    put("x-dead-letter-exchange", queue.dead_letter.as_ref().map(|way| json!(way.exchange)));
    put("x-dead-letter-routing-key", queue.dead_letter.as_ref().and_then(|way| way.key.as_ref()).map(|key| json!(key)));
    let surely = queue.dead_letter.as_ref().is_some_and(|way| way.strategy == Strategy::AtLeastOnce);
    put("x-dead-letter-strategy", surely.then(|| json!("at-least-once")));
    json!({
        "name": queue.name,
        "vhost": "/",
        "type": kind,
        "durable": true,
        "auto_delete": queue.auto_delete,
        "arguments": arguments,
    })
}

fn binding_definition(binding: &Binding, places: &Places<'_>, queues: &BTreeSet<&str>, left: &mut Vec<String>) -> Option<Value> {
    let to_queue = matches!(places.leads(binding), Some(Leads::Queue(_)));
    if to_queue && !queues.contains(binding.to.as_str()) {
        // Said already, of its queue.
        return None;
    }
    if !is_short(&binding.key) || !is_short(&binding.from) || !is_short(&binding.to) {
        left.push(format!("a binding from `{}` to `{}`: AMQP knows no keys and names of more than 255 bytes", binding.from, binding.to));
        return None;
    }
    // Seen with 3.10.8: the whole import stops at a null ("unhandled_type"), over the command line and over HTTP.
    if let Some((header, _)) = binding.headers.iter().find(|(_, header)| *header == Header::Present) {
        left.push(format!(
            "the binding from `{}` to `{}`: that `{header}` only has to be there would be a null, which no server takes in",
            binding.from, binding.to
        ));
        return None;
    }
    let mut arguments: Map<String, Value> = Map::new();
    for (name, header) in binding.headers.iter() {
        let value = match header {
            Header::Text(text) => json!(text),
            Header::Number(number) => json!(number),
            Header::Flag(flag) => json!(flag),
            Header::Present => continue,
        };
        arguments.insert(name.clone(), value);
    }
    let how = match binding.matching {
        Match::All if arguments.is_empty() => None,
        Match::All => Some("all"),
        Match::Any => Some("any"),
        Match::AllWithX => Some("all-with-x"),
        Match::AnyWithX => Some("any-with-x"),
    };
    if let Some(how) = how {
        arguments.insert("x-match".to_owned(), json!(how));
    }
    debug_assert_ne!(binding.from, DEFAULT_EXCHANGE);
    Some(json!({
        "source": binding.from,
        "vhost": "/",
        "destination": binding.to,
        "destination_type": if to_queue { "queue" } else { "exchange" },
        "routing_key": binding.key,
        "arguments": arguments,
    }))
}
