//! The types of events: name, size, key, attributes. Renaming one takes along everything that refers to it.

use super::fields::{add, entry, quantity, text};
use super::{Inspected, attributes, shapes};
use crate::scenario::Scenario;
use crate::scenario::document::{Event, Node};
use crate::scenario::pairs::Pairs;
use crate::scenario::units::Size;
use egui::Ui;

/// Draws the list; says whether anything changed.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
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
                done |= attributes::show(ui, theme, &mut event.attributes);
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
            Node::Broker(_) | Node::Store(_) => {}
            Node::Consumer(c) => c.then.iter_mut().for_each(|then| {
                follow(&mut then.event);
                then.on.iter_mut().for_each(follow);
            }),
        }
    }
}
