//! The runner: a thread that drives a simulation at the wanted pace and publishes [`Frame`]s.

use super::frame::{Frame, Speed};
use crate::scenario::Plan;
use std::sync::Arc;

/// What a runner can be told. The only way to act on a run.
#[derive(Clone, Debug)]
pub enum Command {
    /// Let virtual time move.
    Play,
    /// Let it stand.
    Pause,
    /// Simulate to the next moment at which anything happens, then stand.
    Step,
    /// Move at this speed.
    Speed(Speed),
    /// Begin again, with the same plan and seed; keeps playing if it was playing.
    Restart,
    /// Run another plan from its start. Plays at once if `play`.
    Load {
        /// What to run.
        plan: Arc<Plan>,
        /// With which seed.
        seed: u64,
        /// Whether time moves at once.
        play: bool,
    },
}

/// A handle on the runner's thread; dropping it ends the thread.
#[derive(Debug)]
pub struct Runner {
    _private: (),
}

impl Runner {
    /// Starts the thread, paused at the start of `plan`. `wake` is called after each new frame, from that thread.
    pub fn start(_plan: Arc<Plan>, _seed: u64, _wake: impl Fn() + Send + 'static) -> Runner {
        todo!()
    }

    /// Tells the runner something; it acts within a few milliseconds, whatever the load.
    pub fn send(&self, _command: Command) {
        todo!()
    }

    /// The latest frame.
    pub fn frame(&self) -> Arc<Frame> {
        todo!()
    }
}
