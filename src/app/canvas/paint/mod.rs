//! Drawing: shapes in, strokes out. Reads the layout and the figures, changes nothing.

pub mod broker;
pub mod ground;
pub mod link;
pub mod node;
pub mod store;

use super::layout::Kind;
use super::measures::{FAR, HEADER, LID, NEAR};
use super::mesh::Pen;
use super::view::View;
use crate::app::theme::{Glyph, Theme};
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

/// How much of a node is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Outline and colour.
    Far,
    /// Name and the one figure that matters.
    Middle,
    /// Everything.
    Near,
}

/// What drawing needs to know of the screen.
pub struct Brush<'a> {
    /// Draws.
    pub painter: &'a Painter,
    /// Where.
    pub view: View,
    /// How it looks.
    pub theme: &'a Theme,
    /// The scene's scale times the zoom: points per unit of a measure.
    pub unit: f32,
    /// How much of it.
    pub detail: Detail,
}

impl<'a> Brush<'a> {
    /// For this view.
    pub fn new(painter: &'a Painter, view: View, theme: &'a Theme, scale: f32) -> Brush<'a> {
        let detail = match view.zoom * scale {
            z if z < FAR => Detail::Far,
            z if z < NEAR => Detail::Middle,
            _ => Detail::Near,
        };
        Brush { painter, view, theme, unit: view.zoom * scale, detail }
    }

    /// The middle of a node's name, on the screen, where its outline is `rect` there.
    pub fn name_line(&self, kind: Kind, rect: Rect) -> f32 {
        let unit = self.unit;
        match kind {
            Kind::Producer => rect.center().y - (11.0 * unit).max(6.0),
            Kind::Broker => rect.top() + HEADER * unit / 2.0,
            // From further away: two lines in the middle, nothing else.
            Kind::Consumer if self.detail == Detail::Middle => rect.top() + rect.height() * 0.32,
            Kind::Consumer => rect.top() + 20.0 * unit,
            Kind::Store => rect.top() + (LID + 17.0) * unit,
        }
    }

    /// A pen for meshes of our own.
    pub fn pen(&self) -> Pen {
        Pen { soft: 1.0 / self.painter.pixels_per_point() }
    }

    /// An ordinary line, no thinner than can be seen.
    pub fn line(&self, colour: Color32) -> Stroke {
        Stroke::new(self.theme.stroke * self.unit.clamp(0.8, 1.6), colour)
    }

    /// One line of text at screen size, cut off with dots where it does not fit. Returns its width.
    pub fn text(&self, at: Pos2, anchor: Align2, text: &str, size: f32, colour: Color32, width: f32) -> f32 {
        // From further away names shrink less than their nodes: what is written can be read, or is left out.
        let least = size * 0.82 * (14.0 / self.theme.body).max(0.8);
        // Half points: few enough sizes for the font atlas, fine enough for smooth zooming.
        let size = ((size * self.view.zoom).max(least) * 2.0).round() / 2.0;
        if size < 5.0 || width < size || text.is_empty() {
            return 0.0;
        }
        let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(FontId::proportional(size), colour));
        job.wrap.max_width = width;
        job.wrap.max_rows = 1;
        job.wrap.break_anywhere = true;
        job.break_on_newline = false;
        let galley = self.painter.layout_job(job);
        let rect = anchor.anchor_size(at, galley.size());
        let width = galley.size().x;
        self.painter.galley(rect.min, galley, colour);
        width
    }

    /// The mark of an event type.
    pub fn glyph(&self, centre: Pos2, radius: f32, kind: usize) {
        let (colour, glyph) = self.theme.event(kind);
        let ring = |r: f32| Shape::circle_stroke(centre, r * 0.8, Stroke::new(r * 0.42, colour));
        let shape = match glyph {
            Glyph::Disc => Shape::circle_filled(centre, radius, colour),
            Glyph::Square => Shape::rect_filled(Rect::from_center_size(centre, Vec2::splat(radius * 1.75)), 1.0, colour),
            Glyph::Diamond => polygon(centre, radius * 1.15, 4, 0.0, colour),
            Glyph::Triangle => polygon(centre + vec2(0.0, radius * 0.15), radius * 1.2, 3, -std::f32::consts::FRAC_PI_2, colour),
            Glyph::Hexagon => polygon(centre, radius * 1.05, 6, 0.0, colour),
            Glyph::Ring => ring(radius),
            Glyph::Cross => {
                let stroke = Stroke::new(radius * 0.6, colour);
                self.painter.line_segment([centre - vec2(radius, 0.0), centre + vec2(radius, 0.0)], stroke);
                Shape::line_segment([centre - vec2(0.0, radius), centre + vec2(0.0, radius)], stroke)
            }
        };
        self.painter.add(shape);
    }

    /// A row of marks from left to right, at most `most`. Returns its width.
    pub fn glyphs(&self, left: Pos2, kinds: &[usize], most: usize) -> f32 {
        let (radius, step) = (4.0 * self.unit, 12.0 * self.unit);
        for (i, kind) in kinds.iter().take(most).enumerate() {
            self.glyph(left + vec2(radius + step * i as f32, 0.0), radius, *kind);
        }
        kinds.len().min(most) as f32 * step
    }

    /// A port: where links can be drawn from.
    pub fn port(&self, at: Pos2, hovered: bool) {
        let radius = super::measures::PORT * self.unit * if hovered { 1.35 } else { 1.0 };
        let edge = if hovered { self.theme.accent } else { self.theme.muted };
        let fill = if hovered { self.theme.accent } else { self.theme.node };
        self.painter.circle(at, radius, fill, Stroke::new((1.5 * self.unit).max(1.0), edge));
    }

    /// A bar that is filled to a share.
    pub fn bar(&self, rect: Rect, share: f32, colour: Color32) {
        let radius = rect.height() / 2.0;
        self.painter.rect_filled(rect, radius, mix(self.theme.node, self.theme.muted, 0.2));
        if share > 0.0 {
            let width = (rect.width() * share.min(1.0)).max(rect.height());
            self.painter.rect_filled(Rect::from_min_size(rect.min, vec2(width, rect.height())), radius, colour);
        }
    }
}

fn polygon(centre: Pos2, radius: f32, corners: usize, turn: f32, colour: Color32) -> Shape {
    let corner = |i: usize| {
        let angle = turn + std::f32::consts::TAU * i as f32 / corners as f32;
        centre + vec2(angle.cos(), angle.sin()) * radius
    };
    Shape::convex_polygon((0..corners).map(corner).collect(), colour, Stroke::NONE)
}

/// A colour between two.
pub fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    let one = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    Color32::from_rgba_premultiplied(one(a.r(), b.r()), one(a.g(), b.g()), one(a.b(), b.b()), one(a.a(), b.a()))
}

/// The outline of a rectangle with round corners, closed.
pub fn rounded(rect: Rect, radius: f32) -> Vec<Pos2> {
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    let inner = rect.shrink(radius);
    let mut points = Vec::with_capacity(29);
    for (quarter, centre) in [inner.right_bottom(), inner.left_bottom(), inner.left_top(), inner.right_top()].into_iter().enumerate() {
        arc(&mut points, centre, radius, quarter as f32);
    }
    points.extend(points.first().copied());
    points
}

fn arc(points: &mut Vec<Pos2>, centre: Pos2, radius: f32, quarter: f32) {
    for i in 0..=6 {
        let angle = std::f32::consts::FRAC_PI_2 * (quarter + i as f32 / 6.0);
        points.push(centre + vec2(angle.cos(), angle.sin()) * radius);
    }
}

/// The outline of a tag that points right, clockwise from its upper left corner.
pub fn tag(rect: Rect, tip: f32, radius: f32) -> Vec<Pos2> {
    let tip = tip.min(rect.width() / 2.0);
    let radius = radius.min(rect.height() / 2.0);
    let mut points = Vec::with_capacity(17);
    arc(&mut points, pos2(rect.left() + radius, rect.bottom() - radius), radius, 1.0);
    arc(&mut points, pos2(rect.left() + radius, rect.top() + radius), radius, 2.0);
    points.extend([pos2(rect.right() - tip, rect.top()), rect.right_center(), pos2(rect.right() - tip, rect.bottom())]);
    points
}
