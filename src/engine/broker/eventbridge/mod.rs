//! EventBridge, its classic buses with rules: what it takes in, which rules want it, how targets get it.
//!
//! The service's own rules know nothing of a run: PutEvents, limits, retries and dead letters, archives; patterns and inputs are in
//! `language`. `service` puts them to work: an event that arrives is looked up (`table`, `setup`) and delivered to every
//! target of every rule that wants it, each for itself.
//!
//! # Fidelity and limits
//!
//! See [`FIDELITY`](crate::scenario::broker::eventbridge::FIDELITY), which the window shows.

pub mod archive;
pub mod delivery;
pub mod envelope;
mod letter;
pub mod limits;
pub mod put_events;
mod putting;
mod queue;
mod quota;
pub mod replaying;
pub mod routing;
mod service;
mod setup;
mod table;
pub mod view;

pub use service::EventBridge;
