//! The list to choose from by typing: commands, nodes, what to add, what to connect with.

use super::action::{Action, Find};
use super::commands::{Choice, choices, fit};
use super::session::Session;
use super::theme::{Theme, size, space};
use super::widgets::{muted, name_field, named};
use egui::{Align, Align2, Area, Context, Id, Key, Layout, Modal, Modifiers, Order, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};

/// The open list, if one is open.
#[derive(Default)]
pub struct Finder {
    open: Option<Find>,
    typed: String,
    at: usize,
    fresh: bool,
}

/// Most choices that are shown.
const MOST: usize = 60;

impl Finder {
    /// Opens it.
    pub fn open(&mut self, find: Find) {
        *self = Finder { open: Some(find), fresh: true, ..Finder::default() };
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Shows it while it is open.
    pub fn show(&mut self, ctx: &Context, session: &Session, theme: &Theme, actions: &mut Vec<Action>) {
        let Some(find) = self.open.clone() else { return };
        let mut fitting: Vec<(i32, Choice)> =
            choices(session, &find).into_iter().filter_map(|c| Some((fit(&self.typed, &c.name)?, c))).collect();
        fitting.sort_by_key(|(score, _)| -score);
        fitting.truncate(MOST);
        let pressed = |key: Key| ctx.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key));
        let (down, up) = (pressed(Key::ArrowDown), pressed(Key::ArrowUp));
        let entered = pressed(Key::Enter) > 0;
        self.at = (self.at + down).min(fitting.len().saturating_sub(1)).saturating_sub(up);
        let area =
            Area::new(Id::unique("finder")).order(Order::Foreground).anchor(Align2::CENTER_TOP, vec2(0.0, theme.px(size::TOP + space::XL)));
        let mut chosen = entered.then_some(self.at);
        let modal = Modal::new(Id::unique("finder")).area(area).frame(super::dialogs::modal_frame(ctx, theme)).show(ctx, |ui| {
            ui.set_width(theme.px(size::DIALOG).min(ui.ctx().content_rect().width() - theme.px(space::XL) * 2.0));
            let (name, hint) = words(&find);
            let field = ui.add(TextEdit::singleline(&mut self.typed).hint_text(hint).desired_width(f32::INFINITY));
            name_field(&field, name);
            if std::mem::take(&mut self.fresh) || !field.has_focus() {
                field.request_focus();
            }
            if field.changed() {
                self.at = 0;
            }
            if fitting.is_empty() {
                let why = if self.typed.trim().is_empty() { "There is nothing that makes sense here" } else { "Nothing is called that" };
                ui.label(muted(theme, why));
            }
            let room = (ui.ctx().content_rect().height() - theme.px(220.0)).min(theme.px(360.0));
            // As high as its lines need, whatever was in this window before.
            let wanted = (fitting.len() as f32 * theme.px(size::CONTROL)).min(room);
            ScrollArea::vertical().max_height(room).min_scrolled_height(wanted).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (i, (_, choice)) in fitting.iter().enumerate() {
                    let moved = up + down > 0;
                    if one(ui, theme, choice, i == self.at, moved) {
                        chosen = Some(i);
                    }
                }
            });
        });
        if let Some((_, choice)) = chosen.and_then(|i| fitting.get(i)) {
            self.open = None;
            actions.extend(choice.actions.iter().cloned());
        } else if modal.should_close() {
            self.open = None;
        }
    }
}

fn words(find: &Find) -> (&'static str, &'static str) {
    match find {
        Find::Command => ("Command", "What is to be done?"),
        Find::Node => ("Node", "Which node?"),
        Find::Add { .. } => ("Addition", "What is to be added?"),
        Find::Connect(_) => ("Connection", "What is to be connected?"),
    }
}

fn one(ui: &mut Ui, theme: &Theme, choice: &Choice, on: bool, moved: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme.px(size::CONTROL)), Sense::click());
    named(&response, &choice.name);
    if on && moved {
        response.scroll_to_me(None);
    }
    if on || response.hovered() {
        ui.painter().rect_filled(rect, space::RADIUS, theme.wash(theme.accent, if on { 0.28 } else { 0.12 }));
    }
    let inside = rect.shrink2(vec2(theme.px(space::S), 0.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(inside).layout(Layout::right_to_left(Align::Center)), |ui| {
        ui.add(egui::Label::new(muted(theme, &choice.hint).size(theme.label)).truncate());
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(&choice.name).color(theme.text)).truncate());
        });
    });
    response.clicked()
}
