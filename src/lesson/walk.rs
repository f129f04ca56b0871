//! Going through a lesson with its reference solutions: the scenario, and one run of it, from step to step.

use super::judge::Shown;
use crate::record::report::Figures;
use crate::record::{Report, Series};
use crate::run::script::{Moment, Script};
use crate::run::source::Source;
use crate::scenario::intervention::Intervention;
use crate::scenario::lesson::{Act, Step};
use crate::scenario::{Files, Plan, Problem, Scenario, write};
use crate::time::{Span, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Looks at the figures in a run: as often as the window does at its usual speed in a run of a minute.
const LOOKS: u64 = 240;
/// Steps of the simulation between two looks at whether to stop.
const STRIDE: u64 = 100_000;

/// A lesson under way. A copy is a checkpoint.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The scenario as changed so far, without its lesson.
    pub scenario: Scenario,
    /// What was changed on the way since the run began.
    pub interventions: Vec<Intervention>,
    /// Once another thread sets it, the run goes no further.
    pub stop: Arc<AtomicBool>,
    source: Source,
    script: Script,
    moment: Moment,
}

/// Where a run stands when a condition was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It holds, at this time.
    At(Time),
    /// It did not come to hold.
    Never,
}

impl Walk {
    /// At the start of a scenario.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(scenario: &Scenario, files: Arc<dyn Files + Send + Sync>) -> Result<Walk, Vec<Problem>> {
        let scenario = Scenario { lesson: None, ..scenario.clone() };
        let source = Source { text: write(&scenario), name: scenario.name.clone(), files };
        let script = source.script(None, &[])?;
        let moment = Moment::start(&script, Series::PLAIN);
        Ok(Walk { scenario, interventions: Vec::new(), stop: Arc::default(), source, script, moment })
    }

    /// What runs.
    pub fn plan(&self) -> &Arc<Plan> {
        self.moment.simulation.plan()
    }

    /// When.
    pub fn now(&self) -> Time {
        self.moment.now()
    }

    /// What the run came to so far.
    pub fn figures(&self) -> Figures {
        Report::of(&self.moment.simulation, &self.moment.recorder, 0.0).figures()
    }

    /// Whether a condition holds now.
    pub fn holds(&self, condition: &str) -> bool {
        Shown { plan: self.plan(), figures: &self.figures() }.holds(condition)
    }

    /// Begins the run of the scenario anew, without what was changed on the way.
    ///
    /// # Errors
    /// What is wrong with the scenario as it is now.
    pub fn anew(&mut self) -> Result<(), Vec<Problem>> {
        self.source.text = write(&self.scenario);
        self.interventions.clear();
        self.script = self.source.script(None, &[])?;
        self.moment = Moment::start(&self.script, Series::PLAIN);
        Ok(())
    }

    /// Does what is to be done, now.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn act(&mut self, acts: &[Act]) -> Result<(), String> {
        let first = |problems: Vec<Problem>| problems.into_iter().next().map(|p| p.message).unwrap_or_default();
        let mut changed = false;
        for act in acts.iter().filter(|act| act.on_the_way().is_none()) {
            act.change(&mut self.scenario).map_err(|(message, _)| message)?;
            changed = true;
        }
        if changed {
            self.anew().map_err(first)?;
        }
        for what in acts.iter().filter_map(Act::on_the_way).cloned() {
            self.interventions.push(Intervention { at: self.now() - Time::ZERO, what });
            self.script = self.source.script(None, &self.interventions).map_err(first)?;
            // After everything else that happens at this time: the turn is the script's last, and the run goes up to it.
            let now = self.now();
            self.moment.advance(&self.script, now, u64::MAX, &mut ());
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Lets the run go on to a time.
    pub fn advance(&mut self, to: Time) {
        let to = to.min(self.script.plan.duration);
        loop {
            let before = self.moment.simulation.steps();
            self.moment.advance(&self.script, to, STRIDE, &mut ());
            // After fewer it is there, or a limit has stopped it.
            if self.moment.simulation.steps() - before < STRIDE || self.stopped() {
                return;
            }
        }
    }

    /// Lets the run go on until a condition holds, at most to `by`.
    pub fn seek(&mut self, condition: &str, by: Time) -> Reached {
        let stride = Span((self.script.plan.duration.0 / LOOKS).max(1));
        loop {
            if self.holds(condition) {
                return Reached::At(self.now());
            }
            if self.now() >= by {
                return Reached::Never;
            }
            let before = self.now();
            self.advance((before + stride).min(by));
            if self.now() <= before || self.stopped() {
                // A limit has stopped it, or another thread.
                return Reached::Never;
            }
        }
    }

    /// The time by which a step's run is over.
    pub fn end(&self, step: &Step) -> Time {
        step.by.map_or(self.script.plan.duration, |by| Time::ZERO + by)
    }

    /// Goes through a step: begins anew where it says so, does what is to be done, and lets the run go on until it is reached.
    ///
    /// # Errors
    /// Why the step's action cannot be done.
    pub fn take(&mut self, step: &Step) -> Result<Reached, String> {
        if step.anew {
            self.anew().map_err(|problems| problems.into_iter().next().map(|p| p.message).unwrap_or_default())?;
        }
        self.act(&step.act)?;
        Ok(match (&step.until, step.by) {
            (Some(until), _) => self.seek(until, self.end(step)),
            (None, Some(_)) => {
                self.advance(self.end(step));
                Reached::At(self.now())
            }
            (None, None) => Reached::At(self.now()),
        })
    }
}
