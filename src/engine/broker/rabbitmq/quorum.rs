//! Quorum queues. Consumers stand in line only while they have credit, and join it at the end when they get some. What comes back
//! goes out before what has not been out, in the order in which it came back.

use super::consumer::{Channel, ChannelLimits, Consumer, Seat, Standing, Subscription};
use super::death::Reason;
use super::message::Letter;
use super::out::{Dead, Out};
use super::queue::{Held, Publisher, Queue};
use super::settings::Overflow;
use std::cmp::Reverse;

/// A time to live of zero: there is a millisecond in which a waiting consumer can take the message.
const LEAST_TTL: u64 = 1_000_000;

impl<M: Clone> Queue<M> {
    pub(super) fn publish_quorum(
        &mut self,
        mut letter: Letter<M>,
        from: Option<Channel>,
        now: u64,
        limits: &mut ChannelLimits,
        out: &mut Out<M>,
    ) -> bool {
        if self.settings.overflow == Overflow::RejectPublish
            && let Some(channel) = from
        {
            // Refusing is the publisher's part: it stops when it has heard that the queue is over its limit. Until then, and for
            // dead letters, the queue takes whatever comes.
            let over = self.is_over_limit();
            let publisher = self.publishers.entry(channel).or_insert(Publisher { told: over, stopped: over });
            if publisher.stopped {
                return false;
            }
        }
        letter.expires = self.expiry(&letter, now, LEAST_TTL);
        self.keep(letter);
        self.run_quorum(now, limits, out);
        true
    }

    pub(super) fn run_quorum(&mut self, now: u64, _: &mut ChannelLimits, out: &mut Out<M>) {
        if self.still {
            return;
        }
        loop {
            self.drop_expired(now, out);
            if self.store.is_empty() {
                break;
            }
            let Some((_, number)) = self.rotation.pop() else { break };
            let Some(consumer) = self.consumers.get_mut(number) else { continue };
            consumer.queued = false;
            if consumer.credit == 0 || consumer.standing != Standing::Up {
                continue;
            }
            if let Some((place, letter)) = self.take_head() {
                self.send(number, place, letter, out);
            }
            self.stand_in_line(number);
        }
        self.drop_over_limit(out);
        self.tell_publishers();
    }

    /// Over the limit, publishers are told to stop; at four fifths of it, to go on.
    pub(super) fn tell_publishers(&mut self) {
        if self.publishers.is_empty() {
            return;
        }
        let over = self.is_over_limit();
        let below = |most: Option<u64>, count: u64| most.is_none_or(|most| count <= most - most.div_ceil(5));
        let settings = &self.settings;
        let low = below(settings.max_length, self.counted_length()) && below(settings.max_bytes, self.counted_bytes());
        for publisher in self.publishers.values_mut() {
            publisher.told = over || publisher.told && !low;
        }
    }

    fn stand_in_line(&mut self, number: u32) {
        if self.waiting.contains(&number) {
            return;
        }
        let Some(consumer) = self.consumers.get_mut(number) else { return };
        if consumer.credit > 0 && consumer.standing == Standing::Up && !consumer.queued {
            consumer.queued = true;
            self.rotation.push(consumer.wish.priority, number);
        }
    }

    /// Takes messages from whoever holds them, gives the credit back, and does something with each.
    pub(super) fn settle_quorum(&mut self, slots: &[u32], mut with: impl FnMut(&mut Self, Held<M>)) {
        for slot in slots {
            let Some(held) = self.held.take(*slot) else { continue };
            let (number, seat) = (held.consumer, held.seat);
            with(self, held);
            self.lighten(number, seat);
        }
    }

    /// A consumer holds one message less.
    fn lighten(&mut self, number: u32, seat: Option<Seat>) {
        let Some(consumer) = self.consumers.get_mut(number).filter(|consumer| Some(consumer.wish.seat) == seat) else { return };
        consumer.holding -= 1;
        consumer.earn();
        match (consumer.standing, consumer.holding) {
            (Standing::Cancelled, 0) => drop(self.consumers.take(number)),
            (Standing::Quiescing, 0) => {
                consumer.standing = Standing::Up;
                self.wait_for_turn(number);
            }
            _ => self.stand_in_line(number),
        }
    }

    /// Behind the others of the messages that came back, unless it came back too often.
    pub(super) fn come_back_quorum(&mut self, held: Held<M>, lost: bool, out: &mut Out<M>) {
        let mut letter = held.letter;
        letter.acquired = letter.acquired.saturating_add(1);
        letter.failed = letter.failed.saturating_add(u16::from(lost));
        if self.settings.delivery_limit.is_some_and(|limit| u64::from(letter.acquired) > limit) {
            out.dead.push_back(Dead { queue: self.id, reason: Reason::DeliveryLimit, letter, refused: false });
        } else {
            self.keep_again(held.place, letter);
        }
    }

    pub(super) fn subscribe_quorum(&mut self, wish: Subscription, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        let order = self.count();
        let number = self.consumers.put(Consumer::quorum(wish, order));
        self.had_consumers = true;
        if self.settings.single_active {
            self.wait_for_turn(number);
            self.activate_next();
        } else {
            self.stand_in_line(number);
        }
        self.run_quorum(now, limits, out);
        true
    }

    /// Among those that wait to become the single active consumer: higher priorities first, then whoever may take more, then who came first.
    /// (Observed at 4.0.5 for all prefetches of three consumers.)
    fn wait_for_turn(&mut self, number: u32) {
        self.waiting.push(number);
        let consumers = &self.consumers;
        let rank = |number: &u32| consumers.get(*number).map(|it| (Reverse(it.wish.priority), Reverse(it.quorum_credit()), it.order));
        self.waiting.sort_by_key(rank);
    }

    /// Makes the next in line the single active consumer, if there is none or a lower one that holds nothing.
    pub(super) fn activate_next(&mut self) {
        if !self.settings.single_active {
            return;
        }
        let Some(next) = self.waiting.first().copied() else { return };
        let active = self
            .consumers
            .numbered()
            .find(|(number, consumer)| matches!(consumer.standing, Standing::Up | Standing::Quiescing) && !self.waiting.contains(number));
        if let Some((number, consumer)) = active {
            let outranked = self.consumers.get(next).is_some_and(|newcomer| newcomer.wish.priority > consumer.wish.priority);
            if !outranked {
                return;
            }
            if consumer.holding > 0 {
                if let Some(consumer) = self.consumers.get_mut(number) {
                    consumer.standing = Standing::Quiescing;
                }
                // Not even what it gives back comes to it again.
                self.leave_line(number);
                return;
            }
            self.waiting.remove(0);
            self.leave_line(number);
            self.wait_for_turn(number);
        } else {
            self.waiting.remove(0);
        }
        self.stand_in_line(next);
    }

    fn leave_line(&mut self, number: u32) {
        self.rotation.remove(number);
        if let Some(consumer) = self.consumers.get_mut(number) {
            consumer.queued = false;
        }
    }

    pub(super) fn cancel_quorum(&mut self, number: u32) {
        self.leave_line(number);
        if let Some(at) = self.waiting.iter().position(|other| *other == number) {
            self.waiting.remove(at);
            self.consumers.take(number);
        } else if let Some(consumer) = self.consumers.get_mut(number) {
            consumer.credit = 0;
            consumer.standing = Standing::Cancelled;
            if consumer.holding == 0 {
                self.consumers.take(number);
            }
        }
        self.activate_next();
    }

    pub(super) fn channel_down_quorum(&mut self, channel: Channel, held: &[(u64, u32)], out: &mut Out<M>) {
        // Consumer by consumer, in the order in which they came, then what was fetched one by one.
        let order = |queue: &Self, slot: u32| {
            let held = queue.held.get(slot);
            let consumer = held.and_then(|held| queue.consumers.get(held.consumer).filter(|c| Some(c.wish.seat) == held.seat));
            consumer.map_or(u64::MAX, |consumer| consumer.order)
        };
        let mut slots: Vec<(u64, u64, u32)> = held.iter().map(|(sent, slot)| (order(self, *slot), *sent, *slot)).collect();
        slots.sort_unstable();
        let slots: Vec<u32> = slots.into_iter().map(|(.., slot)| slot).collect();
        let gone: Vec<u32> = self.consumers.numbered().filter(|(_, c)| c.wish.channel == channel).map(|(number, _)| number).collect();
        for number in &gone {
            self.leave_line(*number);
            self.waiting.retain(|other| other != number);
            self.consumers.take(*number);
        }
        self.settle_quorum(&slots, |queue, held| queue.come_back_quorum(held, true, out));
        self.activate_next();
    }
}
