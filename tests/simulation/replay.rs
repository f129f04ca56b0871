//! The same scenario and seed give the same run, however it is cut into pieces; and a consumer more changes nothing for the others.

#![allow(clippy::disallowed_methods, reason = "these tests wait for a thread that runs by wall time")]

use crate::plan;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tidemill::engine::{AfterFailure, Observation, Observer, Progress, Simulation};
use tidemill::random::{Stream, mix};
use tidemill::record::Recorder;
use tidemill::run::frame::{PlayState, Speed};
use tidemill::run::{Command, Runner, headless};
use tidemill::scenario::Plan;
use tidemill::time::Time;

/// Everything at once: loss, duplication, jitter, bandwidth, order, retries, dead letters, shared groups, closed loops.
pub const BUSY: &str = r#"Scenario(format: 1, seed: 5, duration: "20s", network: Network(latency: Exponential(mean: "3ms"), loss: "1%", duplication: "2%"),
    events: [Event(name: "E", key: Zipf(keys: 100, exponent: 1.1)), Event(name: "F", size: "10KiB")],
    nodes: [
        Producer(id: "p", emits: [
            Emit(event: "E", to: "b/t", arrivals: Poisson("80/s")),
            Emit(event: "F", to: "b/u", arrivals: ClosedLoop(users: 5, think: Exponential(mean: "50ms"))),
        ]),
        Broker(id: "b", kind: Simple(topics: ["t", "u", "dead"])),
        Consumer(id: "c", instances: 2, reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "15ms"), fails: "20%"),
            retry: Retry(attempts: 3, backoff: Exponential(first: "10ms", jitter: Full)), dead_letter: "b/dead",
            then: [Emit(event: "F", to: "b/u", probability: "50%")]),
        Consumer(id: "d1", reads: [Read(from: "b/u", group: "d")], handle: Handle(time: Constant("4ms"), fails: "5%"), retry: Retry(attempts: 2)),
        Consumer(id: "d2", threads: 3, reads: [Read(from: "b/u", group: "d"), Read(from: "b/t")], handle: Handle(time: Constant("9ms"))),
        Consumer(id: "morgue", reads: [Read(from: "b/dead")]),
    ],
    links: [
        Link(between: ("c", "b"), latency: Constant("2ms"), bandwidth: "10MiB/s"),
        Link(between: ("d1", "b"), latency: Normal(mean: "5ms", sd: "2ms"), ordered: true),
        Link(between: ("d2", "b"), latency: Constant("0s")),
    ])"#;

fn shipped(name: &str) -> Arc<Plan> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    match tidemill::files::open(&path) {
        Ok(loaded) => Arc::new(loaded.plan),
        Err(problems) => panic!("{}", problems[0]),
    }
}

fn fingerprint_in_pieces(plan: &Arc<Plan>, mut piece: impl FnMut(&Simulation) -> (Time, u64)) -> u64 {
    let mut simulation = Simulation::new(Arc::clone(plan), plan.seed);
    while simulation.now() < plan.duration || simulation.next_due().is_some_and(|at| at <= plan.duration) {
        let (until, steps) = piece(&simulation);
        if let Progress::Stopped(stop) = simulation.advance(until, steps, &mut ()) {
            panic!("{stop}");
        }
    }
    simulation.fingerprint()
}

#[test]
fn pieces_of_any_size_give_the_same_run() {
    for plan in [plan(BUSY), shipped("cases/shop.ron"), shipped("cases/airport.ron")] {
        let whole = headless::run(&plan, plan.seed, &mut |_| {}).simulation.fingerprint();
        assert_eq!(headless::run(&plan, plan.seed, &mut |_| {}).simulation.fingerprint(), whole, "twice");
        assert_ne!(headless::run(&plan, plan.seed + 1, &mut |_| {}).simulation.fingerprint(), whole, "another seed");
        assert_eq!(fingerprint_in_pieces(&plan, |_| (Time::NEVER, 1)), whole, "step by step");
        let mut random = Stream::named(1, "pieces");
        let end = plan.duration.0;
        let uneven = fingerprint_in_pieces(&plan, |s| (Time(s.now().0 + random.below(end / 50) + 1), random.below(300) + 1));
        assert_eq!(uneven, whole, "in uneven pieces");
    }
}

#[test]
fn observers_do_not_disturb_and_a_copy_goes_the_same_way() {
    let plan = plan(BUSY);
    let whole = headless::run(&plan, plan.seed, &mut |_| {}).simulation.fingerprint();
    let mut simulation = Simulation::new(Arc::clone(&plan), plan.seed);
    simulation.advance(Time(plan.duration.0 / 3), u64::MAX, &mut Recorder::new(Arc::clone(&plan)));
    let mut copy = simulation.clone();
    simulation.advance(Time::NEVER, u64::MAX, &mut ());
    assert_eq!(simulation.fingerprint(), whole);
    copy.advance(Time::NEVER, u64::MAX, &mut ());
    assert_eq!(copy.fingerprint(), whole);
}

#[test]
fn the_paced_runner_gives_the_same_run_as_the_headless_one() {
    let plan = plan(BUSY);
    let whole = headless::run(&plan, plan.seed, &mut |_| {}).simulation.fingerprint();
    // Play in different ways, with interruptions that must leave no trace.
    for speeds in [vec![Speed::Max], vec![Speed::Times(300.0), Speed::Times(7.0), Speed::Max]] {
        let runner = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
        for speed in &speeds {
            runner.send(Command::Speed(*speed));
            runner.send(Command::Step);
            runner.send(Command::Play);
            std::thread::sleep(Duration::from_millis(30));
            runner.send(Command::Pause);
        }
        runner.send(Command::Speed(Speed::Max));
        // After the end, `Play` would begin anew.
        let frame = wait_for(&runner, |frame| matches!(frame, PlayState::Paused | PlayState::Finished));
        if frame == PlayState::Paused {
            runner.send(Command::Play);
        }
        wait_for(&runner, |frame| *frame == PlayState::Finished);
        assert_eq!(runner.frame().fingerprint, whole, "{speeds:?}");
        assert_eq!(runner.frame().now, plan.duration);
    }
}

fn wait_for(runner: &Runner, done: impl Fn(&PlayState) -> bool) -> PlayState {
    // Commands sent before this call are obeyed in order; give them time to be.
    std::thread::sleep(Duration::from_millis(50));
    for _ in 0..6000 {
        let state = runner.frame().state.clone();
        if done(&state) {
            return state;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the run did not end within a minute: {:?}", runner.frame().now);
}

/// A hash per node over everything that happens there, by names and not by ids (which a further node shifts).
struct Trails {
    plan: Arc<Plan>,
    hashes: BTreeMap<String, u64>,
}

impl Trails {
    fn of(plan: &Arc<Plan>) -> BTreeMap<String, u64> {
        let mut trails = Trails { plan: Arc::clone(plan), hashes: BTreeMap::new() };
        let mut simulation = Simulation::new(Arc::clone(plan), plan.seed);
        assert_eq!(simulation.advance(Time::NEVER, u64::MAX, &mut trails), Progress::Reached);
        trails.hashes
    }

    fn fold(&mut self, node: &str, words: [u64; 4]) {
        let hash = self.hashes.entry(node.to_owned()).or_default();
        words.into_iter().for_each(|word| *hash = mix(*hash ^ word));
    }
}

impl Observer for Trails {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        let plan = Arc::clone(&self.plan);
        let who = |id: tidemill::ids::ConsumerId| plan.nodes[plan.consumers[id.index()].node.index()].name.clone();
        // Emitters keep their order, but a node before theirs would shift their numbers: count from the producer's own.
        let serial = |event: &tidemill::engine::Event| event.id.serial();
        match *what {
            Observation::Published { emitter, event, .. } => {
                let node = plan.nodes[plan.emitters[emitter.index()].node.index()].name.clone();
                self.fold(&node, [1, now.0, serial(event), u64::from(event.kind.0)]);
            }
            Observation::Delivered { consumer, worker, message, service, .. } => {
                self.fold(&who(consumer), [2 + u64::from(worker) * 8, now.0, serial(&message.event), service.0]);
            }
            Observation::Acked { consumer, message, began, .. } => self.fold(&who(consumer), [3, now.0, serial(&message.event), began.0]),
            Observation::Failed { consumer, message, next, .. } => {
                let next = if let AfterFailure::Retry(at) = next { at.0 } else { 0 };
                self.fold(&who(consumer), [4, now.0, serial(&message.event), next]);
            }
            _ => {}
        }
    }
}

#[test]
fn the_loyalty_service_changes_nothing_for_the_others() {
    let without = Trails::of(&shipped("cases/shop.ron"));
    let with = Trails::of(&shipped("cases/shop-loyalty.ron"));
    assert!(with.contains_key("loyalty") && !without.contains_key("loyalty"));
    for (node, trail) in &without {
        assert_eq!(with.get(node), Some(trail), "{node} behaves differently");
    }
    assert_eq!(with.len(), without.len() + 1);
}
