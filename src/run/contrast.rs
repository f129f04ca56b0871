//! Two runs side by side: what differs in their figures, and from which moment on they are no longer the same.

use super::script::{Moment, Script};
use super::words;
use crate::engine::{Observation, Observer, Progress};
use crate::record::report::{NodeReport, Report};
use crate::record::{Series, Totals};
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;

/// What differs between two runs up to a moment.
#[derive(Clone, Debug)]
pub struct Contrast {
    /// Up to when both were simulated.
    pub until: Time,
    /// Figures of both, in the order in which they are to be shown.
    pub lines: Vec<Line>,
    /// From when on they differ; none if they do not, up to the moment.
    pub first: Option<Difference>,
    /// The series of the other one.
    pub film: Series,
}

/// One figure of two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// In what it is measured.
    pub unit: Unit,
    /// In the first run.
    pub a: f64,
    /// In the second.
    pub b: f64,
}

/// In what a figure is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A rate.
    PerSecond,
    /// A time.
    Seconds,
    /// A share.
    Share,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When.
    pub at: Time,
    /// What happens then in the first run, and not in the second.
    pub a: String,
    /// What happens in the second instead.
    pub b: String,
}

/// Parts that a run is cut into when looking for the first difference.
const PARTS: u64 = 1_000;
/// Steps at a time.
const STRIDE: u64 = 20_000;

/// Compares two runs from moments at which they are still the same (their starts, or a common checkpoint) up to `until`. None if
/// `cancelled` said so meanwhile.
pub fn contrast(
    (a, from_a): (&Script, Moment),
    (b, from_b): (&Script, Moment),
    until: Time,
    cancelled: &dyn Fn() -> bool,
) -> Option<Contrast> {
    let (mut one, mut two) = (from_a, from_b);
    let start = one.now().max(two.now());
    let mut first = None;
    let width = ((until - start).0 / PARTS).max(1);
    let mut to = start;
    // Runs of different seeds or shapes differ from the start on; everything else is found part by part, then halved.
    while to < until {
        let before = (one.clone(), two.clone());
        to = Time(to.0.saturating_add(width)).min(until);
        run(&mut one, a, to, cancelled)?;
        run(&mut two, b, to, cancelled)?;
        if one.simulation.fingerprint() != two.simulation.fingerprint() {
            first = Some(narrow(a, b, before, to, cancelled)?);
            break;
        }
    }
    run(&mut one, a, until, cancelled)?;
    run(&mut two, b, until, cancelled)?;
    Some(Contrast { until, lines: lines(&one, &two), first, film: two.recorder.series_at(two.now()) })
}

fn run(moment: &mut Moment, script: &Script, until: Time, cancelled: &dyn Fn() -> bool) -> Option<()> {
    while moment.advance(script, until, STRIDE, &mut ()) == Progress::Paused {
        if cancelled() {
            return None;
        }
    }
    Some(())
}

/// The first difference, which lies after `same` and not after `differ`.
fn narrow(a: &Script, b: &Script, same: (Moment, Moment), differ: Time, cancelled: &dyn Fn() -> bool) -> Option<Difference> {
    let (mut one, mut two) = same;
    let mut low = one.now().max(two.now());
    let mut high = differ;
    while high.0 - low.0 > 1 {
        let middle = Time(low.0 + (high.0 - low.0) / 2);
        let mut further = (one.clone(), two.clone());
        run(&mut further.0, a, middle, cancelled)?;
        run(&mut further.1, b, middle, cancelled)?;
        if further.0.simulation.fingerprint() == further.1.simulation.fingerprint() {
            (one, two) = further;
            low = middle;
        } else {
            high = middle;
        }
    }
    let happens = |mut moment: Moment, script: &Script| {
        let mut told = Told { plan: Arc::clone(&script.plan), what: Vec::new() };
        let _ = moment.advance(script, high, u64::MAX, &mut told);
        told.what
    };
    let (in_a, in_b) = (happens(one, a), happens(two, b));
    let same = in_a.iter().zip(&in_b).take_while(|(a, b)| a == b).count();
    let nothing = || "nothing happens".to_owned();
    let at = |list: &[String]| list.get(same).cloned().unwrap_or_else(nothing);
    Some(Difference { at: high, a: at(&in_a), b: at(&in_b) })
}

/// What happens, in words.
struct Told {
    plan: Arc<Plan>,
    what: Vec<String>,
}

impl Observer for Told {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        // Only what tells runs apart.
        if !matches!(what, Observation::Sent { .. } | Observation::Accepted { .. } | Observation::Waits { .. } | Observation::Leaves { .. })
        {
            self.what.push(words::of(&self.plan, what));
        }
    }
}

fn lines(one: &Moment, two: &Moment) -> Vec<Line> {
    let (a, b) = (Report::of(&one.simulation, &one.recorder, 0.0), Report::of(&two.simulation, &two.recorder, 0.0));
    let mut lines = Vec::new();
    let mut add = |name: String, unit: Unit, a: f64, b: f64| lines.push(Line { name, unit, a, b });
    type Count = fn(&Totals) -> u64;
    let counts: [(&str, Count); 9] = [
        ("Published", |t| t.published),
        ("Deliveries", |t| t.deliveries),
        ("Handled", |t| t.acked),
        ("Retries", |t| t.retries),
        ("Failed", |t| t.failed),
        ("Dead-lettered", |t| t.dead_lettered),
        ("Lost", |t| t.lost),
        ("Duplicates", |t| t.duplicates),
        ("Waiting", |t| t.waiting),
    ];
    for (name, of) in counts {
        add(name.to_owned(), Unit::Count, of(&a.totals) as f64, of(&b.totals) as f64);
    }
    add("Latency, mean".to_owned(), Unit::Seconds, a.latency.mean, b.latency.mean);
    add("Latency, p50".to_owned(), Unit::Seconds, a.latency.p50, b.latency.p50);
    add("Latency, p99".to_owned(), Unit::Seconds, a.latency.p99, b.latency.p99);
    for (name, node) in &a.nodes.0 {
        let (NodeReport::Consumer(of_a), Some(NodeReport::Consumer(of_b))) = (node, b.nodes.get(name)) else { continue };
        add(format!("{name}, throughput"), Unit::PerSecond, of_a.throughput, of_b.throughput);
        add(format!("{name}, latency p50"), Unit::Seconds, of_a.latency.p50, of_b.latency.p50);
        add(format!("{name}, latency p99"), Unit::Seconds, of_a.latency.p99, of_b.latency.p99);
        add(format!("{name}, lag mean"), Unit::Count, of_a.lag.mean, of_b.lag.mean);
        add(format!("{name}, busy"), Unit::Share, of_a.utilisation, of_b.utilisation);
    }
    lines
}
