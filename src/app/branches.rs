//! Branches: what can be changed on the way, the runs that came of it, and what differs between two of them.

use super::action::{Action, Selection};
use super::compare::{self, Comparing};
use super::theme::{Theme, space};
use super::widgets::{icon_button, labelled_button, muted, name_field, named_choice};
use crate::figures;
use crate::run::branches::BranchInfo;
use crate::run::{Command, Frame};
use crate::scenario::intervention::Intervention;
use crate::time::Time;
use egui::{Button, DragValue, Key, RichText, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_EDIT, ICON_FIBER_MANUAL_RECORD, ICON_TUNE};

/// Least and most megabytes that checkpoints may be given.
const LEAST_MEMORY: usize = 16;
/// See [`LEAST_MEMORY`].
const MOST_MEMORY: usize = 65_536;
/// Least height of a comparison: its choices, the first difference and some lines of the table.
const COMPARISON: f32 = 240.0;

/// What is typed and chosen here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branching {
    /// A change, as PATH=VALUE.
    change: String,
    /// Why the change cannot be understood.
    wrong: Option<String>,
    /// The branch that is being renamed, and its new name.
    renaming: Option<(u32, String)>,
}

/// Draws the tab.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    frame: Option<&Frame>,
    selection: &Selection,
    comparing: Comparing<'_>,
    branching: &mut Branching,
    actions: &mut Vec<Action>,
) {
    let Some(frame) = frame else {
        ui.label(muted(theme, "Nothing runs yet"));
        return;
    };
    change(ui, theme, frame, selection, branching, actions);
    let room = ui.available_size();
    let left = (room.x * 0.45).max(theme.px(300.0));
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(left, room.y), |ui| {
            ui.vertical(|ui| {
                ScrollArea::vertical().id_salt("branches").auto_shrink(false).max_height(room.y).show(ui, |ui| {
                    for branch in roots(&frame.past.branches) {
                        tree(ui, theme, frame, branch, 0, branching, actions);
                    }
                });
            });
        });
        ui.allocate_ui(vec2(ui.available_width(), room.y), |ui| {
            // Where the panel is low, what is compared is as high as it needs, and the panel scrolls.
            let high = room.y.max(theme.px(COMPARISON));
            ScrollArea::vertical().id_salt("comparison").auto_shrink(false).max_height(room.y).show(ui, |ui| {
                ui.vertical(|ui| {
                    ui.set_height(high - theme.px(space::XS));
                    compare::show(ui, theme, frame, comparing, actions);
                });
            });
        });
    });
}

/// The field that changes something now.
fn change(ui: &mut Ui, theme: &Theme, frame: &Frame, selection: &Selection, branching: &mut Branching, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let hint = match selection.single() {
            Some(node) => format!("{node}.instances=2"),
            None => "node.instances=2".to_owned(),
        };
        let field = ui.add(TextEdit::singleline(&mut branching.change).hint_text(hint).desired_width(theme.px(260.0)));
        name_field(&field, "Change on the way, as path=value");
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let ready = branching.change.contains(['=', '(']);
        let there = frame.now < frame.past.recorded;
        let words = if there { "Branch off here" } else { "Change now" };
        let clicked = labelled_button(ui, theme, ICON_TUNE, words, ready).clicked();
        if (clicked || entered) && ready {
            match Intervention::set(Time::ZERO, &branching.change) {
                Ok(intervention) => {
                    actions.push(Action::Run(Command::Intervene(intervention.what)));
                    branching.change.clear();
                    branching.wrong = None;
                }
                Err(why) => branching.wrong = Some(why),
            }
        }
        if let Some(why) = &branching.wrong {
            ui.label(RichText::new(why).size(theme.label).color(theme.bad));
        }
        let record = labelled_button(ui, theme, ICON_FIBER_MANUAL_RECORD, "Save recording", true);
        if record.on_hover_text("The scenario, its seed and all changes of this branch in one file, to be run again bit for bit").clicked()
        {
            actions.push(Action::SaveRecording);
        }
        let (bytes, number) = frame.past.memory;
        let mut budget = frame.past.budget >> 20;
        let drag = ui.add(DragValue::new(&mut budget).range(LEAST_MEMORY..=MOST_MEMORY).suffix(" MiB"));
        name_field(&drag, "Memory for checkpoints");
        if drag.on_hover_text("What checkpoints of this run may take: with more, moments are reached sooner").changed() {
            actions.push(Action::Memory(budget));
        }
        let hint = format!("{} taken by {}", figures::bytes(bytes as f64), figures::counted(number as u64, "checkpoint"));
        ui.label(muted(theme, hint).size(theme.label));
    });
}

/// Branches that left no other.
fn roots(branches: &[BranchInfo]) -> impl Iterator<Item = &BranchInfo> {
    branches.iter().filter(|branch| branch.parent.is_none())
}

/// A branch and those that left it.
fn tree(
    ui: &mut Ui,
    theme: &Theme,
    frame: &Frame,
    branch: &BranchInfo,
    depth: usize,
    branching: &mut Branching,
    actions: &mut Vec<Action>,
) {
    let here = branch.id == frame.past.branch;
    ui.horizontal(|ui| {
        ui.add_space(theme.px(space::L) * depth as f32);
        if let Some((id, name)) = branching.renaming.as_mut().filter(|(id, _)| *id == branch.id) {
            let field = ui.add(TextEdit::singleline(name).desired_width(theme.px(220.0)));
            name_field(&field, "Name of the branch");
            field.request_focus();
            if ui.input(|i| i.key_pressed(Key::Enter)) {
                actions.push(Action::Run(Command::Name(*id, name.clone())));
                branching.renaming = None;
            } else if ui.input(|i| i.key_pressed(Key::Escape)) {
                branching.renaming = None;
            }
        } else {
            let text = RichText::new(&branch.name).color(if here { theme.text } else { theme.muted });
            let response = ui.add(Button::selectable(here, text).min_size(vec2(theme.px(160.0), 0.0)));
            named_choice(&response, &format!("Branch {}", branch.name), here);
            if response.clicked() {
                actions.push(Action::Run(Command::Branch(branch.id)));
            }
            if icon_button(ui, theme, ICON_EDIT, "Rename the branch", "", true).clicked() {
                branching.renaming = Some((branch.id, branch.name.clone()));
            }
        }
        let recorded = if here { frame.past.recorded } else { branch.recorded };
        let from = branch.parent.map(|(_, at)| format!("from {} ", figures::seconds(at.seconds()))).unwrap_or_default();
        let changes = match branch.interventions.len() {
            0 => String::new(),
            n => format!(", {}", figures::counted(n as u64, "change")),
        };
        let words = format!("{from}to {}{changes}", figures::seconds(recorded.seconds()));
        ui.add(egui::Label::new(muted(theme, words).size(theme.label)).truncate());
    });
    for child in frame.past.branches.iter().filter(|b| b.parent.is_some_and(|(parent, _)| parent == branch.id)) {
        tree(ui, theme, frame, child, depth + 1, branching, actions);
    }
}
