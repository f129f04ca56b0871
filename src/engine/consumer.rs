//! A consumer: workers, the inbox before them, and what a failure leads to.

use super::care::{Care, State};
use super::event::{Event, Message, odds};
use super::fate::Reason;
use super::fifo::Fifo;
use super::lanes::{Lanes, Order};
use super::sample::Sampler;
use crate::ids::{ChannelId, ConsumerId, EmitterId, LinkId};
use crate::random::{Stream, hash_name, mix};
use crate::scenario::Plan;
use crate::scenario::handling::{Ack, Ordered};
use crate::scenario::plan::ConsumerPlan;
use crate::scenario::shapes::{Backoff, Jitter};
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// A consumer with its state. What every delivery looks at stands first: one line of the cache, and its counts with what follows in
/// another. The rest is elsewhere, so that thousands of consumers that take turns touch few lines and few pages.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Consumer {
    /// Number of its first worker among all workers; the others follow.
    pub first_worker: u32,
    /// Whether a message takes the long way through a worker's hands: nothing of it is looked at otherwise.
    pub special: bool,
    /// Whether it calls stores.
    pub calls: bool,
    /// Whether a handled event changes a state, answers a request or is a part of a whole.
    pub folds: bool,
    /// Whether anything follows from a handled message.
    pub emits: bool,
    /// Time one message takes.
    time: Sampler,
    time_random: Stream,
    /// See [`Counts::deliveries`].
    pub deliveries: u64,
    /// See [`Counts::acked`].
    pub acked: u64,
    /// What follows from a handled message.
    pub then: Box<[EmitterId]>,
    /// What it does beyond handling, if anything.
    pub care: Option<Box<Care>>,
    /// What it handled out of order, where it says what it thinks of order.
    pub order: Option<Box<Order>>,
    /// What an ordinary delivery does not look at.
    pub rare: Box<Rare>,
}

/// What of a consumer only the rarer deliveries look at: who works for it, and what a failure leads to.
#[derive(Clone, Debug)]
pub struct Rare {
    /// Numbers of its crews among all crews: the one that all instances share, or one per instance.
    pub crews: Vec<u32>,
    threads: u32,
    attempts: u32,
    fails: u64,
    fails_random: Stream,
    backoff: Backoff,
    backoff_random: Stream,
    /// Where messages go whose last attempt failed.
    pub dead_letter: Option<(ChannelId, LinkId)>,
    /// What is wrong with it.
    burdens: Vec<Burden>,
    /// What it did since the start, but for what every delivery counts: that stands in [`Consumer`].
    pub counts: Counts,
}

/// Something that makes a consumer's handling worse.
#[derive(Clone, Debug)]
pub struct Burden {
    /// The fault it comes from.
    pub fault: u32,
    /// Whose workers it weighs on: one instance's, or everybody's.
    pub instance: Option<u32>,
    /// What it does.
    pub load: Load,
}

/// What a burden does.
#[derive(Clone, Debug)]
pub enum Load {
    /// Everything takes so many times as long.
    Slow(f64),
    /// Attempts fail by chance.
    Fail(u64, Stream),
    /// Events fail whose number, mixed with a salt, lies below a threshold.
    Poison(u64, u64),
}

/// What a consumer did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hand-overs to workers.
    pub deliveries: u64,
    /// Handled to the end.
    pub acked: u64,
    /// Of the hand-overs, those of messages handed over before.
    pub redeliveries: u64,
    /// Further attempts scheduled.
    pub retries: u64,
    /// Last attempt failed, nowhere to go.
    pub failed: u64,
    /// Last attempt failed, sent to a dead-letter channel.
    pub dead_lettered: u64,
    /// Last attempt failed, and the broker decided what comes of it.
    pub returned: u64,
    /// Last attempt failed, and the event was dropped.
    pub dropped: u64,
}

/// Workers that take from one mailbox: all of a consumer's, or those of one instance where its broker tells instances apart. What every
/// delivery looks at stands first, in one line of the cache, and all the rest in another: thousands of crews touch few pages.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Crew {
    /// Workers without work.
    pub idle: Idle,
    /// Number of its first worker among all workers; the others follow.
    pub first_worker: u32,
    /// Whether messages and workers just meet: no order is kept, no place was taken away, nobody goes away, nothing is shed. Nothing of
    /// that is looked at otherwise.
    pub usual: bool,
    /// Messages that arrived and wait for a worker.
    pub inbox: Fifo<Message>,
    /// Keeps the order of each key, where that is asked for.
    pub lanes: Option<Box<Lanes>>,
    /// Whether it is going away in order: what it has in hand is finished, and nothing else begun.
    leaving: bool,
    /// Whether messages may be turned away at the door.
    sheds: bool,
    /// Whose.
    pub consumer: ConsumerId,
    /// Which instance it is, from 0; `None` for all of them.
    pub instance: Option<u32>,
    /// Its workers.
    pub capacity: u32,
    /// Places for workers: more than there are after some were taken away, which finish what they have in hand.
    pub places: u32,
    /// Whether they work at all.
    pub up: bool,
    /// Whether the worker that rested last is the next to work (a function's instance that is warm), and not the first.
    recent: bool,
    /// Workers that neither work nor rest, if there ever were any.
    pub off_duty: Option<Box<OffDuty>>,
}

/// Workers of a crew that neither work nor rest.
#[derive(Clone, Debug, Default)]
pub struct OffDuty {
    /// So many reasons for the whole crew to be gone: each counts for all its workers as well, and for those that come later.
    pub down: u16,
    /// So many reasons for the whole crew to stand still, alike.
    pub still: u16,
    /// Those that cannot work.
    pub absent: BTreeMap<u32, Absence>,
    /// Those that an open breaker keeps from work, or that their crew is going away.
    pub held: Vec<u32>,
}

/// Why a worker cannot work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Absence {
    /// So many reasons to be gone.
    pub down: u16,
    /// So many reasons to stand still.
    pub still: u16,
    /// What is left of the work in its hand while it stands still; `None` without work.
    pub left: Option<Span>,
}

impl Crew {
    /// A crew that rests.
    pub fn new(plan: &ConsumerPlan, consumer: ConsumerId, instance: Option<u32>, first_worker: u32, capacity: u32) -> Crew {
        let mut crew = Crew {
            consumer,
            instance,
            first_worker,
            capacity,
            places: capacity,
            up: true,
            idle: Idle::none(capacity),
            inbox: Fifo::default(),
            lanes: (plan.ordered == Some(Ordered::PerKey)).then(Box::default),
            leaving: false,
            sheds: plan.handling.shed.as_ref().is_some_and(|shed| shed.queue.is_some()),
            usual: false,
            recent: plan.is_function(),
            off_duty: None,
        };
        crew.rest_all();
        crew.look();
        crew
    }

    /// Looks whether anything is unusual. To be called after any change of its places.
    pub fn look(&mut self) {
        self.usual = self.lanes.is_none() && !self.leaving && self.capacity == self.places && !self.sheds;
    }

    /// Whether it is going away in order.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// It goes away in order, or not. Whether it did so before.
    pub fn leave(&mut self, leaving: bool) -> bool {
        let before = std::mem::replace(&mut self.leaving, leaving);
        self.look();
        before
    }

    /// All its workers rest that can work.
    pub fn rest_all(&mut self) {
        self.idle = match self.recent && self.capacity > 1 {
            true => Idle::all_recent(self.capacity),
            false => Idle::all(self.capacity),
        };
        if let Some(off) = &mut self.off_duty {
            off.held.clear();
            off.absent.keys().for_each(|worker| self.idle.remove(*worker));
        }
    }

    /// Why a worker cannot work, if it cannot.
    pub fn absence(&self, worker: u32) -> Option<Absence> {
        self.off_duty.as_ref().and_then(|off| off.absent.get(&worker).copied())
    }

    /// A worker without work is kept from it.
    pub fn hold(&mut self, worker: u32) {
        self.off_duty.get_or_insert_default().held.push(worker);
    }

    /// Lets go all workers that are kept from work.
    pub fn release(&mut self) -> Vec<u32> {
        self.off_duty.as_mut().map(|off| std::mem::take(&mut off.held)).unwrap_or_default()
    }

    /// Workers busy now.
    pub fn busy(&self) -> u32 {
        let without_work = |off: &OffDuty| off.absent.values().filter(|absence| absence.left.is_none()).count() + off.held.len();
        let idle = self.idle.len() + self.off_duty.as_deref().map_or(0, without_work) as u32;
        if self.up { self.capacity.saturating_sub(idle) } else { 0 }
    }

    /// Whether any of the workers is there, if only to stand still. A crew without workers is there unless it is gone as a whole.
    pub fn anybody(&self) -> bool {
        let there = |off: &OffDuty| match self.capacity {
            0 => off.down == 0,
            capacity => (off.absent.range(..capacity).filter(|(_, absence)| absence.down > 0).count() as u32) < capacity,
        };
        self.off_duty.as_deref().is_none_or(there)
    }
}

/// A worker's current work: one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Hand {
    /// What it handles; stale while the worker is idle.
    pub message: Message,
    /// Since when.
    pub began: Time,
    /// Until when; [`Hand::NEVER`] while the worker is idle. An entry of the agenda that comes at another time is out of date.
    pub done: Time,
}

impl Hand {
    /// No work is ever done then.
    pub const NEVER: Time = Time(u64::MAX);
    /// When work is done that waits for a store.
    pub const CALLING: Time = Time(u64::MAX - 2);
    /// When work is done that stands still.
    pub const STILL: Time = Time(u64::MAX - 1);
    /// A worker that has no work.
    pub const EMPTY: Hand = Hand { message: Message::NONE, began: Time::ZERO, done: Hand::NEVER };
}

/// Workers without work.
#[derive(Clone, Debug)]
pub enum Idle {
    /// The only worker, and whether it rests: most consumers have one, and a flag is cheaper than a queue.
    One(bool),
    /// Several. (In a box, for the size of the other.)
    Several(Box<Resting>),
}

/// Those of several workers that rest, the one that has rested longest first.
#[derive(Clone, Debug, Default)]
pub struct Resting {
    workers: VecDeque<u32>,
    /// Whether the one that rested last works first; else the first, so that work spreads over the instances.
    recent: bool,
}

impl Idle {
    /// All of so many workers rest.
    pub fn all(capacity: u32) -> Idle {
        Idle::these(capacity, (0..capacity).collect())
    }

    /// The same where the one that rested last works first.
    fn all_recent(capacity: u32) -> Idle {
        Idle::Several(Box::new(Resting { workers: (0..capacity).rev().collect(), recent: true }))
    }

    /// These rest, in this order; `capacity` says how many workers there are.
    pub fn these(capacity: u32, workers: VecDeque<u32>) -> Idle {
        if capacity == 1 { Idle::One(!workers.is_empty()) } else { Idle::Several(Box::new(Resting { workers, recent: false })) }
    }

    /// Those that rest, in order.
    pub fn resting(&self) -> VecDeque<u32> {
        match self {
            Idle::One(rests) => rests.then_some(0).into_iter().collect(),
            Idle::Several(resting) => resting.workers.clone(),
        }
    }

    /// None of them can be given work.
    pub fn none(capacity: u32) -> Idle {
        Idle::these(capacity, VecDeque::new())
    }

    /// A worker to be given work, if one rests.
    #[inline(always)]
    pub fn take(&mut self) -> Option<u32> {
        match self {
            Idle::One(rests) => std::mem::take(rests).then_some(0),
            Idle::Several(resting) if resting.recent => resting.workers.pop_back(),
            Idle::Several(resting) => resting.workers.pop_front(),
        }
    }

    /// A worker rests from now on.
    #[inline(always)]
    pub fn give(&mut self, worker: u32) {
        match self {
            Idle::One(rests) => *rests = true,
            Idle::Several(resting) => resting.workers.push_back(worker),
        }
    }

    /// A worker that rests no longer rests, and has no work either.
    pub fn remove(&mut self, worker: u32) {
        match self {
            Idle::One(rests) => *rests &= worker != 0,
            Idle::Several(resting) => resting.workers.retain(|other| *other != worker),
        }
    }

    /// How many rest.
    pub fn len(&self) -> u32 {
        match self {
            Idle::One(rests) => u32::from(*rests),
            Idle::Several(resting) => resting.workers.len() as u32,
        }
    }
}

impl Consumer {
    /// A consumer of a checked plan.
    pub fn new(plan: &Plan, id: ConsumerId, seed: u64, first_worker: u32, crews: Vec<u32>) -> Consumer {
        let consumer = &plan.consumers[id.index()];
        let name = &plan.nodes[consumer.node.index()].name;
        let stream = |purpose: &str| Stream::named(seed ^ hash_name(purpose), name);
        Consumer {
            first_worker,
            time: Sampler::new(&consumer.handle.time),
            time_random: stream("handling time"),
            emits: !consumer.then.is_empty(),
            then: consumer.then.clone().into(),
            calls: !consumer.calls.is_empty(),
            folds: consumer.state.is_some() || consumer.join.is_some() || consumer.answers || consumer.ordered.is_some(),
            deliveries: 0,
            acked: 0,
            special: false,
            care: Care::new(consumer, plan.ack_of(id), name, seed),
            order: consumer.ordered.map(|_| Box::default()),
            rare: Box::new(Rare {
                crews,
                threads: consumer.threads,
                attempts: consumer.retry.attempts,
                fails: odds(consumer.handle.fails),
                fails_random: stream("handling failures"),
                backoff: consumer.retry.backoff.clone(),
                backoff_random: stream("backoff"),
                dead_letter: consumer.dead_letter,
                burdens: Vec::new(),
                counts: Counts::default(),
            }),
        }
        .looked_at()
    }

    fn looked_at(mut self) -> Consumer {
        self.look();
        self
    }

    /// What it did since the start.
    pub fn counts(&self) -> Counts {
        Counts { deliveries: self.deliveries, acked: self.acked, ..self.rare.counts }
    }

    /// Whether it acknowledges before the work.
    pub fn acks_first(&self) -> bool {
        self.care.as_ref().is_some_and(|care| care.ack == Ack::BeforeWork)
    }

    /// What its breaker lets through.
    pub fn gate(&self) -> State {
        self.care.as_ref().and_then(|care| care.breaker.as_ref()).map_or(State::Closed, |breaker| breaker.state)
    }

    /// From now on it handles as this plan says. What is in hand goes on as it began.
    pub fn adopt(&mut self, plan: &ConsumerPlan) {
        self.time = Sampler::new(&plan.handle.time);
        self.rare.fails = odds(plan.handle.fails);
        self.rare.attempts = plan.retry.attempts;
        self.rare.backoff = plan.retry.backoff.clone();
        self.rare.threads = plan.threads;
        if let Some(care) = &mut self.care {
            care.make_room((plan.most_instances() * plan.threads) as usize);
            care.scaler.iter_mut().for_each(|scaler| scaler.adopt(plan));
        }
        self.look();
    }

    /// How long the next message takes.
    #[inline(always)]
    pub fn service(&mut self) -> Span {
        self.time.draw(&mut self.time_random)
    }

    /// The instance that a worker of one of its crews belongs to.
    pub fn instance(&self, crew: &Crew, slot: u32) -> u32 {
        crew.instance.unwrap_or((slot - crew.first_worker) / self.rare.threads)
    }

    /// How long a message takes this instance that would take so long if nothing was wrong.
    pub fn burdened(&self, instance: u32, service: Span) -> Span {
        let slow = |burden: &Burden| match burden.load {
            Load::Slow(times) if burden.instance.is_none_or(|struck| struck == instance) => times,
            _ => 1.0,
        };
        let times: f64 = self.rare.burdens.iter().map(slow).product();
        if times == 1.0 { service } else { Span((service.0 as f64 * times) as u64) }
    }

    /// Why the message in the hand of a worker of this instance fails, if it does.
    pub fn fails(&mut self, instance: u32, event: &Event) -> Option<Reason> {
        let Rare { fails, fails_random, burdens, .. } = &mut *self.rare;
        let mut why = fails_random.chance(*fails).then_some(Reason::HandlerFailed);
        for burden in burdens.iter_mut().filter(|burden| burden.instance.is_none_or(|i| i == instance)) {
            match &mut burden.load {
                Load::Slow(_) => {}
                Load::Fail(odds, random) => {
                    if random.chance(*odds) {
                        why = why.or(Some(Reason::HandlerFailed));
                    }
                }
                Load::Poison(threshold, salt) => {
                    if *threshold == u64::MAX || mix(event.id.0 ^ *salt) < *threshold {
                        why = Some(Reason::Poison);
                    }
                }
            }
        }
        why
    }

    /// Something weighs on it from now on.
    pub fn burden(&mut self, burden: Burden) {
        self.rare.burdens.push(burden);
        self.look();
    }

    /// What came from this fault weighs on it no longer.
    pub fn unburden(&mut self, fault: u32) {
        self.rare.burdens.retain(|burden| burden.fault != fault);
        self.look();
    }

    /// Looks whether messages take the long way.
    fn look(&mut self) {
        self.special = self.rare.fails > 0 || !self.rare.burdens.is_empty() || self.care.is_some();
    }

    /// How long to wait before another attempt at a message that failed `failures` times; `None` if that was the last.
    pub fn backoff(&mut self, failures: u8) -> Option<Span> {
        let Rare { attempts, backoff, backoff_random, .. } = &mut *self.rare;
        if u32::from(failures) >= *attempts {
            return None;
        }
        Some(match backoff {
            Backoff::Immediate => Span::ZERO,
            Backoff::Fixed(span) => *span,
            Backoff::Exponential { first, factor, max, jitter } => {
                let grown = first.0 as f64 * libm::pow(*factor, f64::from(failures) - 1.0);
                let full = grown.min(max.0 as f64);
                Span(match jitter {
                    Jitter::None => full,
                    Jitter::Full => full * backoff_random.unit(),
                    Jitter::Equal => full * (0.5 + 0.5 * backoff_random.unit()),
                } as u64)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_and_a_crew_take_two_lines_of_the_cache_each() {
        assert_eq!(size_of::<Consumer>(), 128);
        assert_eq!(size_of::<Crew>(), 128);
    }
}
