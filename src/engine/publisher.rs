//! A publisher that waits for confirmations: what it keeps until they come.

use super::event::Event;
use super::fifo::Fifo;
use crate::ids::EventId;
use crate::scenario::publishing::Publish;
use crate::time::{Span, Time};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// Of one emitter.
#[derive(Clone, Debug)]
pub struct Publisher {
    timeout: Span,
    retries: u32,
    window: usize,
    /// Sent and not confirmed, with how often they were sent.
    unconfirmed: BTreeMap<EventId, (Event, u32)>,
    /// By when each sending is to be confirmed, in order of time. Entries of what has been confirmed stay until their time comes.
    deadlines: VecDeque<(Time, EventId, u32)>,
    /// Whether the agenda knows of the first deadline.
    armed: bool,
    /// Not sent yet: the window is full.
    held: Fifo<Event>,
    /// Since the start.
    pub counts: Confirms,
}

/// What came of confirmed publishing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confirms {
    /// Events that their broker confirmed.
    pub confirmed: u64,
    /// Times an event was sent again.
    pub resent: u64,
    /// Events given up after the last retry, or lost with a publisher that crashed.
    pub given_up: u64,
    /// Events not confirmed yet, those included that wait to be sent.
    pub unconfirmed: u64,
}

impl Confirms {
    /// The sum of two.
    pub fn and(self, other: Confirms) -> Confirms {
        Confirms {
            confirmed: self.confirmed + other.confirmed,
            resent: self.resent + other.resent,
            given_up: self.given_up + other.given_up,
            unconfirmed: self.unconfirmed + other.unconfirmed,
        }
    }
}

/// What is to be done about an event whose deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// Send it again.
    Again(Event),
    /// That was the last time.
    GiveUp(Event),
}

impl Publisher {
    /// A publisher that keeps nothing yet; none if nobody waits for confirmations.
    pub fn new(publish: &Publish) -> Option<Publisher> {
        match *publish {
            Publish::Forget => None,
            Publish::Confirmed { timeout, retries, window } => Some(Publisher {
                timeout,
                retries,
                window: window as usize,
                unconfirmed: BTreeMap::new(),
                deadlines: VecDeque::new(),
                armed: false,
                held: Fifo::default(),
                counts: Confirms::default(),
            }),
        }
    }

    /// A new event. True if it may set out at once; otherwise it is kept until there is room.
    pub fn take(&mut self, event: &Event) -> bool {
        self.counts.unconfirmed += 1;
        let room = self.unconfirmed.len() < self.window;
        if !room {
            self.held.push(*event);
        }
        room
    }

    /// Whether it keeps an event: not confirmed yet, or waiting for room.
    pub fn keeps(&self, event: EventId) -> bool {
        self.unconfirmed.contains_key(&event) || self.held.iter().any(|held| held.id == event)
    }

    /// Notes that an event sets out. Gives a time that the agenda must know of, if it does not yet.
    pub fn sent(&mut self, event: &Event, now: Time) -> Option<Time> {
        let (_, times) = self.unconfirmed.entry(event.id).or_insert((*event, 0));
        *times += 1;
        let deadline = now + self.timeout;
        self.deadlines.push_back((deadline, event.id, *times));
        (!std::mem::replace(&mut self.armed, true)).then_some(deadline)
    }

    /// The next event that waited for room, if there is room.
    pub fn next_to_send(&mut self) -> Option<Event> {
        if self.unconfirmed.len() < self.window { self.held.pop() } else { None }
    }

    /// Its broker has the event. None if it is not waited for (any more).
    pub fn confirm(&mut self, event: EventId) -> Option<Event> {
        let (event, _) = self.unconfirmed.remove(&event)?;
        self.counts.confirmed += 1;
        self.counts.unconfirmed -= 1;
        Some(event)
    }

    /// The next event that should have been confirmed by now; after the last, when to ask again is in [`Publisher::rearm`].
    pub fn overdue(&mut self, now: Time) -> Option<Overdue> {
        while let Some((deadline, id, times)) = self.deadlines.front().copied() {
            let waits = self.unconfirmed.get(&id).is_some_and(|(_, sent)| *sent == times);
            if waits && deadline > now {
                return None;
            }
            self.deadlines.pop_front();
            if !waits {
                continue;
            }
            let (event, _) = self.unconfirmed[&id];
            if times <= self.retries {
                self.counts.resent += 1;
                return Some(Overdue::Again(event));
            }
            self.unconfirmed.remove(&id);
            self.counts.given_up += 1;
            self.counts.unconfirmed -= 1;
            return Some(Overdue::GiveUp(event));
        }
        None
    }

    /// The time at which the next deadline passes, for the agenda; none if there is nothing to wait for.
    pub fn rearm(&mut self) -> Option<Time> {
        let next = self.deadlines.front().map(|(at, ..)| *at);
        self.armed = next.is_some();
        next
    }

    /// The publisher has crashed: what it kept in memory is gone. (If the agenda knows of a deadline it stays armed: that comes no later
    /// than any to follow.)
    pub fn forget(&mut self) -> Vec<Event> {
        self.counts.unconfirmed = 0;
        self.deadlines.clear();
        let sent = std::mem::take(&mut self.unconfirmed).into_values().map(|(event, _)| event);
        let mut gone: Vec<Event> = sent.collect();
        gone.extend(std::iter::from_fn(|| self.held.pop()));
        self.counts.given_up += gone.len() as u64;
        gone
    }

    /// Everything it keeps.
    pub fn kept(&self) -> impl Iterator<Item = &Event> {
        self.unconfirmed.values().map(|(event, _)| event).chain(self.held.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Flags, Key, Kind};
    use crate::ids::SeatId;

    fn event(id: u64) -> Event {
        Event {
            id: EventId(id),
            published: Time::ZERO,
            root: EventId(id),
            key: Key::NONE,
            kind: Kind(0),
            failures: 0,
            flags: Flags::TRACKED,
            seat: SeatId(0),
        }
    }

    #[test]
    fn what_is_not_confirmed_in_time_is_sent_again_and_then_given_up() {
        let publish = Publish::Confirmed { timeout: Span(100), retries: 1, window: 2 };
        let Some(mut publisher) = Publisher::new(&publish) else { panic!("it waits for confirmations") };
        assert!(publisher.take(&event(1)));
        assert_eq!(publisher.sent(&event(1), Time(0)), Some(Time(100)));
        assert!(publisher.take(&event(2)));
        assert_eq!(publisher.sent(&event(2), Time(10)), None);
        assert!(!publisher.take(&event(3)), "the window holds two");
        assert_eq!(publisher.confirm(EventId(1)), Some(event(1)));
        assert_eq!(publisher.confirm(EventId(1)), None, "a second confirmation says nothing new");
        assert_eq!(publisher.next_to_send(), Some(event(3)));
        assert_eq!(publisher.overdue(Time(100)), None);
        assert_eq!(publisher.rearm(), Some(Time(110)));
        assert_eq!(publisher.overdue(Time(110)), Some(Overdue::Again(event(2))));
        publisher.sent(&event(2), Time(110));
        assert_eq!(publisher.overdue(Time(210)), Some(Overdue::GiveUp(event(2))));
        assert_eq!(publisher.counts, Confirms { confirmed: 1, resent: 1, given_up: 1, unconfirmed: 1 });
    }

    #[test]
    fn a_deadline_is_gone_with_the_memory_of_what_it_was_for() {
        let publish = Publish::Confirmed { timeout: Span(100), retries: 0, window: 2 };
        let Some(mut publisher) = Publisher::new(&publish) else { panic!("it waits for confirmations") };
        publisher.take(&event(1));
        assert_eq!(publisher.sent(&event(1), Time(0)), Some(Time(100)));
        assert_eq!(publisher.forget(), [event(1)]);
        // An outbox has it still, and it is sent anew: for the first time, as far as anybody remembers.
        publisher.take(&event(1));
        assert_eq!(publisher.sent(&event(1), Time(70)), None);
        assert_eq!(publisher.overdue(Time(100)), None, "that deadline was another life's");
        assert_eq!(publisher.rearm(), Some(Time(170)));
        assert_eq!(publisher.overdue(Time(170)), Some(Overdue::GiveUp(event(1))));
    }
}
