//! Executing runs: headless in one go, or paced against wall time on a thread of its own.

pub mod frame;
pub mod runner;

pub use frame::Frame;
pub use runner::{Command, Runner};
