//! Drawings as topics with partitions.

use super::{Converter, Drawing, Reading};
use crate::scenario::broker::kafka::{Producers, Topic};
use crate::scenario::broker::{BrokerKind, Kafka};

pub(super) const CONVERTER: Converter = Converter {
    name: "Kafka",
    title: "Kafka",
    make,
    reading: Reading::Channels,
    cannot: &[
        "a partition has one reader in a group: more instances than partitions leave some idle, and one slow event holds up those behind it.",
        "events are read in order and never put back one by one: what fails for good is passed over, or goes where the consumer sends it.",
    ],
};

/// As many partitions as the largest group has instances, on three nodes.
fn make(drawing: &Drawing) -> BrokerKind {
    let topic = |(at, name): (usize, &String)| {
        let readers = drawing.outlets.iter().filter(|outlet| outlet.channels.contains(&at));
        let partitions = readers.map(|outlet| outlet.instances).max().unwrap_or(1).clamp(1, 1000);
        Topic { partitions, replication: 3, min_insync: 2, ..Topic::named(name) }
    };
    BrokerKind::Kafka(Kafka { topics: drawing.channels.iter().enumerate().map(topic).collect(), ..Kafka::default() })
}

/// What a drawing does not say of these topics.
pub(super) fn lost(parts: &Kafka, lost: &mut Vec<String>) {
    lost.push("Partitions, replicas and offsets: the order of events of one key is the new broker's.".to_owned());
    if !parts.groups.is_empty() {
        lost.push("What is set up for groups: protocols, assignors, timeouts, resets.".to_owned());
    }
    if !parts.transactions.is_empty() {
        lost.push("Transactions: what was published together counts together, and what was read once has its effect once.".to_owned());
    }
    if !parts.replays.is_empty() {
        lost.push("Replays: nothing is kept that could be read again.".to_owned());
    }
    if parts.producers != Producers::default() {
        lost.push("How producers batch, wait for replicas and try again.".to_owned());
    }
}
