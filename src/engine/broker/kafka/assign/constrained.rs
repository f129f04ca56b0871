//! Sticky with equal subscriptions: everybody ends up with the least or the most of two quotas that differ by one at most.
//! Members keep what they own up to their quota; what is left is dealt in a circle to those below theirs, near racks first.

use super::racks::Racks;
use super::sticky::Owned;
use super::{Assignment, Group, TopicPartition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

struct Builder<'a> {
    racks: &'a Racks<'a>,
    doubly: &'a BTreeSet<TopicPartition>,
    least: usize,
    most: usize,
    /// How many members may have more than the least.
    longer: usize,
    /// How many do so far.
    over: usize,
    assignment: Assignment,
    /// Given up, and by whom: by those who owned too many, or from another rack.
    revoked: BTreeMap<TopicPartition, usize>,
    moving: BTreeSet<TopicPartition>,
    /// Members with less than the least quota, in order.
    below: Vec<usize>,
    /// Members with exactly the least quota who may get one more, in order.
    at_least: VecDeque<usize>,
}

/// The assignment, and the partitions in it that somebody else owned.
pub fn assign(group: Group<'_>, owned: &Owned, racks: &Racks<'_>) -> (Assignment, BTreeSet<TopicPartition>) {
    let all: Vec<TopicPartition> = group.subscribed().flat_map(|topic| group.partitions(topic)).collect();
    let members = group.members.len().max(1);
    let mut builder = Builder {
        racks,
        doubly: &owned.doubly,
        least: all.len() / members,
        most: all.len().div_ceil(members),
        longer: all.len() % members,
        assignment: vec![Vec::new(); group.members.len()],
        over: 0,
        revoked: BTreeMap::new(),
        moving: BTreeSet::new(),
        below: Vec::new(),
        at_least: VecDeque::new(),
    };
    builder.keep(&owned.partitions);
    let kept: BTreeSet<TopicPartition> = builder.assignment.iter().flatten().copied().collect();
    let mut left: Vec<TopicPartition> = all.into_iter().filter(|partition| !kept.contains(partition)).collect();
    if racks.used {
        left.sort_by_key(|partition| racks.members_near(*partition));
        left = builder.deal_near(left);
    }
    builder.deal(&left);
    (builder.assignment, builder.moving)
}

impl Builder<'_> {
    /// Everybody keeps what they own up to a quota, lowest partition numbers first.
    fn keep(&mut self, owned: &[Vec<TopicPartition>]) {
        for (member, partitions) in owned.iter().enumerate() {
            self.revoked.extend(partitions.iter().filter(|p| self.racks.mismatch(member, **p)).map(|p| (*p, member)));
            let counts = |p: &TopicPartition| !self.racks.mismatch(member, *p) && !self.doubly.contains(p);
            let mut partitions: Vec<TopicPartition> = partitions.iter().copied().filter(counts).collect();
            partitions.sort_by_key(|partition| (partition.partition, partition.topic));
            if partitions.len() < self.least {
                self.below.push(member);
            } else if partitions.len() >= self.most && self.over < self.longer {
                self.over += 1;
                if self.over == self.longer {
                    self.at_least.clear();
                }
                self.revoked.extend(partitions.drain(self.most..).map(|p| (p, member)));
            } else {
                self.revoked.extend(partitions.drain(self.least..).map(|p| (p, member)));
                if self.over < self.longer {
                    self.at_least.push_back(member);
                }
            }
            self.assignment[member] = partitions;
        }
    }

    /// Deals to members in a partition's racks and gives back what has no such member with room.
    fn deal_near(&mut self, partitions: Vec<TopicPartition>) -> Vec<TopicPartition> {
        let mut next = 0;
        let mut far = Vec::new();
        for partition in partitions {
            let turns = (0..self.below.len()).map(|turn| (next + turn) % self.below.len());
            let near = |place: &usize| self.racks.matches(self.below[*place], partition);
            if let Some(place) = { turns }.find(near) {
                let member = self.below[place];
                let count = self.assignment[member].len() + 1;
                next = place + 1;
                if count >= self.least {
                    self.below.remove(place);
                    next = place;
                    if count < self.most && self.over < self.longer {
                        self.at_least.push_back(member);
                    }
                }
                next = if self.below.is_empty() { 0 } else { next % self.below.len() };
                self.give(member, partition);
            } else if let Some(place) = self.at_least.iter().position(|member| self.racks.matches(*member, partition)) {
                let member = self.at_least[place];
                if self.assignment[member].len() + 1 == self.most {
                    self.at_least.remove(place);
                    self.over += 1;
                    if self.over == self.longer {
                        self.at_least.clear();
                    }
                }
                self.give(member, partition);
            } else {
                far.push(partition);
            }
        }
        far
    }

    /// Deals in a circle to those below their quota, then to those who may get one more.
    fn deal(&mut self, partitions: &[TopicPartition]) {
        let mut place = 0;
        for partition in partitions {
            if place >= self.below.len() {
                place = 0;
            }
            let member = match self.below.get(place) {
                Some(member) => *member,
                // As many as there is room for: the quotas add up to the number of partitions.
                None => match self.at_least.pop_front() {
                    Some(member) => member,
                    None => return,
                },
            };
            let dealt = place < self.below.len();
            self.give(member, *partition);
            if dealt && self.assignment[member].len() == self.least {
                self.below.remove(place);
                self.at_least.push_back(member);
            } else if dealt {
                place += 1;
            }
        }
    }

    fn give(&mut self, member: usize, partition: TopicPartition) {
        if self.revoked.get(&partition).is_some_and(|owner| *owner != member) || self.doubly.contains(&partition) {
            self.moving.insert(partition);
        }
        self.assignment[member].push(partition);
    }
}
