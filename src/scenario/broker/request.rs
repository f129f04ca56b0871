//! What a person asks of a broker while a run goes on: event replays by hand.

use super::BrokerKind;
use super::kafka::Position;
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
}

impl Request {
    /// What is wrong with asking this of a broker whose groups are these, and what to do.
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
            (Request::Seek { .. }, _) => Some((format!("only Kafka's groups can be sent elsewhere; this is {}", kind.name()), None)),
            (Request::CancelReplay(_), _) => Some((format!("only EventBridge has replays to cancel; this is {}", kind.name()), None)),
        }
    }
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
        }
    }
}
