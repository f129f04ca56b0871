//! A broker's board and header; what is below the header is its kind's (`app::kinds`).

use super::node::{Look, outline};
use super::{Brush, Detail, mix};
use crate::app::canvas::labels;
use crate::app::canvas::layout::NodeBox;
use crate::app::canvas::measures::*;
use crate::app::theme::space;
use egui::{Align2, CornerRadius, Rect, pos2, vec2};

/// Draws the board and the header; from afar, lines in place of rows.
pub fn header(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>, scratch: &mut String) {
    let rect = outline(brush, node, look);
    let (theme, unit) = (brush.theme, brush.unit);
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER * unit));
    let inset = theme.stroke * 0.7;
    let corner = (space::NODE_RADIUS * unit * 0.5).clamp(0.0, 40.0) as u8;
    brush.painter.rect_filled(
        header.shrink(inset),
        CornerRadius { nw: corner, ne: corner, sw: 0, se: 0 },
        mix(theme.node, theme.muted, 0.1),
    );
    let rule = brush.line(mix(theme.line, theme.muted, 0.25));
    brush.painter.hline(header.x_range().shrink(inset), header.bottom(), rule);
    if brush.detail == Detail::Far {
        for row in &node.rows {
            let y = brush.view.screen_from_scene(row.rect.left_center()).y;
            brush.painter.hline(egui::Rangef::new(rect.left() + 6.0 * unit, rect.right() - 6.0 * unit), y, rule);
        }
        return;
    }
    let (left, right) = (rect.left() + PAD * unit, rect.right() - PAD * unit);
    let right_text = match look.figures {
        Some(figures) => {
            scratch.clear();
            labels::rate(scratch, figures.rate);
            scratch.as_str()
        }
        None => &node.idle,
    };
    let used =
        brush.text(pos2(right, header.center().y), Align2::RIGHT_CENTER, right_text, theme.label, theme.muted, (right - left) * 0.45);
    brush.text(
        header.left_center() + vec2(PAD * unit, 0.0),
        Align2::LEFT_CENTER,
        &node.id,
        theme.body,
        theme.text,
        right - left - used - 8.0 * unit,
    );
}
