//! Drawings as topic exchanges with a queue per group of readers.

use super::{Converter, Drawing, Reading};
use crate::scenario::broker::rabbitmq::{Binding, Exchange, ExchangeKind, Match, Queue, QueueKind};
use crate::scenario::broker::{BrokerKind, RabbitMq};
use crate::scenario::pairs::Pairs;

pub(super) const CONVERTER: Converter = Converter {
    name: "RabbitMq",
    title: "RabbitMQ",
    make,
    reading: Reading::Queue,
    cannot: &["what has been acknowledged is gone: nobody can read it again."],
};

/// A pattern that every key fits.
const EVERYTHING: &str = "#";

fn make(drawing: &Drawing) -> BrokerKind {
    let exchange = |name: &String| Exchange::new(name, ExchangeKind::Topic);
    let queues = drawing.outlets.iter().map(|outlet| Queue { name: outlet.name.clone(), ..Queue::default() });
    let bindings = drawing.outlets.iter().flat_map(|outlet| outlet.channels.iter().map(move |channel| (outlet, *channel)));
    let binding = |(outlet, channel): (&super::Outlet, usize)| Binding {
        from: drawing.channels[channel].clone(),
        to: outlet.name.clone(),
        to_exchange: false,
        key: EVERYTHING.to_owned(),
        matching: Match::All,
        headers: Pairs::default(),
    };
    BrokerKind::RabbitMq(RabbitMq {
        exchanges: drawing.channels.iter().map(exchange).collect(),
        queues: queues.collect(),
        bindings: bindings.map(binding).collect(),
        ..RabbitMq::default()
    })
}

/// What a drawing does not say of these exchanges and queues.
pub(super) fn lost(parts: &RabbitMq, lost: &mut Vec<String>) {
    let fanout = |name: &str| parts.exchange(name).is_some_and(|at| parts.exchanges[at].kind == ExchangeKind::Fanout);
    if parts.bindings.iter().any(|binding| binding.key != EVERYTHING && !fanout(&binding.from)) {
        lost.push("The keys and headers of bindings: readers get every event of the exchange.".to_owned());
    }
    let limited = |queue: &Queue| {
        queue.max_length.is_some()
            || queue.max_bytes.is_some()
            || queue.ttl.is_some()
            || queue.max_priority.is_some()
            || queue.single_active
    };
    if parts.queues.iter().any(limited) {
        lost.push("The limits, times to live and priorities of queues.".to_owned());
    }
    if parts.queues.iter().any(|queue| queue.dead_letter.is_some()) {
        lost.push("The ways of dead letters.".to_owned());
    }
    if parts.exchanges.iter().any(|exchange| exchange.alternate.is_some()) {
        lost.push("Alternate exchanges.".to_owned());
    }
    if parts.queues.iter().any(|queue| queue.kind == QueueKind::Stream) {
        lost.push("Streams: readers of a stream get queues of their own, without what was written before.".to_owned());
    }
    if parts.nodes > 1 {
        lost.push("The nodes of the cluster, and where queues are.".to_owned());
    }
    if parts.queues.iter().any(Queue::comes_and_goes) {
        lost.push("That queues expire, are exclusive or delete themselves.".to_owned());
    }
    if parts.queues.iter().any(|queue| queue.rate.is_some()) {
        lost.push("How fast queues take messages in, and the credit flow that comes of it.".to_owned());
    }
    if parts.memory.is_some() || !parts.redrives.is_empty() {
        lost.push("The memory alarm and redrives.".to_owned());
    }
}
