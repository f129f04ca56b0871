//! Sticky: balanced first, then as little moved as possible. With equal subscriptions by quotas ([`constrained`]), else by
//! moving single partitions until nothing improves ([`general`]).

use super::racks::Racks;
use super::{Assignment, Group, TopicPartition, constrained, general};
use std::collections::{BTreeMap, BTreeSet};

/// What members own, as far as it counts.
pub struct Owned {
    /// By member.
    pub partitions: Assignment,
    /// Claimed by two members of one generation: taken from both.
    pub doubly: BTreeSet<TopicPartition>,
}

/// The assignment, and what changes hands where the algorithm knows it.
pub fn assign(group: Group<'_>) -> (Assignment, Option<BTreeSet<TopicPartition>>) {
    let owned = owned(group);
    let racks = Racks::new(group);
    if group.same_subscriptions() {
        let (assignment, moving) = constrained::assign(group, &owned, &racks);
        (assignment, Some(moving))
    } else {
        (general::assign(group, owned.partitions, &racks), None)
    }
}

/// The same, but what changes hands is in nobody's assignment until its owner has given it up.
pub fn cooperative(group: Group<'_>) -> Assignment {
    let (mut assignment, moving) = assign(group);
    let moving = moving.unwrap_or_else(|| {
        let has = |partitions: &[TopicPartition], partition: &TopicPartition| partitions.contains(partition);
        let pairs = || group.members.iter().zip(&assignment);
        let given = pairs().flat_map(|(member, now)| now.iter().filter(|partition| !has(&member.owned, partition)));
        let taken: BTreeSet<&TopicPartition> =
            pairs().flat_map(|(member, now)| member.owned.iter().filter(|partition| !has(now, partition))).collect();
        given.filter(|partition| taken.contains(partition)).copied().collect()
    });
    assignment.iter_mut().for_each(|partitions| partitions.retain(|partition| !moving.contains(partition)));
    assignment
}

/// Sorts out claims: of two members the one of the newer generation owns a partition, of one generation neither.
fn owned(group: Group<'_>) -> Owned {
    let subscribed: BTreeSet<u32> = group.subscribed().collect();
    let mut owners: BTreeMap<TopicPartition, usize> = BTreeMap::new();
    let mut owned = Owned { partitions: vec![Vec::new(); group.members.len()], doubly: BTreeSet::new() };
    for (member, it) in group.members.iter().enumerate() {
        let exists = |p: &&TopicPartition| subscribed.contains(&p.topic) && p.partition < group.topics[p.topic as usize].partitions;
        for partition in it.owned.iter().filter(exists) {
            let Some(other) = owners.insert(*partition, member) else {
                owned.partitions[member].push(*partition);
                continue;
            };
            let (mine, theirs) = (it.generation.unwrap_or(-1), group.members[other].generation.unwrap_or(-1));
            if mine < theirs {
                owners.insert(*partition, other);
                continue;
            }
            owned.partitions[other].retain(|known| known != partition);
            if mine == theirs {
                owned.doubly.insert(*partition);
            } else {
                owned.partitions[member].push(*partition);
            }
        }
    }
    owned
}
