//! What a run leaves: totals, histograms, time-weighted levels, series. Observers of the engine; the engine does not know them.

pub mod series;
pub mod totals;

pub use series::Series;
pub use totals::Totals;
