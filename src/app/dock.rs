//! How the parts that show a run over time are looked at, whichever of them is in front.

use super::branches::Branching;
use super::journeys::Finding;
use super::plots::Plotting;
use super::timeline::TimeView;

/// What is remembered of how things are looked at, until something else is opened.
#[derive(Debug, Default)]
pub struct Dock {
    /// Which figures are plotted.
    pub plotting: Plotting,
    /// How the timeline is looked at.
    pub time: TimeView,
    /// What is looked for among events.
    pub finding: Finding,
    /// What is typed and chosen among the branches.
    pub branching: Branching,
}
