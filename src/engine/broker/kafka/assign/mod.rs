//! Which member of a group gets which partition: Kafka's assignors, client side (range, round robin, sticky, cooperative
//! sticky) and broker side (KIP-848: uniform, range).
//!
//! All are functions of a [`Group`]: the topics in the order of their names, the members in the order of their ids. Where the
//! real code walks a hash map, these walk that order.

mod constrained;
mod general;
mod levels;
mod mixed;
mod movements;
mod racks;
mod range;
mod round_robin;
mod sticky;
#[cfg(test)]
mod tests;
mod uniform;

use super::TopicPartition;

/// A topic, as far as assigning goes. One that does not exist has no partitions.
#[derive(Clone, Debug, Default)]
pub struct Topic {
    /// How many partitions it has.
    pub partitions: u32,
    /// The racks of each partition's replicas; empty where nothing is known of racks.
    pub replica_racks: Vec<Vec<String>>,
}

/// A member of a group.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Its member id: orders members as text, so "c-10" comes before "c-2".
    pub id: String,
    /// `group.instance.id` of a static member.
    pub instance: Option<String>,
    /// The topics it subscribes to, in the order of their names.
    pub topics: Vec<u32>,
    /// `client.rack`.
    pub rack: Option<String>,
    /// What it owned when it joined.
    pub owned: Vec<TopicPartition>,
    /// The generation in which it owned that; none for a new member.
    pub generation: Option<i32>,
}

/// A group to assign for.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// All topics, in the order of their names.
    pub topics: &'a [Topic],
    /// The members, in the order of their ids.
    pub members: &'a [Member],
}

/// What each member of a [`Group`] gets, in its order; partitions in ascending order.
pub type Assignment = Vec<Vec<TopicPartition>>;

/// The assignors by Kafka's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assignor {
    /// `RangeAssignor`, eager: Kafka's default.
    #[default]
    Range,
    /// `RoundRobinAssignor`, eager.
    RoundRobin,
    /// `StickyAssignor`, eager.
    Sticky,
    /// `CooperativeStickyAssignor`: what moves is first taken away, and handed out by a second rebalance.
    CooperativeSticky,
    /// The broker's `uniform` (KIP-848).
    Uniform,
    /// The broker's `range` (KIP-848).
    ServerRange,
}

impl Assignor {
    /// Assigns once. For [`Assignor::CooperativeSticky`] partitions that change hands are in nobody's answer.
    pub fn assign(self, group: Group<'_>) -> Assignment {
        let mut assignment = match self {
            Assignor::Range => range::assign(group, true),
            Assignor::ServerRange => range::assign(group, false),
            Assignor::RoundRobin => round_robin::assign(group),
            Assignor::Sticky => sticky::assign(group).0,
            Assignor::CooperativeSticky => sticky::cooperative(group),
            Assignor::Uniform => uniform::assign(group),
        };
        assignment.iter_mut().for_each(|partitions| partitions.sort_unstable());
        assignment
    }
}

impl<'a> Group<'a> {
    /// Whether a member subscribes to a topic.
    fn subscribes(&self, member: usize, topic: u32) -> bool {
        self.members[member].topics.contains(&topic)
    }

    /// The topics that exist and that somebody subscribes to.
    fn subscribed(&self) -> impl Iterator<Item = u32> + 'a {
        let Group { topics, members } = *self;
        (0..topics.len() as u32)
            .filter(move |topic| topics[*topic as usize].partitions > 0 && members.iter().any(|member| member.topics.contains(topic)))
    }

    /// The partitions of a topic.
    fn partitions(&self, topic: u32) -> impl Iterator<Item = TopicPartition> + use<> {
        let count = self.topics.get(topic as usize).map_or(0, |topic| topic.partitions);
        (0..count).map(move |partition| TopicPartition { topic, partition })
    }

    /// How many partitions a member could have at most.
    fn potential(&self, member: usize) -> usize {
        self.members[member].topics.iter().map(|topic| self.topics[*topic as usize].partitions as usize).sum()
    }

    /// Whether all members subscribe to the same topics.
    fn same_subscriptions(&self) -> bool {
        self.members.windows(2).all(|pair| pair[0].topics == pair[1].topics)
    }

    /// Members as range and round robin line them up: static ones first by instance id, then by member id.
    fn lined_up(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|member| {
            let Member { id, instance, .. } = &self.members[*member];
            (instance.is_none(), instance.as_deref().unwrap_or(id))
        });
        order
    }
}
