//! What a consumer does beyond taking a message and handling it: acknowledgement, time-outs, an inbox, a breaker, and the like.
//!
//! Only consumers that ask for any of it have one of these; the others' messages never come by here.

use super::event::{Event, Key, KeyTexts, Value, attributes, odds};
use super::fate::Reason;
use super::scaler::Scaler;
use crate::ids::{EventId, OutletId};
use crate::random::{hash_name, mix};
use crate::scenario::Plan;
use crate::scenario::handling::{Ack, After, Budget, Ordered, Poison, Scale, Shed};
use crate::scenario::plan::ConsumerPlan;
use crate::time::{Span, Time};
use std::collections::{BTreeSet, VecDeque};

/// See the module.
#[derive(Clone, Debug)]
pub struct Care {
    /// When it acknowledges.
    pub ack: Ack,
    /// Longest an attempt may take.
    pub timeout: Option<Span>,
    /// What share of an attempt has passed when its effect takes place.
    effect: f64,
    /// Whether what failed for good is dropped.
    pub drops: bool,
    /// What it does not take at all.
    pub shed: Shed,
    poison: Option<(Poison, u64)>,
    inbox: Option<Seen>,
    bucket: Option<Bucket>,
    /// Its circuit breaker.
    pub breaker: Option<Breaker>,
    function: Option<Function>,
    /// What scales it.
    pub scaler: Option<Scaler>,
    /// By worker of the consumer: what is known of the attempt in its hand.
    work: Vec<Work>,
    /// Handled, and acknowledged at the next tick: with the worker that did it, in order.
    pub unacked: Vec<(u32, super::event::Message)>,
    /// Whether the next tick is on the agenda.
    pub ticking: bool,
    /// What it did, since the start.
    pub counts: CareCounts,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CareCounts {
    /// Events skipped because their id was in the inbox.
    pub skipped: u64,
    /// Attempts that took too long.
    pub timeouts: u64,
    /// Events dropped at once because there was too much to do.
    pub shed: u64,
    /// Times the breaker opened.
    pub opened: u64,
    /// Instances of a function that had to be started.
    pub cold_starts: u64,
    /// Retries that were not made for want of a token.
    pub no_token: u64,
}

/// What is known of an attempt from its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// When its effect takes place; [`Time::NEVER`] if it has none.
    pub effect: Time,
    /// What will come of it.
    pub outcome: Outcome,
    /// How long until its effect, while it stands still.
    left: Option<Span>,
}

/// What will come of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It will succeed.
    Done,
    /// It is too old: it is dropped.
    Shed,
    /// The inbox knows it: nothing is done.
    Skip,
    /// It will fail.
    Fails(Reason),
}

/// Ids of finished events.
#[derive(Clone, Debug)]
struct Seen {
    size: usize,
    known: BTreeSet<(OutletId, EventId)>,
    order: VecDeque<(OutletId, EventId)>,
}

/// Tokens for retries, in thousandths.
#[derive(Clone, Debug)]
struct Bucket {
    most: u64,
    left: u64,
    refund: u64,
}

/// A function as a service.
#[derive(Clone, Debug)]
struct Function {
    cold_start: Span,
    idle: Span,
    /// By worker: when it last had work.
    last: Vec<Option<Time>>,
}

/// A circuit breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// What it is like.
    pub plan: crate::scenario::handling::Breaker,
    /// Closed, open or half-open.
    pub state: State,
    /// Counts its openings: a call on the agenda for an earlier one is out of date.
    pub round: u32,
    /// Attempts and failures, by tenths of the window.
    bins: VecDeque<(u64, u32, u32)>,
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing.
    Open,
    /// One event, to see.
    HalfOpen,
}

impl Care {
    /// What a consumer of a checked plan asks for, if anything.
    pub fn new(plan: &ConsumerPlan, ack: Ack, name: &str, seed: u64) -> Option<Box<Care>> {
        let handling = &plan.handling;
        let plain = handling.is_plain()
            && ack == Ack::AfterWork
            && plan.ordered != Some(Ordered::PerKey)
            && plan.handle.poison.is_none()
            && plan.retry.budget.is_none()
            && plan.retry.after == After::DeadLetter;
        if plain && plan.handle.effect.0 >= 1.0 {
            return None;
        }
        let capacity = (plan.most_instances() * plan.threads) as usize;
        let bucket = |budget: &Budget| {
            let most = u64::from(budget.tokens) * 1000;
            Bucket { most, left: most, refund: (budget.refund.0 * 1000.0) as u64 }
        };
        let function = |scale: &Scale| match scale {
            Scale::Serverless { cold_start, idle, .. } => {
                Some(Function { cold_start: *cold_start, idle: *idle, last: vec![None; capacity] })
            }
            Scale::Autoscale { .. } => None,
        };
        Some(Box::new(Care {
            ack,
            timeout: handling.timeout,
            effect: plan.handle.effect.0,
            drops: plan.retry.after == After::Drop,
            shed: handling.shed.clone().unwrap_or_default(),
            poison: plan.handle.poison.clone().map(|poison| (poison, seed ^ hash_name("poison") ^ hash_name(name))),
            inbox: handling.inbox.as_ref().map(|inbox| Seen { size: inbox.size as usize, known: BTreeSet::new(), order: VecDeque::new() }),
            bucket: plan.retry.budget.as_ref().map(bucket),
            breaker: handling.breaker.clone().map(|plan| Breaker { plan, state: State::Closed, round: 0, bins: VecDeque::new() }),
            function: handling.scale.as_ref().and_then(function),
            scaler: Scaler::new(plan),
            work: vec![Work { effect: Time::NEVER, outcome: Outcome::Done, left: None }; capacity],
            unacked: Vec::new(),
            ticking: false,
            counts: CareCounts::default(),
        }))
    }

    /// An attempt of a worker begins that would take so long and (if so) fail. How long it takes.
    pub fn begin(&mut self, worker: u32, outlet: OutletId, event: &Event, now: Time, service: Span, fails: Option<Reason>) -> Span {
        let work = &mut self.work[worker as usize];
        if self.shed.age.is_some_and(|age| now - event.published > age) {
            *work = Work { effect: Time::NEVER, outcome: Outcome::Shed, left: None };
            return Span::ZERO;
        }
        if self.inbox.as_ref().is_some_and(|seen| seen.known.contains(&(outlet, event.id))) {
            *work = Work { effect: Time::NEVER, outcome: Outcome::Skip, left: None };
            return Span::ZERO;
        }
        let mut service = service;
        if let Some(function) = &mut self.function {
            let warm = function.last[worker as usize].is_some_and(|last| now - last <= function.idle);
            if !warm {
                self.counts.cold_starts += 1;
                service = Span(service.0.saturating_add(function.cold_start.0));
            }
        }
        self.scaler.iter_mut().for_each(|scaler| scaler.works(service));
        // An attempt that fails by itself fails before its effect; one that is cut off may have had it.
        let effect = if fails.is_some() { Time::NEVER } else { now + Span((service.0 as f64 * self.effect) as u64) };
        *work = Work { effect, outcome: fails.map_or(Outcome::Done, Outcome::Fails), left: None };
        if let Some(timeout) = self.timeout
            && service > timeout
        {
            work.outcome = Outcome::Fails(Reason::TimedOut);
            if work.effect > now + timeout {
                work.effect = Time::NEVER;
            }
            return timeout;
        }
        service
    }

    /// What is known of the attempt in a worker's hand.
    pub fn work(&self, worker: u32) -> Work {
        self.work[worker as usize]
    }

    /// The attempt in a worker's hand has no effect yet: it waits for stores.
    pub fn postpone(&mut self, worker: u32) {
        self.work[worker as usize].effect = Time::NEVER;
    }

    /// There are so many workers, or have been.
    pub fn make_room(&mut self, workers: usize) {
        let most = workers.max(self.work.len());
        self.work.resize(most, Work { effect: Time::NEVER, outcome: Outcome::Done, left: None });
    }

    /// Workers have other numbers from now on, and what they have in hand goes along.
    pub fn renumber(&mut self, old: std::ops::Range<u32>, new: u32) {
        for (i, worker) in old.clone().enumerate() {
            self.work[new as usize + i] = self.work[worker as usize];
        }
        for (worker, _) in self.unacked.iter_mut().filter(|(worker, _)| old.contains(worker)) {
            *worker = *worker - old.start + new;
        }
    }

    /// A worker stands still with its work.
    pub fn hold(&mut self, worker: u32, now: Time) {
        let work = &mut self.work[worker as usize];
        if work.effect != Time::NEVER && work.effect > now {
            work.left = Some(work.effect - now);
            work.effect = Time::NEVER;
        }
    }

    /// It goes on.
    pub fn go_on(&mut self, worker: u32, now: Time) {
        let work = &mut self.work[worker as usize];
        if let Some(left) = work.left.take() {
            work.effect = now + left;
        }
    }

    /// A worker has done its work.
    pub fn rest(&mut self, worker: u32, now: Time) {
        if let Some(function) = &mut self.function {
            function.last[worker as usize] = Some(now);
        }
    }

    /// A worker's instance is gone: it is cold when it comes back.
    pub fn cool(&mut self, worker: u32) {
        if let Some(function) = &mut self.function {
            function.last[worker as usize] = None;
        }
    }

    /// Instances of a function that are warm now, besides those at work.
    pub fn warm(&self, now: Time) -> u32 {
        let warm = |function: &Function| function.last.iter().filter(|last| last.is_some_and(|last| now - last <= function.idle)).count();
        self.function.as_ref().map_or(0, warm) as u32
    }

    /// An event's effect takes place. False if it had taken place before, as the inbox knows.
    pub fn take_effect(&mut self, outlet: OutletId, event: EventId) -> bool {
        let Some(seen) = &mut self.inbox else { return true };
        if !seen.known.insert((outlet, event)) {
            return false;
        }
        seen.order.push_back((outlet, event));
        if seen.order.len() > seen.size
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.known.remove(&oldest);
        }
        true
    }

    /// A retry asks for its token.
    pub fn token(&mut self) -> bool {
        let Some(bucket) = &mut self.bucket else { return true };
        let enough = bucket.left >= 1000;
        if enough {
            bucket.left -= 1000;
        } else {
            self.counts.no_token += 1;
        }
        enough
    }

    /// A success puts back its share of a token.
    pub fn refund(&mut self) {
        if let Some(bucket) = &mut self.bucket {
            bucket.left = (bucket.left + bucket.refund).min(bucket.most);
        }
    }

    /// Whether an event is poison.
    pub fn is_poison(&self, plan: &Plan, seed: u64, texts: &KeyTexts, event: &Event) -> bool {
        match &self.poison {
            None => false,
            Some((Poison::Share(share), salt)) => mix(event.id.0 ^ salt) < odds(*share),
            Some((Poison::Key(key), _)) => event.key != Key::NONE && event.key.show(texts).as_ref() == Some(key),
            Some((Poison::Attribute { name, value }, _)) => attributes(plan, seed, event).iter().any(|(known, given)| {
                known == name
                    && match given {
                        Value::Text(text) => text == value,
                        Value::Number(number) => number.to_string() == *value,
                    }
            }),
        }
    }
}

impl Breaker {
    /// An attempt ended at `now`. True if the breaker opens or closes by that.
    pub fn attempt(&mut self, failed: bool, now: Time) -> bool {
        match self.state {
            State::Open => false,
            State::HalfOpen => {
                self.state = if failed { State::Open } else { State::Closed };
                self.bins.clear();
                self.round += 1;
                true
            }
            State::Closed => {
                let bin = now.0 / (self.plan.window.0 / 10).max(1);
                match self.bins.back_mut() {
                    Some((at, attempts, failures)) if *at == bin => {
                        *attempts += 1;
                        *failures += u32::from(failed);
                    }
                    _ => self.bins.push_back((bin, 1, u32::from(failed))),
                }
                while self.bins.front().is_some_and(|(at, ..)| at + 10 <= bin) {
                    self.bins.pop_front();
                }
                let (attempts, failures) = self.bins.iter().fold((0, 0), |sum, (_, a, f)| (sum.0 + a, sum.1 + f));
                let opens = failed && attempts >= self.plan.least && f64::from(failures) >= self.plan.failures.0 * f64::from(attempts);
                if opens {
                    self.state = State::Open;
                    self.bins.clear();
                    self.round += 1;
                }
                opens
            }
        }
    }
}
