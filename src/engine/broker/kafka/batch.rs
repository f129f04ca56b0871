//! Batches of records on their way to one partition.

use super::Error;
use crate::engine::event::Event;
use crate::time::Time;

/// A batch; its place is used again, with its memory, once it is done.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub used: bool,
    /// Counts uses, to tell old wakes and parcels.
    pub count: u16,
    pub publisher: u32,
    pub partition: u32,
    pub events: Vec<Event>,
    pub bytes: u64,
    /// Counts batches of the run: of two the smaller was opened first.
    pub serial: u64,
    /// When it was opened: `delivery.timeout.ms` counts from here.
    pub opened: Time,
    pub stage: Stage,
    /// Attempts so far.
    pub attempts: u32,
    /// The producer epoch and first sequence number, once it has them.
    pub sequence: Option<(u16, u32)>,
    /// Offsets in the log, from its first to behind its last, once (and as long as) it is there; [`Batch::NOWHERE`] once it is no longer
    /// there, but groups were shown it.
    pub at: Option<(u64, u64)>,
    /// What the broker answered.
    pub answer: Result<(), Error>,
    /// Whether its request is at its node: those of one connection are looked at in the order in which they were sent.
    pub arrived: bool,
    /// The request it was sent with, which has one place in flight for all its batches.
    pub request: u64,
    /// The node it was sent to, whose connection it takes a place of.
    pub node: u32,
}

/// How far a batch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Takes more records.
    Open,
    /// Waits for a place on the connection.
    Queued,
    /// Sent, or waiting at the leader for the other replicas.
    Sent,
    /// Waits to be tried again.
    Backoff,
    /// Waits for an earlier batch of its partition that failed: an idempotent publisher sends these one by one, in order.
    Held,
}

impl Stage {
    /// Whether a batch failed and is not sent again yet, or waits for one that did.
    pub fn has_failed(self) -> bool {
        matches!(self, Stage::Backoff | Stage::Held)
    }
}

impl Batch {
    /// In place of offsets: its records were cut off after groups were shown them. Sent again they are repeats.
    pub const NOWHERE: (u64, u64) = (0, 0);

    pub fn new() -> Batch {
        Batch {
            used: false,
            count: 0,
            publisher: 0,
            partition: 0,
            events: Vec::new(),
            bytes: 0,
            serial: 0,
            opened: Time::ZERO,
            stage: Stage::Open,
            attempts: 0,
            sequence: None,
            at: None,
            answer: Ok(()),
            arrived: false,
            request: 0,
            node: 0,
        }
    }
}
