//! The ways of links: forward as a curve, around what stands in between, backward below or above as a lane.

use super::curve::Curve;
use super::layout::{Kind, Scene, Wire, WireRole, forward_of};
use super::measures::{CLEARANCE, LANE};
use crate::app::kinds::Way;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Node};
use crate::scenario::publishing::Outbox;
use crate::scenario::store::Call;
use egui::{Pos2, Rect, pos2, vec2};
use std::collections::HashMap;

/// All links of a scenario, in the document's order.
pub fn wires(scenario: &Scenario, scene: &Scene) -> Vec<Wire> {
    let mut router = Router { scene, cells: cells(scene), same: HashMap::new(), backward: 0, lanes: Vec::new() };
    let mut wires = Vec::new();
    let calls = |router: &mut Router<'_>, i: usize, calls: &[Call], outbox: &Option<Outbox>| {
        let mut wires: Vec<Wire> = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            wires.extend(router.call(WireRole::Call, index, i, &call.store));
        }
        wires.extend(outbox.as_ref().and_then(|outbox| router.call(WireRole::Write, 0, i, outbox.store())));
        wires
    };
    for (i, node) in scenario.nodes.iter().enumerate() {
        let output = scene.nodes[i].output();
        match node {
            Node::Producer(p) => {
                for (index, emit) in p.emits.iter().enumerate() {
                    wires.extend(router.enter(WireRole::Emit, index, i, &emit.to, output));
                }
                wires.extend(calls(&mut router, i, &p.calls, &p.outbox));
            }
            Node::Broker(Broker { id, kind: BrokerKind::EventBridge(parts), .. }) => {
                for (index, rule) in parts.rules.iter().enumerate() {
                    wires.extend(forward_of(id, rule).and_then(|to| router.forward(index, &format!("{id}/{}", rule.name), &to)));
                }
            }
            Node::Broker(_) | Node::Store(_) => {}
            Node::Consumer(c) => {
                for (index, read) in c.reads.iter().enumerate() {
                    wires.extend(router.leave(index, &read.from, i));
                }
                for (index, then) in c.then.iter().enumerate() {
                    wires.extend(router.enter(WireRole::Then, index, i, &then.to, output));
                }
                if let Some(place) = &c.dead_letter {
                    // Below the other output, so that the two ways out stay apart.
                    let below = output + vec2(0.0, scene.nodes[i].rect.height() * 0.28);
                    wires.extend(router.enter(WireRole::DeadLetter, 0, i, place, below));
                }
                wires.extend(calls(&mut router, i, &c.calls, &c.outbox));
            }
        }
    }
    wires
}

/// Side of a square.
const CELL: f32 = 256.0;

fn cell(place: Pos2) -> (i32, i32) {
    ((place.x / CELL).floor() as i32, (place.y / CELL).floor() as i32)
}

fn cells(scene: &Scene) -> HashMap<(i32, i32), Vec<usize>> {
    let mut cells: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
    for (i, node) in scene.nodes.iter().enumerate() {
        let reach = node.rect.expand(CLEARANCE);
        let ((left, top), (right, bottom)) = (cell(reach.min), cell(reach.max));
        for x in left..=right {
            for y in top..=bottom {
                cells.entry((x, y)).or_default().push(i);
            }
        }
    }
    cells
}

struct Router<'a> {
    scene: &'a Scene,
    /// Nodes by the squares of the scene they reach into, so that a curve meets only those near it.
    cells: HashMap<(i32, i32), Vec<usize>>,
    /// How many links there are already between two ends: they spread instead of covering each other.
    same: HashMap<(usize, usize, usize), usize>,
    backward: usize,
    /// Lanes that are taken: height, from, to.
    lanes: Vec<(f32, f32, f32)>,
}

impl Router<'_> {
    /// From a node into a broker's row.
    fn enter(&mut self, role: WireRole, index: usize, from: usize, place: &str, output: Pos2) -> Option<Wire> {
        let (to, row) = self.scene.row_at(place, Way::In)?;
        let input = self.scene.nodes[to].rows[row].rect.left_center();
        Some(Wire { role, index, from, to, leaves: None, enters: Some(row), curve: self.way(from, output, to, row, input) })
    }

    /// From a node to a store: out below the other ways, or straight down to a store under the node.
    fn call(&mut self, role: WireRole, index: usize, from: usize, store: &str) -> Option<Wire> {
        let to = *self.scene.index.get(store)?;
        let (caller, called) = (&self.scene.nodes[from], &self.scene.nodes[to]);
        if called.kind != Kind::Store {
            return None;
        }
        let (own, other) = (caller.rect, called.rect);
        let beside = other.left() >= own.right() + CLEARANCE;
        let curve = if beside {
            self.way(from, own.right_center() + vec2(0.0, own.height() * 0.28), to, 0, other.left_center())
        } else if other.center().y >= own.center().y {
            Curve::horizontal(own.center_bottom(), other.center_top())
        } else {
            Curve::horizontal(own.center_top(), other.center_bottom())
        };
        Some(Wire { role, index, from, to, leaves: None, enters: None, curve })
    }

    /// From a broker's row into a consumer.
    fn leave(&mut self, index: usize, place: &str, to: usize) -> Option<Wire> {
        let (from, row) = self.scene.row_at(place, Way::Out)?;
        let output = self.scene.nodes[from].rows[row].rect.right_center();
        let curve = self.way(from, output, to, row, self.scene.nodes[to].input());
        Some(Wire { role: WireRole::Read, index, from, to, leaves: Some(row), enters: None, curve })
    }

    /// From a broker's row to a row of the same broker or another one.
    fn forward(&mut self, index: usize, rule: &str, bus: &str) -> Option<Wire> {
        let ((from, leaves), (to, enters)) = (self.scene.row_at(rule, Way::Out)?, self.scene.row_at(bus, Way::In)?);
        let output = self.scene.nodes[from].rows[leaves].rect.right_center();
        let input = self.scene.nodes[to].rows[enters].rect.left_center();
        let curve = self.way(from, output, to, enters, input);
        Some(Wire { role: WireRole::Forward, index, from, to, leaves: Some(leaves), enters: Some(enters), curve })
    }

    fn way(&mut self, from: usize, output: Pos2, to: usize, row: usize, input: Pos2) -> Curve {
        let earlier = self.same.entry((from, to, row)).or_insert(0);
        let shift = vec2(0.0, [0.0, 1.0, -1.0, 2.0, -2.0][*earlier % 5] * LANE);
        *earlier += 1;
        let (output, input) = (output + shift * 0.4, input + shift);
        if input.x < output.x + CLEARANCE {
            self.backward += 1;
            return self.around(from, output, to, input);
        }
        let direct = Curve::horizontal(output, input);
        match self.obstacle(&direct, from, to) {
            None => direct,
            Some(obstacle) => self.past(obstacle, output, input, direct, from, to),
        }
    }

    /// What the curve would cross, as one rectangle.
    fn obstacle(&self, curve: &Curve, from: usize, to: usize) -> Option<Rect> {
        let mut found: Option<Rect> = None;
        let (mut square, mut near): (_, &[usize]) = ((i32::MIN, i32::MIN), &[]);
        for &point in curve.points() {
            if cell(point) != square {
                square = cell(point);
                near = self.cells.get(&square).map_or(&[], Vec::as_slice);
            }
            for &i in near {
                let rect = self.scene.nodes[i].rect;
                if i != from && i != to && rect.expand(CLEARANCE * 0.4).contains(point) {
                    found = Some(found.map_or(rect, |f| f.union(rect)));
                }
            }
        }
        found
    }

    /// Forward, over or under what is in between, whichever is nearer and free.
    fn past(&self, obstacle: Rect, output: Pos2, input: Pos2, direct: Curve, from: usize, to: usize) -> Curve {
        let (left, right) = (obstacle.left().max(output.x + CLEARANCE), obstacle.right().min(input.x - CLEARANCE));
        if right <= left {
            return direct;
        }
        let over = obstacle.top() - CLEARANCE;
        let under = obstacle.bottom() + CLEARANCE;
        let middle = (output.y + input.y) / 2.0;
        let both = if (over - middle).abs() <= (under - middle).abs() { [over, under] } else { [under, over] };
        let ways = both.map(|y| Curve::detour(output, pos2(left, y), pos2(right, y), input));
        let [first, second] = ways;
        if self.obstacle(&first, from, to).is_some() && self.obstacle(&second, from, to).is_none() { second } else { first }
    }

    /// Backward: out to the right, along a free lane, in from the left.
    fn around(&mut self, from: usize, output: Pos2, to: usize, input: Pos2) -> Curve {
        let spread = (self.backward % 6) as f32 * LANE;
        let (right, left) = (output.x + CLEARANCE + spread, input.x - CLEARANCE - spread);
        let stops = |lane: f32| [output, pos2(right, output.y), pos2(right, lane), pos2(left, lane), pos2(left, input.y), input];
        let span = (left - CLEARANCE)..=(right + CLEARANCE);
        let middle = (output.y + input.y) / 2.0;
        let mut lanes: Vec<f32> = Vec::new();
        let mut near: Vec<(usize, Rect)> = Vec::new();
        for (i, node) in self.scene.nodes.iter().enumerate() {
            if node.rect.left() <= *span.end() && node.rect.right() >= *span.start() {
                near.push((i, node.rect.expand(CLEARANCE * 0.4)));
                // Where there is little room, closer to the node.
                for distance in [CLEARANCE + spread, CLEARANCE + spread + LANE, CLEARANCE * 0.55] {
                    lanes.extend([node.rect.bottom() + distance, node.rect.top() - distance]);
                }
            }
        }
        lanes.sort_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
        // Far lanes are long ways: looking at the nearest few keeps large scenes quick.
        lanes.truncate(30);
        let cost = |lane: f32| {
            let stops = stops(lane);
            let length: f32 = stops.windows(2).map(|w| (w[1] - w[0]).length()).sum();
            let crossed = near.iter().map(|(i, grown)| {
                // The first and the last stretch touch their own nodes, and only these.
                let crosses = |part: &[Pos2], own: usize| *i != own && Rect::from_two_pos(part[0], part[1]).intersects(*grown);
                let none = usize::MAX;
                [from, none, none, none, to].iter().zip(stops.windows(2)).filter(|(own, part)| crosses(part, **own)).count()
            });
            let taken = self.lanes.iter().any(|(y, from, to)| (y - lane).abs() < LANE * 0.8 && *from < right && *to > left);
            length + crossed.sum::<usize>() as f32 * 2_000.0 + f32::from(u8::from(taken)) * 300.0
        };
        let best = lanes.iter().map(|&lane| (cost(lane), lane)).min_by(|a, b| a.0.total_cmp(&b.0));
        let lane = best.map_or(middle, |(_, lane)| lane);
        self.lanes.push((lane, left, right));
        Curve::corners(&stops(lane))
    }
}
