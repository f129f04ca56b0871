//! The runner: a thread that drives a simulation at the wanted pace and publishes [`Frame`]s.
//!
//! The only place where wall time meets a run, and it only decides how far the run may go, never what happens in it. A tokio
//! runtime of one thread waits for commands and ticks; simulating is cut into slices of a few milliseconds, so that a
//! command is obeyed at once whatever the load.

use super::frame::{Frame, Speed};
use super::look::{Answer, Look};
use super::rival::Rival;
use super::script::Script;
use super::source::Source;
use super::stage::{FRAME, Stage};
use crate::ids::NodeId;
use crate::scenario::Plan;
use crate::scenario::intervention::{Intervention, What};
use crate::time::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What a runner can be told. The only way to act on a run.
#[derive(Clone, Debug)]
pub enum Command {
    /// Let virtual time move; from the start again if the run is over.
    Play,
    /// Let it stand.
    Pause,
    /// Simulate to the next moment at which anything happens, then stand.
    Step,
    /// Move at this speed.
    Speed(Speed),
    /// Go back to the start; keeps playing if it was playing.
    Restart,
    /// Go to this moment, forwards or backwards; keeps playing if it was playing.
    Seek(Time),
    /// Go back to the moment before this one at which anything happened, then stand.
    StepBack,
    /// Go to the next moment at which anything happens at one of these nodes (at any node, if none is named), then stand.
    Next {
        /// Whose.
        nodes: Vec<NodeId>,
        /// Towards the start.
        back: bool,
    },
    /// Choose the speed so that single events can be followed, or no longer.
    Follow(bool),
    /// Play this span again and again, or no longer.
    Loop(Option<(Time, Time)>),
    /// The text that the plan was made from, and what was changed on the way when the run was recorded: sent after `Load`, so that
    /// changes can be planned.
    Source {
        /// The text.
        source: Arc<Source>,
        /// What is changed on the way.
        interventions: Vec<Intervention>,
    },
    /// Change something, at the moment that is shown. In the past this begins a new branch. They are counted as they come: by its
    /// number a [`super::frame::Refusal`] says which one it is of.
    Intervene(What),
    /// Be where exactly these changes were made and no others, at the same moment: on the branch that has them, or on a new one that
    /// leaves this one where they begin to differ. Takes back a change, or makes it again.
    Changes {
        /// All that is changed, in order of time.
        wanted: Vec<Intervention>,
        /// What a new branch is called. Without a name it is named after the change.
        name: Option<String>,
    },
    /// Show this branch, at the same moment or at its end if it does not reach so far.
    Branch(u32),
    /// Give a branch another name.
    Name(u32, String),
    /// Put this run beside the one that is shown, at the same moment from now on; or none.
    Compare(Option<Rival>),
    /// Bytes that checkpoints may take.
    Budget(usize),
    /// Whether frames carry all figures of the run, for those who judge by them.
    Figures(bool),
    /// Look something up; frames carry the answer once it is found.
    Look(Look),
    /// What was looked up: from the thread that did, which began as this number.
    Answer(u64, Answer),
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
    commands: Option<mpsc::UnboundedSender<Command>>,
    frames: watch::Receiver<Arc<Frame>>,
    /// The number of the last frame that was shown.
    taken: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts the thread, paused at the start of `plan`. `wake` is called after each new frame, from that thread.
    ///
    /// # Errors
    /// The system's message if it has no thread or no timer left to give.
    pub fn start(plan: Arc<Plan>, seed: u64, wake: impl Fn() + Send + 'static) -> std::io::Result<Runner> {
        let mut run = Stage::new(Script::plain(plan, seed), Vec::new(), 1);
        let (sender, receiver) = mpsc::unbounded_channel();
        // Weak, so that the thread still ends when the handle is dropped.
        run.reply = Some(sender.downgrade());
        let (publish, frames) = watch::channel(Arc::new(run.frame(0)));
        let taken = Arc::new(AtomicU64::new(0));
        let known = Arc::clone(&taken);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let thread = std::thread::Builder::new()
            .name("tidemill-run".to_owned())
            .spawn(move || runtime.block_on(drive(run, receiver, publish, &known, wake)))?;
        Ok(Runner { commands: Some(sender), frames, taken, thread: Some(thread) })
    }

    /// Tells the runner something; it acts within a few milliseconds, whatever the load.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // Fails only once the thread has ended, and then nothing is left to command.
            let _ = commands.send(command);
        }
    }

    /// The latest frame.
    pub fn frame(&self) -> Arc<Frame> {
        Arc::clone(&self.frames.borrow())
    }

    /// The latest frame, to be shown: what set out in it has been seen then. Of frames that nobody takes the next one carries that along.
    pub fn take(&self) -> Arc<Frame> {
        // Noted while the frame cannot be replaced: a new one finds it taken, or comes afterwards.
        let frame = self.frames.borrow();
        self.taken.fetch_max(frame.number, Ordering::Relaxed);
        Arc::clone(&frame)
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there has already been reported on standard error; here is nobody to tell.
            let _ = thread.join();
        }
    }
}

async fn drive(
    mut run: Stage,
    mut commands: mpsc::UnboundedReceiver<Command>,
    frames: watch::Sender<Arc<Frame>>,
    taken: &AtomicU64,
    wake: impl Fn() + Send,
) {
    let mut number = 0;
    loop {
        if run.moves() {
            // On the way to somewhere, and at full speed, the next slice begins at once; `biased` still lets a command go first.
            let hurry = run.hurries() || run.speed() == Speed::Max;
            let rest = if hurry { Duration::ZERO } else { FRAME.saturating_sub(run.spent) };
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(command) => run.obey(command),
                    None => return,
                },
                () = tokio::time::sleep(rest) => run.work(),
            }
        } else {
            match commands.recv().await {
                Some(command) => run.obey(command),
                None => return,
            }
        }
        while let Ok(command) = commands.try_recv() {
            run.obey(command);
        }
        if run.frame_is_due() {
            number += 1;
            let mut frame = run.frame(number);
            frames.send_modify(|last| {
                if taken.load(Ordering::Relaxed) < last.number {
                    frame.take_along(last);
                }
                *last = Arc::new(frame);
            });
            wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};
    use std::time::Instant;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a window that is slow in wall time is what is tested here")]
    fn whoever_looks_seldom_still_sees_every_event_set_out() {
        let text = r#"Scenario(format: 1, duration: "3s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("10ms"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")]),
        ])"#;
        let plan = load(text, "seldom.ron", &NoFiles).unwrap().plan;
        let runner = Runner::start(Arc::new(plan), 1, || {}).unwrap();
        runner.send(Command::Speed(Speed::Times(4.0)));
        runner.send(Command::Play);
        let (began, mut last, mut set_out, mut shown) = (Instant::now(), 0, 0, 0);
        loop {
            // Looking is not taking.
            runner.frame();
            let frame = runner.take();
            if frame.number > last {
                (last, set_out, shown) = (frame.number, set_out + frame.set_out, shown + frame.flights.len() as u64);
            }
            if frame.state == crate::run::frame::PlayState::Finished {
                let sent: u64 = frame.links.iter().map(|link| link.sent).sum();
                assert!(sent > 500, "{sent}");
                assert_eq!((set_out, shown), (sent, sent));
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "the run does not end");
            // Ten times slower than frames come.
            std::thread::sleep(FRAME * 10);
        }
    }
}
