//! The small languages people write into a scenario: JSON, event patterns, input templates.
//!
//! Each is text to a checked value, or an error with its place in that text. Nothing here knows scenarios, brokers or time.

pub mod facts;
pub mod json;
pub mod matcher;
pub mod pattern;
pub mod template;

pub use json::Fault;
