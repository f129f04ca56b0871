//! What the drawing of a broker's inside works with: its rows on the screen, its figures, and the pieces that kinds share.

use crate::app::canvas::labels;
use crate::app::canvas::layout::{NodeBox, Row};
use crate::app::canvas::live::Live;
use crate::app::canvas::measures::PAD;
use crate::app::canvas::paint::{Brush, mix};
use crate::app::theme::Theme;
use crate::ids::{NodeId, OutletId};
use crate::run::Frame;
use crate::run::frame::OutletFigures;
use egui::{Align2, Rect, Stroke, pos2, vec2};

/// The inside of one broker, to be drawn.
pub struct Inside<'a> {
    /// Draws.
    pub brush: &'a Brush<'a>,
    /// The broker, with its rows in the order of the board's parts.
    pub node: &'a NodeBox,
    /// The row that a link being drawn may end at.
    pub lit: Option<usize>,
    /// The run's latest frame, if there is a run.
    pub frame: Option<&'a Frame>,
    /// The broker in the frame's plan.
    pub id: Option<NodeId>,
    live: &'a Live,
    index: usize,
}

impl<'a> Inside<'a> {
    /// Of the node at `index` of the scene.
    pub fn new(
        brush: &'a Brush<'a>,
        node: &'a NodeBox,
        lit: Option<usize>,
        frame: Option<&'a Frame>,
        live: &'a Live,
        index: usize,
    ) -> Inside<'a> {
        Inside { brush, node, lit, frame, id: live.id(index), live, index }
    }

    /// The look.
    pub fn theme(&self) -> &'a Theme {
        self.brush.theme
    }

    /// Where a row is on the screen.
    pub fn area(&self, row: &Row) -> Rect {
        self.brush.view.screen_rect(row.rect)
    }

    /// The outlets of a row, one per group, in the frame's plan.
    pub fn outlets(&self, row: usize) -> &'a [OutletId] {
        self.live.outlets(self.index, row)
    }

    /// The figures of a row's outlets.
    pub fn figures(&self, row: usize) -> impl Iterator<Item = &'a OutletFigures> {
        let frame = self.frame;
        self.outlets(row).iter().filter_map(move |o| frame?.outlets.get(o.index()))
    }

    /// All rows in the plain way: a slot with the marks of its events, its name, and a bar per outlet.
    pub fn rows(&self, scratch: &mut String) {
        if self.node.rows.is_empty() {
            self.nothing("no topics yet");
        }
        for (i, row) in self.node.rows.iter().enumerate() {
            let area = self.area(row);
            if self.brush.view.canvas.intersects(area) {
                self.row(i, row, area, scratch);
            }
        }
    }

    /// Words in place of rows.
    pub fn nothing(&self, words: &str) {
        let (rect, unit) = (self.brush.view.screen_rect(self.node.rect), self.brush.unit);
        let (left, middle) = (rect.left() + PAD * unit, rect.bottom() - 28.0 * unit);
        let room = rect.width() - 2.0 * PAD * unit;
        self.brush.text(pos2(left, middle), Align2::LEFT_CENTER, words, self.theme().label, self.theme().muted, room);
    }

    /// The ground of a row: lit while a link may end here, else a slot of its own.
    pub fn slot(&self, i: usize, area: Rect) {
        let (theme, unit) = (self.theme(), self.brush.unit);
        if self.lit == Some(i) {
            self.brush.painter.rect_filled(area.shrink2(vec2(3.0, 2.0) * unit), 4.0 * unit, theme.accent.gamma_multiply(0.22));
        } else {
            self.brush.painter.rect_filled(area.shrink2(vec2(7.0, 3.0) * unit), 5.0 * unit, mix(theme.node, theme.canvas, 0.55));
        }
    }

    /// The marks of the events that go through a row and its name, from the left edge to `end`.
    pub fn caption(&self, row: &Row, area: Rect, end: f32) {
        let (theme, unit) = (self.theme(), self.brush.unit);
        let (left, y) = (area.left() + (PAD + 2.0) * unit, area.center().y);
        let marks = self.brush.glyphs(pos2(left, y), &row.events, 3);
        let from = left + marks + if marks > 0.0 { 3.0 * unit } else { 0.0 };
        self.brush.text(pos2(from, y), Align2::LEFT_CENTER, &row.name, theme.label, theme.text, end - from);
    }

    fn row(&self, i: usize, row: &Row, area: Rect, scratch: &mut String) {
        self.slot(i, area);
        let unit = self.brush.unit;
        let right = area.right() - PAD * unit;
        let figures: Vec<&OutletFigures> = self.figures(i).collect();
        let end = right - if figures.is_empty() { 0.0 } else { 88.0 * unit };
        self.caption(row, area, end);
        self.depth(Rect::from_min_max(pos2(end, area.top()), pos2(right - 2.0 * unit, area.bottom())), &figures, scratch);
    }

    /// A bar per outlet, by the logarithm of what waits, and the largest as a figure.
    pub fn depth(&self, area: Rect, figures: &[&OutletFigures], scratch: &mut String) {
        if figures.is_empty() {
            return;
        }
        let (theme, unit) = (self.theme(), self.brush.unit);
        let most = figures.iter().map(|f| f.waiting).max().unwrap_or(0);
        scratch.clear();
        labels::count(scratch, most);
        let used = self.brush.text(area.right_center(), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, area.width());
        let shown = figures.len().min(4);
        let (thick, gap) = (4.0 * unit, 2.5 * unit);
        let height = shown as f32 * (thick + gap) - gap;
        let bars = Rect::from_min_max(
            pos2(area.left() + 4.0 * unit, area.center().y - height / 2.0),
            pos2(area.right() - (used + 4.0 * unit).max(42.0 * unit), area.bottom()),
        );
        for (i, outlet) in figures.iter().take(shown).enumerate() {
            let top = bars.top() + i as f32 * (thick + gap);
            // Six powers of ten fill the bar.
            let share = (1.0 + outlet.waiting as f32).log10() / 6.0;
            let colour = if share > 0.5 { theme.warn } else { theme.accent };
            self.brush.bar(Rect::from_min_size(pos2(bars.left(), top), vec2(bars.width(), thick)), share, colour);
        }
        if figures.len() > shown {
            let y = bars.top() + height + gap;
            self.brush.painter.hline(egui::Rangef::new(bars.left(), bars.left() + 10.0 * unit), y, Stroke::new(1.0, theme.muted));
        }
    }
}
