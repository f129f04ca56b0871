//! The rail on the left: what can be put on the canvas, by a click and another on the canvas, or by dragging it there.

use super::action::{Action, Placing};
use super::kinds::OFFERS;
use super::theme::{Theme, size, space};
use super::widgets::{muted, named};
use egui::{Align2, FontId, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons as i;

/// What can be put on the canvas: name, icon, what it does.
pub fn palette() -> impl Iterator<Item = Offer<'static>> {
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
        // All of it is in sight in the smallest window: where there is little room, the buttons are less high.
        let room = ui.available_height() / palette().count() as f32 - theme.px(space::S);
        let side = theme.px(size::RAIL - space::S);
        let button = vec2(side, room.clamp(theme.px(size::CONTROL), side * 0.9).floor());
        for (kind, name, icon, what) in palette() {
            one(ui, theme, button, placing == Some(kind), (kind, name, icon, what), actions);
        }
    });
}

/// What can be put on the canvas: its kind, name, icon and what it does.
pub type Offer<'o> = (Placing, &'o str, MaterialIcon, &'o str);

fn one(ui: &mut Ui, theme: &Theme, button: Vec2, on: bool, (kind, name, icon, what): Offer<'_>, actions: &mut Vec<Action>) {
    let (rect, response) = ui.allocate_exact_size(button, Sense::click_and_drag());
    named(&response, &format!("Add {}", in_sentence(name)));
    let visuals = ui.style().interact_selectable(&response, on);
    let stroke = if on || response.has_focus() { Stroke::new(theme.stroke * 1.5, theme.accent) } else { visuals.bg_stroke };
    ui.painter().rect(rect, space::RADIUS, visuals.weak_bg_fill, stroke, StrokeKind::Inside);
    let font = FontId::new(theme.px(size::ICON), icon.font_family());
    let written = |size: f32| ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(size), theme.text);
    // A long name is written smaller.
    let galley = written(theme.label);
    let fits = (rect.width() - theme.px(space::S) * 1.5) / galley.size().x;
    let galley = if fits < 1.0 { written(theme.label * fits) } else { galley };
    let at = rect.center_bottom() - vec2(galley.size().x / 2.0, theme.px(space::XS) * 1.2 + galley.size().y);
    let upper = Rect::from_min_max(rect.min, pos2(rect.right(), at.y));
    ui.painter().text(upper.center(), Align2::CENTER_CENTER, icon.codepoint, font, theme.text);
    ui.painter().galley(at, galley, theme.text);
    response.dnd_set_drag_payload(kind);
    let response = response.on_hover_text(format!("{what}. Click, then click on the canvas, or drag it there"));
    if response.clicked() && !ui.input(|i| i.pointer.any_click()) {
        // By the keyboard: there is no pointer to say where.
        actions.push(Action::PlaceInView(kind));
    } else if response.clicked() {
        actions.push(Action::Place(if on { None } else { Some(kind) }));
    }
}
