//! The runner: a thread that drives a simulation at the wanted pace and publishes [`Frame`]s.
//!
//! The only place where wall time meets a run, and it only decides how far the run may go, never what happens in it. A tokio
//! runtime of one thread waits for commands and ticks; simulating is cut into slices of a few milliseconds, so that a
//! command is obeyed at once whatever the load.

use super::flights::Flights;
use super::frame::{BrokerView, Frame, LinkFigures, NodeFigures, OutletFigures, PlayState, Speed};
use super::pacing::Pacing;
use super::rates::Rates;
use crate::engine::{Progress, Simulation};
use crate::ids::{BrokerId, ConsumerId, LinkId, NodeId, OutletId};
use crate::record::{Recorder, Totals};
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
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
    commands: Option<mpsc::UnboundedSender<Command>>,
    frames: watch::Receiver<Arc<Frame>>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts the thread, paused at the start of `plan`. `wake` is called after each new frame, from that thread.
    ///
    /// # Errors
    /// The system's message if it has no thread or no timer left to give.
    pub fn start(plan: Arc<Plan>, seed: u64, wake: impl Fn() + Send + 'static) -> std::io::Result<Runner> {
        let mut run = Run::new(plan, seed, 1);
        let (sender, receiver) = mpsc::unbounded_channel();
        let (publish, frames) = watch::channel(Arc::new(run.frame(0)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let thread = std::thread::Builder::new()
            .name("tidemill-run".to_owned())
            .spawn(move || runtime.block_on(drive(run, receiver, publish, wake)))?;
        Ok(Runner { commands: Some(sender), frames, thread: Some(thread) })
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

/// Time between frames while playing.
const FRAME: Duration = Duration::from_millis(16);
/// Wall time to simulate before looking for commands again.
const SLICE: Duration = Duration::from_millis(12);
/// Steps between two looks at the clock: well under a millisecond.
const STRIDE: u64 = 4_000;
/// Percentiles are searched through whole histograms, so not for every frame.
const PERCENTILES: Duration = Duration::from_millis(250);

async fn drive(mut run: Run, mut commands: mpsc::UnboundedReceiver<Command>, frames: watch::Sender<Arc<Frame>>, wake: impl Fn() + Send) {
    let mut number = 0;
    loop {
        if run.state == PlayState::Playing {
            // At full speed the next slice begins at once; `biased` still lets a waiting command go first.
            let rest = if run.pacing.speed() == Speed::Max { Duration::ZERO } else { FRAME.saturating_sub(run.spent) };
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(command) => run.obey(command),
                    None => return,
                },
                () = tokio::time::sleep(rest) => run.tick(),
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
            frames.send_replace(Arc::new(run.frame(number)));
            wake();
        }
    }
}

/// A run with its pace.
struct Run {
    id: u64,
    simulation: Simulation,
    recorder: Recorder,
    flights: Flights,
    rates: Rates,
    latencies: Vec<(f64, f64, f64)>,
    latencies_at: Option<Instant>,
    state: PlayState,
    pacing: Pacing,
    last_tick: Option<Instant>,
    last_frame: Option<Instant>,
    /// Wall time the last slice took.
    spent: Duration,
    /// Wall time the last frame took to make.
    frame_took: Duration,
    /// Virtual seconds per wall second, smoothed.
    achieved: f64,
}

impl Run {
    fn new(plan: Arc<Plan>, seed: u64, id: u64) -> Run {
        Run {
            id,
            latencies: vec![(0.0, 0.0, 0.0); plan.consumers.len()],
            simulation: Simulation::new(Arc::clone(&plan), seed),
            recorder: Recorder::new(plan),
            flights: Flights::default(),
            rates: Rates::default(),
            latencies_at: None,
            state: PlayState::Paused,
            pacing: Pacing::new(Speed::Times(1.0)),
            last_tick: None,
            last_frame: None,
            spent: Duration::ZERO,
            frame_took: Duration::ZERO,
            achieved: 0.0,
        }
    }

    /// The same place for another run.
    fn replace(&mut self, plan: Arc<Plan>, seed: u64, play: bool) {
        let pacing = self.pacing;
        *self = Run::new(plan, seed, self.id + 1);
        self.pacing = pacing;
        if play {
            self.play();
        }
    }

    fn restart(&mut self, play: bool) {
        self.replace(Arc::clone(self.simulation.plan()), self.simulation.seed(), play);
    }

    fn play(&mut self) {
        self.state = PlayState::Playing;
        self.last_tick = None;
    }

    fn obey(&mut self, command: Command) {
        // Whatever it was, the window wants to see the result at once.
        self.last_frame = None;
        let over = matches!(self.state, PlayState::Finished | PlayState::Stopped(_));
        match command {
            Command::Play if over => self.restart(true),
            Command::Play => self.play(),
            Command::Pause if !over => self.state = PlayState::Paused,
            Command::Pause => {}
            Command::Step => {
                if !over {
                    self.state = PlayState::Paused;
                    let to = self.simulation.next_due().unwrap_or(self.simulation.plan().duration);
                    let progress = self.simulation.advance(to, u64::MAX, &mut (&mut self.recorder, &mut self.flights));
                    self.note(progress);
                }
            }
            Command::Speed(speed) => self.pacing = Pacing::new(speed),
            Command::Restart => self.restart(self.state == PlayState::Playing),
            Command::Load { plan, seed, play } => self.replace(plan, seed, play),
        }
    }

    #[allow(clippy::disallowed_methods, reason = "pacing is where wall time meets the run")]
    fn tick(&mut self) {
        let began = Instant::now();
        let elapsed = self.last_tick.replace(began).map_or(FRAME, |last| began - last);
        let before = self.simulation.now();
        let target = self.pacing.target(before, elapsed);
        loop {
            let progress = self.simulation.advance(target, STRIDE, &mut (&mut self.recorder, &mut self.flights));
            self.note(progress);
            if progress != Progress::Paused || began.elapsed() >= SLICE {
                break;
            }
        }
        self.spent = began.elapsed();
        let now = self.simulation.now();
        let reached = (now - before).seconds() / elapsed.as_secs_f64().max(1e-6);
        self.achieved = if self.achieved == 0.0 { reached } else { self.achieved * 0.9 + reached * 0.1 };
        self.rates.sample(&self.simulation, &self.recorder, self.achieved);
    }

    /// Takes note of how far the simulation got.
    fn note(&mut self, progress: Progress) {
        self.recorder.pass(self.simulation.now());
        match progress {
            Progress::Stopped(stop) => self.state = PlayState::Stopped(stop.to_string()),
            Progress::Reached if self.simulation.now() >= self.simulation.plan().duration => self.state = PlayState::Finished,
            Progress::Reached | Progress::Paused => {}
        }
        if self.state != PlayState::Playing {
            self.last_frame = None;
        }
    }

    #[allow(clippy::disallowed_methods, reason = "frames are paced by wall time")]
    fn frame_is_due(&mut self) -> bool {
        // Frames of thousands of nodes take milliseconds to make: then there are fewer of them, so that the run gets its time.
        let pause = (FRAME - Duration::from_millis(2)).max(self.frame_took * 5);
        let due = self.last_frame.is_none_or(|last| last.elapsed() >= pause);
        if due {
            self.last_frame = Some(Instant::now());
        }
        due
    }

    #[allow(clippy::disallowed_methods, reason = "percentiles are refreshed by wall time")]
    fn refresh_latencies(&mut self) {
        let stale = self.latencies_at.is_none_or(|at| at.elapsed() >= PERCENTILES);
        if stale || self.state != PlayState::Playing {
            self.latencies_at = Some(Instant::now());
            self.latencies = (0..self.latencies.len()).map(|i| self.recorder.latency(ConsumerId::at(i))).collect();
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the time it takes decides how often it is done")]
    fn frame(&mut self, number: u64) -> Frame {
        let began = Instant::now();
        let frame = self.picture(number);
        self.frame_took = began.elapsed();
        frame
    }

    fn picture(&mut self, number: u64) -> Frame {
        self.refresh_latencies();
        let (flights, set_out) = self.flights.take();
        let (simulation, recorder) = (&self.simulation, &self.recorder);
        let (plan, now) = (simulation.plan(), simulation.now());
        let link = |i: usize| {
            let (id, record) = (LinkId::at(i), recorder.link(LinkId::at(i)));
            LinkFigures { rate: self.rates.link(now, id, record.sent), sent: record.sent, lost: record.lost }
        };
        let outlet = |i: usize| {
            let books = simulation.books(OutletId::at(i));
            OutletFigures {
                routed: books.routed,
                acked: books.acked,
                ended_badly: books.failed + books.dead_lettered + books.expired + books.dropped,
                waiting: books.waiting,
                in_flight: books.in_flight(),
            }
        };
        Frame {
            run: self.id,
            number,
            plan: Arc::clone(plan),
            seed: simulation.seed(),
            now,
            state: self.state.clone(),
            speed: self.pacing.speed(),
            achieved: if self.state == PlayState::Playing { self.achieved } else { 0.0 },
            steps: simulation.steps(),
            fingerprint: simulation.fingerprint(),
            totals: Totals::of(simulation),
            nodes: (0..plan.nodes.len()).map(|i| self.node(NodeId::at(i))).collect(),
            brokers: (0..plan.brokers.len()).map(|i| BrokerView::of(simulation.broker(BrokerId::at(i)))).collect(),
            outlets: (0..plan.outlets.len()).map(outlet).collect(),
            links: (0..plan.links.len()).map(link).collect(),
            flights,
            set_out,
            faults: Arc::clone(recorder.faults().spans()),
            series: recorder.series_at(now),
        }
    }

    fn node(&self, id: NodeId) -> NodeFigures {
        let (recorder, now) = (&self.recorder, self.simulation.now());
        let count = recorder.count(id);
        let confirms = self.simulation.confirms(id).map(|c| (c.resent, c.given_up, c.unconfirmed));
        let figures = NodeFigures { confirms, rate: self.rates.node(now, id, count), count, ..NodeFigures::default() };
        let Role::Consumer(consumer) = self.simulation.plan().nodes[id.index()].role else { return figures };
        let capacity = self.simulation.plan().consumers[consumer.index()].capacity();
        let (failed, retries) = recorder.failures(consumer);
        NodeFigures {
            lag: recorder.lag(consumer),
            busy: self.simulation.busy(consumer),
            capacity,
            utilisation: self.rates.utilisation(now, consumer, capacity, recorder.busy_area(consumer, now)),
            failed,
            retries,
            latency: self.latencies[consumer.index()],
            ..figures
        }
    }
}
