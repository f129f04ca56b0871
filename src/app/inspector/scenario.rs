//! The scenario's own settings: what concerns no single node.

use super::fields::{add, entry, flag, optional, quantity, removable, section, share, text, whole};
use super::{Inspected, shapes, title};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::document::{Event, Expect, Node};
use crate::scenario::pairs::Pairs;
use crate::scenario::shapes::Attribute;
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
    section(ui, theme, "Expectations");
    note(expectations(ui, input, s), "expectations");
    if let Some(label) = label.filter(|_| draft != *input.scenario) {
        actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(draft) }));
    }
}

/// Statements about the run that `tidemill check` tests.
fn expectations(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
    let theme = input.theme;
    let (mut done, mut gone) = (false, None);
    for (i, expect) in scenario.expect.iter_mut().enumerate() {
        let parse = |text: &str| if text.trim().is_empty() { Err("such as lost == 0".to_owned()) } else { Ok(text.trim().to_owned()) };
        let name = format!("expectation {}", i + 1);
        let (new, remove) = ui.push_id(("expect", i), |ui| removable(ui, theme, &name, &expect.0, &parse)).inner;
        if let Some(new) = new {
            expect.0 = new;
            done = true;
        }
        if remove {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        scenario.expect.remove(i);
    }
    let added = add(ui, theme, "Add expectation");
    if added {
        scenario.expect.push(Expect("lost == 0".to_owned()));
    }
    done || gone.is_some() || added
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
                    ui.label(muted(theme, format!("{name}: {}", in_words(attribute))).size(theme.label));
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

fn in_words(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Choice(weights) => {
            let choices: Vec<String> = weights.iter().map(|(text, weight)| format!("{text} ({weight})")).collect();
            choices.join(", ")
        }
        Attribute::Uniform(from, to) => format!("{from} to {to}, evenly spread"),
        Attribute::Whole(from, to) => format!("{from} to {to}, whole numbers"),
        Attribute::Text(text) => format!("always {text}"),
        Attribute::Number(number) => format!("always {number}"),
    }
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
