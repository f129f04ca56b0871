//! Faults: which there are, which are at work, and what each kind does.
//!
//! A fault is a value; what it does is a list of [`Effect`]s that begin with it and end with it. Those who meet an effect (links,
//! workers, emitters, brokers) know nothing of faults, and pay nothing where none is at work.

use super::event::odds;
use super::sample::Sampler;
use crate::ids::{BrokerId, ConsumerId, LinkId, NodeId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::faults::Fault;
use crate::scenario::plan::{FaultPlan, Place, Role, When};
use crate::scenario::shapes::Times;
use crate::time::{Span, Time};
use std::sync::Arc;

/// One thing that is wrong, and where.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A consumer (or one instance) is gone.
    Gone(ConsumerId, Option<u32>),
    /// A consumer (or one instance) stands still.
    Still(ConsumerId, Option<u32>),
    /// Handling takes so many times as long.
    Slow(ConsumerId, Option<u32>, f64),
    /// Handling fails by chance.
    Fails(ConsumerId, Option<u32>, u64),
    /// Some events fail whenever they are handled.
    Poison(ConsumerId, Option<u32>, u64),
    /// A node emits nothing of its own.
    Mute(NodeId),
    /// A node emits so many times as much.
    Surge(NodeId, f64),
    /// A broker is down.
    Broker(BrokerId),
    /// A node of a broker's cluster is down.
    BrokerNode(BrokerId, u32),
    /// A link is worse than it was.
    Link(LinkId, Strain),
    /// Nothing passes a link, and both ends notice.
    Cut(LinkId),
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug)]
pub enum Strain {
    /// It loses by chance.
    Loses(u64),
    /// It doubles by chance.
    Doubles(u64),
    /// It takes longer.
    Longer {
        /// So many times as long.
        times: f64,
        /// And so much more.
        add: Span,
    },
    /// Each event takes up to this much longer, and overtakes others.
    Shuffles(Span),
}

/// What a fault does: all kinds, in one place.
pub fn effects(fault: &FaultPlan, plan: &Plan) -> Vec<Effect> {
    let consumers = |make: &dyn Fn(ConsumerId, Option<u32>) -> Effect| {
        let of = |place: &Place| match plan.nodes[place.node.index()].role {
            Role::Consumer(consumer) => Some(make(consumer, place.instance)),
            Role::Producer | Role::Broker(_) => None,
        };
        fault.strikes[0].iter().filter_map(of).collect()
    };
    let links = |make: &dyn Fn(LinkId) -> Effect| between(fault, plan).into_iter().map(make).collect();
    match fault.what {
        Fault::Crash(_) => fault.strikes[0]
            .iter()
            .map(|place| match (plan.nodes[place.node.index()].role, place.instance) {
                (Role::Consumer(consumer), instance) => Effect::Gone(consumer, instance),
                (Role::Broker(broker), Some(node)) => Effect::BrokerNode(broker, node),
                (Role::Broker(broker), None) => Effect::Broker(broker),
                (Role::Producer, _) => Effect::Mute(place.node),
            })
            .collect(),
        Fault::Pause(_) => consumers(&Effect::Still),
        Fault::Slow { times, .. } => consumers(&|consumer, instance| Effect::Slow(consumer, instance, times)),
        Fault::Errors { rate, .. } => consumers(&|consumer, instance| Effect::Fails(consumer, instance, odds(rate))),
        Fault::Poison { share, .. } => consumers(&|consumer, instance| Effect::Poison(consumer, instance, odds(share))),
        Fault::Surge { times, .. } => fault.strikes[0].iter().map(|place| Effect::Surge(place.node, times)).collect(),
        Fault::Latency { times, add, .. } => links(&|link| Effect::Link(link, Strain::Longer { times, add })),
        Fault::Loss { rate, .. } => links(&|link| Effect::Link(link, Strain::Loses(odds(rate)))),
        Fault::Duplicate { rate, .. } => links(&|link| Effect::Link(link, Strain::Doubles(odds(rate)))),
        Fault::Reorder { by, .. } => links(&|link| Effect::Link(link, Strain::Shuffles(by))),
        Fault::Partition { .. } => links(&Effect::Cut),
    }
}

/// The links between the two sides of a fault, both directions.
pub fn between(fault: &FaultPlan, plan: &Plan) -> Vec<LinkId> {
    let [mut one, mut other] = fault.strikes.each_ref().map(|side| side.iter().map(|place| place.node).collect::<Vec<NodeId>>());
    one.sort_unstable();
    other.sort_unstable();
    let on = |side: &[NodeId], node: NodeId| side.binary_search(&node).is_ok();
    let across = |from: NodeId, to: NodeId| on(&one, from) && on(&other, to) || on(&other, from) && on(&one, to);
    let hit = plan.links.iter().enumerate().filter(|(_, link)| across(link.from, link.to));
    hit.map(|(i, _)| LinkId::at(i)).collect()
}

/// All faults of a run.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    list: Vec<Spell>,
}

/// A fault, at work or not.
#[derive(Clone, Debug)]
pub struct Spell {
    /// What and when.
    pub plan: Arc<FaultPlan>,
    /// Since when and until when it is at work.
    pub at_work: Option<(Time, Option<Time>)>,
    /// Whether it began by hand.
    pub by_hand: bool,
    /// Counts its beginnings: a turn on the agenda for an earlier one is out of date.
    pub(super) round: u32,
    random: Stream,
    lengths: Option<(Sampler, Sampler)>,
}

impl Faults {
    /// One more; gives its number. Its luck is its own, and its first namesake's if it has a later one's.
    pub(super) fn add(&mut self, plan: Arc<FaultPlan>, by_hand: bool, seed: u64) -> u32 {
        let namesakes = self.list.iter().filter(|spell| spell.plan.what == plan.what).count();
        let random = Stream::named(seed ^ hash_name("fault") ^ (namesakes as u64).rotate_left(40), &plan.what.to_string());
        let exponential = |mean: Span| Sampler::new(&Times::Exponential { mean });
        let lengths = match plan.when {
            When::Random { every, lasts } => Some((exponential(every), exponential(lasts))),
            When::Once { .. } => None,
        };
        self.list.push(Spell { plan, at_work: None, by_hand, round: 0, random, lengths });
        (self.list.len() - 1) as u32
    }

    /// All of them, by number: those of the plan, then those that began by hand.
    pub fn all(&self) -> &[Spell] {
        &self.list
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Spell> {
        self.list.get_mut(number as usize)
    }

    /// The latest one of this kind and target that is at work.
    pub(super) fn at_work(&self, what: &Fault) -> Option<u32> {
        self.list.iter().rposition(|spell| spell.at_work.is_some() && spell.plan.what == *what).map(|i| i as u32)
    }
}

impl Spell {
    /// When it begins next, seen from `now` (the start, or the end of the time before).
    pub(super) fn next(&mut self, now: Time) -> Option<Time> {
        match (&self.plan.when, &self.lengths) {
            (When::Once { at, .. }, _) => (self.round == 0).then_some(*at),
            (When::Random { .. }, Some((every, _))) => Some(now + every.draw(&mut self.random)),
            (When::Random { .. }, None) => None,
        }
    }

    /// When it is over if it begins now.
    pub(super) fn end(&mut self, now: Time) -> Option<Time> {
        match (&self.plan.when, &self.lengths) {
            (When::Once { lasts, .. }, _) => lasts.map(|span| now + span),
            (When::Random { .. }, Some((_, lasts))) => Some(now + lasts.draw(&mut self.random)),
            (When::Random { .. }, None) => None,
        }
    }

    /// A random stream for one of its effects.
    pub(super) fn stream(&self, seed: u64, effect: usize) -> Stream {
        Stream::named(seed ^ hash_name("effect") ^ (u64::from(self.round) << 32 | effect as u64), &self.plan.what.to_string())
    }
}
