//! RabbitMQ queues: those that nothing reaches, and those that may grow without end.

use super::{Found, Lint, Subject};
use crate::ids::{BrokerId, ChannelId, OutletId};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::rabbitmq::{ExchangeKind, Leads, RabbitMq};
use crate::scenario::plan::{EmitterPlan, Origin, Plan};

/// See its explanation.
pub static UNBOUNDED_QUEUE: Lint = Lint {
    id: "unbounded-queue",
    line: "a queue without a limit is offered more than its readers can do, if only for a while",
    explanation: "While more comes in than goes out a queue grows, and everybody in it waits longer; when it is over, everybody waits until \
                  the backlog is worked off. Without a limit that ends with the broker's memory. Decide what is to happen instead: \
                  `max_length` with `overflow: RejectPublish` pushes back on the publisher, `DropHead` keeps the newest, a `ttl` takes out \
                  what is too old, `memory` of the broker stops all publishers. Offered is the highest rate that the file gives \
                  (the top of a burst, a step, a surge).",
    look: unbounded,
};

/// See its explanation.
pub static UNREACHABLE_OUTLET: Lint = Lint {
    id: "unreachable-outlet",
    line: "a consumer reads from something that nothing leads to, or events go to what nobody reads",
    explanation: "A topic that nobody writes to, a queue that no exchange with events leads to (by bindings or as a place for dead \
                  letters), a rule of a bus without events: whoever reads there never gets anything. The other way round, events that are \
                  published to what nobody reads end as unroutable. Usually a name or a binding is missing.",
    // Found where the checks follow events from channel to channel.
    look: |_, _| {},
};

/// The part of the plan that is one RabbitMQ broker.
struct Rabbit<'p> {
    plan: &'p Plan,
    id: BrokerId,
    parts: &'p RabbitMq,
    /// Its first exchange; the others follow, and the default exchange comes last.
    first: usize,
}

impl<'p> Rabbit<'p> {
    fn all(plan: &'p Plan) -> impl Iterator<Item = Rabbit<'p>> {
        plan.brokers.iter().enumerate().filter_map(|(i, broker)| {
            let BrokerKind::RabbitMq(parts) = &broker.kind else { return None };
            let first = plan.channels.iter().position(|channel| channel.broker == BrokerId::at(i))?;
            Some(Rabbit { plan, id: BrokerId::at(i), parts, first })
        })
    }

    /// Position of an exchange of this broker; that of the default exchange is their number.
    fn exchange(&self, channel: ChannelId) -> Option<usize> {
        (self.plan.channels[channel.index()].broker == self.id).then(|| channel.index() - self.first)
    }

    fn queue(&self, outlet: OutletId) -> Option<usize> {
        let outlet = &self.plan.outlets[outlet.index()];
        outlet.part.filter(|_| outlet.broker == self.id).map(|part| part as usize)
    }

    fn routing_key(&self, emitter: &'p EmitterPlan) -> Option<&'p str> {
        let name = || emitter.event.map(|event| self.plan.types[event.index()].name.as_str());
        emitter.properties.routing_key.as_deref().or_else(name)
    }

    /// Whether what an emitter publishes goes to a queue for certain, straight from the exchange.
    fn surely(&self, emitter: &'p EmitterPlan, queue: usize) -> bool {
        let (Some(at), Some(key)) = (self.exchange(emitter.channel), self.routing_key(emitter)) else { return false };
        let Some(exchange) = self.parts.exchanges.get(at) else { return self.parts.queues[queue].name == key };
        // The name first: to look up where a binding leads takes time.
        let named = &self.parts.queues[queue].name;
        let bound = self
            .parts
            .bindings
            .iter()
            .filter(|b| b.to == *named && b.from == exchange.name && self.parts.leads(b) == Some(Leads::Queue(queue)));
        bound.into_iter().any(|binding| match exchange.kind {
            ExchangeKind::Fanout => true,
            ExchangeKind::Direct => binding.key == key,
            ExchangeKind::Topic => match binding.key.strip_suffix('#') {
                Some(start) => !start.contains(['*', '#']) && (key.starts_with(start) || key == start.trim_end_matches('.')),
                None => binding.key == key && !key.contains('*'),
            },
            ExchangeKind::Headers => false,
        })
    }
}

fn unbounded(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    for rabbit in Rabbit::all(plan).filter(|rabbit| rabbit.parts.memory.is_none()) {
        for (i, queue) in rabbit.parts.queues.iter().enumerate() {
            let limited = queue.max_length.is_some() || queue.max_bytes.is_some() || queue.ttl.is_some();
            let outlet = (0..plan.outlets.len()).map(OutletId::at).find(|outlet| rabbit.queue(*outlet) == Some(i));
            let Some(outlet) = outlet.filter(|_| !limited) else { continue };
            let readers = plan.outlets[outlet.index()].readers.iter().map(|read| plan.reads[read.index()].consumer);
            let can: f64 = readers.map(|c| subject.capacity(&plan.consumers[c.index()])).sum();
            let offered: f64 = plan.emitters.iter().filter(|emitter| rabbit.surely(emitter, i)).map(|emitter| peak(plan, emitter)).sum();
            if can > 0.0 && offered > can {
                let name = &plan.nodes[plan.brokers[rabbit.id.index()].node.index()].name;
                found.warn(
                    format!("nodes.{name}.kind.queues[{i}]"),
                    format!(
                        "up to {} events/s come to the queue `{}` and {}/s can be handled: without a limit it grows as long as that lasts",
                        super::digits(offered),
                        queue.name,
                        super::digits(can)
                    ),
                    "give it `max_length` and an `overflow`, or a `ttl`".to_owned(),
                );
            }
        }
    }
}

/// The highest rate of a workload, surges included.
fn peak(plan: &Plan, emitter: &EmitterPlan) -> f64 {
    let Origin::Workload(arrivals) = &emitter.origin else { return 0.0 };
    let surges = plan.faults.iter().filter_map(|fault| match fault.what {
        crate::scenario::faults::Fault::Surge { times, .. } if fault.strikes[0].iter().any(|place| place.node == emitter.node) => {
            Some(times)
        }
        _ => None,
    });
    arrivals.peak_rate() * surges.fold(1.0, f64::max)
}
