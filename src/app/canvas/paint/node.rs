//! Producers and consumers, and what all nodes share: outline, ring, marks.

use super::{Brush, Detail, mix, rounded, tag};
use crate::app::canvas::labels;
use crate::app::canvas::layout::{Kind, NodeBox};
use crate::app::canvas::measures::*;
use crate::app::canvas::state::{State, Tone};
use crate::app::theme::{Theme, space};
use crate::run::frame::NodeFigures;
use crate::scenario::Severity;
use egui::{Align2, Color32, FontId, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

/// What stands out about a node.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Selected.
    pub selected: bool,
    /// The pointer is on it.
    pub hovered: bool,
    /// A link that is being drawn may end here.
    pub welcome: bool,
    /// A link that is being drawn could end here.
    pub possible: bool,
    /// How it is doing.
    pub state: State,
    /// What was found wrong with it.
    pub finding: Option<Severity>,
    /// Its figures.
    pub figures: Option<&'a NodeFigures>,
    /// Its figure over the last while, if there is a run.
    pub trend: &'a [f32],
}

/// A node of which nothing but its outline and its state can be told, into a mesh.
pub fn from_afar(brush: &Brush<'_>, mesh: &mut Mesh, node: &NodeBox, state: State) {
    let theme = brush.theme;
    let rect = brush.view.screen_rect(node.rect);
    let radius = space::NODE_RADIUS * brush.unit;
    let (fill, edge) = (far_fill(theme, state), edge(theme, state));
    if rect.width() < SPECK {
        // Too small for a shape: a fleck of its colour, darker where something is wrong.
        mesh.add_colored_rect(rect, mix(fill, edge, 0.6));
        return;
    }
    let thick = theme.stroke * 1.4 * brush.unit.clamp(0.7, 1.3);
    let pen = brush.pen();
    match node.kind {
        Kind::Producer => pen.convex(mesh, &pointed(rect, TIP * brush.unit), fill, thick, edge),
        Kind::Consumer => pen.convex(mesh, &cut(rect, radius * 1.4), fill, thick, edge),
        Kind::Store => pen.convex(mesh, &super::store::cylinder(rect, LID * brush.unit), fill, thick, edge),
        Kind::Broker => {
            pen.convex(mesh, &cut(rect, radius * 0.5), fill, thick, edge);
            let y = rect.top() + HEADER * brush.unit;
            pen.line(mesh, &[pos2(rect.left(), y), pos2(rect.right(), y)], thick * 0.7, edge);
        }
    }
    // Told without colour as well, on a ground that the mark stands out from.
    for line in strokes(state, rect.center(), far_mark(rect)) {
        pen.line(mesh, &line, thick * 2.6, fill);
        pen.line(mesh, &line, thick * 1.2, ink(theme, state));
    }
}

/// Half the side of a state's mark on a node of which there is nothing else to see.
fn far_mark(rect: Rect) -> f32 {
    rect.width().min(rect.height()) * 0.3
}

/// The ground of a node from afar, where there is no room for more than that and a mark.
fn far_fill(theme: &Theme, state: State) -> Color32 {
    match state.tone() {
        Tone::Quiet => theme.node,
        Tone::Good => mix(theme.node, theme.good, 0.25),
        Tone::Warn => mix(theme.node, theme.warn, 0.4),
        Tone::Bad => mix(theme.node, theme.bad, if state == State::Broken { 0.6 } else { 0.4 }),
    }
}

/// The edge that tells a state.
fn edge(theme: &Theme, state: State) -> Color32 {
    match state.tone() {
        Tone::Quiet | Tone::Good => mix(theme.line, theme.muted, 0.45),
        Tone::Warn | Tone::Bad => ink(theme, state),
    }
}

/// The colour of a state's mark and words.
pub fn ink(theme: &Theme, state: State) -> Color32 {
    match state.tone() {
        Tone::Quiet => theme.muted,
        Tone::Good => theme.good,
        Tone::Warn => theme.warn,
        Tone::Bad => theme.bad,
    }
}

/// The lines of a state's mark around `centre`.
fn strokes(state: State, centre: Pos2, half: f32) -> impl Iterator<Item = Vec<Pos2>> {
    state.strokes().iter().map(move |line| line.iter().map(|(x, y)| centre + vec2(*x, *y) * half).collect())
}

/// A tag that points right, clockwise.
fn pointed(rect: Rect, tip: f32) -> [Pos2; 5] {
    let neck = rect.right() - tip.min(rect.width() / 2.0);
    [rect.left_top(), pos2(neck, rect.top()), rect.right_center(), pos2(neck, rect.bottom()), rect.left_bottom()]
}

/// A rectangle with its corners cut: from afar they look round.
fn cut(rect: Rect, radius: f32) -> [Pos2; 8] {
    let r = (radius * 0.6).min(rect.width() / 2.0).min(rect.height() / 2.0);
    let Rect { min, max } = rect;
    [
        pos2(min.x + r, min.y),
        pos2(max.x - r, min.y),
        pos2(max.x, min.y + r),
        pos2(max.x, max.y - r),
        pos2(max.x - r, max.y),
        pos2(min.x + r, max.y),
        pos2(min.x, max.y - r),
        pos2(min.x, min.y + r),
    ]
}

/// Outline, fill, ring and marks of any node. Returns its rectangle on the screen.
pub fn outline(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>) -> Rect {
    let theme = brush.theme;
    let rect = brush.view.screen_rect(node.rect);
    let radius = space::NODE_RADIUS * brush.unit;
    let edge = match look.state {
        _ if look.selected || look.welcome || look.possible => theme.accent,
        State::Idle | State::Fine => mix(theme.line, theme.muted, if look.hovered { 0.9 } else { 0.45 }),
        state => edge(theme, state),
    };
    let thick = theme.stroke * if look.selected || look.welcome { 2.0 } else { 1.4 } * brush.unit.clamp(0.7, 1.3);
    let stroke = Stroke::new(thick, edge);
    if look.selected || look.welcome {
        halo(brush, node, rect, radius);
    }
    let fill = match (look.welcome, look.hovered, brush.detail) {
        (true, ..) => mix(theme.node, theme.accent, 0.12),
        (_, true, _) => mix(theme.node, theme.muted, 0.07),
        (_, _, Detail::Far) => far_fill(theme, look.state),
        _ if look.state == State::Broken => mix(theme.node, theme.bad, 0.22),
        _ => theme.node,
    };
    shape(brush, node.kind, rect, radius, fill, stroke);
    if look.state == State::Failing {
        // Two lines instead of one: bad is told without its colour as well.
        shape(
            brush,
            node.kind,
            rect.shrink(3.0 * brush.unit.min(1.3)),
            radius * 0.75,
            Color32::TRANSPARENT,
            Stroke::new(thick * 0.6, edge),
        );
    } else if look.state == State::Broken {
        // Bars across the corner, as on what is out of order; clear of the words.
        let reach = 12.0 * brush.unit;
        let (a, b) = (rect.right_bottom() - vec2(reach, 1.0), rect.right_bottom() - vec2(1.0, reach));
        for step in 0..2 {
            let shift = vec2(-1.0, -1.0) * 5.0 * brush.unit * step as f32 * 0.7;
            brush.painter.line_segment([a + shift, b + shift], Stroke::new(thick * 1.2, edge));
        }
    } else if look.state == State::Busy && node.kind == Kind::Consumer {
        let inner = rounded(rect.shrink(3.5 * brush.unit.min(1.3)), radius * 1.15);
        brush.painter.extend(Shape::dashed_line(&inner, Stroke::new(thick * 0.6, edge), 5.0, 4.0));
    }
    if brush.detail == Detail::Far {
        far(brush, node, look, rect, thick);
    }
    rect
}

/// From afar: the state's mark, and the name where there is room for it, so that few large nodes side by side are not nameless.
fn far(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>, rect: Rect, thick: f32) {
    let theme = brush.theme;
    let line = theme.body * 1.2;
    let marked = !look.state.strokes().is_empty();
    let named = rect.height() >= if marked { line * 1.7 } else { line };
    let mut place = rect;
    if named {
        let y = match node.kind {
            Kind::Broker => brush.name_line(node.kind, rect),
            _ if marked => rect.top() + line * 0.6,
            _ => rect.center().y,
        };
        let room = rect.width() - 6.0;
        brush.text(pos2(rect.center().x, y), Align2::CENTER_CENTER, &node.id, theme.body, theme.text, room);
        place.set_top((y + line * 0.5).min(rect.bottom()));
    }
    for line in strokes(look.state, place.center(), far_mark(place)) {
        brush.painter.line(line, Stroke::new(thick * 1.2, ink(theme, look.state)));
    }
}

/// The shape of a kind.
fn shape(brush: &Brush<'_>, kind: Kind, rect: Rect, radius: f32, fill: Color32, stroke: Stroke) {
    match kind {
        Kind::Producer => {
            brush.painter.add(Shape::convex_polygon(tag(rect, TIP * brush.unit, radius), fill, stroke));
        }
        Kind::Store => super::store::shape(brush, rect, fill, stroke),
        Kind::Broker => {
            brush.painter.rect(rect, radius * 0.5, fill, stroke, StrokeKind::Middle);
        }
        Kind::Consumer => {
            brush.painter.rect(rect, radius * 1.4, fill, stroke, StrokeKind::Middle);
        }
    }
}

fn halo(brush: &Brush<'_>, node: &NodeBox, rect: Rect, radius: f32) {
    let stroke = Stroke::new(5.0 * brush.theme.stroke.min(1.5), brush.theme.accent.gamma_multiply(0.25));
    shape(brush, node.kind, rect.expand(2.5), radius + 2.5, Color32::TRANSPARENT, stroke);
}

/// The sign of what was found wrong, on the upper right corner.
pub fn sign(brush: &Brush<'_>, rect: Rect, kind: Kind, severity: Severity) {
    let radius = (8.0 * brush.unit).clamp(4.0, 14.0);
    let inset = if kind == Kind::Producer { TIP * brush.unit } else { radius * 0.6 };
    let centre = pos2(rect.right() - inset, rect.top());
    let (colour, ink) = match severity {
        Severity::Error => (brush.theme.bad, Color32::WHITE),
        Severity::Warning => (brush.theme.warn, Color32::BLACK),
    };
    let ground = Stroke::new(2.0, brush.theme.canvas);
    match severity {
        Severity::Error => {
            brush.painter.circle(centre, radius, colour, ground);
        }
        Severity::Warning => {
            let top = centre - vec2(0.0, radius * 1.15);
            let foot = radius * 0.85;
            brush.painter.add(Shape::convex_polygon(
                vec![top, centre + vec2(radius * 1.2, foot), centre + vec2(-radius * 1.2, foot)],
                colour,
                ground,
            ));
        }
    }
    let mark = Stroke::new(radius * 0.24, ink);
    brush.painter.line_segment([centre - vec2(0.0, radius * 0.55), centre + vec2(0.0, radius * 0.1)], mark);
    brush.painter.circle_filled(centre + vec2(0.0, radius * 0.48), radius * 0.15, ink);
}

/// What has struck a node, or what else is unusual about it: below it, with the mark of its state.
pub fn plight(brush: &Brush<'_>, rect: Rect, state: State, words: &str) {
    let (theme, ink) = (brush.theme, ink(brush.theme, state));
    let size = ((theme.label * brush.view.zoom).max(theme.label * 0.8) * 2.0).round() / 2.0;
    let galley = brush.painter.layout_no_wrap(words.to_owned(), FontId::proportional(size), theme.text);
    let mark = size * 0.36;
    let before = mark * 2.0 + 5.0;
    // On a ground of its own: what lies below the node must not shine through.
    let size = galley.size() + vec2(8.0 + before, 2.0);
    // Where the canvas ends it moves to the left, or above the node.
    let seen = brush.view.canvas.shrink(2.0);
    let left = rect.left().min(seen.right() - size.x).max(seen.left().min(rect.left()));
    let top = if rect.bottom() + 2.0 + size.y > seen.bottom() { rect.top() - 2.0 - size.y } else { rect.bottom() + 2.0 };
    let tag = Rect::from_min_size(pos2(left, top), size);
    brush.painter.rect(tag, 3.0, theme.panel, Stroke::new(theme.stroke, ink), StrokeKind::Inside);
    for line in strokes(state, pos2(tag.left() + 4.0 + mark, tag.center().y), mark) {
        brush.painter.line(line, Stroke::new((mark * 0.36).max(1.0), ink));
    }
    brush.painter.galley(tag.min + vec2(4.0 + before, 1.0), galley, theme.text);
}

/// A small mark for a state, so that it is not told by colour alone. `centre` is its middle.
pub fn state_mark(brush: &Brush<'_>, centre: Pos2, state: State) {
    let half = 5.0 * brush.unit;
    if state == State::Fine {
        brush.painter.circle_filled(centre, half * 0.64, brush.theme.good);
    }
    for line in strokes(state, centre, half) {
        brush.painter.line(line, Stroke::new((half * 0.34).max(1.0), ink(brush.theme, state)));
    }
}

/// A producer: name, marks of its events, rate.
pub fn producer(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>, scratch: &mut String) {
    let rect = outline(brush, node, look);
    if brush.detail == Detail::Far {
        return;
    }
    let (theme, unit) = (brush.theme, brush.unit);
    let left = rect.left() + PAD * unit;
    let room = rect.width() - (PAD + TIP * 0.8) * unit;
    brush.text(pos2(left, brush.name_line(node.kind, rect)), Align2::LEFT_CENTER, &node.id, theme.body, theme.text, room);
    let y = rect.center().y + (12.0 * unit).max(6.5);
    let marks = brush.glyphs(pos2(left, y), &node.events, 4);
    let marks = if marks > 0.0 { marks + 2.0 * unit } else { 0.0 };
    let held = look.figures.and_then(|figures| figures.held_back).unwrap_or(0);
    let figure = match look.figures {
        Some(figures) => {
            scratch.clear();
            labels::rate(scratch, figures.rate);
            if held > 0 {
                scratch.push_str(", ");
                labels::count(scratch, held);
                scratch.push_str(" held");
            }
            scratch.as_str()
        }
        None => &node.idle,
    };
    let colour = if held > 0 { theme.warn } else { theme.muted };
    let wide = brush.text(pos2(left + marks, y), Align2::LEFT_CENTER, figure, theme.label, colour, room - marks);
    let from = left + marks + wide.max(56.0 * unit) + 8.0 * unit;
    trend(brush, Rect::from_min_max(pos2(from, y - 8.0 * unit), pos2(rect.right() - TIP * unit, y + 7.0 * unit)), look.trend);
}

/// A consumer: name, lag and rate, pips and utilisation.
pub fn consumer(brush: &Brush<'_>, node: &NodeBox, look: &Look<'_>, scratch: &mut String) {
    let rect = outline(brush, node, look);
    if brush.detail == Detail::Far {
        return;
    }
    let (theme, unit) = (brush.theme, brush.unit);
    let (left, right) = (rect.left() + PAD * unit, rect.right() - PAD * unit);
    let room = right - left;
    let middle = brush.detail == Detail::Middle;
    let first = brush.name_line(node.kind, rect);
    let y = rect.top() + if middle { rect.height() * 0.69 } else { 43.0 * unit };
    // The state stands behind the name; where that is tight, behind the lag, which is short: names are what people look for.
    let marked = if look.state == State::Idle { 0.0 } else { 14.0 * unit };
    let (name_room, lag_room) = if middle { (room, room - marked) } else { (room - marked, room) };
    brush.text(pos2(left, first), Align2::LEFT_CENTER, &node.id, theme.body, theme.text, name_room);
    state_mark(brush, pos2(right - 3.0 * unit, if middle { y } else { first }), look.state);
    match look.figures {
        Some(figures) => {
            scratch.clear();
            scratch.push_str("lag ");
            labels::count(scratch, figures.lag);
            let colour = if look.state == State::Busy { theme.warn } else { theme.muted };
            let used = brush.text(pos2(left, y), Align2::LEFT_CENTER, scratch, theme.label, colour, lag_room);
            // The lag matters more than the rate: that is told where there is room left for it.
            let left_over = room - used - 6.0 * unit;
            if brush.detail == Detail::Near && left_over > theme.label * 2.6 {
                scratch.clear();
                labels::rate(scratch, figures.rate);
                brush.text(pos2(right, y), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, left_over);
            }
        }
        None => {
            brush.text(pos2(left, y), Align2::LEFT_CENTER, &node.idle, theme.label, theme.muted, room);
        }
    }
    if middle {
        return;
    }
    let y = rect.bottom() - 17.0 * unit;
    let end = pips(brush, pos2(left, y), node, look, scratch);
    if let (Some(figures), Detail::Near) = (look.figures, brush.detail) {
        scratch.clear();
        labels::figure(scratch, (figures.utilisation * 100.0).round());
        let cut = scratch.find('.').unwrap_or(scratch.len());
        scratch.truncate(cut);
        scratch.push_str(" %");
        let used = brush.text(pos2(right, y), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, room * 0.5);
        // From afar words shrink less than their nodes: a bar begins where they end.
        let to = right - (used + 6.0 * unit).max(40.0 * unit);
        let bar = Rect::from_min_max(pos2(end + 8.0 * unit, y - 2.5 * unit), pos2(to, y + 2.5 * unit));
        if bar.width() > 12.0 * unit {
            let colour = if look.state == State::Busy { theme.warn } else { theme.good };
            brush.bar(bar, figures.utilisation as f32, colour);
        }
    }
}

/// One pip per running copy, filled by how busy it is; returns where they end.
fn pips(brush: &Brush<'_>, left: Pos2, node: &NodeBox, look: &Look<'_>, scratch: &mut String) -> f32 {
    let threads = node.capacity.1.max(1);
    let instances = match look.figures {
        Some(figures) if node.function => figures.busy.max(1),
        // Scaled, or set by hand, since the start.
        Some(figures) => figures.capacity / threads,
        None => node.capacity.0,
    };
    let (radius, step) = (4.0 * brush.unit, 12.5 * brush.unit);
    let theme = brush.theme;
    // What does not fit beside the figure, or in the eye, is counted.
    let room = brush.view.zoom * node.rect.width() - (2.0 * PAD + 46.0) * brush.unit;
    let many = instances > PIPS || instances as f32 * step > room;
    let shown = if many { 1 } else { instances };
    let busy = look.figures.map_or(0, |f| f.busy);
    for i in 0..shown {
        let centre = left + vec2(radius + step * i as f32, 0.0);
        brush.painter.circle(centre, radius, theme.canvas, Stroke::new(1.2 * brush.unit, theme.muted));
        // The first copies take what there is to do; of the many, the one pip stands for all.
        let share = if many {
            busy as f32 / (instances.saturating_mul(threads)).max(1) as f32
        } else {
            (busy.saturating_sub(i * threads) as f32 / threads.max(1) as f32).min(1.0)
        };
        if share > 0.0 {
            brush.painter.circle_filled(centre, radius * (0.35 + 0.65 * share), theme.good);
        }
    }
    let mut end = left.x + step * shown as f32;
    if many {
        scratch.clear();
        scratch.push('×');
        labels::count(scratch, u64::from(instances));
        end += brush.text(pos2(end, left.y), Align2::LEFT_CENTER, scratch, theme.label, theme.muted, 60.0 * brush.unit);
    }
    end
}

/// A small line of the last while, from zero to its highest.
pub fn trend(brush: &Brush<'_>, area: Rect, values: &[f32]) {
    if brush.detail != Detail::Near || values.len() < 3 || area.width() < 24.0 {
        return;
    }
    let highest = values.iter().copied().fold(0.0_f32, f32::max);
    if highest <= 0.0 {
        return;
    }
    let point = |(i, value): (usize, &f32)| {
        pos2(
            area.left() + area.width() * i as f32 / (values.len() - 1) as f32,
            area.bottom() - area.height() * (value / highest).clamp(0.0, 1.0),
        )
    };
    let stroke = Stroke::new(1.2 * brush.unit.clamp(0.8, 1.5), mix(brush.theme.line, brush.theme.muted, 0.8));
    brush.painter.add(Shape::line(values.iter().enumerate().map(point).collect(), stroke));
}
