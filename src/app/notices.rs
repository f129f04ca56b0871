//! Notices: in the lower right corner, the latest at the bottom. What is only good to know goes by itself, the rest stays
//! until it is dismissed.

use super::action::Action;
use super::session::{Level, Notice};
use super::theme::{Theme, motion, size, space};
use super::widgets::{icon_button, prose};
use egui::{Align2, Area, Context, Id, Order, Stroke, vec2};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_ERROR, ICON_WARNING};
use std::collections::BTreeMap;

/// When each notice was first shown.
#[derive(Default)]
pub struct Notices {
    since: BTreeMap<u64, f64>,
}

impl Notices {
    /// Draws the notices above a place in the lower right.
    pub fn show(&mut self, ctx: &Context, theme: &Theme, notices: &[Notice], corner: egui::Pos2, actions: &mut Vec<Action>) {
        let now = ctx.input(|i| i.time);
        self.since.retain(|id, _| notices.iter().any(|n| n.id == *id));
        for notice in notices {
            let since = *self.since.entry(notice.id).or_insert(now);
            if notice.level == Level::Info {
                if now - since > motion::NOTICE {
                    actions.push(Action::Dismiss(notice.id));
                }
                ctx.request_repaint_after_secs((motion::NOTICE - (now - since)).max(0.0) as f32 + 0.05);
            }
        }
        if notices.is_empty() {
            return;
        }
        // A question comes first: nothing lies on its answers.
        let order = if ctx.memory(|memory| memory.top_modal_layer().is_some()) { Order::Middle } else { Order::Foreground };
        let area = Area::new(Id::unique("notices")).order(order).pivot(Align2::RIGHT_BOTTOM);
        area.fixed_pos(corner - vec2(theme.px(space::M), theme.px(space::M))).show(ctx, |ui| {
            for notice in notices {
                one(ui, theme, notice, actions);
            }
        });
    }
}

fn one(ui: &mut egui::Ui, theme: &Theme, notice: &Notice, actions: &mut Vec<Action>) {
    let (icon, colour) = match notice.level {
        Level::Info => (ICON_CHECK_CIRCLE, theme.good),
        Level::Warning => (ICON_WARNING, theme.warn),
        Level::Error => (ICON_ERROR, theme.bad),
    };
    let frame = egui::Frame::popup(ui.style()).stroke(Stroke::new(theme.stroke, colour)).inner_margin(theme.px(space::S));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon.rich_text().color(colour).size(theme.px(size::ICON)));
            ui.scope(|ui| {
                ui.set_max_width(theme.px(360.0));
                ui.add(egui::Label::new(prose(theme, &notice.text, theme.body, theme.text)).wrap());
            });
            if icon_button(ui, theme, ICON_CLOSE, &format!("Dismiss: {}", notice.text), "", true).clicked() {
                actions.push(Action::Dismiss(notice.id));
            }
        });
    });
}
