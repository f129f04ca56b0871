//! What moved from whom to whom while balancing, so that two members do not swap partitions of one topic.

use super::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};

/// From one member to another.
type Way = (usize, usize);

/// Movements so far.
#[derive(Default)]
pub struct Movements {
    of: BTreeMap<TopicPartition, Way>,
    on: BTreeMap<(u32, Way), BTreeSet<TopicPartition>>,
}

impl Movements {
    /// Instead of moving `partition`, a partition of its topic that went the other way before may go back.
    pub fn instead(&self, partition: TopicPartition, from: usize, to: usize) -> TopicPartition {
        let from = self.of.get(&partition).map_or(from, |(origin, _)| *origin);
        let back = self.on.get(&(partition.topic, (to, from)));
        back.and_then(|partitions| partitions.first()).copied().unwrap_or(partition)
    }

    /// A partition moves. One that moved before counts from where it came at first, and not at all if it is back there.
    pub fn moved(&mut self, partition: TopicPartition, from: usize, to: usize) {
        let mut origin = from;
        if let Some(way) = self.of.remove(&partition) {
            origin = way.0;
            let key = (partition.topic, way);
            if let Some(others) = self.on.get_mut(&key) {
                others.remove(&partition);
                if others.is_empty() {
                    self.on.remove(&key);
                }
            }
        }
        if origin != to {
            self.of.insert(partition, (origin, to));
            self.on.entry((partition.topic, (origin, to))).or_default().insert(partition);
        }
    }
}
