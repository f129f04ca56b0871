//! Order per key: of each key one event at a time is in hand, and the others of that key wait for it in a lane of their own.
//!
//! The rule is that of message groups and of consumers that handle a partition in parallel by key: an event that waits for another
//! attempt keeps its lane, so nothing of its key overtakes it, and other keys go on meanwhile. What one seat is handed is kept in
//! order; what its broker hands to other instances is not known here.

use super::event::{Event, Flags, Key, Message};
use super::fifo::Fifo;
use crate::ids::{EventId, OutletId, SeatId};
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};

/// The lanes of one crew.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    /// Keys of which an event is in hand, waits for another attempt or is ready, with what waits behind it, oldest first.
    taken: BTreeMap<Lane, Fifo<(u64, Message)>>,
    /// May begin as soon as a worker is free; their keys are kept for them.
    ready: VecDeque<(u64, Message)>,
    /// Numbers what waits in lanes in the order in which it came.
    came: u64,
}

type Lane = (SeatId, Key);

fn lane(message: &Message) -> Option<Lane> {
    (message.event.key != Key::NONE).then_some((message.event.seat, message.event.key))
}

impl Lanes {
    /// A message that could begin has come. True if another of its key is in its way: it waits here from now on.
    pub fn hold_up(&mut self, message: &Message) -> bool {
        let Some(behind) = lane(message).and_then(|lane| self.taken.get_mut(&lane)) else { return false };
        self.came += 1;
        behind.push((self.came, *message));
        true
    }

    /// Whether another of its key is in a message's way.
    pub fn is_taken(&self, message: &Message) -> bool {
        lane(message).is_some_and(|lane| self.taken.contains_key(&lane))
    }

    /// A message begins: its lane is its own.
    pub fn take(&mut self, message: &Message) {
        if let Some(lane) = lane(message) {
            self.taken.insert(lane, Fifo::default());
        }
    }

    /// A message that has its lane may go on, but there is no worker for it now.
    pub fn wait_again(&mut self, message: &Message) {
        self.ready.push_back((0, *message));
    }

    /// A message that had its lane is done with, however it ended: the next of its key is ready.
    pub fn release(&mut self, message: &Message) {
        let Some(lane) = lane(message) else { return };
        let Some(behind) = self.taken.get_mut(&lane) else { return };
        match behind.pop() {
            Some(next) => self.ready.push_back(next),
            None => drop(self.taken.remove(&lane)),
        }
    }

    /// The next that is ready, which has its lane.
    pub fn next(&mut self) -> Option<Message> {
        self.ready.pop_front().map(|(_, message)| message)
    }

    /// Whether something is ready.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many wait here.
    pub fn len(&self) -> usize {
        self.ready.len() + self.taken.values().map(Fifo::len).sum::<usize>()
    }

    /// All that wait here.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.ready.iter().chain(self.taken.values().flat_map(Fifo::iter)).map(|(_, message)| message)
    }

    /// Takes out what is `wanted`, in the order in which it came.
    pub fn take_out(&mut self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut gone: Vec<(u64, Message)> = Vec::new();
        for behind in self.taken.values_mut() {
            if !behind.iter().any(|(_, message)| wanted(message)) {
                continue;
            }
            let all: Vec<(u64, Message)> = std::iter::from_fn(|| behind.pop()).collect();
            for one in all {
                if wanted(&one.1) { gone.push(one) } else { behind.push(one) }
            }
        }
        let (out, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.ready).into_iter().partition(|(_, message)| wanted(message));
        self.ready = kept;
        out.iter().for_each(|(_, message)| self.release(message));
        gone.extend(out);
        gone.sort_by_key(|(came, _)| *came);
        gone.into_iter().map(|(_, message)| message).collect()
    }

    /// See [`Fifo::weigh`].
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let behind: usize = self.taken.values().map(|behind| behind.weigh(each) + size_of::<(Lane, Fifo<(u64, Message)>)>()).sum();
        behind + self.ready.capacity() * size_of::<(u64, Message)>()
    }
}

/// Counts what is handled out of order, where a consumer says what it thinks of order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Of each key the latest event that has been handled.
    latest: BTreeMap<(OutletId, Key), (Time, EventId)>,
    /// Events handled after a later one of their key.
    pub reordered: u64,
}

/// Keys that are watched; what further ones do is not counted.
const MOST_KEYS: usize = 100_000;

impl Order {
    /// An event has been handled. What comes a second time is no matter of order.
    pub fn handled(&mut self, outlet: OutletId, event: &Event) {
        let again = Flags::HANDLED.with(Flags::REPLAYED).with(Flags::DUPLICATE);
        if event.key == Key::NONE || event.flags.any(again) {
            return;
        }
        let full = self.latest.len() >= MOST_KEYS;
        match self.latest.get_mut(&(outlet, event.key)) {
            Some((time, id)) => {
                let (same, serial) = (id.emitter() == event.id.emitter(), id.serial());
                if *time > event.published || (*time == event.published && same && serial > event.id.serial()) {
                    self.reordered += 1;
                } else {
                    (*time, *id) = (event.published, event.id);
                }
            }
            None if full => {}
            None => drop(self.latest.insert((outlet, event.key), (event.published, event.id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(serial: u64, key: u64) -> Message {
        let mut message = Message::NONE;
        (message.event.id, message.event.key) = (EventId(serial), Key::number(key));
        message
    }

    #[test]
    fn one_of_each_key_at_a_time_in_the_order_in_which_they_came() {
        let mut lanes = Lanes::default();
        lanes.take(&message(0, 7));
        assert!(lanes.hold_up(&message(1, 7)) && lanes.hold_up(&message(2, 7)));
        assert!(!lanes.hold_up(&message(3, 8)) && !lanes.hold_up(&Message::NONE), "other keys and events without one go by");
        assert_eq!(lanes.next(), None);
        // Another attempt keeps the lane.
        lanes.wait_again(&message(0, 7));
        assert_eq!(lanes.next(), Some(message(0, 7)));
        lanes.release(&message(0, 7));
        assert_eq!((lanes.next(), lanes.next()), (Some(message(1, 7)), None));
        assert!(lanes.hold_up(&message(4, 7)));
        assert_eq!(lanes.len(), 2);
        assert_eq!(lanes.take_out(|message| message.event.id == EventId(2)), [message(2, 7)]);
        lanes.release(&message(1, 7));
        assert_eq!(lanes.next(), Some(message(4, 7)));
        lanes.release(&message(4, 7));
        assert!(!lanes.is_taken(&message(5, 7)) && lanes.len() == 0);
    }

    #[test]
    fn what_is_ready_and_taken_out_gives_its_lane_free() {
        let mut lanes = Lanes::default();
        lanes.take(&message(0, 7));
        assert!(lanes.hold_up(&message(1, 7)) && lanes.hold_up(&message(2, 7)));
        lanes.release(&message(0, 7));
        assert_eq!(lanes.take_out(|_| true), [message(1, 7), message(2, 7)]);
        assert!(!lanes.is_taken(&message(3, 7)));
    }

    #[test]
    fn only_what_is_overtaken_by_its_own_key_is_out_of_order() {
        let mut order = Order::default();
        let event = |serial: u64, key: u64, at: u64| Event { published: Time(at), ..message(serial, key).event };
        for (serial, key, at, reordered) in [(1, 7, 10, 0), (2, 8, 5, 0), (3, 7, 9, 1), (4, 7, 11, 1), (4, 7, 11, 1), (3, 7, 11, 2)] {
            order.handled(OutletId(0), &event(serial, key, at));
            assert_eq!(order.reordered, reordered, "event {serial}");
        }
        let again = Event { flags: Flags::HANDLED, ..event(1, 7, 10) };
        order.handled(OutletId(0), &again);
        assert_eq!(order.reordered, 2, "what comes again is a duplicate and no disorder");
    }
}
