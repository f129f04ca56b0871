//! How a consumer takes its work and finishes it, and what it does to survive.

use super::units::Percent;
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// When a consumer tells its broker that it has an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Ack {
    /// After the work: at least once. What it held when it crashed is delivered again.
    #[default]
    AfterWork,
    /// Before the work: at most once. What it had in hand when it crashed is lost.
    BeforeWork,
    /// What has been handled is acknowledged in the background (Kafka's `enable.auto.commit`): a crash in between has everything
    /// since delivered again.
    Auto {
        /// How often. Default 5 s.
        #[serde(default = "five_seconds")]
        every: Span,
    },
}

/// What becomes of the order of each key where several events are handled at a time, and in retries. The report counts what was
/// handled after a later event of its key (`reordered`) wherever one of these is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ordered {
    /// Kept: of each key one event at a time is in hand. One that waits for another attempt has the others of its key wait behind it,
    /// while other keys go on. (As by message groups of queues, and by consumers that handle a partition in parallel by key.) It
    /// keeps the order in which one instance is handed events; with brokers that know no instances, of all instances together.
    PerKey,
    /// Given up: whoever is free takes the next event.
    Free,
}

/// What becomes of an event whose last attempt failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// It goes to the consumer's or the broker's dead-letter channel, if there is one.
    #[default]
    DeadLetter,
    /// It is dropped: the broker is told that it was handled.
    Drop,
}

/// A bucket of tokens that retries take from: when many fail, few are tried again. (AWS SDKs and gRPC throttle retries like this.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Tokens in a full bucket; each retry takes one, and where there is none the failure is final. Default 10.
    #[serde(default = "ten")]
    pub tokens: u32,
    /// Share of a token that each success puts back. Default 10%.
    #[serde(default = "tenth")]
    pub refund: Percent,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { tokens: ten(), refund: tenth() }
    }
}

/// Events that fail at every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Poison {
    /// A share of the events, by chance.
    Share(Percent),
    /// Those with this key.
    Key(String),
    /// Those whose attribute has this value.
    Attribute {
        /// Of which attribute.
        name: String,
        /// The value, as text.
        value: String,
    },
}

/// Idempotent handling: the ids of finished events are kept, and events with such an id are skipped. All instances share it, and an id
/// is kept together with the effect, as in one database transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// Ids kept; the oldest makes room for a new one. Default 100,000.
    #[serde(default = "hundred_thousand")]
    pub size: u32,
}

impl Default for Inbox {
    fn default() -> Self {
        Inbox { size: hundred_thousand() }
    }
}

/// A circuit breaker. Closed: everything is handled. When too many attempts fail it opens, and nothing is taken for a while. Then one
/// event is tried: if that succeeds it closes, else it opens again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Share of failed attempts at which it opens. Default 50%.
    #[serde(default = "half")]
    pub failures: Percent,
    /// Over which time attempts are counted. Default 10 s.
    #[serde(default = "ten_seconds")]
    pub window: Span,
    /// Fewer attempts than this say nothing. Default 10.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub least: u32,
    /// How long it stays open. Default 5 s.
    #[serde(default = "five_seconds")]
    pub open: Span,
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker { failures: half(), window: ten_seconds(), least: ten(), open: five_seconds() }
    }
}

/// Load shedding: what cannot be handled in time is dropped at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shed {
    /// Events that arrive while so many wait in the consumer are dropped. Default: none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Events older than this when their turn comes are dropped. Default: none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<Span>,
}

/// How many instances there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Scale {
    /// A function as a service: one instance for each event at a time, started when none is warm. `instances` and `threads` mean
    /// nothing.
    Serverless {
        /// How long an instance takes to start. Default 350 ms.
        #[serde(default = "cold_start")]
        cold_start: Span,
        /// An instance that has had nothing to do for so long is gone. Default 60 s.
        #[serde(default = "minute")]
        idle: Span,
        /// Most instances at a time; further events wait. Default 100.
        #[serde(default = "hundred")]
        limit: u32,
    },
    /// Instances are added and taken away. `instances` is how many there are at the start.
    Autoscale {
        /// What decides how many there should be.
        by: Measure,
        /// Fewest instances. Default 1.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        least: u32,
        /// Most instances. Default 10.
        #[serde(default = "ten")]
        most: u32,
        /// How often it looks. Default 15 s, as Kubernetes' horizontal pod autoscaler does.
        #[serde(default = "fifteen_seconds")]
        every: Span,
        /// How long a new instance takes until it works. Default 10 s.
        #[serde(default = "ten_seconds")]
        delay: Span,
        /// Instances are taken away only when so few were needed for so long (Kubernetes: stabilisation window). Default 5 min.
        #[serde(default = "five_minutes")]
        hold: Span,
    },
}

/// What decides how many instances there should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Measure {
    /// Events owed to the consumer, so many to an instance: `ceil(lag / n)`, as KEDA does.
    Lag(u64),
    /// Share of its workers' time that goes into handling (not into waiting for stores): `ceil(instances * share / target)`, and no
    /// change within a tenth of the target, as Kubernetes' horizontal pod autoscaler does.
    Utilisation(Percent),
    /// So many from these times on.
    Schedule(Vec<(Span, u32)>),
}

impl Scale {
    /// A function with the defaults.
    pub fn serverless() -> Scale {
        Scale::Serverless { cold_start: cold_start(), idle: minute(), limit: hundred() }
    }

    /// Scaling by lag, with the defaults.
    pub fn autoscale() -> Scale {
        let by = Measure::Lag(u64::from(hundred()));
        Scale::Autoscale { by, least: one(), most: ten(), every: fifteen_seconds(), delay: ten_seconds(), hold: five_minutes() }
    }
}

fn one() -> u32 {
    1
}
fn is_one(n: &u32) -> bool {
    *n == 1
}
fn fifteen_seconds() -> Span {
    Span::from_millis(15_000)
}
fn five_minutes() -> Span {
    Span::from_millis(300_000)
}
fn ten() -> u32 {
    10
}
fn is_ten(n: &u32) -> bool {
    *n == 10
}
fn tenth() -> Percent {
    Percent(0.1)
}
fn half() -> Percent {
    Percent(0.5)
}
fn hundred() -> u32 {
    100
}
fn hundred_thousand() -> u32 {
    100_000
}
fn five_seconds() -> Span {
    Span::from_millis(5_000)
}
fn ten_seconds() -> Span {
    Span::from_millis(10_000)
}
fn minute() -> Span {
    Span::from_millis(60_000)
}
fn cold_start() -> Span {
    Span::from_millis(350)
}
