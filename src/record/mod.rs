//! What a run leaves: totals, histograms, time-weighted levels, series. Observers of the engine; the engine does not know them.

pub mod cells;
pub mod fates;
pub mod faults;
pub mod heat;
mod held;
pub mod histogram;
mod level;
pub mod recorder;
pub mod report;
pub mod series;
mod staleness;
mod stores;
mod tape;
pub mod totals;

pub use recorder::Recorder;
pub use report::Report;
pub use series::Series;
pub use stores::StoreFigures;
pub use totals::Totals;
