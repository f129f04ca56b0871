//! RabbitMQ queues: those that nothing reaches, and those that may grow without end.

use super::{Found, Lint, Subject};
use crate::ids::OutletId;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::rabbitmq::{ExchangeKind, Leads, RabbitMq};
use crate::scenario::plan::{EmitterPlan, Origin, Plan};
use std::collections::{BTreeMap, BTreeSet};

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

/// Where one exchange sends events for certain, without another exchange in between.
#[derive(Default)]
struct Surely<'p> {
    /// Whatever their key.
    all: BTreeSet<usize>,
    /// With this very key.
    exactly: BTreeMap<&'p str, BTreeSet<usize>>,
    /// With this key, and with all that continue it as words.
    starting: Vec<(&'p str, usize)>,
}

impl<'p> Surely<'p> {
    /// By exchange; the default exchange, which leads to every queue by its name, comes last.
    fn of(parts: &'p RabbitMq) -> Vec<Surely<'p>> {
        let places = parts.places();
        let mut exchanges: Vec<Surely<'p>> = Vec::new();
        exchanges.resize_with(parts.exchanges.len() + 1, Surely::default);
        for binding in &parts.bindings {
            let (Some(at), Some(Leads::Queue(queue))) = (places.exchange(&binding.from), places.leads(binding)) else { continue };
            let (exchange, key) = (&mut exchanges[at], binding.key.as_str());
            match (parts.exchanges[at].kind, key.strip_suffix('#')) {
                (ExchangeKind::Fanout, _) => {
                    exchange.all.insert(queue);
                }
                (ExchangeKind::Topic, Some(start)) if !start.contains(['*', '#']) => exchange.starting.push((start, queue)),
                (ExchangeKind::Topic, Some(_)) | (ExchangeKind::Headers, _) => {}
                (ExchangeKind::Topic, None) if key.contains('*') => {}
                (ExchangeKind::Topic | ExchangeKind::Direct, _) => {
                    exchange.exactly.entry(key).or_default().insert(queue);
                }
            }
        }
        for (at, queue) in parts.queues.iter().enumerate() {
            exchanges[parts.exchanges.len()].exactly.entry(&queue.name).or_default().insert(at);
        }
        exchanges
    }

    /// The queues that an event with this key gets to, each once.
    fn queues(&self, key: &str) -> BTreeSet<usize> {
        let starts = |(start, _): &&(&str, usize)| key.starts_with(start) || key == start.trim_end_matches('.');
        let starting = self.starting.iter().filter(starts).map(|(_, queue)| *queue);
        self.all.iter().copied().chain(self.exactly.get(key).into_iter().flatten().copied()).chain(starting).collect()
    }
}

fn unbounded(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    // By broker: the workloads and other emitters that publish to it.
    let mut publishing: Vec<Vec<&EmitterPlan>> = vec![Vec::new(); plan.brokers.len()];
    for emitter in &plan.emitters {
        publishing[plan.channels[emitter.channel.index()].broker.index()].push(emitter);
    }
    for (broker, emitters) in plan.brokers.iter().zip(publishing) {
        let BrokerKind::RabbitMq(parts) = &broker.kind else { continue };
        if parts.memory.is_some() {
            continue;
        }
        let exchanges = Surely::of(parts);
        let mut offered = vec![0.0; parts.queues.len()];
        for emitter in emitters {
            let name = emitter.event.map(|event| plan.types[event.index()].name.as_str());
            let Some(key) = emitter.properties.routing_key.as_deref().or(name) else { continue };
            let queues = exchanges[emitter.channel.index() - broker.channels.start].queues(key);
            queues.into_iter().for_each(|queue| offered[queue] += peak(plan, emitter));
        }
        // A queue that each reader reads as one of its own has several outlets: the first one is its.
        let mut outlets: Vec<Option<OutletId>> = vec![None; parts.queues.len()];
        for outlet in &broker.outlets {
            let part = plan.outlets[outlet.index()].part.and_then(|part| outlets.get_mut(part as usize));
            part.into_iter().for_each(|known| *known = known.or(Some(*outlet)));
        }
        for (i, queue) in parts.queues.iter().enumerate() {
            let limited = queue.max_length.is_some() || queue.max_bytes.is_some() || queue.ttl.is_some();
            let Some(outlet) = outlets[i].filter(|_| !limited) else { continue };
            let readers = plan.outlets[outlet.index()].readers.iter().map(|read| plan.reads[read.index()].consumer);
            let can: f64 = readers.map(|c| subject.capacity(&plan.consumers[c.index()])).sum();
            let offered = offered[i];
            if can > 0.0 && offered > can {
                let name = &plan.nodes[broker.node.index()].name;
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
