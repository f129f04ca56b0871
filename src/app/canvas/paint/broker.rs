//! Brokers open up: a header, and a row per channel with what waits for each group.

use super::node::{Look, outline};
use super::{Brush, Detail, mix};
use crate::app::canvas::labels;
use crate::app::canvas::layout::NodeBox;
use crate::app::canvas::measures::*;
use crate::app::theme::space;
use crate::run::frame::OutletFigures;
use egui::{Align2, CornerRadius, Rect, Stroke, pos2, vec2};

/// Draws a broker. `waiting` gives the outlets of a row; `lit` is the row that a link being drawn may end at.
pub fn broker<'f>(
    brush: &Brush<'_>,
    node: &NodeBox,
    look: &Look<'_>,
    lit: Option<usize>,
    outlets: &dyn Fn(usize, &mut Vec<&'f OutletFigures>),
    scratch: &mut String,
) {
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
    if node.rows.is_empty() {
        let middle = pos2(left, header.bottom() + ROW * unit / 2.0);
        brush.text(middle, Align2::LEFT_CENTER, "no topics yet", theme.label, theme.muted, right - left);
    }
    let mut figures: Vec<&OutletFigures> = Vec::new();
    for (i, row) in node.rows.iter().enumerate() {
        let area = brush.view.screen_rect(row.rect);
        if !brush.view.canvas.intersects(area) {
            continue;
        }
        if lit == Some(i) {
            brush.painter.rect_filled(area.shrink2(vec2(3.0, 2.0) * unit), 4.0 * unit, theme.accent.gamma_multiply(0.22));
        } else {
            // A slot for what stands in line, so that a row reads as a thing of its own.
            brush.painter.rect_filled(area.shrink2(vec2(7.0, 3.0) * unit), 5.0 * unit, mix(theme.node, theme.canvas, 0.55));
        }
        let y = area.center().y;
        let marks = brush.glyphs(pos2(left + 2.0 * unit, y), &row.events, 3);
        let from = left + 2.0 * unit + marks + if marks > 0.0 { 3.0 * unit } else { 0.0 };
        figures.clear();
        outlets(i, &mut figures);
        let figures_left = right - if figures.is_empty() { 0.0 } else { 88.0 * unit };
        brush.text(pos2(from, y), Align2::LEFT_CENTER, &row.name, theme.label, theme.text, figures_left - from);
        depth(brush, Rect::from_min_max(pos2(figures_left, area.top()), pos2(right - 2.0 * unit, area.bottom())), &figures, scratch);
    }
}

/// A bar per group, by the logarithm of what waits, and the largest as a figure.
fn depth(brush: &Brush<'_>, area: Rect, figures: &[&OutletFigures], scratch: &mut String) {
    if figures.is_empty() {
        return;
    }
    let (theme, unit) = (brush.theme, brush.unit);
    let most = figures.iter().map(|f| f.waiting).max().unwrap_or(0);
    scratch.clear();
    labels::count(scratch, most);
    brush.text(area.right_center(), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, 44.0 * unit);
    let shown = figures.len().min(4);
    let (thick, gap) = (4.0 * unit, 2.5 * unit);
    let height = shown as f32 * (thick + gap) - gap;
    let bars =
        Rect::from_min_max(pos2(area.left() + 4.0 * unit, area.center().y - height / 2.0), pos2(area.right() - 42.0 * unit, area.bottom()));
    for (i, outlet) in figures.iter().take(shown).enumerate() {
        let top = bars.top() + i as f32 * (thick + gap);
        // Six powers of ten fill the bar.
        let share = (1.0 + outlet.waiting as f32).log10() / 6.0;
        let colour = if share > 0.5 { theme.warn } else { theme.accent };
        brush.bar(Rect::from_min_size(pos2(bars.left(), top), vec2(bars.width(), thick)), share, colour);
    }
    if figures.len() > shown {
        let y = bars.top() + height + gap;
        brush.painter.hline(egui::Rangef::new(bars.left(), bars.left() + 10.0 * unit), y, Stroke::new(1.0, theme.muted));
    }
}
