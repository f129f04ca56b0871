//! A run with its recorded past and its branches, as the runner drives it: at one moment, on the way to another, or playing.

use super::branches::{Branch, BranchInfo};
use super::checkpoints::{Checkpoint, Checkpoints};
use super::flights::Flights;
use super::frame::{Past, PlayState, Refusal, Speed};
use super::look::{Answer, Answers, Library, Look};
use super::pacing::Pacing;
use super::rival::{Against, Companion, Rival};
use super::runner::Command;
use super::script::{Moment, Script};
use super::source::Source;
use super::watch::Watch;
use crate::engine::Progress;
use crate::ids::NodeId;
use crate::record::Series;
use crate::record::report::Figures;
use crate::scenario::intervention::{Intervention, What};
use crate::time::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Time between frames while playing.
pub(super) const FRAME: Duration = Duration::from_millis(16);
/// Wall time to simulate before looking for commands again.
const SLICE: Duration = Duration::from_millis(12);
/// Steps between two looks at the clock: well under a millisecond.
const STRIDE: u64 = 4_000;
/// Time between frames on a long way to another moment.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// See the module.
pub(super) struct Stage {
    pub(super) id: u64,
    pub(super) moment: Moment,
    pub(super) branches: Vec<Branch>,
    /// Which of them is shown.
    pub(super) here: usize,
    pub(super) infos: Arc<Vec<BranchInfo>>,
    source: Option<Arc<Source>>,
    pub(super) checkpoints: Checkpoints,
    pub(super) goal: Option<Goal>,
    pub(super) looping: Option<(Time, Time)>,
    pub(super) follow: bool,
    /// How many interventions came so far.
    pub(super) asked: u64,
    pub(super) refused: Arc<Vec<Refusal>>,
    pub(super) answers: Answers,
    /// The way back for those who look things up.
    pub(super) reply: Option<mpsc::WeakUnboundedSender<Command>>,
    /// The look-up under way: its number, and how to stop it.
    looking: (u64, Arc<AtomicBool>),
    /// The run beside this one, and how many there were.
    pub(super) beside: (Option<Box<Companion>>, u64),
    pub(super) flights: Flights,
    pub(super) latencies: Vec<Option<(f64, f64, f64)>>,
    /// By store: the wait for a connection.
    pub(super) waits: Vec<Option<(f64, f64, f64)>>,
    pub(super) latencies_at: Option<Instant>,
    /// Whether all figures are wanted, and those of a moment ago.
    pub(super) wants_figures: bool,
    pub(super) figures: Option<Arc<Figures>>,
    /// When they were made, and how long it took.
    pub(super) figures_at: Option<(Instant, Duration)>,
    pub(super) state: PlayState,
    pub(super) pacing: Pacing,
    last_tick: Option<Instant>,
    pub(super) last_frame: Option<Instant>,
    /// Wall time the last slice took.
    pub(super) spent: Duration,
    /// Wall time the last frame took to make.
    pub(super) frame_took: Duration,
    /// Virtual seconds per wall second, smoothed.
    pub(super) achieved: f64,
}

/// Where the run is on its way to.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// A moment.
    Time(Time),
    /// The next moment at which something happens at these nodes.
    Next(Vec<NodeId>),
    /// The latest one before `before`, looked for from the checkpoint before `within` on.
    Last { nodes: Vec<NodeId>, before: Time, within: Time },
}

impl Stage {
    pub(super) fn new(script: Script, interventions: Vec<Intervention>, id: u64) -> Stage {
        let moment = Moment::start(&script, Series::FINE);
        let mut checkpoints = Checkpoints::new(Checkpoints::BUDGET);
        checkpoints.offer(0, &moment);
        Stage::at(moment, checkpoints, Branch::first(script, interventions), id)
    }

    /// At the start of a branch that was simulated before, with the checkpoints on its way.
    pub(super) fn on(branch: Branch, along: &[Arc<Checkpoint>], id: u64) -> Stage {
        let moment = along.first().map_or_else(|| Moment::start(&branch.script, Series::FINE), |first| first.moment.clone());
        let mut checkpoints = Checkpoints::new(Checkpoints::BUDGET);
        along.iter().for_each(|checkpoint| checkpoints.adopt(checkpoint));
        Stage::at(moment, checkpoints, branch, id)
    }

    fn at(moment: Moment, checkpoints: Checkpoints, branch: Branch, id: u64) -> Stage {
        let plan = Arc::clone(&branch.script.plan);
        let mut stage = Stage {
            id,
            latencies: vec![None; plan.consumers.len()],
            waits: vec![None; plan.stores.len()],
            moment,
            branches: vec![branch],
            here: 0,
            infos: Arc::default(),
            source: None,
            checkpoints,
            goal: None,
            looping: None,
            follow: false,
            asked: 0,
            refused: Arc::default(),
            answers: Answers::default(),
            reply: None,
            looking: (0, Arc::default()),
            beside: (None, 0),
            flights: Flights::default(),
            latencies_at: None,
            wants_figures: false,
            figures: None,
            figures_at: None,
            state: PlayState::Paused,
            pacing: Pacing::new(Speed::Times(1.0)),
            last_tick: None,
            last_frame: None,
            spent: Duration::ZERO,
            frame_took: Duration::ZERO,
            achieved: 0.0,
        };
        stage.list_branches();
        stage
    }

    /// Whether there is anything to do without being told.
    pub(super) fn moves(&self) -> bool {
        self.goal.is_some() || self.state == PlayState::Playing || !self.in_step()
    }

    /// Whether it is on its way to somewhere, as fast as can be.
    pub(super) fn hurries(&self) -> bool {
        self.goal.is_some() || !self.in_step()
    }

    /// Whether the run beside this one, if there is one, is where this one is.
    fn in_step(&self) -> bool {
        self.beside.0.as_ref().is_none_or(|beside| beside.is_at(self.moment.now()))
    }

    pub(super) fn speed(&self) -> Speed {
        self.pacing.speed()
    }

    pub(super) fn branch(&self) -> &Branch {
        &self.branches[self.here]
    }

    fn over(&self) -> bool {
        matches!(self.state, PlayState::Finished | PlayState::Stopped(_))
    }

    /// The same place for another run.
    fn replace(&mut self, script: Script, interventions: Vec<Intervention>, play: bool) {
        let (pacing, follow, budget, wants) = (self.pacing, self.follow, self.budget(), self.wants_figures);
        // Another run stays beside whatever becomes of this one; branches go with it.
        let beside = (self.beside.0.take().filter(|beside| beside.against == Against::Other), self.beside.1);
        self.looking.1.store(true, Ordering::Relaxed);
        let (reply, source, looking) = (self.reply.take(), self.source.take(), self.looking.0);
        let (asked, refused) = (self.asked, std::mem::take(&mut self.refused));
        *self = Stage::new(script, interventions, self.id + 1);
        (self.reply, self.source, self.looking.0) = (reply, source, looking);
        (self.asked, self.refused) = (asked, refused);
        (self.pacing, self.follow, self.wants_figures) = (pacing, follow, wants);
        self.beside = beside;
        self.limit(budget);
        if let Some(Against::Other) = self.against() {
            self.look_up(Look::Contrast(Against::Other));
        }
        if play {
            self.play();
        }
    }

    fn play(&mut self) {
        self.state = PlayState::Playing;
        self.last_tick = None;
    }

    pub(super) fn seek(&mut self, to: Time) {
        let to = to.min(self.moment.simulation.plan().duration);
        if self.over() && (to < self.moment.now() || self.here_goes_on()) {
            self.state = PlayState::Paused;
        }
        self.goal = Some(Goal::Time(to));
    }

    /// Looks something up on a thread of its own; what was being looked up before is no longer wanted.
    fn look_up(&mut self, look: Look) {
        self.looking.1.store(true, Ordering::Relaxed);
        let (number, cancelled) = (self.looking.0 + 1, Arc::new(AtomicBool::new(false)));
        self.looking = (number, Arc::clone(&cancelled));
        let branch = self.branch();
        let checkpoints = self.checkpoints.along(&branch.lineage);
        let other = match look {
            Look::Contrast(Against::Branch(id)) => self.branches.iter().find(|branch| branch.id == id).and_then(|other| {
                let theirs = self.checkpoints.along(&other.lineage);
                let both =
                    checkpoints.iter().rev().find(|c| c.moment.now() <= self.moment.now() && theirs.iter().any(|t| Arc::ptr_eq(t, c)));
                Some((other.script.clone(), both?.moment.clone(), both?.moment.clone()))
            }),
            Look::Contrast(Against::Other) => self.beside.0.as_ref().filter(|beside| beside.against == Against::Other).map(|beside| {
                let script = beside.stage.branch().script.clone();
                let theirs = Moment::start(&script, Series::PLAIN);
                (script, Moment::start(&branch.script, Series::PLAIN), theirs)
            }),
            _ => None,
        };
        let library = Library { script: branch.script.clone(), checkpoints, other, until: self.moment.now(), cancelled };
        let Some(reply) = self.reply.clone() else { return };
        self.answers.looking = true;
        std::thread::spawn(move || {
            if let (Some(answer), Some(reply)) = (library.look(&look), reply.upgrade()) {
                // Fails only once the runner has ended.
                let _ = reply.send(Command::Answer(number, answer));
            }
        });
    }

    fn hear(&mut self, number: u64, answer: Answer) {
        if number != self.looking.0 {
            return;
        }
        self.answers.looking = false;
        match answer {
            Answer::Found(query, found, all) => self.answers.found = Some((query, found, all)),
            Answer::Journey(event, journey) => self.answers.journey = Some((event, journey)),
            Answer::Contrast(against, contrast) => self.answers.contrast = Some((against, contrast)),
            Answer::Why(at, insights) => self.answers.why = Some((at, insights)),
        }
    }

    /// Whether the branch goes on after the moment: after a jump to one that was simulated further.
    fn here_goes_on(&self) -> bool {
        self.moment.now() < self.branch().recorded
    }

    pub(super) fn obey(&mut self, command: Command) {
        // Whatever it was, the window wants to see the result at once.
        self.last_frame = None;
        match command {
            Command::Play if self.over() => {
                self.seek(Time::ZERO);
                self.play();
            }
            Command::Play => self.play(),
            Command::Pause if !self.over() => self.state = PlayState::Paused,
            Command::Pause => {}
            Command::Step => self.step(),
            Command::Speed(speed) => (self.pacing, self.follow) = (Pacing::new(speed), false),
            Command::Restart => {
                let play = self.state == PlayState::Playing;
                self.seek(Time::ZERO);
                self.state = if play { PlayState::Playing } else { PlayState::Paused };
            }
            Command::Seek(time) => self.seek(time),
            Command::StepBack => self.look(Vec::new(), true),
            Command::Next { nodes, back } => self.look(nodes, back),
            Command::Follow(on) => self.follow = on,
            Command::Loop(span) => self.looping = span.filter(|(from, to)| from < to),
            Command::Load { plan, seed, play } => self.replace(Script::plain(plan, seed), Vec::new(), play),
            Command::Source { source, interventions } => self.take_source(source, interventions),
            Command::Intervene(what) => self.intervene(what),
            Command::Changes { wanted, name } => self.with_changes(wanted, name),
            Command::Branch(id) => self.switch(id),
            Command::Name(id, name) => {
                self.branches.iter_mut().filter(|branch| branch.id == id).for_each(|branch| branch.name.clone_from(&name));
                self.list_branches();
            }
            Command::Budget(bytes) => self.limit(bytes),
            Command::Compare(rival) => self.compare(rival),
            Command::Figures(wanted) => {
                self.wants_figures = wanted;
                // The next picture has them, or has none.
                (self.figures, self.figures_at, self.latencies_at) = (None, None, None);
            }
            Command::Look(look) => self.look_up(look),
            Command::Answer(number, answer) => self.hear(number, answer),
        }
    }

    fn take_source(&mut self, source: Arc<Source>, interventions: Vec<Intervention>) {
        if !interventions.is_empty() {
            match source.script(Some(self.branch().script.seed), &interventions) {
                Ok(script) => self.replace(script, interventions, self.state == PlayState::Playing),
                Err(problems) => self.refuse(None, problems.first().map(|p| p.message.clone()).unwrap_or_default()),
            }
        }
        self.source = Some(source);
    }

    /// Says why something could not be done, and which intervention it was, if it was one.
    fn refuse(&mut self, intervention: Option<u64>, why: String) {
        let number = self.refused.last().map_or(1, |last| last.number + 1);
        let refused = Arc::make_mut(&mut self.refused);
        refused.push(Refusal { number, intervention, why: why.into() });
        if refused.len() > Past::REFUSALS {
            refused.remove(0);
        }
    }

    /// Changes something now: at the end of what was simulated the branch goes on with it, before that a new branch begins.
    fn intervene(&mut self, what: What) {
        self.asked += 1;
        let number = Some(self.asked);
        let Some(source) = self.source.clone() else { return self.refuse(number, "this run has no scenario text to change".to_owned()) };
        // After everything else that happens at this time.
        let now = self.moment.now();
        while self.go(now) == Progress::Paused {}
        let taken = self.moment.taken;
        let mut interventions = self.branch().interventions[..taken].to_vec();
        interventions.push(Intervention { at: now - Time::ZERO, what });
        let script = match source.script(Some(self.branch().script.seed), &interventions) {
            Ok(script) => script,
            Err(problems) => {
                let problem = problems.first();
                let words = problem.map(|p| p.help.as_ref().map_or(p.message.clone(), |help| format!("{}: {help}", p.message)));
                return self.refuse(number, words.unwrap_or_default());
            }
        };
        self.goal = None;
        self.keep_film();
        if self.here_goes_on() || self.branch().script.turns.len() > taken {
            let id = self.branches.iter().map(|branch| branch.id).max().unwrap_or(0) + 1;
            let name = interventions.last().map(|i| i.what.to_string()).unwrap_or_default();
            let branch = self.branch().fork(id, name, now, taken);
            self.branches.push(branch);
            self.here = self.branches.len() - 1;
        }
        let branch = &mut self.branches[self.here];
        (branch.script, branch.interventions) = (script, interventions);
        self.moment.take(&branch.script.turns[taken], &mut self.flights);
        self.checkpoints.take(branch.id, &self.moment);
        if self.over() && self.moment.now() < self.moment.simulation.plan().duration {
            self.state = PlayState::Paused;
        }
        self.keep_film();
        self.list_branches();
    }

    /// See [`Command::Changes`].
    fn with_changes(&mut self, wanted: Vec<Intervention>, name: Option<String>) {
        if let Some(known) = self.branches.iter().find(|branch| branch.interventions == wanted) {
            return self.switch(known.id);
        }
        let Some(source) = self.source.clone() else { return self.refuse(None, "this run has no scenario text to change".to_owned()) };
        let script = match source.script(Some(self.branch().script.seed), &wanted) {
            Ok(script) => script,
            Err(problems) => return self.refuse(None, problems.first().map(|p| p.message.clone()).unwrap_or_default()),
        };
        let ours = &self.branch().interventions;
        let alike = ours.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        let Some(at) = ours.get(alike).into_iter().chain(wanted.get(alike)).map(Intervention::time).min() else { return };
        let name = name.unwrap_or_else(|| match (wanted.get(alike), ours.get(alike)) {
            (Some(change), _) => change.what.to_string(),
            (None, Some(without)) => format!("Without {}", without.what),
            (None, None) => String::new(),
        });
        let id = self.branches.iter().map(|branch| branch.id).max().unwrap_or(0) + 1;
        let fork = self.branch().fork(id, name, at, alike);
        self.branches.push(Branch { script, interventions: wanted, ..fork });
        let now = self.moment.now();
        self.switch(id);
        // What the new branch is like is known only once it has been simulated.
        self.seek(now.max(at));
    }

    fn switch(&mut self, id: u32) {
        let Some(to) = self.branches.iter().position(|branch| branch.id == id) else { return };
        if to == self.here {
            return;
        }
        self.keep_film();
        let (now, from) = (self.moment.now(), self.branch().id);
        self.here = to;
        let start = self.checkpoints.before(&self.branch().lineage, now.min(self.branch().recorded)).cloned();
        if let Some(checkpoint) = start {
            self.moment = checkpoint.moment.clone();
        }
        self.seek(now.min(self.branch().recorded.max(self.moment.now())));
        if self.over() {
            self.state = PlayState::Paused;
        }
        if self.against() == Some(Against::Branch(id)) {
            // The two change places.
            self.compare(Some(Rival::Branch(from)));
        }
        self.list_branches();
    }

    /// What is beside this run.
    fn against(&self) -> Option<Against> {
        self.beside.0.as_ref().map(|beside| beside.against)
    }

    /// Puts another run beside this one, or takes it away.
    fn compare(&mut self, rival: Option<Rival>) {
        let budget = self.budget();
        let id = (self.beside.1 + 1) << 32;
        let companion = match rival {
            None => None,
            Some(Rival::Branch(id)) if id == self.branch().id => return,
            Some(Rival::Branch(branch)) => match self.branches.iter().find(|known| known.id == branch) {
                Some(known) => Some(Companion::branch(known.clone(), &self.checkpoints.along(&known.lineage), id)),
                None => return self.refuse(None, "this branch is no longer there to compare with".to_owned()),
            },
            Some(Rival::Other { name, script, interventions }) => Some(Companion::other(name, Script::clone(&script), interventions, id)),
        };
        self.beside = (companion.map(Box::new), self.beside.1 + 1);
        self.answers.contrast = None;
        self.limit(budget);
        if let Some(against) = self.against() {
            self.look_up(Look::Contrast(against));
        }
    }

    /// Bytes that checkpoints may take: all of this run's, or half of them while another is beside it.
    pub(super) fn budget(&self) -> usize {
        self.checkpoints.budget() + self.beside.0.as_ref().map_or(0, |beside| beside.stage.checkpoints.budget())
    }

    fn limit(&mut self, bytes: usize) {
        let half = if self.beside.0.is_some() { bytes / 2 } else { 0 };
        self.checkpoints.limit(bytes - half);
        if let Some(beside) = &mut self.beside.0 {
            beside.stage.checkpoints.limit(half);
        }
    }

    /// The run beside this one takes a slice of its way to where this one is.
    fn keep_in_step(&mut self) {
        let (now, plays) = (self.moment.now(), self.state == PlayState::Playing);
        let Some(beside) = &mut self.beside.0 else { return };
        beside.follow(now, plays);
        if beside.is_at(now) {
            // Both are to be seen at once: nothing else may come to make another picture.
            self.last_frame = None;
        }
        // What was found out about a branch there is known here as well.
        let (there, Against::Branch(id)) = (beside.stage.branch(), beside.against) else { return };
        if let Some(branch) = self.branches.iter_mut().find(|branch| branch.id == id && branch.recorded < there.recorded) {
            (branch.recorded, branch.film, branch.faults) = (there.recorded, there.film.clone(), there.faults.clone());
            self.list_branches();
        }
    }

    /// Lets what happens up to `to` happen, as far as a slice of wall time reaches.
    #[allow(clippy::disallowed_methods, reason = "slices are cut by wall time")]
    pub(super) fn play_up_to(&mut self, to: Time) {
        let began = Instant::now();
        while self.go(to) == Progress::Paused && began.elapsed() < SLICE {}
    }

    pub(super) fn list_branches(&mut self) {
        self.infos = Arc::new(self.branches.iter().map(Branch::info).collect());
    }

    /// Remembers the series of what was simulated further than ever before.
    pub(super) fn keep_film(&mut self) {
        let now = self.moment.now();
        let branch = &mut self.branches[self.here];
        if now >= branch.recorded {
            branch.recorded = now;
            branch.film = self.moment.recorder.series_at(now);
            branch.faults = self.moment.recorder.faults().spans().to_vec();
        }
    }

    /// To the next moment at which anything happens.
    fn step(&mut self) {
        if self.over() {
            return;
        }
        self.state = PlayState::Paused;
        let turn = self.branch().script.turns.get(self.moment.taken).map(|turn| turn.at);
        let due = self.moment.simulation.next_due().into_iter().chain(turn).min();
        let to = due.unwrap_or(self.moment.simulation.plan().duration);
        while self.go(to) == Progress::Paused {}
    }

    fn look(&mut self, nodes: Vec<NodeId>, back: bool) {
        let now = self.moment.now();
        if back {
            if now == Time::ZERO {
                return;
            }
            self.state = PlayState::Paused;
            self.goal = Some(Goal::Last { nodes, before: now, within: Time(now.0 - 1) });
        } else if !self.over() {
            self.state = PlayState::Paused;
            self.goal = Some(Goal::Next(nodes));
        }
    }

    /// One piece of simulating, and a checkpoint where one is due.
    fn go(&mut self, until: Time) -> Progress {
        let steps = STRIDE.min(self.checkpoints.next(self.moment.simulation.steps()));
        let branch = &self.branches[self.here];
        let progress = self.moment.advance(&branch.script, until, steps, &mut self.flights);
        self.checkpoints.offer(branch.id, &self.moment);
        self.note(progress);
        progress
    }

    /// Does the next slice of what is to be done.
    pub(super) fn work(&mut self) {
        if self.goal.is_some() || self.in_step() {
            self.go_on();
        }
        if self.goal.is_none() && !self.in_step() {
            self.keep_in_step();
        }
    }

    fn go_on(&mut self) {
        match self.goal.clone() {
            Some(Goal::Time(to)) => self.travel(to),
            Some(Goal::Next(nodes)) => self.look_ahead(nodes),
            Some(Goal::Last { nodes, before, within }) => self.look_back(nodes, before, within),
            None if self.state == PlayState::Playing => self.tick(),
            None => {}
        }
    }

    #[allow(clippy::disallowed_methods, reason = "slices are cut by wall time")]
    fn travel(&mut self, to: Time) {
        let began = Instant::now();
        let here = (self.moment.now(), self.moment.simulation.steps());
        let best = self.checkpoints.before(&self.branch().lineage, to).filter(|c| to < here.0 || c.moment.simulation.steps() > here.1);
        if let Some(checkpoint) = best.cloned() {
            self.keep_film();
            self.moment = checkpoint.moment.clone();
            self.jumped();
        }
        self.flights.until = Some(to);
        let arrived = loop {
            if self.go(to) != Progress::Paused {
                break true;
            }
            if began.elapsed() >= SLICE {
                break false;
            }
        };
        self.spent = began.elapsed();
        if arrived {
            self.arrive();
        }
    }

    /// What was on its way is no longer where it was.
    fn jumped(&mut self) {
        self.id += 1;
        self.flights.take();
    }

    fn arrive(&mut self) {
        self.goal = None;
        self.flights.until = None;
        self.last_tick = None;
        self.last_frame = None;
    }

    #[allow(clippy::disallowed_methods, reason = "slices are cut by wall time")]
    fn look_ahead(&mut self, nodes: Vec<NodeId>) {
        let began = Instant::now();
        let mut watch = Watch::new(self.moment.simulation.plan(), nodes);
        while began.elapsed() < SLICE {
            let Some(due) = self.moment.simulation.next_due().filter(|at| *at <= self.moment.simulation.plan().duration) else {
                self.goal = Some(Goal::Time(self.moment.simulation.plan().duration));
                return;
            };
            // All that happens at that time, so that the moment is whole.
            loop {
                let steps = self.checkpoints.next(self.moment.simulation.steps());
                let branch = &self.branches[self.here];
                let progress = self.moment.advance(&branch.script, due, steps, &mut (&mut self.flights, &mut watch));
                self.checkpoints.offer(branch.id, &self.moment);
                self.note(progress);
                if progress != Progress::Paused {
                    break;
                }
            }
            if watch.seen || self.over() {
                return self.arrive();
            }
        }
    }

    /// Looks through the stretch from the checkpoint before `within` to there; goes on with the one before if nothing is found.
    fn look_back(&mut self, nodes: Vec<NodeId>, before: Time, within: Time) {
        let Some(checkpoint) = self.checkpoints.before(&self.branch().lineage, within).cloned() else { return self.arrive() };
        let script = &self.branches[self.here].script;
        let mut watch = Watch::new(&script.plan, nodes.clone());
        let mut moment = checkpoint.moment.clone();
        let mut found = None;
        while let Some(due) = moment.simulation.next_due().filter(|at| *at <= within) {
            if matches!(moment.advance(script, due, u64::MAX, &mut watch), Progress::Stopped(_)) {
                break;
            }
            if std::mem::take(&mut watch.seen) {
                found = Some(due);
            }
        }
        let from = checkpoint.moment.now();
        self.goal = Some(match found {
            Some(at) => Goal::Time(at),
            None if from == Time::ZERO => Goal::Time(Time::ZERO),
            // The checkpoint may stand in the middle of what happens at its time.
            None => Goal::Last { nodes, before, within: if within > from { from } else { Time(from.0 - 1) } },
        });
    }

    #[allow(clippy::disallowed_methods, reason = "pacing is where wall time meets the run")]
    fn tick(&mut self) {
        let began = Instant::now();
        let elapsed = self.last_tick.replace(began).map_or(FRAME, |last| began - last);
        let before = self.moment.now();
        let mut target = self.pacing.target(before, elapsed);
        if let Some((from, to)) = self.looping {
            if before >= to || before < from {
                return self.seek(from);
            }
            target = target.min(to);
        }
        loop {
            let progress = self.go(target);
            if progress != Progress::Paused || began.elapsed() >= SLICE {
                break;
            }
        }
        self.spent = began.elapsed();
        let reached = (self.moment.now() - before).seconds() / elapsed.as_secs_f64().max(1e-6);
        self.achieved = if self.achieved == 0.0 { reached } else { self.achieved * 0.9 + reached * 0.1 };
        if self.looping.is_some() && self.state == PlayState::Finished {
            self.state = PlayState::Playing;
            self.seek(self.looping.map_or(Time::ZERO, |span| span.0));
        }
    }

    /// Takes note of how far the simulation got.
    fn note(&mut self, progress: Progress) {
        let end = self.moment.simulation.plan().duration;
        match progress {
            Progress::Stopped(stop) => {
                self.state = PlayState::Stopped(stop.to_string());
                self.goal = None;
            }
            Progress::Reached if self.moment.now() >= end => self.state = PlayState::Finished,
            Progress::Reached | Progress::Paused => {}
        }
        if self.over() {
            self.last_frame = None;
        }
    }

    #[allow(clippy::disallowed_methods, reason = "frames are paced by wall time")]
    pub(super) fn frame_is_due(&mut self) -> bool {
        // Frames of thousands of nodes take milliseconds to make: then there are fewer of them, so that the run gets its time.
        let usual = (FRAME - Duration::from_millis(2)).max(self.frame_took * 5);
        let pause = if self.hurries() { ON_THE_WAY } else { usual };
        let due = match self.last_frame {
            // What was asked for is shown once it is there.
            None => !self.hurries(),
            Some(last) => last.elapsed() >= pause,
        };
        if due || self.last_frame.is_none() {
            self.last_frame = Some(Instant::now());
        }
        due
    }
}
