//! What a lesson points at: a ring around it that grows and fades, or one that stands where nothing is to move.

use super::layout::Wire;
use super::{Canvas, CanvasInput};
use egui::{Color32, Rect, Shape, Stroke, StrokeKind, Ui};

/// Seconds from one ring to the next.
const BEAT: f64 = 1.6;
/// How far a ring grows, in points.
const REACH: f32 = 14.0;

impl Canvas {
    /// Draws those of the highlights that lie below the nodes: a ring is not to cover what a node says at its edge. Or those above them.
    pub(super) fn draw_highlight(&self, ui: &Ui, input: &CanvasInput<'_>, below: bool) {
        if input.highlight.is_empty() {
            return;
        }
        let theme = input.theme;
        let way = if input.reduce_motion { 0.4 } else { (ui.input(|i| i.time) / BEAT).fract() as f32 };
        let colour = theme.accent.gamma_multiply(1.0 - way * 0.85);
        let stroke = Stroke::new(theme.stroke * 3.0, colour);
        let painter = ui.painter();
        let ring = |rect: Rect| {
            let rect = self.view.screen_rect(rect);
            painter.rect_stroke(rect.expand(3.0), 10.0, Stroke::new(theme.stroke * 2.0, theme.accent), StrokeKind::Outside);
            painter.rect_stroke(rect.expand(3.0 + REACH * way), 10.0 + REACH * way, stroke, StrokeKind::Outside);
        };
        // A row has neighbours above and below: its ring stays within it, and it glows instead of growing.
        let row = |rect: Rect| {
            let rect = self.view.screen_rect(rect);
            painter.rect_filled(rect, 4.0, theme.accent.gamma_multiply(0.3 * (1.0 - way)));
            painter.rect_stroke(rect, 4.0, Stroke::new(theme.stroke * 2.0, theme.accent), StrokeKind::Inside);
        };
        for name in input.highlight {
            if let Some((from, to)) = name.split_once("->") {
                if !below {
                    self.draw_way(ui, from.trim(), to.trim(), theme.stroke * (3.0 + 4.0 * way), colour);
                }
            } else if let Some(node) = self.scene.index.get(name.as_str()) {
                if below {
                    ring(self.scene.nodes[*node].rect);
                }
            } else if !below {
                // `broker/channel`, or `broker/channel#group`, which is drawn at its channel.
                let place = name.split('#').next().unwrap_or(name);
                let rows = self.scene.nodes.iter().flat_map(|node| &node.rows).filter(|row| row.place == place);
                rows.for_each(|it| row(it.rect));
            }
        }
        if !input.reduce_motion {
            ui.ctx().request_repaint_after(crate::app::theme::motion::FRAME);
        }
    }

    fn draw_way(&self, ui: &Ui, from: &str, to: &str, width: f32, colour: Color32) {
        let called = |node: usize| self.scene.nodes[node].id.as_str();
        let joins = |wire: &Wire, from: &str, to: &str| (called(wire.from), called(wire.to)) == (from, to);
        // A link may be named from either end, unless there is one in each direction.
        let there = self.scene.wires.iter().any(|wire| joins(wire, from, to));
        let (from, to) = if there { (from, to) } else { (to, from) };
        for wire in &self.scene.wires {
            if joins(wire, from, to) {
                let line = wire.curve.points().iter().map(|place| self.view.screen_from_scene(*place)).collect();
                ui.painter().add(Shape::line(line, Stroke::new(width, colour.gamma_multiply(0.6))));
            }
        }
    }
}
