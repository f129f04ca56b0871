//! Field tables and messages as JSON, as the rows spell them.

use crate::engine::rabbitmq::broker::Broker;
use crate::engine::rabbitmq::death::{Death, Place};
use crate::engine::rabbitmq::exchange::QueueId;
use crate::engine::rabbitmq::message::Letter;
use crate::engine::rabbitmq::names::Name;
use crate::engine::rabbitmq::settings::QueueKind;
use crate::engine::rabbitmq::value::{Table, Value, look_up};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A field table from an object; anything else is an empty one.
pub fn table(json: Option<&Json>) -> Table {
    let entries = json.and_then(Json::as_object).into_iter().flatten();
    entries.map(|(name, json)| (Arc::from(name.as_str()), value(json))).collect()
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Void,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Int),
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => Value::Table(table(Some(json))),
    }
}

fn shown(value: &Value) -> Json {
    match value {
        Value::Void => Json::Null,
        Value::Bool(yes) => json!(yes),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(&**text),
        Value::List(items) => items.iter().map(shown).collect(),
        Value::Table(table) => table.iter().map(|(name, value)| (name.to_string(), shown(value))).collect(),
    }
}

/// What a client sees of a message from a queue. The payload is the message's id.
pub fn message(broker: &Broker<Arc<str>>, queue: Option<QueueId>, letter: &Letter<Arc<str>>) -> Json {
    let text = |name: Name| broker.topology.names.text(name);
    let (exchange, key) = broker.came_by(letter.origin);
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(&*letter.payload));
    fields.insert("redelivered".to_owned(), json!(letter.redelivered));
    fields.insert("exchange".to_owned(), json!(text(exchange)));
    fields.insert("key".to_owned(), json!(text(key)));
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    let rare = letter.rare.as_deref();
    put("priority", rare.and_then(|rare| rare.priority).map(|n| json!(n)));
    put("expiration", letter.expiration().map(|ms| json!(ms.to_string())));
    let counts = queue.and_then(|id| broker.queue(id)).is_some_and(|queue| queue.settings.kind == QueueKind::Quorum);
    put("delivery_count", delivery_count(letter).filter(|_| counts));
    let headers = rare.map(|rare| rare.headers.as_slice()).unwrap_or_default();
    match letter.deaths() {
        Some(deaths) => {
            put("x_death", Some(deaths.entries.iter().map(|death| entry(death, &text)).collect()));
            put("first_death", Some(place(&deaths.first, &text)));
            put("last_death", Some(place(&deaths.last, &text)));
        }
        // A client may have put such headers there itself, which mean nothing until the message dies.
        None => {
            put("x_death", look_up(headers, "x-death").map(given_deaths));
            put("first_death", given_place(headers, "first"));
            put("last_death", given_place(headers, "last"));
        }
    }
    let own = headers.iter().filter(|(name, _)| !is_reported_apart(name));
    let own: Map<String, Json> = own.map(|(name, value)| (name.to_string(), shown(value))).collect();
    put("headers", (!own.is_empty()).then_some(Json::Object(own)));
    Json::Object(fields)
}

fn is_reported_apart(header: &str) -> bool {
    matches!(header, "x-death" | "x-delivery-count") || header.starts_with("x-first-death-") || header.starts_with("x-last-death-")
}

/// The count that quorum queues show; their messages are redelivered exactly if there is one.
fn delivery_count(letter: &Letter<Arc<str>>) -> Option<Json> {
    (letter.redelivered && letter.delivery_count() > 0).then(|| json!(letter.delivery_count()))
}

fn entry<'a>(death: &Death, text: &impl Fn(Name) -> &'a str) -> Json {
    let keys: Vec<&str> = death.keys.iter().map(|key| text(*key)).collect();
    let mut entry = json!({
        "queue": text(death.queue),
        "reason": death.reason.name(),
        "count": death.count,
        "exchange": text(death.exchange),
        "keys": keys,
    });
    if let Some(ms) = death.expiration {
        entry["original_expiration"] = json!(ms.to_string());
    }
    entry
}

fn place<'a>(place: &Place, text: &impl Fn(Name) -> &'a str) -> Json {
    json!({"queue": text(place.queue), "reason": place.reason.name(), "exchange": text(place.exchange)})
}

fn given_deaths(value: &Value) -> Json {
    let Value::List(entries) = value else { return shown(value) };
    let entry = |entry: &Value| match entry {
        Value::Table(fields) => {
            let renamed = |name: &str| match name {
                "routing-keys" => "keys".to_owned(),
                "original-expiration" => "original_expiration".to_owned(),
                other => other.to_owned(),
            };
            fields.iter().filter(|(name, _)| &**name != "time").map(|(name, value)| (renamed(name), shown(value))).collect()
        }
        other => shown(other),
    };
    entries.iter().map(entry).collect()
}

fn given_place(headers: &[(Arc<str>, Value)], which: &str) -> Option<Json> {
    let part = |part: &str| headers.iter().find(|(name, _)| **name == format!("x-{which}-death-{part}")).map(|(_, value)| shown(value));
    let (queue, reason, exchange) = (part("queue")?, part("reason")?, part("exchange")?);
    Some(json!({"queue": queue, "reason": reason, "exchange": exchange}))
}
