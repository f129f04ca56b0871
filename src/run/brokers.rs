//! One topology under several kinds of broker, with the same luck: what each keeps and loses, and what came out differently, in words.

use super::sweep::{self, Column, Results, Row};
use crate::scenario::change::{self, Changed};
use crate::scenario::check::{Finding, check};
use crate::scenario::document::Node;
use crate::scenario::expect::{Known, Quantity};
use crate::scenario::{Files, Scenario};
use std::sync::Arc;

/// A scenario under one kind of broker.
#[derive(Clone, Debug)]
pub struct Side {
    /// The kind, as in the file.
    pub kind: &'static str,
    /// The kind, as people say it.
    pub title: &'static str,
    /// The scenario with that kind.
    pub scenario: Scenario,
    /// What it no longer says, and what the kind cannot do.
    pub lost: Vec<String>,
    /// What to run and to look at. The columns are the same on all sides.
    pub row: Row,
}

/// Figures of each consumer that are compared; those of the whole run are [`RUN`].
const CONSUMER: &[&str] = &["throughput", "latency.p50", "latency.p99", "wait.mean", "utilisation", "lag.max"];
const RUN: &[&str] =
    &["published", "acked", "latency.p50", "latency.p99", "lost", "duplicates", "redeliveries", "failed", "dead_lettered", "unroutable"];

/// The scenario under each of these kinds.
///
/// # Errors
/// Findings, should the changed scenario not be sound.
pub fn sides(scenario: &Scenario, kinds: &[&str], files: &dyn Files) -> Result<Vec<Side>, Vec<Finding>> {
    let side = |(kind, title): (&'static str, &'static str)| {
        let Changed { scenario, lost } =
            change::change_all(scenario, kind).unwrap_or_else(|| Changed { scenario: scenario.clone(), lost: Vec::new() });
        // What was expected of one kind is nothing to hold against another.
        let scenario = Scenario { expect: Vec::new(), ..scenario };
        let (plan, _) = check(&scenario, files)?;
        let known = Known::of(&plan);
        let theirs = scenario.nodes.iter().flat_map(|node| {
            let figures: &[&str] = match node {
                Node::Producer(_) => &["published"],
                Node::Consumer(_) => CONSUMER,
                Node::Broker(_) | Node::Store(_) => &[],
            };
            figures.iter().map(move |figure| format!("{}.{figure}", node.id()))
        });
        let all = RUN.iter().map(|figure| (*figure).to_owned()).chain(theirs);
        let columns = all.filter_map(|text| Column::parse(&text, &known).ok()).collect();
        Ok(Side { kind, title, scenario, lost, row: Row { plan: Arc::new(plan), columns } })
    };
    let wanted = kinds.iter().filter_map(|name| change::kinds().find(|(kind, _)| kind.eq_ignore_ascii_case(name)));
    wanted.map(side).collect()
}

/// What differs between the sides, one sentence for each matter.
pub fn differences(sides: &[Side], results: &[Results]) -> Vec<String> {
    let value = |at: usize, name: &str| {
        let column = sides[at].row.columns.iter().position(|column| column.name() == name)?;
        results[at].interval(column).mean
    };
    let all = |name: &str| (0..sides.len()).filter_map(|at| Some((at, value(at, name)?))).collect::<Vec<_>>();
    let mut words = Vec::new();
    let producers = sides.first().into_iter().flat_map(|side| &side.scenario.nodes);
    let producers: Vec<&str> = producers.filter(|node| matches!(node, Node::Producer(_))).map(Node::id).collect();
    let emitted = |at: usize| producers.iter().filter_map(|id| value(at, &format!("{id}.published"))).sum::<f64>();
    let published: Vec<f64> = (0..sides.len()).map(emitted).collect();
    if let Some(first) = published.first()
        && published.iter().all(|n| n == first)
    {
        words.push(format!("The same {} events are published at the same moments under each.", first.round()));
    }
    let latencies = all("latency.p50");
    if let (Some(fast), Some(slow)) =
        (latencies.iter().min_by(|a, b| a.1.total_cmp(&b.1)), latencies.iter().max_by(|a, b| a.1.total_cmp(&b.1)))
        && slow.1 > fast.1 * 1.2
    {
        words.push(format!(
            "Half of the events are handled within {} under {} and within {} under {}: {}.",
            time(fast.1),
            sides[fast.0].title,
            time(slow.1),
            sides[slow.0].title,
            slowness(sides[slow.0].kind)
        ));
    }
    for (figure, what, why) in [
        ("duplicates", "events are handled more than once", duplication as fn(&str) -> &'static str),
        ("lost", "events are lost", loss),
        ("dead_lettered", "events end as dead letters", dead_letters),
        ("unroutable", "events reach nobody", unroutable),
    ] {
        let values = all(figure);
        let most = values.iter().map(|(_, n)| *n).fold(0.0, f64::max);
        let least = values.iter().map(|(_, n)| *n).fold(f64::INFINITY, f64::min);
        if most < 0.5 || most - least < 0.5 {
            continue;
        }
        for (at, n) in values.iter().filter(|(_, n)| *n >= 0.5) {
            words.push(format!("Under {} {} {what}: {}.", sides[*at].title, n.round(), why(sides[*at].kind)));
        }
    }
    for node in sides.first().into_iter().flat_map(|side| &side.scenario.nodes) {
        let Node::Consumer(consumer) = node else { continue };
        let lags = all(&format!("{}.lag.max", consumer.id));
        let (Some(low), Some(high)) = (lags.iter().min_by(|a, b| a.1.total_cmp(&b.1)), lags.iter().max_by(|a, b| a.1.total_cmp(&b.1)))
        else {
            continue;
        };
        if high.1 >= 10.0 && high.1 > low.1 * 2.0 {
            words.push(format!(
                "`{}` falls behind by up to {} events under {}, by {} under {}: {}.",
                consumer.id,
                high.1.round(),
                sides[high.0].title,
                low.1.round(),
                sides[low.0].title,
                lagging(sides[high.0].kind)
            ));
        }
    }
    words
}

/// One run under each kind, as a table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The kinds.
    pub titles: Vec<&'static str>,
    /// A figure: what it is called, what it counts, and its value under each kind.
    pub rows: Vec<(String, Quantity, Vec<Option<f64>>)>,
    /// What differs, in words.
    pub differences: Vec<String>,
}

/// Runs a scenario once under each of these kinds, with its own seed.
///
/// # Errors
/// Why that cannot be done.
pub fn table(scenario: &Scenario, kinds: &[&str], files: &dyn Files) -> Result<Table, String> {
    let sides = sides(scenario, kinds, files).map_err(|findings| {
        findings.first().map_or_else(|| "the scenario is not sound".to_owned(), |finding| format!("{}: {}", finding.path, finding.message))
    })?;
    let rows: Vec<Row> = sides.iter().map(|side| side.row.clone()).collect();
    let results = sweep::execute(&rows, scenario.seed, 1, super::parallel::cores(), &|_| {});
    let columns = sides.first().map(|side| side.row.columns.as_slice()).unwrap_or_default();
    let row = |(at, column): (usize, &Column)| {
        (column.name().to_owned(), column.quantity(), results.iter().map(|results| results.interval(at).mean).collect())
    };
    Ok(Table {
        titles: sides.iter().map(|side| side.title).collect(),
        rows: columns.iter().enumerate().map(row).collect(),
        differences: differences(&sides, &results),
    })
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.3} ms", seconds * 1e3) } else { format!("{seconds:.3} s") }
}

fn slowness(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "each delivery takes the service's own 150 ms or so, whatever the network does",
        "Kafka" => "producers wait for batches to fill, and consumers fetch when they poll",
        "RabbitMq" => "a queue hands out no more than its consumers have room for",
        _ => "events wait longer there",
    }
}

fn duplication(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "it delivers at least once, and rarely twice without any failure",
        "Kafka" => "what was handled since the last commit is handled again after a crash or a rebalance",
        "RabbitMq" => "what was not yet acknowledged comes again when a consumer goes away",
        _ => "copies came twice",
    }
}

fn loss(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "retries were used up and no dead-letter queue took them",
        "Kafka" => "a consumer that fails for good goes on to the next event",
        "RabbitMq" => "rejected messages without a dead-letter exchange are gone",
        _ => "the first failure is final there",
    }
}

fn dead_letters(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "a target failed until its rule gave up",
        _ => "handling failed for good",
    }
}

fn unroutable(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "no rule wants them, and the bus keeps nothing",
        "RabbitMq" => "no binding takes them",
        _ => "nobody reads their channel",
    }
}

fn lagging(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "events on their way through the service count as well, and nothing holds it back",
        "Kafka" => "its partitions are dealt out to instances, so that one slow event holds up those behind it",
        _ => "events wait for it to have room",
    }
}
