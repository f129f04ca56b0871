//! What decides a run, and a run at one moment of it.

use crate::engine::{Observer, Progress, Simulation};
use crate::ids::BrokerId;
use crate::record::Recorder;
use crate::scenario::Plan;
use crate::scenario::broker::Request;
use crate::scenario::faults::Fault;
use crate::scenario::plan::FaultPlan;
use crate::time::Time;
use std::sync::Arc;

/// A plan, a seed, and what was changed on the way: all that a run depends on.
#[derive(Clone, Debug)]
pub struct Script {
    /// What runs, as it is at the start.
    pub plan: Arc<Plan>,
    /// With which seed.
    pub seed: u64,
    /// What happens to it on the way, in order of time.
    pub turns: Vec<Turn>,
}

/// Something that changes a run from outside: an intervention, ready to be made.
#[derive(Clone, Debug)]
pub struct Turn {
    /// When: after everything else that happens at this time.
    pub at: Time,
    /// What.
    pub change: Change,
}

/// What is changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// The plan that holds from there on.
    Plan(Arc<Plan>),
    /// Something goes wrong.
    Begin(FaultPlan),
    /// It is mended; nothing happens if it is not at work.
    End(Fault),
    /// A broker is asked to do something that it can do.
    Ask(BrokerId, Request),
}

/// A run at one moment. A copy is a checkpoint.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The state.
    pub simulation: Simulation,
    /// The figures.
    pub recorder: Recorder,
    /// How many turns of the script have been taken.
    pub taken: usize,
}

impl Script {
    /// A run that nobody interferes with.
    pub fn plain(plan: Arc<Plan>, seed: u64) -> Script {
        Script { plan, seed, turns: Vec::new() }
    }
}

impl Moment {
    /// The very start, with a series of at most so many bins.
    pub fn start(script: &Script, bins: usize) -> Moment {
        let mut moment = Moment {
            simulation: Simulation::new(Arc::clone(&script.plan), script.seed),
            recorder: Recorder::with_bins(Arc::clone(&script.plan), bins),
            taken: 0,
        };
        moment.recorder.pass(Time::ZERO);
        moment
    }

    /// When.
    pub fn now(&self) -> Time {
        self.simulation.now()
    }

    /// Goes on as the script says, up to and including `until` (turns at that time included), or `steps` steps, whichever comes first.
    ///
    /// The simulation is compiled anew for every type of observer that it is given, and it is large. So there are two here: the
    /// recorder alone, which is what speed is measured by, and the recorder with somebody behind a pointer.
    pub fn advance(&mut self, script: &Script, until: Time, steps: u64, observer: &mut dyn Observer) -> Progress {
        let end = self.simulation.steps().saturating_add(steps);
        loop {
            let turn = script.turns.get(self.taken).filter(|turn| turn.at <= until);
            let left = end - self.simulation.steps();
            let to = turn.map_or(until, |turn| turn.at);
            let progress = match observer.is_nobody() {
                true => self.simulation.advance(to, left, &mut self.recorder),
                false => self.simulation.advance(to, left, &mut (&mut self.recorder, &mut *observer)),
            };
            self.recorder.pass(self.simulation.now());
            match turn {
                Some(turn) if progress == Progress::Reached && self.simulation.now() >= turn.at => self.take(turn, observer),
                _ => return progress,
            }
        }
    }

    /// Makes a change, now.
    pub fn take(&mut self, turn: &Turn, observer: &mut dyn Observer) {
        let mut both = (&mut self.recorder, observer);
        match &turn.change {
            Change::Plan(plan) => {
                self.simulation.adopt(plan, &mut both);
                self.recorder.adopt(plan);
            }
            Change::Begin(fault) => self.simulation.begin_fault(fault.clone(), &mut both),
            Change::End(fault) => {
                self.simulation.end_fault(fault, &mut both);
            }
            Change::Ask(broker, request) => self.simulation.ask(*broker, request, &mut both),
        }
        self.recorder.pass(self.simulation.now());
        self.taken += 1;
    }
}
