//! The event types of the open scenario with their colours and marks, the same as everywhere.

use super::theme::{Glyph, Theme, size, space};
use super::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::document::Node;
use crate::scenario::shapes::Key;
use egui::{Color32, FontId, Painter, Pos2, RichText, Role, ScrollArea, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

/// Draws the list.
pub fn show(ui: &mut Ui, theme: &Theme, scenario: &Scenario) {
    if scenario.events.is_empty() {
        ui.label(muted(theme, "No event types yet: connect a producer to a broker, or add one in the scenario's settings"));
        return;
    }
    ScrollArea::vertical().id_salt("legend").auto_shrink(false).show(ui, |ui| {
        let grid = egui::Grid::new("event types").num_columns(5).spacing(vec2(theme.px(space::L), theme.px(space::XS)));
        // Two columns of names, which can be long: they break where they must.
        grid.max_col_width(ui.available_width() * 0.3).show(ui, |ui| {
            for head in ["", "Event type", "Size", "Key", "Emitted by"] {
                ui.label(muted(theme, head).size(theme.label));
            }
            ui.end_row();
            for (i, event) in scenario.events.iter().enumerate() {
                let (rect, _) = ui.allocate_exact_size(Vec2::splat(theme.px(size::ICON)), Sense::hover());
                let (colour, mark) = theme.event(i);
                glyph(ui.painter(), theme, rect.center(), theme.px(space::XS) * 1.5, colour, mark);
                ui.label(RichText::new(&event.name));
                ui.label(event.size.to_string());
                ui.label(key(event.key.as_ref()));
                ui.label(emitters(scenario, &event.name).join(", "));
                ui.end_row();
            }
        });
        ui.add_space(theme.px(space::S));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme.px(space::XS);
            for (fate, words) in FATES {
                // In one piece: a mark stays with its words at the end of a line.
                let (icon, gap) = (theme.px(size::ICON), theme.px(space::XS));
                let galley = ui.painter().layout_no_wrap(words.to_owned(), FontId::proportional(theme.label), theme.muted);
                let room = vec2(icon + gap + galley.size().x + theme.px(space::M), icon);
                let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
                fate_mark(ui.painter(), theme, rect.left_center() + vec2(icon / 2.0, 0.0), gap * 1.5, fate);
                let at = pos2(rect.left() + icon + gap, rect.center().y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, theme.muted);
            }
        });
    });
}

/// How what is special about an event on its way is told from the others, whatever its type.
#[derive(Clone, Copy)]
enum Fate {
    Copy,
    Again,
    Dead,
    Lost,
}

const FATES: [(Fate, &str); 4] = [
    (Fate::Copy, "hollow: a copy that the network made"),
    (Fate::Again, "with a tail: delivered again"),
    (Fate::Dead, "grey: on its way to the dead letters"),
    (Fate::Lost, "a cross: it ends here"),
];

fn fate_mark(painter: &Painter, theme: &Theme, at: Pos2, radius: f32, fate: Fate) {
    let colour = theme.event(0).0;
    let cross = |reach: f32, ink: Color32| {
        let stroke = Stroke::new(theme.stroke * 2.0, ink);
        painter.line_segment([at - Vec2::splat(reach), at + Vec2::splat(reach)], stroke);
        painter.line_segment([at - vec2(reach, -reach), at + vec2(reach, -reach)], stroke);
    };
    match fate {
        Fate::Copy => drop(painter.circle_stroke(at, radius * 0.85, Stroke::new(theme.stroke * 2.0, colour))),
        Fate::Again => {
            for step in 1..=3_u8 {
                let behind = vec2(f32::from(step) * radius * 0.7, 0.0);
                painter.circle_filled(at - behind, radius * 0.4, theme.wash(colour, 0.8 - f32::from(step) * 0.2));
            }
            painter.circle_filled(at, radius, colour);
        }
        Fate::Dead => {
            painter.circle_filled(at, radius, theme.muted);
            cross(radius * 0.45, theme.panel);
        }
        Fate::Lost => cross(radius * 0.8, theme.bad),
    }
}

fn key(key: Option<&Key>) -> String {
    match key {
        None => "none".to_owned(),
        Some(Key::Zipf { keys, exponent }) => format!("Zipf, {keys} keys, exponent {exponent}"),
        Some(Key::Uniform { keys }) => format!("uniform, {keys} keys"),
        Some(Key::Sequential) => "sequential".to_owned(),
        Some(Key::Fixed(key)) => format!("always {key}"),
    }
}

fn emitters<'a>(scenario: &'a Scenario, event: &str) -> Vec<&'a str> {
    let emits = |node: &Node| match node {
        Node::Producer(p) => p.emits.iter().any(|e| e.event.as_deref() == Some(event)),
        Node::Broker(_) | Node::Store(_) => false,
        Node::Consumer(c) => c.then.iter().any(|t| t.event == event),
    };
    scenario.nodes.iter().filter(|n| emits(n)).map(Node::id).collect()
}

/// Paints an event type's mark.
pub fn glyph(painter: &Painter, theme: &Theme, at: Pos2, radius: f32, colour: Color32, glyph: Glyph) {
    let ring = |corners: usize, turn: f32, radius: f32| -> Vec<Pos2> {
        (0..corners).map(|i| at + Vec2::angled(turn + i as f32 / corners as f32 * std::f32::consts::TAU) * radius).collect()
    };
    let quarter = std::f32::consts::FRAC_PI_2;
    let filled = |points: Vec<Pos2>| Shape::convex_polygon(points, colour, Stroke::NONE);
    let stroke = Stroke::new(theme.stroke * 2.0, colour);
    match glyph {
        Glyph::Disc => painter.circle_filled(at, radius, colour),
        Glyph::Square => painter.add(filled(ring(4, quarter / 2.0, radius * 1.2))),
        Glyph::Diamond => painter.add(filled(ring(4, 0.0, radius * 1.2))),
        Glyph::Triangle => painter.add(filled(ring(3, -quarter, radius * 1.2))),
        Glyph::Hexagon => painter.add(filled(ring(6, 0.0, radius * 1.1))),
        Glyph::Ring => painter.circle_stroke(at, radius * 0.8, stroke),
        Glyph::Cross => {
            painter.line_segment([at - vec2(radius, radius), at + vec2(radius, radius)], stroke);
            painter.line_segment([at - vec2(radius, -radius), at + vec2(radius, -radius)], stroke)
        }
    };
}
