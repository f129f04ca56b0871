//! A message in a queue: the caller's payload with what the broker has to know about it.

use super::death::Deaths;
use super::names::Name;
use super::value::Table;
use std::sync::Arc;

/// By which exchange and with which key a message came: as many as there are pairs of them, each held once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin(pub u32);

/// Later than everything: no expiry.
pub const NEVER: u64 = u64::MAX;

/// What a caller's payload goes through in the broker.
pub trait Payload: Clone {
    /// It becomes a dead letter, at this time in nanoseconds.
    fn becomes_dead_letter(&mut self, now: u64);
}

impl Payload for std::sync::Arc<str> {
    fn becomes_dead_letter(&mut self, _: u64) {}
}

/// One copy of a message. `M` is the caller's payload.
#[derive(Clone, Debug)]
pub struct Letter<M> {
    /// The caller's own.
    pub payload: M,
    /// When it expires in the queue where it is, in nanoseconds; [`NEVER`] without a time to live.
    pub expires: u64,
    /// What only few messages have.
    pub rare: Option<Arc<Rare>>,
    /// Bytes of its body.
    pub size: u32,
    /// How it came here.
    pub origin: Origin,
    /// How often a quorum queue took it back, in this queue.
    pub acquired: u16,
    /// How often handing it over failed (rejected, or its consumer was lost), in all quorum queues so far.
    pub failed: u16,
    /// Whether it was handed over before, in this queue (classic queues; quorum queues count).
    pub redelivered: bool,
    /// Whether a durable queue keeps it over a restart.
    pub persistent: bool,
}

/// Properties that most messages do without.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    /// Headers as published, `BCC` taken out.
    pub headers: Table,
    /// The priority property.
    pub priority: Option<u8>,
    /// The expiration property in milliseconds; gone after any dead-lettering.
    pub expiration: Option<u64>,
    /// Keys besides the routing key: first those of `CC`, then those of `BCC`.
    pub more_keys: Vec<Name>,
    /// Which of them came from `BCC`.
    pub blind_keys: Vec<Name>,
    /// Earlier deaths.
    pub deaths: Option<Deaths>,
}

impl<M> Letter<M> {
    /// A message as published: no properties, not persistent.
    pub fn new(payload: M, size: u32, origin: Origin) -> Letter<M> {
        Letter { payload, expires: NEVER, rare: None, size, origin, acquired: 0, failed: 0, redelivered: false, persistent: false }
    }

    /// The priority property, 0 without one.
    #[inline]
    pub fn priority(&self) -> u8 {
        self.rare.as_ref().and_then(|rare| rare.priority).unwrap_or(0)
    }

    /// The expiration property in milliseconds.
    #[inline]
    pub fn expiration(&self) -> Option<u64> {
        self.rare.as_ref().and_then(|rare| rare.expiration)
    }

    /// What it remembers of its deaths.
    pub fn deaths(&self) -> Option<&Deaths> {
        self.rare.as_ref().and_then(|rare| rare.deaths.as_ref())
    }

    /// `x-delivery-count` of a quorum queue: returns to this queue or, while there are none, failures in earlier ones.
    pub fn delivery_count(&self) -> u64 {
        u64::from(if self.acquired > 0 { self.acquired } else { self.failed })
    }
}
