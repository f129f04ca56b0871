//! Executing runs: headless in one go, many of them side by side, or paced against wall time on a thread of its own.

pub mod bench;
mod flights;
pub mod frame;
pub mod headless;
pub mod pacing;
pub mod parallel;
mod rates;
pub mod runner;
pub mod sweep;

pub use frame::Frame;
pub use runner::{Command, Runner};
