//! Publishing: quantities of confirmations.

use super::Findings;
use super::names::Names;
use crate::ids::NodeId;
use crate::scenario::document::{Node, Scenario};
use crate::scenario::publishing::Publish;
use crate::time::Span;

/// Looks at how every node publishes.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let (id, publish) = match node {
            Node::Producer(producer) => (NodeId::at(i), &producer.publish),
            Node::Consumer(consumer) => (NodeId::at(i), &consumer.publish),
            Node::Broker(_) => continue,
        };
        let Publish::Confirmed { timeout, window, .. } = publish else { continue };
        if *timeout == Span::ZERO {
            findings.error_help(
                names.at(id, "publish.timeout"),
                "a time-out of 0 sends again before any confirmation can come",
                "make it longer than the way to the broker and back, such as `\"1s\"`",
            );
        }
        if *window == 0 {
            findings.error(names.at(id, "publish.window"), "a window of 0 never lets an event set out");
        }
    }
}
