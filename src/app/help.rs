//! The help: keys, and the one setting that has no better place.

use super::keys::HELP;
use super::theme::{Theme, size, space};
use super::widgets::{muted, primary_button};
use egui::{Align, Context, Id, Layout, Modal, RichText, vec2};

/// Shows it while `open`.
pub fn show(ctx: &Context, theme: &Theme, open: &mut bool, reduce_motion: &mut bool) {
    if !*open {
        return;
    }
    let modal = Modal::new(Id::unique("tidemill help")).frame(super::dialogs::modal_frame(ctx, theme)).show(ctx, |ui| {
        ui.set_width(theme.px(size::DIALOG).min(ui.ctx().content_rect().width() - theme.px(space::XL) * 2.0));
        ui.label(RichText::new("Keys").size(theme.title).strong());
        let room = ui.ctx().content_rect().height() - theme.px(200.0);
        egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
            // The scroll bar has a place of its own.
            ui.set_max_width(ui.available_width() - theme.px(space::M));
            egui::Grid::new("keys").num_columns(2).spacing(vec2(theme.px(space::XL), 0.0)).show(ui, |ui| {
                for (keys, what) in HELP {
                    ui.label(muted(theme, *keys));
                    ui.add(egui::Label::new(*what).wrap());
                    ui.end_row();
                }
            });
        });
        ui.separator();
        ui.checkbox(reduce_motion, "Reduce motion");
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| primary_button(ui, theme, "Close", true).clicked()).inner
    });
    if modal.inner || modal.should_close() {
        *open = false;
    }
}
