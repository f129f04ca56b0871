//! A store, and what nodes say about stores: the calls they make, and what ties their writes to what they publish.

use super::Inspected;
use super::fields::{add, choice, count, entry, name_of, optional, quantity, section, share};
use super::shapes;
use crate::app::theme::Theme;
use crate::scenario::Scenario;
use crate::scenario::document::Node;
use crate::scenario::publishing::{First, Outbox};
use crate::scenario::store::{Call, Store};
use egui::Ui;

/// Draws the fields of a store.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, store: &mut Store) {
    let theme = input.theme;
    count(ui, theme, "Connections", "Calls it serves at a time; others wait", &mut store.connections, 1..=1_000_000);
    shapes::times(ui, theme, "Time", "Time one call takes once it has a connection", &mut store.time);
    share(ui, theme, "Fails", "Share of calls that fail", &mut store.fails);
}

/// Draws the calls that a node makes, and its outbox.
pub fn calls(ui: &mut Ui, input: &Inspected<'_>, calls: &mut Vec<Call>, outbox: &mut Option<Outbox>) {
    let (theme, stores) = (input.theme, stores(input.scenario));
    if stores.is_empty() && calls.is_empty() && outbox.is_none() {
        return;
    }
    section(ui, theme, "Calls");
    let mut gone = None;
    for (i, call) in calls.iter_mut().enumerate() {
        ui.push_id(("call", i), |ui| {
            let fields = |ui: &mut Ui| {
                name_of(ui, theme, "Store", "Which store is called", &stores, &mut call.store);
                optional(ui, theme, "Timeout", "How long the answer is waited for", "as long as it takes", &mut call.timeout);
            };
            if entry(ui, theme, &format!("call {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        calls.remove(i);
    }
    if add(ui, theme, "Add call") {
        calls.push(Call { store: stores.first().cloned().unwrap_or_default(), timeout: None });
    }
    ui.push_id("outbox", |ui| tied(ui, theme, &stores, outbox));
}

/// What ties a write to publishing.
fn tied(ui: &mut Ui, theme: &Theme, stores: &[String], outbox: &mut Option<Outbox>) {
    let at = match outbox {
        None => 0,
        Some(Outbox::Outbox { .. }) => 1,
        Some(Outbox::DualWrite { .. }) => 2,
    };
    let help = "Whether it writes to a store as well as it publishes: in one transaction, or one after the other";
    if let Some(picked) = choice(ui, theme, "Writes", help, &["Nothing", "Outbox", "Dual write"], at) {
        let store = outbox.as_ref().map(|o| o.store().to_owned()).or(stores.first().cloned()).unwrap_or_default();
        *outbox = match picked {
            0 => None,
            1 => Some(Outbox::transactional(&store)),
            _ => Some(Outbox::DualWrite { store, first: First::Store }),
        };
    }
    let Some(outbox) = outbox else { return };
    name_of(ui, theme, "To store", "Which store is written to", stores, outbox.store_mut());
    match outbox {
        Outbox::Outbox { poll, batch, .. } => {
            quantity(ui, theme, "Poll", "How long the relay rests when it has found nothing more", poll);
            count(ui, theme, "Batch", "Most events the relay takes at a time", batch, 1..=1_000_000);
        }
        Outbox::DualWrite { first, .. } => {
            let help = "What a crash in between does: with the store first it loses an event, with the broker first it invents one";
            let at = usize::from(*first == First::Broker);
            if let Some(picked) = choice(ui, theme, "First", help, &["Store", "Broker"], at) {
                *first = if picked == 0 { First::Store } else { First::Broker };
            }
        }
    }
}

fn stores(scenario: &Scenario) -> Vec<String> {
    scenario.nodes.iter().filter(|node| matches!(node, Node::Store(_))).map(|node| node.id().to_owned()).collect()
}
