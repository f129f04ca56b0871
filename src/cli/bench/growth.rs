//! `tidemill bench growth`: what a delivery costs as something grows that has no part in it.

use super::outcome::{self, Outcome, alone, repeat};
use super::workloads::{Workload, growing};
use crate::cli::progress::Runs;
use crate::cli::table;
use crate::figures::number;
use serde_json::{Map, Value, json};

/// Something that grows.
struct Axis {
    /// In JSON.
    name: &'static str,
    /// For people.
    about: &'static str,
    /// A scenario with so many of it, in which about so many events are delivered.
    workload: fn(u64, u64) -> Workload,
    sizes: &'static [u64],
}

const AXES: &[Axis] = &[
    Axis { name: "on_the_way", about: "events on their way over one link", workload: growing::on_the_way, sizes: &[10, 1_000, 100_000] },
    Axis { name: "consumers", about: "consumers of one topic", workload: growing::consumers, sizes: &[1, 10, 100, 1_000] },
    Axis { name: "partitions", about: "Kafka: partitions of a topic", workload: growing::partitions, sizes: &[4, 12, 100, 1_000] },
    Axis { name: "groups", about: "Kafka: groups that read 1,000 partitions", workload: growing::groups, sizes: &[1, 20, 200] },
    Axis { name: "bindings", about: "RabbitMQ: bindings of a topic exchange", workload: growing::bindings, sizes: &[10, 1_000, 10_000] },
    Axis { name: "rules", about: "EventBridge: rules of a bus", workload: growing::rules, sizes: &[10, 100, 300] },
];

/// What came of an axis.
struct Grown {
    axis: &'static Axis,
    outcomes: Vec<(u64, Outcome)>,
}

/// Everything that was measured.
pub struct Figures(Vec<Grown>);

/// Measures everything; takes about a minute, or some seconds if `quick`: then only the smaller sizes.
///
/// # Errors
/// What the system refused, in a sentence.
pub fn measure(quick: bool) -> Result<Figures, String> {
    let (deliveries, repetitions) = if quick { (20_000, 1) } else { (1_000_000, 3) };
    let sizes = |axis: &'static Axis| &axis.sizes[..if quick { 2 } else { axis.sizes.len() }];
    let runs: usize = AXES.iter().map(|axis| sizes(axis).len()).sum();
    let progress = Runs::new("growth", runs * repetitions as usize);
    let one = |axis: &Axis, size: u64| Ok((size, repeat(&(axis.workload)(size, deliveries), repetitions, &progress, alone)?));
    let grown = |axis| Ok(Grown { axis, outcomes: sizes(axis).iter().map(|size| one(axis, *size)).collect::<Result<_, String>>()? });
    AXES.iter().map(grown).collect::<Result<_, String>>().map(Figures)
}

impl Figures {
    /// One object.
    pub fn json(&self) -> Value {
        let sizes = |grown: &Grown| grown.outcomes.iter().map(|(size, outcome)| (size.to_string(), outcome.json())).collect();
        let axes: Map<String, Value> = self.0.iter().map(|grown| (grown.axis.name.to_owned(), sizes(grown))).collect();
        json!({"growth": axes})
    }

    /// A table for people.
    pub fn text(&self) -> String {
        let mut rows = vec![outcome::head(&["what grows", "to"])];
        for grown in &self.0 {
            for (i, (size, outcome)) in grown.outcomes.iter().enumerate() {
                let about = if i == 0 { grown.axis.about } else { "" };
                rows.push(outcome.row(&[about, &number(*size as f64)]));
            }
        }
        let mut text = String::from("growth: deliveries per CPU second of the run phase after its warm-up, median\n\n");
        table::aligned(&mut text, &rows);
        text
    }
}
