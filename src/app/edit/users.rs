//! What Kafka's clusters say of single groups and producers, kept true to who reads and publishes there.

use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Node};
use std::collections::BTreeSet;

/// Forgets the settings of groups and producers that had to do with their cluster before a change, and have nothing to do with it any
/// more.
pub(in crate::app) fn forget(before: &Scenario, now: &mut Scenario) {
    let clusters = now.nodes.iter().enumerate().filter_map(|(i, node)| match node {
        Node::Broker(Broker { id, kind: BrokerKind::Kafka(_), .. }) => Some((i, Users::of(before, id), Users::of(now, id))),
        _ => None,
    });
    for (i, was, is) in clusters.collect::<Vec<_>>() {
        let Node::Broker(Broker { kind: BrokerKind::Kafka(kafka), .. }) = &mut now.nodes[i] else { continue };
        let reads_no_more = |group: &String| was.groups.contains(group) && !is.groups.contains(group);
        let publishes_no_more = |node: &String| was.publishers.contains(node) && !is.publishers.contains(node);
        kafka.groups.retain(|group| !reads_no_more(&group.name));
        kafka.replays.retain(|replay| !reads_no_more(&replay.group));
        kafka.transactions.retain(|transaction| !publishes_no_more(&transaction.node));
    }
}

/// Who has to do with a broker.
struct Users {
    publishers: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Users {
    fn of(scenario: &Scenario, broker: &str) -> Users {
        let here = |place: &str| place.split_once('/').is_some_and(|(id, _)| id == broker);
        let mut users = Users { publishers: BTreeSet::new(), groups: BTreeSet::new() };
        for node in &scenario.nodes {
            let publishes = match node {
                Node::Producer(producer) => producer.emits.iter().any(|emit| here(&emit.to)),
                Node::Consumer(consumer) => {
                    let reads = consumer.reads.iter().filter(|read| here(&read.from));
                    users.groups.extend(reads.map(|read| read.group.clone().unwrap_or_else(|| consumer.id.clone())));
                    consumer.then.iter().any(|then| here(&then.to)) || consumer.dead_letter.as_deref().is_some_and(here)
                }
                Node::Broker(_) | Node::Store(_) => false,
            };
            if publishes {
                users.publishers.insert(node.id().to_owned());
            }
        }
        users
    }
}
