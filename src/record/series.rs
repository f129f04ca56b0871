//! Figures over time: the run cut into bins of equal width, one row of all nodes and outlets per finished bin.
//!
//! Rows are shared, so that handing the whole series to the window costs one pointer per row. Memory is bounded: the
//! number of bins shrinks as the number of nodes and outlets grows (see [`Series::bins_for`]).

use crate::ids::{NodeId, OutletId};
use crate::time::{Span, Time};
use std::sync::Arc;

/// The finished bins of a run so far.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Width of a bin.
    pub width: Span,
    /// Finished bins, oldest first; the i-th covers `i * width .. (i + 1) * width`.
    pub rows: Vec<Arc<Row>>,
}

/// One bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where the bin ends.
    pub end: Time,
    /// By [`NodeId`].
    pub nodes: Box<[NodeBin]>,
    /// By [`OutletId`].
    pub outlets: Box<[OutletBin]>,
}

/// A node within a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeBin {
    /// Per second: emitted by a producer, taken in by a broker, handled to the end by a consumer, served by a store.
    pub throughput: f32,
    /// Mean seconds from publish to the end of handling, or from a call's arrival at a store to its end; not a number if nothing ended.
    pub latency: f32,
    /// Events owed to a consumer and not finished, calls waiting for a connection of a store; time-weighted mean.
    pub lag: f32,
    /// Share of a consumer's workers that were busy, or of a store's connections.
    pub utilisation: f32,
    /// How old a consumer's projection was, in seconds, mean over time; 0 without one.
    pub staleness: f32,
}

/// An outlet within a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutletBin {
    /// Events waiting, time-weighted mean.
    pub depth: f32,
    /// The most events that waited at once.
    pub depth_max: f32,
}

impl Series {
    /// Memory bound: cells (a node or an outlet in a bin) that a series may hold, about 64 MB.
    const CELLS: usize = 4_000_000;

    /// How many bins a run is cut into, given how many nodes and outlets each row holds: 10 to 1,000.
    pub fn bins_for(entities: usize) -> usize {
        (Self::CELLS / entities.max(1)).clamp(10, 1000)
    }

    /// `(time in seconds at the middle of the bin, value)` of one node's figure, oldest first.
    pub fn of_node(&self, node: NodeId, figure: impl Fn(&NodeBin) -> f32) -> impl Iterator<Item = [f64; 2]> {
        let half = self.width.seconds() / 2.0;
        self.rows.iter().filter_map(move |row| Some([row.end.seconds() - half, f64::from(figure(row.nodes.get(node.index())?))]))
    }

    /// The same of one outlet.
    pub fn of_outlet(&self, outlet: OutletId, figure: impl Fn(&OutletBin) -> f32) -> impl Iterator<Item = [f64; 2]> {
        let half = self.width.seconds() / 2.0;
        self.rows.iter().filter_map(move |row| Some([row.end.seconds() - half, f64::from(figure(row.outlets.get(outlet.index())?))]))
    }
}
