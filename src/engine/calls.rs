//! Calls to stores: who waits for what.

use super::event::Event;
use crate::ids::{EmitterId, EventId, LinkId, StoreId};
use crate::time::Time;

/// A call on its way, waiting, being served, or on its way back.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Tells it from whatever had its place before.
    pub serial: u64,
    /// The step that is due next: an entry of the agenda that names another one is out of date.
    pub step: u64,
    /// Which store.
    pub store: StoreId,
    /// The way there.
    pub link: LinkId,
    /// Who waits for the answer.
    pub who: Who,
    /// When it reached the store.
    pub came: Time,
    /// When it was given a connection.
    pub began: Time,
    /// Where it is.
    pub at: Leg,
    /// Whether it has gone well so far.
    pub ok: bool,
    /// Whether the store has done what it was asked for.
    pub committed: bool,
    /// Nobody waits for it any more.
    pub orphan: bool,
    /// A worker's: the event being handled. A workload's: the event that was stored and is still to be published.
    pub event: Option<Event>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// On its way to the store.
    Going,
    /// Waiting for a connection.
    Queued,
    /// Being served.
    Served,
    /// On its way back, with the answer or with the news that the connection broke.
    Returning,
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A worker in the middle of its work.
    Worker {
        /// Which.
        slot: u32,
        /// When it began; with the event this tells whether it still is at that work.
        began: Time,
        /// On which event.
        event: EventId,
        /// Which of its calls this is.
        index: u32,
    },
    /// A producer, before (or after) it publishes.
    Workload {
        /// Of which workload.
        emitter: EmitterId,
        /// Which of its calls this is.
        index: u32,
        /// The number its event is to have, where that is fixed by its arrival.
        serial: Option<u64>,
    },
    /// The relay of an outbox.
    Relay {
        /// Which.
        relay: u32,
        /// In which round of its.
        round: u64,
        /// Whether it marks what has been published; otherwise it reads.
        marks: bool,
    },
}
