//! Memory, counted in bytes at the allocator: the same on every machine, however busy.
//!
//! One test at a time: all of them count the whole process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

#[path = "bench/parts.rs"]
mod parts;

use parts::Parts;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidemill::engine::{Progress, Simulation};
use tidemill::record::cells::Cells;
use tidemill::record::histogram::{Distribution, Precision};
use tidemill::record::{Recorder, Series};
use tidemill::run::checkpoints::Checkpoints;
use tidemill::run::{Moment, Script};
use tidemill::scenario::{NoFiles, Plan, load};
use tidemill::time::Time;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `make` makes, and the bytes that it holds on to.
fn held<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let region = Region::new(ALLOCATOR);
    let made = make();
    let change = region.change();
    (made, change.bytes_allocated - change.bytes_deallocated)
}

fn plan(text: &str) -> Arc<Plan> {
    Arc::new(load(text, "test.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan)
}

const WAITING: u64 = 1_000_000;

/// A million events at once for one consumer; `reader` is what else is said of it.
fn flood(reader: &str) -> Arc<Plan> {
    plan(&format!(
        r#"Scenario(format: 1, duration: "60s", network: Network(latency: Constant("0s")), events: [Event(name: "E", key: Uniform(keys: 1000))],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(count: {WAITING}))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                {reader}
            ])"#
    ))
}

const ALONE: &str = r#"Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms")))"#;
/// Two readers of one outlet: events wait in the broker until one of them has room.
const SHARED: &str = r#"Consumer(id: "c", reads: [Read(from: "b/t", group: "g")], handle: Handle(time: Constant("1ms"))),
    Consumer(id: "d", reads: [Read(from: "b/t", group: "g")], handle: Handle(time: Constant("1ms")))"#;

#[test]
fn a_waiting_event_takes_64_bytes_at_most() {
    let _alone = alone();
    for reader in [ALONE, SHARED] {
        let plan = flood(reader);
        let (simulation, bytes) = held(|| {
            let mut simulation = Simulation::new(plan, 1);
            simulation.advance(Time::ZERO, u64::MAX, &mut ());
            simulation
        });
        assert_eq!(simulation.live(), WAITING);
        let each = bytes as f64 / WAITING as f64;
        assert!(each <= 64.0, "{each} bytes");
    }
}

#[test]
fn a_checkpoint_shares_what_waits() {
    let _alone = alone();
    for reader in [ALONE, SHARED] {
        let mut simulation = Simulation::new(flood(reader), 1);
        simulation.advance(Time::ZERO, u64::MAX, &mut ());
        let (checkpoint, bytes) = held(|| simulation.clone());
        assert!(bytes < 1_000_000, "{bytes} bytes for a checkpoint of a million waiting events");
        // It is a checkpoint indeed, and going on from it costs what is touched and no copy of the queue.
        let mut branch = checkpoint.clone();
        let (_, bytes) = held(|| branch.advance(Time(1_000_000_000), u64::MAX, &mut ()));
        assert!(bytes < 1_000_000, "{bytes} bytes to go on for a second");
        simulation.advance(Time(1_000_000_000), u64::MAX, &mut ());
        assert_eq!(branch.fingerprint(), simulation.fingerprint());
        assert_eq!(checkpoint.live(), WAITING);
    }
}

/// A plan of `groups` producers, brokers and thrice as many consumers that runs for so long.
fn groups(groups: usize, duration: &str) -> Arc<Plan> {
    let mut nodes = String::new();
    for i in 0..groups {
        write!(
            nodes,
            r#"Producer(id: "p{i}", emits: [Emit(event: "E", to: "b{i}/t", arrivals: Poisson("1/s"))]), Broker(id: "b{i}", kind: Simple(topics: ["t"])), "#
        )
        .unwrap();
        for c in 0..3 {
            write!(nodes, r#"Consumer(id: "c{i}-{c}", reads: [Read(from: "b{i}/t")]), "#).unwrap();
        }
    }
    plan(&format!(r#"Scenario(format: 1, duration: "{duration}", events: [Event(name: "E")], nodes: [{nodes}])"#))
}

#[test]
fn series_stay_within_their_bound_however_long_the_run() {
    let _alone = alone();
    // 32 MB of bins and as much again for the coarser levels, as `Series` states, and what thousands of rows need besides.
    const BOUND: usize = (64 << 20) + 4_000_000;
    for size in [1, 40, 1000] {
        let bins = Series::bins_for(&groups(size, "1h"), Series::FINE);
        // As long as bins of an even width fill it, so that as many are kept as may be.
        let plan = groups(size, &format!("{}ms", bins * 500));
        assert_eq!(plan.nodes.len(), size * 5);
        let mut recorder = Recorder::with_bins(Arc::clone(&plan), Series::FINE);
        let (_, bytes) = held(|| recorder.pass(plan.duration));
        let rows = recorder.series_at(plan.duration).len();
        assert!(rows <= bins && rows * 10 > bins * 9, "all of the run is in them: {rows} rows of {bins}");
        assert!(bytes <= BOUND, "{bytes} bytes of series for {} nodes", plan.nodes.len());
        // Whoever draws them gets pointers.
        let (_copy, bytes) = held(|| recorder.series_at(plan.duration));
        let row = (plan.nodes.len() + plan.outlets.len() + plan.links.len()) * 160 + 4096;
        assert!(bytes <= 16 * 1024 + row, "{bytes} bytes to hand them over, with the row that is not full yet");
    }
}

const KAFKA: &str = r#"Kafka(topics: [Topic(name: "t", partitions: 6)])"#;
const RABBIT: &str =
    r#"RabbitMq(exchanges: [Exchange(name: "t", kind: Fanout)], queues: [Queue(name: "q")], bindings: [Binding(from: "t", to: "q")])"#;
const BRIDGE: &str = r##"EventBridge(buses: [Bus(name: "t", archive: Archive(retention: "7d"))], rules: [Rule(name: "q", bus: "t", pattern: r#"{"detail-type": ["E"]}"#)])"##;

/// A broker of a kind that keeps much: far more comes than is handled.
fn behind(kind: &str) -> Arc<Plan> {
    let from = if kind == KAFKA { "b/t" } else { "b/q" };
    plan(&format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Uniform(keys: 1000))], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("4000/s"))]),
            Broker(id: "b", kind: {kind}),
            Consumer(id: "c", reads: [Read(from: "{from}")], handle: Handle(time: Constant("5ms"))),
        ])"#
    ))
}

#[test]
fn what_brokers_keep_counts() {
    let _alone = alone();
    for kind in [KAFKA, RABBIT, BRIDGE] {
        let plan = behind(kind);
        let mut simulation = Simulation::new(plan, 1);
        let mut shared = std::collections::BTreeMap::new();
        let before = simulation.weigh(&mut |_, _| {});
        let (_, bytes) = held(|| simulation.advance(Time(10_000_000_000), u64::MAX, &mut ()));
        let own = simulation.weigh(&mut |block, bytes| {
            shared.insert(block, bytes);
        });
        let said = own.saturating_sub(before) + shared.values().sum::<usize>();
        assert!(bytes > 1_000_000, "{kind} keeps {bytes} bytes");
        // Lists have room to grow, and small things are left out: within a factor of two.
        assert!(said * 2 > bytes && said < bytes * 2, "{kind}: {said} said of {bytes}");
    }
}

#[test]
fn checkpoints_take_what_they_say_and_keep_to_their_budget() {
    let _alone = alone();
    const BUDGET: usize = 24 << 20;
    let brokers = [KAFKA, RABBIT, BRIDGE].map(|kind| (behind(kind), false));
    for (plan, share) in [(flood(ALONE), true), (flood(SHARED), true), (groups(40, "1h"), false)].into_iter().chain(brokers) {
        let script = Script::plain(Arc::clone(&plan), 1);
        let mut moment = Moment::start(&script, Series::FINE);
        // So much stands in the queue from the start on that all copies share it; it counts all the same.
        moment.advance(&script, Time::ZERO, u64::MAX, &mut ());
        let queue = moment.simulation.live() as usize * if share { 48 } else { 0 };
        let budget = BUDGET + queue;
        let mut checkpoints = Checkpoints::new(budget);
        let mut taken = 0;
        let (_, bytes) = held(|| {
            checkpoints.take(0, &moment);
            while moment.advance(&script, Time::NEVER, 1500, &mut ()) == Progress::Paused {
                checkpoints.take(0, &moment);
                taken += 1;
                assert!(checkpoints.bytes() <= budget, "{} bytes", checkpoints.bytes());
                if taken == 60 {
                    break;
                }
            }
        });
        let said = checkpoints.bytes();
        assert!(taken > 3 && checkpoints.len() > 1, "{taken} taken, {} kept", checkpoints.len());
        // The queue was there before, and the run itself goes on meanwhile: its series and its own copy of what it touches.
        assert!(bytes <= said + (8 << 20), "{bytes} bytes held, {said} said");
        drop(checkpoints);
    }
}

#[test]
fn distributions_keep_to_their_size_whatever_the_samples() {
    let _alone = alone();
    for (precision, most) in [(Precision::Fine, 58 << 10), (Precision::Medium, 15 << 10), (Precision::Coarse, 4 << 10)] {
        let (_distribution, bytes) = held(|| {
            let (mut distribution, mut cells) = (Distribution::default(), Cells::new(precision, 0));
            (0..64).for_each(|bit| distribution.record(1 << bit, &mut cells));
            distribution.record(u64::MAX, &mut cells);
            (distribution, cells)
        });
        // The list that grows may be twice as long as what stands in it.
        assert!(bytes <= 2 * most, "{bytes} bytes with {precision:?}");
    }
}

#[test]
fn four_times_the_parts_of_a_broker_take_four_times_the_memory_and_work() {
    let _alone = alone();
    for kind in [Parts::Topics, Parts::Queues, Parts::Rules, Parts::Brokers] {
        let measured = |number: usize| {
            let text = parts::scenario(kind, number);
            let region = Region::new(ALLOCATOR);
            let ((simulation, recorder), bytes) = held(|| {
                let plan = plan(&text);
                (Simulation::new(Arc::clone(&plan), 1), Recorder::new(plan))
            });
            let allocations = region.change().allocations;
            drop((simulation, recorder));
            (bytes as f64, allocations as f64)
        };
        let (few, many) = (measured(200), measured(800));
        // Lists that double as they grow have up to twice the room that they need.
        let (bytes, allocations) = (many.0 / few.0, many.1 / few.1);
        assert!(bytes < 6.0, "{kind:?}: {bytes} times the bytes");
        assert!(allocations < 5.0, "{kind:?}: {allocations} times the allocations");
    }
}
