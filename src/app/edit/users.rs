//! What Kafka's clusters say of single groups and producers, kept true to who reads and publishes there.

use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Who has to do with which cluster, by the cluster's name.
pub(in crate::app) fn of(scenario: &Scenario) -> BTreeMap<String, Users> {
    let clusters = scenario.nodes.iter().filter_map(|node| match node {
        Node::Broker(Broker { id, kind: BrokerKind::Kafka(_), .. }) => Some((id.clone(), Users::of(scenario, id))),
        _ => None,
    });
    clusters.collect()
}

/// Forgets the settings of groups and producers that had to do with their cluster `before` a change and have nothing to do with it any
/// more, and of producers that are not there any more.
pub(in crate::app) fn forget(scenario: &mut Scenario, before: &BTreeMap<String, Users>) {
    let now = of(scenario);
    let nodes: BTreeSet<String> = scenario.nodes.iter().map(|node| node.id().to_owned()).collect();
    for node in &mut scenario.nodes {
        let Node::Broker(Broker { id, kind: BrokerKind::Kafka(kafka), .. }) = node else { continue };
        let (Some(was), Some(is)) = (before.get(id), now.get(id)) else { continue };
        let reads_no_more = |group: &String| was.groups.contains(group) && !is.groups.contains(group);
        let publishes_no_more = |node: &String| was.publishers.contains(node) && !is.publishers.contains(node);
        kafka.groups.retain(|group| !reads_no_more(&group.name));
        kafka.replays.retain(|replay| !reads_no_more(&replay.group));
        kafka.transactions.retain(|transaction| nodes.contains(&transaction.node) && !publishes_no_more(&transaction.node));
    }
}

/// Who has to do with a broker.
pub(in crate::app) struct Users {
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
