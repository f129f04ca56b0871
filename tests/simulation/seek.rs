//! Going to a moment gives exactly the moment: whatever was taken on the way, nothing of it is left.

#![allow(clippy::disallowed_methods, reason = "these tests wait for a thread that runs by wall time")]

use crate::plan;
use crate::replay::BUSY;
use std::sync::Arc;
use std::time::Duration;
use tidemill::random::Stream;
use tidemill::run::checkpoints::Checkpoints;
use tidemill::run::frame::{Frame, PlayState, Speed};
use tidemill::run::{Command, Moment, Runner, Script, headless};
use tidemill::scenario::Plan;
use tidemill::time::Time;

/// Small scenarios of all shapes, by number.
pub fn scenario(number: u64) -> Arc<Plan> {
    let mut random = Stream::numbered(7, number);
    let mut pick = |choices: &[&str]| choices[random.below(choices.len() as u64) as usize].to_owned();
    let latency = pick(&[r#"Constant("0s")"#, r#"Constant("2ms")"#, r#"Exponential(mean: "3ms")"#, r#"Normal(mean: "4ms", sd: "2ms")"#]);
    let (loss, duplication) = (pick(&["0%", "2%"]), pick(&["0%", "3%"]));
    let arrivals = pick(&[
        r#"Poisson("300/s")"#,
        r#"Every("5ms")"#,
        r#"Bursts(on: "1s", off: "1s", rate: "400/s")"#,
        r#"ClosedLoop(users: 9, think: Exponential(mean: "20ms"))"#,
        r#"Ramp(from: "10/s", to: "500/s", over: "6s")"#,
    ]);
    let (time, instances) =
        (pick(&[r#"Constant("9ms")"#, r#"Exponential(mean: "7ms")"#, r#"LogNormal(median: "5ms", p99: "40ms")"#]), pick(&["1", "3"]));
    let (fails, group) = (pick(&["0%", "10%"]), pick(&["c", "g"]));
    let (attempts, backoff) = (pick(&["1", "4"]), pick(&["Immediate", r#"Exponential(first: "10ms", jitter: Full)"#]));
    plan(&format!(
        r#"Scenario(format: 1, seed: {number}, duration: "8s", warmup: "1s",
            network: Network(latency: {latency}, loss: "{loss}", duplication: "{duplication}"),
            events: [Event(name: "E", key: Uniform(keys: 20)), Event(name: "F")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: {arrivals})]),
                Broker(id: "b", kind: Simple(topics: ["t", "u", "dead"])),
                Consumer(id: "c", instances: {instances}, reads: [Read(from: "b/t", group: "{group}")], handle: Handle(time: {time}, fails: "{fails}"),
                    retry: Retry(attempts: {attempts}, backoff: {backoff}), dead_letter: "b/dead",
                    then: [Emit(event: "F", to: "b/u", probability: "50%")]),
                Consumer(id: "d", reads: [Read(from: "b/t", group: "g"), Read(from: "b/u")], handle: Handle(time: Constant("2ms"))),
                Consumer(id: "morgue", reads: [Read(from: "b/dead")]),
            ])"#
    ))
}

#[test]
fn from_any_checkpoint_to_any_moment_is_the_same_as_straight_there() {
    for number in 0..24 {
        let script = Script::plain(scenario(number), number);
        let mut random = Stream::named(number, "moments");
        let mut checkpoints = Checkpoints::new(usize::MAX);
        let mut running = Moment::start(&script, 100);
        checkpoints.take(0, &running);
        // In uneven pieces, some of which end in the middle of what happens at one time.
        while running.now() < script.plan.duration {
            running.advance(&script, Time(running.now().0 + random.below(800_000_000)), random.below(900) + 1, &mut ());
            checkpoints.take(0, &running);
        }
        assert!(checkpoints.len() > 5);
        for _ in 0..6 {
            let to = Time(random.below(script.plan.duration.0 + 1));
            let mut straight = Moment::start(&script, 100);
            straight.advance(&script, to, u64::MAX, &mut ());
            let start = checkpoints.before(&[(0, Time::NEVER, usize::MAX)], to).unwrap();
            assert!(start.moment.now() <= to);
            let mut sought = start.moment.clone();
            sought.advance(&script, to, u64::MAX, &mut ());
            // Whole: every field of the simulation and of the record, as text.
            assert_eq!(format!("{sought:?}"), format!("{straight:?}"), "scenario {number} at {to}");
        }
    }
}

#[test]
fn the_same_holds_for_every_kind_of_broker_and_whatever_else_ships() {
    let mut files = Vec::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for folder in std::fs::read_dir(root).unwrap() {
        let paths = std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "ron")));
    }
    files.sort();
    assert!(files.len() > 30);
    for (number, file) in files.iter().enumerate() {
        let plan = Arc::new(tidemill::files::open(file).unwrap_or_else(|p| panic!("{}", p[0])).plan);
        let script = Script::plain(Arc::clone(&plan), plan.seed);
        let mut random = Stream::numbered(11, number as u64);
        let reach = (plan.duration.0 / 2).min(20_000_000_000);
        let to = Time(reach / 2 + random.below(reach / 2 + 1));
        let mut checkpoints = Checkpoints::new(usize::MAX);
        let mut running = Moment::start(&script, 20);
        checkpoints.take(0, &running);
        while running.now() < to {
            let before = running.simulation.steps();
            running.advance(&script, Time(running.now().0 + random.below(reach / 4 + 1)), random.below(5_000) + 1, &mut ());
            if running.simulation.steps() == before && running.now() >= to {
                break;
            }
            checkpoints.take(0, &running);
        }
        let mut straight = Moment::start(&script, 20);
        straight.advance(&script, to, u64::MAX, &mut ());
        let mut sought = checkpoints.before(&[(0, Time::NEVER, usize::MAX)], to).unwrap().moment.clone();
        assert!(sought.now() <= to);
        sought.advance(&script, to, u64::MAX, &mut ());
        assert!(format!("{sought:?}") == format!("{straight:?}"), "{} at {to}", file.display());
    }
}

/// Waits for a frame that the condition likes.
pub fn wait(runner: &Runner, what: &str, done: impl Fn(&Frame) -> bool) -> Arc<Frame> {
    for _ in 0..6000 {
        let frame = runner.frame();
        if done(&frame) {
            return frame;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{what} did not come to pass: {:?}", runner.frame().now);
}

/// Everything of a frame that does not depend on how one came there.
fn essence(frame: &Frame) -> String {
    format!("{:?}", (frame.now, frame.steps, frame.fingerprint, frame.totals, &frame.nodes, &frame.outlets, &frame.links, &frame.series))
}

#[test]
fn the_window_shows_the_moment_wherever_it_came_from() {
    let plan = plan(BUSY);
    let runner = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    wait(&runner, "the end", |frame| frame.state == PlayState::Finished);
    runner.send(Command::Speed(Speed::Times(1.0)));
    let mut random = Stream::named(3, "moments");
    for _ in 0..12 {
        let to = Time(random.below(plan.duration.0));
        runner.send(Command::Seek(to));
        let sought = wait(&runner, "the moment", |frame| frame.now == to && frame.past.seeking.is_none());
        assert_eq!(sought.state, PlayState::Paused);
        assert_eq!(sought.past.recorded, plan.duration, "what was recorded stays");
        let fresh = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
        fresh.send(Command::Seek(to));
        let straight = wait(&fresh, "the moment", |frame| frame.now == to && frame.past.seeking.is_none());
        assert_eq!(essence(&sought), essence(&straight), "at {to}");
    }
    // And from the past the run goes on to the very end it had.
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    let end = wait(&runner, "the end", |frame| frame.state == PlayState::Finished);
    assert_eq!(end.fingerprint, headless::run(&plan, plan.seed, &mut |_| {}).simulation.fingerprint());
}

#[test]
fn stepping_back_and_forth_visits_every_moment_once() {
    let plan = plan(BUSY);
    let runner = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
    runner.send(Command::Seek(Time(3_000_000_000)));
    let mut now = wait(&runner, "the start", |frame| frame.now == Time(3_000_000_000) && frame.past.seeking.is_none()).now;
    let mut visited = Vec::new();
    for _ in 0..20 {
        runner.send(Command::Step);
        now = wait(&runner, "a step", |frame| frame.now > now && frame.past.seeking.is_none()).now;
        visited.push((now, runner.frame().fingerprint));
    }
    for (at, fingerprint) in visited.iter().rev().skip(1) {
        runner.send(Command::StepBack);
        let frame = wait(&runner, "a step back", |frame| frame.now < now && frame.past.seeking.is_none());
        assert_eq!((frame.now, frame.fingerprint), (*at, *fingerprint));
        now = frame.now;
    }
    // Of one node only: fewer moments, among the same ones.
    let node = plan.node("morgue").unwrap();
    runner.send(Command::Next { nodes: vec![node], back: false });
    let ahead = wait(&runner, "something at the node", |frame| frame.now > now && frame.past.seeking.is_none());
    runner.send(Command::Next { nodes: vec![node], back: false });
    let further = wait(&runner, "something more", |frame| frame.now > ahead.now && frame.past.seeking.is_none());
    runner.send(Command::Next { nodes: vec![node], back: true });
    let back = wait(&runner, "the way back", |frame| frame.now < further.now && frame.past.seeking.is_none());
    assert_eq!((back.now, back.fingerprint), (ahead.now, ahead.fingerprint));
    let count = |frame: &Frame| frame.nodes[node.index()].count + u64::from(frame.nodes[node.index()].busy);
    assert!(count(&ahead) > 0, "{:?}", ahead.nodes[node.index()]);
}

#[test]
fn a_small_budget_thins_checkpoints_and_moments_stay_the_same() {
    let plan = plan(BUSY);
    let script = Script::plain(Arc::clone(&plan), plan.seed);
    let mut all = Checkpoints::new(2_000_000);
    let mut moment = Moment::start(&script, 100);
    all.take(0, &moment);
    let mut taken = 0;
    while moment.now() < plan.duration {
        moment.advance(&script, Time::NEVER, 100, &mut ());
        all.take(0, &moment);
        taken += 1;
    }
    assert!(all.bytes() <= 2_000_000 && all.len() > 1, "{} bytes in {} checkpoints", all.bytes(), all.len());
    assert!(taken > 50 && all.len() < taken, "{taken} taken, {} kept", all.len());
    let start = all.before(&[(0, Time::NEVER, usize::MAX)], Time::ZERO);
    assert_eq!(start.map(|c| c.moment.simulation.steps()), Some(0), "the start stays");
}
