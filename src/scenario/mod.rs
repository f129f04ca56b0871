//! The document and nothing else: text in, a [`Plan`] out, and back to text.
//!
//! Knows no clock, no thread, no file, no window, no engine. Other files that a scenario names (traces) are asked
//! for through [`Files`], so that the caller decides where they come from.

mod adoptable;
pub mod assign;
pub mod broker;
pub mod chains;
pub mod change;
pub mod check;
mod diagnose;
pub mod document;
pub mod expect;
pub mod faults;
pub mod handling;
pub mod intervention;
mod knots;
pub mod lesson;
pub mod lint;
pub mod locate;
mod names;
pub mod needs;
pub mod pairs;
pub mod plan;
pub mod problem;
pub mod publishing;
pub mod read;
pub mod recording;
pub mod schedule;
pub mod set;
pub mod shapes;
pub mod state;
pub mod store;
pub mod trace;
pub mod units;
pub mod wording;
pub mod write;

pub use check::check;
pub use document::Scenario;
pub use plan::Plan;
pub use problem::{Problem, Severity};
pub use read::{load, read, read_bytes};
pub use set::{set, set_for};
use std::sync::Arc;
use trace::Table;
pub use write::{write, write_over};

/// Where the text of files named in a scenario comes from.
pub trait Files {
    /// The whole text of `name` as written in the scenario (a path relative to it), or why it cannot be had.
    fn read(&self, name: &str) -> Result<String, String>;

    /// The same as a table of recorded arrivals, or what is wrong and what to do about it. Asked for at every check: whoever can tell that
    /// a file is still the same need not read it again.
    fn table(&self, name: &str) -> Result<Arc<Table>, (String, Option<String>)> {
        let text = self.read(name).map_err(|why| (why, None))?;
        Table::parse(name, &text).map(Arc::new)
    }
}

/// No files at all: every trace is refused.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, name: &str) -> Result<String, String> {
        Err(format!("`{name}` cannot be read here: this scenario was not loaded from a folder"))
    }
}
