//! Stores: cylinders.

use super::node::{Look, outline, state_mark};
use super::{Brush, Detail};
use crate::app::canvas::labels;
use crate::app::canvas::layout::NodeBox;
use crate::app::canvas::measures::{LID, PAD};
use crate::app::canvas::state::State;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Corners of half an ellipse.
const STEPS: usize = 12;

/// Half an ellipse from the right to the left, around the middle of a side. `lid` is its height; above for `-1`, below for `1`.
fn half(centre: Pos2, width: f32, lid: f32, side: f32) -> impl Iterator<Item = Pos2> {
    (0..=STEPS).map(move |i| {
        let angle = std::f32::consts::PI * i as f32 / STEPS as f32;
        centre + vec2(angle.cos() * width / 2.0, side * angle.sin() * lid / 2.0)
    })
}

/// The outline of a cylinder, clockwise from its right side.
pub fn cylinder(rect: Rect, lid: f32) -> Vec<Pos2> {
    let lid = lid.min(rect.height() * 0.5);
    let (top, bottom) = (rect.center_top() + vec2(0.0, lid / 2.0), rect.center_bottom() - vec2(0.0, lid / 2.0));
    let mut points: Vec<Pos2> = half(bottom, rect.width(), lid, 1.0).collect();
    let mut upper: Vec<Pos2> = half(top, rect.width(), lid, -1.0).collect();
    upper.reverse();
    points.extend(upper);
    points
}

/// A cylinder with the front edge of its lid.
pub fn shape(brush: &Brush<'_>, rect: Rect, fill: Color32, stroke: Stroke) {
    let lid = LID * brush.unit;
    brush.painter.add(Shape::convex_polygon(cylinder(rect, lid), fill, stroke));
    let front = half(rect.center_top() + vec2(0.0, lid / 2.0), rect.width(), lid, 1.0);
    brush.painter.add(Shape::line(front.collect(), stroke));
}

/// A store: name, queue and rate, share of connections in use.
pub fn store(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>, scratch: &mut String) {
    let rect = outline(brush, node, look);
    if brush.detail == Detail::Far {
        return;
    }
    let (theme, unit) = (brush.theme, brush.unit);
    let (left, right) = (rect.left() + PAD * unit, rect.right() - PAD * unit);
    let room = right - left;
    let (first, second) = (brush.name_line(node.kind, rect), rect.top() + (LID + 38.0) * unit);
    let marked = if look.state == State::Idle { 0.0 } else { 14.0 * unit };
    brush.text(pos2(left, first), Align2::LEFT_CENTER, &node.id, theme.body, theme.text, room - marked);
    state_mark(brush, pos2(right - 3.0 * unit, first), look.state);
    let Some(figures) = look.figures else {
        brush.text(pos2(left, second), Align2::LEFT_CENTER, &node.idle, theme.label, theme.muted, room);
        return;
    };
    scratch.clear();
    scratch.push_str("queue ");
    labels::count(scratch, figures.lag);
    let colour = if look.state == State::Busy { theme.warn } else { theme.muted };
    brush.text(pos2(left, second), Align2::LEFT_CENTER, scratch, theme.label, colour, room * 0.5);
    if brush.detail == Detail::Near {
        scratch.clear();
        labels::rate(scratch, figures.rate);
        brush.text(pos2(right, second), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, room * 0.5);
        let y = rect.top() + (LID + 55.0) * unit;
        brush.bar(Rect::from_min_max(pos2(left, y - 2.5 * unit), pos2(right, y + 2.5 * unit)), figures.utilisation as f32, {
            if look.state == State::Busy { theme.warn } else { theme.good }
        });
    }
}
