//! Two runs side by side: what differs in their figures, and from which moment on they are no longer the same.

use super::script::{Moment, Script};
use super::words;
use crate::engine::{Observation, Observer, Progress};
use crate::record::Totals;
use crate::record::histogram::Summary;
use crate::record::report::{NodeReport, Report};
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;

/// From when on two runs differ.
#[derive(Clone, Debug)]
pub struct Contrast {
    /// Up to when that was looked for.
    pub until: Time,
    /// From when on they differ; none if they do not, up to the moment.
    pub first: Option<Difference>,
    /// Whether they have the same fingerprint at that moment. Runs of different shapes may tell the same and have other ones.
    pub exact: bool,
}

/// One figure of two runs; not a number in the run that has none of it.
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

/// Looks for the first difference of two runs from moments at which they are still the same (their starts, or a common checkpoint) up to
/// `until`. None if `cancelled` said so meanwhile.
pub fn contrast(
    (a, from_a): (&Script, Moment),
    (b, from_b): (&Script, Moment),
    until: Time,
    cancelled: &dyn Fn() -> bool,
) -> Option<Contrast> {
    let print = Print { a, b, worded: a.plan.adoptable(&b.plan).is_err(), cancelled };
    let (mut one, mut two) = (from_a, from_b);
    let start = one.now().max(two.now());
    let width = ((until - start).0 / PARTS).max(1);
    let mut to = start;
    // Runs of different seeds or shapes differ from the start on; everything else is found part by part, then halved.
    while to < until {
        let before = (one.clone(), two.clone());
        to = Time(to.0.saturating_add(width)).min(until);
        if !print.same(&mut one, &mut two, to)? {
            return Some(Contrast { until, first: Some(print.narrow(before, to)?), exact: false });
        }
    }
    Some(Contrast { until, first: None, exact: one.simulation.fingerprint() == two.simulation.fingerprint() })
}

/// Lets two runs go on and tells whether the same happens.
struct Print<'a> {
    a: &'a Script,
    b: &'a Script,
    /// Runs of different shapes number their parts differently: what happens is compared in words, by names.
    worded: bool,
    cancelled: &'a dyn Fn() -> bool,
}

impl Print<'_> {
    /// Lets both go on up to `until`; whether the same happened.
    fn same(&self, one: &mut Moment, two: &mut Moment, until: Time) -> Option<bool> {
        Some(self.run(one, self.a, until)? == self.run(two, self.b, until)?)
    }

    fn run(&self, moment: &mut Moment, script: &Script, until: Time) -> Option<u64> {
        if !self.worded {
            self.drive(moment, script, until, &mut ())?;
            return Some(moment.simulation.fingerprint());
        }
        let mut told = Told { plan: Arc::clone(&script.plan), take: Folded::default() };
        self.drive(moment, script, until, &mut told)?;
        Some(told.take.0)
    }

    fn drive(&self, moment: &mut Moment, script: &Script, until: Time, observer: &mut dyn Observer) -> Option<()> {
        while moment.advance(script, until, STRIDE, observer) == Progress::Paused {
            if (self.cancelled)() {
                return None;
            }
        }
        Some(())
    }

    /// The first difference, which lies after `same` and not after `differ`.
    fn narrow(&self, same: (Moment, Moment), differ: Time) -> Option<Difference> {
        let (mut one, mut two) = same;
        let mut low = one.now().max(two.now());
        let mut high = differ;
        while high.0 - low.0 > 1 {
            let middle = Time(low.0 + (high.0 - low.0) / 2);
            let mut further = (one.clone(), two.clone());
            if self.same(&mut further.0, &mut further.1, middle)? {
                (one, two) = further;
                low = middle;
            } else {
                high = middle;
            }
        }
        let happens = |mut moment: Moment, script: &Script| {
            let mut told = Told { plan: Arc::clone(&script.plan), take: Vec::new() };
            let _ = moment.advance(script, high, u64::MAX, &mut told);
            told.take
        };
        let (in_a, in_b) = (happens(one, self.a), happens(two, self.b));
        let same = in_a.iter().zip(&in_b).take_while(|(a, b)| a == b).count();
        let nothing = || "nothing happens".to_owned();
        let at = |list: &[String]| list.get(same).cloned().unwrap_or_else(nothing);
        Some(Difference { at: high, a: at(&in_a), b: at(&in_b) })
    }
}

/// What happens, in words.
struct Told<T> {
    plan: Arc<Plan>,
    take: T,
}

/// Whoever takes words.
trait Take {
    fn take(&mut self, at: Time, words: String);
}

impl Take for Vec<String> {
    fn take(&mut self, _: Time, words: String) {
        self.push(words);
    }
}

/// A hash over words and their times (FNV-1a); told within a program only.
struct Folded(u64);

impl Default for Folded {
    fn default() -> Self {
        Folded(0xcbf2_9ce4_8422_2325)
    }
}

impl Take for Folded {
    fn take(&mut self, at: Time, words: String) {
        let bytes = at.0.to_le_bytes().into_iter().chain(words.into_bytes()).chain([0xff]);
        bytes.for_each(|byte| self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
}

impl<T: Take> Observer for Told<T> {
    fn observe(&mut self, at: Time, what: &Observation<'_>) {
        // Only what tells runs apart.
        if !matches!(what, Observation::Sent { .. } | Observation::Accepted { .. } | Observation::Waits { .. } | Observation::Leaves { .. })
        {
            self.take.take(at, words::of(&self.plan, what));
        }
    }
}

/// The figures of two runs, in the order in which they are to be shown: all totals, then latencies, then nodes by name.
pub fn lines(one: &Moment, two: &Moment) -> Vec<Line> {
    let (a, b) = (Report::of(&one.simulation, &one.recorder, 0.0), Report::of(&two.simulation, &two.recorder, 0.0));
    let mut lines = Vec::new();
    let mut add = |name: String, unit: Unit, a: f64, b: f64| lines.push(Line { name, unit, a, b });
    type Count = fn(&Totals) -> u64;
    let counts: [(&str, Count); 15] = [
        ("Published", |t| t.published),
        ("Rejected", |t| t.rejected),
        ("Unroutable", |t| t.unroutable),
        ("Deliveries", |t| t.deliveries),
        ("Redeliveries", |t| t.redeliveries),
        ("Handled", |t| t.acked),
        ("Retries", |t| t.retries),
        ("Failed", |t| t.failed),
        ("Dead-lettered", |t| t.dead_lettered),
        ("Expired", |t| t.expired),
        ("Dropped", |t| t.dropped),
        ("Lost", |t| t.lost),
        ("Duplicates", |t| t.duplicates),
        ("Waiting", |t| t.waiting),
        ("In flight", |t| t.in_flight),
    ];
    for (name, of) in counts {
        let (a, b) = (of(&a.totals), of(&b.totals));
        // What happens in neither is not worth a line; what is always looked at is.
        if a > 0 || b > 0 || ["Published", "Handled", "Lost", "Waiting"].contains(&name) {
            add(name.to_owned(), Unit::Count, a as f64, b as f64);
        }
    }
    type Share = fn(&Summary) -> f64;
    let shares: [(&str, Share); 6] =
        [("mean", |s| s.mean), ("p50", |s| s.p50), ("p90", |s| s.p90), ("p99", |s| s.p99), ("p999", |s| s.p999), ("max", |s| s.max)];
    for (name, of) in shares {
        add(format!("Latency, {name}"), Unit::Seconds, of(&a.latency), of(&b.latency));
    }
    let consumer = |report: &Report, name: &str| match report.nodes.get(name) {
        Some(NodeReport::Consumer(figures)) => Some(**figures),
        _ => None,
    };
    let names =
        a.nodes.0.iter().map(|(name, _)| name).chain(b.nodes.0.iter().map(|(name, _)| name).filter(|name| a.nodes.get(name).is_none()));
    for name in names {
        let (of_a, of_b) = (consumer(&a, name), consumer(&b, name));
        if of_a.is_none() && of_b.is_none() {
            continue;
        }
        let mut both = |what: &str, unit: Unit, of: &dyn Fn(&crate::record::report::ConsumerReport) -> f64| {
            let side = |figures: &Option<_>| figures.as_ref().map_or(f64::NAN, of);
            add(format!("{name}, {what}"), unit, side(&of_a), side(&of_b));
        };
        both("throughput", Unit::PerSecond, &|c| c.throughput);
        both("latency p50", Unit::Seconds, &|c| c.latency.p50);
        both("latency p99", Unit::Seconds, &|c| c.latency.p99);
        both("lag mean", Unit::Count, &|c| c.lag.mean);
        both("busy", Unit::Share, &|c| c.utilisation);
    }
    lines
}
