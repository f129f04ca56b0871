//! What happens, in words.

use crate::engine::care::State;
use crate::engine::observe::StoreNote;
use crate::engine::{AfterFailure, Note, Observation};
use crate::figures;
use crate::ids::{ChannelId, ConsumerId, EventId, LinkId, OutletId, TypeId};
use crate::scenario::Plan;
use crate::scenario::broker::BrokerKind;
use crate::scenario::expect::Quantity;

/// A figure with its unit: seconds, events per second, a fraction or a count.
pub fn figure(value: f64, quantity: Quantity) -> String {
    match quantity {
        Quantity::Count if value >= 0.0 && value.fract() == 0.0 => figures::count(value as u64),
        Quantity::Count => figures::number(value),
        Quantity::Time => figures::seconds(value),
        Quantity::Rate => figures::rate(value),
        Quantity::Share => figures::share(value),
    }
}

/// One observation as a sentence without a full stop.
pub fn of(plan: &Plan, what: &Observation<'_>) -> String {
    let event = |id: EventId, kind: crate::engine::event::Kind| {
        let name = plan.types.get(TypeId::from(kind).index()).map_or("event", |kind| kind.name.as_str());
        format!("{name} {id}")
    };
    let consumer = |id: ConsumerId| plan.nodes[plan.consumers[id.index()].node.index()].name.as_str();
    match *what {
        Observation::Published { emitter, event: e, .. } => {
            format!("{} publishes {}", plan.nodes[plan.emitters[emitter.index()].node.index()].name, event(e.id, e.kind))
        }
        Observation::Sent { link, event: e, arrives } => {
            let link = &plan.links[link.index()];
            let (from, to) = (&plan.nodes[link.from.index()].name, &plan.nodes[link.to.index()].name);
            format!("{} sets out from {from} to {to}, to arrive at {arrives}", event(e.id, e.kind))
        }
        Observation::LostOnLink { link, event: e, .. } => {
            let link = &plan.links[link.index()];
            let (from, to) = (&plan.nodes[link.from.index()].name, &plan.nodes[link.to.index()].name);
            format!("{} is lost between {from} and {to}", event(e.id, e.kind))
        }
        Observation::Accepted { channel, event: e } => format!("{} reaches {}", event(e.id, e.kind), plan.channels[channel.index()].name),
        Observation::Unroutable { channel, event: e } => {
            format!("{} reaches {}, {}", event(e.id, e.kind), plan.channels[channel.index()].name, dead_end(plan, channel))
        }
        Observation::Refused { event: e, why, .. } => format!("{} is refused: {why}", event(e.id, e.kind)),
        Observation::GivenUp { event: e, why, .. } => format!("{} is given up by its publisher: {why}", event(e.id, e.kind)),
        Observation::Confirmed { event: e, .. } => format!("{} is confirmed to its publisher", event(e.id, e.kind)),
        Observation::Returned { emitter, event } => {
            format!("{event} is returned to {}: no queue gets it", plan.nodes[plan.emitters[emitter.index()].node.index()].name)
        }
        Observation::Store { store, what } => {
            let name = &plan.nodes[plan.stores[store.index()].node.index()].name;
            match what {
                StoreNote::Waits => format!("a call waits for a connection of {name}"),
                StoreNote::Begins { wait, .. } => format!("{name} begins to serve a call that waited {wait}"),
                StoreNote::Ends { service, ok: true } => format!("{name} has served a call in {service}"),
                StoreNote::Ends { service, ok: false } => format!("{name} fails at a call after {service}"),
                StoreNote::GivesUp => format!("a call that waits for {name} is given up"),
                StoreNote::Breaks { .. } => format!("the connection of a call to {name} breaks"),
            }
        }
        Observation::Expected { consumer: c, event: e, .. } => format!("{} is to be in the state of {}", event(e.id, e.kind), consumer(c)),
        Observation::Folded { consumer: c, event: e, again: false, .. } => {
            format!("{} changes the state of {}", event(e.id, e.kind), consumer(c))
        }
        Observation::Folded { consumer: c, event: e, again: true, .. } => {
            format!("{} changes the state of {} once more", event(e.id, e.kind), consumer(c))
        }
        Observation::Rebuilds { consumer: c } => format!("{} throws its state away, to build it again", consumer(c)),
        Observation::Answered { request, after, .. } => format!("the request {request} is answered after {after}"),
        Observation::NoReply { request, .. } => format!("the request {request} is answered too late or not at all"),
        Observation::Routed { outlet, event: e } => format!("{} is routed to {}", event(e.id, e.kind), plan.outlets[outlet.index()].name),
        Observation::Waits { outlet, event: e } => format!("{} waits at {}", event(e.id, e.kind), plan.outlets[outlet.index()].name),
        Observation::Leaves { outlet, event: e } => format!("{} leaves {}", event(e.id, e.kind), plan.outlets[outlet.index()].name),
        Observation::Delivered { consumer: c, worker, message, service, .. } => {
            let e = message.event;
            format!("worker {} of {} begins to handle {}, for {service}", worker + 1, consumer(c), event(e.id, e.kind))
        }
        Observation::Acked { consumer: c, message, .. } => {
            format!("{} has handled {}", consumer(c), event(message.event.id, message.event.kind))
        }
        Observation::Failed { consumer: c, message, next, why, .. } => {
            let then = match next {
                AfterFailure::Retry(at) => format!("to be tried again at {at}"),
                AfterFailure::DeadLetter => "dead-lettered".to_owned(),
                AfterFailure::Returned => "returned to its broker".to_owned(),
                AfterFailure::Final => "for good".to_owned(),
                AfterFailure::Drop => "dropped".to_owned(),
            };
            format!("{} fails at {}: {why}; {then}", consumer(c), event(message.event.id, message.event.kind))
        }
        Observation::Interrupted { consumer: c, message, .. } => {
            format!("{} goes away with {} in hand", consumer(c), event(message.event.id, message.event.kind))
        }
        Observation::Ended { outlet, event: e, fate, why, .. } => {
            format!("{} ends at {}: {}, {why}", event(e.id, e.kind), plan.outlets[outlet.index()].name, super::journey::ended(fate).1)
        }
        Observation::Handled { consumer: c, message, .. } => {
            format!("{} has handled {} and will acknowledge it", consumer(c), event(message.event.id, message.event.kind))
        }
        Observation::Acknowledged { outlet, event: e } => {
            format!("{} is acknowledged at {}", event(e.id, e.kind), plan.outlets[outlet.index()].name)
        }
        Observation::Breaker { consumer: c, state } => {
            let state = match state {
                State::Closed => "closes",
                State::Open => "opens",
                State::HalfOpen => "lets one event through",
            };
            format!("the breaker of {} {state}", consumer(c))
        }
        Observation::Resized { consumer: c, instances, .. } => match instances {
            1 => format!("{} has 1 instance from now on", consumer(c)),
            _ => format!("{} has {instances} instances from now on", consumer(c)),
        },
        Observation::FaultBegan { fault, .. } => format!("{} begins", fault.what),
        Observation::FaultEnded { number } => format!("fault {number} ends"),
        Observation::Broker { broker, note } => {
            format!("{}: {}", plan.nodes[plan.brokers[broker.index()].node.index()].name, of_note(plan, &note))
        }
    }
}

/// Why a channel that an event has reached leads it no further.
pub(super) fn dead_end(plan: &Plan, channel: ChannelId) -> &'static str {
    match plan.brokers[plan.channels[channel.index()].broker.index()].kind {
        BrokerKind::RabbitMq(_) => "where no binding fits it",
        BrokerKind::EventBridge(_) => "where no rule that has a target fits it",
        BrokerKind::Simple(_) | BrokerKind::Kafka(_) => "which nobody reads",
    }
}

/// What happened to a broker. Nodes are numbered from 1, as faults and settings call them.
pub fn of_note(plan: &Plan, note: &Note) -> String {
    let outlet = |outlet: OutletId| plan.outlets[outlet.index()].name.as_str();
    let channel = |channel: ChannelId| plan.channels[channel.index()].name.as_str();
    let publisher = |link: LinkId| plan.nodes[plan.links[link.index()].from.index()].name.as_str();
    match *note {
        Note::RebalanceBegan { outlet: id } => format!("rebalance of {} begins", outlet(id)),
        Note::RebalanceEnded { outlet: id, moved } => format!("rebalance of {} ends, {moved} moved", outlet(id)),
        Note::Node { node, up: true } => format!("node {} is up", node + 1),
        Note::Node { node, up: false } => format!("node {} is down", node + 1),
        Note::Leader { channel: id, part, node: Some(node) } => format!("node {} leads {} {part}", node + 1, channel(id)),
        Note::Leader { channel: id, part, node: None } => format!("nobody leads {} {part}", channel(id)),
        Note::QueueLeader { outlet: id, node: Some(node) } => format!("node {} leads {}", node + 1, outlet(id)),
        Note::QueueLeader { outlet: id, node: None } => format!("nobody leads {}", outlet(id)),
        Note::Flow { link, on: true } => format!("{} is slowed down by credit flow", publisher(link)),
        Note::Flow { link, on: false } => format!("{} is no longer slowed down", publisher(link)),
        Note::HeldBack { link, more: true } => format!("{} holds one event more back", publisher(link)),
        Note::HeldBack { link, more: false } => format!("{} lets one event go", publisher(link)),
        Note::QueueDeclared { outlet: id, there: true } => format!("{} is declared again", outlet(id)),
        Note::QueueDeclared { outlet: id, there: false } => format!("{} is deleted", outlet(id)),
        Note::Blocked { channel: id, blocked: true } => format!("publishers to {} are held back", channel(id)),
        Note::Blocked { channel: id, blocked: false } => format!("publishers to {} go on", channel(id)),
        Note::ClientStopped { outlet: id, part: Some(part), member, why } => {
            format!("member {} of {} stops: {} (partition {part})", member + 1, outlet(id), why.name())
        }
        Note::ClientStopped { outlet: id, part: None, member, why } => {
            format!("member {} of {} stops: {}", member + 1, outlet(id), why.name())
        }
        Note::PublisherFenced { link } => {
            format!("{} is fenced by another producer with its transactional.id and stops: ProducerFencedException", publisher(link))
        }
        Note::Replay { outlet: id, under_way: true } => format!("{} is given older events", outlet(id)),
        Note::Replay { outlet: id, under_way: false } => format!("{} has been given the older events", outlet(id)),
    }
}
