//! What a queue has decided, for whoever drives it.

use super::consumer::{Channel, Seat};
use super::death::Reason;
use super::exchange::QueueId;
use super::message::Letter;
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

/// Decisions in the order in which they were made. Taken out by the driver, who keeps the space.
#[derive(Clone, Debug)]
pub struct Out<M> {
    /// Messages sent.
    pub deliveries: Vec<Delivery<M>>,
    /// Messages given up and not yet dead-lettered; empty when the broker returns.
    pub(super) dead: VecDeque<Dead<M>>,
    /// What became of messages given up.
    pub ends: Vec<End<M>>,
    /// Copies made by dead-lettering.
    pub arrivals: Vec<Arrival<M>>,
    /// Consumers whose queue is gone, with their channels.
    pub cancelled: Vec<(Seat, Channel)>,
}

impl<M> Default for Out<M> {
    fn default() -> Self {
        Out { deliveries: Vec::new(), dead: VecDeque::new(), ends: Vec::new(), arrivals: Vec::new(), cancelled: Vec::new() }
    }
}
