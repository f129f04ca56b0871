//! One topology under several kinds of broker, with the same luck: what each keeps and loses, and what came out differently, in words.

use super::sweep::{self, Column, Results, Row};
use crate::figures::{number, seconds};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::eventbridge::Quotas;
use crate::scenario::change::{self, Changed};
use crate::scenario::check::{Finding, check};
use crate::scenario::document::{Broker, Node};
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
    /// By column: whose figure it is (`None`: the whole run's), and which.
    pub figures: Vec<(Option<String>, &'static str)>,
}

/// Figures of each consumer that are compared; those of the whole run are [`RUN`].
const CONSUMER: &[&str] = &["throughput", "latency.p50", "latency.p99", "wait.mean", "utilisation", "lag.max"];
const RUN: &[&str] = &[
    "published",
    "acked",
    "waiting",
    "in_flight",
    "latency.p50",
    "latency.p99",
    "lost",
    "duplicates",
    "redeliveries",
    "failed",
    "dead_lettered",
    "unroutable",
];

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
            figures.iter().map(move |figure| (Some(node.id().to_owned()), *figure))
        });
        let all = RUN.iter().map(|figure| (None, *figure)).chain(theirs);
        let column = |(node, figure): (Option<String>, &'static str)| {
            let text = node.as_deref().map_or_else(|| figure.to_owned(), |id| format!("{}.{figure}", named(id)));
            Some((Column::parse(&text, &known).ok()?, (node, figure)))
        };
        let (columns, figures) = all.filter_map(column).unzip();
        Ok(Side { kind, title, scenario, lost, row: Row { plan: Arc::new(plan), columns }, figures })
    };
    let wanted = kinds.iter().filter_map(|name| change::kinds().find(|(kind, _)| kind.eq_ignore_ascii_case(name)));
    wanted.map(side).collect()
}

/// A node's name as expectations have it.
fn named(id: &str) -> String {
    let plain = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if plain { id.to_owned() } else { format!("'{id}'") }
}

/// What came out on all sides.
struct Outcome<'a> {
    sides: &'a [Side],
    results: &'a [Results],
}

impl Outcome<'_> {
    /// A figure of the whole run or of a node, by side; nothing where a side has none.
    fn all(&self, node: Option<&str>, figure: &str) -> Vec<(usize, f64)> {
        let value = |at: usize| {
            let column = self.sides[at].figures.iter().position(|(of, known)| of.as_deref() == node && *known == figure)?;
            self.results[at].interval(column).mean
        };
        (0..self.sides.len()).filter_map(|at| Some((at, value(at)?))).collect()
    }

    /// From least to most.
    fn sorted(&self, node: Option<&str>, figure: &str) -> Vec<(usize, f64)> {
        let mut all = self.all(node, figure);
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        all
    }

    fn title(&self, at: usize) -> &'static str {
        self.sides[at].title
    }

    fn nodes(&self, wanted: fn(&Node) -> bool) -> impl Iterator<Item = &str> {
        self.sides.first().into_iter().flat_map(|side| &side.scenario.nodes).filter(move |node| wanted(node)).map(Node::id)
    }

    /// `12 ms under RabbitMQ, 19 ms under Kafka and 190 ms under EventBridge`.
    fn listed(&self, values: &[(usize, f64)], mut shown: impl FnMut(f64) -> String) -> String {
        listed(&values.iter().map(|(at, value)| format!("{} under {}", shown(*value), self.title(*at))).collect::<Vec<_>>())
    }

    fn arrivals(&self) -> Option<String> {
        let producers: Vec<&str> = self.nodes(|node| matches!(node, Node::Producer(_))).collect();
        let emitted = |at: usize| -> f64 {
            let of = |id: &&str| self.all(Some(*id), "published").into_iter().find(|(side, _)| *side == at).map_or(0.0, |(_, n)| n);
            producers.iter().map(of).sum()
        };
        let published: Vec<f64> = (0..self.sides.len()).map(emitted).collect();
        let first = *published.first()?;
        let same = published.iter().all(|n| *n == first);
        same.then(|| format!("The same {} events are published at the same moments under each.", first.round()))
    }

    fn handled(&self) -> Option<String> {
        let acked = self.sorted(None, "acked");
        let (least, most) = (acked.first()?.1, acked.last()?.1);
        if most < 1.0 {
            return None;
        }
        if least > most * 0.98 {
            return Some(format!("About as much is handled by the end of the run under each: {} copies.", number(most)));
        }
        let mut first = true;
        let handled = self.listed(&acked, |n| match std::mem::take(&mut first) {
            true => format!("{} copies are handled", number(n)),
            false => number(n),
        });
        // Dead letters are counted where they go.
        let parts = ["acked", "waiting", "in_flight", "failed"].map(|figure| self.all(None, figure));
        let made: Vec<f64> =
            (0..self.sides.len()).map(|at| parts.iter().flatten().filter(|(side, _)| *side == at).map(|(_, n)| n).sum()).collect();
        let (fewest, most) = made.iter().fold((f64::INFINITY, 0.0), |(least, most), n| (f64::min(least, *n), f64::max(most, *n)));
        let why = match fewest > most * 0.95 {
            true => "what is missing still waits, is on its way, or was given up",
            // Patterns, keys, schedules, forwarding, replays: each is among what is not kept.
            false => "readers do not get the same events under each, see what is not kept",
        };
        Some(format!("By the end of the run {handled}: {why}."))
    }

    fn latency(&self) -> Option<String> {
        let (median, tail) = (self.sorted(None, "latency.p50"), self.sorted(None, "latency.p99"));
        let (fast, slow) = (median.first()?, median.last()?);
        if slow.1 <= fast.1 * 1.2 {
            return Some(format!("Half of the events are handled within about {} under each.", seconds(slow.1)));
        }
        let mut text = format!("Half of the events are handled within {}", self.listed(&median, seconds));
        if tail.len() == median.len() {
            text += &format!("; the slowest in a hundred take longer than {}", self.listed(&tail, seconds));
        }
        let why = median.iter().filter(|(_, value)| *value > fast.1 * 1.2).map(|(at, _)| {
            let side = &self.sides[*at];
            format!("{}: {}", side.title, self.slowness(*at))
        });
        Some(format!("{text}. {}.", why.collect::<Vec<_>>().join(". ")))
    }

    /// Why events take long under a kind.
    fn slowness(&self, at: usize) -> String {
        let side = &self.sides[at];
        let mut why = slowness(side.kind).to_owned();
        let quota = side.scenario.nodes.iter().find_map(|node| match node {
            Node::Broker(Broker { kind: BrokerKind::EventBridge(parts), .. }) => Some(parts.quotas.invoke),
            _ => None,
        });
        let of = |figure: &str| self.all(None, figure).into_iter().find(|(side, _)| *side == at).map_or(0.0, |(_, n)| n);
        if let Some(quota) = quota {
            // Seconds are not the service's latency any more.
            if of("latency.p50") > 1.0 && quota.0 < Quotas::default().invoke.0 {
                why += &format!("; what is beyond its quota of {quota} invocations waits");
            }
            if of("redeliveries") > of("acked") * 0.01 {
                why += "; what fails comes again after waits that double from one second on";
            }
        }
        why
    }

    /// What happens under some and not, or less, under others.
    fn mishaps(&self, words: &mut Vec<String>) {
        for (figure, [one, many], why) in [
            (
                "duplicates",
                ["event is handled more than once", "events are handled more than once"],
                duplication as fn(&str) -> &'static str,
            ),
            ("redeliveries", ["hand-over is repeated", "hand-overs are repeated"], again),
            ("lost", ["event is lost", "events are lost"], loss),
            ("failed", ["event fails for good", "events fail for good"], failure),
            ("dead_lettered", ["event ends as a dead letter", "events end as dead letters"], dead_letters),
            ("unroutable", ["event reaches nobody", "events reach nobody"], unroutable),
        ] {
            let values = self.all(None, figure);
            let most = values.iter().map(|(_, n)| *n).fold(0.0, f64::max);
            let least = values.iter().map(|(_, n)| *n).fold(f64::INFINITY, f64::min);
            // A repeated hand-over more or less is chance.
            let slack = if figure == "redeliveries" { (most * 0.2).max(2.5) } else { 0.5 };
            if most < 0.5 || most - least < slack {
                continue;
            }
            for (at, n) in values.iter().filter(|(_, n)| *n >= 0.5) {
                let what = if n.round() == 1.0 { one } else { many };
                words.push(format!("Under {} {} {what}: {}.", self.title(*at), n.round(), why(self.sides[*at].kind)));
            }
            let none: Vec<String> = values.iter().filter(|(_, n)| *n < 0.5).map(|(at, _)| self.title(*at).to_owned()).collect();
            if !none.is_empty() {
                words.push(format!(
                    "Under {} {}.",
                    listed(&none),
                    if figure == "redeliveries" { "no hand-over is repeated" } else { "none do" }
                ));
            }
        }
    }

    /// Who falls behind, and where: consumers that do so under the same kinds are told of together, and those that get nothing under
    /// some kind are not held against it.
    fn lags(&self, words: &mut Vec<String>) {
        let mut told: Vec<(Vec<usize>, Vec<String>, [f64; 4])> = Vec::new();
        let mut only: Vec<(Vec<usize>, Vec<String>)> = Vec::new();
        for id in self.nodes(|node| matches!(node, Node::Consumer(_))) {
            let rates = self.all(Some(id), "throughput");
            let idle = |at: usize| rates.iter().any(|(side, rate)| *side == at && *rate == 0.0);
            let lags: Vec<(usize, f64)> = self.sorted(Some(id), "lag.max").into_iter().filter(|(at, _)| !idle(*at)).collect();
            if !lags.is_empty() && lags.len() < self.sides.len() {
                let mut sides: Vec<usize> = lags.iter().map(|(at, _)| *at).collect();
                sides.sort_unstable();
                match only.iter_mut().find(|(known, _)| *known == sides) {
                    Some((_, names)) => names.push(format!("`{id}`")),
                    None => only.push((sides, vec![format!("`{id}`")])),
                }
            }
            let (Some(low), Some(high)) = (lags.first(), lags.last()) else { continue };
            if high.1 < 10.0 || high.1 <= low.1 * 2.0 {
                continue;
            }
            let (least, most): (Vec<_>, Vec<_>) = lags.iter().partition(|(_, lag)| *lag < high.1 * 0.9);
            // By how much under the kind where it is most, and under the one that comes next.
            let next = least.last().map_or(low.1, |(_, lag)| *lag);
            let mut sides: Vec<usize> = most.iter().map(|(at, _)| *at).collect();
            sides.sort_unstable();
            match told.iter_mut().find(|(known, ..)| *known == sides) {
                Some((_, names, range)) => {
                    names.push(format!("`{id}`"));
                    *range = [range[0].min(high.1), range[1].max(high.1), range[2].min(low.1), range[3].max(next)];
                }
                None => told.push((sides, vec![format!("`{id}`")], [high.1, high.1, low.1, next])),
            }
        }
        let titles = |sides: &[usize]| listed(&sides.iter().map(|at| self.title(*at).to_owned()).collect::<Vec<_>>());
        for (sides, names) in only {
            let verb = if names.len() == 1 { "handles" } else { "handle" };
            words.push(format!("{} {verb} events under {} alone: see what is not kept.", listed(&names), titles(&sides)));
        }
        for (sides, names, [least, most, low, next]) in told {
            let range = |from: f64, to: f64| match (from.round(), to.round()) {
                (from, to) if from == to => format!("{to}"),
                (from, to) => format!("{from} to {to}"),
            };
            let verb = if names.len() == 1 { "falls" } else { "fall" };
            let mut why: Vec<&str> = sides.iter().map(|at| lagging(self.sides[*at].kind)).collect();
            why.dedup();
            words.push(format!(
                "{} {verb} furthest behind under {}, by up to {} events against {} elsewhere: {}.",
                listed(&names),
                titles(&sides),
                range(least, most),
                range(low, next),
                why.join("; ")
            ));
        }
    }
}

/// `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// What differs between the sides, one sentence or two for each matter.
pub fn differences(sides: &[Side], results: &[Results]) -> Vec<String> {
    let outcome = Outcome { sides, results };
    let mut words: Vec<String> = [outcome.arrivals(), outcome.handled(), outcome.latency()].into_iter().flatten().collect();
    outcome.mishaps(&mut words);
    outcome.lags(&mut words);
    words
}

/// A figure under each kind.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose: a node's, or the whole run's.
    pub node: Option<String>,
    /// Which, as expectations have it.
    pub figure: &'static str,
    /// What it counts.
    pub quantity: Quantity,
    /// Its value under each kind.
    pub values: Vec<Option<f64>>,
}

/// One run under each kind, as a table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The kinds.
    pub titles: Vec<&'static str>,
    /// Figures, those of the whole run first.
    pub lines: Vec<Line>,
    /// What differs, in words.
    pub differences: Vec<String>,
    /// By kind: what it cannot keep.
    pub lost: Vec<Vec<String>>,
}

/// Why there are no sides, in words.
pub fn unsound(findings: &[Finding]) -> String {
    findings.first().map_or_else(|| "the scenario is not sound".to_owned(), |finding| format!("{}: {}", finding.path, finding.message))
}

/// Runs all sides once, with this seed.
pub fn table(sides: &[Side], seed: u64) -> Table {
    let rows: Vec<Row> = sides.iter().map(|side| side.row.clone()).collect();
    let results = sweep::execute(&rows, seed, 1, super::parallel::cores(), &|_| {});
    let known = sides.first().map(|side| side.row.columns.iter().zip(&side.figures)).into_iter().flatten();
    let line = |(at, (column, (node, figure))): (usize, (&Column, &(Option<String>, &'static str)))| Line {
        node: node.clone(),
        figure,
        quantity: column.quantity(),
        values: results.iter().map(|results| results.interval(at).mean).collect(),
    };
    Table {
        titles: sides.iter().map(|side| side.title).collect(),
        lines: known.enumerate().map(line).collect(),
        differences: differences(sides, &results),
        lost: sides.iter().map(|side| side.lost.clone()).collect(),
    }
}

fn slowness(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "each delivery takes the service's own 150 ms or so, whatever the network does",
        "Kafka" => "producers gather batches for some milliseconds (`linger.ms`), and consumers fetch when they poll",
        "RabbitMq" => "an exchange and a queue stand in between, and a queue hands out no more than its consumers have room for",
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

fn again(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "a target that fails is called again, after waits that double from one second on",
        "Kafka" => "positions go back to the last commit, and what lies behind it is read again",
        "RabbitMq" => "what comes back unacknowledged is handed out once more, at the head of its queue",
        _ => "what fails is handed out once more",
    }
}

fn loss(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "a target's retries were used up, and no dead-letter queue took them",
        "Kafka" => "a consumer that fails for good goes on to the next event",
        "RabbitMq" => "rejected messages without a dead-letter exchange are gone",
        _ => "the first failure is final there",
    }
}

fn failure(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "a target's retries were used up, and it has no dead-letter queue",
        "Kafka" => "its consumer passes over what it cannot handle",
        "RabbitMq" => "they are rejected, and no dead-letter exchange takes them",
        _ => "the last attempt is final",
    }
}

fn dead_letters(kind: &str) -> &'static str {
    match kind {
        "EventBridge" => "a target failed until its retries were used up, or could never take them",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};

    const SHOP: &str = include_str!("../../scenarios/cases/shop.ron");

    #[test]
    fn the_shop_under_three_brokers_is_told_in_words() {
        let scenario = load(SHOP, "shop.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
        let table = table(&sides(&scenario, &["kafka", "rabbitmq", "eventbridge"], &NoFiles).unwrap(), 42);
        assert_eq!(table.titles, ["Kafka", "RabbitMQ", "EventBridge"]);
        let told = table.differences.join("\n");
        for part in [
            "published at the same moments under each",
            "under RabbitMQ, ",
            "under Kafka and ",
            "Kafka: producers gather batches",
            "EventBridge: each delivery takes",
            "the slowest in a hundred",
            "fall furthest behind under EventBridge",
        ] {
            assert!(told.contains(part), "{part:?} is missing in\n{told}");
        }
        assert!(table.lost.iter().all(|lost| !lost.is_empty()));
        let of = |node: Option<&str>, figure: &str| {
            table.lines.iter().find(|line| line.node.as_deref() == node && line.figure == figure).unwrap()
        };
        assert!(of(None, "published").values.iter().all(Option::is_some));
        assert_eq!(of(Some("order-service"), "published").values[0], of(Some("order-service"), "published").values[2]);
    }

    #[test]
    fn lists_read_like_lists() {
        let list = |items: &[&str]| listed(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        assert_eq!((list(&["a"]), list(&["a", "b"]), list(&["a", "b", "c"])), ("a".into(), "a and b".into(), "a, b and c".into()));
    }
}
