//! The client of a case: channels by name, and a step for every operation of the rows.

use super::json::{message, table};
use crate::engine::rabbitmq::Session;
use crate::engine::rabbitmq::consumer::Channel;
use crate::engine::rabbitmq::fault::Fault;
use crate::engine::rabbitmq::message::Letter;
use crate::engine::rabbitmq::session::{Destination, ExchangeWish, Properties, QueueWish};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Clients of one server that has just been started.
#[derive(Default)]
pub struct Client {
    session: Session<Arc<str>>,
    connections: BTreeMap<String, u32>,
    channels: BTreeMap<String, Channel>,
    /// The latest delivery tag of each message on each channel.
    tags: BTreeMap<(Channel, Arc<str>), u64>,
    /// Received since the last wait, by consumer, in the order of arrival.
    received: Map<String, Value>,
    cancelled: Vec<Value>,
}

impl Client {
    /// Makes a step and tells what it shows; an error is a step that cannot be understood.
    pub fn step(&mut self, op: &str, step: &Value) -> Result<Value, String> {
        let input = Input(step);
        let shown = match op {
            "publish" => self.publish(&input),
            "consume" => self.consume(&input),
            "cancel" => {
                let consumer = input.text("consumer")?;
                let channel = self.channel(input.text_or("ch", consumer));
                self.session.cancel(channel, consumer);
                Ok(json!({}))
            }
            "qos" => {
                let channel = self.channel(input.text("ch")?);
                self.session.qos(channel, input.number("prefetch")? as u32, input.flag("global", false));
                Ok(json!({}))
            }
            "get" => self.get(&input),
            "ack" => self.settle(&input, |session, channel, tag| session.ack(channel, tag, input.flag("multiple", false))),
            "nack" => self.settle(&input, |session, channel, tag| {
                session.nack(channel, tag, input.flag("multiple", false), input.flag("requeue", true))
            }),
            "reject" => self.settle(&input, |session, channel, tag| session.nack(channel, tag, false, input.flag("requeue", true))),
            "recover" => {
                let name = input.text("ch")?;
                let channel = self.channel(name);
                Ok(outcome(name, self.session.recover(channel, input.flag("requeue", true)), |()| json!({})))
            }
            "wait" => self.wait(&input),
            "drain" => self.drain(&input),
            "count" => {
                let wish = QueueWish { name: input.text("queue")?.to_owned(), ..QueueWish::default() };
                let name = input.text_or("ch", "count");
                let channel = self.channel(name);
                Ok(outcome(name, self.session.declare_queue(channel, &wish, true), counts))
            }
            "purge" => {
                let (name, channel) = self.admin(&input);
                Ok(outcome(&name, self.session.purge(channel, input.text("queue")?), |purged| json!({"purged": purged})))
            }
            "declare_queue" => {
                let (name, channel) = self.admin(&input);
                let wish = QueueWish {
                    name: input.text("name")?.to_owned(),
                    durable: input.flag("durable", true),
                    exclusive: input.flag("exclusive", false),
                    auto_delete: input.flag("auto_delete", false),
                    arguments: table(step.get("arguments")),
                };
                Ok(outcome(&name, self.session.declare_queue(channel, &wish, input.flag("passive", false)), counts))
            }
            "declare_exchange" => {
                let (name, channel) = self.admin(&input);
                let wish = ExchangeWish {
                    name: input.text("name")?.to_owned(),
                    kind: input.text_or("type", "direct").to_owned(),
                    durable: input.flag("durable", true),
                    auto_delete: input.flag("auto_delete", false),
                    internal: input.flag("internal", false),
                    arguments: table(step.get("arguments")),
                };
                Ok(outcome(&name, self.session.declare_exchange(channel, &wish, input.flag("passive", false)), |()| json!({})))
            }
            "bind" | "unbind" => self.bind(op == "bind", &input),
            "delete_queue" => {
                let (name, channel) = self.admin(&input);
                let (if_unused, if_empty) = (input.flag("if_unused", false), input.flag("if_empty", false));
                let result = self.session.delete_queue(channel, input.text("name")?, if_unused, if_empty);
                Ok(outcome(&name, result, |()| json!({})))
            }
            "delete_exchange" => {
                let (name, channel) = self.admin(&input);
                let result = self.session.delete_exchange(channel, input.text("name")?, input.flag("if_unused", false));
                Ok(outcome(&name, result, |()| json!({})))
            }
            "close_channel" => {
                if let Some(channel) = self.channels.get(input.text("ch")?).copied() {
                    self.session.close_channel(channel);
                }
                Ok(json!({}))
            }
            "close_connection" | "drop_connection" => {
                let connection = self.connections.get(input.text("conn")?).copied();
                match connection {
                    Some(connection) if op == "close_connection" => self.session.close_connection(connection),
                    Some(connection) => self.session.drop_connection(connection),
                    None => {}
                }
                Ok(json!({}))
            }
            "restart" => {
                self.session.restart();
                Ok(json!({}))
            }
            unknown => Err(format!("the operation `{unknown}` is unknown")),
        }?;
        self.session.broker.hear();
        self.pass();
        self.take_in();
        Ok(shown)
    }

    /// A client's call takes time: what two calls started does not end at once.
    fn pass(&mut self) {
        let until = self.session.broker.now().saturating_add(1_000_000);
        self.session.advance(until);
    }

    /// The channel of this name, opened if it is not open; the part before a dot names its connection.
    fn channel(&mut self, name: &str) -> Channel {
        if let Some(channel) = self.channels.get(name).filter(|channel| self.session.is_open(**channel)) {
            return *channel;
        }
        let next = self.connections.len() as u32;
        let connection = *self.connections.entry(name.split('.').next().unwrap_or(name).to_owned()).or_insert(next);
        let channel = self.session.open(connection);
        self.channels.insert(name.to_owned(), channel);
        channel
    }

    fn admin(&mut self, input: &Input<'_>) -> (String, Channel) {
        let name = input.text_or("ch", "admin").to_owned();
        let channel = self.channel(&name);
        (name, channel)
    }

    /// Remembers what consumers have received.
    fn take_in(&mut self) {
        for received in self.session.take_received() {
            self.tags.insert((received.channel, Arc::clone(&received.letter.payload)), received.tag);
            let shown = message(&self.session.broker, Some(received.queue), &received.letter);
            let messages = self.received.entry(received.consumer.to_string()).or_insert_with(|| json!([]));
            if let Some(messages) = messages.as_array_mut() {
                messages.push(shown);
            }
        }
        self.cancelled.extend(self.session.take_cancelled().iter().map(|tag| json!(&**tag)));
    }

    fn publish(&mut self, input: &Input<'_>) -> Result<Value, String> {
        let name = input.text_or("ch", "pub");
        let awaited = input.flag("confirm", true);
        let properties = Properties {
            headers: table(input.0.get("headers")),
            priority: input.0.get("priority").and_then(Value::as_u64).map(|n| n.min(255) as u8),
            expiration: input.0.get("expiration").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            persistent: input.flag("persistent", false),
            size: input.0.get("size").and_then(Value::as_u64).unwrap_or(1) as u32,
        };
        let ids = input.0.get("ids").and_then(Value::as_array).ok_or("`ids` is not a list")?;
        let (mut confirms, mut returned) = (Vec::new(), Vec::new());
        for id in ids {
            let id = id.as_str().ok_or("an id is not a text")?;
            let channel = self.channel(name);
            let result = self.session.publish(channel, input.text_or("exchange", ""), input.text_or("key", ""), Arc::from(id), &properties);
            let published = match result {
                Ok(published) => published,
                Err(fault) => return Ok(closed(name, &fault)),
            };
            if input.flag("mandatory", false) && published.routed == 0 {
                returned.push(json!({"id": id, "code": 312, "text": "NO_ROUTE"}));
            }
            confirms.push(json!(if published.refused == 0 { "ack" } else { "nack" }));
            if awaited {
                self.session.broker.hear();
                self.pass();
            }
        }
        let mut shown = Map::new();
        if awaited {
            shown.insert("confirms".to_owned(), Value::Array(confirms));
        }
        if !returned.is_empty() {
            shown.insert("returned".to_owned(), Value::Array(returned));
        }
        Ok(Value::Object(shown))
    }

    fn consume(&mut self, input: &Input<'_>) -> Result<Value, String> {
        let consumer = input.text("consumer")?;
        let name = input.text_or("ch", consumer);
        let channel = self.channel(name);
        if input.0.get("prefetch").is_some_and(|prefetch| !prefetch.is_null()) {
            self.session.qos(channel, input.number("prefetch")? as u32, false);
        }
        let (auto_ack, exclusive) = (input.flag("auto_ack", false), input.flag("exclusive", false));
        let result = self.session.consume(channel, consumer, input.text("queue")?, auto_ack, exclusive, &table(input.0.get("args")));
        Ok(outcome(name, result, |()| json!({})))
    }

    fn get(&mut self, input: &Input<'_>) -> Result<Value, String> {
        let name = input.text_or("ch", "get");
        let channel = self.channel(name);
        match self.session.get(channel, input.text("queue")?, input.flag("auto_ack", false)) {
            Ok(Some((letter, tag, remaining))) => {
                self.tags.insert((channel, Arc::clone(&letter.payload)), tag);
                Ok(json!({"message": self.message(input, &letter)?, "remaining": remaining}))
            }
            Ok(None) => Ok(json!({"message": null})),
            Err(fault) => Ok(closed(name, &fault)),
        }
    }

    /// A message fetched from the queue that a step names.
    fn message(&self, input: &Input<'_>, letter: &Letter<Arc<str>>) -> Result<Value, String> {
        let queue = self.session.broker.find_queue(input.text("queue")?);
        Ok(message(&self.session.broker, queue, letter))
    }

    fn drain(&mut self, input: &Input<'_>) -> Result<Value, String> {
        let name = input.text_or("ch", "drain");
        let channel = self.channel(name);
        let mut messages = Vec::new();
        loop {
            match self.session.get(channel, input.text("queue")?, true) {
                Ok(Some((letter, ..))) => messages.push(self.message(input, &letter)?),
                Ok(None) => return Ok(json!({"messages": messages})),
                Err(fault) => return Ok(closed(name, &fault)),
            }
        }
    }

    fn settle(
        &mut self,
        input: &Input<'_>,
        act: impl FnOnce(&mut Session<Arc<str>>, Channel, u64) -> Result<(), Fault>,
    ) -> Result<Value, String> {
        let name = input.text("ch")?;
        let channel = self.channel(name);
        let tag = match (input.0.get("tag").and_then(Value::as_u64), input.0.get("id").and_then(Value::as_str)) {
            (Some(tag), _) => tag,
            (None, None) => 0,
            (None, Some(id)) => match self.tags.get(&(channel, Arc::from(id))) {
                Some(tag) => *tag,
                None => return Ok(json!({"skipped": "never delivered on this channel"})),
            },
        };
        Ok(outcome(name, act(&mut self.session, channel, tag), |()| json!({})))
    }

    fn bind(&mut self, add: bool, input: &Input<'_>) -> Result<Value, String> {
        let (name, channel) = self.admin(input);
        let destination = input.text("destination")?;
        let to = match input.text_or("to", "queue") {
            "queue" => Destination::Queue(destination),
            "exchange" => Destination::Exchange(destination),
            other => return Err(format!("a binding leads to a queue or an exchange, not to `{other}`")),
        };
        let (source, key, arguments) = (input.text("source")?, input.text_or("key", ""), table(input.0.get("arguments")));
        let result = if add {
            self.session.bind(channel, source, to, key, &arguments)
        } else {
            self.session.unbind(channel, source, to, key, &arguments)
        };
        Ok(outcome(&name, result, |()| json!({})))
    }

    fn wait(&mut self, input: &Input<'_>) -> Result<Value, String> {
        let until = self.session.broker.now().saturating_add(input.number("ms")?.saturating_mul(1_000_000));
        self.session.advance(until);
        self.take_in();
        let mut shown = Map::new();
        let (received, cancelled) = (std::mem::take(&mut self.received), std::mem::take(&mut self.cancelled));
        if !received.is_empty() {
            shown.insert("deliveries".to_owned(), Value::Object(received));
        }
        if !cancelled.is_empty() {
            shown.insert("cancelled".to_owned(), Value::Array(cancelled));
        }
        Ok(Value::Object(shown))
    }
}

/// A step's inputs.
struct Input<'a>(&'a Value);

impl<'a> Input<'a> {
    fn text(&self, field: &str) -> Result<&'a str, String> {
        self.0.get(field).and_then(Value::as_str).ok_or_else(|| format!("`{field}` is missing or not a text"))
    }

    fn text_or(&self, field: &str, default: &'a str) -> &'a str {
        self.0.get(field).and_then(Value::as_str).unwrap_or(default)
    }

    fn number(&self, field: &str) -> Result<u64, String> {
        self.0.get(field).and_then(Value::as_u64).ok_or_else(|| format!("`{field}` is missing or not a whole number"))
    }

    fn flag(&self, field: &str, default: bool) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or(default)
    }
}

fn counts((ready, consumers): (u64, u64)) -> Value {
    json!({"ready": ready, "consumers": consumers})
}

/// What a method shows: its answer, or what it closed.
fn outcome<T>(channel: &str, result: Result<T, Fault>, shown: impl FnOnce(T) -> Value) -> Value {
    match result {
        Ok(value) => shown(value),
        Err(fault) => closed(channel, &fault),
    }
}

fn closed(channel: &str, fault: &Fault) -> Value {
    let what = if fault.closes_connection() { "connection_closed" } else { "channel_closed" };
    json!({ what: {"ch": channel, "code": fault.code, "text": fault.text} })
}
