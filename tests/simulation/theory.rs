//! Queueing theory: what a run measures lies within three standard errors of what is known.
//!
//! Each case runs under seeds 1 to 24; the standard error is that of the mean over the seeds. Formulas: Gross, Shortle, Thompson and
//! Harris, Fundamentals of Queueing Theory (M/M/c by Erlang C, M/G/1 by Pollaczek and Khinchine).

use crate::{consumer, plan, run};
use tidemill::record::report::ConsumerReport;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=24;

/// One station: arrivals at 80 per second, no network.
fn station(handle: &str, instances: u32) -> String {
    format!(
        r#"Scenario(format: 1, duration: "1100s", warmup: "100s", network: Network(latency: Constant("0s")),
            events: [Event(name: "E")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("80/s"))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", instances: {instances}, reads: [Read(from: "b/t")], handle: Handle(time: {handle})),
            ])"#
    )
}

/// Checks the mean over the seeds of a figure against theory.
fn agree(what: &str, samples: &[f64], theory: f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!(error > 0.0 || mean == theory, "{what}: no spread at all over the seeds");
    assert!((mean - theory).abs() <= 3.0 * error, "{what}: {mean} against {theory} in theory, standard error {error}");
    // Agreement must not be bought with a spread that would let anything pass.
    assert!(error < 0.05 * theory, "{what}: the standard error {error} is too wide to tell");
}

fn figures(text: &str, name: &str) -> Vec<ConsumerReport> {
    let plan = plan(text);
    SEEDS.map(|seed| *consumer(&run(&plan, seed), name)).collect()
}

fn check(what: &str, figures: &[ConsumerReport], utilisation: f64, wait: f64, service: f64) {
    let pick = |figure: fn(&ConsumerReport) -> f64| figures.iter().map(figure).collect::<Vec<_>>();
    agree(&format!("{what}: utilisation"), &pick(|c| c.utilisation), utilisation);
    agree(&format!("{what}: wait"), &pick(|c| c.wait.mean), wait);
    agree(&format!("{what}: latency"), &pick(|c| c.latency.mean), wait + service);
    // Little's law ties three independently measured figures together.
    agree(&format!("{what}: lag"), &pick(|c| c.lag.mean), 80.0 * (wait + service));
}

#[test]
fn m_m_1() {
    // rho = 0.8: Wq = rho / (mu - lambda) = 0.8 / 20.
    check("M/M/1", &figures(&station(r#"Exponential(mean: "10ms")"#, 1), "c"), 0.8, 0.04, 0.01);
}

#[test]
fn m_m_1_percentiles() {
    // Time in system is exponential with rate mu - lambda = 20.
    let all = figures(&station(r#"Exponential(mean: "10ms")"#, 1), "c");
    agree("M/M/1: p50", &all.iter().map(|c| c.latency.p50).collect::<Vec<_>>(), 2f64.ln() / 20.0);
    agree("M/M/1: p99", &all.iter().map(|c| c.latency.p99).collect::<Vec<_>>(), 100f64.ln() / 20.0);
}

#[test]
fn m_m_c() {
    // Three workers of 1/30 s: a = 8/3, rho = 8/9; Erlang C.
    let (a, c) = (8.0f64 / 3.0, 3.0f64);
    let last = a.powi(3) / 6.0 * c / (c - a);
    let queued = last / (1.0 + a + a * a / 2.0 + last);
    let wait = queued / (c * 30.0 - 80.0);
    check("M/M/3", &figures(&station(r#"Exponential(mean: "33333333ns")"#, 3), "c"), a / c, wait, 1.0 / 30.0);
}

#[test]
fn m_d_1() {
    // Half the wait of M/M/1.
    check("M/D/1", &figures(&station(r#"Constant("10ms")"#, 1), "c"), 0.8, 0.02, 0.01);
}

#[test]
fn m_g_1_log_normal() {
    // Median 6 ms, 99th percentile 30 ms; sigma from the two, then mean and second moment.
    let (median, p99) = (0.006f64, 0.030f64);
    let sigma = (p99 / median).ln() / 2.326_347_874_040_841;
    let mean = median * (sigma * sigma / 2.0).exp();
    let second = median * median * (2.0 * sigma * sigma).exp();
    let wait = 80.0 * second / (2.0 * (1.0 - 80.0 * mean));
    check("M/G/1", &figures(&station(r#"LogNormal(median: "6ms", p99: "30ms")"#, 1), "c"), 80.0 * mean, wait, mean);
}

#[test]
fn two_stations_in_series() {
    // By Burke's theorem the second station sees a Poisson stream of the same rate.
    let text = r#"Scenario(format: 1, duration: "1100s", warmup: "100s", network: Network(latency: Constant("0s")),
        events: [Event(name: "E"), Event(name: "F")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("80/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t", "u"])),
            Consumer(id: "first", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "10ms")),
                then: [Emit(event: "F", to: "b/u")]),
            Consumer(id: "second", reads: [Read(from: "b/u")], handle: Handle(time: Exponential(mean: "8ms"))),
        ])"#;
    check("first of two", &figures(text, "first"), 0.8, 0.04, 0.01);
    check("second of two", &figures(text, "second"), 0.64, 0.64 / 45.0, 0.008);
}

#[test]
fn fan_out_gives_every_group_its_own_m_m_1() {
    // A random-latency link in front (an infinite-server station) leaves the stream Poisson and adds its mean.
    let text = r#"Scenario(format: 1, duration: "600s", warmup: "50s", network: Network(latency: Constant("0s")),
        events: [Event(name: "E")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("80/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "x", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "10ms"))),
            Consumer(id: "y", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "5ms"))),
        ],
        links: [Link(between: ("p", "b"), latency: Exponential(mean: "20ms"))])"#;
    let plan = plan(text);
    let reports: Vec<_> = SEEDS.map(|seed| run(&plan, seed)).collect();
    let latency = |name: &str| reports.iter().map(|r| consumer(r, name).latency.mean).collect::<Vec<_>>();
    agree("group x", &latency("x"), 0.02 + 0.05);
    agree("group y", &latency("y"), 0.02 + 1.0 / 120.0);
}
