//! Executing runs: headless in one go, many of them side by side, or paced against wall time on a thread of its own.

pub mod bench;
pub mod branches;
pub mod brokers;
pub mod checkpoints;
mod condition;
pub mod contrast;
pub mod find;
mod flights;
pub mod frame;
pub mod headless;
pub mod journey;
pub mod look;
pub mod pacing;
pub mod parallel;
mod picture;
pub mod rival;
pub mod runner;
pub mod script;
pub mod source;
mod stage;
pub mod sweep;
pub mod verdict;
pub mod watch;
pub mod why;
pub mod words;

pub use frame::Frame;
pub use rival::{Against, Rival};
pub use runner::{Command, Runner};
pub use script::{Moment, Script};
pub use source::Source;
