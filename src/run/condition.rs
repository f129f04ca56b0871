//! What keeps nodes from working as usual, apart from faults: read off the run at one moment.

use super::frame::{BrokerView, Condition, NodeFigures};
use crate::engine::Simulation;
use crate::engine::broker::kafka::view::GroupView;
use crate::engine::care::State;
use crate::ids::{BrokerId, ConsumerId};
use crate::scenario::Plan;
use crate::scenario::handling::Scale;
use std::collections::BTreeSet;

/// Notes what each node's figures lack.
pub(super) fn note(simulation: &Simulation, brokers: &[BrokerView], nodes: &mut [NodeFigures]) {
    let plan = simulation.plan();
    for (id, broker) in brokers.iter().enumerate().map(|(i, broker)| (BrokerId::at(i), broker)) {
        match broker {
            BrokerView::Plain => {}
            BrokerView::Kafka(view) => {
                let named = |wanted: fn(&GroupView) -> bool| -> BTreeSet<&str> {
                    view.groups.iter().filter(|group| wanted(group)).map(|group| group.name.as_str()).collect()
                };
                let unsettled = named(GroupView::is_rebalancing);
                let stopped = named(|group| group.stopped > 0);
                for it in view.transactions.iter().filter(|it| it.error.is_some()) {
                    if let Some(node) = plan.node(&it.node) {
                        nodes[node.index()].condition = Some(Condition::Stopped);
                    }
                }
                if unsettled.is_empty() && stopped.is_empty() {
                    continue;
                }
                for read in plan.reads.iter().filter(|read| plan.outlets[read.outlet.index()].broker == id) {
                    let condition = match () {
                        () if unsettled.contains(read.group.as_str()) => Condition::Rebalancing,
                        () if stopped.contains(read.group.as_str()) => Condition::Stopped,
                        () => continue,
                    };
                    nodes[plan.consumers[read.consumer.index()].node.index()].condition = Some(condition);
                }
            }
            BrokerView::RabbitMq(view) if view.blocked => {
                nodes[plan.brokers[id.index()].node.index()].condition = Some(Condition::Throttled);
                for emitter in plan.emitters.iter().filter(|emitter| plan.channels[emitter.channel.index()].broker == id) {
                    nodes[emitter.node.index()].condition = Some(Condition::Throttled);
                }
            }
            BrokerView::RabbitMq(view) => {
                for publisher in view.publishers.iter().filter(|publisher| publisher.in_flow) {
                    if let Some(node) = plan.node(&publisher.node) {
                        nodes[node.index()].condition = Some(Condition::Throttled);
                    }
                }
            }
            BrokerView::EventBridge(view) => {
                if view.rules.iter().any(|rule| rule.throttled_until > simulation.now()) {
                    nodes[plan.brokers[id.index()].node.index()].condition = Some(Condition::Throttled);
                }
            }
        }
    }
    for (i, consumer) in plan.consumers.iter().enumerate() {
        let figures = &mut nodes[consumer.node.index()];
        if let Some(own) = of_consumer(simulation, plan, ConsumerId::at(i), figures) {
            figures.condition = Some(own);
        }
    }
}

fn of_consumer(simulation: &Simulation, plan: &Plan, id: ConsumerId, figures: &NodeFigures) -> Option<Condition> {
    match simulation.breaker(id) {
        Some(State::Open) => return Some(Condition::BreakerOpen),
        Some(State::HalfOpen) => return Some(Condition::BreakerHalfOpen),
        Some(State::Closed) | None => {}
    }
    match &plan.consumers[id.index()].handling.scale {
        Some(Scale::Serverless { limit, .. }) if figures.busy >= *limit => {
            (figures.lag > u64::from(figures.busy)).then_some(Condition::Throttled)
        }
        Some(Scale::Serverless { .. }) => (figures.busy == 0 && simulation.warm(id) == 0).then_some(Condition::Cold),
        Some(Scale::Autoscale { .. }) => Some(simulation.starting(id)).filter(|n| *n > 0).map(Condition::Starting),
        None => None,
    }
}
