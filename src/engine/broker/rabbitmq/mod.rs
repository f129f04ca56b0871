//! RabbitMQ's rules as RabbitMQ has them: plain values in its own words, driven by whoever holds them.
//!
//! Modelled is RabbitMQ 4.0.5 with AMQP 0-9-1. Nothing here knows the agenda, links or workers: time is told as nanoseconds, and
//! the model says when it next wants to be told ([`Broker::due`]). Each file is one idea; [`broker`] puts exchanges and queues
//! together, [`session`] adds what a client's connections and channels mean. Common messages cost no allocation: names are
//! numbers, and what few messages have ([`message::Rare`]) stands apart.

pub mod broker;
mod classic;
mod cluster;
pub mod consumer;
pub mod death;
pub mod declare;
pub mod discards;
pub mod exchange;
pub mod fault;
mod flow;
pub mod headers;
mod lives;
pub mod message;
pub mod names;
pub mod out;
pub mod queue;
mod quorum;
mod reading;
mod rotation;
mod rules;
pub mod session;
pub mod settings;
mod setup;
mod store;
pub mod stream;
pub mod topic;
pub mod topology;
pub mod value;
pub mod view;

pub use broker::{Broker, Published};
pub use rules::RabbitMq;
pub use session::Session;
