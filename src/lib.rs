//! Tidemill.

#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod engine;
pub mod files;
pub mod ids;
pub mod random;
pub mod record;
pub mod run;
pub mod scenario;
pub mod time;
