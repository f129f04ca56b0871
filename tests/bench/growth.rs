//! What a delivery costs as something grows that has no part in it. Items are deliveries.

use divan::Bencher;
use divan::counter::ItemsCount;
use std::fmt::Write;
use std::sync::Arc;
use tidemill::engine::Simulation;
use tidemill::record::Recorder;
use tidemill::record::Totals;
use tidemill::scenario::{NoFiles, Plan, load};

fn plan(text: &str) -> Arc<Plan> {
    Arc::new(load(text, "growth.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan)
}

/// The run phase only: making a large plan ready is measured elsewhere.
fn run(bencher: Bencher<'_, '_>, text: &str) {
    let plan = plan(text);
    let start = || (Simulation::new(Arc::clone(&plan), 1), Recorder::new(Arc::clone(&plan)));
    let (mut simulation, mut recorder) = start();
    simulation.advance(plan.duration, u64::MAX, &mut recorder);
    let deliveries = Totals::of(&simulation).deliveries;
    bencher.counter(ItemsCount::new(deliveries)).with_inputs(start).bench_local_values(|(mut simulation, mut recorder)| {
        simulation.advance(plan.duration, u64::MAX, &mut recorder);
        (simulation, recorder)
    });
}

/// 20,000 events through so many consumers side by side, each with a topic of its own.
#[divan::bench(args = [1, 10, 100, 1_000])]
fn consumers(bencher: Bencher<'_, '_>, number: u32) {
    let (mut topics, mut nodes) = (String::new(), String::new());
    for i in 0..number {
        let _ = write!(topics, r#""t{i}", "#);
        let rate = 2_000.0 / f64::from(number);
        let busy = 400.0 * f64::from(number);
        let _ = write!(
            nodes,
            r#"
            Producer(id: "p{i}", emits: [Emit(event: "E", to: "b/t{i}", arrivals: Poisson("{rate}/s"))]),
            Consumer(id: "c{i}", reads: [Read(from: "b/t{i}")], handle: Handle(time: Exponential(mean: "{busy}us"))),"#
        );
    }
    run(
        bencher,
        &format!(
            r#"Scenario(format: 1, duration: "10s", network: Network(latency: Constant("0s")), events: [Event(name: "E")],
        nodes: [Broker(id: "b", kind: Simple(topics: [{topics}])), {nodes}])"#
        ),
    );
}

/// 20,000 keyed events through a Kafka topic of so many partitions to one group of four.
#[divan::bench(args = [4, 12, 100, 1_000])]
fn partitions(bencher: Bencher<'_, '_>, number: u32) {
    run(
        bencher,
        &format!(
            r#"Scenario(format: 1, duration: "10s", network: Network(latency: Constant("1ms")),
        events: [Event(name: "E", key: Uniform(keys: 100000))],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Poisson("2000/s"))]),
            Broker(id: "k", kind: Kafka(nodes: 3, topics: [Topic(name: "t", partitions: {number}, replication: 3, min_insync: 2)])),
            Consumer(id: "c", reads: [Read(from: "k/t")], instances: 4, handle: Handle(time: Exponential(mean: "1ms"))),
        ])"#
        ),
    );
}
