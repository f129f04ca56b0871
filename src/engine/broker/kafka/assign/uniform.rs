//! The broker's uniform assignor (KIP-848): balanced within one, members keep what they have up to their share, and what is
//! free goes out in contiguous blocks.

use super::movements::Movements;
use super::{Assignment, Group, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// Assigns; with unequal subscriptions partitions move one by one instead.
pub fn assign(group: Group<'_>) -> Assignment {
    if group.same_subscriptions() { shares(group) } else { Mixed::new(group).build() }
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

/// Unequal subscriptions.
struct Mixed<'a> {
    group: Group<'a>,
    assignment: Assignment,
    owner: BTreeMap<TopicPartition, usize>,
    movements: Movements,
}

impl<'a> Mixed<'a> {
    fn new(group: Group<'a>) -> Mixed<'a> {
        let keeps = |member: usize| {
            let fits =
                move |p: &&TopicPartition| group.subscribes(member, p.topic) && p.partition < group.topics[p.topic as usize].partitions;
            group.members[member].owned.iter().filter(fits).copied().collect::<Vec<_>>()
        };
        let assignment: Assignment = (0..group.members.len()).map(keeps).collect();
        let owner = assignment.iter().enumerate().flat_map(|(member, kept)| kept.iter().map(move |p| (*p, member))).collect();
        Mixed { group, assignment, owner, movements: Movements::default() }
    }

    fn readers(&self, topic: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.group.members.len()).filter(move |member| self.group.subscribes(*member, topic))
    }

    /// Partitions with many to a reader first, then those with few readers, then by number.
    fn sorted(&self, mut partitions: Vec<TopicPartition>) -> Vec<TopicPartition> {
        let crowd = |p: &TopicPartition| (self.group.topics[p.topic as usize].partitions as usize, self.readers(p.topic).count());
        partitions.sort_by(|a, b| {
            let ((many, of), (more, by)) = (crowd(a), crowd(b));
            (more * of).cmp(&(many * by)).then(of.cmp(&by)).then(a.partition.cmp(&b.partition)).then(a.topic.cmp(&b.topic))
        });
        partitions
    }

    /// The reader of a topic that has least and could have more.
    fn poorest(&self, topic: u32) -> Option<usize> {
        let open = self.readers(topic).filter(|member| self.assignment[*member].len() < self.group.potential(*member));
        open.min_by_key(|member| (self.assignment[*member].len(), *member))
    }

    fn build(mut self) -> Assignment {
        let all: Vec<TopicPartition> = self.group.subscribed().flat_map(|topic| self.group.partitions(topic)).collect();
        let free = all.iter().copied().filter(|partition| !self.owner.contains_key(partition)).collect();
        for partition in self.sorted(free) {
            if let Some(member) = self.poorest(partition.topic) {
                self.assignment[member].push(partition);
                self.owner.insert(partition, member);
            }
        }
        let shared = self.sorted(all.into_iter().filter(|partition| self.readers(partition.topic).count() > 1).collect());
        // Every pass but the last moves something to someone who has less; the bound only guards against going in circles.
        for _ in 0..=shared.len() {
            if !self.pass(&shared) {
                break;
            }
        }
        self.assignment
    }

    /// Moves what helps, once through all partitions; says whether to go on.
    fn pass(&mut self, partitions: &[TopicPartition]) -> bool {
        let mut moved = false;
        for partition in partitions {
            let Some(owner) = self.owner.get(partition).copied() else { continue };
            let size = |member: usize| self.assignment[member].len();
            if !self.readers(partition.topic).any(|reader| size(owner) > size(reader) + 1) {
                continue;
            }
            let Some(to) = self.poorest(partition.topic) else { continue };
            let partition = self.movements.instead(*partition, owner, to);
            let from = self.owner.insert(partition, to).unwrap_or(owner);
            self.movements.moved(partition, from, to);
            self.assignment[from].retain(|known| *known != partition);
            self.assignment[to].push(partition);
            moved = true;
        }
        moved
    }
}
