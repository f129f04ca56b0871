//! Stores, the calls to them, and what ties them to publishing.

use super::Findings;
use super::names::Names;
use super::numbers::times;
use crate::ids::NodeId;
use crate::scenario::document::{Node, Scenario};
use crate::scenario::names::listed;
use crate::scenario::publishing::Outbox;
use crate::scenario::store::{Call, Store};
use crate::time::Span;
use std::collections::BTreeSet;

/// Most connections of one store.
const MOST_CONNECTIONS: u32 = 1_000_000;

/// Looks at every store and at everything that names one.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    let mut called: BTreeSet<NodeId> = BTreeSet::new();
    for (i, node) in scenario.nodes.iter().enumerate() {
        let id = NodeId::at(i);
        let (calls, outbox): (&[Call], _) = match node {
            Node::Producer(producer) => (&producer.calls, &producer.outbox),
            Node::Consumer(consumer) => (&consumer.calls, &consumer.outbox),
            Node::Broker(_) | Node::Store(_) => continue,
        };
        for (n, call) in calls.iter().enumerate() {
            let path = names.at(id, &format!("calls[{n}]"));
            called.extend(store(scenario, names, &call.store, format!("{path}.store"), findings));
            if call.timeout == Some(Span::ZERO) {
                findings.error_help(
                    format!("{path}.timeout"),
                    "a time-out of 0 gives up before any answer can come",
                    "leave it out to wait as long as it takes",
                );
            }
        }
        if let Some(outbox) = outbox {
            called.extend(store(scenario, names, outbox.store(), names.at(id, "outbox.store"), findings));
            look_at_outbox(node, outbox, &names.at(id, "outbox"), findings);
        }
    }
    for (i, node) in scenario.nodes.iter().enumerate() {
        let Node::Store(store) = node else { continue };
        look_at_store(store, names, NodeId::at(i), findings);
        if !called.contains(&NodeId::at(i)) && !findings.has_errors() {
            findings.warning(
                names.node_paths[i].clone(),
                format!("nobody calls the store `{}`", store.id),
                format!("let a consumer or producer call it: `calls: [Call(store: \"{}\")]`", store.id),
            );
        }
    }
}

/// The store of that name, or what is wrong with the name.
fn store(scenario: &Scenario, names: &Names<'_>, name: &str, path: String, findings: &mut Findings) -> Option<NodeId> {
    let stores = || scenario.nodes.iter().filter(|node| matches!(node, Node::Store(_))).map(Node::id);
    match names.nodes.get(name).map(|id| (*id, &scenario.nodes[id.index()])) {
        Some((id, Node::Store(_))) => return Some(id),
        Some((_, other)) => {
            let help = if stores().next().is_some() { format!("the stores are {}", listed(stores())) } else { declare(name) };
            findings.error_help(path, format!("`{name}` is a {}, not a store", other.role()), help);
        }
        None => {
            let help = findings.suggest.did_you_mean(name, stores()).unwrap_or_else(|| declare(name));
            findings.error_help(path, format!("there is no store `{name}`"), help);
        }
    }
    None
}

fn declare(name: &str) -> String {
    format!("add one to the nodes: `Store(id: \"{name}\")`")
}

fn look_at_store(store: &Store, names: &Names<'_>, id: NodeId, findings: &mut Findings) {
    if store.connections == 0 {
        findings.error(names.at(id, "connections"), format!("`{}` has no connections, so no call would ever be served", store.id));
    } else if store.connections > MOST_CONNECTIONS {
        let message = format!("{} connections are more than {MOST_CONNECTIONS}", store.connections);
        findings.error(names.at(id, "connections"), message);
    }
    times(&store.time, &names.at(id, "time"), findings);
}

fn look_at_outbox(node: &Node, outbox: &Outbox, path: &str, findings: &mut Findings) {
    if let Outbox::Outbox { poll, batch, .. } = outbox {
        if *batch == 0 {
            findings.error(format!("{path}.batch"), "a batch of 0 never publishes anything");
        }
        if *poll == Span::ZERO {
            findings.error_help(
                format!("{path}.poll"),
                "a relay that does not rest polls without end at one moment",
                "give it some time, such as `\"100ms\"`",
            );
        }
    }
    if let Node::Consumer(consumer) = node
        && consumer.then.is_empty()
    {
        let message = format!("`{}` emits nothing when it has handled an event: there is nothing to tie to its writes", consumer.id);
        findings.warning(path, message, "add an `Emit` to its `then`, or write `calls` instead");
    }
}
