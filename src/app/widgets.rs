//! Small widgets that the window's parts share. Each has a name for screen readers.

use super::theme::{Theme, size, space};
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Button, CollapsingHeader, Color32, FontId, Galley, Layout, Painter, Response, RichText, Role, Stroke, TextWrapMode, Ui,
    WidgetInfo, vec2,
};
use egui_material_icons::MaterialIcon;
use std::sync::Arc;

/// A button with an icon and no words on it; its name is in the tooltip, with the keys that do the same.
pub fn icon_button(ui: &mut Ui, theme: &Theme, icon: MaterialIcon, name: &str, keys: &str, enabled: bool) -> Response {
    let button = Button::new(icon.rich_text().size(theme.px(size::ICON))).frame_when_inactive(false);
    // Square and no higher than a field beside it, whatever the icon font thinks of line heights.
    let usual = std::mem::take(&mut ui.spacing_mut().button_padding);
    let response = ui.add_enabled(enabled, button.min_size(vec2(theme.px(size::CONTROL + space::XS), theme.px(size::CONTROL))));
    ui.spacing_mut().button_padding = usual;
    named(&response, name);
    let tip = if keys.is_empty() { name.to_owned() } else { format!("{name} ({keys})") };
    response.on_hover_text(tip.clone()).on_disabled_hover_text(tip)
}

/// A button with an icon before its words.
pub fn labelled_button(ui: &mut Ui, theme: &Theme, icon: MaterialIcon, words: &str, enabled: bool) -> Response {
    let button = Button::new((icon.rich_text().size(theme.body * 1.15), words));
    let response = ui.add_enabled(enabled, button.min_size(vec2(0.0, theme.px(size::CONTROL))));
    named(&response, words);
    response
}

/// The button that a dialog is for.
pub fn primary_button(ui: &mut Ui, theme: &Theme, words: &str, enabled: bool) -> Response {
    let text = RichText::new(words).color(theme.on_accent);
    let response = ui.add_enabled(enabled, Button::new(text).fill(theme.accent));
    named(&response, words);
    response
}

/// Gives a response a name of its own for screen readers, in place of what is drawn on it.
pub fn named(response: &Response, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), name));
}

/// The same for something that is on or off.
pub fn named_choice(response: &Response, name: &str, on: bool) {
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, response.enabled(), on, name));
}

/// Gives a text field a name for screen readers where no label stands beside it.
pub fn name_field(response: &Response, name: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// One line to be painted that is no wider than this: where it does not fit it ends in dots.
pub fn cut(painter: &Painter, words: &str, font: FontId, colour: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(words.to_owned(), TextFormat::simple(font, colour));
    job.wrap = TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}

/// Draws something that is no wider than this, whatever its words are: they end in dots.
pub fn bounded(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.scope(|ui| {
        ui.set_max_width(width);
        ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
        content(ui)
    })
    .inner
}

/// Fields that are drawn from now on are marked: what is typed in them is wrong.
pub fn mark_wrong(ui: &mut Ui, theme: &Theme) {
    let mark = Stroke::new(theme.stroke * 1.5, theme.bad);
    let w = &mut ui.visuals_mut().widgets;
    (w.inactive.bg_stroke, w.hovered.bg_stroke, w.active.bg_stroke) = (mark, mark, mark);
    ui.visuals_mut().selection.stroke = mark;
}

/// Something that unfolds, in the size of a label. Words that are too long for the room end in dots, instead of making it wider.
pub fn fold(ui: &Ui, theme: &Theme, words: &str) -> CollapsingHeader {
    let format = TextFormat { font_id: FontId::proportional(theme.label), color: Color32::PLACEHOLDER, ..TextFormat::default() };
    let room = ui.available_width() - ui.spacing().indent - ui.spacing().button_padding.x * 2.0;
    let wrap = TextWrapping { max_width: room, max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
    let job = LayoutJob { wrap, ..LayoutJob::simple_format(words.to_owned(), format) };
    CollapsingHeader::new(ui.painter().layout_job(job))
}

/// Less important text.
pub fn muted(theme: &Theme, text: impl Into<String>) -> RichText {
    RichText::new(text).color(theme.muted)
}

/// How names and code look in running text.
pub fn code(theme: &Theme, size: f32, colour: Color32) -> TextFormat {
    TextFormat { background: theme.wash(theme.muted, 0.16), ..TextFormat::simple(FontId::monospace(size * 0.92), colour) }
}

/// A sentence in which names stand between back-ticks, to be shown: they look like names, without the ticks.
pub fn prose(theme: &Theme, text: &str, size: f32, colour: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (n, part) in text.split('`').enumerate().filter(|(_, part)| !part.is_empty()) {
        let format = if n % 2 == 1 { code(theme, size, colour) } else { TextFormat::simple(FontId::proportional(size), colour) };
        // In the middle of a line with an icon, as other labels are.
        job.append(part, 0.0, TextFormat { valign: Align::Center, ..format });
    }
    job
}

/// A row of small facts: its name on the left, the figure at the right edge, in digits of one width. Where both do not fit, the
/// name gives way.
pub fn fact(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &str, width: f32) {
    let height = theme.px(space::XL - space::XS);
    ui.allocate_ui_with_layout(vec2(width, height), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(vec2(width, height));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(value).monospace().size(theme.label));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(muted(theme, name).size(theme.label)).truncate()).on_hover_text(help);
            });
        });
    });
}
