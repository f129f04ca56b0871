//! Branches: what can be changed on the way, the runs that came of it, and what differs between two of them.

use super::action::{Action, Selection};
use super::compare::{self, Comparing};
use super::kept::Changes;
use super::theme::{Theme, space};
use super::widgets::{bounded, icon_button, labelled_button, mark_wrong, muted, name_field, named, named_choice, prose};
use crate::figures;
use crate::run::branches::BranchInfo;
use crate::run::{Command, Frame};
use crate::scenario::intervention::Intervention;
use crate::scenario::plan::Role;
use crate::time::Time;
use egui::{Button, DragValue, Key, Label, RichText, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_EDIT, ICON_FIBER_MANUAL_RECORD, ICON_REPLAY, ICON_TUNE};

/// Least and most megabytes that checkpoints may be given.
const LEAST_MEMORY: usize = 16;
/// See [`LEAST_MEMORY`].
const MOST_MEMORY: usize = 65_536;
/// Least height of a comparison: its choices, the first difference and some lines of the table.
const COMPARISON: f32 = 240.0;

/// What is typed and chosen here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branching {
    /// A change, as PATH=VALUE. It stays until it is made.
    change: String,
    /// Why it cannot be.
    wrong: Option<String>,
    /// It was asked for, and nothing is known of it yet: the branch then, and how many changes that had.
    asked: Option<(u32, usize)>,
    /// The branch that is being renamed, and its new name.
    renaming: Option<(u32, String)>,
}

impl Branching {
    /// A change could not be made; `true` if it was the one that was asked for here.
    pub fn refused(&mut self, why: &str) -> bool {
        let here = self.asked.take().is_some();
        if here {
            self.wrong = Some(why.to_owned());
        }
        here
    }

    /// What was asked for leaves the field once the run has it.
    fn heed(&mut self, frame: &Frame) {
        if self.asked.is_some_and(|asked| asked != changes(frame)) {
            (self.asked, self.wrong) = (None, None);
            self.change.clear();
        }
    }
}

/// The branch that is shown, and how many changes it has.
fn changes(frame: &Frame) -> (u32, usize) {
    (frame.past.branch, frame.past.here().map_or(0, |branch| branch.interventions.len()))
}

/// What is shown here of runs.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The one that is under way.
    pub frame: Option<&'a Frame>,
    /// What was changed in those that are no more.
    pub kept: &'a [&'a Changes],
}

/// Draws the tab.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    shown: Shown<'_>,
    selection: &Selection,
    comparing: Comparing<'_>,
    branching: &mut Branching,
    actions: &mut Vec<Action>,
) {
    let Some(frame) = shown.frame else {
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
                    kept(ui, theme, shown.kept, actions);
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
    branching.heed(frame);
    ui.horizontal_wrapped(|ui| {
        let wrong = branching.wrong.is_some();
        let field = ui.scope(|ui| {
            if wrong {
                mark_wrong(ui, theme);
            }
            let field = TextEdit::singleline(&mut branching.change).hint_text(example(frame, selection));
            ui.add(field.desired_width(theme.px(260.0)))
        });
        let field = field.inner;
        name_field(&field, "Change on the way, as path=value");
        if field.changed() {
            (branching.wrong, branching.asked) = (None, None);
        }
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let ready = branching.change.contains(['=', '(']);
        let there = frame.now < frame.past.recorded;
        let words = if there { "Branch off here" } else { "Change now" };
        let clicked = labelled_button(ui, theme, ICON_TUNE, words, ready).clicked();
        if (clicked || entered) && ready {
            match Intervention::set(Time::ZERO, &branching.change) {
                Ok(intervention) => {
                    actions.push(Action::Run(Command::Intervene(intervention.what)));
                    (branching.asked, branching.wrong) = (Some(changes(frame)), None);
                }
                Err(why) => branching.wrong = Some(why),
            }
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
    if let Some(why) = &branching.wrong {
        ui.add(Label::new(prose(theme, why, theme.label, theme.bad)).wrap());
    }
}

/// A change that the run could take: of the selected node, or of the first that has such a setting.
fn example(frame: &Frame, selection: &Selection) -> String {
    let mut consumers = frame.plan.nodes.iter().filter(|node| matches!(node.role, Role::Consumer(_)));
    let selected = consumers.clone().find(|node| Some(node.name.as_str()) == selection.single());
    selected.or(consumers.next()).map_or("path=value".to_owned(), |node| format!("{}.instances=2", node.name))
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
            let width = (ui.available_width() * 0.5).max(theme.px(160.0));
            let button = Button::selectable(here, text).min_size(vec2(theme.px(160.0), 0.0));
            let response = bounded(ui, width, |ui| ui.add(button)).on_hover_text(&branch.name);
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
        ui.add(Label::new(muted(theme, words).size(theme.label)).truncate());
    });
    for child in frame.past.branches.iter().filter(|b| b.parent.is_some_and(|(parent, _)| parent == branch.id)) {
        tree(ui, theme, frame, child, depth + 1, branching, actions);
    }
}

/// What was changed before the scenario was edited.
fn kept(ui: &mut Ui, theme: &Theme, all: &[&Changes], actions: &mut Vec<Action>) {
    if all.is_empty() {
        return;
    }
    ui.add_space(theme.px(space::S));
    ui.label(muted(theme, "From before the edit, to be made again").size(theme.label));
    for changes in all {
        ui.horizontal(|ui| {
            let width = (ui.available_width() * 0.5).max(theme.px(160.0));
            let words = bounded(ui, width, |ui| labelled_button(ui, theme, ICON_REPLAY, &changes.name, true));
            let listed = changes.interventions.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            named(&words, &format!("Make again: {}", changes.name));
            if words.on_hover_text(format!("Makes these changes in the run of the scenario as it is now:\n{listed}")).clicked() {
                actions.push(changes.again());
            }
            if icon_button(ui, theme, ICON_CLOSE, &format!("Forget {}", changes.name), "", true).clicked() {
                actions.push(Action::Forget(changes.interventions.clone()));
            }
            let from = changes.interventions.first().map(|first| figures::seconds(first.time().seconds()));
            ui.add(Label::new(muted(theme, format!("from {}", from.unwrap_or_default())).size(theme.label)).truncate());
        });
    }
}
