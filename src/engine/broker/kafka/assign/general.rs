//! Sticky with unequal subscriptions: what is owned stays, what is free goes to whoever has least, and then single partitions
//! move from those with more to those with less until nothing improves.

use super::movements::Movements;
use super::racks::Racks;
use super::{Assignment, Group, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

struct Builder<'a> {
    group: Group<'a>,
    racks: &'a Racks<'a>,
    assignment: Assignment,
    owner: BTreeMap<TopicPartition, usize>,
    /// Members by how much they have, then by id; those with nothing to gain or lose are left out while balancing.
    by_size: BTreeSet<(usize, usize)>,
    movements: Movements,
    /// Who owned a partition in the generation before the newest.
    before: BTreeMap<TopicPartition, usize>,
}

/// The assignment. `owned` is what members own, without double claims.
pub fn assign(group: Group<'_>, owned: Assignment, racks: &Racks<'_>) -> Assignment {
    let fits = |member: usize, p: &TopicPartition| group.subscribes(member, p.topic) && !racks.mismatch(member, *p);
    let kept: Assignment =
        owned.iter().enumerate().map(|(member, owned)| owned.iter().copied().filter(|p| fits(member, p)).collect()).collect();
    let revoked = kept.iter().zip(&owned).any(|(kept, owned)| kept.len() < owned.len());
    let owner = kept.iter().enumerate().flat_map(|(member, kept)| kept.iter().map(move |p| (*p, member))).collect();
    let by_size = kept.iter().enumerate().map(|(member, kept)| (kept.len(), member)).collect();
    let (movements, before) = (Movements::default(), before(group));
    let mut builder = Builder { group, racks, assignment: kept, owner, by_size, movements, before };
    builder.build(revoked);
    builder.assignment
}

/// Owners of older generations than the newest: going back to them is preferred.
fn before(group: Group<'_>) -> BTreeMap<TopicPartition, usize> {
    let newest = group.members.iter().filter_map(|member| member.generation).max().unwrap_or(-1);
    let mut before: BTreeMap<TopicPartition, (i32, usize)> = BTreeMap::new();
    for (member, it) in group.members.iter().enumerate() {
        let generation = it.generation.unwrap_or(-1);
        for partition in it.owned.iter().filter(|_| generation < newest) {
            let known = before.entry(*partition).or_insert((generation, member));
            if generation > known.0 {
                *known = (generation, member);
            }
        }
    }
    before.into_iter().map(|(partition, (_, member))| (partition, member)).collect()
}

impl Builder<'_> {
    fn build(&mut self, revoked: bool) {
        let initial = self.by_size.last().is_none_or(|(size, _)| *size == 0);
        // Topics that fewer members read come first.
        let mut topics: Vec<u32> = self.group.subscribed().collect();
        topics.sort_by_key(|topic| (self.readers(*topic).count(), *topic));
        let all: Vec<TopicPartition> = topics.iter().flat_map(|topic| self.group.partitions(*topic)).collect();
        let free: Vec<TopicPartition> = all.iter().copied().filter(|partition| !self.owner.contains_key(partition)).collect();
        let far: Vec<TopicPartition> = free.iter().copied().filter(|p| !(self.racks.used && self.place(*p, true))).collect();
        for partition in far {
            self.place(partition, false);
        }
        let shared = |p: &TopicPartition| self.readers(p.topic).count() > 1;
        let (all, free): (Vec<_>, Vec<_>) = (all.into_iter().filter(&shared).collect(), free.into_iter().filter(&shared).collect());
        let settled: Vec<usize> = (0..self.assignment.len()).filter(|member| !self.may_change(*member)).collect();
        for member in settled {
            self.by_size.remove(&(self.assignment[member].len(), member));
        }
        let (assignment, owner) = (self.assignment.clone(), self.owner.clone());
        if !revoked {
            self.balance(&free);
        }
        let moved = self.balance(&all);
        if !initial && moved && self.imbalance(&self.assignment) >= self.imbalance(&assignment) {
            (self.assignment, self.owner) = (assignment, owner);
        }
    }

    fn readers(&self, topic: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.group.members.len()).filter(move |member| self.group.subscribes(*member, topic))
    }

    /// Gives a free partition to whoever has least among its readers (in its racks, if `near`).
    fn place(&mut self, partition: TopicPartition, near: bool) -> bool {
        let may = |(_, member): &&(usize, usize)| {
            self.group.subscribes(*member, partition.topic) && !(near && self.racks.mismatch(*member, partition))
        };
        let Some((size, member)) = self.by_size.iter().find(may).copied() else { return false };
        self.by_size.remove(&(size, member));
        self.by_size.insert((size + 1, member));
        self.assignment[member].push(partition);
        self.owner.insert(partition, member);
        true
    }

    /// Whether a member could get more, or has something that another reads as well.
    fn may_change(&self, member: usize) -> bool {
        let has = &self.assignment[member];
        has.len() < self.group.potential(member) || has.iter().any(|partition| self.readers(partition.topic).count() > 1)
    }

    fn balanced(&self) -> bool {
        let (Some((least, _)), Some((most, _))) = (self.by_size.first(), self.by_size.last()) else { return true };
        let richer = |size: usize, p: TopicPartition| self.owner.get(&p).is_some_and(|owner| size + 1 < self.assignment[*owner].len());
        least + 1 >= *most
            || self.by_size.iter().all(|(size, member)| {
                let mut wanted = self.group.members[*member].topics.iter().flat_map(|topic| self.group.partitions(*topic));
                *size == self.group.potential(*member) || !wanted.any(|partition| richer(*size, partition))
            })
    }

    /// Moves partitions, one after the other and again, while it helps; says whether any moved.
    fn balance(&mut self, partitions: &[TopicPartition]) -> bool {
        let mut ever = false;
        // Every pass but the last moves something to someone who has less; the bound only guards against going in circles.
        for _ in 0..=partitions.len() {
            let mut moved = false;
            for partition in partitions {
                if self.balanced() {
                    break;
                }
                moved |= self.improve(*partition);
            }
            ever |= moved;
            if !moved {
                break;
            }
        }
        ever
    }

    fn improve(&mut self, partition: TopicPartition) -> bool {
        let Some(owner) = self.owner.get(&partition).copied() else { return false };
        let size = |member: usize| self.assignment[member].len();
        if let Some(previous) = self.before.get(&partition).copied()
            && self.group.subscribes(previous, partition.topic)
            && size(owner) > size(previous) + 1
        {
            self.shift(partition, owner, previous);
            return true;
        }
        if !self.readers(partition.topic).any(|reader| size(owner) > size(reader) + 1) {
            return false;
        }
        let least = self.by_size.iter().find(|(_, member)| self.group.subscribes(*member, partition.topic));
        let Some((_, to)) = least.copied() else { return false };
        self.shift(partition, owner, to);
        true
    }

    fn shift(&mut self, partition: TopicPartition, from: usize, to: usize) {
        let partition = self.movements.instead(partition, from, to);
        let from = self.owner.insert(partition, to).unwrap_or(from);
        self.movements.moved(partition, from, to);
        for member in [from, to] {
            self.by_size.remove(&(self.assignment[member].len(), member));
        }
        self.assignment[from].retain(|known| *known != partition);
        self.assignment[to].push(partition);
        for member in [from, to] {
            self.by_size.insert((self.assignment[member].len(), member));
        }
    }

    /// The sum of differences over all pairs of members that may change: smaller is better.
    fn imbalance(&self, assignment: &Assignment) -> usize {
        let sizes: Vec<usize> = self.by_size.iter().map(|(_, member)| assignment[*member].len()).collect();
        sizes.iter().enumerate().map(|(at, size)| sizes[at + 1..].iter().map(|other| size.abs_diff(*other)).sum::<usize>()).sum()
    }
}
