//! A broker's kind: what another one would not keep, changing to it, and the scenario under all kinds side by side.

use super::Inspected;
use super::fields::{row, section};
use crate::app::action::Action;
use crate::app::dialogs::modal_frame;
use crate::app::edit::Edit;
use crate::app::kinds;
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{icon_button, labelled_button, muted};
use crate::figures::NONE;
use crate::run::brokers::{self, Line, Table};
use crate::run::words;
use crate::scenario::change;
use crate::scenario::document::Broker;
use crate::scenario::expect::Quantity;
use egui::{Align, Context, Id, Label, Layout, Modal, RichText, ScrollArea, Ui, vec2};
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
    let called = change::kinds().find(|(kind, _)| *kind == broker.kind.name()).map_or(offer.title, |(_, title)| title);
    row(ui, theme, "Kind", offer.line, |ui, label| ui.label(called).labelled_by(label));
    egui::CollapsingHeader::new("Another kind").id_salt("another kind").show(ui, |ui| {
        ui.label(
            muted(theme, "The drawing stays: a topic, an exchange with a queue per reader, a bus with a rule per reader.")
                .size(theme.label),
        );
        for (kind, title) in change::kinds().filter(|(kind, _)| *kind != broker.kind.name()) {
            let Some(changed) = change::change(input.scenario, &broker.id, kind) else { continue };
            section(ui, theme, title);
            not_kept(ui, theme, title, &changed.lost);
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
    let kinds: Vec<&str> = change::kinds().map(|(kind, _)| kind).collect();
    // Files that the scenario names are read here and now; the runs take longer.
    match brokers::sides(input.scenario, &kinds, input.files) {
        Err(findings) => *place.lock().unwrap_or_else(PoisonError::into_inner) = Comparison::Failed(brokers::unsound(&findings)),
        Ok(sides) => {
            let (seed, ctx) = (input.scenario.seed, ctx.clone());
            std::thread::spawn(move || {
                let table = Comparison::Done(Arc::new(brokers::table(&sides, seed)));
                *place.lock().unwrap_or_else(PoisonError::into_inner) = table;
                ctx.request_repaint();
            });
        }
    }
}

/// What a kind cannot keep, one line each; the kind itself stands above.
fn not_kept(ui: &mut Ui, theme: &Theme, title: &str, lost: &[String]) {
    for sentence in lost {
        let sentence = sentence.strip_prefix(title).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(sentence);
        ui.label(muted(theme, format!("– {sentence}")).size(theme.label));
    }
}

/// The window with what came out, while there is one.
fn side_by_side(ctx: &Context, theme: &Theme) {
    let Some(place) = ctx.data(|data| data.get_temp::<Option<Slot>>(slot())).flatten() else { return };
    let comparison = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let room = ctx.content_rect().shrink(theme.px(space::XL));
    let size = room.size().min(vec2(theme.px(WIDE), theme.px(HIGH)));
    let modal = Modal::new(Id::unique("side by side")).frame(modal_frame(ctx, theme)).show(ctx, |ui| {
        ui.set_width(size.x);
        ui.spacing_mut().item_spacing.y = theme.px(space::S);
        let close = ui.horizontal(|ui| {
            ui.label(RichText::new("Side by side").size(theme.title).strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                icon_button(ui, theme, egui_material_icons::icons::ICON_CLOSE, "Close comparison", "Esc", true).clicked()
            })
            .inner
        });
        match &comparison {
            Comparison::Running => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Running the scenario under every kind of broker");
                });
            }
            Comparison::Failed(message) => {
                ui.label(RichText::new(message).color(theme.bad));
            }
            Comparison::Done(table) => {
                let high = size.y - theme.px(size::CONTROL + space::L * 2.0);
                ScrollArea::vertical()
                    .max_height(high)
                    .min_scrolled_height(high)
                    .auto_shrink([false, true])
                    .show(ui, |ui| whole(ui, theme, table));
            }
        }
        close.inner
    });
    if modal.inner || modal.should_close() {
        ctx.data_mut(|data| data.remove_temp::<Option<Slot>>(slot()));
    }
}

/// Largest size of the comparison, in points.
const WIDE: f32 = 860.0;
/// See [`WIDE`].
const HIGH: f32 = 900.0;
/// Width of the column with the figures' names, as a share of the whole.
const NAMES: f32 = 0.28;

/// Words, figures, and what each kind cannot keep.
fn whole(ui: &mut Ui, theme: &Theme, table: &Table) {
    // The scroll bar has a place of its own.
    ui.set_width(ui.available_width() - theme.px(space::M));
    for sentence in &table.differences {
        ui.horizontal_top(|ui| {
            ui.label(muted(theme, "–"));
            // Names are marked for the terminal; here they need no marks.
            ui.add(Label::new(sentence.replace('`', "")).wrap());
        });
    }
    ui.add_space(theme.px(space::S));
    let width = ui.available_width();
    let columns = Columns { names: width * NAMES, each: width * (1.0 - NAMES) / table.titles.len().max(1) as f32 };
    ui.spacing_mut().item_spacing.y = 0.0;
    columns.row(ui, theme, RichText::new(""), &table.titles.iter().map(|title| (RichText::new(*title).strong(), None)).collect::<Vec<_>>());
    let mut whose: Option<&str> = None;
    for line in table.lines.iter().filter(|line| is_shown(line)) {
        if line.node.as_deref() != whose {
            whose = line.node.as_deref();
            ui.add_space(theme.px(space::S));
            ui.label(RichText::new(whose.unwrap_or_default()).strong().size(theme.body));
        }
        figures(ui, theme, &columns, line);
    }
    ui.spacing_mut().item_spacing.y = theme.px(space::XS);
    section(ui, theme, "What cannot be kept");
    for (title, lost) in table.titles.iter().zip(&table.lost).filter(|(_, lost)| !lost.is_empty()) {
        ui.label(RichText::new(*title).size(theme.label));
        not_kept(ui, theme, title, lost);
    }
}

/// What did not happen anywhere needs no line.
fn is_shown(line: &Line) -> bool {
    line.values.iter().any(|value| value.is_some_and(|value| value > 0.0))
}

struct Columns {
    names: f32,
    each: f32,
}

impl Columns {
    /// A row: its name, and per kind a text with the length of a bar behind it, as a share of the column.
    fn row(&self, ui: &mut Ui, theme: &Theme, name: RichText, cells: &[(RichText, Option<f32>)]) {
        let height = theme.px(size::CONTROL - space::XS);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.allocate_ui_with_layout(vec2(self.names, height), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(self.names);
                ui.add(Label::new(name).truncate());
            });
            for (text, bar) in cells {
                ui.allocate_ui_with_layout(vec2(self.each, height), Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_size(vec2(self.each, height));
                    if let Some(share) = bar {
                        let place = ui.max_rect().shrink2(vec2(theme.px(space::XS), theme.px(space::XS) / 2.0));
                        let bar = place.with_min_x(place.right() - place.width() * share.clamp(0.0, 1.0));
                        ui.painter().rect_filled(bar, theme.px(space::XS) / 2.0, theme.wash(theme.accent, 0.28));
                    }
                    ui.add_space(theme.px(space::S));
                    ui.add(Label::new(text.clone()).truncate());
                });
            }
        });
    }
}

/// A figure under each kind; where it differs, with bars.
fn figures(ui: &mut Ui, theme: &Theme, columns: &Columns, line: &Line) {
    let values = || line.values.iter().flatten().copied();
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let differs = most > least * 1.02 + 1e-9;
    let cell = |value: &Option<f64>| {
        let text = RichText::new(shown(*value, line.quantity)).monospace().size(theme.label);
        let text = if differs { text } else { text.color(theme.muted) };
        (text, value.filter(|_| differs).map(|value| (value / most) as f32))
    };
    let (name, help) = words(line.figure);
    let cells: Vec<_> = line.values.iter().map(cell).collect();
    let name = muted(theme, name).size(theme.label);
    ui.push_id((&line.node, line.figure), |ui| columns.row(ui, theme, name, &cells)).response.on_hover_text(help);
}

/// A figure's name and meaning for people.
fn words(figure: &str) -> (&str, &str) {
    match figure {
        "published" => ("Published", "Events emitted"),
        "acked" => ("Handled", "Copies handled to the end, over all consumers"),
        "waiting" => ("Waiting", "Copies that nobody has taken, at the end"),
        "in_flight" => ("In flight", "Copies in somebody's hands or on their way, at the end"),
        "latency.p50" => ("Latency, median", "From publish to the end of handling: half are faster"),
        "latency.p99" => ("Latency, 99 %", "From publish to the end of handling: one in a hundred is slower"),
        "wait.mean" => ("Wait, mean", "From arrival at the outlet to the start of handling"),
        "lost" => ("Lost", "Accepted, and never handled by somebody who was owed it"),
        "duplicates" => ("Duplicates", "Handled more than once by the same group"),
        "redeliveries" => ("Redeliveries", "Hand-overs of what was handed over before"),
        "failed" => ("Failed", "Given up with nowhere to go"),
        "dead_lettered" => ("Dead-lettered", "Given up and put aside"),
        "unroutable" => ("Unroutable", "Reached a broker that had nobody for them"),
        "throughput" => ("Handled per second", "After warm-up"),
        "utilisation" => ("Busy", "Share of its workers"),
        "lag.max" => ("Lag, most", "Events owed and not finished"),
        other => (other, ""),
    }
}

fn shown(value: Option<f64>, quantity: Quantity) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| words::figure(value, quantity))
}
