//! The lints that a scenario allows: what they would warn of is meant here.

use super::Inspected;
use super::fields::row;
use crate::app::theme::size;
use crate::app::widgets::icon_button;
use crate::scenario::Scenario;
use crate::scenario::lint::{LINTS, lint};
use egui::{Align, Layout, Ui, vec2};

/// Draws the list; says whether anything changed.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
    let theme = input.theme;
    let mut gone = None;
    for (i, id) in scenario.allow.iter().enumerate() {
        let line = vec2(ui.available_width(), theme.px(size::CONTROL));
        ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
            let icon = egui_material_icons::icons::ICON_CLOSE;
            if icon_button(ui, theme, icon, &format!("Remove {id}"), "", true).clicked() {
                gone = Some(i);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = ui.add(egui::Label::new(id).truncate());
                if let Some(lint) = lint(id) {
                    name.on_hover_text(lint.line);
                }
            });
        });
    }
    if let Some(i) = gone {
        scenario.allow.remove(i);
    }
    let help = "What this lint would warn of is meant here, and no longer said";
    let picked = row(ui, theme, "Allow", help, |ui, label| {
        let mut picked = None;
        let list = egui::ComboBox::from_id_salt("allow")
            .selected_text("choose a lint")
            .width(ui.available_width())
            .truncate()
            .height(theme.px(400.0));
        let response = list.show_ui(ui, |ui| {
            for lint in LINTS.iter().filter(|lint| !scenario.allow.iter().any(|id| id == lint.id)) {
                if ui.selectable_label(false, lint.id).on_hover_text(lint.line).clicked() {
                    picked = Some(lint.id);
                }
            }
        });
        response.response.labelled_by(label);
        picked
    });
    scenario.allow.extend(picked.map(str::to_owned));
    gone.is_some() || picked.is_some()
}
