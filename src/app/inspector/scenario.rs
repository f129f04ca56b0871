//! The scenario's own settings: what concerns no single node.

use super::fields::{add, entry, flag, optional, quantity, section, share, text, whole};
use super::{Inspected, shapes, title};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::document::{Event, Node};
use crate::scenario::pairs::Pairs;
use crate::scenario::units::Size;
use egui::Ui;

/// Draws the fields; what changes first gives the edit its name.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let mut draft = input.scenario.clone();
    let s = &mut draft;
    title(ui, theme, "Scenario", "");
    let mut label = None;
    let mut note = |changed: bool, what: &str| {
        if changed && label.is_none() {
            label = Some(format!("Change {what}"));
        }
    };
    let named = |name: &str| name.is_empty().then(|| "a scenario needs a name".to_owned());
    note(text(ui, theme, "Name", "Title", &mut s.name, named), "name");
    note(text(ui, theme, "About", "One or two sentences on what it shows", &mut s.about, |_| None), "description");
    section(ui, theme, "Run");
    note(whole(ui, theme, "Seed", "Where all randomness comes from: the same seed, the same run", &mut s.seed, 0..=u64::MAX), "seed");
    note(quantity(ui, theme, "Duration", "Virtual length of the run", &mut s.duration), "duration");
    note(quantity(ui, theme, "Warm-up", "Means and percentiles start after this", &mut s.warmup), "warm-up");
    section(ui, theme, "Network");
    ui.push_id("network", |ui| {
        note(shapes::times(ui, theme, "Latency", "Time an event travels, one way", &mut s.network.latency), "network latency");
        note(share(ui, theme, "Loss", "Share of events that never arrive", &mut s.network.loss), "network loss");
        note(share(ui, theme, "Duplicates", "Share of events that arrive twice", &mut s.network.duplication), "network duplication");
        let help = "Bytes per second each link carries; events queue for it";
        note(optional(ui, theme, "Bandwidth", help, "without limit", &mut s.network.bandwidth), "network bandwidth");
        note(
            flag(ui, theme, "In order", "Events arrive in the order they were sent, as on one connection", &mut s.network.ordered),
            "network order",
        );
    });
    section(ui, theme, "Event types");
    note(events(ui, input, s), "event types");
    if !s.expect.is_empty() {
        section(ui, theme, "Expectations");
        for expect in &s.expect {
            ui.label(muted(theme, &expect.0).monospace().size(theme.label));
        }
    }
    if let Some(label) = label.filter(|_| draft != *input.scenario) {
        actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(draft) }));
    }
}

fn events(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
    let theme = input.theme;
    let mut done = false;
    let mut gone = None;
    let mut renamed = None;
    let names: Vec<String> = scenario.events.iter().map(|e| e.name.clone()).collect();
    for (i, event) in scenario.events.iter_mut().enumerate() {
        ui.push_id(("event", i), |ui| {
            let fields = |ui: &mut Ui| {
                let wrong = |name: &str| match name {
                    "" => Some("an event type needs a name".to_owned()),
                    _ if names.iter().enumerate().any(|(j, n)| j != i && n == name) => Some(format!("there is another `{name}`")),
                    _ => None,
                };
                if text(ui, theme, "Name", "As in OrderCreated; everything that refers to it follows", &mut event.name, wrong) {
                    renamed = Some((names[i].clone(), event.name.clone()));
                    done = true;
                }
                done |= quantity(ui, theme, "Size", "Bytes on the wire", &mut event.size);
                done |= shapes::key(ui, theme, &mut event.key);
                for (name, attribute) in event.attributes.iter() {
                    ui.label(muted(theme, format!("{name}: {attribute:?}")).size(theme.label));
                }
            };
            if entry(ui, theme, &format!("type {}", names[i]), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some((from, to)) = renamed {
        rename(scenario, &from, &to);
    }
    if let Some(i) = gone {
        scenario.events.remove(i);
        done = true;
    }
    if add(ui, theme, "Add event type") {
        let name = (1..).map(|n| format!("Event{n}")).find(|name| !names.contains(name)).unwrap_or_default();
        scenario.events.push(Event { name, size: Size(1024), key: None, attributes: Pairs::default() });
        done = true;
    }
    done
}

/// Gives everything that refers to an event type the new name.
fn rename(scenario: &mut Scenario, from: &str, to: &str) {
    let follow = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    for node in &mut scenario.nodes {
        match node {
            Node::Producer(p) => p.emits.iter_mut().filter_map(|e| e.event.as_mut()).for_each(follow),
            Node::Broker(_) => {}
            Node::Consumer(c) => c.then.iter_mut().for_each(|then| {
                follow(&mut then.event);
                then.on.iter_mut().for_each(follow);
            }),
        }
    }
}
