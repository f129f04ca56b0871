//! What is said of single readers and publishers of brokers, kept true to who reads and publishes. What a broker says of them is known
//! to its kind alone (`app::kinds`).

use crate::app::kinds;
use crate::scenario::document::{Consumer, Node};
use crate::scenario::{Scenario, expect};
use std::collections::{BTreeMap, BTreeSet};

/// Who has to do with a broker.
#[derive(Debug, Default)]
pub struct Users {
    publishers: BTreeSet<String>,
    readers: Vec<Reader>,
}

/// Who reads from a part of a broker.
#[derive(Debug)]
struct Reader {
    part: String,
    group: String,
    consumer: String,
}

impl Users {
    /// Whether anybody reads a part as that group.
    pub fn reads(&self, part: &str, group: &str) -> bool {
        self.readers.iter().any(|reader| reader.part == part && reader.group == group)
    }

    /// Whether anybody reads anything as that group.
    pub fn is_group(&self, group: &str) -> bool {
        self.readers.iter().any(|reader| reader.group == group)
    }

    fn is_consumer(&self, part: &str, consumer: &str) -> bool {
        self.readers.iter().any(|reader| reader.part == part && reader.consumer == consumer)
    }
}

/// The nodes of a scenario, and who has to do with which broker.
#[derive(Debug)]
pub struct All {
    nodes: BTreeSet<String>,
    users: BTreeMap<String, Users>,
}

/// Who had to do with a broker before a change and has nothing to do with it any more.
#[derive(Debug)]
pub struct Gone<'a> {
    nodes: &'a BTreeSet<String>,
    was: Option<&'a Users>,
    is: Option<&'a Users>,
}

impl Gone<'_> {
    fn lost(&self, had: impl Fn(&Users) -> bool) -> bool {
        self.was.is_some_and(&had) && !self.is.is_some_and(&had)
    }

    /// Whether a node is gone from the scenario.
    pub fn node(&self, id: &str) -> bool {
        self.nodes.contains(id)
    }

    /// Whether a node published here.
    pub fn publisher(&self, id: &str) -> bool {
        self.lost(|users| users.publishers.contains(id))
    }

    /// Whether a group read here.
    pub fn group(&self, group: &str) -> bool {
        self.lost(|users| users.is_group(group))
    }

    /// Whether a group read a part.
    pub fn reader(&self, part: &str, group: &str) -> bool {
        self.lost(|users| users.reads(part, group))
    }

    /// Whether a consumer read a part.
    pub fn consumer(&self, part: &str, id: &str) -> bool {
        self.lost(|users| users.is_consumer(part, id))
    }
}

/// Who has to do with whom.
pub fn of(scenario: &Scenario) -> All {
    let mut all = All { nodes: scenario.nodes.iter().map(|node| node.id().to_owned()).collect(), users: BTreeMap::new() };
    for node in &scenario.nodes {
        match node {
            Node::Producer(producer) => producer.emits.iter().for_each(|emit| all.publishes(&producer.id, &emit.to)),
            Node::Consumer(consumer) => {
                consumer.reads.iter().for_each(|read| all.reads(consumer, &read.from, read.group.as_ref()));
                let to = consumer.then.iter().map(|then| &then.to).chain(&consumer.dead_letter);
                to.for_each(|place| all.publishes(&consumer.id, place));
            }
            Node::Broker(_) | Node::Store(_) => {}
        }
    }
    all
}

impl All {
    fn at(&mut self, broker: &str) -> &mut Users {
        self.users.entry(broker.to_owned()).or_default()
    }

    fn publishes(&mut self, node: &str, place: &str) {
        if let Some((broker, _)) = place.split_once('/') {
            self.at(broker).publishers.insert(node.to_owned());
        }
    }

    fn reads(&mut self, consumer: &Consumer, place: &str, group: Option<&String>) {
        if let Some((broker, part)) = place.split_once('/') {
            let group = group.unwrap_or(&consumer.id).clone();
            self.at(broker).readers.push(Reader { part: part.to_owned(), group, consumer: consumer.id.clone() });
        }
    }
}

/// Forgets what brokers say of users that they had `before` a change and have no more.
pub fn forget(scenario: &mut Scenario, before: &All) {
    let now = of(scenario);
    let nodes: BTreeSet<String> = before.nodes.difference(&now.nodes).cloned().collect();
    for node in &mut scenario.nodes {
        if let Node::Broker(broker) = node {
            let gone = Gone { nodes: &nodes, was: before.users.get(&broker.id), is: now.users.get(&broker.id) };
            kinds::of_mut(&mut broker.kind).forget(&gone);
        }
    }
}

/// Expects nothing more of the inboxes of groups that read `before` a change and do no more.
pub(super) fn unexpect(scenario: &mut Scenario, before: &All) {
    let now = of(scenario);
    let reads = |all: &All, name: &str| {
        let (place, group) = name.split_once('#')?;
        let (broker, part) = place.split_once('/')?;
        Some(all.users.get(broker)?.reads(part, group))
    };
    let unread = |name: &str| reads(before, name) == Some(true) && reads(&now, name) != Some(true);
    scenario.expect.retain(|expect| !expect::names(&expect.0).any(unread));
}

/// Who read these places (`broker/part`) as one group reads them as another now: what is said of the group follows, unless others still
/// read as that group.
pub(super) fn regroup(scenario: &mut Scenario, places: &[(String, String, String)]) {
    if places.is_empty() {
        return;
    }
    let now = of(scenario);
    for (place, from, to) in places {
        let Some((id, part)) = place.split_once('/') else { continue };
        let Some(users) = now.users.get(id) else { continue };
        for node in &mut scenario.nodes {
            if let Node::Broker(broker) = node
                && broker.id == id
            {
                kinds::of_mut(&mut broker.kind).regroup(part, from, to, users);
            }
        }
        if !users.reads(part, from) {
            let (old, new) = (format!("{place}#{from}"), format!("{place}#{to}"));
            scenario.expect.iter_mut().for_each(|expect| expect.0 = expect::renamed(&expect.0, &old, &new));
        }
    }
}

/// The places that a consumer reads the same as before, but as another group: which, as whom before, as whom now.
pub(super) fn regrouped(before: &Consumer, after: &Consumer) -> Vec<(String, String, String)> {
    let same = before.reads.iter().zip(&after.reads).filter(|(old, new)| old.from == new.from && old.group != new.group);
    let group = |group: &Option<String>, consumer: &Consumer| group.as_ref().unwrap_or(&consumer.id).clone();
    same.map(|(old, new)| (old.from.clone(), group(&old.group, before), group(&new.group, after))).collect()
}
