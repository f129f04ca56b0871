//! Executing runs: headless in one go, many of them side by side, or paced against wall time on a thread of its own.

pub mod bench;
pub mod brokers;
mod flights;
pub mod frame;
pub mod headless;
pub mod pacing;
mod rates;
pub mod runner;
pub mod sweep;

pub use frame::Frame;
pub use runner::{Command, Runner};
