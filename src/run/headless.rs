//! A run in one go, as fast as the machine can.

use super::script::{Moment, Script};
use crate::engine::{Progress, Simulation};
use crate::record::{Recorder, Report, Series};
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;
use std::time::Instant;

/// Steps between two reports of progress: some milliseconds.
const STRIDE: u64 = 100_000;

/// A finished run.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its state at the end.
    pub simulation: Simulation,
    /// Its figures.
    pub recorder: Recorder,
    /// Wall seconds it took.
    pub wall: f64,
}

impl Finished {
    /// The report, expectations included.
    pub fn report(&self) -> Report {
        let mut report = Report::of(&self.simulation, &self.recorder, self.wall);
        report.judge(&self.simulation.plan().expectations);
        report
    }
}

/// Runs a plan to its end or to a limit. `progress` is told the virtual time every few milliseconds.
pub fn run(plan: &Arc<Plan>, seed: u64, progress: &mut dyn FnMut(Time)) -> Finished {
    follow(&Script::plain(Arc::clone(plan), seed), progress)
}

/// The same with everything that was changed on the way.
pub fn follow(script: &Script, progress: &mut dyn FnMut(Time)) -> Finished {
    follow_marked(script, script.plan.duration, 0, progress).0
}

/// The same up to `until`, with the fingerprints at `marks` moments evenly spread on the way.
pub fn follow_marked(script: &Script, until: Time, marks: u64, progress: &mut dyn FnMut(Time)) -> (Finished, Vec<(Time, u64)>) {
    let spread = (1..=marks).map(|mark| Time((u128::from(until.0) * u128::from(mark) / u128::from(marks + 1)) as u64));
    follow_past(script, until, &spread.collect::<Vec<_>>(), progress)
}

/// The same with the fingerprints at these moments, in order of time and none after `until`.
#[allow(clippy::disallowed_methods, reason = "wall time is measured here to be shown; it does not reach the run")]
pub fn follow_past(script: &Script, until: Time, marks: &[Time], progress: &mut dyn FnMut(Time)) -> (Finished, Vec<(Time, u64)>) {
    let began = Instant::now();
    let mut moment = Moment::start(script, Series::PLAIN);
    let mut reach = |to: Time| {
        while moment.advance(script, to, STRIDE, &mut ()) == Progress::Paused {
            progress(moment.now());
        }
        moment.simulation.fingerprint()
    };
    let trail = marks.iter().map(|mark| (*mark, reach(*mark))).collect();
    reach(until);
    let Moment { simulation, recorder, .. } = moment;
    (Finished { simulation, recorder, wall: began.elapsed().as_secs_f64() }, trail)
}
