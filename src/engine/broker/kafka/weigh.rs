//! What a copy of a cluster takes in memory: logs share their full blocks with their copies, everything else is the copy's own.

use super::batch::Batch;
use super::cluster::{Cursor, Kafka, Member, Partition, Readers};
use super::producer::ProducerState;
use super::publisher::Publisher;
use crate::engine::event::{Event, Message};
use crate::ids::SeatId;

impl Kafka {
    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub(super) fn weight(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let cursor = |cursor: &Cursor| size_of::<Cursor>() + cursor.window.bytes() + cursor.again.capacity() * size_of::<(u64, Message)>();
        let partitions: usize = self
            .partitions
            .iter()
            .map(|partition| {
                size_of::<Partition>()
                    + size_of_val(&*partition.nodes)
                    + partition.log.weigh(each)
                    + partition.producers.len() * (size_of::<ProducerState>() + size_of::<u32>())
                    + partition.pending.capacity() * size_of::<(u64, u32)>()
                    + partition.cursors.iter().map(cursor).sum::<usize>()
            })
            .sum();
        let members: usize = self
            .members
            .iter()
            .map(|member| {
                size_of::<Member>() + member.seats.capacity() * size_of::<SeatId>() + member.ready.capacity() * size_of::<(u32, u32)>()
            })
            .sum();
        let batches: usize = self.batches.iter().map(|batch| size_of::<Batch>() + batch.events.capacity() * size_of::<Event>()).sum();
        let groups = self.groups.len() * size_of::<Readers>();
        let publishers: usize = self.publishers.iter().map(Publisher::bytes).sum();
        partitions + members + self.seats.bytes() + batches + groups + publishers + self.spare.capacity() * size_of::<u32>()
    }
}
