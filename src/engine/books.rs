//! The books of an outlet: every copy routed in is accounted for at every instant.

use serde::{Deserialize, Serialize};

/// What became of the copies routed to an outlet.
/// One line of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Books {
    /// Copies routed in.
    pub routed: u64,
    /// Handled to the end.
    pub acked: u64,
    /// Last attempt failed, nowhere to go.
    pub failed: u64,
    /// Last attempt failed, sent to a dead-letter channel.
    pub dead_lettered: u64,
    /// Grew too old.
    pub expired: u64,
    /// Lost on the link to the consumer, or pushed out.
    pub dropped: u64,
    /// Waiting for a worker or a backoff.
    pub waiting: u64,
}

impl Books {
    /// Copies that have no fate yet.
    #[inline(always)]
    pub fn owed(&self) -> u64 {
        self.routed - self.acked - self.failed - self.dead_lettered - self.expired - self.dropped
    }

    /// Copies travelling or in hand.
    pub fn in_flight(&self) -> u64 {
        self.owed() - self.waiting
    }
}

/// What became of events on their way to their brokers, dead letters and network duplicates included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Copies that set out.
    pub sent: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Reached a broker.
    pub accepted: u64,
    /// Of these, nobody reads the channel.
    pub unroutable: u64,
    /// Of those that reached a broker, refused by it.
    pub refused: u64,
    /// Events that their publishers keep: not confirmed yet, or waiting to be sent.
    pub kept: u64,
    /// Events in outboxes that are not marked as published.
    pub stored: u64,
}

impl Inbound {
    /// Copies on their way.
    pub fn travelling(&self) -> u64 {
        self.sent - self.lost - self.accepted
    }
}

/// Books that do not balance: a bug in the engine, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imbalance(pub String);

impl std::fmt::Display for Imbalance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the books do not balance: {}", self.0)
    }
}

impl std::error::Error for Imbalance {}
