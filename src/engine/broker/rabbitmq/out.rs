//! What a queue has decided, for whoever drives it.

use super::consumer::{Channel, Seat};
use super::death::Reason;
use super::exchange::QueueId;
use super::message::Letter;
use super::queue::Queue;
use std::collections::VecDeque;

/// A message sent to a consumer.
#[derive(Clone, Debug)]
pub struct Delivery<M> {
    /// From which queue.
    pub queue: QueueId,
    /// To whom.
    pub seat: Seat,
    /// Its place among the unacked messages of the queue; `None` if it counts as acked.
    pub slot: Option<u32>,
    /// The message.
    pub letter: Letter<M>,
}

/// A message that a queue gave up.
#[derive(Clone, Debug)]
pub struct Dead<M> {
    /// Which queue.
    pub queue: QueueId,
    /// Why.
    pub reason: Reason,
    /// The message.
    pub letter: Letter<M>,
    /// The queue never had it: it refused it and dead-letters it all the same.
    pub refused: bool,
}

/// What became of a message that a queue gave up.
#[derive(Clone, Debug)]
pub struct End<M> {
    /// Which queue.
    pub queue: QueueId,
    /// Why.
    pub reason: Reason,
    /// The message.
    pub payload: M,
    /// Whether the queue has a dead-letter exchange that exists; otherwise the message is gone.
    pub dead_lettered: bool,
    /// Queues that took it; none: it is gone.
    pub taken: u32,
    /// The queue never had it: it refused it.
    pub refused: bool,
    /// It had waited in the queue's dead letters until all that it goes to had it.
    pub waited: bool,
}

/// A message that a queue gave up and keeps among its dead letters, because not all that it goes to have it.
#[derive(Clone, Debug)]
pub struct Kept<M> {
    /// Which queue.
    pub queue: QueueId,
    /// Why it was given up.
    pub reason: Reason,
    /// The message.
    pub payload: M,
}

/// A copy that reached a queue by dead-lettering.
#[derive(Clone, Debug)]
pub struct Arrival<M> {
    /// From which queue.
    pub from: QueueId,
    /// To which.
    pub to: QueueId,
    /// The message.
    pub payload: M,
    /// Whether the queue took it, or refused it because it was full.
    pub taken: bool,
}

/// Something that happened, in the order in which it did.
#[derive(Clone, Debug)]
pub enum Step<M> {
    /// A message was sent.
    Delivery(Delivery<M>),
    /// A copy was made by dead-lettering.
    Arrival(Arrival<M>),
    /// A message was given up.
    End(End<M>),
    /// A message was given up and stays nevertheless.
    Kept(Kept<M>),
}

impl<M> Step<M> {
    /// The queue whose messages are others by it.
    pub fn queue(&self) -> QueueId {
        match self {
            Step::Delivery(delivery) => delivery.queue,
            Step::Arrival(arrival) => arrival.to,
            Step::End(end) => end.queue,
            Step::Kept(kept) => kept.queue,
        }
    }
}

/// What was decided and not yet taken out by the driver, who keeps the space.
#[derive(Clone, Debug)]
pub struct Out<M> {
    /// What happened.
    pub steps: Vec<Step<M>>,
    /// Messages given up and not yet dead-lettered; empty when the broker returns.
    pub(super) dead: VecDeque<Dead<M>>,
    /// Consumers whose queue is gone, with their channels.
    pub cancelled: Vec<(Seat, Channel)>,
    /// Queues that are gone, as they were.
    pub deleted: Vec<Queue<M>>,
}

impl<M> Default for Out<M> {
    fn default() -> Self {
        Out { steps: Vec::new(), dead: VecDeque::new(), cancelled: Vec::new(), deleted: Vec::new() }
    }
}
