//! Events that brokers make publishers hold back, by node.

use super::level::Level;
use crate::ids::NodeId;
use crate::time::Time;

/// By [`NodeId`]; takes no room until the first event is held back.
#[derive(Clone, Debug, Default)]
pub struct Held(Vec<Record>);

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    level: Level,
    area_at_warmup: u128,
}

impl Held {
    /// One event more, or less, is held back by one of so many nodes.
    pub fn note(&mut self, node: NodeId, nodes: usize, more: bool, now: Time) {
        if self.0.is_empty() {
            self.0 = vec![Record::default(); nodes];
        }
        let level = &mut self.0[node.index()].level;
        if more { level.up(now) } else { level.down(now) }
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self, at: Time) {
        for record in &mut self.0 {
            record.area_at_warmup = record.level.area(at);
            record.level.forget_max();
        }
    }

    /// By node: held events times nanoseconds since the start.
    pub fn areas(&self, until: Time) -> Box<[u128]> {
        self.0.iter().map(|record| record.level.area(until)).collect()
    }

    /// Events that a node holds now.
    pub fn now(&self, node: NodeId) -> u64 {
        self.0.get(node.index()).map_or(0, |record| record.level.now())
    }

    /// A node's level with its area at the end of the warm-up; none if nobody has ever held anything back.
    pub fn of(&self, node: NodeId) -> Option<(&Level, u128)> {
        self.0.get(node.index()).map(|record| (&record.level, record.area_at_warmup))
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Record>()
    }
}
