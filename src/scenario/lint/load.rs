//! How much work every consumer is offered, computed from the scenario alone: rates along the flow, times and failures of handling.

use crate::ids::{BrokerId, ChannelId, ConsumerId, TypeId};
use crate::scenario::plan::{CallPlan, ConsumerPlan, Occasion, Origin, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// What a consumer is offered, averaged over the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Events per second.
    pub rate: f64,
    /// Seconds of work that one event makes, further attempts included; infinite where a distribution has no mean.
    pub work: f64,
    /// Workers.
    pub workers: f64,
}

impl Load {
    /// Work offered as a share of what can be done: at 1 and above a backlog grows without end.
    pub fn share(&self) -> f64 {
        if self.rate > 0.0 { self.rate * self.work / self.workers } else { 0.0 }
    }
}

/// Rounds of following events through consumers that emit events of their own. Longer chains, and loops, are cut here.
const ROUNDS: usize = 64;

/// Events per second of each emitter, by type.
type Rates = Vec<Vec<(usize, f64)>>;

/// What is offered to consumers in a round.
struct Offered {
    /// Events per second by consumer and type, as far as that can be told.
    rates: Vec<BTreeMap<usize, f64>>,
    /// By channel of a broker that routes by rules of its own: the types that come to it. Nobody can tell to whom they go.
    routed: Vec<BTreeSet<usize>>,
}

impl Offered {
    fn nothing(plan: &Plan) -> Offered {
        Offered { rates: vec![BTreeMap::new(); plan.consumers.len()], routed: vec![BTreeSet::new(); plan.channels.len()] }
    }

    /// Events per second for a consumer, of some types or of all; not a number if nobody can tell. `ways`: the channels that may lead to it.
    fn rate(&self, consumer: ConsumerId, on: &[TypeId], ways: &BTreeSet<ChannelId>) -> f64 {
        let routed = |types: &BTreeSet<usize>| match on {
            [] => !types.is_empty(),
            on => on.iter().any(|event| types.contains(&event.index())),
        };
        if ways.iter().any(|channel| routed(&self.routed[channel.index()])) {
            return f64::NAN;
        }
        let rates = &self.rates[consumer.index()];
        // Nothing at all would sum up to a zero below zero.
        0.0 + match on {
            [] => rates.values().sum::<f64>(),
            on => on.iter().filter_map(|event| rates.get(&event.index())).sum(),
        }
    }

    /// Whether another round came to the same.
    fn is(&self, other: &Offered) -> bool {
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        let rates = |(a, b): (&BTreeMap<usize, f64>, &BTreeMap<usize, f64>)| a.keys().eq(b.keys()) && a.values().zip(b.values()).all(same);
        self.routed == other.routed && self.rates.iter().zip(&other.rates).all(rates)
    }
}

/// The load of each consumer, by id, and the events per second of each emitter; nothing where it cannot be told from the file: events
/// come through an outlet whose broker routes by rules of its own, or from a closed loop, which waits for whoever is slow.
pub(super) fn flow(plan: &Plan) -> (Vec<Option<Load>>, Rates) {
    let emitted = emitted(plan);
    let routes = |broker: BrokerId| plan.brokers[broker.index()].kind.parts().declares_outlets();
    // By consumer: the channels that feed outlets of its which a broker declares.
    let mut ways: Vec<BTreeSet<ChannelId>> = vec![BTreeSet::new(); plan.consumers.len()];
    for read in &plan.reads {
        let outlet = &plan.outlets[read.outlet.index()];
        if routes(outlet.broker) {
            ways[read.consumer.index()].extend(&outlet.channels);
        }
    }
    let mut offered = Offered::nothing(plan);
    let mut rates: Rates = Vec::new();
    for _ in 0..ROUNDS {
        let mut next = Offered::nothing(plan);
        let all = plan.emitters.iter().enumerate().map(|(i, emitter)| match &emitter.origin {
            Origin::Then { consumer, probability, on } => {
                let consumer_plan = &plan.consumers[consumer.index()];
                let rate = offered.rate(*consumer, on, &ways[consumer.index()]);
                emitter
                    .event
                    .map(|event| (event.index(), rate * occurs(consumer_plan, emitter.occasion) * probability.0))
                    .into_iter()
                    .collect()
            }
            Origin::Workload(_) | Origin::Trace(_) => emitted[i].clone(),
        });
        rates = all.collect();
        for (emitter, rates) in plan.emitters.iter().zip(&rates) {
            let channel = &plan.channels[emitter.channel.index()];
            if routes(channel.broker) {
                next.routed[emitter.channel.index()].extend(rates.iter().map(|(event, _)| *event));
                continue;
            }
            for outlet in &channel.outlets {
                let readers = &plan.outlets[outlet.index()].readers;
                let workers: f64 = readers.iter().map(|read| workers(plan, plan.reads[read.index()].consumer)).sum();
                for read in readers {
                    let consumer = plan.reads[read.index()].consumer;
                    let share = workers_of(&plan.consumers[consumer.index()]) / workers;
                    for (event, rate) in rates {
                        *next.rates[consumer.index()].entry(*event).or_default() += rate * share;
                    }
                }
            }
        }
        if next.is(&offered) {
            break;
        }
        offered = next;
    }
    let load = |(i, consumer): (usize, &ConsumerPlan)| {
        let rate = offered.rate(ConsumerId::at(i), &[], &ways[i]);
        let load = Load { rate, work: work(plan, consumer), workers: workers_of(consumer) };
        (!rate.is_nan()).then_some(load)
    };
    let loads = plan.consumers.iter().enumerate().map(load).collect();
    rates.iter_mut().for_each(|rates| rates.retain(|(_, rate)| !rate.is_nan()));
    (loads, rates)
}

/// How often something follows from an event on this occasion.
fn occurs(consumer: &ConsumerPlan, occasion: Occasion) -> f64 {
    let failed = failed_for_good(consumer);
    let joined = consumer.join.as_ref().map_or(1.0, |join| 1.0 / f64::from(join.count.max(1)));
    match occasion {
        Occasion::Handled => (1.0 - failed) * joined,
        Occasion::Outcome(at) => {
            let all: f64 = consumer.outcomes.iter().sum();
            let share = consumer.outcomes.get(usize::from(at)).map_or(1.0, |weight| weight / all.max(f64::MIN_POSITIVE));
            (1.0 - failed) * share
        }
        Occasion::Failed => failed,
        // How often parts are missing is for a run to tell.
        Occasion::TimedOut => 0.0,
    }
}

/// Seconds of work that one event makes for a consumer, calls and further attempts included.
pub(super) fn work(plan: &Plan, consumer: &ConsumerPlan) -> f64 {
    let call = |call: &CallPlan| {
        let link = &plan.links[call.link.index()];
        plan.stores[call.store.index()].time.mean() + link.latency.mean() + plan.links[link.back.index()].latency.mean()
    };
    let calls: f64 = consumer.calls.iter().map(call).sum();
    (consumer.handle.time.mean() + calls) * attempts(consumer)
}

/// Events per second of each emitter of a workload, by type, averaged over the run.
fn emitted(plan: &Plan) -> Vec<Vec<(usize, f64)>> {
    let seconds = (plan.duration - crate::time::Time::ZERO).seconds().max(1e-9);
    let rates = |emitter: &crate::scenario::plan::EmitterPlan| match (&emitter.origin, emitter.event) {
        (Origin::Workload(arrivals), Some(event)) => vec![(event.index(), arrivals.mean_rate(seconds))],
        (Origin::Trace(trace), _) => {
            let mut counts = vec![0.0; plan.types.len()];
            trace.rows.iter().for_each(|row| counts[row.event.index()] += 1.0);
            counts.into_iter().map(|count| count / seconds).enumerate().filter(|(_, rate)| *rate > 0.0).collect()
        }
        _ => Vec::new(),
    };
    plan.emitters.iter().map(rates).collect()
}

fn workers(plan: &Plan, consumer: ConsumerId) -> f64 {
    workers_of(&plan.consumers[consumer.index()])
}

fn workers_of(consumer: &ConsumerPlan) -> f64 {
    f64::from(consumer.most_instances().saturating_mul(consumer.threads).max(1))
}

/// Attempts that an event takes, on average.
fn attempts(consumer: &ConsumerPlan) -> f64 {
    let fails = consumer.handle.fails.0;
    if fails >= 1.0 {
        return f64::from(consumer.retry.attempts);
    }
    (1.0 - fails.powi(consumer.retry.attempts as i32)) / (1.0 - fails)
}

/// Share of events whose last attempt fails.
pub(super) fn failed_for_good(consumer: &ConsumerPlan) -> f64 {
    consumer.handle.fails.0.powi(consumer.retry.attempts as i32)
}
