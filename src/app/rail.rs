//! The rail on the left: what can be put on the canvas, by a click and another on the canvas, or by dragging it there.

use super::action::{Action, Placing};
use super::kinds::OFFERS;
use super::theme::{Theme, size, space};
use super::widgets::{muted, named};
use egui::{Align2, FontId, Rect, Sense, Stroke, StrokeKind, Ui, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons as i;

/// What can be put on the canvas: name, icon, what it does.
pub fn palette() -> impl Iterator<Item = (Placing, &'static str, MaterialIcon, &'static str)> {
    let producer = (Placing::Producer, "Producer", i::ICON_SENSORS, "Emits events");
    let consumer = (Placing::Consumer, "Consumer", i::ICON_MEMORY, "Handles events");
    let brokers = OFFERS.iter().map(|o| (Placing::Broker(o.kind), o.title, o.icon, o.line));
    let store = (Placing::Store, "Store", i::ICON_DATABASE, "Is called and waited for: a database, a remote service");
    std::iter::once(producer).chain(brokers).chain([consumer, store])
}

/// A name within a sentence: names of products keep their capitals.
pub fn in_sentence(name: &str) -> String {
    if matches!(name, "Producer" | "Consumer" | "Broker" | "Store") { name.to_lowercase() } else { name.to_owned() }
}

/// Draws the rail.
pub fn show(ui: &mut Ui, theme: &Theme, placing: Option<Placing>, actions: &mut Vec<Action>) {
    ui.add_space(theme.px(space::S));
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = theme.px(space::S);
        ui.label(muted(theme, "Add").size(theme.label));
        for (kind, name, icon, what) in palette() {
            one(ui, theme, placing == Some(kind), kind, name, icon, what, actions);
        }
    });
}

fn one(ui: &mut Ui, theme: &Theme, on: bool, kind: Placing, name: &str, icon: MaterialIcon, what: &str, actions: &mut Vec<Action>) {
    let side = theme.px(size::RAIL - space::S);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side * 0.9), Sense::click_and_drag());
    named(&response, &format!("Add {}", in_sentence(name)));
    let visuals = ui.style().interact_selectable(&response, on);
    let stroke = if on || response.has_focus() { Stroke::new(theme.stroke * 1.5, theme.accent) } else { visuals.bg_stroke };
    ui.painter().rect(rect, space::RADIUS, visuals.weak_bg_fill, stroke, StrokeKind::Inside);
    let font = FontId::new(theme.px(size::ICON), icon.font_family());
    let upper = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height() * 0.62));
    ui.painter().text(upper.center(), Align2::CENTER_CENTER, icon.codepoint, font, theme.text);
    let at = rect.center_bottom() - vec2(0.0, theme.px(space::XS) * 1.5);
    ui.painter().text(at, Align2::CENTER_BOTTOM, name, FontId::proportional(theme.label), theme.text);
    response.dnd_set_drag_payload(kind);
    let response = response.on_hover_text(format!("{what}. Click, then click on the canvas, or drag it there"));
    if response.clicked() && !ui.input(|i| i.pointer.any_click()) {
        // By the keyboard: there is no pointer to say where.
        actions.push(Action::PlaceInView(kind));
    } else if response.clicked() {
        actions.push(Action::Place(if on { None } else { Some(kind) }));
    }
}
