//! How events are published: whether anybody looks if they arrive.

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
