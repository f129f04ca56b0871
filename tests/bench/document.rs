//! Scenario files: reading, checking, writing.

use super::parts::{Parts, scenario};
use divan::Bencher;
use divan::counter::BytesCount;
use std::fmt::Write;
use tidemill::scenario::{NoFiles, Scenario, check, load, read, set, write, write_over};

const NODES: [usize; 2] = [500, 5_000];

/// A file with so many nodes, in groups of a producer, a broker and three consumers.
fn text(nodes: usize) -> String {
    let mut text =
        String::from("Scenario(\n    format: 1,\n    events: [Event(name: \"E\", key: Zipf(keys: 100, exponent: 1.1))],\n    nodes: [\n");
    for i in 0..nodes / 5 {
        writeln!(
            text,
            "        Producer(id: \"p{i}\", at: ({i}, 0), emits: [Emit(event: \"E\", to: \"b{i}/t\", arrivals: Poisson(\"5/s\"))]),"
        )
        .unwrap();
        writeln!(
            text,
            "        // What belongs together stands together.\n        Broker(id: \"b{i}\", at: ({i}, 1), kind: Simple(topics: [\"t\"])),"
        )
        .unwrap();
        for c in 0..3 {
            writeln!(
                text,
                "        Consumer(id: \"c{i}-{c}\", at: ({i}, 2), reads: [Read(from: \"b{i}/t\")], handle: Handle(time: Gamma(mean: \"3ms\", shape: 2))),"
            )
            .unwrap();
        }
    }
    text + "    ],\n)\n"
}

fn document(text: &str) -> Scenario {
    read(text, "bench.ron").unwrap_or_else(|p| panic!("{}", p[0]))
}

#[divan::bench(args = NODES)]
fn load_text(bencher: Bencher<'_, '_>, nodes: usize) {
    let text = text(nodes);
    bencher.counter(BytesCount::of_str(&text)).bench(|| load(&text, "bench.ron", &NoFiles).is_ok());
}

/// The same of one broker with so many parts, or of so many brokers.
#[divan::bench(args = [
    (Parts::Topics, 1_000), (Parts::Topics, 8_000), (Parts::Queues, 1_000), (Parts::Queues, 8_000),
    (Parts::Rules, 1_000), (Parts::Rules, 8_000), (Parts::Brokers, 1_000), (Parts::Brokers, 8_000),
])]
fn load_parts(bencher: Bencher<'_, '_>, (parts, number): (Parts, usize)) {
    let text = scenario(parts, number);
    bencher.counter(BytesCount::of_str(&text)).bench(|| load(&text, "bench.ron", &NoFiles).is_ok());
}

#[divan::bench(args = NODES)]
fn check_document(bencher: Bencher<'_, '_>, nodes: usize) {
    let document = document(&text(nodes));
    bencher.bench(|| check(&document, &NoFiles).is_ok());
}

#[divan::bench(args = NODES)]
fn write_document(bencher: Bencher<'_, '_>, nodes: usize) {
    let text = text(nodes);
    let document = document(&text);
    bencher.counter(BytesCount::of_str(&text)).bench(|| write(&document));
}

/// Saving one change without losing comments.
#[divan::bench(args = NODES)]
fn write_change(bencher: Bencher<'_, '_>, nodes: usize) {
    let text = text(nodes);
    let mut document = document(&text);
    document.duration = "7s".parse().unwrap();
    bencher.counter(BytesCount::of_str(&text)).bench(|| write_over(&document, &text));
}

#[divan::bench(args = NODES)]
fn set_value(bencher: Bencher<'_, '_>, nodes: usize) {
    let text = text(nodes);
    bencher.counter(BytesCount::of_str(&text)).bench(|| set(&text, "c7-1.instances=4").is_ok());
}
