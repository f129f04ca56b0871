//! How much work every consumer is offered, computed from the scenario alone: rates along the flow, times and failures of handling.

use super::sums::Sums;
use crate::ids::{ChannelId, ConsumerId};
use crate::scenario::plan::{CallPlan, ConsumerPlan, Occasion, Origin, OutletPlan, Plan};
use std::collections::BTreeMap;

/// What a consumer is offered, averaged over the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Events per second; infinite where events go round and bring on more of themselves.
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

/// Events per second that are published to each channel, by type.
type Rates = Vec<BTreeMap<usize, f64>>;

/// What a consumer gets from a channel.
struct Input {
    channel: ChannelId,
    /// Its share of what is published there; not a number if nobody can tell, because the broker routes by rules of its own.
    share: f64,
}

/// The load of each consumer, by id, and the events per second that are published to each channel; nothing where it cannot be told from
/// the file: events come through an outlet whose broker routes by rules of its own, or from a closed loop, which waits for whoever is slow.
pub(super) fn flow(plan: &Plan) -> (Vec<Option<Load>>, Rates) {
    let inputs = inputs(plan);
    let mut rates = published(plan, &inputs);
    let load = |(consumer, inputs): (&ConsumerPlan, &Vec<Input>)| {
        // Nothing at all would sum up to a zero below zero.
        let rate = 0.0 + inputs.iter().flat_map(|input| rates[input.channel.index()].values().map(|rate| rate * input.share)).sum::<f64>();
        let load = Load { rate, work: work(plan, consumer), workers: workers_of(consumer) };
        (!rate.is_nan()).then_some(load)
    };
    let loads = plan.consumers.iter().zip(&inputs).map(load).collect();
    rates.iter_mut().for_each(|rates| rates.retain(|_, rate| !rate.is_nan()));
    (loads, rates)
}

/// What each consumer gets, by id.
fn inputs(plan: &Plan) -> Vec<Vec<Input>> {
    let workers = |outlet: &OutletPlan| -> f64 { outlet.readers.iter().map(|read| workers(plan, plan.reads[read.index()].consumer)).sum() };
    let workers: Vec<f64> = plan.outlets.iter().map(workers).collect();
    let mut inputs: Vec<Vec<Input>> = Vec::new();
    inputs.resize_with(plan.consumers.len(), Vec::new);
    for read in &plan.reads {
        let outlet = &plan.outlets[read.outlet.index()];
        let routes = plan.brokers[outlet.broker.index()].kind.parts().declares_outlets();
        let share = if routes { f64::NAN } else { workers_of(&plan.consumers[read.consumer.index()]) / workers[read.outlet.index()] };
        inputs[read.consumer.index()].extend(outlet.channels.iter().map(|channel| Input { channel: *channel, share }));
    }
    inputs
}

/// Events per second that are published to each channel, by type: what workloads emit, and what follows from it.
fn published(plan: &Plan, inputs: &[Vec<Input>]) -> Rates {
    let mut sums = Sums::default();
    // By channel and type: which sum it is.
    let mut places: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); plan.channels.len()];
    for (emitter, emitted) in plan.emitters.iter().zip(emitted(plan)) {
        let types = emitter.event.map(|event| (event.index(), 0.0));
        for (event, rate) in emitted.into_iter().chain(types) {
            let place = *places[emitter.channel.index()].entry(event).or_insert_with(|| sums.place());
            sums.give(place, rate);
        }
    }
    for emitter in &plan.emitters {
        let (Origin::Then { consumer, probability, on }, Some(event)) = (&emitter.origin, emitter.event) else { continue };
        let follows = occurs(&plan.consumers[consumer.index()], emitter.occasion) * probability.0;
        let to = places[emitter.channel.index()][&event.index()];
        for input in &inputs[consumer.index()] {
            let comes = |event: &usize| on.is_empty() || on.iter().any(|on| on.index() == *event);
            let from = places[input.channel.index()].iter().filter(|(event, _)| comes(event));
            from.for_each(|(_, from)| sums.add(to, *from, input.share * follows));
        }
    }
    let solved = sums.solve();
    places.iter().map(|types| types.iter().map(|(event, place)| (*event, solved[*place])).collect()).collect()
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
            // Rows behind the end are never emitted; they stand in order of time.
            trace.rows.iter().take_while(|row| row.at <= plan.duration).for_each(|row| counts[row.event.index()] += 1.0);
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
