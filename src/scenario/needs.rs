//! What a node must have for some of its figures to be there at all.

use super::broker::{BrokerKind, RabbitMq};
use super::document::{Consumer, Node, Producer, Scenario};
use super::handling::Scale;
use super::publishing::Publish;
use std::collections::BTreeSet;

/// Something that a node may have, and that brings figures with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A function as a service.
    Function,
    /// Instances that are added and taken away.
    Autoscale,
    /// Whether order matters or not.
    Order,
    /// The ids of what was handled.
    Inbox,
    /// A longest time for an attempt.
    Timeout,
    /// What is dropped at once.
    Shed,
    /// A circuit breaker.
    Breaker,
    /// A bucket of tokens for retries.
    Budget,
    /// A store that is written to together with publishing.
    Outbox,
    /// A projection.
    State,
    /// Parts that are joined.
    Join,
    /// Requests.
    Reply,
    /// Events that are published and confirmed.
    Confirmed,
    /// Events that come back if no queue gets them.
    Mandatory,
    /// A broker to publish to that holds its publishers back.
    Brake,
}

impl Need {
    /// That a node lacks it and what follows from that, and what to do about it.
    pub(super) fn lacking(self, node: &str) -> (String, String) {
        let (lacks, add) = match self {
            Need::Function => ("has no `scale: Serverless(...)`, so none of its instances starts cold", "add `scale: Serverless()` to it"),
            Need::Autoscale => (
                "has no `scale: Autoscale(...)`, so the number of its instances stays as it is",
                "add `scale: Autoscale(by: Lag(100))` to it",
            ),
            Need::Order => (
                "does not say whether it keeps order, so nobody counts what is out of it",
                "add `ordered: Free` or `ordered: PerKey` to it",
            ),
            Need::Inbox => ("has no `inbox`, so it skips nothing", "add `inbox: Inbox()` to it"),
            Need::Timeout => ("has no `timeout`, so no attempt takes too long", "add `timeout: \"2s\"` to it"),
            Need::Shed => ("has no `shed`, so it drops nothing at once", "add `shed: Shed(queue: 1000)` to it"),
            Need::Breaker => ("has no `breaker`, so none opens", "add `breaker: Breaker()` to it"),
            Need::Budget => ("has no budget for its retries, so none lacks a token", "add `budget: Budget()` to its `retry`"),
            Need::Outbox => ("stores nothing together with what it publishes", "add `outbox: Outbox(store: ...)` to it"),
            Need::State => ("has no `state`, so there is nothing to compare", "add `state: Projection(fold: Count)` to it"),
            Need::Join => ("has no `join`, so it waits for no parts", "add `join: Join(count: 2)` to it"),
            Need::Reply => ("makes no requests, so none is answered", "add `reply: Reply(to: \"broker/channel\")` to an `Emit` of it"),
            Need::Confirmed => ("publishes nothing that is confirmed", "let it publish with `publish: Confirmed()`"),
            Need::Mandatory => ("publishes nothing that is `mandatory`, so nothing comes back", "add `mandatory: true` to an `Emit` of it"),
            Need::Brake => {
                ("publishes to no broker that holds anybody back", "give its RabbitMq broker `memory`, or a queue of that a `rate`")
            }
        };
        (format!("`{node}` {lacks}"), format!("{add}, or leave this out"))
    }
}

/// What each node of a scenario has, in file order.
pub(super) fn met(scenario: &Scenario) -> Vec<BTreeSet<Need>> {
    let slows = |parts: &RabbitMq| parts.memory.is_some() || parts.queues.iter().any(|queue| queue.rate.is_some());
    let brake = |node: &Node| match node {
        Node::Broker(broker) => matches!(&broker.kind, BrokerKind::RabbitMq(parts) if slows(parts)),
        _ => false,
    };
    let brakes: BTreeSet<&str> = scenario.nodes.iter().filter(|node| brake(node)).map(Node::id).collect();
    let met = |node: &Node| match node {
        Node::Producer(it) => producer(it, &brakes),
        Node::Consumer(it) => consumer(it, &brakes),
        Node::Broker(_) | Node::Store(_) => BTreeSet::new(),
    };
    scenario.nodes.iter().map(met).collect()
}

fn producer(it: &Producer, brakes: &BTreeSet<&str>) -> BTreeSet<Need> {
    let has = [
        (Need::Reply, it.emits.iter().any(|emit| emit.reply.is_some())),
        (Need::Outbox, it.outbox.is_some() && !it.emits.is_empty()),
        (Need::Confirmed, it.publish != Publish::Forget && !it.emits.is_empty()),
        (Need::Mandatory, it.emits.iter().any(|emit| emit.mandatory)),
        (Need::Brake, it.emits.iter().any(|emit| leads(&emit.to, brakes))),
    ];
    chosen(&has)
}

fn consumer(it: &Consumer, brakes: &BTreeSet<&str>) -> BTreeSet<Need> {
    let has = [
        (Need::Function, matches!(it.scale, Some(Scale::Serverless { .. }))),
        (Need::Autoscale, matches!(it.scale, Some(Scale::Autoscale { .. }))),
        (Need::Order, it.ordered.is_some()),
        (Need::Inbox, it.inbox.is_some()),
        (Need::Timeout, it.timeout.is_some()),
        (Need::Shed, it.shed.is_some()),
        (Need::Breaker, it.breaker.is_some()),
        (Need::Budget, it.retry.as_ref().is_some_and(|retry| retry.budget.is_some())),
        (Need::Outbox, it.outbox.is_some() && !it.then.is_empty()),
        (Need::State, it.state.is_some()),
        (Need::Join, it.join.is_some()),
        (Need::Confirmed, it.publish != Publish::Forget && !it.then.is_empty()),
        (Need::Mandatory, it.then.iter().any(|then| then.mandatory)),
        (Need::Brake, it.then.iter().any(|then| leads(&then.to, brakes))),
    ];
    chosen(&has)
}

fn chosen(has: &[(Need, bool)]) -> BTreeSet<Need> {
    has.iter().filter(|(_, has)| *has).map(|(need, _)| *need).collect()
}

/// Whether a `broker/channel` is of one of these brokers.
fn leads(to: &str, brokers: &BTreeSet<&str>) -> bool {
    to.split_once('/').is_some_and(|(broker, _)| brokers.contains(broker))
}
