//! Figures over time, side by side: which ones a person chooses, all over the same part of the run, with one playhead.

mod draw;
pub mod figures;
mod save;
mod scale;

use super::action::{Action, Selection};
use super::theme::{Theme, size, space};
use super::timeline::TimeView;
use super::widgets::{icon_button, muted, named_choice};
use crate::run::Frame;
use egui::{Align, Button, ComboBox, Layout, Rect, RichText, Ui, UiBuilder, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_IMAGE, ICON_SHAPE_LINE, ICON_TABLE_VIEW};
use figures::{Format, Kind};
use scale::Scale;

/// Which figures are shown, from left to right: as many as there is room for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plotting {
    shown: [Kind; 4],
    /// Which of them go by powers of ten, where that makes sense.
    scales: [Scale; 4],
}

impl Default for Plotting {
    fn default() -> Self {
        Plotting { shown: [Kind::Throughput, Kind::Depth, Kind::Latency, Kind::Utilisation], scales: [Scale::default(); 4] }
    }
}

impl Plotting {
    /// The scale of a plot.
    fn scale(&self, place: usize) -> Scale {
        Scale { log: self.scales[place].log && self.shown[place].format() == Format::Time }
    }
}

/// Draws the plots side by side, as many as there is room for.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    frame: Option<&Frame>,
    selection: &Selection,
    plotting: &mut Plotting,
    time: &mut TimeView,
    actions: &mut Vec<Action>,
) {
    let Some(frame) = frame.filter(|f| !f.past.film.is_empty()) else {
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() / 2.0 - theme.body * 1.5).max(0.0));
            ui.label(muted(theme, "Press play: throughput, waiting events and latency appear here as the run goes on"));
        });
        return;
    };
    let least = theme.px(240.0);
    let shown = ((ui.available_width() / least) as usize).clamp(1, if ui.available_width() > least * 5.5 { 4 } else { 3 });
    let gap = ui.spacing().item_spacing.x;
    let size = vec2((ui.available_width() - gap * (shown as f32 - 1.0)) / shown as f32, ui.available_height());
    let corner = ui.available_rect_before_wrap().min;
    for place in 0..shown {
        // Each in a place of its own: none pushes the next one aside, whatever its words are.
        let rect = Rect::from_min_size(corner + vec2((size.x + gap) * place as f32, 0.0), size);
        let mut ui = ui.new_child(UiBuilder::new().id_salt(("plot", place)).max_rect(rect));
        ui.shrink_clip_rect(rect);
        let kind = plotting.shown[place];
        let part = draw::part(frame, time);
        head(&mut ui, theme, frame, place, plotting, part, size.x);
        draw::one(&mut ui, theme, frame, selection, (place, kind, plotting.scale(place)), part, time, actions);
    }
}

/// The title, which chooses the figure, and ways to keep the plot.
fn head(ui: &mut Ui, theme: &Theme, frame: &Frame, place: usize, plotting: &mut Plotting, part: (f64, f64), width: f32) {
    let kind = plotting.shown[place];
    // From the right, so that the title gets the room that is left, however long it is.
    ui.allocate_ui_with_layout(vec2(width, theme.px(size::CONTROL)), Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let saves =
            [(ICON_IMAGE, "PNG", save::Form::Png), (ICON_SHAPE_LINE, "SVG", save::Form::Svg), (ICON_TABLE_VIEW, "CSV", save::Form::Csv)];
        for (icon, name, form) in saves {
            if icon_button(ui, theme, icon, &format!("Save plot {} as {name}", place + 1), "", true).clicked() {
                save::ask(ui.ctx(), theme, frame, kind, plotting.scale(place), part, form);
            }
        }
        if kind.format() == Format::Time {
            let log = plotting.scales[place].log;
            let least = vec2(theme.px(size::CONTROL + space::XS), theme.px(size::CONTROL));
            let response = ui.add(Button::selectable(log, RichText::new("log").size(theme.label)).min_size(least));
            named_choice(&response, &format!("Plot {} by powers of ten", place + 1), log);
            if response.on_hover_text("Logarithmic scale: equal distances are equal ratios").clicked() {
                plotting.scales[place].log = !log;
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let title = RichText::new(kind.title()).size(theme.label).color(theme.muted);
            let list =
                ComboBox::from_id_salt(("plot", place)).selected_text(title).width(ui.available_width() - theme.px(space::S)).truncate();
            let response = list.height(theme.px(360.0)).show_ui(ui, |ui| {
                for other in Kind::ALL {
                    if ui.selectable_label(other == kind, other.title()).clicked() {
                        plotting.shown[place] = other;
                    }
                }
            });
            let response = response.response;
            // The words alone, without the frame and the arrow.
            let mut words = response.rect.shrink2(ui.spacing().button_padding / 2.0);
            words.max.x -= ui.spacing().icon_width + ui.spacing().icon_spacing;
            ui.data_mut(|data| data.insert_temp(save::title_of(kind), words));
            response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Plot {}: {}", place + 1, kind.title())));
        });
    });
}

pub use save::take as saved;
