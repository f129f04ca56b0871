//! Classic queues. Blocking by prefetch is lazy: a full consumer stays in the rotation until its turn comes and finds it full, and
//! stands behind the others when it has room again.

use super::consumer::{Channel, ChannelLimits, Consumer, Subscription};
use super::death::Reason;
use super::message::Letter;
use super::out::{Dead, Out};
use super::queue::{Held, Queue};
use super::settings::Overflow;

impl<M: Clone> Queue<M> {
    #[inline(always)]
    pub(super) fn publish_classic(&mut self, mut letter: Letter<M>, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        if self.settings.overflow != Overflow::DropHead && self.would_overflow(&letter) {
            if self.settings.overflow == Overflow::RejectPublishDlx {
                out.dead.push_back(Dead { queue: self.id, reason: Reason::MaxLength, letter, refused: true });
            }
            return false;
        }
        letter.expires = self.expiry(&letter, now, 0);
        // A message that somebody can take at once is never stored, so neither its age nor the limits matter.
        match self.next_taker(limits) {
            Some(number) => {
                let place = self.store.passing(&letter);
                self.send(number, place, letter, out);
            }
            None => {
                self.keep(letter);
                self.drop_over_limit(out);
                self.drop_expired(now, out);
            }
        }
        true
    }

    /// Whether this message would be one too many; consumers that wait do not matter.
    fn would_overflow(&self, letter: &Letter<M>) -> bool {
        let settings = &self.settings;
        settings.max_length.is_some_and(|most| self.store.len() + 1 > most)
            || settings.max_bytes.is_some_and(|most| self.ready_bytes + u64::from(letter.size) > most)
    }

    pub(super) fn run_classic(&mut self, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        loop {
            self.drop_expired(now, out);
            if self.store.is_empty() {
                return;
            }
            let Some(number) = self.next_taker(limits) else { return };
            let Some((place, letter)) = self.take_head() else { return };
            self.send(number, place, letter, out);
        }
    }

    /// Whose turn it is. Those found full leave the rotation.
    #[inline(always)]
    fn next_taker(&mut self, limits: &mut ChannelLimits) -> Option<u32> {
        if self.still {
            return None;
        }
        if self.settings.single_active {
            let number = self.active?;
            if self.consumers.get(number).is_some_and(|consumer| consumer.blocked > 0) {
                return None;
            }
            if self.can_take(number, limits) {
                return Some(number);
            }
            self.rotation.remove(number);
            self.block(number);
            return None;
        }
        loop {
            let (priority, number) = self.rotation.pop()?;
            if self.can_take(number, limits) {
                self.rotation.push(priority, number);
                return Some(number);
            }
            self.block(number);
        }
    }

    /// A consumer was found full.
    fn block(&mut self, number: u32) {
        self.blockings += 1;
        if let Some(consumer) = self.consumers.get_mut(number) {
            consumer.blocked = self.blockings;
        }
    }

    #[inline(always)]
    fn can_take(&self, number: u32, limits: &mut ChannelLimits) -> bool {
        let Some(consumer) = self.consumers.get(number) else { return false };
        consumer.credit > 0 && limits.admits(consumer.wish.channel, !consumer.wish.auto_ack)
    }

    /// Those of this channel that are no longer full stand in line again, in the order in which they were found full.
    pub(super) fn unblock(&mut self, channel: Channel) -> bool {
        let free = |consumer: &Consumer| consumer.blocked > 0 && consumer.wish.channel == channel && consumer.credit > 0;
        let free = self.consumers.numbered().filter(|(_, consumer)| free(consumer));
        let mut free: Vec<(u64, u32)> = free.map(|(number, consumer)| (consumer.blocked, number)).collect();
        free.sort_unstable();
        free.iter().for_each(|(_, number)| self.unblock_one(*number));
        !free.is_empty()
    }

    fn unblock_one(&mut self, number: u32) {
        if let Some(consumer) = self.consumers.get_mut(number).filter(|consumer| consumer.blocked > 0) {
            consumer.blocked = 0;
            self.rotation.push(consumer.wish.priority, number);
        }
    }

    /// Takes messages from whoever holds them, gives the credit back, and does something with each.
    #[inline(always)]
    pub(super) fn settle_classic(&mut self, slots: &[u32], mut with: impl FnMut(&mut Self, Held<M>)) {
        let mut freed = None;
        for slot in slots {
            let Some(held) = self.held.take(*slot) else { continue };
            // Its number may be another one's by now, or that of the same reader's next subscription, which owes nothing for it.
            if let Some(consumer) = self.consumers.get_mut(held.consumer)
                && consumer.order < held.order
            {
                if consumer.credit == 0 {
                    freed = Some((held.channel, held.consumer));
                }
                consumer.holding -= 1;
                consumer.earn();
            }
            with(self, held);
        }
        let Some((channel, number)) = freed else { return };
        // Looking for others of the channel takes the longer the more consumers there are.
        if self.shared {
            self.unblock(channel);
        } else {
            self.unblock_one(number);
        }
    }

    /// To the old place, whatever came back before.
    pub(super) fn come_back_classic(&mut self, held: Held<M>) {
        let letter = Letter { redelivered: true, ..held.letter };
        self.keep_again(held.place, letter);
    }

    pub(super) fn subscribe_classic(&mut self, wish: Subscription, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        let single = self.settings.single_active;
        let shut = if single { wish.exclusive } else { self.exclusive.is_some() || wish.exclusive && !self.is_unused() };
        if shut {
            return false;
        }
        let order = self.count();
        let number = self.consumers.put(Consumer::classic(wish, order));
        self.rotation.push(wish.priority, number);
        self.shared |= !self.channels.insert(wish.channel);
        self.had_consumers = true;
        if wish.exclusive {
            self.exclusive = Some(wish.seat);
        }
        if single && self.active.is_none() {
            self.active = Some(number);
        }
        self.run_classic(now, limits, out);
        true
    }

    pub(super) fn cancel_classic(&mut self, number: u32) {
        let Some(consumer) = self.consumers.take(number) else { return };
        self.rotation.remove(number);
        if !self.shared {
            self.channels.remove(&consumer.wish.channel);
        }
        if self.exclusive == Some(consumer.wish.seat) {
            self.exclusive = None;
        }
        // The highest priority wins now, though it never takes over from one that is there.
        if self.active == Some(number) {
            self.active = self.rotation.front();
        }
    }

    pub(super) fn channel_down_classic(&mut self, channel: Channel, held: &[(u64, u32)]) {
        let gone: Vec<u32> = self.consumers.numbered().filter(|(_, c)| c.wish.channel == channel).map(|(number, _)| number).collect();
        for number in &gone {
            // All leave before one of the rest becomes active.
            self.rotation.remove(*number);
        }
        for number in gone {
            self.cancel_classic(number);
        }
        let slots: Vec<u32> = held.iter().map(|(_, slot)| *slot).collect();
        self.settle_classic(&slots, Queue::come_back_classic);
    }
}
