//! Comparing the run that is shown with another one: a branch of it, another scenario, or a recording. Both stand at the same moment; the
//! table tells their figures, and from when on they differ and why.

pub mod marks;
pub mod other;
pub mod sides;

use super::action::{Action, Fold};
use super::theme::{Theme, space};
use super::timeline::change_of;
use super::widgets::{icon_button, labelled_button, muted, named_choice};
use crate::figures;
use crate::run::contrast::{Contrast, Unit};
use crate::run::frame::{Against, Beside};
use crate::run::look::Look;
use crate::run::{Command, Frame, Rival};
use crate::scenario::intervention::Intervention;
use egui::{Button, RichText, ScrollArea, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_COMPARE_ARROWS, ICON_MY_LOCATION, ICON_REFRESH, ICON_SPLITSCREEN_RIGHT};
use other::Other;

/// What the panel reads beside the run.
#[derive(Clone, Copy)]
pub struct Comparing<'a> {
    /// The other scenario, if it is one.
    pub other: Option<&'a Other>,
    /// Whether both canvases are shown.
    pub sides: bool,
}

/// Most settings that are told.
const SETTINGS: usize = 12;

/// Draws the panel.
pub fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, comparing: Comparing<'_>, actions: &mut Vec<Action>) {
    let past = &frame.past;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = theme.px(space::XS);
        ui.label(muted(theme, "Compare with").size(theme.label));
        for other in past.branches.iter().filter(|branch| branch.id != past.branch) {
            let on = frame.beside.as_ref().is_some_and(|beside| beside.against == Against::Branch(other.id));
            let response = ui.add(Button::selectable(on, RichText::new(&other.name).size(theme.label)));
            named_choice(&response, &format!("Compare with {}", other.name), on);
            if response.clicked() {
                actions.push(Action::Run(Command::Compare((!on).then_some(Rival::Branch(other.id)))));
            }
        }
        let on = frame.beside.as_ref().is_some_and(|beside| beside.against == Against::Other);
        let words = match comparing.other.filter(|_| on) {
            Some(other) => other.name.clone(),
            None => "another file…".to_owned(),
        };
        let response =
            ui.add(Button::selectable(on, (ICON_COMPARE_ARROWS.rich_text().size(theme.body), RichText::new(words).size(theme.label))));
        named_choice(&response, "Compare with another file", on);
        if response.on_hover_text("A scenario or a recording: it runs beside this one, at the same moment").clicked() {
            actions.push(Action::AskCompare);
        }
        if frame.beside.is_some() {
            let words = if comparing.sides { "One canvas" } else { "Both canvases" };
            if icon_button(ui, theme, ICON_SPLITSCREEN_RIGHT, words, "", true).clicked() {
                actions.push(Action::Fold(Fold::Sides));
            }
            if icon_button(ui, theme, ICON_CLOSE, "Stop comparing", "", true).clicked() {
                actions.push(Action::Run(Command::Compare(None)));
            }
        }
    });
    let Some(beside) = frame.beside.as_deref() else {
        let words = "Go back to a moment, change something there, and the run forks: both futures are kept and can be compared, side by side \
                     and in step. So can another scenario or a recording";
        ui.add(egui::Label::new(muted(theme, words).size(theme.label)).wrap());
        return;
    };
    first_difference(ui, theme, frame, beside, comparing.other, actions);
    table(ui, theme, frame, beside);
}

/// From when on the two differ, and why.
fn first_difference(ui: &mut Ui, theme: &Theme, frame: &Frame, beside: &Beside, other: Option<&Other>, actions: &mut Vec<Action>) {
    let answers = &frame.past.answers;
    let contrast = answers.contrast.as_ref().filter(|(against, _)| *against == beside.against).map(|(_, contrast)| contrast);
    let first = contrast.and_then(|contrast| contrast.first.as_ref());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = theme.px(2.0);
        let words = match (first, contrast) {
            (Some(first), _) => format!("They differ from {} on", first.at),
            (None, Some(found)) => no_difference(found, beside),
            (None, None) => "Looking for the first difference".to_owned(),
        };
        ui.label(RichText::new(words).size(theme.label));
        if let Some(first) = first
            && icon_button(ui, theme, ICON_MY_LOCATION, "Go to the first difference", "", true).clicked()
        {
            actions.push(Action::Run(Command::Seek(first.at)));
        }
        if answers.looking {
            ui.spinner();
        } else if first.is_none()
            && labelled_button(ui, theme, ICON_REFRESH, "Look again", true).on_hover_text("Up to this moment").clicked()
        {
            actions.push(Action::Run(Command::Look(Look::Contrast(beside.against))));
        }
    });
    if let Some(first) = first {
        ui.add(egui::Label::new(muted(theme, format!("Here: {}. There: {}", first.a, first.b)).size(theme.label)).wrap());
    }
    let causes = causes(frame, beside, other);
    if !causes.is_empty() {
        // What is long is cut: below it stands what came of it.
        let shown = causes.iter().take(SETTINGS).map(|cause| clipped(cause)).collect::<Vec<_>>().join("; ");
        let more = if causes.len() > SETTINGS { format!("; and {} more", causes.len() - SETTINGS) } else { String::new() };
        let label = ui.add(egui::Label::new(RichText::new(format!("Because of {shown}{more}")).size(theme.label)).wrap());
        if !more.is_empty() || shown.contains('…') {
            label.on_hover_text(causes.join("\n"));
        }
    }
}

/// A sentence of at most this many letters.
fn clipped(words: &str) -> String {
    const MOST: usize = 90;
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words.to_owned(),
    }
}

fn no_difference(found: &Contrast, beside: &Beside) -> String {
    let until = figures::seconds(found.until.seconds());
    match beside.same {
        true => format!("The two are the same up to {until}, bit for bit"),
        false => format!("The same happens in both up to {until}"),
    }
}

/// Why the two differ: what was changed on the way in one of them only, and settings.
fn causes(frame: &Frame, beside: &Beside, other: Option<&Other>) -> Vec<String> {
    let ours = frame.past.here().map_or(&[][..], |branch| &branch.interventions);
    let theirs = beside.frame.past.here().map_or(&[][..], |branch| &branch.interventions);
    let only = |some: &[Intervention], not: &[Intervention], where_: &str| {
        some.iter().filter(|i| !not.contains(i)).map(|i| format!("{i} {where_}")).collect::<Vec<_>>()
    };
    let mut causes = Vec::new();
    if let Some(other) = other.filter(|_| beside.against == Against::Other) {
        if other.seed != frame.seed {
            causes.push(format!("seed: {} here, {} there", frame.seed, other.seed));
        }
        causes.extend(other.differs.iter().map(other::words));
    }
    causes.extend(only(ours, theirs, "here"));
    causes.extend(only(theirs, ours, "there"));
    causes
}

fn table(ui: &mut Ui, theme: &Theme, frame: &Frame, beside: &Beside) {
    let height = theme.label * 1.5;
    let lines = &beside.lines;
    ScrollArea::vertical().id_salt("contrast").auto_shrink(false).show_rows(ui, height, lines.len() + 1, |ui, rows| {
        // The scroll bar has a place of its own.
        ui.set_max_width(ui.available_width() - theme.px(space::M));
        for i in rows {
            let (name, cells) = match i.checked_sub(1).map(|line| &lines[line]) {
                None => (
                    format!("Up to {}", figures::seconds(frame.now.seconds())),
                    ["here".to_owned(), "there".to_owned(), "change".to_owned()],
                ),
                Some(line) => (line.name.clone(), [in_unit(line.unit, line.a), in_unit(line.unit, line.b), change_of(line.b, line.a)]),
            };
            ui.horizontal(|ui| {
                let all = ui.available_width();
                let cell = (all * 0.2).max(theme.px(64.0));
                let differs = i > 0 && cells[0] != cells[1];
                let ink = if i == 0 || !differs { theme.muted } else { theme.text };
                let text = |words: &str| RichText::new(words).size(theme.label).color(ink);
                ui.allocate_ui(vec2((all - cell * 3.0 - theme.px(space::XL)).max(cell), height), |ui| {
                    ui.set_min_width(ui.available_width());
                    ui.add(egui::Label::new(text(&name)).truncate())
                });
                for words in &cells {
                    ui.allocate_ui_with_layout(vec2(cell, height), egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        ui.set_min_width(cell);
                        ui.add(egui::Label::new(text(words).monospace()).truncate());
                    });
                }
            });
        }
    });
}

fn in_unit(unit: Unit, value: f64) -> String {
    if !value.is_finite() {
        return figures::NONE.to_owned();
    }
    match unit {
        Unit::Count => figures::number(value),
        Unit::PerSecond => figures::rate(value),
        Unit::Seconds => figures::seconds(value),
        Unit::Share => figures::share(value),
    }
}
