//! RabbitMQ definitions: what `rabbitmqctl export_definitions` and the management plugin write and read.

use super::Carried;
use crate::scenario::Scenario;
use crate::scenario::broker::rabbitmq::{
    Binding, DEFAULT_EXCHANGE, DeadLetter, Exchange, ExchangeKind, Header, Match, Overflow, Queue, QueueKind,
};
use crate::scenario::broker::{BrokerKind, RabbitMq};
use crate::scenario::document::{Broker, Node};
use crate::scenario::pairs::Pairs;
use crate::scenario::units::Size;
use crate::time::Span;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The version whose definitions are written.
const VERSION: &str = "4.0.5";

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

/// Whether a text looks like RabbitMQ definitions.
pub fn is(text: &str) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return false };
    fields.contains_key("rabbit_version")
        || fields.contains_key("rabbitmq_version")
        || fields.contains_key("exchanges") && fields.contains_key("queues")
}

/// A scenario with the broker that definitions describe, without producers and consumers, which they do not know. `vhost`: which
/// virtual host; the default one, or the only one, if not said.
pub fn import(text: &str, vhost: Option<&str>) -> Result<Carried<Scenario>, String> {
    let definitions: Definitions = serde_json::from_str(text).map_err(|error| format!("these are no RabbitMQ definitions: {error}"))?;
    let mut left = Vec::new();
    let chosen = choose_vhost(&definitions, vhost, &mut left)?;
    let here = |vhost: &Option<String>| vhost.as_ref().is_none_or(|vhost| *vhost == chosen);
    let mut parts = RabbitMq::default();
    for definition in definitions.exchanges.iter().filter(|exchange| here(&exchange.vhost)) {
        if !definition.name.is_empty() && !definition.name.starts_with("amq.") {
            parts.exchanges.extend(exchange(definition, &mut left));
        }
    }
    for definition in definitions.queues.iter().filter(|queue| here(&queue.vhost)) {
        parts.queues.extend(queue(definition, &mut left));
    }
    for definition in definitions.bindings.iter().filter(|binding| here(&binding.vhost)) {
        // The default exchange's bindings go without saying.
        if !definition.source.is_empty() {
            parts.bindings.extend(binding(definition, &parts, &mut left));
        }
    }
    mend(&mut parts, &mut left);
    for (part, value) in &definitions.rest {
        let count = value.as_array().map_or(0, Vec::len);
        if count > 0 {
            left.push(format!("{count} {}: not part of a scenario", part.replace('_', " ")));
        }
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

fn exchange(definition: &ExchangeDefinition, left: &mut Vec<String>) -> Option<Exchange> {
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
    let mut arguments = definition.arguments.clone();
    let alternate = take(&mut arguments, "alternate-exchange", &what, left, string);
    rest(&arguments, &what, left);
    for (property, odd) in [("not durable", !definition.durable), ("auto-delete", definition.auto_delete)] {
        if odd {
            left.push(format!("{what}: that it is {property}"));
        }
    }
    Some(Exchange { name: definition.name.clone(), kind, internal: definition.internal, alternate })
}

fn queue(definition: &QueueDefinition, left: &mut Vec<String>) -> Option<Queue> {
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
    for (property, odd) in
        [("not durable", !definition.durable), ("auto-delete", definition.auto_delete), ("exclusive", definition.exclusive)]
    {
        if odd {
            left.push(format!("{what}: that it is {property}"));
        }
    }
    let whole = |value: &Value| value.as_u64();
    let overflow = take(&mut arguments, "x-overflow", &what, left, |value| match value.as_str()? {
        "drop-head" => Some(Overflow::DropHead),
        "reject-publish" => Some(Overflow::RejectPublish),
        "reject-publish-dlx" if kind == QueueKind::Classic => Some(Overflow::RejectPublishDlx),
        _ => None,
    });
    let exchange = take(&mut arguments, "x-dead-letter-exchange", &what, left, string);
    let key = take(&mut arguments, "x-dead-letter-routing-key", &what, left, string);
    let small = |value: &Value| value.as_u64().and_then(|most| u8::try_from(most).ok()).filter(|_| kind == QueueKind::Classic);
    let limit = |value: &Value| value.as_i64().and_then(|limit| i32::try_from(limit).ok()).filter(|_| kind == QueueKind::Quorum);
    let members = if kind == QueueKind::Stream { "x-initial-cluster-size" } else { "x-quorum-initial-group-size" };
    let queue = Queue {
        name: definition.name.clone(),
        kind,
        max_age: take(&mut arguments, "x-max-age", &what, left, |value| age(value.as_str()?)),
        segment: take(&mut arguments, "x-stream-max-segment-size-bytes", &what, left, whole).map(Size),
        node: None,
        members: take(&mut arguments, members, &what, left, |value| value.as_u64()?.try_into().ok()),
        max_length: take(&mut arguments, "x-max-length", &what, left, whole),
        max_bytes: take(&mut arguments, "x-max-length-bytes", &what, left, whole).map(Size),
        overflow: overflow.unwrap_or_default(),
        ttl: take(&mut arguments, "x-message-ttl", &what, left, whole).map(|ms| Span(ms.saturating_mul(1_000_000))),
        max_priority: take(&mut arguments, "x-max-priority", &what, left, small),
        single_active: take(&mut arguments, "x-single-active-consumer", &what, left, Value::as_bool).unwrap_or(false),
        delivery_limit: take(&mut arguments, "x-delivery-limit", &what, left, limit),
        dead_letter: exchange.map(|exchange| DeadLetter { exchange, key }),
    };
    rest(&arguments, &what, left);
    Some(queue)
}

/// `x-max-age`: a whole number and a unit, from years (`Y`) to seconds (`s`).
fn age(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, seconds) = AGES.iter().find(|(known, _)| *known == unit)?;
    Some(Span(number.parse::<u64>().ok()?.checked_mul(*seconds)?.checked_mul(1_000_000_000)?))
}

/// Units of `x-max-age` in seconds, the longest first.
const AGES: [(&str, u64); 6] = [("Y", 31_536_000), ("M", 2_592_000), ("D", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// The age in the longest unit that says it exactly; fractions of a second are rounded up.
fn age_text(age: Span) -> String {
    let seconds = age.0.div_ceil(1_000_000_000);
    let (unit, of) = AGES.iter().copied().find(|(_, of)| seconds >= *of && seconds.is_multiple_of(*of)).unwrap_or(("s", 1));
    format!("{}{unit}", seconds / of)
}

fn binding(definition: &BindingDefinition, parts: &RabbitMq, left: &mut Vec<String>) -> Option<Binding> {
    let BindingDefinition { source, destination, routing_key, .. } = definition;
    let what = format!("the binding from `{source}` to `{destination}`");
    let to_exchange = definition.destination_type == "exchange";
    let known = if to_exchange { parts.exchange(destination).is_some() } else { parts.queue(destination).is_some() };
    if parts.exchange(source).is_none() || !known {
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
        to_exchange: to_exchange && parts.queue(destination).is_some(),
        key: routing_key.clone(),
        matching: matching.unwrap_or_default(),
        headers: Pairs(headers),
    })
}

/// A server lets names lead nowhere; a scenario does not.
fn mend(parts: &mut RabbitMq, left: &mut Vec<String>) {
    let exchanges: Vec<String> = parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect();
    let queues: Vec<String> = parts.queues.iter().map(|queue| queue.name.clone()).collect();
    for exchange in &mut parts.exchanges {
        if let Some(alternate) = exchange.alternate.take_if(|name| !exchanges.contains(name)) {
            left.push(format!("the exchange `{}`: its alternate exchange `{alternate}`, which is not there", exchange.name));
        }
    }
    for queue in &mut parts.queues {
        let missing = |way: &mut DeadLetter| match (way.exchange.as_str(), &way.key) {
            ("", Some(key)) => !queues.contains(key),
            ("", None) => false,
            (exchange, _) => !exchanges.iter().any(|name| name == exchange),
        };
        if let Some(way) = queue.dead_letter.take_if(missing) {
            left.push(format!("the queue `{}`: its dead-letter exchange `{}`, which leads nowhere", queue.name, way.exchange));
        }
    }
}

/// Definitions of one broker: the one called `broker`, or the only one of its kind.
pub fn export(scenario: &Scenario, broker: Option<&str>) -> Result<Carried<String>, String> {
    let all = scenario.nodes.iter().filter_map(|node| match node {
        Node::Broker(Broker { id, kind: BrokerKind::RabbitMq(parts), .. }) => Some((id.as_str(), parts)),
        _ => None,
    });
    let all: Vec<(&str, &RabbitMq)> = all.collect();
    let names = || all.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    let parts = match (broker, all.as_slice()) {
        (_, []) => return Err("there is no RabbitMq broker in this scenario".to_owned()),
        (None, [(_, parts)]) => *parts,
        (None, _) => return Err(format!("there are several RabbitMq brokers; say which: {}", names())),
        (Some(wanted), _) => match all.iter().find(|(id, _)| *id == wanted) {
            Some((_, parts)) => *parts,
            None => return Err(format!("there is no RabbitMq broker `{wanted}`; there is {}", names())),
        },
    };
    let mut left = Vec::new();
    if parts.memory.is_some() {
        left.push("`memory`: a server's watermark is in its configuration, not in its definitions".to_owned());
    }
    if !parts.redrives.is_empty() {
        left.push("`redrives`: moving messages is a shovel's work, not part of definitions".to_owned());
    }
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
        "queues": parts.queues.iter().map(|queue| queue_definition(queue, &mut left)).collect::<Vec<_>>(),
        "exchanges": parts.exchanges.iter().map(exchange_definition).collect::<Vec<_>>(),
        "bindings": parts.bindings.iter().map(|binding| binding_definition(binding, parts)).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&definitions).map_err(|error| error.to_string())?;
    Ok(Carried { result: text + "\n", left })
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
    put("x-max-age", queue.max_age.map(|age| json!(age_text(age))));
    put("x-stream-max-segment-size-bytes", queue.segment.map(|size| json!(size.0)));
    if let (Some(name), Some(count)) = (members, queue.members) {
        put(name, Some(json!(count)));
    }
    put("x-queue-type", Some(json!(kind)));
    put("x-max-length", queue.max_length.map(|most| json!(most)));
    put("x-max-length-bytes", queue.max_bytes.map(|most| json!(most.0)));
    put(
        "x-overflow",
        match queue.overflow {
            Overflow::DropHead => None,
            Overflow::RejectPublish => Some(json!("reject-publish")),
            Overflow::RejectPublishDlx => Some(json!("reject-publish-dlx")),
        },
    );
    put("x-message-ttl", queue.ttl.map(|span| json!(span.0.div_ceil(1_000_000))));
    put("x-max-priority", queue.max_priority.map(|most| json!(most)));
    put("x-single-active-consumer", queue.single_active.then(|| json!(true)));
    put("x-delivery-limit", queue.delivery_limit.map(|limit| json!(limit)));
    put("x-dead-letter-exchange", queue.dead_letter.as_ref().map(|way| json!(way.exchange)));
    put("x-dead-letter-routing-key", queue.dead_letter.as_ref().and_then(|way| way.key.as_ref()).map(|key| json!(key)));
    if queue.ttl.is_some_and(|span| span.0 % 1_000_000 != 0) {
        left.push(format!("the queue `{}`: its time to live is rounded up to whole milliseconds", queue.name));
    }
    json!({
        "name": queue.name,
        "vhost": "/",
        "type": kind,
        "durable": true,
        "auto_delete": false,
        "arguments": arguments,
    })
}

fn binding_definition(binding: &Binding, parts: &RabbitMq) -> Value {
    let to_queue = !binding.to_exchange && parts.queue(&binding.to).is_some();
    let mut arguments: Map<String, Value> = Map::new();
    for (name, header) in binding.headers.iter() {
        let value = match header {
            Header::Text(text) => json!(text),
            Header::Number(number) => json!(number),
            Header::Flag(flag) => json!(flag),
            Header::Present => Value::Null,
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
    json!({
        "source": binding.from,
        "vhost": "/",
        "destination": binding.to,
        "destination_type": if to_queue { "queue" } else { "exchange" },
        "routing_key": binding.key,
        "arguments": arguments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = r##"{
        "rabbit_version": "4.0.5", "users": [{"name": "guest", "password_hash": "x"}], "vhosts": [{"name": "/"}, {"name": "other"}],
        "policies": [{"name": "p"}],
        "queues": [
            {"name": "work", "vhost": "/", "durable": true, "auto_delete": false,
             "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-exchange": "dlx", "x-quorum-target-group-size": 3}},
            {"name": "dead", "vhost": "/", "durable": true, "auto_delete": true, "arguments": {"x-message-ttl": 60000, "x-max-length": 10, "x-overflow": "reject-publish"}},
            {"name": "log", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {"x-queue-type": "stream", "x-max-age": "7D", "x-stream-max-segment-size-bytes": 1000000, "x-initial-cluster-size": 1}},
            {"name": "elsewhere", "vhost": "other", "durable": true, "auto_delete": false, "arguments": {}}],
        "exchanges": [
            {"name": "dlx", "vhost": "/", "type": "fanout", "durable": true, "auto_delete": false, "internal": true, "arguments": {}},
            {"name": "in", "vhost": "/", "type": "headers", "durable": true, "auto_delete": false, "internal": false, "arguments": {"alternate-exchange": "dlx"}}],
        "bindings": [
            {"source": "dlx", "vhost": "/", "destination": "dead", "destination_type": "queue", "routing_key": "", "arguments": {}},
            {"source": "in", "vhost": "/", "destination": "work", "destination_type": "queue", "routing_key": "k",
             "arguments": {"x-match": "any", "format": "pdf", "pages": 3, "draft": true, "stamp": null}},
            {"source": "in", "vhost": "/", "destination": "log", "destination_type": "queue", "routing_key": "", "arguments": {}},
            {"source": "in", "vhost": "/", "destination": "dlx", "destination_type": "exchange", "routing_key": "", "arguments": {}}]
    }"##;

    fn parts(scenario: &Scenario) -> RabbitMq {
        match &scenario.nodes[0] {
            Node::Broker(Broker { kind: BrokerKind::RabbitMq(parts), .. }) => parts.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_servers_definitions_become_a_broker_and_the_rest_is_named() {
        assert!(is(SERVER));
        let carried = import(SERVER, None).unwrap();
        let parts = parts(&carried.result);
        assert_eq!((parts.exchanges.len(), parts.queues.len(), parts.bindings.len()), (2, 3, 4));
        assert_eq!((parts.queues[2].kind, parts.queues[2].max_age), (QueueKind::Stream, Some(Span::from_millis(604_800_000))));
        assert_eq!(parts.queues[0].delivery_limit, Some(5));
        assert_eq!(parts.queues[1].ttl, Some(Span::from_millis(60_000)));
        assert_eq!(parts.bindings[1].headers.0.len(), 4);
        let left = carried.left.join("\n");
        for word in ["other", "x-quorum-target-group-size", "auto-delete", "1 users", "1 policies"] {
            assert!(left.contains(word), "{word}: {left}");
        }
        assert_eq!(parts.memory, None);
        assert!(import(SERVER, Some("nope")).is_err());
        assert!(import(SERVER, Some("other")).unwrap().left.iter().any(|line| line.contains("`/`")));
    }

    #[test]
    fn what_was_imported_is_exported_and_imported_again_unchanged() {
        let first = import(SERVER, None).unwrap().result;
        let text = export(&first, None).unwrap().result;
        let again = import(&text, None).unwrap();
        assert_eq!(parts(&first), parts(&again.result));
        assert_eq!(again.left, Vec::<String>::new());
        assert_eq!(export(&again.result, Some("rabbitmq")).unwrap().result, text);
    }

    #[test]
    fn what_is_imported_passes_the_checks() {
        let carried = import(SERVER, None).unwrap();
        let checked = crate::scenario::check(&carried.result, &crate::scenario::NoFiles);
        assert!(checked.is_ok(), "{:?}", checked.err());
    }

    #[test]
    fn other_texts_are_not_taken_for_definitions() {
        for text in ["", "[]", "{}", "Scenario(format: 1)", r#"{"rows": []}"#] {
            assert!(!is(text));
        }
        assert!(import("{\"queues\": 3}", None).is_err());
        assert!(export(&Scenario::default(), None).is_err());
    }
}
