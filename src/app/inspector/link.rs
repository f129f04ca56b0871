//! The link under a selected connection: what differs on it from the rest of the network.

use super::Inspected;
use super::fields::{choice, flag, optional, section};
use super::shapes;
use crate::app::action::{Action, Connection};
use crate::app::edit::Edit;
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Link, Node};
use egui::Ui;

/// Draws the fields; a link that differs in nothing any more leaves the file.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, connection: &Connection, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let Some((node, broker)) = ends(input.scenario, connection) else { return };
    if node == broker {
        ui.label(muted(theme, "From bus to bus within one broker: no network in between").size(theme.label));
        return;
    }
    section(ui, theme, "Link");
    let here = |l: &Link| (l.between.0 == node && l.between.1 == broker) || (l.between.0 == broker && l.between.1 == node);
    let known = input.scenario.links.iter().position(here);
    let plain =
        || Link { between: (node.clone(), broker.clone()), latency: None, loss: None, duplication: None, bandwidth: None, ordered: None };
    let before = known.and_then(|i| input.scenario.links.get(i).cloned()).unwrap_or_else(plain);
    let mut link = before.clone();
    ui.label(muted(theme, format!("Between {node} and {broker}, in both directions")).size(theme.label));
    ui.push_id("link", |ui| {
        let mut own = link.latency.is_some();
        if flag(ui, theme, "Own latency", "Another latency than the scenario's network has", &mut own) {
            link.latency = own.then(|| input.scenario.network.latency.clone());
        }
        if let Some(latency) = &mut link.latency {
            shapes::times(ui, theme, "Latency", "Time an event travels, one way", latency);
        }
        const AS_ELSEWHERE: &str = "as the network";
        optional(ui, theme, "Loss", "Share of events that never arrive", AS_ELSEWHERE, &mut link.loss);
        optional(ui, theme, "Duplicates", "Share of events that arrive twice", AS_ELSEWHERE, &mut link.duplication);
        optional(ui, theme, "Bandwidth", "Bytes per second; events queue for it", AS_ELSEWHERE, &mut link.bandwidth);
        let orders = [None, Some(true), Some(false)];
        let at = orders.iter().position(|o| *o == link.ordered).unwrap_or(0);
        let help = "Whether events arrive in the order they were sent, as on one connection";
        if let Some(picked) = choice(ui, theme, "In order", help, &[AS_ELSEWHERE, "yes", "no"], at) {
            link.ordered = orders[picked];
        }
    });
    if link == before {
        return;
    }
    let mut next = input.scenario.clone();
    match known {
        Some(i) if link == plain() => {
            next.links.remove(i);
        }
        Some(i) => next.links[i] = link,
        None => next.links.push(link),
    }
    let label = format!("Change link between {node} and {broker}");
    actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }));
}

/// The node and the broker that a connection is between.
pub fn ends(scenario: &Scenario, connection: &Connection) -> Option<(String, String)> {
    let node = |id: &str| scenario.nodes.iter().find(|n| n.id() == id);
    let (id, end) = match connection {
        Connection::Emit { producer, index } => match node(producer)? {
            Node::Producer(p) => (producer, &p.emits.get(*index)?.to),
            _ => return None,
        },
        Connection::Read { consumer, index } => match node(consumer)? {
            Node::Consumer(c) => (consumer, &c.reads.get(*index)?.from),
            _ => return None,
        },
        Connection::Call { node: caller, index } => match node(caller)? {
            Node::Producer(p) => (caller, &p.calls.get(*index)?.store),
            Node::Consumer(c) => (caller, &c.calls.get(*index)?.store),
            Node::Broker(_) | Node::Store(_) => return None,
        },
        Connection::Then { consumer, index } => match node(consumer)? {
            Node::Consumer(c) => (consumer, &c.then.get(*index)?.to),
            _ => return None,
        },
        Connection::Forward { broker, index } => {
            let Node::Broker(Broker { kind: BrokerKind::EventBridge(parts), .. }) = node(broker)? else { return None };
            let to = parts.rules.get(*index)?.forward.as_ref()?;
            if !to.contains('/') {
                return Some((broker.clone(), broker.clone()));
            }
            (broker, to)
        }
    };
    Some((id.clone(), end.split('/').next()?.to_owned()))
}
