//! Looking out for what happens to something.

use crate::engine::{Observation, Observer};
use crate::ids::NodeId;
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;

/// The node at which something happens; none if it is no node's.
pub fn place(plan: &Plan, what: &Observation<'_>) -> Option<NodeId> {
    let broker = |broker: crate::ids::BrokerId| plan.brokers[broker.index()].node;
    let consumer = |consumer: crate::ids::ConsumerId| plan.consumers[consumer.index()].node;
    Some(match *what {
        Observation::Published { emitter, .. } => plan.emitters[emitter.index()].node,
        Observation::Sent { link, .. } | Observation::LostOnLink { link, .. } => plan.links[link.index()].from,
        Observation::Accepted { channel, .. }
        | Observation::Unroutable { channel, .. }
        | Observation::Refused { channel, .. }
        | Observation::GivenUp { channel, .. } => broker(plan.channels[channel.index()].broker),
        Observation::Routed { outlet, .. } | Observation::Leaves { outlet, .. } | Observation::Ended { outlet, .. } => {
            broker(plan.outlets[outlet.index()].broker)
        }
        Observation::Broker { broker: id, .. } => broker(id),
        Observation::Delivered { consumer: id, .. }
        | Observation::Acked { consumer: id, .. }
        | Observation::Failed { consumer: id, .. }
        | Observation::Interrupted { consumer: id, .. } => consumer(id),
        // Faults strike several nodes; where an event waits, at its broker or its consumer, is not said.
        _ => return None,
    })
}

/// Sees whether anything happens at some nodes.
#[derive(Debug)]
pub struct Watch {
    plan: Arc<Plan>,
    nodes: Vec<NodeId>,
    /// Whether something did, since this was last cleared.
    pub seen: bool,
}

impl Watch {
    /// For these nodes; for all if there are none.
    pub fn new(plan: &Arc<Plan>, nodes: Vec<NodeId>) -> Watch {
        Watch { plan: Arc::clone(plan), nodes, seen: false }
    }
}

impl Observer for Watch {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        self.seen |= self.nodes.is_empty() || place(&self.plan, what).is_some_and(|node| self.nodes.contains(&node));
    }
}
