//! The language of expectations: `lost == 0`, `inventory.latency.p99 < 500ms`, `'bus/orders#billing'.depth.max <= 2000`.
//!
//! `FIGURE OP VALUE` with `==`, `!=`, `<`, `<=`, `>`, `>=`; the value is a number with the figure's unit, or another figure.
//! A figure is a total of the run by its name (`lost`), one of a node (`NODE.FIGURE` or `NODE.FIGURE.STATISTIC`), one of an
//! outlet (`'BROKER/CHANNEL#GROUP'.FIGURE`, in single quotes or backquotes), or `p99` and its like for the latency of all
//! consumers together. Knows nothing of how figures are measured: whoever has a run's figures resolves the paths.

use super::broker::BrokerKind;
use super::names::{Suggest, listed};
use super::needs::Need;
use super::plan::{Plan, Role};
use super::units::{Percent, Rate};
use crate::time::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// A parsed expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As written.
    pub text: String,
    /// What is compared.
    pub left: Operand,
    /// How.
    pub op: Op,
    /// With what.
    pub right: Operand,
    /// What both sides count.
    pub quantity: Quantity,
}

/// A figure of a run, asked for by its path and compared with nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As written.
    pub text: String,
    /// Where it stands in a report; see [`Operand::Figure`].
    pub path: Vec<String>,
    /// What it counts.
    pub quantity: Quantity,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A figure of the run: `["totals", "lost"]`, `["latency", "p99"]`, `["nodes", NAME, "lag", "max"]`,
    /// `["outlets", NAME, "depth", "max"]`.
    Figure(Vec<String>),
    /// A number: seconds, events per second, a fraction, or a count.
    Number(f64),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    More,
    /// `>=`
    MoreOrEqual,
}

/// What a figure counts; decides its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Events or copies of events.
    Count,
    /// Seconds.
    Time,
    /// Events per second.
    Rate,
    /// A fraction from 0 to 1.
    Share,
}

/// Whether an expectation held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// It did.
    pub holds: bool,
    /// The left side's value, in seconds, events per second, as a fraction or a count; `None` if the run has no value for
    /// it (nothing was measured), which never holds.
    pub actual: Option<f64>,
}

/// The names an expectation may use.
#[derive(Debug)]
pub struct Known<'k> {
    roles: BTreeMap<&'k str, &'static str>,
    /// What nodes have that brings figures with it.
    met: BTreeMap<&'k str, &'k BTreeSet<Need>>,
    /// Whether figures may be spoken of that no node has.
    supposed: bool,
    outlets: BTreeMap<&'k str, Outlet>,
}

/// What an outlet is, as far as its figures go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// One with the figures that all have.
    Plain,
    /// A group's place in a Kafka topic of so many partitions.
    Partitions(u32),
    /// An EventBridge rule.
    Rule,
}

impl Outlet {
    /// What an outlet of a broker of this kind is: by its position among those that the kind declares, and by the position of the first
    /// channel that feeds it.
    pub fn of(kind: &BrokerKind, part: Option<u32>, channel: Option<usize>) -> Outlet {
        match kind {
            BrokerKind::Kafka(kafka) => {
                channel.and_then(|at| kafka.topics.get(at)).map_or(Outlet::Plain, |topic| Outlet::Partitions(topic.partitions))
            }
            BrokerKind::EventBridge(parts) if part.is_some_and(|part| (part as usize) < parts.rules.len()) => Outlet::Rule,
            _ => Outlet::Plain,
        }
    }
}

/// What a broker of this kind is called, as far as its figures go.
pub fn broker_role(kind: &BrokerKind) -> &'static str {
    match kind {
        BrokerKind::Kafka(_) => "Kafka broker",
        _ => "broker",
    }
}

impl<'k> Known<'k> {
    /// From the nodes with their roles (`producer`, `broker`, `consumer`, ...) and what they have, and the outlets with what they are.
    pub fn new(
        nodes: impl Iterator<Item = (&'k str, &'static str, &'k BTreeSet<Need>)>,
        outlets: impl Iterator<Item = (&'k str, Outlet)>,
    ) -> Known<'k> {
        let mut known = Known { roles: BTreeMap::new(), met: BTreeMap::new(), supposed: false, outlets: outlets.collect() };
        for (name, role, met) in nodes {
            known.roles.insert(name, role);
            known.met.insert(name, met);
        }
        known
    }

    /// The same, where a figure that a node could have may be spoken of even if it has none: what is said of it does not hold then.
    pub fn supposed(self) -> Known<'k> {
        Known { supposed: true, ..self }
    }

    /// The names of a plan.
    pub fn of(plan: &'k Plan) -> Known<'k> {
        let role = |role| match role {
            Role::Producer => "producer",
            Role::Broker(broker) => broker_role(&plan.brokers[broker.index()].kind),
            Role::Consumer(_) => "consumer",
            Role::Store(_) => "store",
        };
        let outlet = |outlet: &'k super::plan::OutletPlan| {
            let broker = &plan.brokers[outlet.broker.index()];
            let channel = outlet.channels.first().map(|channel| channel.index() - broker.channels.start);
            (outlet.name.as_str(), Outlet::of(&broker.kind, outlet.part, channel))
        };
        Known::new(plan.nodes.iter().map(|n| (n.name.as_str(), role(n.role), &n.met)), plan.outlets.iter().map(outlet))
    }
}

impl Figure {
    /// Parses a figure written as in an expectation: `lost`, `inventory.latency.p99`, `'bus/orders#billing'.depth.max`.
    ///
    /// # Errors
    /// What is wrong, and what to do about it: no such figure, or a name in it that is not known.
    pub fn parse(text: &str, known: &Known<'_>) -> Result<Figure, (String, Option<String>)> {
        let (path, quantity) = figure(text.trim(), known, &Suggest::default())?;
        Ok(Figure { text: text.trim().to_owned(), path, quantity })
    }
}

/// Expectations that hold together, joined by `and`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub Vec<Expectation>);

impl Condition {
    /// Parses `EXPECTATION and EXPECTATION and ...`.
    ///
    /// # Errors
    /// What is wrong with the first that is wrong, and what to do about it.
    pub fn parse(text: &str, known: &Known<'_>) -> Result<Condition, (String, Option<String>)> {
        let suggest = Suggest::default();
        conjuncts(text).into_iter().map(|part| Expectation::parse(part.trim(), known, &suggest)).collect::<Result<_, _>>().map(Condition)
    }

    /// Whether all of them hold, with the values that `figures` has.
    pub fn holds(&self, figures: &dyn Fn(&[String]) -> Option<f64>) -> bool {
        self.0.iter().all(|expectation| expectation.evaluate(figures).holds)
    }
}

/// What joins them.
const AND: &str = " and ";

/// The parts of a text between the `and`s outside quotes.
fn conjuncts(text: &str) -> Vec<&str> {
    let (mut parts, mut quote, mut start) = (Vec::new(), None, 0);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`') => quote = Some(c),
            (None, ' ') if i >= start && text[i..].starts_with(AND) => {
                parts.push(&text[start..i]);
                start = i + AND.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Whether a word is a figure's or a statistic's.
pub(super) fn is_word(word: &str) -> bool {
    let figures = [CONSUMER, PRODUCER, STORE, BROKER, OUTLET];
    let statistics = [TOTALS, SPREAD, CONFIRMS, OUTBOX, STATE, JOIN, REPLIES, TRANSACTIONS, LEVEL];
    figures.iter().any(|of| of.iter().any(|(name, ..)| *name == word)) || statistics.iter().any(|of| of.contains(&word))
}

/// Whether an expectation speaks of this node, of an outlet of this broker or group, or of this place (`broker/part`), also as one group
/// reads it.
pub fn mentions(text: &str, node: &str) -> bool {
    let is_group = |name: &str| name.split_once('#').is_some_and(|(_, group)| group == node);
    names(text).any(|name| is_group(name) || exchanged(name, node, node).is_some())
}

/// An expectation with another name for a node, for a place (`broker/part`) whoever reads it, or for a place as one group reads it
/// (`broker/part#group`). A node's name is also that of its outlets' broker. What is no name, as a total, stays.
pub fn renamed(text: &str, from: &str, to: &str) -> String {
    let mut renamed = text.to_owned();
    // From the end, so that places before it stay what they are.
    for (place, name) in subjects(text).into_iter().rev() {
        if let Some(name) = exchanged(name, from, to) {
            renamed.replace_range(place.clone(), &written(&name, text[place].chars().next()));
        }
    }
    renamed
}

/// The same for expectations that are joined by `and`.
pub fn condition_renamed(text: &str, from: &str, to: &str) -> String {
    conjuncts(text).into_iter().map(|part| renamed(part, from, to)).collect::<Vec<_>>().join(AND)
}

/// The nodes and outlets that an expectation speaks of, by name.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    subjects(text).into_iter().map(|(_, name)| name)
}

/// The names of nodes and outlets in an expectation, and where they stand, with their quotes.
fn subjects(text: &str) -> Vec<(Range<usize>, &str)> {
    let sides = comparison(text).map_or([0..text.len(), 0..0], |(start, end, _)| [0..start, end..text.len()]);
    let subject = |side: Range<usize>| {
        let whole = &text[side.clone()];
        let start = side.start + whole.len() - whole.trim_start().len();
        let (name, quoted, behind) = segment(whole.trim())?;
        let end = start + name.len() + if quoted { 2 } else { 0 };
        // One segment alone is a total or a number, and so is one with digits behind it.
        behind.strip_prefix('.').is_some_and(is_figure).then_some((start..end, name))
    };
    sides.into_iter().filter_map(subject).collect()
}

/// A name with `to` in the place of `from`; none if it is not there.
fn exchanged(name: &str, from: &str, to: &str) -> Option<String> {
    let rest = name.strip_prefix(from)?;
    // Behind a node are its outlets, behind a place those who read it.
    let behind = if from.contains('/') { '#' } else { '/' };
    (rest.is_empty() || rest.starts_with(behind)).then(|| format!("{to}{rest}"))
}

/// A name as an expectation has it: in the quotes in which the one before it `began`, if in any, and in some where it would mean something
/// else without them.
fn written(name: &str, began: Option<char>) -> String {
    let needed = name.contains(['.', '=', '!', '<', '>']) || begins_as_number(name);
    let quote = began.filter(|c| matches!(c, '\'' | '`')).or_else(|| needed.then_some('\''));
    quote.map_or_else(|| name.to_owned(), |quote| format!("{quote}{name}{quote}"))
}

/// What is wrong, and what to do about it.
type Wrong = (String, Option<String>);

const TOTALS: &[&str] = &[
    "published",
    "rejected",
    "unroutable",
    "deliveries",
    "redeliveries",
    "acked",
    "retries",
    "failed",
    "dead_lettered",
    "expired",
    "dropped",
    "lost",
    "duplicates",
    "unconfirmed",
    "stored",
    "in_flight",
    "waiting",
];
const SPREAD: &[&str] = &["mean", "p50", "p90", "p99", "p999", "max"];
const CONFIRMS: &[&str] = &["confirmed", "resent", "given_up", "unconfirmed"];
const OUTBOX: &[&str] = &["written", "published", "republished", "missing", "invented", "waiting"];
const STATE: &[&str] = &["expected", "actual", "difference", "off", "wrong", "keys", "missing", "repeated"];
const JOIN: &[&str] = &["complete", "timed_out", "waiting"];
const REPLIES: &[&str] = &["answered", "timed_out", "late", "waiting"];
const TRANSACTIONS: &[&str] = &["committed", "aborted", "timed_out", "fenced", "open"];
const LEVEL: &[&str] = &["mean", "max", "last"];

/// A figure of a kind of thing: name, what it counts, its statistics (none: the figure is one number), and what a node must have for it to
/// be there.
type Figured = (&'static str, Quantity, &'static [&'static str], Option<Need>);
type Figures = &'static [Figured];

const CONSUMER: Figures = &[
    ("deliveries", Quantity::Count, &[], None),
    ("redeliveries", Quantity::Count, &[], None),
    ("acked", Quantity::Count, &[], None),
    ("retries", Quantity::Count, &[], None),
    ("failed", Quantity::Count, &[], None),
    ("dead_lettered", Quantity::Count, &[], None),
    ("given_back", Quantity::Count, &[], None),
    ("throughput", Quantity::Rate, &[], None),
    ("utilisation", Quantity::Share, &[], None),
    ("latency", Quantity::Time, SPREAD, None),
    ("service", Quantity::Time, SPREAD, None),
    ("wait", Quantity::Time, SPREAD, None),
    ("lag", Quantity::Count, LEVEL, None),
    ("instances", Quantity::Count, &[], None),
    ("scaled", Quantity::Count, LEVEL, Some(Need::Autoscale)),
    ("confirms", Quantity::Count, CONFIRMS, Some(Need::Confirmed)),
    ("reordered", Quantity::Count, &[], Some(Need::Order)),
    ("returned", Quantity::Count, &[], Some(Need::Mandatory)),
    ("held_back", Quantity::Count, LEVEL, Some(Need::Brake)),
    ("skipped", Quantity::Count, &[], Some(Need::Inbox)),
    ("timeouts", Quantity::Count, &[], Some(Need::Timeout)),
    ("shed", Quantity::Count, &[], Some(Need::Shed)),
    ("opened", Quantity::Count, &[], Some(Need::Breaker)),
    ("cold_starts", Quantity::Count, &[], Some(Need::Function)),
    ("no_token", Quantity::Count, &[], Some(Need::Budget)),
    ("outbox", Quantity::Count, OUTBOX, Some(Need::Outbox)),
    ("state", Quantity::Count, STATE, Some(Need::State)),
    ("staleness", Quantity::Time, LEVEL, Some(Need::State)),
    ("join", Quantity::Count, JOIN, Some(Need::Join)),
];
const PRODUCER: Figures = &[
    ("published", Quantity::Count, &[], None),
    ("throughput", Quantity::Rate, &[], None),
    ("confirms", Quantity::Count, CONFIRMS, Some(Need::Confirmed)),
    ("returned", Quantity::Count, &[], Some(Need::Mandatory)),
    ("held_back", Quantity::Count, LEVEL, Some(Need::Brake)),
    ("outbox", Quantity::Count, OUTBOX, Some(Need::Outbox)),
    ("replies", Quantity::Count, REPLIES, Some(Need::Reply)),
    ("round_trip", Quantity::Time, SPREAD, Some(Need::Reply)),
];
const STORE: Figures = &[
    ("calls", Quantity::Count, &[], None),
    ("served", Quantity::Count, &[], None),
    ("failed", Quantity::Count, &[], None),
    ("timed_out", Quantity::Count, &[], None),
    ("throughput", Quantity::Rate, &[], None),
    ("utilisation", Quantity::Share, &[], None),
    ("wait", Quantity::Time, SPREAD, None),
    ("service", Quantity::Time, SPREAD, None),
    ("queue", Quantity::Count, LEVEL, None),
];
const BROKER: Figures = &[
    ("accepted", Quantity::Count, &[], None),
    ("throughput", Quantity::Rate, &[], None),
    ("unroutable", Quantity::Count, &[], None),
    ("refused", Quantity::Count, &[], None),
];
const KAFKA: Figures = &[
    ("accepted", Quantity::Count, &[], None),
    ("throughput", Quantity::Rate, &[], None),
    ("unroutable", Quantity::Count, &[], None),
    ("under_replicated_partitions", Quantity::Count, PEAK, None),
    ("offline_partitions", Quantity::Count, PEAK, None),
    ("last_stable_offset_lag", Quantity::Count, PEAK, None),
    ("transactions", Quantity::Count, TRANSACTIONS, None),
];
const OUTLET: Figures = &[
    ("routed", Quantity::Count, &[], None),
    ("acked", Quantity::Count, &[], None),
    ("failed", Quantity::Count, &[], None),
    ("dead_lettered", Quantity::Count, &[], None),
    ("expired", Quantity::Count, &[], None),
    ("dropped", Quantity::Count, &[], None),
    ("waiting", Quantity::Count, &[], None),
    ("in_flight", Quantity::Count, &[], None),
    ("depth", Quantity::Count, LEVEL, None),
];
/// What a group's place in a Kafka topic has besides: the largest lag of a partition, and that of each (`partition_lag.3.max`).
const LAGS: Figures = &[("records_lag_max", Quantity::Count, PEAK, None)];
const PARTITION_LAG: &str = "partition_lag";
/// What an EventBridge rule has besides.
const RULE: Figures = &[
    ("matched", Quantity::Count, &[], None),
    ("passed_over", Quantity::Count, &[], None),
    ("scheduled", Quantity::Count, &[], None),
    ("invocations", Quantity::Count, &[], None),
    ("failed_invocations", Quantity::Count, &[], None),
    ("throttled", Quantity::Count, &[], None),
    ("throttles", Quantity::Count, &[], None),
];
const PEAK: &[&str] = &["max", "last"];

/// Relative difference below which two measured values count as equal: they went through floating point.
const SAME: f64 = 1e-9;

impl Expectation {
    /// Parses an expectation; every name in it must be known.
    pub fn parse(text: &str, known: &Known<'_>, suggest: &Suggest) -> Result<Expectation, (String, Option<String>)> {
        let example = || Some("write it as `lost == 0` or `inventory.latency.p99 < 500ms`".to_owned());
        let Some((start, end, op)) = comparison(text) else {
            let help = if text.contains('=') { Some("compare with `==`, `!=`, `<`, `<=`, `>` or `>=`".to_owned()) } else { example() };
            return Err((format!("`{text}` compares nothing"), help));
        };
        let (left, right) = (text[..start].trim(), text[end..].trim());
        if left.is_empty() || right.is_empty() {
            return Err((format!("`{text}` lacks a side"), example()));
        }
        if comparison(right).is_some() {
            return Err((format!("`{text}` compares twice"), Some("write two expectations".to_owned())));
        }
        if is_number(left, known) {
            return Err((format!("`{left}` is no figure"), Some("write the figure first: `lost == 0`".to_owned())));
        }
        let (path, quantity) = figure(left, known, suggest)?;
        let right = if is_number(right, known) {
            Operand::Number(quantity.parse(left, right)?)
        } else {
            let (path, other) = figure(right, known, suggest)?;
            if other != quantity {
                return Err((format!("`{left}` is {quantity}, `{right}` is {other}: they cannot be compared"), None));
            }
            Operand::Figure(path)
        };
        Ok(Expectation { text: text.to_owned(), left: Operand::Figure(path), op, right, quantity })
    }

    /// Whether the expectation holds, with the values that `figures` has for the paths of its operands.
    pub fn evaluate(&self, figures: &dyn Fn(&[String]) -> Option<f64>) -> Outcome {
        let value = |operand: &Operand| match operand {
            Operand::Figure(path) => figures(path).filter(|v| !v.is_nan()),
            Operand::Number(number) => Some(*number),
        };
        let actual = value(&self.left);
        let holds = match (actual, value(&self.right)) {
            (Some(left), Some(right)) => self.compare(left, right),
            _ => false,
        };
        Outcome { holds, actual }
    }

    fn compare(&self, left: f64, right: f64) -> bool {
        let exact = self.quantity == Quantity::Count;
        let same = left == right || !exact && (left - right).abs() <= SAME * left.abs().max(right.abs());
        match self.op {
            Op::Equal => same,
            Op::NotEqual => !same,
            Op::Less => left < right && !same,
            Op::LessOrEqual => left < right || same,
            Op::More => left > right && !same,
            Op::MoreOrEqual => left > right || same,
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Op::Equal => "==",
            Op::NotEqual => "!=",
            Op::Less => "<",
            Op::LessOrEqual => "<=",
            Op::More => ">",
            Op::MoreOrEqual => ">=",
        })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Quantity::Count => "a number of events",
            Quantity::Time => "a time",
            Quantity::Rate => "a rate",
            Quantity::Share => "a share",
        })
    }
}

impl Quantity {
    /// A number with the unit of this quantity.
    ///
    /// # Errors
    /// If it is none, or has another unit; `figure` is how the message calls what it is for.
    pub fn parse(self, figure: &str, text: &str) -> Result<f64, Wrong> {
        let wrong = |example: &str| (format!("`{figure}` is {self}, `{text}` is not"), Some(format!("write it as `{example}`")));
        let plain = text.replace('_', "").parse::<f64>().ok().filter(|v| v.is_finite());
        match (self, plain) {
            // Nothing is nothing in every unit.
            (_, Some(0.0)) => Ok(0.0),
            (Quantity::Count, Some(number)) => Ok(number),
            (Quantity::Count, None) => Err(wrong("2000")),
            (Quantity::Time, Some(_)) => {
                Err((format!("`{text}` has no unit, and `{figure}` is a time"), Some(format!("write `{text}ms` or `{text}s`"))))
            }
            (Quantity::Time, None) => text.parse::<Span>().map(Span::seconds).map_err(|_| wrong("500ms")),
            (Quantity::Rate, Some(_)) => {
                Err((format!("`{text}` has no unit, and `{figure}` is a rate"), Some(format!("write `{text}/s`"))))
            }
            (Quantity::Rate, None) => text.parse::<Rate>().map(|r| r.0).map_err(|_| wrong("50/s")),
            (Quantity::Share, Some(number)) => {
                let percent = Percent(number.clamp(0.0, 1.0));
                Err((format!("`{text}` has no unit, and `{figure}` is a share"), Some(format!("write it as `{percent}`"))))
            }
            (Quantity::Share, None) => text.parse::<Percent>().map(|p| p.0).map_err(|_| wrong("80%")),
        }
    }
}

/// Whether a side is (meant as) a number. A node may be called `3pl`: its name with a figure behind it is none.
fn is_number(text: &str, known: &Known<'_>) -> bool {
    let is_known = |name: &str| known.roles.contains_key(name) || known.outlets.contains_key(name);
    let names_figure = text.split_once('.').is_some_and(|(name, figure)| is_known(name.trim()) && is_figure(figure));
    begins_as_number(text) && !names_figure
}

fn begins_as_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
}

/// Whether what stands behind a name and its dot can be one of its figures.
fn is_figure(text: &str) -> bool {
    text.trim_start().starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The first comparison outside quotes: where it starts and ends.
fn comparison(text: &str) -> Option<(usize, usize, Op)> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`') => quote = Some(c),
            (None, '=' | '!' | '<' | '>') => {
                let two = text.get(i..i + 2).unwrap_or("");
                let op = match (two, c) {
                    ("==", _) => Op::Equal,
                    ("!=", _) => Op::NotEqual,
                    ("<=", _) => Op::LessOrEqual,
                    (">=", _) => Op::MoreOrEqual,
                    (_, '<') => return Some((i, i + 1, Op::Less)),
                    (_, '>') => return Some((i, i + 1, Op::More)),
                    _ => return None,
                };
                return Some((i, i + 2, op));
            }
            _ => {}
        }
    }
    None
}

/// The segments of a figure, each with whether it was quoted.
fn segments(text: &str) -> Result<Vec<(String, bool)>, Wrong> {
    let mut segments = Vec::new();
    let mut rest = text.trim();
    loop {
        let Some((segment, quoted, behind)) = segment(rest) else {
            return Err((format!("a quote in `{text}` is not closed"), None));
        };
        segments.push((segment.to_owned(), quoted));
        match behind.strip_prefix('.') {
            Some(next) => rest = next.trim_start(),
            None if behind.is_empty() => return Ok(segments),
            None => return Err((format!("`{text}` is no figure: a dot is missing before `{behind}`"), None)),
        }
    }
}

/// The first segment of a figure, whether it is quoted, and what is behind it; none if its quote is not closed.
fn segment(text: &str) -> Option<(&str, bool, &str)> {
    match text.chars().next().filter(|c| matches!(c, '\'' | '`')) {
        Some(quote) => text[1..].split_once(quote).map(|(inside, behind)| (inside, true, behind.trim_start())),
        None => {
            let end = text.find('.').unwrap_or(text.len());
            Some((text[..end].trim(), false, &text[end..]))
        }
    }
}

/// The path of a figure as written, and what it counts.
fn figure(text: &str, known: &Known<'_>, suggest: &Suggest) -> Result<(Vec<String>, Quantity), Wrong> {
    let parts = segments(text)?;
    let names: Vec<&str> = parts.iter().map(|(s, _)| s.as_str()).collect();
    let path = |group: &str, rest: &[&str]| std::iter::once(group).chain(rest.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
    let is_node = known.roles.contains_key(names[0]);
    match names.as_slice() {
        [total] if TOTALS.contains(total) => Ok((path("totals", &names), Quantity::Count)),
        [statistic] if SPREAD.contains(statistic) => Ok((path("latency", &names), Quantity::Time)),
        ["latency", statistic] if !is_node => match SPREAD.contains(statistic) {
            true => Ok((path("latency", &[statistic]), Quantity::Time)),
            false => Err(unknown(text, statistic, "statistic", "latency", SPREAD, suggest)),
        },
        [name] if known.outlets.contains_key(name) || is_node => {
            let help = format!("write which: {}", listed(figures_of(known, name).map(|f| f.0)));
            Err((format!("`{text}` has several figures"), Some(help)))
        }
        [name] if !parts[0].1 => Err(no_total(text, name, known, suggest)),
        [name, ..] if is_node || known.outlets.contains_key(name) => {
            let group = if known.outlets.contains_key(name) { "outlets" } else { "nodes" };
            let quantity = within(text, name, &names[1..], known, known.roles.get(name).copied().unwrap_or("outlet"), suggest)?;
            Ok((path(group, &names), quantity))
        }
        [name, ..] if parts[0].1 => {
            let help = suggest
                .nearest(name, known.outlets.keys().copied().chain(known.roles.keys().copied()))
                .map(|n| format!("did you mean `'{n}'`?"));
            let help = help.or_else(|| {
                Some(format!("the outlets are {}", listed(known.outlets.keys().copied()))).filter(|_| !known.outlets.is_empty())
            });
            Err((format!("there is no outlet `{name}`"), help))
        }
        [name, ..] => {
            let help = match known.outlets.keys().find(|o| text.starts_with(**o)) {
                Some(outlet) => Some(format!("write outlets in quotes: `'{outlet}'{}`", &text[outlet.len()..])),
                None if name.contains('/') => {
                    let near = suggest.nearest(name, known.outlets.keys().copied()).map(|o| format!("did you mean `'{o}'`?"));
                    near.or_else(|| Some("write outlets in quotes: `'broker/channel#group'.depth.max`".to_owned()))
                }
                None => suggest.did_you_mean(name, known.roles.keys().copied()),
            };
            Err((format!("there is no node `{name}`"), help))
        }
        [] => Err((format!("`{text}` is no figure"), None)),
    }
}

fn figures_of(known: &Known<'_>, name: &str) -> impl Iterator<Item = &'static Figured> {
    let (all, more): (Figures, Figures) = match (known.outlets.get(name), known.roles.get(name).copied()) {
        (Some(Outlet::Plain), _) => (OUTLET, &[]),
        (Some(Outlet::Partitions(_)), _) => (OUTLET, LAGS),
        (Some(Outlet::Rule), _) => (OUTLET, RULE),
        (_, Some("consumer")) => (CONSUMER, &[]),
        (_, Some("producer")) => (PRODUCER, &[]),
        (_, Some("broker")) => (BROKER, &[]),
        (_, Some("Kafka broker")) => (KAFKA, &[]),
        (_, Some("store")) => (STORE, &[]),
        _ => (&[], &[]),
    };
    all.iter().chain(more)
}

/// The lag of one partition: `partition_lag.3.max`.
fn partition_lag(text: &str, name: &str, rest: &[&str], partitions: u32) -> Result<Quantity, Wrong> {
    let example = || Some(format!("write it as `'{name}'.{PARTITION_LAG}.0.max`, with `max` or `last`"));
    match rest {
        [_, number, statistic] if PEAK.contains(statistic) => match number.parse::<u32>() {
            Ok(number) if number < partitions => Ok(Quantity::Count),
            _ => Err((format!("there is no partition {number} in `{text}`: they go from 0 to {}", partitions.saturating_sub(1)), None)),
        },
        _ => Err((format!("`{text}` does not say of which partition"), example())),
    }
}

/// What `rest` counts among the figures of a node or outlet.
fn within(text: &str, name: &str, rest: &[&str], known: &Known<'_>, role: &str, suggest: &Suggest) -> Result<Quantity, Wrong> {
    let Some(first) = rest.first() else { return Err((format!("`{text}` is no figure"), None)) };
    if let Some(Outlet::Partitions(partitions)) = known.outlets.get(name).filter(|_| *first == PARTITION_LAG) {
        return partition_lag(text, name, rest, *partitions);
    }
    let all: Vec<&str> = figures_of(known, name).map(|f| f.0).collect();
    let Some((_, quantity, statistics, need)) = figures_of(known, name).find(|f| f.0 == *first) else {
        return Err(unknown(text, first, "figure", &format!("{role} `{name}`"), &all, suggest));
    };
    if let Some(lacking) = need.filter(|need| !known.supposed && known.met.get(name).is_none_or(|met| !met.contains(need))) {
        let (message, help) = lacking.lacking(name);
        return Err((message, Some(help)));
    }
    match (rest, *statistics) {
        ([_], []) => Ok(*quantity),
        ([_, statistic], statistics) if statistics.contains(statistic) => Ok(*quantity),
        ([_], statistics) => {
            Err((format!("`{text}` has several statistics"), Some(format!("write which: {}", listed(statistics.iter().map(|s| &**s))))))
        }
        ([_, _, ..], []) => Err((format!("`{first}` is one number, it has no `{}`", rest[1]), Some(format!("write `{name}.{first}`")))),
        (_, statistics) => Err(unknown(text, rest[1], "statistic", first, statistics, suggest)),
    }
}

fn unknown(text: &str, name: &str, what: &str, of: &str, known: &[&str], suggest: &Suggest) -> Wrong {
    let help = suggest.did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("there are {}", listed(known.iter().copied())));
    (format!("there is no {what} `{name}` of {of} in `{text}`"), Some(help))
}

fn no_total(text: &str, name: &str, known: &Known<'_>, suggest: &Suggest) -> Wrong {
    let all = TOTALS.iter().chain(SPREAD).copied();
    let near = suggest.nearest(name, all.clone()).or_else(|| suggest.nearest(name, known.roles.keys().copied()));
    let help = near.map_or_else(|| format!("totals are {}", listed(TOTALS.iter().copied())), |n| format!("did you mean `{n}`?"));
    (format!("`{text}` is no figure of a run"), Some(help))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<Expectation, String> {
        let (none, some) = (BTreeSet::new(), BTreeSet::from([Need::Inbox]));
        let nodes = [("inventory", "consumer", &some), ("shop", "producer", &none), ("bus", "broker", &none), ("k", "Kafka broker", &none)];
        let outlets = [("bus/orders#inventory", Outlet::Plain), ("k/t#g", Outlet::Partitions(6)), ("eb/big", Outlet::Rule)];
        let known = Known::new(nodes.into_iter(), outlets.into_iter());
        Expectation::parse(text, &known, &Suggest::default()).map_err(|(m, h)| h.map_or(m.clone(), |h| format!("{m} | {h}")))
    }

    #[test]
    fn figures_have_paths_and_units() {
        for (text, path, right) in [
            ("lost == 0", "totals lost", 0.0),
            ("p99 < 200ms", "latency p99", 0.2),
            ("latency.max<=2s", "latency max", 2.0),
            ("inventory.latency.p999 > 1us", "nodes inventory latency p999", 1e-6),
            ("inventory.utilisation < 80%", "nodes inventory utilisation", 0.8),
            ("inventory.throughput >= 50/s", "nodes inventory throughput", 50.0),
            ("inventory.lag.max < 2_000", "nodes inventory lag max", 2000.0),
            ("'bus/orders#inventory'.depth.max != 3", "outlets bus/orders#inventory depth max", 3.0),
            ("`bus/orders#inventory`.acked == 0", "outlets bus/orders#inventory acked", 0.0),
            ("shop.published > 0", "nodes shop published", 0.0),
            ("inventory.skipped > 0", "nodes inventory skipped", 0.0),
            ("bus.throughput > 3/min", "nodes bus throughput", 0.05),
            ("bus/orders#inventory.routed > 0", "outlets bus/orders#inventory routed", 0.0),
            ("'k/t#g'.records_lag_max.max < 9", "outlets k/t#g records_lag_max max", 9.0),
            ("'k/t#g'.partition_lag.5.last == 0", "outlets k/t#g partition_lag 5 last", 0.0),
            ("k.transactions.timed_out == 1", "nodes k transactions timed_out", 1.0),
            ("k.last_stable_offset_lag.max > 9", "nodes k last_stable_offset_lag max", 9.0),
            ("k.under_replicated_partitions.max == 2", "nodes k under_replicated_partitions max", 2.0),
            ("'eb/big'.matched > 1", "outlets eb/big matched", 1.0),
        ] {
            let parsed = parse(text).unwrap();
            let Operand::Figure(left) = &parsed.left else { panic!("{text}") };
            assert_eq!((left.join(" ").as_str(), &parsed.right), (path, &Operand::Number(right)), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_explained() {
        for (text, wrong) in [
            ("lost", "`lost` compares nothing | write it as `lost == 0` or `inventory.latency.p99 < 500ms`"),
            ("lost = 0", "`lost = 0` compares nothing | compare with `==`, `!=`, `<`, `<=`, `>` or `>=`"),
            ("lost ==", "`lost ==` lacks a side | write it as `lost == 0` or `inventory.latency.p99 < 500ms`"),
            ("0 < lost < 5", "`0 < lost < 5` compares twice | write two expectations"),
            ("0 == lost", "`0` is no figure | write the figure first: `lost == 0`"),
            ("losst == 0", "`losst` is no figure of a run | did you mean `lost`?"),
            ("inventry.lag.max < 5", "there is no node `inventry` | did you mean `inventory`?"),
            ("inventory.lagg.max < 5", "there is no figure `lagg` of consumer `inventory` in `inventory.lagg.max` | did you mean `lag`?"),
            ("inventory.lag < 5", "`inventory.lag` has several statistics | write which: `mean`, `max`, `last`"),
            ("inventory.lag.p99 < 5", "there is no statistic `p99` of lag in `inventory.lag.p99` | there are `mean`, `max`, `last`"),
            ("inventory.acked.max < 5", "`acked` is one number, it has no `max` | write `inventory.acked`"),
            ("inventory.lag.max < 5ms", "`inventory.lag.max` is a number of events, `5ms` is not | write it as `2000`"),
            ("p99 < 5", "`5` has no unit, and `p99` is a time | write `5ms` or `5s`"),
            ("p99 < 5KiB", "`p99` is a time, `5KiB` is not | write it as `500ms`"),
            ("inventory.utilisation < 0.9", "`0.9` has no unit, and `inventory.utilisation` is a share | write it as `90%`"),
            ("inventory.throughput > 45", "`45` has no unit, and `inventory.throughput` is a rate | write `45/s`"),
            ("p99 < lost", "`p99` is a time, `lost` is a number of events: they cannot be compared"),
            ("bus/ordrs#inventory.depth.max < 5", "there is no node `bus/ordrs#inventory` | did you mean `'bus/orders#inventory'`?"),
            ("cat/x#y.depth.max < 5", "there is no node `cat/x#y` | write outlets in quotes: `'broker/channel#group'.depth.max`"),
            ("'bus/order#inventory'.depth.max < 5", "there is no outlet `bus/order#inventory` | did you mean `'bus/orders#inventory'`?"),
            (
                "bus.lag.max < 5",
                "there is no figure `lag` of broker `bus` in `bus.lag.max` | there are `accepted`, `throughput`, `unroutable`, `refused`",
            ),
            ("'k/t#g'.partition_lag.6.max < 5", "there is no partition 6 in `'k/t#g'.partition_lag.6.max`: they go from 0 to 5"),
            (
                "'k/t#g'.partition_lag < 5",
                "`'k/t#g'.partition_lag` does not say of which partition | write it as `'k/t#g'.partition_lag.0.max`, with `max` or `last`",
            ),
            (
                "inventory.state.off == 0",
                "`inventory` has no `state`, so there is nothing to compare | add `state: Projection(fold: Count)` to it, or leave this out",
            ),
            (
                "shop.confirms.resent == inventory.skipped",
                "`shop` publishes nothing that is confirmed | let it publish with `publish: Confirmed()`, or leave this out",
            ),
            ("'bus < 5", "`'bus < 5` compares nothing | write it as `lost == 0` or `inventory.latency.p99 < 500ms`"),
            ("lost < NaN", "`NaN` is no figure of a run | totals are"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message == wrong || wrong.ends_with("totals are") && message.starts_with(wrong), "{text}: {message}");
        }
    }

    #[test]
    fn measured_values_are_equal_within_rounding_and_counts_exactly() {
        let holds = |text: &str, value: Option<f64>| parse(text).unwrap().evaluate(&|_| value);
        assert!(holds("p99 == 100ms", Some(0.1 + 1e-13)).holds);
        assert!(holds("p99 <= 100ms", Some(0.1 + 1e-13)).holds);
        assert!(!holds("p99 < 100ms", Some(0.1 - 1e-13)).holds);
        assert!(!holds("lost == 1000000000000", Some(1e12 + 1.0)).holds);
        assert_eq!(holds("lost == 0", Some(3.0)), Outcome { holds: false, actual: Some(3.0) });
        assert_eq!(holds("p99 < 1s", None), Outcome { holds: false, actual: None });
        assert_eq!(holds("p99 != 1s", Some(f64::NAN)), Outcome { holds: false, actual: None });
    }

    #[test]
    fn a_figure_alone_is_read_in_the_same_way() {
        let none = BTreeSet::new();
        let known = Known::new([("inventory", "consumer", &none)].into_iter(), [("bus/orders#inventory", Outlet::Plain)].into_iter());
        let figure = Figure::parse(" 'bus/orders#inventory'.depth.max ", &known).unwrap();
        assert_eq!((figure.path.join(" ").as_str(), figure.quantity), ("outlets bus/orders#inventory depth max", Quantity::Count));
        assert_eq!(figure.text, "'bus/orders#inventory'.depth.max");
        let (message, help) = Figure::parse("inventry.lag.max", &known).unwrap_err();
        assert_eq!((message.as_str(), help.as_deref()), ("there is no node `inventry`", Some("did you mean `inventory`?")));
        assert!(Figure::parse("", &known).is_err());
    }

    #[test]
    fn conditions_join_expectations() {
        let none = BTreeSet::new();
        let known = Known::new([("a", "consumer", &none)].into_iter(), [("b/x and y#a", Outlet::Plain)].into_iter());
        let condition = Condition::parse("a.acked > 3 and 'b/x and y#a'.routed >= 4 and lost == 0", &known).unwrap();
        assert_eq!(condition.0.len(), 3);
        assert!(condition.holds(&|path| Some(if path[0] == "totals" { 0.0 } else { 4.0 })));
        assert!(!condition.holds(&|_| Some(4.0)));
        assert!(Condition::parse("a.acked > 3 and", &known).is_err());
        assert!(mentions("'b/x#a'.routed > 3", "a") && mentions("lost < a.acked", "a") && !mentions("lost == 0", "a"));
        assert!(mentions("'b/x#a'.routed > 3", "b/x") && mentions("3 < 'b/x'.routed", "b/x") && !mentions("'b/xy'.routed > 3", "b/x"));
    }

    #[test]
    fn names_may_begin_like_numbers() {
        let plain = BTreeSet::new();
        let nodes = [("3pl", "consumer", &plain), ("5", "consumer", &plain)];
        let known = Known::new(nodes.into_iter(), [("1/t#3pl", Outlet::Plain)].into_iter());
        let parse = |text: &str| Expectation::parse(text, &known, &Suggest::default());
        for (text, left, right) in [
            ("3pl.latency.p99 < 1s", "nodes 3pl latency p99", Operand::Number(1.0)),
            ("1/t#3pl.routed == 5", "outlets 1/t#3pl routed", Operand::Number(5.0)),
            ("lost < 5.5", "totals lost", Operand::Number(5.5)),
            ("lost < 3pl.acked", "totals lost", Operand::Figure(["nodes", "3pl", "acked"].map(str::to_owned).to_vec())),
            ("5.acked > 5", "nodes 5 acked", Operand::Number(5.0)),
        ] {
            let parsed = parse(text).unwrap();
            let Operand::Figure(path) = &parsed.left else { panic!("{text}") };
            assert_eq!((path.join(" ").as_str(), &parsed.right), (left, &right), "{text}");
        }
        assert_eq!(parse("3pl.lagg.max < 5").unwrap_err().1.as_deref(), Some("did you mean `lag`?"));
        assert_eq!(parse("5 == lost").unwrap_err().0, "`5` is no figure");
    }

    #[test]
    fn names_are_exchanged_where_they_are_names() {
        for (text, from, to, after) in [
            ("lost == 0", "lost", "found", "lost == 0"),
            ("a.lag.max<b.lag.max", "b", "c", "a.lag.max<c.lag.max"),
            (" a.lag.max < a.lag.last ", "a", "long", " long.lag.max < long.lag.last "),
            ("a.lag.max < 5", "a", "b c", "b c.lag.max < 5"),
            ("a.lag.max < 5", "a", "v1.2", "'v1.2'.lag.max < 5"),
            ("bus/a#c.routed > 5", "bus/a", "bus/b.1", "'bus/b.1#c'.routed > 5"),
            ("`a`.lag.max < 5", "a", "b", "`b`.lag.max < 5"),
            ("my-a.lag.max < 5", "a", "b", "my-a.lag.max < 5"),
            ("x.a.max < 1.5", "a", "b", "x.a.max < 1.5"),
            ("'bus/a#a'.depth.max < 5", "a", "b", "'bus/a#a'.depth.max < 5"),
            ("'bus/a#a'.depth.max < 5", "bus", "hub", "'hub/a#a'.depth.max < 5"),
            ("'bus/a#a'.depth.max < 5", "bus/a", "bus/b", "'bus/b#a'.depth.max < 5"),
            ("'bus/a#a'.depth.max < 5", "bus/a#a", "bus/a#b", "'bus/a#b'.depth.max < 5"),
            ("'bus/ab'.depth.max < bus/a.routed", "bus/a", "bus/c", "'bus/ab'.depth.max < bus/c.routed"),
            ("'bus/a.depth.max < 5", "bus", "hub", "'bus/a.depth.max < 5"),
        ] {
            assert_eq!(renamed(text, from, to), after, "{from} to {to}");
        }
        assert!(!mentions("lost == 0", "lost") && !mentions("'bus/a#b'.routed > 3", "a"));
    }

    #[test]
    fn two_figures_can_be_compared() {
        let parsed = parse("inventory.acked <= shop.published").unwrap();
        let figures = |path: &[String]| Some(if path[1] == "shop" { 5.0 } else { 4.0 });
        assert!(parsed.evaluate(&figures).holds);
        assert_eq!(parsed.evaluate(&figures).actual, Some(4.0));
    }
}
