//! The broker's uniform assignor (KIP-848): balanced within one, members keep what they have up to their share, and what is
//! free goes out in contiguous blocks.

use super::{Assignment, Group, TopicPartition, mixed};
use std::collections::BTreeSet;

/// Assigns.
pub fn assign(group: Group<'_>) -> Assignment {
    if group.same_subscriptions() { shares(group) } else { mixed::assign(group) }
}

/// Equal subscriptions: fixed shares, in the order of members.
fn shares(group: Group<'_>) -> Assignment {
    let all: Vec<TopicPartition> = group.subscribed().flat_map(|topic| group.partitions(topic)).collect();
    let exists: BTreeSet<TopicPartition> = all.iter().copied().collect();
    let owned: BTreeSet<TopicPartition> = group.members.iter().flat_map(|member| &member.owned).copied().collect();
    let mut free: Vec<TopicPartition> = all.iter().copied().filter(|partition| !owned.contains(partition)).collect();
    let count = group.members.len().max(1);
    let (share, longer) = (all.len() / count, all.len() % count);
    let mut assignment = Assignment::new();
    let mut room = Vec::new();
    for (member, it) in group.members.iter().enumerate() {
        let share = share + usize::from(member < longer);
        let mut kept: Vec<TopicPartition> = it.owned.iter().copied().filter(|partition| exists.contains(partition)).collect();
        kept.sort_unstable();
        free.extend(kept.drain(share.min(kept.len())..));
        room.push(share - kept.len());
        assignment.push(kept);
    }
    let mut free = free.into_iter();
    for (partitions, room) in assignment.iter_mut().zip(room) {
        partitions.extend(free.by_ref().take(room));
    }
    assignment
}
