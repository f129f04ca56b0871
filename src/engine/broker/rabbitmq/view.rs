//! What a RabbitMQ broker shows of itself while it runs: plain values for whoever draws it.

use super::rules::RabbitMq;
use crate::ids::OutletId;

/// A broker at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Its queues, in the order of the file.
    pub queues: Vec<QueueView>,
    /// Whether publishers are held back.
    pub blocked: bool,
    /// Events that publishers hold meanwhile.
    pub held_back: usize,
}

/// A queue at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueView {
    /// Which outlet it is.
    pub outlet: OutletId,
    /// Messages that wait in it.
    pub ready: u64,
    /// Messages sent to consumers and not settled.
    pub unacked: u64,
    /// Consumers it has now.
    pub consumers: usize,
}

impl RabbitMq {
    /// What it shows now.
    pub fn view(&self) -> View {
        let queue = |queue: &super::queue::Queue<crate::engine::Message>| QueueView {
            outlet: self.outlet(queue.id),
            ready: queue.ready(),
            unacked: queue.unacked(),
            consumers: queue.consumer_count(),
        };
        let (blocked, held_back) = self.back_pressure();
        View { queues: self.host().queues().map(queue).collect(), blocked, held_back }
    }
}
