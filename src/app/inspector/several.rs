//! Several nodes at once: what they have in common, changed for all of them in one step.

use super::fields::{count, fixed, optional, section, share};
use super::{Inspected, Tag, shapes, title};
use crate::app::action::{Action, Arrange, OnCanvas};
use crate::app::edit::Edit;
use crate::app::theme::space;
use crate::app::widgets::muted;
use crate::figures;
use crate::scenario::document::{Consumer, Node, Producer};
use egui::Ui;

/// Draws the fields.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let chosen: Vec<&Node> = input.scenario.nodes.iter().filter(|n| input.selection.nodes.contains(n.id())).collect();
    title(ui, theme, &format!("{} nodes", chosen.len()), "");
    ui.label(muted(theme, chosen.iter().map(|n| n.id()).collect::<Vec<_>>().join(", ")).size(theme.label));
    section(ui, theme, "In order");
    ui.scope(|ui| {
        // Before the first line begins: it decides how high lines are.
        ui.spacing_mut().item_spacing = egui::vec2(theme.px(space::XS), theme.px(space::XS));
        ui.spacing_mut().interact_size.y = theme.label * 1.5;
        ui.horizontal_wrapped(|ui| {
            for (how, name) in Arrange::ALL {
                if ui.small_button(name).clicked() {
                    actions.push(Action::Canvas(OnCanvas::Arrange(how)));
                }
            }
        });
    });
    let mut next = input.scenario.clone();
    let mut label = None;
    let mut note = |changed: bool, what: &str| {
        if changed && label.is_none() {
            label = Some(format!("Change {what} of {} nodes", chosen.len()));
        }
        changed
    };
    section(ui, theme, "All of them");
    let help = "A change makes all of them alike in this";
    let mut zone = chosen.first().and_then(|n| n.zone()).map(|z| Tag(z.to_owned()));
    if note(fixed(ui, |ui| optional(ui, theme, "Zone", help, "none", &mut zone)), "zone") {
        each(&mut next, input, |n| *n.zone_mut() = zone.as_ref().map(|z| z.0.clone()));
    }
    let consumers: Vec<&Consumer> = chosen.iter().filter_map(|n| if let Node::Consumer(c) = n { Some(c) } else { None }).collect();
    if let Some(first) = consumers.first() {
        section(ui, theme, &figures::counted(consumers.len() as u64, "consumer"));
        let mut draft = (*first).clone();
        let set = |next: &mut crate::scenario::Scenario, change: &dyn Fn(&mut Consumer)| {
            each(next, input, |n| {
                if let Node::Consumer(c) = n {
                    change(c);
                }
            });
        };
        let differ = |same: &dyn Fn(&Consumer) -> bool| if consumers.iter().all(|c| same(c)) { "" } else { " (differ)" };
        let name = format!("Instances{}", differ(&|c| c.instances == first.instances));
        if note(count(ui, theme, &name, help, &mut draft.instances, 1..=100_000), "instances") {
            set(&mut next, &|c| c.instances = draft.instances);
        }
        let name = format!("Threads{}", differ(&|c| c.threads == first.threads));
        if note(count(ui, theme, &name, help, &mut draft.threads, 1..=100_000), "threads") {
            set(&mut next, &|c| c.threads = draft.threads);
        }
        let name = format!("Time{}", differ(&|c| c.handle.time == first.handle.time));
        if note(shapes::times(ui, theme, &name, "Time one event takes", &mut draft.handle.time), "handling time") {
            set(&mut next, &|c| c.handle.time = draft.handle.time.clone());
        }
        let name = format!("Fails{}", differ(&|c| c.handle.fails == first.handle.fails));
        if note(share(ui, theme, &name, "Share of attempts that fail", &mut draft.handle.fails), "failures") {
            set(&mut next, &|c| c.handle.fails = draft.handle.fails);
        }
    }
    let producers: Vec<&Producer> = chosen.iter().filter_map(|n| if let Node::Producer(p) = n { Some(p) } else { None }).collect();
    if let Some(emit) = producers.iter().find_map(|p| p.emits.first()) {
        section(ui, theme, &figures::counted(producers.len() as u64, "producer"));
        let mut arrivals = emit.arrivals.clone();
        if note(shapes::arrivals(ui, theme, &mut arrivals), "arrivals") {
            each(&mut next, input, |n| {
                if let Node::Producer(p) = n {
                    p.emits.iter_mut().for_each(|e| e.arrivals = arrivals.clone());
                }
            });
        }
    }
    if let Some(label) = label {
        actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }));
    }
}

fn each(scenario: &mut crate::scenario::Scenario, input: &Inspected<'_>, change: impl FnMut(&mut Node)) {
    scenario.nodes.iter_mut().filter(|n| input.selection.nodes.contains(n.id())).for_each(change);
}
