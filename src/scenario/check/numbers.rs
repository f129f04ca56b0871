//! Every quantity: possible at all, and probably meant.

use super::Findings;
use super::names::Names;
use crate::ids::NodeId;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Consumer, Network, Node, Scenario};
use crate::scenario::shapes::{Arrivals, Attribute, Backoff, Key, Times};
use crate::scenario::units::{Bandwidth, Rate};
use crate::time::{Span, Time};

/// Most workers (instances times threads) of all consumers together.
const MOST_WORKERS: u64 = 1_000_000;
/// Most users of a closed loop.
const MOST_USERS: u32 = 10_000_000;
/// Shortest mean stay in a state of a modulated process, however short the run.
const SHORTEST_STAY: Span = Span(1_000_000);
/// Most stays in states of a modulated process in a run, on average.
const MOST_STAYS: u64 = 100_000_000;
/// Most different keys: more than the events of a run can tell apart.
const MOST_KEYS: u64 = 10_000_000;
/// Most attempts of a retry: a message counts its failures in a byte.
const MOST_ATTEMPTS: u32 = 255;
/// Furthest a node may stand from the middle of the canvas.
const FURTHEST: f32 = 1_000_000.0;
/// Times, shapes and exponents beyond this overflow what is computed from them.
const LARGEST: f64 = 1_000.0;

/// Looks at every number of the document.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    run(scenario, findings);
    network(&scenario.network, findings);
    for (i, link) in scenario.links.iter().enumerate() {
        if let Some(latency) = &link.latency {
            times(latency, &format!("links[{i}].latency"), findings);
        }
        bandwidth(link.bandwidth, &format!("links[{i}].bandwidth"), findings);
    }
    for (event, path) in scenario.events.iter().zip(&names.event_paths) {
        if let Some(chosen) = &event.key {
            key(chosen, &format!("{path}.key"), findings);
        }
        for (name, chosen) in event.attributes.iter() {
            attribute(chosen, name, &format!("{path}.attributes"), findings);
        }
    }
    let outside = |(x, y): (f32, f32)| !(x.abs() <= FURTHEST && y.abs() <= FURTHEST);
    let placed = |(x, y): (f32, f32)| format!("({x}, {y}) is not a place on the canvas, which ends at {FURTHEST}");
    for (i, note) in scenario.notes.iter().enumerate().filter(|(_, note)| outside(note.at)) {
        findings.error(format!("notes[{i}].at"), placed(note.at));
    }
    let mut workers = 0_u64;
    for (i, node) in scenario.nodes.iter().enumerate() {
        let id = NodeId::at(i);
        if let Some(at) = node.at().filter(|at| outside(*at)) {
            findings.error(names.at(id, "at"), placed(at));
        }
        if node.zone().is_some_and(|zone| zone.trim().is_empty()) {
            findings.error(names.at(id, "zone"), "a zone needs a name: write one, as in `eu-1a`, or leave it out");
        }
        match node {
            Node::Producer(producer) => {
                for (n, emit) in producer.emits.iter().enumerate() {
                    arrivals(&emit.arrivals, &names.at(id, &format!("emits[{n}].arrivals")), scenario.duration, findings);
                }
            }
            Node::Consumer(c) => {
                workers = workers.saturating_add(super::handling::workers(c));
                consumer(c, names, id, findings);
            }
            Node::Broker(broker) => match &broker.kind {
                BrokerKind::EventBridge(parts) => super::eventbridge::look(parts, names, id, scenario, findings),
                // Kafka's and RabbitMQ's numbers are looked at together with the names they go with.
                BrokerKind::Simple(_) | BrokerKind::Kafka(_) | BrokerKind::RabbitMq(_) => {}
            },
            Node::Store(_) => {}
        }
    }
    if workers > MOST_WORKERS {
        findings
            .error("nodes", format!("{workers} workers (instances times threads) are more than the {MOST_WORKERS} that can be simulated"));
    }
}

fn run(scenario: &Scenario, findings: &mut Findings) {
    if scenario.duration == Span::ZERO {
        findings.error("duration", "a run of no duration shows nothing");
    } else if scenario.warmup >= scenario.duration {
        let message = format!("the warm-up of {} leaves nothing of the {} to measure", scenario.warmup, scenario.duration);
        findings.error_help("warmup", message, "make `warmup` shorter than `duration`");
    }
    for (name, limit) in [("live", scenario.limits.live), ("steps", scenario.limits.steps)] {
        if limit == 0 {
            findings.error(format!("limits.{name}"), "a limit of 0 stops the run before it begins");
        }
    }
}

fn network(network: &Network, findings: &mut Findings) {
    times(&network.latency, "network.latency", findings);
    bandwidth(network.bandwidth, "network.bandwidth", findings);
}

fn bandwidth(bandwidth: Option<Bandwidth>, path: &str, findings: &mut Findings) {
    if bandwidth.is_some_and(|b| !(b.0.is_finite() && b.0 > 0.0)) {
        findings.error_help(
            path,
            "a bandwidth of 0 carries nothing",
            "leave it out for a link without limit; write `loss: \"100%\"` for a broken one",
        );
    }
}

fn consumer(consumer: &Consumer, names: &Names<'_>, id: NodeId, findings: &mut Findings) {
    for (name, count) in [("instances", consumer.instances), ("threads", consumer.threads)] {
        if count == 0 {
            findings.error(names.at(id, name), format!("`{}` has no {name}, so nothing would ever be handled", consumer.id));
        }
    }
    times(&consumer.handle.time, &names.at(id, "handle.time"), findings);
    let Some(retry) = &consumer.retry else { return };
    if retry.attempts == 0 {
        findings.error_help(
            names.at(id, "retry.attempts"),
            "attempts include the first one, so there is at least 1",
            "leave `retry` out to try once",
        );
    } else if retry.attempts > MOST_ATTEMPTS {
        findings.error(names.at(id, "retry.attempts"), format!("{} attempts are more than {MOST_ATTEMPTS}", retry.attempts));
    }
    if let Backoff::Exponential { factor, first, max, .. } = &retry.backoff {
        let path = names.at(id, "retry.backoff");
        if !(1.0..=LARGEST).contains(factor) {
            findings.error(format!("{path}.factor"), format!("a backoff grows by a factor from 1 to {LARGEST}, not by {factor}"));
        }
        if max < first {
            findings.warning(
                format!("{path}.max"),
                format!("the longest backoff, {max}, is shorter than the first, {first}"),
                "every backoff will be the longest one",
            );
        }
    }
}

fn rate(rate: Rate, path: String, findings: &mut Findings) {
    if !(rate.0.is_finite() && rate.0 > 0.0) {
        findings.error(path, "a rate of 0 emits nothing");
    }
}

fn arrivals(arrivals: &Arrivals, path: &str, duration: Span, findings: &mut Findings) {
    let at = |field: &str| format!("{path}.{field}");
    match arrivals {
        Arrivals::Every(interval) if *interval == Span::ZERO => {
            findings.error(format!("{path}[0]"), "an interval of 0 emits without end at one moment");
        }
        Arrivals::Every(_) | Arrivals::Trace(_) => {}
        Arrivals::Schedule(schedule) => {
            if schedule.next(Time::ZERO).is_none_or(|first| first > Time::ZERO + duration) {
                let message = format!("`{schedule}` does not come within the run, {duration}");
                findings.warning(
                    format!("{path}[0]"),
                    message,
                    "nothing will be emitted; runs begin on Thursday, 1 January 2026 at 00:00 UTC",
                );
            }
        }
        Arrivals::Poisson(r) => rate(*r, format!("{path}[0]"), findings),
        Arrivals::Bursts { on, rate: r, .. } => {
            rate(*r, at("rate"), findings);
            if *on == Span::ZERO {
                findings.error(at("on"), "bursts of no length emit nothing");
            }
        }
        Arrivals::Ramp { from, to, over } => {
            let rising = |r: Rate| r.0.is_finite() && r.0 >= 0.0;
            if !(rising(*from) && rising(*to) && from.0 + to.0 > 0.0) {
                findings.error(path, "a ramp from 0 to 0 emits nothing");
            }
            if *over == Span::ZERO {
                findings.error_help(at("over"), "a ramp needs some time", "write `Poisson(...)` for a constant rate");
            }
        }
        Arrivals::Steps(steps) => steps_in_order(steps, path, findings),
        Arrivals::Daily { mean, period, .. } => {
            rate(*mean, at("mean"), findings);
            if *period == Span::ZERO {
                findings.error(at("period"), "a swing needs some time");
            }
        }
        Arrivals::Mmpp(states) => {
            if states.is_empty() {
                findings.error(path, "a modulated process needs at least one state: (rate, mean stay)");
            }
            for (i, (r, stay)) in states.iter().enumerate() {
                if !(r.0.is_finite() && r.0 >= 0.0) {
                    findings.error(format!("{path}[0][{i}][0]"), "this is not a rate");
                }
                let shortest = shortest_stay(duration);
                if *stay == Span::ZERO {
                    findings.error(format!("{path}[0][{i}][1]"), "a state that lasts no time is never left nor stayed in");
                } else if *stay < shortest {
                    findings.error_help(
                        format!("{path}[0][{i}][1]"),
                        format!("a mean stay of {stay} is shorter than the {shortest} that is simulated in a run of {duration}"),
                        "write `Poisson(...)` with the mean rate: states that change this fast are not told apart",
                    );
                }
            }
            if !states.is_empty() && states.iter().all(|(r, _)| r.0 == 0.0) {
                findings.error(path, "with a rate of 0 in every state nothing is emitted");
            }
        }
        Arrivals::ClosedLoop { users, think } => {
            if *users == 0 {
                findings.error(at("users"), "a closed loop without users emits nothing");
            } else if *users > MOST_USERS {
                findings.error(at("users"), format!("{users} users are more than the {MOST_USERS} that can be simulated"));
            }
            times(think, &at("think"), findings);
            if zero(think) {
                findings.warning(
                    at("think"),
                    "users that do not think emit again at once",
                    "give them some time, such as `Exponential(mean: \"1s\")`",
                );
            }
        }
        Arrivals::Once { at: when, count } => {
            if *count == 0 {
                findings.error(at("count"), "a count of 0 emits nothing");
            }
            if *when > duration {
                findings.warning(at("at"), format!("{when} lies behind the end of the run, {duration}"), "nothing will be emitted");
            }
        }
    }
}

/// Shortest mean stay in a state of a modulated process: states that change more often would be all that is simulated.
fn shortest_stay(duration: Span) -> Span {
    SHORTEST_STAY.max(Span(duration.0 / MOST_STAYS))
}

fn steps_in_order(steps: &[(Span, Rate)], path: &str, findings: &mut Findings) {
    if steps.is_empty() {
        findings.error(path, "without a step nothing is emitted");
    }
    for (i, pair) in steps.windows(2).enumerate() {
        if pair[1].0 <= pair[0].0 {
            let message = format!("steps go forward in time, but {} follows {}", pair[1].0, pair[0].0);
            findings.error(format!("{path}[0][{}][0]", i + 1), message);
        }
    }
    // A step to rate 0 is a pause, which is a fine thing to write.
    if !steps.is_empty() && steps.iter().all(|(_, r)| r.0 == 0.0) {
        findings.error(path, "with a rate of 0 in every step nothing is emitted");
    }
}

/// A distribution of times.
pub(super) fn times(times: &Times, path: &str, findings: &mut Findings) {
    let at = |field: &str| format!("{path}.{field}");
    match times {
        Times::Constant(_) | Times::Exponential { .. } | Times::Normal { .. } => {}
        Times::Uniform { from, to } => {
            if from > to {
                findings.error_help(at("from"), format!("{from} to {to} runs backwards"), "write the shorter time as `from`");
            }
        }
        Times::LogNormal { median, p99 } => {
            if *median == Span::ZERO {
                findings.error_help(at("median"), "a log-normal time has a median above 0", "write `Constant(\"0s\")` for no time at all");
            } else if p99 < median {
                findings.error(at("p99"), format!("99 of 100 times cannot be below {p99} when half of them are above {median}"));
            }
        }
        Times::Gamma { shape, .. } => in_range(*shape, "shape", 1e-3, 1e6, at("shape"), findings),
        Times::Pareto { alpha, .. } => in_range(*alpha, "tail index", 1e-2, LARGEST, at("alpha"), findings),
        Times::Empirical(points) => {
            if points.is_empty() {
                findings.error(path, "without a percentile there is no time to choose from");
            }
            for (i, pair) in points.windows(2).enumerate() {
                let ((p, t), (q, u)) = (pair[0], pair[1]);
                if q.0 <= p.0 || u < t {
                    findings.error(format!("{path}[0][{}]", i + 1), format!("percentiles rise, but ({q}, {u}) follows ({p}, {t})"));
                }
            }
            if let Some((first, _)) = points.first()
                && points.len() == 1
                && first.0 == 0.0
            {
                findings.error(path, "\"0%\" alone does not say how long anything takes");
            }
        }
    }
}

fn in_range(value: f64, name: &str, low: f64, high: f64, path: String, findings: &mut Findings) {
    if !(low..=high).contains(&value) {
        findings.error(path, format!("a {name} lies between {low} and {high}; {value} does not"));
    }
}

/// Whether the time is certainly nothing.
pub(super) fn zero(times: &Times) -> bool {
    let longest = match times {
        Times::Constant(t) => *t,
        Times::Uniform { to, .. } => *to,
        Times::Exponential { mean } | Times::Gamma { mean, .. } => *mean,
        Times::Normal { mean, sd } => Span(mean.0.max(sd.0)),
        Times::LogNormal { p99, .. } => *p99,
        Times::Pareto { min, .. } => *min,
        Times::Empirical(points) => points.last().map_or(Span::ZERO, |p| p.1),
    };
    longest == Span::ZERO
}

fn key(key: &Key, path: &str, findings: &mut Findings) {
    let count = |keys: u64, findings: &mut Findings| {
        if keys == 0 {
            findings.error(format!("{path}.keys"), "there must be at least one key to choose from");
        } else if keys > MOST_KEYS {
            findings.error_help(
                format!("{path}.keys"),
                format!("{keys} keys are more than {MOST_KEYS}"),
                "write `Sequential` for a key of its own for every event",
            );
        }
    };
    match key {
        Key::Zipf { keys, exponent } => {
            count(*keys, findings);
            if !(0.0..=LARGEST).contains(exponent) {
                findings.error(format!("{path}.exponent"), format!("an exponent lies between 0 and {LARGEST}; {exponent} does not"));
            }
        }
        Key::Uniform { keys } => count(*keys, findings),
        Key::Sequential | Key::Fixed(_) => {}
    }
}

fn attribute(attribute: &Attribute, name: &str, path: &str, findings: &mut Findings) {
    // A name with dots or brackets is no step of a path.
    let at = if name.is_empty() || name.contains(['.', '[', '"', '\\']) { path.to_owned() } else { format!("{path}.{name}") };
    match attribute {
        Attribute::Choice(choices) => {
            let bad = choices.iter().find(|(_, w)| !(w.is_finite() && *w >= 0.0));
            if choices.is_empty() {
                findings.error(at, format!("`{name}` has nothing to choose from"));
            } else if let Some((text, weight)) = bad {
                findings.error(at, format!("`{text}` has the weight {weight}; weights are 0 or more"));
            } else if choices.iter().all(|(_, w)| *w == 0.0) {
                findings.error(at, format!("`{name}` has nothing to choose from: all weights are 0"));
            } else if !choices.iter().map(|(_, w)| w).sum::<f64>().is_finite() {
                findings.error(at, "the weights are too large to be added up");
            }
        }
        Attribute::Uniform(from, to) => {
            if !(from.is_finite() && to.is_finite() && (to - from).is_finite()) {
                findings.error(at, format!("{from} to {to} is not a range of numbers"));
            } else if from > to {
                findings.error_help(at, format!("{from} to {to} runs backwards"), "write the smaller number first");
            }
        }
        Attribute::Whole(from, to) => {
            if from > to {
                findings.error_help(at, format!("{from} to {to} runs backwards"), "write the smaller number first");
            }
        }
        Attribute::Number(number) => {
            if !number.is_finite() {
                findings.error(at, format!("{number} is not a number that events can carry"));
            }
        }
        Attribute::Text(_) => {}
    }
}
