//! Whole runs, and checkpoints of them.

use divan::Bencher;
use divan::counter::ItemsCount;
use std::sync::Arc;
use tidemill::engine::Simulation;
use tidemill::record::Recorder;
use tidemill::run::headless;
use tidemill::scenario::{NoFiles, Plan, load};
use tidemill::time::Time;

fn plan(text: &str) -> Arc<Plan> {
    Arc::new(load(text, "bench.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan)
}

/// Ten thousand events through one consumer; `link` is the latency everywhere, `handle` what a worker does.
fn station(link: &str, handle: &str) -> Arc<Plan> {
    plan(&format!(
        r#"Scenario(format: 1, duration: "10s", network: Network(latency: {link}), events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("1000/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], handle: {handle}),
        ])"#
    ))
}

const FAST: &str = r#"Handle(time: Exponential(mean: "800us"))"#;

fn run(bencher: Bencher<'_, '_>, plan: Arc<Plan>) {
    let deliveries = headless::run(&plan, 1, &mut |_| {}).report().totals.deliveries;
    bencher.counter(ItemsCount::new(deliveries)).bench(|| headless::run(&plan, 1, &mut |_| {}).simulation.fingerprint());
}

#[divan::bench]
fn without_network(bencher: Bencher<'_, '_>) {
    run(bencher, station(r#"Constant("0s")"#, FAST));
}

#[divan::bench]
fn over_constant_links(bencher: Bencher<'_, '_>) {
    run(bencher, station(r#"Constant("1ms")"#, FAST));
}

#[divan::bench]
fn over_jittered_links(bencher: Bencher<'_, '_>) {
    run(bencher, station(r#"LogNormal(median: "1ms", p99: "9ms")"#, FAST));
}

#[divan::bench]
fn with_failures(bencher: Bencher<'_, '_>) {
    run(bencher, station(r#"Constant("0s")"#, r#"Handle(time: Constant("500us"), fails: "20%")"#));
}

/// The same without anybody who listens.
#[divan::bench]
fn unobserved(bencher: Bencher<'_, '_>) {
    let plan = station(r#"Constant("0s")"#, FAST);
    bencher.bench(|| {
        let mut simulation = Simulation::new(Arc::clone(&plan), 1);
        simulation.advance(plan.duration, u64::MAX, &mut ());
        simulation.fingerprint()
    });
}

#[divan::bench]
fn the_online_shop(bencher: Bencher<'_, '_>) {
    run(bencher, plan(include_str!("../../scenarios/cases/shop.ron")));
}

/// So many events waiting in one queue.
fn flooded(waiting: u64) -> (Simulation, Recorder) {
    let plan = plan(&format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E")], network: Network(latency: Constant("0s")), nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(count: {waiting}))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms"))),
        ])"#
    ));
    let (mut simulation, mut recorder) = (Simulation::new(Arc::clone(&plan), 1), Recorder::new(plan));
    simulation.advance(Time::ZERO, u64::MAX, &mut recorder);
    (simulation, recorder)
}

const WAITING: [u64; 3] = [1, 1_000, 1_000_000];

#[divan::bench(args = WAITING)]
fn checkpoint(bencher: Bencher<'_, '_>, waiting: u64) {
    let (simulation, recorder) = flooded(waiting);
    bencher.bench_local(|| (simulation.clone(), recorder.clone()));
}

/// A thousand deliveries from a checkpoint on.
#[divan::bench(args = [10_000, 1_000_000])]
fn drain(bencher: Bencher<'_, '_>, waiting: u64) {
    let (simulation, recorder) = flooded(waiting);
    bencher.counter(ItemsCount::new(1_000u64)).with_inputs(|| (simulation.clone(), recorder.clone())).bench_local_values(
        |(mut simulation, mut recorder)| {
            simulation.advance(Time(1_000_000_000), u64::MAX, &mut recorder);
            simulation
        },
    );
}
