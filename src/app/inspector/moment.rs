//! When changes made in the inspector hold: from the start of the run, which is a change of the scenario, or from the moment that is
//! shown on, which is an intervention. Then the fields show what holds at that moment, and what they change is said in assignments.

use super::Inspected;
use super::fields::{is_from_now, set_from_now};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{icon_button, labelled_button, muted, named_choice};
use crate::figures;
use crate::run::Frame;
use crate::scenario::assign::assignments;
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::{self, Scenario, check, read, set};
use crate::time::Time;
use egui::{Align, Button, Layout, RichText, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_BLOCK, ICON_CLOSE, ICON_RESTART_ALT};
use std::sync::Arc;

/// What the inspector remembers of it.
#[derive(Debug, Default)]
pub struct Moment {
    /// Whether changes are wanted from now on.
    now: bool,
    /// A change that cannot be made on the way: why, and what would make it from the start.
    refused: Option<(String, Edit)>,
    /// The scenario with what was changed on the way, and what it was made from.
    shown: Option<(u64, Vec<Intervention>, Arc<Scenario>)>,
}

/// The run, if changes can be made on the way.
fn running<'a>(input: &Inspected<'a>) -> Option<&'a Frame> {
    input.frame.filter(|frame| input.runnable && frame.now > Time::ZERO)
}

/// What was set on the way up to the moment that is shown.
fn in_effect(frame: &Frame) -> impl Iterator<Item = &Intervention> {
    let all = frame.past.here().map_or(&[][..], |branch| &branch.interventions);
    all.iter().filter(|change| matches!(change.what, What::Set { .. }) && change.time() <= frame.now)
}

impl Moment {
    /// Draws the switch, and says what the last change came to.
    pub(super) fn switch(&mut self, ui: &mut Ui, input: &Inspected<'_>, actions: &mut Vec<Action>) {
        let theme = input.theme;
        let Some(frame) = running(input) else {
            set_from_now(ui.ctx(), false);
            self.refused = None;
            return;
        };
        let edge = Stroke::new(theme.stroke, theme.line);
        let both = egui::Frame::new().stroke(edge).corner_radius(space::RADIUS).inner_margin(theme.px(2.0));
        both.show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme.px(space::XS);
                // As wide as the fields below, which leave room for their scroll bar.
                let width = (ui.available_width() - theme.px(space::XS + space::S)) / 2.0 - theme.px(1.0);
                let at = figures::seconds(frame.now.seconds());
                let words = [
                    (false, "From the start".to_owned(), "Changes the scenario: the run begins anew with it"),
                    (
                        true,
                        format!("From now, {at}"),
                        "Changes the run at this moment: the scenario stays as it is, and the change is recorded",
                    ),
                ];
                for (now, words, help) in words {
                    let on = self.now == now;
                    let text = RichText::new(&words).size(theme.label).color(if on { theme.text } else { theme.muted });
                    let response = ui.add(Button::selectable(on, text).min_size(vec2(width, theme.px(size::CONTROL - space::XS))));
                    named_choice(&response, if now { "Changes apply from now" } else { "Changes apply from the start" }, on);
                    if response.on_hover_text(help).clicked() {
                        (self.now, self.refused) = (now, None);
                    }
                }
            })
        });
        set_from_now(ui.ctx(), self.now);
        if self.now && frame.now < frame.past.recorded {
            ui.label(muted(theme, "A change here begins a new branch; what was simulated after it is kept").size(theme.label));
        }
        self.refusal(ui, theme, actions);
        changed(ui, input, frame);
    }

    fn refusal(&mut self, ui: &mut Ui, theme: &Theme, actions: &mut Vec<Action>) {
        let Some((why, edit)) = &self.refused else { return };
        let (mut gone, mut anew) = (false, false);
        egui::Frame::new().fill(theme.wash(theme.warn, 0.14)).corner_radius(space::RADIUS).inner_margin(theme.px(space::S)).show(
            ui,
            |ui| {
                ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                    gone = icon_button(ui, theme, ICON_CLOSE, "Dismiss", "", true).clicked();
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        ui.horizontal_top(|ui| {
                            ui.label(ICON_BLOCK.rich_text().size(theme.body).color(theme.warn));
                            ui.add(egui::Label::new(RichText::new(why).size(theme.label)).wrap());
                        });
                        anew = labelled_button(ui, theme, ICON_RESTART_ALT, "Change from the start", true).clicked();
                    });
                });
            },
        );
        if anew {
            actions.push(Action::Edit(edit.clone()));
        }
        if gone || anew {
            self.refused = None;
        }
    }

    /// The scenario that the fields show.
    pub(super) fn scenario(&mut self, ui: &Ui, input: &Inspected<'_>) -> Option<Arc<Scenario>> {
        let frame = running(input).filter(|_| is_from_now(ui.ctx()))?;
        let changes: Vec<Intervention> = in_effect(frame).cloned().collect();
        let known = self.shown.take().filter(|(revision, made, _)| *revision == input.revision && *made == changes);
        let shown = known.unwrap_or_else(|| {
            let scenario = after(input.scenario, changes.iter().map(|change| &change.what)).unwrap_or_else(|| input.scenario.clone());
            (input.revision, changes, Arc::new(scenario))
        });
        let scenario = Arc::clone(&shown.2);
        self.shown = Some(shown);
        Some(scenario)
    }

    /// Makes an edit of what the fields show a change from now on, or says why it cannot be one.
    pub(super) fn turn(&mut self, input: &Inspected<'_>, shown: &Scenario, edit: Edit, actions: &mut Vec<Action>) {
        let mut next = shown.clone();
        if let Err(why) = edit.apply(&mut next) {
            return actions.push(Action::Complain(why));
        }
        let what: Vec<What> = assignments(shown, &next).into_iter().map(|(path, value)| What::Set { path, value }).collect();
        if what.is_empty() {
            return;
        }
        match possible(input, &next) {
            Ok(()) => {
                self.refused = None;
                actions.push(Action::FromNow(what));
            }
            Err(why) => {
                let anew = after(input.scenario, what.iter());
                let edit = anew.map_or(edit.clone(), |scenario| Edit::SetScenario { label: edit.label(), scenario: Box::new(scenario) });
                self.refused = Some((why, edit));
            }
        }
    }
}

/// Whether the run can go on as this scenario says.
fn possible(input: &Inspected<'_>, next: &Scenario) -> Result<(), String> {
    let Some(frame) = input.frame else { return Err("nothing runs".to_owned()) };
    let plan = match check(next, input.files) {
        Ok((plan, _)) => plan,
        Err(findings) => {
            return Err(findings.into_iter().find(|f| f.severity == scenario::Severity::Error).map_or_else(String::new, |f| f.message));
        }
    };
    let said = frame.plan.adoptable(&plan);
    said.map_err(|why| {
        let mut letters = why.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    })
}

/// A scenario after changes on the way.
fn after<'w>(scenario: &Scenario, changes: impl Iterator<Item = &'w What>) -> Option<Scenario> {
    let mut text = scenario::write(scenario);
    for change in changes {
        if let What::Set { path, value } = change {
            text = set(&text, &format!("{path}={value}")).ok()?;
        }
    }
    read(&text, "").ok()
}

/// What was changed on the way in what is selected, the latest last.
fn changed(ui: &mut Ui, input: &Inspected<'_>, frame: &Frame) {
    const MOST: usize = 3;
    let of_selected = |path: &str| match input.selection.single() {
        Some(id) => path.strip_prefix(id).is_some_and(|rest| rest.starts_with(['.', '['])),
        None => true,
    };
    let lines: Vec<String> = in_effect(frame)
        .filter_map(|change| match &change.what {
            What::Set { path, value } if of_selected(path) => {
                let short = input.selection.single().map_or(path.as_str(), |id| path[id.len()..].trim_start_matches('.'));
                Some(format!("{short} = {value} since {}", figures::seconds(change.at.seconds())))
            }
            _ => None,
        })
        .collect();
    for line in lines.iter().skip(lines.len().saturating_sub(MOST)) {
        let text = RichText::new(line).size(input.theme.label).color(input.theme.accent);
        ui.add(egui::Label::new(text).truncate()).on_hover_text(format!("Changed on the way: {line}"));
    }
}
