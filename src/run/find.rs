//! Finding events of a run: by what they are, or by what became of them.

use super::journey::ended;
use crate::engine::event::Flags;
use crate::engine::event::KeyTexts;
use crate::engine::{AfterFailure, BrokerFate, Event, Observation, Observer, Simulation};
use crate::ids::{ConsumerId, EventId, NodeId, OutletId, TypeId};
use crate::scenario::Plan;
use crate::time::{Span, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What became of an event's copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Handled to the end.
    Handled,
    /// Its last attempt failed, and there is nowhere to put it.
    Failed,
    /// Put away after its last attempt.
    DeadLettered,
    /// It grew too old.
    Expired,
    /// Lost on a link, or pushed out of a full queue.
    Dropped,
    /// Refused by a broker, or given up by its publisher.
    Rejected,
    /// It reached a broker where nobody takes it.
    Unroutable,
    /// It waits at the moment.
    Waiting,
    /// It travels or is in hand at the moment.
    InFlight,
}

impl Fate {
    /// All, with what they are called.
    pub const ALL: [(Fate, &'static str); 9] = [
        (Fate::Handled, "Handled"),
        (Fate::Failed, "Failed"),
        (Fate::DeadLettered, "Put away as dead letters"),
        (Fate::Expired, "Expired"),
        (Fate::Dropped, "Dropped"),
        (Fate::Rejected, "Rejected"),
        (Fate::Unroutable, "Unroutable"),
        (Fate::Waiting, "Waiting now"),
        (Fate::InFlight, "In flight now"),
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        Fate::ALL.iter().find(|(fate, _)| *fate == self).map_or("", |(_, name)| name)
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All events, the latest first.
    Latest,
    /// Those that took longest from publish to the end of handling.
    Slowest,
    /// Those whose handling failed and was tried again.
    Retried,
    /// Those that were dead-lettered.
    DeadLettered,
    /// Those that were lost, dropped, expired, refused or failed for good.
    Lost,
    /// Those handled to the end more than once by the same group.
    Duplicates,
    /// Those with this key.
    Key(String),
    /// Those of this type.
    Type(TypeId),
    /// Those a copy of which ended so.
    Fate(Fate),
}

/// An event that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Which.
    pub event: EventId,
    /// Of what type.
    pub kind: TypeId,
    /// Its key.
    pub key: Option<String>,
    /// When it was published.
    pub published: Time,
    /// When that happened for which it was found.
    pub at: Time,
    /// Where that was.
    pub node: Option<NodeId>,
    /// What happened, in words.
    pub words: String,
}

/// Looks for events.
#[derive(Debug)]
pub struct Finder {
    plan: Arc<Plan>,
    keys: KeyTexts,
    query: Query,
    found: Vec<Found>,
    /// Of the slowest: nothing faster is looked at.
    least: Span,
    /// Of the duplicates: what was acknowledged once, among copies that there may be several of.
    acked: BTreeSet<(EventId, OutletId)>,
    total: u64,
}

/// Most events that are listed.
pub const MOST: usize = 200;

impl Finder {
    /// For a query.
    pub fn new(plan: &Arc<Plan>, keys: &KeyTexts, query: Query) -> Finder {
        let (plan, keys) = (Arc::clone(plan), keys.clone());
        Finder { plan, keys, query, found: Vec::new(), least: Span::ZERO, acked: BTreeSet::new(), total: 0 }
    }

    /// What is still on its way, where that is looked for.
    pub fn look_at(&mut self, simulation: &Simulation) {
        let Query::Fate(fate @ (Fate::Waiting | Fate::InFlight)) = self.query else { return };
        let plan = Arc::clone(&self.plan);
        let now = simulation.now();
        simulation.copies(&mut |outlet, message, waits| {
            if waits == (fate == Fate::Waiting) {
                let outlet = &plan.outlets[outlet.index()];
                let node = outlet.readers.first().map(|read| plan.consumers[plan.reads[read.index()].consumer.index()].node);
                let words = if waits { format!("waits at {}", outlet.name) } else { format!("on its way from {}", outlet.name) };
                self.add(now, &message.event, node, words);
            }
        });
    }

    fn fate(&mut self, wanted: Fate, now: Time, what: &Observation<'_>) {
        match *what {
            Observation::Acked { consumer, message, .. } if wanted == Fate::Handled => {
                self.add(now, &message.event, Some(self.consumer(consumer)), "handled".to_owned());
            }
            Observation::Failed { consumer, message, next: AfterFailure::Final | AfterFailure::Drop, .. } if wanted == Fate::Failed => {
                self.add(now, &message.event, Some(self.consumer(consumer)), "failed for good".to_owned());
            }
            Observation::Failed { consumer, message, next: AfterFailure::DeadLetter, .. } if wanted == Fate::DeadLettered => {
                self.add(now, &message.event, Some(self.consumer(consumer)), "dead-lettered".to_owned());
            }
            Observation::Ended { event, fate, why, .. } => {
                let is = match fate {
                    BrokerFate::Expired => Fate::Expired,
                    BrokerFate::Dropped => Fate::Dropped,
                    BrokerFate::DeadLettered => Fate::DeadLettered,
                    BrokerFate::Failed => Fate::Failed,
                    BrokerFate::Acked => Fate::Handled,
                };
                if is == wanted {
                    self.add(now, event, None, format!("{}: {why}", ended(fate).1));
                }
            }
            Observation::LostOnLink { event, .. } if wanted == Fate::Dropped => {
                self.add(now, event, None, "lost on the network".to_owned())
            }
            Observation::Refused { event, why, .. } | Observation::GivenUp { event, why, .. } if wanted == Fate::Rejected => {
                self.add(now, event, None, why.to_string());
            }
            Observation::Unroutable { channel, event } if wanted == Fate::Unroutable => {
                let name = format!("nobody takes it at {}", self.plan.channels[channel.index()].name);
                self.add(now, event, None, name);
            }
            _ => {}
        }
    }

    /// What was found, and how many there were in all.
    pub fn finish(mut self) -> (Vec<Found>, u64) {
        match self.query {
            Query::Slowest => self.found.sort_by_key(|found| std::cmp::Reverse(found.at - found.published)),
            _ => self.found.reverse(),
        }
        self.found.truncate(MOST);
        (self.found, self.total)
    }

    fn add(&mut self, now: Time, event: &Event, node: Option<NodeId>, words: String) {
        self.total += 1;
        let found = Found {
            event: event.id,
            kind: event.kind.into(),
            key: event.key.show(&self.keys),
            published: event.published,
            at: now,
            node,
            words,
        };
        self.found.push(found);
        if self.found.len() < MOST * 4 {
            return;
        }
        // Enough to choose from: the slowest or the latest stay.
        if self.query == Query::Slowest {
            self.found.sort_by_key(|found| std::cmp::Reverse(found.at - found.published));
            self.found.truncate(MOST);
            self.least = self.found.last().map_or(Span::ZERO, |found| found.at - found.published);
        } else {
            self.found.drain(..self.found.len() - MOST);
        }
    }

    fn consumer(&self, consumer: ConsumerId) -> NodeId {
        self.plan.consumers[consumer.index()].node
    }
}

impl Observer for Finder {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        if let Query::Fate(fate) = self.query {
            return self.fate(fate, now, what);
        }
        match (&self.query, *what) {
            (Query::Latest, Observation::Published { emitter, event, .. }) => {
                self.add(now, event, Some(self.plan.emitters[emitter.index()].node), "published".to_owned());
            }
            (Query::Type(kind), Observation::Published { emitter, event, .. }) if TypeId::from(event.kind) == *kind => {
                self.add(now, event, Some(self.plan.emitters[emitter.index()].node), "published".to_owned());
            }
            (Query::Key(key), Observation::Published { emitter, event, .. }) if event.key.show(&self.keys).as_ref() == Some(key) => {
                self.add(now, event, Some(self.plan.emitters[emitter.index()].node), "published".to_owned());
            }
            (Query::Slowest, Observation::Acked { consumer, message, .. }) => {
                let took = now - message.event.published;
                if took > self.least {
                    self.add(now, &message.event, Some(self.consumer(consumer)), format!("took {took}"));
                }
            }
            (Query::Retried, Observation::Failed { consumer, message, next: AfterFailure::Retry(_), .. }) => {
                let attempt = message.event.failures;
                self.add(now, &message.event, Some(self.consumer(consumer)), format!("attempt {attempt} failed"));
            }
            (Query::DeadLettered, Observation::Failed { consumer, message, next: AfterFailure::DeadLetter, .. }) => {
                self.add(now, &message.event, Some(self.consumer(consumer)), "dead-lettered".to_owned());
            }
            (Query::DeadLettered, Observation::Ended { event, fate: BrokerFate::DeadLettered, why, .. }) => {
                self.add(now, event, None, format!("dead-lettered: {why}"));
            }
            (Query::Lost, Observation::LostOnLink { event, .. }) => self.add(now, event, None, "lost on the network".to_owned()),
            (Query::Lost, Observation::Failed { consumer, message, next: AfterFailure::Final, .. }) => {
                self.add(now, &message.event, Some(self.consumer(consumer)), "failed for good".to_owned());
            }
            (Query::Lost, Observation::Ended { event, fate, why, .. }) if fate != BrokerFate::DeadLettered && !ended(fate).0 => {
                self.add(now, event, None, format!("{}: {why}", ended(fate).1));
            }
            (Query::Lost, Observation::Refused { event, why, .. } | Observation::GivenUp { event, why, .. }) => {
                self.add(now, event, None, why.to_string());
            }
            (Query::Duplicates, Observation::Acked { outlet, consumer, message, .. }) => {
                // Only copies that others are like can be duplicates.
                let several = message.event.flags != Flags::default() || message.event.failures > 0;
                if several && !self.acked.insert((message.event.id, outlet)) {
                    self.add(now, &message.event, Some(self.consumer(consumer)), "handled again".to_owned());
                }
            }
            _ => {}
        }
    }
}
