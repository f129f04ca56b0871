//! A run whose processor time is measured: the very engine and recorder that every other run has, nothing special-cased.

use super::frame::{BrokerView, Course, Flight, Frame, LinkFigures, Manner, NodeFigures, OutletFigures, Past, PlayState, Speed};
use super::{Command, Runner};
use crate::engine::{Progress, Simulation};
use crate::ids::{BrokerId, EmitterId, EventId, LinkId, TypeId};
use crate::record::{Recorder, Series, Totals};
use crate::scenario::Plan;
use crate::time::{SECOND, Span, Time};
use cpu_time::ProcessTime;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// A run that goes as far as it is told.
#[derive(Debug)]
pub struct Run {
    simulation: Simulation,
    recorder: Recorder,
}

/// A stretch of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stretch {
    /// Processor seconds of this whole process, all threads together.
    pub cpu_seconds: f64,
    /// Hand-overs to workers.
    pub deliveries: u64,
    /// Entries of the agenda.
    pub steps: u64,
}

impl Run {
    /// At the very start.
    pub fn new(plan: &Arc<Plan>, seed: u64) -> Run {
        Run { simulation: Simulation::new(Arc::clone(plan), seed), recorder: Recorder::new(Arc::clone(plan)) }
    }

    /// Simulates up to and including `until`, at most to the end of the run.
    ///
    /// # Errors
    /// If the system does not tell processor time, or a limit of the scenario stopped the run.
    pub fn advance(&mut self, until: Time) -> io::Result<Stretch> {
        let before = self.so_far();
        let began = ProcessTime::try_now()?;
        let progress = self.simulation.advance(until, u64::MAX, &mut self.recorder);
        self.recorder.pass(self.simulation.now());
        let cpu_seconds = began.try_elapsed()?.as_secs_f64();
        if let Progress::Stopped(stop) = progress {
            return Err(io::Error::other(stop.to_string()));
        }
        let after = self.so_far();
        Ok(Stretch { cpu_seconds, deliveries: after.0 - before.0, steps: after.1 - before.1 })
    }

    /// What its brokers show of themselves now.
    pub fn brokers(&self) -> Vec<BrokerView> {
        let brokers = self.simulation.plan().brokers.len();
        (0..brokers).map(|i| BrokerView::of(self.simulation.broker(BrokerId::at(i)))).collect()
    }

    /// Copies of events that are travelling, waiting or in hand.
    pub fn live(&self) -> u64 {
        self.simulation.live()
    }

    /// Bytes of the state of the simulation, as a checkpoint of it counts them.
    pub fn bytes(&self) -> usize {
        let mut shared = 0;
        let own = self.simulation.weigh(&mut |_, bytes| shared += bytes);
        own + shared
    }

    /// Mean seconds from publish to the end of handling, all consumers together; none if nothing was handled.
    pub fn mean_latency(&self) -> Option<f64> {
        let latency = self.recorder.overall_latency();
        (latency.count > 0).then_some(latency.mean)
    }

    fn so_far(&self) -> (u64, u64) {
        (Totals::of(&self.simulation).deliveries, self.simulation.steps())
    }
}

/// Longest wait for a picture before the run is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// A whole run as the window follows it: at full speed on its own thread, with its past kept, and every picture taken, with what is on its way.
/// (What the window then draws is measured by itself.)
///
/// # Errors
/// If the system does not tell processor time, a limit of the scenario stopped the run, or no picture came.
pub fn followed(plan: &Arc<Plan>, seed: u64) -> io::Result<Stretch> {
    let (woken, wakes) = channel();
    let wake = move || {
        // Fails only once nobody waits any more.
        let _ = woken.send(());
    };
    let runner = Runner::start(Arc::clone(plan), seed, wake)?;
    runner.send(Command::Speed(Speed::Max));
    let began = ProcessTime::try_now()?;
    runner.send(Command::Play);
    loop {
        let frame = runner.take();
        match &frame.state {
            PlayState::Finished => {
                let cpu_seconds = began.try_elapsed()?.as_secs_f64();
                return Ok(Stretch { cpu_seconds, deliveries: frame.totals.deliveries, steps: frame.steps });
            }
            PlayState::Stopped(stop) => return Err(io::Error::other(stop.clone())),
            PlayState::Playing | PlayState::Paused => {
                wakes.recv_timeout(PATIENCE).map_err(|_| io::Error::other("the run gave no picture"))?;
            }
        }
    }
}

/// A picture of a run that is not there: plausible figures, which differ from one `number` to the next as those of a run do, and
/// `flights` events that set out at once, spread evenly over all links, each ten seconds on its way.
pub fn picture(plan: &Arc<Plan>, number: u64, flights: usize) -> Frame {
    let vary = |i: usize| (i as u64 * 7 + number * 13) % 97;
    // An emitter that uses the link, so that the window finds the line it belongs to; a reader's comes from anyone.
    let mut emitters = vec![0; plan.links.len()];
    for (i, emitter) in plan.emitters.iter().enumerate() {
        emitters[emitter.link.index()] = i;
    }
    // Ways back, which only signals take, are no lines in the window.
    let mut used: Vec<LinkId> = plan.emitters.iter().map(|e| e.link).chain(plan.reads.iter().map(|r| r.link)).collect();
    used.sort_unstable();
    used.dedup();
    let flight = |i: usize| {
        let link = used.get(i % used.len().max(1)).map_or(0, |link| link.index());
        let event = EventId::new(EmitterId::at(emitters.get(link).copied().unwrap_or(0)), i as u64);
        let kind = TypeId::at(i % plan.types.len().max(1));
        Flight { course: Course::Link(LinkId::at(link)), event, kind, sent: Time::ZERO, arrives: Time(10 * SECOND), manner: Manner::Plain }
    };
    let node = |i| NodeFigures {
        rate: 40.0 + vary(i) as f64 / 7.0,
        count: 1000 * number + vary(i),
        lag: vary(i),
        busy: 1,
        capacity: 2,
        utilisation: vary(i) as f64 / 100.0,
        latency: Some((0.012, 0.01, 0.08)),
        ..NodeFigures::default()
    };
    let outlet = |i| OutletFigures { routed: 1000 * number, acked: 900 * number, waiting: vary(i), ..OutletFigures::default() };
    Frame {
        run: 1,
        number,
        plan: Arc::clone(plan),
        seed: plan.seed,
        now: Time(number * SECOND / 60),
        state: PlayState::Playing,
        speed: Speed::Times(1.0),
        achieved: 1.0,
        steps: 1000 * number,
        fingerprint: number,
        totals: Totals::default(),
        nodes: (0..plan.nodes.len()).map(node).collect(),
        brokers: Vec::new(),
        outlets: (0..plan.outlets.len()).map(outlet).collect(),
        links: (0..plan.links.len()).map(|i| LinkFigures { rate: 40.0 + vary(i) as f64, sent: 40 * number, lost: 0 }).collect(),
        flights: (0..flights).map(flight).collect(),
        set_out: flights as u64,
        faults: Arc::default(),
        window: Span::from_millis(1_000),
        owed: 0,
        series: Series::default(),
        beside: None,
        figures: None,
        past: Past::default(),
    }
}
