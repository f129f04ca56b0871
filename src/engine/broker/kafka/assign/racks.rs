//! When racks matter, and for whom (KIP-881).

use super::{Group, Member, Topic, TopicPartition};
use std::collections::BTreeSet;

/// A member's rack; an empty name is none.
pub fn of(member: &Member) -> Option<&str> {
    member.rack.as_deref().filter(|rack| !rack.is_empty())
}

/// Whether looking at racks can change anything: members and replicas share a rack, and some partition lacks a rack that others have.
pub fn matter<'a>(members: impl Iterator<Item = &'a str>, partitions: impl Iterator<Item = &'a [String]> + Clone) -> bool {
    let all: BTreeSet<&str> = partitions.clone().flatten().map(String::as_str).collect();
    let shared = members.filter(|rack| all.contains(rack)).count() > 0;
    shared && partitions.map(|racks| racks.iter().map(String::as_str).collect::<BTreeSet<_>>()).any(|racks| racks != all)
}

/// The racks of each partition of a topic; none where nothing is known of them.
pub fn of_partitions(topic: &Topic) -> impl Iterator<Item = &[String]> + Clone {
    (0..topic.partitions as usize).map(|partition| topic.replica_racks.get(partition).map_or(&[][..], Vec::as_slice))
}

/// Racks of a whole group, as the sticky assignors look at them.
pub struct Racks<'a> {
    group: Group<'a>,
    /// Whether they are looked at at all.
    pub used: bool,
}

impl<'a> Racks<'a> {
    /// Looks at a group.
    pub fn new(group: Group<'a>) -> Racks<'a> {
        let partitions = group.subscribed().flat_map(|topic| of_partitions(&group.topics[topic as usize]));
        let partitions: Vec<&[String]> = partitions.collect();
        Racks { group, used: matter(group.members.iter().filter_map(of), partitions.iter().copied()) }
    }

    fn replicas(&self, partition: TopicPartition) -> &'a [String] {
        let topic = self.group.topics.get(partition.topic as usize);
        topic.and_then(|topic| topic.replica_racks.get(partition.partition as usize)).map_or(&[], Vec::as_slice)
    }

    /// Whether a member has a rack, and a replica of the partition is there.
    pub fn matches(&self, member: usize, partition: TopicPartition) -> bool {
        self.used && of(&self.group.members[member]).is_some_and(|rack| self.replicas(partition).iter().any(|known| known == rack))
    }

    /// Whether a member has a rack, and no replica of the partition is there.
    pub fn mismatch(&self, member: usize, partition: TopicPartition) -> bool {
        self.used && of(&self.group.members[member]).is_some() && !self.matches(member, partition)
    }

    /// How many members have a rack in common with a partition, once for every such rack.
    pub fn members_near(&self, partition: TopicPartition) -> usize {
        let near: BTreeSet<&String> = self.replicas(partition).iter().collect();
        self.group.members.iter().filter_map(of).filter(|rack| near.iter().any(|known| known == rack)).count()
    }
}
