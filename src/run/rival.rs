//! A second run beside the one that is shown, always at the same moment: a branch of it, or another scenario. Frames carry the picture of
//! both, so that one playhead moves two canvases.

use super::branches::Branch;
use super::checkpoints::Checkpoint;
use super::contrast::{Line, lines};
use super::frame::{Frame, PlayState};
use super::script::{Moment, Script};
use super::stage::Stage;
use crate::scenario::intervention::Intervention;
use crate::time::Time;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a run is compared with.
#[derive(Clone, Debug)]
pub enum Rival {
    /// A branch of the same run.
    Branch(u32),
    /// Another run.
    Other {
        /// What it is called.
        name: String,
        /// What decides it.
        script: Arc<Script>,
        /// Its turns as a person made them.
        interventions: Vec<Intervention>,
    },
}

/// Which run another is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// A branch of the same run.
    Branch(u32),
    /// Another run.
    Other,
}

/// The other run at the moment of the frame that carries it; at its end, if it is over by then.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Which run it is.
    pub against: Against,
    /// What it is called.
    pub name: String,
    /// Its picture.
    pub frame: Frame,
    /// Figures of both, this run's first.
    pub lines: Arc<Vec<Line>>,
    /// Whether everything that happened so far is the same in both, bit for bit.
    pub same: bool,
}

/// How often figures that take long to find are found anew.
const RENEWED: Duration = Duration::from_millis(250);

/// The other run, as the runner drives it.
pub(super) struct Companion {
    pub(super) against: Against,
    name: String,
    pub(super) stage: Stage,
    lines: Arc<Vec<Line>>,
    lines_at: Option<Instant>,
}

impl Companion {
    /// A branch, with the checkpoints on its way.
    pub(super) fn branch(branch: Branch, checkpoints: &[Arc<Checkpoint>], id: u64) -> Companion {
        Companion::new(Against::Branch(branch.id), branch.name.clone(), Stage::on(branch, checkpoints, id))
    }

    /// Another run.
    pub(super) fn other(name: String, script: Script, interventions: Vec<Intervention>, id: u64) -> Companion {
        Companion::new(Against::Other, name, Stage::new(script, interventions, id))
    }

    fn new(against: Against, name: String, stage: Stage) -> Companion {
        Companion { against, name, stage, lines: Arc::default(), lines_at: None }
    }

    /// Whether it stands at `now`, or as near to it as it ever comes.
    pub(super) fn is_at(&self, now: Time) -> bool {
        let (at, end) = (self.stage.moment.now(), self.stage.moment.simulation.plan().duration);
        let stopped = matches!(self.stage.state, PlayState::Stopped(_)) && at < now;
        self.stage.goal.is_none() && (at == now.min(end) || stopped)
    }

    /// A slice of the way to `now`; event by event where the other run `plays`, so that what travels can be seen.
    pub(super) fn follow(&mut self, now: Time, plays: bool) {
        if plays && self.stage.goal.is_none() && self.stage.moment.now() <= now {
            self.stage.play_up_to(now);
        } else {
            self.stage.seek(now);
            self.stage.work();
        }
    }

    /// Both as they are to be shown.
    #[allow(clippy::disallowed_methods, reason = "figures are renewed by wall time")]
    pub(super) fn picture(&mut self, number: u64, ours: &Moment, shown: &Frame) -> Beside {
        let plays = shown.state == PlayState::Playing;
        if self.lines_at.is_none_or(|at| at.elapsed() >= RENEWED) || !plays {
            (self.lines, self.lines_at) = (Arc::new(lines(ours, &self.stage.moment)), Some(Instant::now()));
        }
        if matches!(self.stage.state, PlayState::Playing | PlayState::Paused) {
            self.stage.state = if plays { PlayState::Playing } else { PlayState::Paused };
        }
        let mut frame = self.stage.frame(number);
        // It goes as the other does; unless it is over, that is all that is to be said.
        (frame.speed, frame.achieved) = (shown.speed, shown.achieved);
        if frame.state == PlayState::Playing {
            frame.state = shown.state.clone();
        }
        let same = frame.fingerprint == shown.fingerprint;
        Beside { against: self.against, name: self.name.clone(), frame, lines: Arc::clone(&self.lines), same }
    }
}
