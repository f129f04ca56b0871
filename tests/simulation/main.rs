//! The simulation against theory, against itself, and against its own books.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod balance;
mod beside;
mod change;
mod eventbridge;
mod faults;
mod flow;
mod guarantees;
mod handling;
mod journeys;
mod kafka;
mod kafka_cluster;
mod kafka_fencing;
mod kafka_reset;
mod limits;
mod ordering;
mod publishing;
mod rabbitmq;
mod rabbitmq_queues;
mod replay;
mod scale;
mod seek;
mod stores;
mod theory;
mod why;

use proptest::prelude::ProptestConfig;
use std::sync::Arc;
use tidemill::engine::broker::kafka::view::View;
use tidemill::record::Report;
use tidemill::record::report::{ConsumerReport, NodeReport};
use tidemill::run::headless;
use tidemill::scenario::{NoFiles, Plan, load};

/// How a property is tried: on so many random cases, or on as many as `PROPTEST_CASES` asks for. (A case that fails is printed, as small as
/// it gets; what comes of it is a test of its own, so that no list of seeds has to be kept.)
fn random(usual: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// The plan of a scenario's text; panics with the problems if there are any.
fn plan(text: &str) -> Arc<Plan> {
    match load(text, "test.ron", &NoFiles) {
        Ok(loaded) => Arc::new(loaded.plan),
        Err(problems) => panic!("{}\n{text}", problems.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// The report of a run in one go; the books must balance at its end.
fn run(plan: &Arc<Plan>, seed: u64) -> Report {
    let finished = headless::run(plan, seed, &mut |_| {});
    finished.simulation.audit().unwrap();
    finished.report()
}

/// What the Kafka cluster `k` shows of itself at the end.
fn kafka_view(report: &Report) -> &View {
    match report.nodes.get("k") {
        Some(NodeReport::Broker { kafka: Some(view), .. }) => view,
        other => panic!("k is {other:?}"),
    }
}

fn consumer<'r>(report: &'r Report, name: &str) -> &'r ConsumerReport {
    match report.nodes.get(name) {
        Some(NodeReport::Consumer(consumer)) => consumer,
        other => panic!("{name} is {other:?}"),
    }
}
