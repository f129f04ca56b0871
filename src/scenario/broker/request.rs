//! What a person asks of a broker while a run goes on: event replays by hand.

use super::kafka::Position;
use super::rabbitmq::{Offset, QueueKind};
use super::{BrokerKind, RabbitMq};
use crate::scenario::names::Suggest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Something asked of a broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Request {
    /// A Kafka group goes elsewhere at once, as by `kafka-consumer-groups --reset-offsets`: back, and events come again; ahead, and
    /// what waits is skipped.
    Seek {
        /// Which group.
        group: String,
        /// In which topic. Default: in all that it reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// Where to. Default: the beginning.
        #[serde(default)]
        to: Position,
    },
    /// An EventBridge replay that goes on is stopped: `CancelReplay`.
    CancelReplay(String),
    /// Everything that waits in a RabbitMQ queue is moved to another at once, as a shovel or "Move messages" does it.
    Redrive {
        /// Out of which queue.
        from: String,
        /// Into which queue.
        to: String,
    },
    /// A reader of a RabbitMQ stream attaches anew at once: back, and events come again; ahead, and what waits is skipped.
    Attach {
        /// The consumer that reads.
        reader: String,
        /// Which stream.
        stream: String,
        /// Where it begins. Default: the oldest event that is there.
        #[serde(default = "first")]
        offset: Offset,
    },
}

fn first() -> Offset {
    Offset::First
}

impl Request {
    /// What is wrong with asking this of a broker that these consumers or groups read from, and what to do.
    pub fn wrong(&self, kind: &BrokerKind, groups: &BTreeSet<String>) -> Option<(String, Option<String>)> {
        let suggest = Suggest::default();
        match (self, kind) {
            (Request::Seek { group, topic, .. }, BrokerKind::Kafka(kafka)) => {
                if !groups.contains(group) {
                    let help = suggest.did_you_mean(group, groups.iter().map(String::as_str));
                    return Some((format!("no group `{group}` reads from this broker"), help));
                }
                let topics = || kafka.topics.iter().map(|topic| topic.name.as_str());
                let strange = topic.as_ref().filter(|topic| !topics().any(|known| known == *topic))?;
                Some((format!("there is no topic `{strange}`"), suggest.did_you_mean(strange, topics())))
            }
            (Request::CancelReplay(name), BrokerKind::EventBridge(parts)) => {
                let names = || parts.replays.iter().map(|replay| replay.name.as_str());
                let strange = Some(name).filter(|name| !names().any(|known| known == *name))?;
                Some((format!("there is no replay `{strange}`"), suggest.did_you_mean(strange, names())))
            }
            (Request::Redrive { from, to }, BrokerKind::RabbitMq(parts)) => redrive(parts, from, to, &suggest),
            (Request::Attach { reader, stream, .. }, BrokerKind::RabbitMq(parts)) => {
                let streams = || parts.queues.iter().filter(|queue| queue.kind == QueueKind::Stream).map(|queue| queue.name.as_str());
                if !streams().any(|known| known == stream) {
                    return Some((format!("there is no stream `{stream}`"), suggest.did_you_mean(stream, streams())));
                }
                let strange = Some(reader).filter(|reader| !groups.contains(*reader))?;
                let help = suggest.did_you_mean(strange, groups.iter().map(String::as_str));
                Some((format!("`{strange}` does not read this stream"), help))
            }
            (Request::Redrive { .. }, _) => Some((format!("only RabbitMQ's queues can be redriven; this is {}", kind.name()), None)),
            (Request::Attach { .. }, _) => Some((format!("only RabbitMQ has streams to attach to; this is {}", kind.name()), None)),
            (Request::Seek { .. }, _) => Some((format!("only Kafka's groups can be sent elsewhere; this is {}", kind.name()), None)),
            (Request::CancelReplay(_), _) => Some((format!("only EventBridge has replays to cancel; this is {}", kind.name()), None)),
        }
    }
}

fn redrive(parts: &RabbitMq, from: &str, to: &str, suggest: &Suggest) -> Option<(String, Option<String>)> {
    let names = || parts.queues.iter().map(|queue| queue.name.as_str());
    if let Some(strange) = [from, to].into_iter().find(|name| parts.queue(name).is_none()) {
        return Some((format!("there is no queue `{strange}`"), suggest.did_you_mean(strange, names())));
    }
    if from == to {
        return Some(("a redrive moves messages from one queue to another".to_owned(), None));
    }
    let stream = parts.queue(from).is_some_and(|at| parts.queues[at].kind == QueueKind::Stream);
    stream.then(|| (format!("`{from}` is a stream: nothing leaves it"), Some("let a reader attach to it again".to_owned())))
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Seek { group, topic, to } => {
                let place = match to {
                    Position::Beginning => "the beginning".to_owned(),
                    Position::End => "the end".to_owned(),
                    Position::Offset(offset) => format!("offset {offset}"),
                    Position::Time(time) => time.to_string(),
                };
                match topic {
                    Some(topic) => write!(f, "{group} goes to {place} of {topic}"),
                    None => write!(f, "{group} goes to {place}"),
                }
            }
            Request::CancelReplay(name) => write!(f, "replay {name} cancelled"),
            Request::Redrive { from, to } => write!(f, "what waits in {from} moves to {to}"),
            Request::Attach { reader, stream, offset } => {
                let place = match offset {
                    Offset::First => "the oldest event".to_owned(),
                    Offset::Last => "the newest event".to_owned(),
                    Offset::Next => "the next event".to_owned(),
                    Offset::Offset(offset) => format!("offset {offset}"),
                    Offset::Time(time) => time.to_string(),
                };
                write!(f, "{reader} goes to {place} of {stream}")
            }
        }
    }
}
