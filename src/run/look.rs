//! Looking things up in a run that is recorded: on a thread of its own, from checkpoints, so that the run goes on meanwhile.

use super::checkpoints::Checkpoint;
use super::contrast::{Contrast, contrast};
use super::find::{Finder, Found, Query};
use super::journey::{Journey, Tracer, event_of};
use super::rival::Against;
use super::script::{Moment, Script};
use super::why::{Evidence, Insight, diagnose};
use crate::engine::{Observation, Observer, Progress};
use crate::ids::EventId;
use crate::record::Series;
use crate::time::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is to be looked up, on the branch that is shown and up to its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Events.
    Find(Query),
    /// The journey of one event.
    Journey(EventId),
    /// From when on another run differs.
    Contrast(Against),
    /// What a person should notice.
    Why,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Events, and how many there are in all.
    Found(Query, Arc<Vec<Found>>, u64),
    /// A journey; none if there is no such event before the moment.
    Journey(EventId, Option<Arc<Journey>>),
    /// From when on another run differs.
    Contrast(Against, Arc<Contrast>),
    /// What a person should notice, up to a moment.
    Why(Time, Arc<Vec<Insight>>),
}

/// The latest answers.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// To [`Look::Find`].
    pub found: Option<(Query, Arc<Vec<Found>>, u64)>,
    /// To [`Look::Journey`].
    pub journey: Option<(EventId, Option<Arc<Journey>>)>,
    /// To [`Look::Contrast`].
    pub contrast: Option<(Against, Arc<Contrast>)>,
    /// To [`Look::Why`].
    pub why: Option<(Time, Arc<Vec<Insight>>)>,
    /// Whether something is being looked up.
    pub looking: bool,
}

/// Steps between two looks at whether the answer is still wanted.
const STRIDE: u64 = 20_000;

/// What it takes to look something up.
pub(super) struct Library {
    pub(super) script: Script,
    /// Along the branch, in order of time; the start first.
    pub(super) checkpoints: Vec<Arc<Checkpoint>>,
    /// Up to when.
    pub(super) until: Time,
    /// Another run, and both where they are still the same: ours and theirs.
    pub(super) other: Option<(Script, Moment, Moment)>,
    /// Set once nobody waits for the answer any more.
    pub(super) cancelled: Arc<AtomicBool>,
}

impl Library {
    /// Looks something up; none if it was cancelled.
    pub(super) fn look(&self, look: &Look) -> Option<Answer> {
        match look {
            Look::Find(query) => {
                let mut moment = self.start();
                let mut finder = Finder::new(&self.script.plan, moment.simulation.keys(), query.clone());
                self.follow(&mut moment, &mut finder, |_| false)?;
                finder.look_at(&moment.simulation);
                let (found, all) = finder.finish();
                Some(Answer::Found(query.clone(), Arc::new(found), all))
            }
            Look::Journey(event) => Some(Answer::Journey(*event, self.journey(*event)?.map(Arc::new))),
            Look::Contrast(against) => {
                let (script, ours, theirs) = self.other.as_ref()?;
                let cancelled = || self.cancelled.load(Ordering::Relaxed);
                let found = contrast((&self.script, ours.clone()), (script, theirs.clone()), self.until, &cancelled);
                found.map(|found| Answer::Contrast(*against, Arc::new(found)))
            }
            Look::Why => {
                let mut moment = self.start();
                let mut evidence = Evidence::new(&self.script.plan);
                self.follow(&mut moment, &mut evidence, |_| false)?;
                Some(Answer::Why(moment.now(), Arc::new(diagnose(&moment, &evidence))))
            }
        }
    }

    fn start(&self) -> Moment {
        match self.checkpoints.first() {
            Some(start) => start.moment.clone(),
            None => Moment::start(&self.script, Series::PLAIN),
        }
    }

    /// The latest checkpoint before an event was published.
    fn before(&self, event: EventId) -> Moment {
        let not_yet = |c: &&Arc<Checkpoint>| c.moment.simulation.published(event.emitter()) <= event.serial();
        self.checkpoints.iter().take_while(not_yet).last().map_or_else(|| self.start(), |c| c.moment.clone())
    }

    /// The outer option: whether it was not cancelled; the inner one: whether there is such an event.
    fn journey(&self, event: EventId) -> Option<Option<Journey>> {
        if event.emitter().index() >= self.script.plan.emitters.len() {
            return Some(None);
        }
        let mut moment = self.before(event);
        let mut birth = Birth { event, root: None };
        self.follow(&mut moment, &mut birth, |birth| birth.root.is_some())?;
        let Some(root) = birth.root else { return Some(None) };
        let mut moment = self.before(root);
        let mut tracer = Tracer::new(&self.script.plan, moment.simulation.keys(), root);
        self.follow(&mut moment, &mut tracer, Tracer::done)?;
        Some(Some(tracer.journey(event, moment.now())))
    }

    /// Simulates up to the end with somebody watching, or until `done`. None if it was cancelled.
    fn follow<O: Observer>(&self, moment: &mut Moment, observer: &mut O, done: impl Fn(&O) -> bool) -> Option<()> {
        loop {
            let progress = moment.advance(&self.script, self.until, STRIDE, observer);
            if self.cancelled.load(Ordering::Relaxed) {
                return None;
            }
            if progress != Progress::Paused || done(observer) {
                return Some(());
            }
        }
    }
}

/// What a person should notice about a run up to a moment.
pub fn why(script: &Script, until: Time) -> Vec<Insight> {
    let mut moment = Moment::start(script, Series::PLAIN);
    let mut evidence = Evidence::new(&script.plan);
    while moment.advance(script, until, STRIDE, &mut evidence) == Progress::Paused {}
    diagnose(&moment, &evidence)
}

/// Waits for an event to be published.
struct Birth {
    event: EventId,
    root: Option<EventId>,
}

impl Observer for Birth {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        if let Observation::Published { .. } = what
            && let Some(event) = event_of(what).filter(|event| event.id == self.event)
        {
            self.root = Some(event.root);
        }
    }
}
