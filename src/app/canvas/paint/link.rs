//! Links: a curve as wide as the logarithm of its rate, with an arrowhead.

use super::{Brush, mix};
use crate::app::canvas::layout::{Scene, Wire, WireRole};
use crate::app::canvas::measures::TEXTURE;
use egui::{Color32, Mesh, Pos2, Shape, Stroke, Vec2, vec2};

/// How a link stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It does not.
    Plain,
    /// One of its ends is selected or pointed at.
    Near,
    /// The pointer is on it.
    Hovered,
    /// It is selected.
    Selected,
    /// A fault has struck it.
    Broken,
    /// What should go this way is held back: it is slowed down.
    Held,
    /// Something else matters now.
    Dimmed,
}

/// How one link is drawn, as far as it matters for keeping its triangles: width in steps too small to be seen, and weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    weight: Weight,
    /// In eighths of a point; 0 for one that is not on the screen.
    width: u16,
}

/// Points of the screen per step of a width.
const STEP: f32 = 0.125;

/// How a link with this rate is drawn; `None` where nothing of it is on the screen.
pub fn mark(brush: &Brush<'_>, wire: &Wire, rate: f64, weight: Weight) -> Mark {
    if !is_visible(brush, wire) {
        return Mark { weight: Weight::Plain, width: 0 };
    }
    let bold = if weight == Weight::Selected { 1.2 } else { 0.0 };
    // One step per power of ten: 10/s and 10,000/s differ at a glance and both fit.
    let wide = 1.3 + (1.0 + rate.max(0.0)).log10() as f32 * 0.8;
    let far = if brush.unit < TEXTURE { 0.7 } else { 1.0 };
    let width = ((wide + bold) * (0.5 + brush.theme.stroke * 0.5) * brush.unit.clamp(0.55, 1.5)).max(1.0) * far;
    Mark { weight, width: (width / STEP).round().max(1.0) as u16 }
}

/// Adds a link to the mesh. `line` are the points at which it turns, in the scene.
pub fn link(brush: &Brush<'_>, mesh: &mut Mesh, wire: &Wire, line: &[Pos2], mark: Mark, scratch: &mut Vec<Pos2>) {
    if mark.width == 0 {
        return;
    }
    let theme = brush.theme;
    let far = brush.unit < TEXTURE;
    let calm = mix(theme.line, theme.muted, 0.55);
    let colour = match mark.weight {
        // Thousands from afar would be one grey area.
        Weight::Plain if far => mix(theme.canvas, calm, (brush.unit / TEXTURE).clamp(0.25, 1.0)),
        Weight::Plain => calm,
        Weight::Near => mix(theme.muted, theme.accent, 0.5),
        Weight::Hovered => mix(theme.muted, theme.text, 0.6),
        Weight::Selected => theme.accent,
        Weight::Broken => theme.bad,
        Weight::Held => theme.warn,
        Weight::Dimmed => mix(theme.canvas, calm, 0.35),
    };
    let (width, pen) = (f32::from(mark.width) * STEP, brush.pen());
    scratch.clear();
    scratch.extend(line.iter().map(|p| brush.view.screen_from_scene(*p)));
    if matches!(wire.role, WireRole::DeadLetter | WireRole::Call | WireRole::Write) || mark.weight == Weight::Broken {
        let dash = 6.0 * brush.unit.clamp(0.6, 1.5);
        pen.dashes(mesh, scratch, width, colour, dash, dash * 0.8);
    } else {
        pen.line(mesh, scratch, width, colour);
    }
    if far {
        return;
    }
    if mark.weight == Weight::Held {
        // Two bars across, as on what waits: not by colour alone.
        let (at, along) = (brush.view.screen_from_scene(wire.curve.at(0.12)), wire.curve.at(0.13) - wire.curve.at(0.11));
        let along = along.normalized();
        let across = vec2(-along.y, along.x) * 7.0 * brush.unit.clamp(0.6, 1.4);
        for bar in [at - along * 2.5 * brush.unit, at + along * 2.5 * brush.unit] {
            pen.line(mesh, &[bar - across, bar + across], (width * 0.9).max(1.5), colour);
        }
    }
    let end = brush.view.screen_from_scene(wire.curve.at(1.0));
    let tip = arrow(end, wire.curve.heading(), (4.5 + width * 1.1) * brush.unit.clamp(0.5, 1.4));
    pen.convex(mesh, &tip, colour, 0.0, Color32::TRANSPARENT);
}

/// The points at which a line turns by more than `sag` of the scene: straight stretches need no points in between, and every
/// point costs vertices.
pub fn bends(points: &[Pos2], sag: f32) -> Vec<Pos2> {
    let Some((&first, rest)) = points.split_first() else { return Vec::new() };
    let mut line = vec![first];
    let mut kept = first;
    for pair in rest.windows(2) {
        let (come, go) = (pair[0] - kept, pair[1] - pair[0]);
        let turn = come.x * go.y - come.y * go.x;
        // The stretch so far times the sine of the turn at its end: four times what the chord misses of the bend.
        if turn * turn > 16.0 * sag * sag * go.length_sq() {
            line.push(pair[0]);
            kept = pair[0];
        }
    }
    line.extend(rest.last());
    line
}

/// The corners of an arrowhead whose tip is at `tip`.
pub fn arrow(tip: Pos2, heading: Vec2, size: f32) -> [Pos2; 3] {
    let side = vec2(-heading.y, heading.x) * size * 0.62;
    let back = tip - heading * size;
    [tip, back + side, back - side]
}

/// The link that is being drawn by hand.
pub fn rubber(brush: &Brush<'_>, from: Pos2, to: Pos2, good: bool) {
    let colour = if good { brush.theme.accent } else { brush.theme.muted };
    let reach = ((to.x - from.x).abs() * 0.5).clamp(24.0, 220.0) * brush.view.zoom.min(1.0);
    let points = [from, from + vec2(reach, 0.0), to - vec2(reach, 0.0), to];
    let stroke = Stroke::new(2.0 * brush.theme.stroke, colour);
    brush.painter.add(egui::epaint::CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
    brush.painter.add(Shape::convex_polygon(arrow(to, vec2(1.0, 0.0), 9.0).to_vec(), colour, Stroke::NONE));
}

/// Whether any of a link is on the screen.
pub fn is_visible(brush: &Brush<'_>, wire: &Wire) -> bool {
    brush.view.visible().expand(16.0 / brush.view.zoom).intersects(wire.curve.bounds())
}

/// Where a link's name and grip are.
pub fn middle(scene: &Scene, wire: &Wire) -> Pos2 {
    // Links of one row meet at its port; nearer to the other end they are apart.
    let share = if scene.nodes[wire.from].rows.is_empty() { 0.4 } else { 0.6 };
    wire.curve.at(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::canvas::curve::Curve;
    use egui::pos2;

    #[test]
    fn a_line_keeps_its_bends_and_drops_the_rest() {
        let (from, to) = (pos2(0.0, 0.0), pos2(900.0, 400.0));
        let curve = Curve::horizontal(from, to);
        let line = bends(curve.points(), 0.1);
        assert!(line.len() * 3 < curve.points().len() && line.len() > 8, "{}", line.len());
        assert_eq!((line[0], line[line.len() - 1]), (curve.points()[0], curve.points()[curve.points().len() - 1]));
        for pair in line.windows(2) {
            assert!(curve.distance(pair[0] + (pair[1] - pair[0]) * 0.5) < 1.0, "the chord stays on the curve");
        }
        assert_eq!(bends(&[from, pos2(5.0, 0.0), pos2(9.0, 0.0), pos2(20.0, 0.0)], 0.1).len(), 2);
    }
}
