//! A queue: its ready messages, its unacked ones, its consumers and its limits. What differs between classic and quorum
//! queues stands in [`classic`](super::classic) and [`quorum`](super::quorum).

use super::consumer::{Channel, ChannelLimits, Consumer, Seat, Subscription};
use super::death::Reason;
use super::discards::Discards;
use super::exchange::QueueId;
use super::message::{Letter, NEVER};
use super::names::Name;
use super::out::{Dead, Delivery, Out, Step};
use super::rotation::Rotation;
use super::settings::{Overflow, QueueKind, Settings};
use super::store::{Place, Store};
use super::stream::{Retention, Stream};
use super::value::Table;
use super::view::Counts;
use crate::engine::slab::Slab;
use std::collections::{BTreeMap, BTreeSet};

/// A quorum queue looks at itself so often: `quorum_tick_interval`, in nanoseconds.
const QUORUM_TICK: u64 = 5_000_000_000;

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue<M> {
    /// Its name.
    pub name: Name,
    /// Its number.
    pub id: QueueId,
    /// What it was declared with, understood.
    pub settings: Settings,
    /// What it was declared with, as given.
    pub arguments: Table,
    pub(super) store: Store<M>,
    /// A stream's log: nothing is ever ready or unacked in one, readers find their own way.
    pub(super) log: Option<Box<Stream<M>>>,
    pub(super) ready_bytes: u64,
    pub(super) held: Slab<Held<M>>,
    pub(super) consumers: Slab<Consumer>,
    /// Classic: consumers that may be able to take something. Quorum: consumers with credit.
    pub(super) rotation: Rotation,
    /// Classic: how often a consumer was found full when its turn came.
    pub(super) blockings: u64,
    /// Classic: channels with a consumer; and whether one ever had several.
    pub(super) channels: BTreeSet<Channel>,
    pub(super) shared: bool,
    /// Classic: the single active consumer.
    pub(super) active: Option<u32>,
    /// Quorum: consumers that wait to become the single active one.
    pub(super) waiting: Vec<u32>,
    /// Classic: the exclusive consumer.
    pub(super) exclusive: Option<Seat>,
    pub(super) had_consumers: bool,
    pub(super) counted: u64,
    /// What it did so far.
    pub(super) counts: Counts,
    /// Dead letters that not all have who are to have them.
    pub(super) discards: Discards<M>,
    /// It stands still: it hands nothing out.
    pub(super) still: bool,
    /// Its node is lost, or its members have no leader.
    pub(super) away: bool,
    created: u64,
    /// When the queue goes for want of use; [`NEVER`] while it is used or has no `x-expires`.
    lease: u64,
    /// Quorum with reject-publish: what publishing channels know.
    pub(super) publishers: BTreeMap<Channel, Publisher>,
}

/// An unacked message.
#[derive(Clone, Debug)]
pub(super) struct Held<M> {
    pub letter: Letter<M>,
    pub place: Place,
    /// The consumer's number in the queue; it may be gone.
    pub consumer: u32,
    /// The consumer; `None` for a `basic.get`.
    pub seat: Option<Seat>,
    pub channel: Channel,
    /// Grows with every message sent.
    pub order: u64,
}

/// What a publishing channel knows of a quorum queue that refuses publishes when it is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Publisher {
    /// The queue has told it to stop.
    pub told: bool,
    /// It has heard.
    pub stopped: bool,
}

/// Bytes of a segment of a stream that does not say how large its segments are.
const STREAM_SEGMENT: u64 = 500_000_000;

impl<M: Clone> Queue<M> {
    /// An empty queue.
    pub fn new(name: Name, id: QueueId, settings: Settings, arguments: Table, now: u64) -> Queue<M> {
        let store = if settings.kind == QueueKind::Classic { Store::classic(settings.max_priority) } else { Store::quorum() };
        let keeps = Retention { segment: settings.segment.unwrap_or(STREAM_SEGMENT), bytes: settings.max_bytes, age: settings.max_age };
        let mut queue = Queue {
            log: (settings.kind == QueueKind::Stream).then(|| Box::new(Stream::new(keeps))),
            name,
            id,
            settings,
            arguments,
            store,
            ready_bytes: 0,
            held: Slab::default(),
            consumers: Slab::default(),
            rotation: Rotation::default(),
            blockings: 0,
            channels: BTreeSet::new(),
            shared: false,
            active: None,
            waiting: Vec::new(),
            exclusive: None,
            had_consumers: false,
            counted: 0,
            created: now,
            lease: NEVER,
            counts: Counts::default(),
            discards: Discards::default(),
            still: false,
            away: false,
            publishers: BTreeMap::new(),
        };
        queue.renew(now);
        queue
    }

    fn is_classic(&self) -> bool {
        self.settings.kind == QueueKind::Classic
    }

    /// How many messages are ready; of a stream, how many are there.
    pub fn ready(&self) -> u64 {
        self.log.as_ref().map_or(self.store.len(), |log| log.end() - log.start())
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let log = self.log.as_ref().map_or(0, |log| log.weigh(each));
        size_of::<Queue<M>>() + self.store.weigh(each) + self.held.bytes() + self.consumers.bytes() + log
    }

    /// The log of a stream.
    pub fn log(&self) -> Option<&Stream<M>> {
        self.log.as_deref()
    }

    /// How many are unacked.
    pub fn unacked(&self) -> u64 {
        self.held.len() as u64
    }

    /// Bytes of the ready messages.
    pub fn ready_bytes(&self) -> u64 {
        self.ready_bytes
    }

    /// Dead letters that wait until all have them who are to.
    pub fn discards(&self) -> &Discards<M> {
        &self.discards
    }

    /// The unacked messages.
    pub fn held_letters(&self) -> impl Iterator<Item = &Letter<M>> {
        self.held.iter().map(|held| &held.letter)
    }

    /// The ready messages; in order within a priority.
    pub fn ready_letters(&self) -> impl Iterator<Item = &Letter<M>> {
        self.store.iter()
    }

    /// Unacked messages are no longer there; their consumer is about to go, so that nobody gets their credit.
    pub(super) fn forget(&mut self, slots: &[u32]) {
        slots.iter().for_each(|slot| drop(self.held.take(*slot)));
    }

    /// The payload of an unacked message, to be changed.
    pub fn held_mut(&mut self, slot: u32) -> Option<&mut M> {
        self.held.get_mut(slot).map(|held| &mut held.letter.payload)
    }

    /// What the broker counts as consumers. A quorum queue counts cancelled ones that hold messages, and those who got a message
    /// and have not settled it, but not those who wait to become the single active one.
    pub fn consumer_count(&self) -> usize {
        if self.is_classic() {
            return self.consumers.len();
        }
        let gets = self.held.iter().filter(|held| held.seat.is_none()).count();
        self.consumers.len() - self.waiting.len() + gets
    }

    /// Its consumers.
    pub fn consumers(&self) -> impl Iterator<Item = &Consumer> {
        self.consumers.iter()
    }

    /// Whether the queue is of use to nobody but publishers.
    pub(super) fn is_unused(&self) -> bool {
        self.consumers.len() == 0
    }

    /// Starts the lease of `x-expires` anew.
    pub fn renew(&mut self, now: u64) {
        self.lease = match self.settings.expires {
            Some(span) if self.is_unused() => self.looked_at(now.saturating_add(span)),
            _ => NEVER,
        };
    }

    /// When a lease that ends then is found to be over: at once, or, of a quorum queue, when that looks at itself next (observed at 4.0.5).
    fn looked_at(&self, end: u64) -> u64 {
        match self.settings.kind {
            QueueKind::Quorum => self.created.saturating_add((end - self.created).checked_next_multiple_of(QUORUM_TICK).unwrap_or(NEVER)),
            QueueKind::Classic | QueueKind::Stream => end,
        }
    }

    /// When time alone will change something next; [`NEVER`] if it will not.
    #[inline(always)]
    pub fn due(&self) -> u64 {
        self.store.front().map_or(NEVER, |letter| letter.expires).min(self.lease).min(self.discards.due())
    }

    /// Whether the queue has to go for want of use.
    pub fn is_over(&self, now: u64) -> bool {
        self.lease <= now
    }

    /// Takes a message in. False if the queue refuses it.
    #[inline(always)]
    pub fn publish(&mut self, letter: Letter<M>, from: Option<Channel>, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        if let Some(log) = &mut self.log {
            log.append(letter.payload, u64::from(letter.size), now);
            return true;
        }
        let taken = if self.is_classic() {
            self.publish_classic(letter, now, limits, out)
        } else {
            self.publish_quorum(letter, from, now, limits, out)
        };
        *(if taken { &mut self.counts.published } else { &mut self.counts.refused }) += 1;
        taken
    }

    /// A message came that could not be taken, because the queue has no leader.
    pub fn turn_away(&mut self) {
        self.counts.refused += 1;
    }

    /// Starts a subscription. False if somebody else has the queue to himself, or the newcomer wants to and cannot.
    pub fn subscribe(&mut self, wish: Subscription, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        let started =
            if self.is_classic() { self.subscribe_classic(wish, now, limits, out) } else { self.subscribe_quorum(wish, now, limits, out) };
        self.renew(now);
        started
    }

    /// Ends a subscription; what was sent stays unacked. True if the queue goes with its last consumer.
    pub fn cancel(&mut self, seat: Seat, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        let found = self.consumers.numbered().find(|(_, consumer)| consumer.wish.seat == seat).map(|(number, _)| number);
        let Some(number) = found else { return false };
        if self.is_classic() {
            self.cancel_classic(number)
        } else {
            self.cancel_quorum(number)
        }
        self.after_leaving(now, limits, out)
    }

    /// A channel is gone: its subscriptions end and what it held comes back. True if the queue goes with its last consumer.
    pub fn channel_down(&mut self, channel: Channel, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        self.publishers.remove(&channel);
        let mut held: Vec<(u64, u32)> =
            self.held.numbered().filter(|(_, held)| held.channel == channel).map(|(slot, held)| (held.order, slot)).collect();
        held.sort_unstable();
        let left = self.consumers.iter().any(|consumer| consumer.wish.channel == channel);
        if !left && held.is_empty() {
            return false;
        }
        if self.is_classic() {
            self.channel_down_classic(channel, &held)
        } else {
            self.channel_down_quorum(channel, &held, out)
        }
        if left && self.goes_with_last_consumer() {
            return true;
        }
        self.after_leaving(now, limits, out)
    }

    fn goes_with_last_consumer(&self) -> bool {
        self.settings.auto_delete && self.had_consumers && self.is_unused()
    }

    fn after_leaving(&mut self, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) -> bool {
        if self.goes_with_last_consumer() {
            return true;
        }
        if self.is_unused() {
            self.renew(now);
        }
        self.run(now, limits, out);
        false
    }

    /// Fetches one message for `basic.get`: with its slot, unless it counts as acked.
    pub fn get(
        &mut self,
        channel: Channel,
        auto_ack: bool,
        now: u64,
        limits: &mut ChannelLimits,
        out: &mut Out<M>,
    ) -> Option<(Letter<M>, Option<u32>)> {
        self.renew(now);
        self.drop_expired(now, out);
        let (place, mut letter) = self.take_head()?;
        self.stamp(&mut letter);
        let slot = (!auto_ack).then(|| {
            let order = self.count();
            self.held.put(Held { letter: letter.clone(), place, consumer: u32::MAX, seat: None, channel, order })
        });
        self.run(now, limits, out);
        Some((letter, slot))
    }

    /// Unacked messages are acked. Slots that are free already are passed over.
    #[inline]
    pub fn ack(&mut self, slots: &[u32], now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        if self.is_classic() {
            self.settle_classic(slots, |_, _| {});
            self.run_classic(now, limits, out);
        } else {
            self.settle_quorum(slots, |_, _| {});
            self.activate_next();
            self.run_quorum(now, limits, out);
        }
    }

    /// Unacked messages are refused for good.
    pub fn reject(&mut self, slots: &[u32], now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        let id = self.id;
        if self.is_classic() {
            self.settle_classic(slots, |_, held| {
                out.dead.push_back(Dead { queue: id, reason: Reason::Rejected, letter: held.letter, refused: false })
            });
            self.run_classic(now, limits, out);
        } else {
            self.settle_quorum(slots, |_, mut held| {
                held.letter.failed = held.letter.failed.saturating_add(1);
                out.dead.push_back(Dead { queue: id, reason: Reason::Rejected, letter: held.letter, refused: false });
            });
            self.activate_next();
            self.run_quorum(now, limits, out);
        }
    }

    /// Unacked messages come back, to be sent again.
    pub fn requeue(&mut self, slots: &[u32], now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        if self.is_classic() {
            self.settle_classic(slots, Queue::come_back_classic);
        } else {
            self.settle_quorum(slots, |queue, held| queue.come_back_quorum(held, false, out));
        }
        self.run(now, limits, out);
    }

    /// A channel that was full has room again.
    pub fn resume(&mut self, channel: Channel, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        if self.is_classic() && self.unblock(channel) {
            self.run_classic(now, limits, out);
        }
    }

    /// Throws the ready messages away and counts them.
    pub fn purge(&mut self) -> u64 {
        let mut count = 0;
        while self.take_head().is_some() {
            count += 1;
        }
        if !self.is_classic() {
            // The turns of high and low priorities begin anew.
            self.store = Store::quorum();
        }
        self.tell_publishers();
        count
    }

    /// Does what time has brought: expired heads go.
    pub fn tick(&mut self, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        self.run(now, limits, out);
    }

    /// Publishing channels hear what the queue has told them.
    #[inline(always)]
    pub fn hear(&mut self) {
        for publisher in self.publishers.values_mut() {
            publisher.stopped = publisher.told;
        }
    }

    /// What a restart of the broker leaves: connections are gone, and so is what no disk kept.
    pub fn restart(&mut self, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        let mut channels: Vec<Channel> = self.held.iter().map(|held| held.channel).collect();
        channels.extend(self.consumers.iter().map(|consumer| consumer.wish.channel));
        channels.sort_unstable();
        channels.dedup();
        for channel in channels {
            self.channel_down(channel, now, limits, out);
        }
        self.publishers.clear();
        if self.is_classic() {
            self.store.retain(|letter| letter.persistent);
            self.ready_bytes = self.store.iter().map(|letter| u64::from(letter.size)).sum();
        }
        self.renew(now);
    }

    /// Sends what can be sent.
    pub(super) fn run(&mut self, now: u64, limits: &mut ChannelLimits, out: &mut Out<M>) {
        if self.is_classic() {
            self.drop_over_limit(out);
            self.run_classic(now, limits, out);
        } else {
            self.run_quorum(now, limits, out);
        }
    }

    /// Sends a message to a consumer, by its number in the queue.
    #[inline]
    pub(super) fn send(&mut self, number: u32, place: Place, mut letter: Letter<M>, out: &mut Out<M>) {
        self.stamp(&mut letter);
        let order = self.count();
        let Some(consumer) = self.consumers.get_mut(number) else { return };
        self.counts.delivered += 1;
        self.counts.redelivered += u64::from(letter.redelivered);
        let Subscription { seat, channel, auto_ack, .. } = consumer.wish;
        let slot = if auto_ack {
            None
        } else {
            consumer.spend();
            consumer.holding += 1;
            let held = Held { letter: letter.clone(), place, consumer: number, seat: Some(seat), channel, order };
            Some(self.held.put(held))
        };
        out.steps.push(Step::Delivery(Delivery { queue: self.id, seat, slot, letter }));
    }

    /// A quorum queue calls redelivered what it has counted.
    fn stamp(&self, letter: &mut Letter<M>) {
        if !self.is_classic() {
            letter.redelivered = letter.delivery_count() > 0;
        }
    }

    pub(super) fn count(&mut self) -> u64 {
        self.counted += 1;
        self.counted
    }

    /// When a message that arrives now will expire: the lower of its own time and the queue's counts.
    #[inline]
    pub(super) fn expiry(&self, letter: &Letter<M>, now: u64, least: u64) -> u64 {
        let own = letter.expiration().map(|ms| ms.saturating_mul(1_000_000));
        match (self.settings.ttl, own) {
            (None, None) => NEVER,
            (ttl, own) => now.saturating_add(ttl.unwrap_or(NEVER).min(own.unwrap_or(NEVER)).max(least)),
        }
    }

    /// Adds a message to the ready ones.
    #[inline]
    pub(super) fn keep(&mut self, letter: Letter<M>) {
        self.ready_bytes += u64::from(letter.size);
        self.store.push(letter);
    }

    /// Puts a message back among the ready ones.
    pub(super) fn keep_again(&mut self, place: Place, letter: Letter<M>) {
        self.counts.returned += 1;
        self.ready_bytes += u64::from(letter.size);
        self.store.put_back(place, letter);
    }

    #[inline]
    pub(super) fn take_head(&mut self) -> Option<(Place, Letter<M>)> {
        let taken = self.store.pop();
        if let Some((_, letter)) = &taken {
            self.ready_bytes -= u64::from(letter.size);
        }
        taken
    }

    /// Gives up messages whose time is over, from the head up to the first that lives; what stands behind it has to wait.
    #[inline]
    pub(super) fn drop_expired(&mut self, now: u64, out: &mut Out<M>) {
        while self.store.front().is_some_and(|letter| letter.expires <= now) {
            self.give_up_head(Reason::Expired, out);
        }
    }

    /// Gives up heads until the limits hold, if that is the queue's way.
    #[inline]
    pub(super) fn drop_over_limit(&mut self, out: &mut Out<M>) {
        if self.settings.overflow == Overflow::DropHead {
            let before = out.dead.len();
            while self.is_over_limit() && !self.store.is_empty() {
                self.give_up_head(Reason::MaxLength, out);
            }
            // A quorum queue dead-letters what one command has dropped the newest first (observed at 4.0.5).
            if !self.is_classic() && out.dead.len() > before + 1 {
                out.dead.make_contiguous()[before..].reverse();
            }
        }
    }

    #[cold]
    fn give_up_head(&mut self, reason: Reason, out: &mut Out<M>) {
        if let Some((_, letter)) = self.take_head() {
            out.dead.push_back(Dead { queue: self.id, reason, letter, refused: false });
        }
    }

    /// Whether there are more ready messages, or bytes of them, than the limits allow. Unacked ones do not count, dead letters that
    /// wait do.
    #[inline]
    pub(super) fn is_over_limit(&self) -> bool {
        let Settings { max_length, max_bytes, .. } = &self.settings;
        max_length.is_some_and(|most| self.counted_length() > most) || max_bytes.is_some_and(|most| self.counted_bytes() > most)
    }

    /// Messages that count against the limit.
    #[inline]
    pub(super) fn counted_length(&self) -> u64 {
        self.store.len() + self.discards.len()
    }

    /// Bytes that count against the limit.
    #[inline]
    pub(super) fn counted_bytes(&self) -> u64 {
        self.ready_bytes + self.discards.bytes()
    }
}
