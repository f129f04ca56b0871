//! One topology under several kinds of broker.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use tidemill::engine::{Observation, Observer, Simulation};
use tidemill::run::brokers;
use tidemill::scenario::{NoFiles, change, load};
use tidemill::time::Time;

const SHOP: &str = include_str!("../scenarios/cases/shop.ron");

/// When each event was published by a producer.
#[derive(Default)]
struct Published(BTreeMap<u64, Time>);

impl Observer for Published {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        if let Observation::Published { event, cause: None, .. } = what {
            self.0.insert(event.id.0, now);
        }
    }
}

#[test]
fn arrivals_are_the_same_to_the_nanosecond() {
    let scenario = load(SHOP, "shop.ron", &NoFiles).unwrap().scenario;
    let kinds: Vec<&str> = change::kinds().map(|(kind, _)| kind).collect();
    assert!(kinds.len() >= 2);
    let published: Vec<BTreeMap<u64, Time>> = brokers::sides(&scenario, &kinds, &NoFiles)
        .unwrap()
        .iter()
        .map(|side| {
            let mut published = Published::default();
            let mut simulation = Simulation::new(Arc::clone(&side.row.plan), 42);
            simulation.advance(Time::NEVER, u64::MAX, &mut published);
            simulation.audit().unwrap();
            published.0
        })
        .collect();
    assert!(published[0].len() > 2_500);
    for (kind, other) in kinds.iter().zip(&published) {
        assert!(*other == published[0], "{kind}");
    }
}

fn compare(arguments: &[&str]) -> std::process::Output {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/cases/shop.ron");
    Command::new(env!("CARGO_BIN_EXE_tidemill")).args(["compare", shop, "--replicas", "2"]).args(arguments).output().unwrap()
}

#[test]
fn the_command_puts_them_side_by_side_and_says_what_differs() {
    let output = compare(&["--brokers", "simple,eventbridge"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for words in ["billing.latency.p50", "EventBridge", "what differs", "published at the same moments", "not kept under EventBridge"] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    let object: Value = serde_json::from_slice(&compare(&["--brokers", "simple,eventbridge", "--json"]).stdout).unwrap();
    let figure = |at: usize, name: &str| object["brokers"][at]["figures"][name]["mean"].as_f64().unwrap();
    assert_eq!(object["brokers"][1]["kind"], "EventBridge");
    assert!(figure(1, "analytics.latency.p50") > figure(0, "analytics.latency.p50") + 0.1);
    assert_eq!(figure(0, "order-service.published"), figure(1, "order-service.published"));
}

#[test]
fn an_unknown_kind_is_refused() {
    let output = compare(&["--brokers", "simple,pigeon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("pigeon"));
}
