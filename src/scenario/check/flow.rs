//! Follows events from channel to channel: what is never written or read, what goes round without end.

use super::names::{self, Names, Source};
use super::numbers::zero;
use super::{Findings, lint};
use crate::ids::{ChannelId, NodeId, TypeId};
use crate::scenario::broker::{BrokerKind, EventBridge, Parts};
use crate::scenario::chains::When;
use crate::scenario::document::{Broker, Consumer, Node, Scenario};
use crate::scenario::knots::knots;
use crate::scenario::names::listed;
use crate::scenario::shapes::Backoff;
use crate::scenario::units::Percent;
use crate::time::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Steps of the search for circles before it gives up: enough for every real topology, and a document made to have a
/// path from everything to everything still loads at once. The limits of the run catch what is not found here.
const PATIENCE: usize = 1_000_000;

/// Reports what is written and never read, read and never written, declared and never emitted, and circles.
pub(super) fn follow(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    // A name that leads nowhere leaves gaps of its own; to warn of those too would bury it.
    let sound = !findings.has_errors();
    if sound {
        unwritten_and_unread(scenario, names, findings);
        never_emitted(scenario, names, findings);
    }
    let graph = Graph::explore(scenario, names);
    if sound && graph.complete {
        impossible_on(scenario, names, &graph, findings);
    }
    circles(scenario, names, &graph, findings);
}

fn unwritten_and_unread(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    let (mut written, mut read) = (vec![false; names.channels.len()], vec![false; names.channels.len()]);
    let parts = |channel: &ChannelId| match &scenario.nodes[names.channels[channel.index()].broker.index()] {
        Node::Broker(broker) => Some(broker.kind.parts()),
        _ => None,
    };
    for channel in names.emitters.iter().filter_map(|e| e.channel).chain(names.dead_letters.iter().map(|d| d.1)) {
        written[channel.index()] = true;
    }
    for (from, to) in forwards(scenario, names) {
        read[from.index()] = true;
        written[to.index()] = true;
    }
    for channel in scheduled(scenario, names) {
        written[channel.index()] = true;
    }
    for reading in &names.reads {
        reading.channels.iter().for_each(|channel| read[channel.index()] = true);
        if !reading.channels.is_empty() && reading.channels.iter().all(|channel| !written[channel.index()]) {
            unwritten(scenario, names, reading, findings);
        }
    }
    for (i, read) in read.iter_mut().enumerate() {
        *read |= parts(&ChannelId::at(i)).is_some_and(Parts::keeps_unread);
    }
    let mut unread = |channel: ChannelId, path: String, findings: &mut Findings| {
        // Once per channel: further writers have the same reason.
        if !std::mem::replace(&mut read[channel.index()], true) {
            let endpoint = names.endpoint(scenario, channel);
            let message = format!("nobody reads `{endpoint}`: its events end as unroutable");
            findings.lint(&lint::UNREACHABLE_OUTLET, path, message, "add a consumer that reads it");
        }
    };
    for emitter in &names.emitters {
        if let Some(channel) = emitter.channel {
            unread(channel, format!("{}.to", emitter.path), findings);
        }
    }
    for (node, channel) in &names.dead_letters {
        unread(*channel, names.at(*node, "dead_letter"), findings);
    }
}

/// EventBridge brokers with their nodes.
fn bridges(scenario: &Scenario) -> impl Iterator<Item = (NodeId, &EventBridge)> {
    scenario.nodes.iter().enumerate().filter_map(|(i, node)| match node {
        Node::Broker(Broker { kind: BrokerKind::EventBridge(parts), .. }) => Some((NodeId::at(i), parts)),
        _ => None,
    })
}

fn bus(names: &Names<'_>, broker: NodeId, name: &str) -> Option<ChannelId> {
    names.channel_at(broker, name)
}

/// From which bus to which the rules of EventBridge brokers send events on.
fn forwards(scenario: &Scenario, names: &Names<'_>) -> Vec<(ChannelId, ChannelId)> {
    let mut found = Vec::new();
    for (node, parts) in bridges(scenario) {
        for rule in &parts.rules {
            let to = rule.forward.as_deref().and_then(|to| match to.split_once('/') {
                Some((broker, name)) => bus(names, *names.nodes.get(broker)?, name),
                None => bus(names, node, to),
            });
            let from = parts.bus_of(rule).and_then(|own| bus(names, node, &parts.buses[own].name));
            found.extend(from.zip(to));
        }
    }
    found
}

/// Buses on which the service itself sends events.
fn scheduled(scenario: &Scenario, names: &Names<'_>) -> Vec<ChannelId> {
    let own = |(node, parts): (NodeId, &EventBridge)| {
        let buses: Vec<ChannelId> =
            parts.scheduled().filter_map(|(_, rule, _)| bus(names, node, &parts.buses[parts.bus_of(rule)?].name)).collect();
        buses
    };
    bridges(scenario).flat_map(own).collect()
}

/// Somebody reads what nothing is ever written to.
fn unwritten(scenario: &Scenario, names: &Names<'_>, reading: &names::Reading, findings: &mut Findings) {
    let Some(Node::Broker(broker)) = reading.broker.map(|broker| &scenario.nodes[broker.index()]) else { return };
    let parts = broker.kind.parts();
    let (open, word) = (parts.open_channel().map(|at| parts.channels()[at]), parts.channel_word());
    let closed = reading.channels.iter().filter(|channel| Some(names.channels[channel.index()].name) != open);
    let endpoints: Vec<String> = closed.map(|channel| names.endpoint(scenario, *channel)).collect();
    let place = reading.outlet.map_or_else(String::new, |outlet| names.outlets[outlet.index()].name.clone());
    let (message, help) = match (endpoints.as_slice(), open) {
        ([], Some(open)) => (
            format!("no binding leads to `{place}`, and nothing is written to it directly"),
            format!(
                "bind it to an {word} that has events, or let a producer `Emit` to `{}/{open}` with its name as `routing_key`",
                broker.id
            ),
        ),
        ([endpoint], None) => (
            format!("nothing is ever written to `{endpoint}`"),
            format!("let a producer `Emit` to `{endpoint}`, or read from {} {word} that has events", names::article(word)),
        ),
        (many, _) => (
            format!("nothing is ever written to {}, which {} `{place}`", listed(many.iter().map(String::as_str)), fills(many.len())),
            format!("let a producer `Emit` to `{}`, or bind another {word} that has events", many.first().map_or("", String::as_str)),
        ),
    };
    findings.lint(&lint::UNREACHABLE_OUTLET, format!("{}.from", reading.path), message, help);
}

fn fills(count: usize) -> &'static str {
    if count == 1 { "fills" } else { "fill" }
}

fn never_emitted(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    let mut emitted = vec![false; scenario.events.len()];
    for emitter in &names.emitters {
        for event in types_of(emitter) {
            emitted[event.index()] = true;
        }
    }
    for (i, event) in scenario.events.iter().enumerate().filter(|(i, _)| !emitted[*i]) {
        findings.warning(
            names.event_paths[i].clone(),
            format!("nobody emits the event `{}`", event.name),
            "emit it somewhere, or remove it",
        );
    }
}

fn types_of(emitter: &super::names::Emitter) -> BTreeSet<TypeId> {
    match (&emitter.event, &emitter.origin) {
        (Some(event), _) => BTreeSet::from([*event]),
        (None, Source::Emits { trace: Some(trace) }) => trace.rows.iter().map(|r| r.event).collect(),
        (None, _) => BTreeSet::new(),
    }
}

/// Where events of which type get to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    In(ChannelId, TypeId),
    At(NodeId, TypeId),
}

struct Edge {
    to: usize,
    /// Certainly takes no time.
    instant: bool,
    /// Certainly taken.
    certain: bool,
    /// The emitter that makes it; `None` for a delivery or a dead letter.
    emitter: Option<usize>,
}

struct Graph {
    stops: Vec<Stop>,
    edges: Vec<Vec<Edge>>,
    received: BTreeSet<(NodeId, TypeId)>,
    complete: bool,
}

impl Graph {
    fn explore(scenario: &Scenario, names: &Names<'_>) -> Graph {
        let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); names.channels.len()];
        for reading in &names.reads {
            reading.channels.iter().for_each(|channel| readers[channel.index()].push(reading.node));
        }
        let mut thens: BTreeMap<NodeId, Vec<usize>> = BTreeMap::new();
        for (i, emitter) in names.emitters.iter().enumerate() {
            if matches!(emitter.origin, Source::Then { .. }) {
                thens.entry(emitter.node).or_default().push(i);
            }
        }
        let dead: BTreeMap<NodeId, ChannelId> = names.dead_letters.iter().copied().collect();
        let (ways, forwards) = (Ways::new(scenario, names), forwards(scenario, names));
        let mut graph = Graph { stops: Vec::new(), edges: Vec::new(), received: BTreeSet::new(), complete: true };
        let mut known: BTreeMap<Stop, usize> = BTreeMap::new();
        for emitter in names.emitters.iter().filter(|e| matches!(e.origin, Source::Emits { .. })) {
            if let Some(channel) = emitter.channel {
                for event in types_of(emitter) {
                    graph.stop(Stop::In(channel, event), &mut known);
                }
            }
        }
        let (mut next, mut patience) = (0, PATIENCE);
        while next < graph.stops.len() {
            let edges = match graph.stops[next] {
                Stop::In(channel, event) => {
                    let deliver = |node: &NodeId| {
                        let way = ways.between(*node, names.channels[channel.index()].broker);
                        (Stop::At(*node, event), way.instant, way.certain, None)
                    };
                    let on = forwards.iter().filter(|(from, _)| *from == channel);
                    let on = on.map(|(_, to)| (Stop::In(*to, event), false, false, None));
                    readers[channel.index()].iter().map(deliver).chain(on).collect::<Vec<_>>()
                }
                Stop::At(node, event) => {
                    graph.received.insert((node, event));
                    let mut edges = Vec::new();
                    let Node::Consumer(consumer) = &scenario.nodes[node.index()] else {
                        next += 1;
                        continue;
                    };
                    for i in thens.get(&node).into_iter().flatten() {
                        edges.extend(then_edge(*i, names, consumer, event, &ways));
                    }
                    if let Some(channel) = dead.get(&node).filter(|_| consumer.handle.fails.0 > 0.0 || !consumer.calls.is_empty()) {
                        let way = ways.between(node, names.channels[channel.index()].broker);
                        let instant = way.instant && zero(&consumer.handle.time) && !waits(consumer);
                        edges.push((Stop::In(*channel, event), instant, way.certain && consumer.handle.fails.0 >= 1.0, None));
                    }
                    edges
                }
            };
            patience = patience.saturating_sub(edges.len() + 1);
            if patience == 0 {
                graph.complete = false;
                break;
            }
            for (stop, instant, certain, emitter) in edges {
                let to = graph.stop(stop, &mut known);
                graph.edges[next].push(Edge { to, instant, certain, emitter });
            }
            next += 1;
        }
        graph
    }

    fn stop(&mut self, stop: Stop, known: &mut BTreeMap<Stop, usize>) -> usize {
        *known.entry(stop).or_insert_with(|| {
            self.stops.push(stop);
            self.edges.push(Vec::new());
            self.stops.len() - 1
        })
    }
}

fn then_edge(i: usize, names: &Names<'_>, consumer: &Consumer, event: TypeId, ways: &Ways) -> Option<(Stop, bool, bool, Option<usize>)> {
    let emitter = &names.emitters[i];
    let Source::Then { on } = &emitter.origin else { return None };
    let then = &consumer.then[emitter.index];
    // Names in `on` that are unknown have been reported; without them the list may look empty.
    if then.probability.0 <= 0.0 || !(then.on.is_empty() || on.contains(&event)) {
        return None;
    }
    let channel = emitter.channel?;
    let way = ways.between(emitter.node, names.channels[channel.index()].broker);
    // Calls take their store's time, an outbox its relay's, and parts wait for each other.
    let waits = !consumer.calls.is_empty() || consumer.outbox.is_some() || consumer.join.is_some();
    let instant = way.instant && zero(&consumer.handle.time) && !waits;
    let always = then.when == When::Handled && consumer.join.is_none() && consumer.calls.is_empty();
    let certain = way.certain && then.probability == Percent(1.0) && consumer.handle.fails.0 <= 0.0 && always;
    Some((Stop::In(channel, emitter.event?), instant, certain, Some(i)))
}

/// Whether a failed event waits before its last attempt.
fn waits(consumer: &Consumer) -> bool {
    consumer.retry.as_ref().is_some_and(|retry| {
        let first = match retry.backoff {
            Backoff::Immediate => Span::ZERO,
            Backoff::Fixed(span) => span,
            Backoff::Exponential { first, max, .. } => first.min(max),
        };
        retry.attempts > 1 && first > Span::ZERO
    })
}

#[derive(Clone, Copy)]
struct Way {
    instant: bool,
    certain: bool,
}

/// Which ways take no time and lose nothing.
struct Ways {
    usual: Way,
    own: BTreeMap<(NodeId, NodeId), Way>,
}

impl Ways {
    fn new(scenario: &Scenario, names: &Names<'_>) -> Ways {
        let network = &scenario.network;
        let usual = Way { instant: zero(&network.latency) && network.bandwidth.is_none(), certain: network.loss.0 <= 0.0 };
        let mut own = BTreeMap::new();
        for link in &scenario.links {
            let ends = (names.nodes.get(link.between.0.as_str()), names.nodes.get(link.between.1.as_str()));
            let (Some(a), Some(b)) = ends else { continue };
            let latency = link.latency.as_ref().unwrap_or(&network.latency);
            let way = Way {
                instant: zero(latency) && link.bandwidth.or(network.bandwidth).is_none(),
                certain: link.loss.unwrap_or(network.loss).0 <= 0.0,
            };
            own.insert((*a.min(b), *a.max(b)), way);
        }
        Ways { usual, own }
    }

    fn between(&self, a: NodeId, b: NodeId) -> Way {
        self.own.get(&(a.min(b), a.max(b))).copied().unwrap_or(self.usual)
    }
}

/// `then.on` that names types which never reach the consumer.
fn impossible_on(scenario: &Scenario, names: &Names<'_>, graph: &Graph, findings: &mut Findings) {
    for emitter in &names.emitters {
        let (Source::Then { .. }, Node::Consumer(consumer)) = (&emitter.origin, &scenario.nodes[emitter.node.index()]) else { continue };
        for (n, name) in consumer.then[emitter.index].on.iter().enumerate() {
            let Some(event) = names.event_id(name) else { continue };
            if !graph.received.contains(&(emitter.node, event)) {
                findings.warning(
                    format!("{}.on[{n}]", emitter.path),
                    format!("`{name}` never reaches `{}`", consumer.id),
                    "emit it to something the consumer reads, or leave it out here",
                );
            }
        }
    }
}

fn circles(scenario: &Scenario, names: &Names<'_>, graph: &Graph, findings: &mut Findings) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for circle in circles_of(graph, |e| e.instant) {
        let (path, way) = describe(scenario, names, graph, &circle);
        if told.insert(path.clone()) {
            findings.error_help(
                path,
                format!("events go round without taking any time: {way}"),
                "give the handling or a link on the way some time, or break the circle",
            );
        }
    }
    for circle in circles_of(graph, |e| e.certain) {
        let (path, way) = describe(scenario, names, graph, &circle);
        if told.insert(path.clone()) {
            let help = "give a step on the way a `probability` below 100%";
            findings.lint(&lint::ENDLESS_LOOP, path, format!("events go round for ever: {way}"), help);
        }
    }
}

/// Where a circle is best mended, and its way in words.
fn describe(scenario: &Scenario, names: &Names<'_>, graph: &Graph, circle: &[usize]) -> (String, String) {
    let name = |stop: usize| match graph.stops[stop] {
        Stop::In(channel, _) => names.endpoint(scenario, channel),
        Stop::At(node, _) => scenario.nodes[node.index()].id().to_owned(),
    };
    let mut shown: Vec<String> = circle.iter().take(12).map(|s| name(*s)).collect();
    if circle.len() > 12 {
        shown.push("...".to_owned());
    }
    shown.push(name(circle[0]));
    let step = |(i, stop): (usize, &usize)| {
        let next = circle[(i + 1) % circle.len()];
        let Stop::At(node, _) = graph.stops[*stop] else { return None };
        let edge = graph.edges[*stop].iter().find(|e| e.to == next)?;
        Some(edge.emitter.map_or_else(|| names.at(node, "dead_letter"), |e| format!("{}.to", names.emitters[e].path)))
    };
    let path = circle.iter().enumerate().find_map(step).unwrap_or_default();
    (path, shown.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" -> "))
}

/// One circle of each knot of stops that reach each other over the chosen edges, starting at the first of them.
fn circles_of(graph: &Graph, chosen: impl Fn(&Edge) -> bool) -> Vec<Vec<usize>> {
    let next = |edges: &Vec<Edge>| edges.iter().filter(|edge| chosen(edge)).map(|edge| edge.to).collect();
    let knots = knots(&graph.edges.iter().map(next).collect::<Vec<_>>());
    let mut size = vec![0_usize; graph.stops.len()];
    knots.iter().for_each(|k| size[*k] += 1);
    let mut done = vec![false; graph.stops.len()];
    let mut circles = Vec::new();
    for start in 0..graph.stops.len() {
        let knot = knots[start];
        let alone = size[knot] == 1;
        if std::mem::replace(&mut done[knot], true) || alone && !graph.edges[start].iter().any(|e| chosen(e) && e.to == start) {
            continue;
        }
        // Breadth first within the knot, back to the start.
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        'search: while let Some(at) = queue.pop_front() {
            for edge in graph.edges[at].iter().filter(|e| chosen(e) && knots[e.to] == knot) {
                if edge.to == start {
                    let mut circle = vec![at];
                    while let Some(before) = circle.last().and_then(|s| from.get(s)) {
                        circle.push(*before);
                    }
                    circle.reverse();
                    circles.push(circle);
                    break 'search;
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(edge.to) {
                    entry.insert(at);
                    queue.push_back(edge.to);
                }
            }
        }
    }
    circles
}
