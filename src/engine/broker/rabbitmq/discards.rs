//! Dead letters of quorum queues that dead-letter at least once: they stay in their queue until every queue that they go to has them.
//!
//! As RabbitMQ's dead-letter worker of a quorum queue does it (`rabbit_fifo_dlx_worker`, and the documentation of dead-lettering at
//! least once): what a queue refuses, what has no way and what leads to an exchange that is not there waits and is sent again to those
//! who do not have it yet. Meanwhile it counts against the limits of its queue.

use super::consumer::Channel;
use super::death::Reason;
use super::exchange::QueueId;
use super::message::{Letter, NEVER};
use std::collections::VecDeque;

/// How long a dead letter waits before it is sent again, in nanoseconds: `dead_letter_worker_publisher_confirm_timeout`, 180 s.
pub(super) const AGAIN: u64 = 180_000_000_000;

/// The channel on which a queue's worker publishes.
pub(super) fn worker(queue: QueueId) -> Channel {
    Channel(1 << 30 | queue.0)
}

/// A dead letter that waits.
#[derive(Clone, Debug)]
pub struct Discard<M> {
    /// Why it was given up.
    pub reason: Reason,
    /// What it was in its queue.
    pub payload: M,
    /// What is sent on.
    pub(super) letter: Letter<M>,
    /// Queues that have it.
    pub(super) settled: Vec<QueueId>,
    /// When it is tried again.
    pub(super) again: u64,
    /// It has waited before.
    pub(super) kept: bool,
}

/// A queue's dead letters that wait, in the order in which they are tried again.
#[derive(Clone, Debug)]
pub struct Discards<M> {
    waiting: VecDeque<Discard<M>>,
    bytes: u64,
}

impl<M> Default for Discards<M> {
    fn default() -> Self {
        Discards { waiting: VecDeque::new(), bytes: 0 }
    }
}

impl<M> Discards<M> {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes of all of them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// When the first is tried again; [`NEVER`] if there is none.
    #[inline]
    pub(super) fn due(&self) -> u64 {
        self.waiting.front().map_or(NEVER, |discard| discard.again)
    }

    /// They wait equally long, so the latest is the last to be tried again.
    pub(super) fn push(&mut self, discard: Discard<M>) {
        self.bytes += u64::from(discard.letter.size);
        self.waiting.push_back(discard);
    }

    pub(super) fn take_due(&mut self, now: u64) -> Option<Discard<M>> {
        let discard = if self.due() <= now { self.waiting.pop_front() } else { None }?;
        self.bytes -= u64::from(discard.letter.size);
        Some(discard)
    }

    /// What they were in their queue.
    pub fn iter(&self) -> impl Iterator<Item = &M> {
        self.waiting.iter().map(|discard| &discard.payload)
    }
}
