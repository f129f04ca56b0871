//! Which figures of a run belong to which shape. The tables are made once per run and layout; per frame nothing is looked up by name.

use super::layout::{Scene, WireRole};
use crate::ids::{BrokerId, LinkId, NodeId, OutletId};
use crate::record::faults::FaultSpan;
use crate::run::Frame;
use crate::run::frame::{BrokerView, Course, Flight, LinkFigures, Manner, NodeFigures, PlayState};
use crate::scenario::Plan;
use crate::scenario::plan::{OutletPlan, Role};
use crate::time::Time;
use std::collections::HashMap;
use std::sync::Arc;

/// The tables, and what is smoothed over frames.
#[derive(Debug, Default)]
pub struct Live {
    run: u64,
    number: u64,
    plan: Option<Arc<Plan>>,
    nodes: Vec<Option<NodeId>>,
    /// By node and row.
    outlets: Vec<Vec<Vec<OutletId>>>,
    /// By wire.
    links: Vec<Option<LinkId>>,
    /// By wire: how much of its link's traffic is its own.
    shares: Vec<f32>,
    seen: Vec<u32>,
    emitters: Vec<Option<u32>>,
    dead: HashMap<LinkId, u32>,
    reads: HashMap<(LinkId, u32), u32>,
    any_read: HashMap<LinkId, u32>,
    /// By what is read from its rule: the way to another bus.
    forwards: HashMap<OutletId, u32>,
    /// The same with what it carries.
    flows: Vec<Forward>,
    /// By node: which of the frame's faults has struck it and is not over.
    struck: Vec<Option<usize>>,
    /// The same by wire.
    cut: Vec<Option<usize>>,
}

/// The way from a rule to another bus.
#[derive(Clone, Copy, Debug)]
struct Forward {
    wire: u32,
    broker: BrokerId,
    rule: usize,
    /// Events so far, at this time.
    seen: Option<(u64, Time)>,
    /// Per virtual second, smoothed.
    rate: f64,
}

/// What was new since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Another run: what travels is of the past.
    pub run: bool,
    /// Another frame: its flights set out just now.
    pub frame: bool,
}

impl Live {
    /// Takes notice of a frame. `relaid` says that the scene was laid out anew since.
    pub fn update(&mut self, frame: Option<&Frame>, scene: &Scene, relaid: bool) -> News {
        let Some(frame) = frame else {
            let news = News { run: self.plan.is_some(), frame: false };
            *self = Live::default();
            return news;
        };
        let same_plan = self.plan.as_ref().is_some_and(|p| Arc::ptr_eq(p, &frame.plan));
        let news = News { run: self.run != frame.run || !same_plan, frame: self.number != frame.number || self.run != frame.run };
        if news.run || relaid {
            self.bind(&frame.plan, scene);
        }
        (self.run, self.number) = (frame.run, frame.number);
        if news.frame || relaid {
            self.strike(frame, scene);
        }
        if news.frame {
            self.share(frame);
            self.flows.iter_mut().for_each(|flow| flow.follow(frame));
        }
        news
    }

    fn bind(&mut self, plan: &Arc<Plan>, scene: &Scene) {
        let ids: HashMap<&str, NodeId> = plan.nodes.iter().enumerate().map(|(i, n)| (n.name.as_str(), NodeId::at(i))).collect();
        let channels: HashMap<&str, usize> = plan.channels.iter().enumerate().map(|(i, c)| (c.name.as_str(), i)).collect();
        let ways: HashMap<(NodeId, NodeId), LinkId> = plan.links.iter().enumerate().map(|(i, l)| ((l.from, l.to), LinkId::at(i))).collect();
        self.nodes = scene.nodes.iter().map(|n| ids.get(n.id.as_str()).copied()).collect();
        let outlets = |place: &str| channels.get(place).map_or_else(Vec::new, |&c| plan.channels[c].outlets.clone());
        self.outlets = scene.nodes.iter().map(|n| n.rows.iter().map(|r| outlets(&r.place)).collect()).collect();
        self.links = scene.wires.iter().map(|w| ways.get(&(self.nodes[w.from]?, self.nodes[w.to]?)).copied()).collect();
        self.shares = self.links.iter().map(|link| 1.0 / self.links.iter().filter(|l| *l == link).count().max(1) as f32).collect();
        self.seen = vec![0; scene.wires.len()];

        let mut of_list: HashMap<(NodeId, usize), u32> = HashMap::new();
        (self.dead, self.reads, self.any_read, self.forwards, self.flows) = Default::default();
        for (i, wire) in scene.wires.iter().enumerate() {
            let (Some(from), Some(link)) = (self.nodes[wire.from], self.links[i]) else { continue };
            match wire.role {
                WireRole::Emit | WireRole::Then => drop(of_list.insert((from, wire.index), i as u32)),
                // No event travels on it.
                WireRole::Call | WireRole::Write => {}
                WireRole::Forward => continue,
                WireRole::DeadLetter => drop(self.dead.insert(link, i as u32)),
                WireRole::Read => {
                    self.any_read.insert(link, i as u32);
                    let row = wire.leaves.and_then(|row| scene.nodes[wire.from].rows.get(row));
                    let place = row.map_or("", |r| r.place.as_str());
                    if let Some(&channel) = channels.get(place) {
                        self.reads.insert((link, channel as u32), i as u32);
                    }
                }
            }
        }
        for (i, wire) in scene.wires.iter().enumerate().filter(|(_, wire)| wire.role == WireRole::Forward) {
            let Some(Role::Broker(broker)) = self.nodes[wire.from].map(|node| plan.nodes[node.index()].role) else { continue };
            let of_rule = |outlet: &OutletPlan| outlet.broker == broker && outlet.part == Some(wire.index as u32);
            let outlets = plan.outlets.iter().enumerate().filter(|(_, outlet)| of_rule(outlet)).map(|(at, _)| OutletId::at(at));
            self.forwards.extend(outlets.map(|outlet| (outlet, i as u32)));
            self.flows.push(Forward { wire: i as u32, broker, rule: wire.index, seen: None, rate: 0.0 });
        }
        // A node's emitters stand in the order of its list in the document.
        let mut position: HashMap<NodeId, usize> = HashMap::new();
        self.emitters = plan
            .emitters
            .iter()
            .map(|e| {
                let next = position.entry(e.node).or_insert(0);
                *next += 1;
                of_list.get(&(e.node, *next - 1)).copied()
            })
            .collect();
        self.plan = Some(plan.clone());
    }

    /// Finds what is broken at this moment.
    fn strike(&mut self, frame: &Frame, scene: &Scene) {
        self.struck.clear();
        self.struck.resize(self.nodes.len(), None);
        self.cut.clear();
        self.cut.resize(scene.wires.len(), None);
        let goes_on = |span: &FaultSpan| span.began <= frame.now && span.ended.is_none_or(|ended| ended > frame.now);
        for (i, span) in frame.faults.iter().enumerate().filter(|(_, span)| goes_on(span)) {
            for (struck, node) in self.struck.iter_mut().zip(&self.nodes) {
                if node.is_some_and(|id| span.nodes.contains(&id)) {
                    *struck = Some(i);
                }
            }
            for (cut, link) in self.cut.iter_mut().zip(&self.links) {
                if link.is_some_and(|id| span.links.contains(&id)) {
                    *cut = Some(i);
                }
            }
        }
    }

    /// The fault that has struck a node and is not over.
    pub fn fault<'f>(&self, frame: Option<&'f Frame>, node: usize) -> Option<&'f FaultSpan> {
        frame?.faults.get((*self.struck.get(node)?)?).map(|span| &**span)
    }

    /// The fault that has struck a wire's link and is not over.
    pub fn cut<'f>(&self, frame: Option<&'f Frame>, wire: usize) -> Option<&'f FaultSpan> {
        frame?.faults.get((*self.cut.get(wire)?)?).map(|span| &**span)
    }

    /// Follows how the traffic of links that carry several connections is divided.
    fn share(&mut self, frame: &Frame) {
        if frame.flights.is_empty() {
            return;
        }
        self.seen.iter_mut().for_each(|n| *n = 0);
        let mut totals: HashMap<LinkId, u32> = HashMap::new();
        for flight in &frame.flights {
            if let Some(wire) = self.wire(flight) {
                self.seen[wire as usize] += 1;
                if let Some(link) = self.links[wire as usize] {
                    *totals.entry(link).or_insert(0) += 1;
                }
            }
        }
        for (i, link) in self.links.iter().enumerate() {
            let Some(total) = link.and_then(|l| totals.get(&l)) else { continue };
            // The more is seen, the faster it is believed.
            let weight = (*total as f32 / 200.0).clamp(0.01, 0.5);
            self.shares[i] += (self.seen[i] as f32 / *total as f32 - self.shares[i]) * weight;
        }
    }

    /// The wire an event travels on.
    pub fn wire(&self, flight: &Flight) -> Option<u32> {
        let link = match flight.course {
            Course::Link(link) => link,
            Course::Forward(outlet) => return self.forwards.get(&outlet).copied(),
        };
        if flight.manner == Manner::DeadLetter {
            return self.dead.get(&link).copied();
        }
        let plan = self.plan.as_ref()?;
        let emitter = plan.emitters.get(flight.event.emitter().index())?;
        if emitter.link == link {
            return self.emitters.get(flight.event.emitter().index()).copied().flatten();
        }
        self.reads.get(&(link, emitter.channel.0)).or_else(|| self.any_read.get(&link)).copied()
    }

    /// A node's figures.
    pub fn node<'f>(&self, frame: Option<&'f Frame>, node: usize) -> Option<&'f NodeFigures> {
        frame?.nodes.get(self.nodes.get(node)?.as_ref()?.index())
    }

    /// A node in the plan.
    pub fn id(&self, node: usize) -> Option<NodeId> {
        self.nodes.get(node).copied().flatten()
    }

    /// The outlets of a broker's row, one per group.
    pub fn outlets(&self, node: usize, row: usize) -> &[OutletId] {
        self.outlets.get(node).and_then(|rows| rows.get(row)).map_or(&[], Vec::as_slice)
    }

    /// The link a wire belongs to, with its figures.
    pub fn link<'f>(&self, frame: Option<&'f Frame>, wire: usize) -> Option<(LinkId, &'f LinkFigures)> {
        let link = (*self.links.get(wire)?)?;
        Some((link, frame?.links.get(link.index())?))
    }

    /// Events per virtual second that set out on a wire.
    pub fn rate(&self, frame: Option<&Frame>, wire: usize) -> f64 {
        if let Some(flow) = self.flows.iter().find(|flow| flow.wire as usize == wire) {
            return flow.rate;
        }
        self.link(frame, wire).map_or(0.0, |(_, figures)| figures.rate * f64::from(self.shares.get(wire).copied().unwrap_or(1.0)))
    }

    /// Whether the node at the beginning of a wire has to hold events back that would go this way: its broker slows it down.
    pub fn is_held(&self, frame: Option<&Frame>, wire: usize) -> bool {
        let (Some((link, _)), Some(plan), Some(frame)) = (self.link(frame, wire), &self.plan, frame) else { return false };
        let link = &plan.links[link.index()];
        let into_broker = matches!(plan.nodes[link.to.index()].role, Role::Broker(_));
        into_broker && frame.nodes.get(link.from.index()).is_some_and(|figures| figures.held_back > Some(0))
    }

    /// Whether a wire is within a broker, with no link below it.
    pub fn is_inside(&self, wire: usize) -> bool {
        self.links.get(wire).is_some_and(Option::is_none) && self.flows.iter().any(|flow| flow.wire as usize == wire)
    }
}

impl Forward {
    /// Takes notice of how many events have gone this way.
    fn follow(&mut self, frame: &Frame) {
        let Some(BrokerView::EventBridge(view)) = frame.brokers.get(self.broker.index()) else { return };
        let Some(count) = view.rules.get(self.rule).map(|rule| rule.forwarded) else { return };
        match self.seen {
            Some((before, then)) if then < frame.now && before <= count => {
                let passed = (frame.now - then).seconds();
                // Over about the last second, as other rates are.
                self.rate += ((count - before) as f64 / passed - self.rate) * passed.min(1.0);
            }
            Some((_, then)) if then == frame.now => {}
            // A jump through time: over all that was.
            _ => self.rate = count as f64 / frame.now.seconds().max(1.0),
        }
        self.seen = Some((count, frame.now));
    }
}

/// Whether what travels moves.
pub fn moves(frame: &Frame) -> bool {
    frame.state != PlayState::Paused
}
