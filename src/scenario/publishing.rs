//! How events are published: whether anybody looks if they arrive, and what ties them to what is stored.

use crate::time::Span;
use serde::{Deserialize, Serialize};

/// What a publisher does about events that may not have reached their broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Publish {
    /// Nothing: what is lost on the way is lost, and nobody knows.
    #[default]
    Forget,
    /// It keeps each event until its broker has confirmed it, and sends it again when no confirmation came in time. A
    /// confirmation that is lost on its way back makes a duplicate. (RabbitMQ's publisher confirms, Kafka's `acks`.)
    Confirmed {
        /// How long it waits for a confirmation before it sends again. Default 1 s.
        #[serde(default = "second")]
        timeout: Span,
        /// How often it sends again; after that it gives the event up. Default 5.
        #[serde(default = "five")]
        retries: u32,
        /// Most events of one workload that are sent and not confirmed; further ones wait at the publisher. Default 1,000.
        #[serde(default = "thousand", skip_serializing_if = "is_thousand")]
        window: u32,
    },
}

impl Publish {
    /// Confirmed, with the defaults.
    pub fn confirmed() -> Publish {
        Publish::Confirmed { timeout: second(), retries: five(), window: thousand() }
    }
}

/// How what is stored and what is published are kept together. Both are ways to write to a store *and* to publish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Outbox {
    /// A transactional outbox: the event is written to the store in one transaction with everything else; a relay polls the
    /// store, publishes what it finds and marks it as done. Nothing is lost or invented, some is published twice.
    Outbox {
        /// The store that is written to.
        store: String,
        /// How long the relay rests when it has found nothing more. Default 100 ms.
        #[serde(default = "tenth", skip_serializing_if = "is_tenth")]
        poll: Span,
        /// Most events it takes at a time. Default 100.
        #[serde(default = "hundred", skip_serializing_if = "is_hundred")]
        batch: u32,
    },
    /// One after the other, with nothing that ties them together: whoever crashes in between has done one and not the other.
    DualWrite {
        /// The store that is written to.
        store: String,
        /// Which comes first. Default: the store, so that a crash loses the event; the other way round it invents one.
        #[serde(default, skip_serializing_if = "is_store_first")]
        first: First,
    },
}

/// Which of two writes comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum First {
    /// The store: a crash before publishing loses the event.
    #[default]
    Store,
    /// The broker: a crash before storing leaves an event of something that never happened.
    Broker,
}

impl Outbox {
    /// The store that is written to.
    pub fn store(&self) -> &str {
        match self {
            Outbox::Outbox { store, .. } | Outbox::DualWrite { store, .. } => store,
        }
    }

    /// The same, to be changed.
    pub fn store_mut(&mut self) -> &mut String {
        match self {
            Outbox::Outbox { store, .. } | Outbox::DualWrite { store, .. } => store,
        }
    }

    /// An outbox in this store, with the defaults.
    pub fn transactional(store: &str) -> Outbox {
        Outbox::Outbox { store: store.to_owned(), poll: tenth(), batch: hundred() }
    }
}

fn second() -> Span {
    Span::from_millis(1_000)
}
fn five() -> u32 {
    5
}
fn thousand() -> u32 {
    1_000
}
fn is_thousand(n: &u32) -> bool {
    *n == thousand()
}
fn tenth() -> Span {
    Span::from_millis(100)
}
fn is_tenth(span: &Span) -> bool {
    *span == tenth()
}
fn hundred() -> u32 {
    100
}
fn is_hundred(n: &u32) -> bool {
    *n == hundred()
}
fn is_store_first(first: &First) -> bool {
    *first == First::Store
}
