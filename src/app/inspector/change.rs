//! A broker's kind: what another one would not keep, changing to it, and the scenario under all kinds side by side.

use super::Inspected;
use super::fields::{row, section};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::kinds;
use crate::app::theme::Theme;
use crate::app::widgets::{labelled_button, muted};
use crate::figures::{NONE, number, rate, seconds, share};
use crate::run::brokers::{self, Table};
use crate::scenario::document::Broker;
use crate::scenario::expect::Quantity;
use crate::scenario::{NoFiles, change};
use egui::{Context, Grid, Id, RichText, ScrollArea, Ui};
use std::sync::{Arc, Mutex, PoisonError};

/// A comparison, from asking for it on.
#[derive(Clone, Debug)]
enum Comparison {
    Running,
    Done(Arc<Table>),
    Failed(String),
}

type Slot = Arc<Mutex<Comparison>>;

fn slot() -> Id {
    Id::unique("brokers side by side")
}

/// Draws the kind, and what could be in its place.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, broker: &Broker, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let offer = kinds::offer(broker.kind.name());
    row(ui, theme, "Kind", offer.line, |ui, label| ui.label(broker.kind.name()).labelled_by(label));
    egui::CollapsingHeader::new("Another kind").id_salt("another kind").show(ui, |ui| {
        ui.label(
            muted(theme, "The drawing stays: a topic, an exchange with a queue per reader, a bus with a rule per reader.")
                .size(theme.label),
        );
        for (kind, title) in change::kinds().filter(|(kind, _)| *kind != broker.kind.name()) {
            let Some(changed) = change::change(input.scenario, &broker.id, kind) else { continue };
            section(ui, theme, title);
            for sentence in &changed.lost {
                ui.label(muted(theme, format!("– {sentence}")).size(theme.label));
            }
            if labelled_button(ui, theme, kinds::offer(kind).icon, &format!("Change to {title}"), true).clicked() {
                let label = format!("Change {} to {title}", broker.id);
                actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(changed.scenario) }));
            }
        }
        section(ui, theme, "Side by side");
        if labelled_button(ui, theme, egui_material_icons::icons::ICON_COMPARE, "Run under every kind", true).clicked() {
            start(ui.ctx(), input);
        }
    });
    side_by_side(ui.ctx(), theme);
}

/// Runs the scenario under every kind, on a thread of its own.
fn start(ctx: &Context, input: &Inspected<'_>) {
    let place: Slot = Arc::new(Mutex::new(Comparison::Running));
    ctx.data_mut(|data| data.insert_temp(slot(), Some(place.clone())));
    let (scenario, ctx) = (input.scenario.clone(), ctx.clone());
    std::thread::spawn(move || {
        let kinds: Vec<&str> = change::kinds().map(|(kind, _)| kind).collect();
        let result = match brokers::table(&scenario, &kinds, &NoFiles) {
            Ok(table) => Comparison::Done(Arc::new(table)),
            Err(message) => Comparison::Failed(message),
        };
        *place.lock().unwrap_or_else(PoisonError::into_inner) = result;
        ctx.request_repaint();
    });
}

/// The window with what came out, while there is one.
fn side_by_side(ctx: &Context, theme: &Theme) {
    let Some(place) = ctx.data(|data| data.get_temp::<Option<Slot>>(slot())).flatten() else { return };
    let comparison = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut open = true;
    egui::Window::new("Side by side").open(&mut open).default_width(720.0).vscroll(true).show(ctx, |ui| match &comparison {
        Comparison::Running => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Running the scenario under every kind of broker");
            });
        }
        Comparison::Failed(message) => _ = ui.label(RichText::new(message).color(theme.bad)),
        Comparison::Done(table) => figures(ui, theme, table),
    });
    if !open {
        ctx.data_mut(|data| data.remove_temp::<Option<Slot>>(slot()));
    }
}

fn figures(ui: &mut Ui, theme: &Theme, table: &Table) {
    for sentence in &table.differences {
        ui.label(sentence);
    }
    ui.separator();
    ScrollArea::horizontal().show(ui, |ui| {
        Grid::new("side by side").striped(true).num_columns(table.titles.len() + 1).show(ui, |ui| {
            ui.label("");
            table.titles.iter().for_each(|title| _ = ui.label(RichText::new(*title).strong()));
            ui.end_row();
            for (name, quantity, values) in &table.rows {
                ui.label(muted(theme, name.as_str()));
                values.iter().for_each(|value| _ = ui.label(shown(*value, *quantity)));
                ui.end_row();
            }
        });
    });
}

fn shown(value: Option<f64>, quantity: Quantity) -> String {
    match (value, quantity) {
        (None, _) => NONE.to_owned(),
        (Some(value), Quantity::Count) => number(value),
        (Some(value), Quantity::Time) => seconds(value),
        (Some(value), Quantity::Rate) => rate(value),
        (Some(value), Quantity::Share) => share(value),
    }
}
