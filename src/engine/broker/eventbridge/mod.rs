//! EventBridge, its classic buses with rules: what it takes in, which rules want it, how targets get it.
//!
//! The pieces here are the service's own rules and know nothing of a run: PutEvents, patterns (in `language`), limits, retries
//! and dead letters, archives and event replays.

pub mod archive;
pub mod delivery;
pub mod envelope;
pub mod limits;
pub mod put_events;
pub mod routing;
