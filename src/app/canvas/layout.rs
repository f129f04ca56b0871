//! From the document to shapes: where each node, row, port and link is in the scene. Pure; knows no screen and no run.

use super::curve::Curve;
use super::measures::*;
use super::notes::{self, FrameBox};
use super::{labels, place, route};
use crate::app::action::Connection;
use crate::app::kinds::{self, Board, Part, Way, even, letters};
use crate::figures;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::eventbridge::Rule;
use crate::scenario::document::{Broker, Consumer, Node};
use crate::scenario::handling::Scale;
use crate::scenario::shapes::{Arrivals, Times};
use egui::{Pos2, Rect, Vec2, pos2, vec2};
use std::collections::HashMap;

/// Everything there is to draw, in the document's order.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Nodes.
    pub nodes: Vec<NodeBox>,
    /// Links.
    pub wires: Vec<Wire>,
    /// Frames of groups.
    pub frames: Vec<FrameBox>,
    /// Position of a node by its id.
    pub index: HashMap<String, usize>,
    /// Around all nodes and links; `Rect::NOTHING` without any.
    pub bounds: Rect,
    /// How much larger than their measures nodes are (in a look for a room).
    pub scale: f32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tag that points right.
    Producer,
    /// A board with rows.
    Broker,
    /// A card.
    Consumer,
    /// A cylinder.
    Store,
}

/// A node.
#[derive(Clone, Debug)]
pub struct NodeBox {
    /// Its id in the document.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its place in the document, or the one found for it.
    pub at: Pos2,
    /// Whether the document gives no place.
    pub unplaced: bool,
    /// Its outline's rectangle, as it is seen.
    pub rect: Rect,
    /// How far from its place it is seen, while it glides there.
    pub aside: Vec2,
    /// A broker's parts that links end at.
    pub rows: Vec<Row>,
    /// A producer's event types.
    pub events: Vec<usize>,
    /// What to say while nothing runs.
    pub idle: String,
    /// Consumers: running copies and events each handles at a time; stores: connections, and 1.
    pub capacity: (u32, u32),
    /// Whether it is a function as a service: only what works is there.
    pub function: bool,
}

/// A part of a broker that links end at.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// `broker/channel`.
    pub place: String,
    /// What it is: topic, exchange, queue, ...
    pub noun: &'static str,
    /// Links may enter on its left.
    pub takes: bool,
    /// Links may leave on its right.
    pub gives: bool,
    /// Where.
    pub rect: Rect,
    /// The event types published to it.
    pub events: Vec<usize>,
}

/// A link as drawn.
#[derive(Clone, Debug)]
pub struct Wire {
    /// What in the document it stands for.
    pub role: WireRole,
    /// Position in that list.
    pub index: usize,
    /// The node events come from.
    pub from: usize,
    /// The node they go to.
    pub to: usize,
    /// Which row of a broker it leaves from, if it does.
    pub leaves: Option<usize>,
    /// Which row of a broker it enters, if it does.
    pub enters: Option<usize>,
    /// Its way.
    pub curve: Curve,
}

/// What in the document a link stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireRole {
    /// A producer's emit.
    Emit,
    /// A consumer's read.
    Read,
    /// What follows from handling.
    Then,
    /// Where a consumer's failed events go.
    DeadLetter,
    /// A call to a store.
    Call,
    /// The write of an outbox or a dual write.
    Write,
    /// Where a rule sends events to another bus.
    Forward,
}

impl Default for Scene {
    fn default() -> Self {
        Scene { nodes: Vec::new(), wires: Vec::new(), frames: Vec::new(), index: HashMap::new(), bounds: Rect::NOTHING, scale: 1.0 }
    }
}

impl NodeBox {
    /// Its outline's rectangle at its place.
    pub fn home(&self) -> Rect {
        self.rect.translate(-self.aside)
    }

    fn shift(&mut self, by: Vec2) {
        self.rect = self.rect.translate(by);
        self.aside += by;
        self.rows.iter_mut().for_each(|row| row.rect = row.rect.translate(by));
    }

    /// Where a link leaves: a producer's tip, a consumer's right side.
    pub fn output(&self) -> Pos2 {
        self.rect.right_center()
    }

    /// Where a link enters a consumer.
    pub fn input(&self) -> Pos2 {
        self.rect.left_center()
    }
}

impl Row {
    /// Whether events pass it in this direction.
    pub fn goes(&self, way: Way) -> bool {
        match way {
            Way::In => self.takes,
            Way::Out => self.gives,
        }
    }
}

impl Scene {
    /// Lays out a scenario. `moved` are nodes that are being dragged, and how far.
    pub fn of(scenario: &Scenario, scale: f32, moved: &dyn Fn(&str) -> Vec2) -> Scene {
        Scene::on_the_way(scenario, scale, moved, &|_| Vec2::ZERO)
    }

    /// The same with nodes drawn aside of their places, on the way there.
    pub fn on_the_way(scenario: &Scenario, scale: f32, moved: &dyn Fn(&str) -> Vec2, aside: &dyn Fn(&str) -> Vec2) -> Scene {
        let index: HashMap<String, usize> = scenario.nodes.iter().enumerate().rev().map(|(i, n)| (n.id().to_owned(), i)).collect();
        let types: HashMap<&str, usize> = scenario.events.iter().enumerate().rev().map(|(i, e)| (e.name.as_str(), i)).collect();
        let sizes: Vec<Vec2> = scenario.nodes.iter().map(|n| size(n) * scale).collect();
        let places = place::places(scenario, &index, &sizes);
        let mut nodes: Vec<NodeBox> =
            scenario.nodes.iter().zip(&sizes).zip(&places).map(|((n, s), p)| node_box(n, *s, *p, scale, moved, &types)).collect();
        for node in &mut nodes {
            node.shift(aside(&node.id));
        }
        for node in &scenario.nodes {
            for (place, event) in published(node) {
                let Some(kind) = types.get(event) else { continue };
                if let Some((broker, row)) = row_at(&nodes, &index, place, Way::In) {
                    let events = &mut nodes[broker].rows[row].events;
                    if !events.contains(kind) {
                        events.push(*kind);
                    }
                }
            }
        }
        pass_on(scenario, &mut nodes, &index);
        let frames = notes::frames(scenario, &nodes, &index, scale);
        let bounds = nodes.iter().map(|n| n.rect).chain(frames.iter().map(|f| f.rect)).fold(Rect::NOTHING, Rect::union);
        let bounds = scenario.notes.iter().fold(bounds, |all, note| all.union(notes::note_rect(note, scale)));
        let mut scene = Scene { nodes, wires: Vec::new(), frames, index, bounds, scale };
        scene.wires = route::wires(scenario, &scene);
        scene.bounds = scene.wires.iter().fold(bounds, |all, w| all.union(w.curve.bounds()));
        scene
    }

    /// The broker and the row of `broker/name` that events pass in this direction.
    pub fn row_at(&self, place: &str, way: Way) -> Option<(usize, usize)> {
        row_at(&self.nodes, &self.index, place, way)
    }

    /// Whether links stand for the same things in both, whatever their ways: what travels on them can stay.
    pub fn same_wires(&self, other: &Scene) -> bool {
        self.wires.len() == other.wires.len()
            && self.nodes.len() == other.nodes.len()
            && self.wires.iter().zip(&other.wires).all(|(a, b)| (a.role, a.index, a.from, a.to) == (b.role, b.index, b.from, b.to))
    }

    /// What selecting this link selects; a dead-letter route belongs to its consumer, the write of an outbox
    /// to its node.
    pub fn connection(&self, wire: &Wire) -> Option<Connection> {
        let (from, to) = (self.nodes[wire.from].id.clone(), self.nodes[wire.to].id.clone());
        match wire.role {
            WireRole::Emit => Some(Connection::Emit { producer: from, index: wire.index }),
            WireRole::Read => Some(Connection::Read { consumer: to, index: wire.index }),
            WireRole::Then => Some(Connection::Then { consumer: from, index: wire.index }),
            WireRole::Call => Some(Connection::Call { node: from, index: wire.index }),
            WireRole::Forward => Some(Connection::Forward { broker: from, index: wire.index }),
            WireRole::DeadLetter | WireRole::Write => None,
        }
    }

    /// The two ends in words: `order-service to bus/orders`.
    pub fn ends(&self, wire: &Wire) -> String {
        let name = |node: usize, row: Option<usize>| {
            let node = &self.nodes[node];
            row.and_then(|row| node.rows.get(row)).map_or_else(|| node.id.clone(), |row| row.place.clone())
        };
        format!("{} to {}", name(wire.from, wire.leaves), name(wire.to, wire.enters))
    }
}

fn row_at(nodes: &[NodeBox], index: &HashMap<String, usize>, place: &str, way: Way) -> Option<(usize, usize)> {
    let (broker, channel) = place.split_once('/')?;
    let broker = *index.get(broker)?;
    let row = nodes[broker].rows.iter().position(|r| r.goes(way) && r.name == channel)?;
    Some((broker, row))
}

/// Buses get the event types of the buses whose rules send events on to them.
fn pass_on(scenario: &Scenario, nodes: &mut [NodeBox], index: &HashMap<String, usize>) {
    let mut ways: Vec<((usize, usize), (usize, usize))> = Vec::new();
    for node in &scenario.nodes {
        let Node::Broker(Broker { id, kind: BrokerKind::EventBridge(parts), .. }) = node else { continue };
        for rule in &parts.rules {
            let Some((to, bus)) = forward_of(id, rule).zip(parts.bus_of(rule)) else { continue };
            let from = row_at(nodes, index, &format!("{id}/{}", parts.buses[bus].name), Way::In);
            ways.extend(from.zip(row_at(nodes, index, &to, Way::In)));
        }
    }
    // An event goes from bus to bus once only.
    let given: Vec<Vec<usize>> = ways.iter().map(|((node, row), _)| nodes[*node].rows[*row].events.clone()).collect();
    for (given, (_, (node, row))) in given.iter().zip(&ways) {
        let events = &mut nodes[*node].rows[*row].events;
        given.iter().for_each(|kind| {
            if !events.contains(kind) {
                events.push(*kind);
            }
        });
    }
}

/// Where a rule of a broker sends events to another bus: `broker/bus`.
pub fn forward_of(broker: &str, rule: &Rule) -> Option<String> {
    let to = rule.forward.as_ref()?;
    Some(if to.contains('/') { to.clone() } else { format!("{broker}/{to}") })
}

fn published(node: &Node) -> Vec<(&str, &str)> {
    match node {
        Node::Producer(p) => p.emits.iter().filter_map(|e| Some((e.to.as_str(), e.event.as_deref()?))).collect(),
        Node::Consumer(c) => c.then.iter().map(|t| (t.to.as_str(), t.event.as_str())).collect(),
        Node::Broker(_) | Node::Store(_) => Vec::new(),
    }
}

/// How large a node is, before scaling; widths are multiples of the grid.
pub fn size(node: &Node) -> Vec2 {
    let within = |width: f32, (least, most): (f32, f32)| even(width).clamp(least, most);
    match node {
        Node::Producer(p) => vec2(within(letters(&p.id) + PAD * 2.0 + TIP, WIDTH), PRODUCER),
        Node::Consumer(c) => vec2(within(letters(&c.id) + PAD * 2.0 + 16.0, WIDTH), CONSUMER),
        Node::Store(s) => vec2(within(letters(&s.id) + PAD * 2.0 + 16.0, WIDTH), STORE),
        Node::Broker(b) => {
            let board = board(b);
            vec2(board.size.x, HEADER + board.size.y + FOOT)
        }
    }
}

/// What a broker shows below its header.
fn board(broker: &Broker) -> Board {
    let header = (letters(&broker.id) + 80.0 + PAD * 2.0).clamp(BROKER_WIDTH.0, BROKER_WIDTH.1);
    kinds::of(&broker.kind).board(even(header))
}

/// From a node's place to its rectangle: places are the middle, for a broker the middle of its rows, so that a producer beside
/// a broker of one topic is linked by a straight line.
pub fn rect_of(node: &Node, at: Pos2, size: Vec2, scale: f32) -> Rect {
    match node {
        Node::Broker(_) => Rect::from_center_size(at - vec2(0.0, (HEADER - FOOT) / 2.0 * scale), size),
        _ => Rect::from_center_size(at, size),
    }
}

fn node_box(node: &Node, size: Vec2, place: (f32, f32), scale: f32, moved: &dyn Fn(&str) -> Vec2, types: &HashMap<&str, usize>) -> NodeBox {
    let at = pos2(place.0, place.1) + moved(node.id());
    let rect = rect_of(node, at, size, scale);
    let mut boxed = NodeBox {
        id: node.id().to_owned(),
        kind: Kind::Consumer,
        at,
        unplaced: node.at().is_none(),
        rect,
        aside: Vec2::ZERO,
        rows: Vec::new(),
        events: Vec::new(),
        idle: String::new(),
        capacity: (1, 1),
        function: false,
    };
    match node {
        Node::Producer(p) => {
            boxed.kind = Kind::Producer;
            boxed.events = p.emits.iter().filter_map(|e| types.get(e.event.as_deref()?).copied()).collect();
            boxed.events.dedup();
            boxed.idle = match p.emits.as_slice() {
                [] => "emits nothing yet".to_owned(),
                [emit] => pace(&emit.arrivals),
                emits => format!("{} workloads", emits.len()),
            };
        }
        Node::Broker(b) => {
            boxed.kind = Kind::Broker;
            boxed.idle = b.kind.name().to_lowercase();
            let top = rect.min + vec2(0.0, HEADER * scale);
            let row = |part: Part| Row {
                place: format!("{}/{}", b.id, part.name),
                name: part.name,
                noun: part.noun,
                takes: part.takes,
                gives: part.gives,
                rect: Rect::from_min_size(top + part.rect.min.to_vec2() * scale, part.rect.size() * scale),
                events: Vec::new(),
            };
            boxed.rows = board(b).parts.into_iter().map(row).collect();
        }
        Node::Store(s) => {
            boxed.kind = Kind::Store;
            boxed.capacity = (s.connections, 1);
            boxed.idle = times(&s.time);
        }
        Node::Consumer(c) => {
            boxed.function = matches!(c.scale, Some(Scale::Serverless { .. }));
            boxed.capacity = if boxed.function { (1, 1) } else { (c.instances, c.threads) };
            boxed.idle = effort(c);
        }
    }
    boxed
}

/// A workload in a few words.
fn pace(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Every(span) => format!("every {span}"),
        Arrivals::Poisson(rate) => format!("{rate}"),
        Arrivals::Bursts { rate, .. } => format!("bursts {rate}"),
        Arrivals::Ramp { from, to, .. } => format!("{from} to {to}"),
        Arrivals::Steps(steps) => figures::counted(steps.len() as u64, "step"),
        Arrivals::Daily { mean, .. } => format!("daily {mean}"),
        Arrivals::Mmpp(states) => figures::counted(states.len() as u64, "state"),
        Arrivals::ClosedLoop { users, .. } => figures::counted((*users).into(), "user"),
        Arrivals::Once { count, .. } => format!("{count} at once"),
        Arrivals::Schedule(schedule) => schedule.to_string(),
        Arrivals::Trace(_) => "recorded".to_owned(),
    }
}

/// A consumer's work in a few words.
fn effort(consumer: &Consumer) -> String {
    if consumer.reads.is_empty() {
        return "reads nothing yet".to_owned();
    }
    format!("{} each", times(&consumer.handle.time))
}

/// How long something typically takes, in a few words.
pub fn times(times: &Times) -> String {
    let mut text = String::new();
    let typical = match times {
        Times::Constant(span) | Times::Exponential { mean: span } | Times::Normal { mean: span, .. } | Times::Gamma { mean: span, .. } => {
            *span
        }
        Times::LogNormal { median, .. } => *median,
        Times::Uniform { from, .. } => *from,
        Times::Pareto { min, .. } => *min,
        Times::Empirical(points) => points.first().map_or(crate::time::Span::ZERO, |p| p.1),
    };
    if !matches!(times, Times::Constant(_)) {
        text.push('~');
    }
    labels::time(&mut text, typical.seconds());
    text
}

#[cfg(test)]
mod tests;
