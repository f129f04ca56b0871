//! Many runs: scenarios that differ in something, each under the same seeds, on as many threads as wanted.
//!
//! The list of jobs is fixed before the first one runs and each writes to its own place, so that results do not depend on
//! the number of threads. Knows no file and no screen.

pub mod column;
pub mod interval;

pub use column::Column;
pub use interval::Interval;

use super::{headless, parallel};
use crate::record::Report;
use crate::scenario::Plan;
use crate::time::Time;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// One scenario of a sweep.
#[derive(Clone, Debug)]
pub struct Row {
    /// What to run.
    pub plan: Arc<Plan>,
    /// What to take from each run.
    pub columns: Vec<Column>,
}

/// What came of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// By replica, then by column. A run that a limit stopped has no figures: they would be those of another length of time.
    pub replicas: Vec<Option<Vec<Option<f64>>>>,
    /// Seeds of the runs that a limit stopped, with the reason.
    pub stopped: Vec<(u64, String)>,
}

impl Results {
    /// The mean of a column over the replicas that have a value.
    pub fn interval(&self, column: usize) -> Interval {
        Interval::of(&self.values(column).flatten().collect::<Vec<_>>())
    }

    /// The mean difference of a column from one of `other` under the same seeds, over the replicas where both have a value.
    pub fn difference(&self, column: usize, other: &Results, others: usize) -> Interval {
        let pairs = self.values(column).zip(other.values(others));
        Interval::of(&pairs.filter_map(|(own, its)| Some(own? - its?)).collect::<Vec<_>>())
    }

    fn values(&self, column: usize) -> impl Iterator<Item = Option<f64>> {
        self.replicas.iter().map(move |figures| figures.as_ref().and_then(|f| f.get(column).copied().flatten()))
    }
}

/// The seed of each replica: `seed`, `seed + 1`, and so on. The same in every row, so that rows share their luck.
pub fn seeds(seed: u64, replicas: usize) -> impl Iterator<Item = u64> {
    (0..replicas as u64).map(move |i| seed.wrapping_add(i))
}

/// Thousandths that progress is told in.
pub const WHOLE: u64 = 1000;

/// Runs every row under every seed, on at most `threads` threads. `progress` is called from all of them with the thousandths
/// of a run that were done since: it adds up to [`WHOLE`] times the number of runs.
pub fn execute(rows: &[Row], seed: u64, replicas: usize, threads: NonZeroUsize, progress: &(dyn Fn(u64) + Sync)) -> Vec<Results> {
    let jobs: Vec<(&Row, u64)> = rows.iter().flat_map(|row| seeds(seed, replicas).map(move |seed| (row, seed))).collect();
    let outcomes = parallel::map(&jobs, threads, |(row, seed)| one(row, *seed, progress));
    let mut results = vec![Results::default(); rows.len()];
    for (at, (outcome, (_, seed))) in outcomes.into_iter().zip(&jobs).enumerate() {
        let result = &mut results[at / replicas];
        match outcome {
            Ok(figures) => result.replicas.push(Some(figures)),
            Err(reason) => {
                result.replicas.push(None);
                result.stopped.push((*seed, reason));
            }
        }
    }
    results
}

/// The figures of a run, or why it stopped.
type Outcome = Result<Vec<Option<f64>>, String>;

fn one(row: &Row, seed: u64, progress: &(dyn Fn(u64) + Sync)) -> Outcome {
    let end = row.plan.duration.seconds().max(1e-9);
    let mut told = 0;
    let mut tell = |now: Time| {
        let reached = ((now.seconds() / end * WHOLE as f64) as u64).clamp(told, WHOLE);
        progress(reached - told);
        told = reached;
    };
    let finished = headless::run(&row.plan, seed, &mut tell);
    tell(Time::NEVER);
    match finished.simulation.stopped() {
        Some(stop) => Err(format!("stopped at {}: {stop}", finished.simulation.now())),
        None => Ok(column::values(&row.columns, Report::of(&finished.simulation, &finished.recorder, 0.0))),
    }
}
