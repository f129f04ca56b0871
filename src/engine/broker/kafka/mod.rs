//! Kafka's rules as Kafka has them: plain values in its own words, driven by whoever holds them.
//!
//! Modelled are the defaults and rules of Kafka 4.x. Nothing here knows the agenda, links or workers: time and random numbers
//! are arguments, answers are values. Each file is one idea:
//!
//! | file | what it decides |
//! | --- | --- |
//! | [`partitioner`] | which partition a record goes to |
//! | [`log`] | offsets, segments, retention, compaction of one partition |
//! | [`producer`] | which batches of an idempotent producer are duplicates or out of order |
//! | [`transactions`] | the last stable offset, what a read-committed reader sees |
//! | [`offsets`] | where a group starts, what a seek does, what lag is |
//! | [`replication`] | leader, in-sync replicas, acks, the high watermark, elections |
//! | [`assign`] | which member gets which partition |
//! | [`group`] | joining, leaving, heartbeats and rebalances |

pub mod assign;
mod batch;
mod cluster;
pub mod error;
mod failing;
mod fencing;
pub mod group;
mod keeping;
mod line;
pub mod log;
pub mod offsets;
pub mod partitioner;
pub mod producer;
mod publisher;
mod reading;
mod replicas;
pub mod replication;
mod resetting;
mod seated;
mod seeking;
mod session;
mod settings;
mod setup;
mod transacting;
pub mod transactions;
pub mod view;
mod weigh;
mod window;
mod written;

pub use cluster::Kafka;
pub use error::Error;

/// A partition of a topic; topics are numbered in the order of their names, as every assignor walks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's place in the order of names.
    pub topic: u32,
    /// The partition's number, from 0.
    pub partition: u32,
}
