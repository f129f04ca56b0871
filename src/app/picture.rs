//! A scenario's topology as a small picture: outlines and connections, no text.

use super::theme::{Theme, space};
use crate::scenario::Scenario;
use crate::scenario::document::Node;
use egui::epaint::CubicBezierShape;
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

/// Everything that has to be known to draw it, worked out once.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Role and place, from 0 to 1 in both directions.
    nodes: Vec<(Shape3, Pos2)>,
    /// From, to, as positions in `nodes`.
    links: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape3 {
    Producer,
    Broker,
    Consumer,
    Store,
}

impl Picture {
    /// The picture of a scenario.
    pub fn of(scenario: &Scenario) -> Picture {
        let placed: Vec<Pos2> = scenario.nodes.iter().map(|n| place(n, scenario)).collect();
        let bounds = Rect::from_points(&placed);
        let unit = |p: Pos2| {
            let share = |v: f32, min: f32, length: f32| if length > 0.0 { (v - min) / length } else { 0.5 };
            pos2(share(p.x, bounds.left(), bounds.width()), share(p.y, bounds.top(), bounds.height()))
        };
        let role = |n: &Node| match n {
            Node::Producer(_) => Shape3::Producer,
            Node::Broker(_) => Shape3::Broker,
            Node::Consumer(_) => Shape3::Consumer,
            Node::Store(_) => Shape3::Store,
        };
        let nodes = scenario.nodes.iter().zip(&placed).map(|(n, p)| (role(n), unit(*p))).collect();
        let index = |end: &str| {
            let id = end.split('/').next().unwrap_or(end);
            scenario.nodes.iter().position(|n| n.id() == id)
        };
        let mut links = Vec::new();
        for (i, node) in scenario.nodes.iter().enumerate() {
            let ends: Vec<(Option<usize>, Option<usize>)> = match node {
                Node::Producer(p) => {
                    let calls = p.calls.iter().map(|call| (Some(i), index(&call.store)));
                    p.emits.iter().map(|e| (Some(i), index(&e.to))).chain(calls).collect()
                }
                Node::Broker(_) | Node::Store(_) => Vec::new(),
                Node::Consumer(c) => {
                    let reads = c.reads.iter().map(|r| (index(&r.from), Some(i)));
                    let calls = c.calls.iter().map(|call| (Some(i), index(&call.store)));
                    reads.chain(c.then.iter().map(|t| (Some(i), index(&t.to)))).chain(calls).collect()
                }
            };
            links.extend(ends.into_iter().filter_map(|(from, to)| Some((from?, to?))));
        }
        links.sort_unstable();
        links.dedup();
        Picture { nodes, links }
    }

    /// Draws it into a rectangle.
    pub fn paint(&self, painter: &Painter, theme: &Theme, rect: Rect, busy: bool) {
        // Many nodes become small ones: a picture of a hundred is a texture, not a tangle.
        let crowd = (7.0 / self.nodes.len().max(7) as f32).sqrt().max(0.3);
        let half = vec2(theme.px(space::M), theme.px(space::S)) * crowd;
        let room = rect.shrink2(half + Vec2::splat(theme.px(space::XS)));
        let at = |p: Pos2| pos2(room.left() + p.x * room.width(), room.top() + p.y * room.height());
        let line = Stroke::new(theme.stroke * 1.25, theme.wash(theme.muted, if busy { 1.0 } else { 0.7 }));
        for (from, to) in &self.links {
            let (Some((_, a)), Some((_, b))) = (self.nodes.get(*from), self.nodes.get(*to)) else { continue };
            let (a, b) = (at(*a), at(*b));
            let bend = vec2(((b.x - a.x).abs() * 0.5).max(half.x), 0.0);
            let (start, end) =
                if b.x >= a.x { (a + vec2(half.x, 0.0), b - vec2(half.x, 0.0)) } else { (a + vec2(0.0, half.y), b + vec2(0.0, half.y)) };
            let bend = if b.x >= a.x { bend } else { vec2(0.0, half.y * 3.0) };
            let (one, two) = if b.x >= a.x { (start + bend, end - bend) } else { (start + bend, end + bend) };
            painter.add(CubicBezierShape::from_points_stroke([start, one, two, end], false, Color32::TRANSPARENT, line));
        }
        for (role, place) in &self.nodes {
            node(painter, theme, *role, Rect::from_center_size(at(*place), half * 2.0));
        }
    }
}

/// Where a node is, or, without a place, in a column by its role.
fn place(node: &Node, scenario: &Scenario) -> Pos2 {
    if let Some((x, y)) = node.at() {
        return pos2(x, y);
    }
    let column = match node {
        Node::Producer(_) => 0.0,
        Node::Broker(_) => 340.0,
        Node::Consumer(_) => 680.0,
        Node::Store(_) => 1020.0,
    };
    let row = scenario.nodes.iter().take_while(|n| n.id() != node.id()).filter(|n| n.role() == node.role()).count();
    pos2(column, row as f32 * 120.0)
}

fn node(painter: &Painter, theme: &Theme, role: Shape3, rect: Rect) {
    let (fill, stroke) = (theme.node, Stroke::new(theme.stroke * 1.5, theme.text));
    let radius = rect.height() * 0.3;
    match role {
        Shape3::Producer => {
            let tip = pos2(rect.right(), rect.center().y);
            let shoulder = rect.right() - rect.height() / 2.0;
            let points = vec![rect.left_top(), pos2(shoulder, rect.top()), tip, pos2(shoulder, rect.bottom()), rect.left_bottom()];
            painter.add(Shape::convex_polygon(points, fill, stroke));
        }
        Shape3::Broker => {
            painter.rect(rect, 2.0, fill, stroke, StrokeKind::Inside);
            let third = rect.width() / 3.0;
            for i in 1..3 {
                let x = rect.left() + third * i as f32;
                painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(theme.stroke, theme.muted));
            }
        }
        Shape3::Store => {
            // A drum: straight sides, a second line below the lid.
            painter.rect(rect, rect.height() * 0.5, fill, stroke, StrokeKind::Inside);
            let y = rect.top() + rect.height() * 0.35;
            painter.line_segment([pos2(rect.left(), y), pos2(rect.right(), y)], Stroke::new(theme.stroke, theme.muted));
        }
        Shape3::Consumer => {
            painter.rect(rect, radius, fill, stroke, StrokeKind::Inside);
        }
    }
}
