//! A virtual host: exchanges and queues, and what travels between them. Time is told, never asked.

use super::consumer::{Channel, ChannelLimits, Seat, Subscription};
use super::death::{Death, Deaths, Reason};
use super::discards::{AGAIN, Discard, worker};
use super::exchange::{Binding, Exchange, ExchangeId, QueueId, Target};
use super::message::{Letter, NEVER, Origin, Payload, Rare};
use super::names::Name;
use super::out::{Arrival, Dead, End, Kept, Out, Step};
use super::queue::Queue;
use super::settings::{QueueKind, Settings};
use super::topology::{Routing, Topology};
use super::value::{Table, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Queues that it was routed to.
    pub routed: u32,
    /// Queues among them that refused it; one is enough for a negative confirm.
    pub refused: u32,
}

/// A broker. `M` is the payload of its messages.
#[derive(Clone, Debug)]
pub struct Broker<M> {
    /// Exchanges, bindings and names.
    pub topology: Topology,
    queues: Vec<Option<Queue<M>>>,
    origins: Vec<(Name, Name)>,
    origin_of: BTreeMap<(Name, Name), Origin>,
    pub(super) limits: ChannelLimits,
    now: u64,
    routing: Routing,
    /// Decisions not yet taken out.
    pub out: Out<M>,
}

impl<M> Default for Broker<M> {
    fn default() -> Self {
        Broker {
            topology: Topology::default(),
            queues: Vec::new(),
            origins: Vec::new(),
            origin_of: BTreeMap::new(),
            limits: ChannelLimits::default(),
            now: 0,
            routing: Routing::default(),
            out: Out::default(),
        }
    }
}

impl<M: Payload> Broker<M> {
    /// The time it was last told, in nanoseconds.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// It is `now`. Nothing happens by that alone: see [`Broker::due`] and [`Broker::tick`].
    #[inline]
    pub fn at(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// When time alone will change something next; [`NEVER`] if it will not.
    pub fn due(&self) -> u64 {
        self.queues().map(Queue::due).min().unwrap_or(NEVER)
    }

    /// Moves time on to `until` and does, in order, all that becomes due on the way.
    pub fn advance(&mut self, until: u64) {
        loop {
            let due = self.due();
            if due > until {
                break;
            }
            self.at(due);
            self.tick();
        }
        self.at(until);
    }

    /// Does what is due now.
    pub fn tick(&mut self) {
        for number in 0..self.queues.len() {
            self.tick_queue(QueueId(number as u32));
        }
    }

    /// Does what is due now in one queue.
    pub fn tick_queue(&mut self, id: QueueId) {
        let now = self.now;
        let Some(queue) = self.queue(id).filter(|queue| queue.due() <= now) else { return };
        if queue.is_over(now) {
            self.delete_queue(id);
        } else {
            self.with(id, |queue, now, limits, out| queue.tick(now, limits, out));
            self.try_dead_letters_again(id);
        }
    }

    /// The queues.
    pub fn queues(&self) -> impl Iterator<Item = &Queue<M>> {
        self.queues.iter().flatten()
    }

    /// A queue.
    #[inline]
    pub fn queue(&self, id: QueueId) -> Option<&Queue<M>> {
        self.queues.get(id.0 as usize)?.as_ref()
    }

    /// A queue stands still from now on, whatever it has, or goes on.
    pub fn hold(&mut self, id: QueueId, still: bool) {
        self.with(id, |queue, now, limits, out| {
            (queue.still, queue.away) = (still, still);
            queue.run(now, limits, out);
        });
    }

    /// A queue stands still until somebody [holds](Broker::hold) it or lets it go on; nothing happens by that.
    pub fn freeze(&mut self, id: QueueId) {
        if let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut) {
            queue.still = true;
        }
    }

    /// Frees what retention has taken out of a stream; until then readers can still be told what it was.
    pub fn forget_old(&mut self, id: QueueId) {
        if let Some(log) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut).and_then(|queue| queue.log.as_mut()) {
            log.forget();
        }
    }

    /// The queue of this name.
    pub fn find_queue(&self, name: &str) -> Option<QueueId> {
        self.topology.find_queue(self.topology.names.find(name)?)
    }

    /// The exchange of this name; the default exchange is none of them.
    pub fn find_exchange(&self, name: &str) -> Option<ExchangeId> {
        self.topology.find(self.topology.names.find(name)?)
    }

    /// Adds a queue whose name is free.
    pub fn add_queue(&mut self, name: &str, settings: Settings, arguments: Table) -> QueueId {
        let name = self.topology.names.key(name);
        let id = QueueId(self.queues.len() as u32);
        self.queues.push(Some(Queue::new(name, id, settings, arguments, self.now)));
        self.topology.add_queue(name, id);
        id
    }

    /// Adds an exchange whose name is free.
    pub fn add_exchange(&mut self, exchange: Exchange) -> ExchangeId {
        self.topology.add(exchange)
    }

    /// Deletes a queue with its messages and bindings; nothing is dead-lettered. Its consumers are told.
    pub fn delete_queue(&mut self, id: QueueId) {
        let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::take) else { return };
        self.out.cancelled.extend(queue.consumers().map(|consumer| (consumer.wish.seat, consumer.wish.channel)));
        self.topology.remove_queue(queue.name, id);
        self.out.deleted.push(queue);
    }

    /// Declares a queue again that was deleted, under its old number.
    pub fn declare_again(&mut self, id: QueueId, name: &str, settings: Settings) {
        let name = self.topology.names.key(name);
        if let Some(place @ None) = self.queues.get_mut(id.0 as usize) {
            *place = Some(Queue::new(name, id, settings, Table::new(), self.now));
            self.topology.add_queue(name, id);
        }
    }

    /// Binds; a key is text for all kinds of exchanges.
    pub fn bind(&mut self, source: ExchangeId, target: Target, key: &str, arguments: Table) {
        let key = self.topology.names.key(key);
        let arguments = sorted(arguments);
        self.topology.bind(source, Binding { target, key, arguments });
    }

    /// Undoes exactly one binding, if it is there.
    pub fn unbind(&mut self, source: ExchangeId, target: Target, key: &str, arguments: &Table) {
        let key = self.topology.names.key(key);
        let arguments = sorted(arguments.clone());
        self.topology.unbind(source, |known| known.target == target && known.key == key && known.arguments == arguments);
    }

    /// The number of an exchange and a routing key, for messages published with them.
    pub fn origin(&mut self, exchange: &str, key: &str) -> Origin {
        let pair = (self.topology.names.intern(exchange), self.topology.names.key(key));
        self.origin_of_pair(pair)
    }

    fn origin_of_pair(&mut self, pair: (Name, Name)) -> Origin {
        let next = Origin(self.origins.len() as u32);
        let origin = *self.origin_of.entry(pair).or_insert(next);
        if origin == next {
            self.origins.push(pair);
        }
        origin
    }

    /// The exchange and the routing key of a message.
    pub fn came_by(&self, origin: Origin) -> (Name, Name) {
        self.origins[origin.0 as usize]
    }

    /// The queues that a message of this origin would reach now.
    pub fn route(&mut self, letter: &Letter<M>) -> &[QueueId] {
        let (exchange, key) = self.origins[letter.origin.0 as usize];
        let none = Table::new();
        let (more, headers) = match &letter.rare {
            Some(rare) => (rare.more_keys.as_slice(), &rare.headers),
            None => (&[] as &[Name], &none),
        };
        self.topology.route(exchange, key, more, headers, &mut self.routing);
        &self.routing.queues
    }

    /// Publishes to an exchange that exists. `from` is the publishing channel.
    #[inline]
    pub fn publish(&mut self, letter: Letter<M>, from: Option<Channel>) -> Published {
        self.route(&letter);
        let queues = std::mem::take(&mut self.routing.queues);
        let mut refused = 0;
        for id in &queues {
            refused += u32::from(!self.enqueue(*id, letter.clone(), from));
        }
        let routed = queues.len() as u32;
        self.routing.queues = queues;
        self.settle_dead();
        Published { routed, refused }
    }

    /// Puts a message into a queue as if it had been routed there. False if the queue refuses it.
    #[inline(always)]
    pub fn publish_to(&mut self, id: QueueId, letter: Letter<M>, from: Option<Channel>) -> bool {
        let kept = self.enqueue(id, letter, from);
        self.settle_dead();
        kept
    }

    /// A message came for a queue that has no leader.
    pub fn turn_away(&mut self, id: QueueId) {
        self.queues.get_mut(id.0 as usize).and_then(Option::as_mut).into_iter().for_each(Queue::turn_away);
    }

    #[inline(always)]
    fn enqueue(&mut self, id: QueueId, letter: Letter<M>, from: Option<Channel>) -> bool {
        let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut) else { return true };
        queue.publish(letter, from, self.now, &mut self.limits, &mut self.out)
    }

    /// Does something with a queue, then dead-letters what it gave up.
    pub(super) fn with<T>(&mut self, id: QueueId, act: impl FnOnce(&mut Queue<M>, u64, &mut ChannelLimits, &mut Out<M>) -> T) -> Option<T> {
        let queue = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut)?;
        let result = act(queue, self.now, &mut self.limits, &mut self.out);
        self.settle_dead();
        Some(result)
    }

    /// Starts a subscription. False if it is refused because of exclusive use.
    pub fn subscribe(&mut self, id: QueueId, wish: Subscription) -> bool {
        self.with(id, |queue, now, limits, out| queue.subscribe(wish, now, limits, out)).unwrap_or(false)
    }

    /// Ends a subscription.
    pub fn cancel(&mut self, id: QueueId, seat: Seat) {
        if self.with(id, |queue, now, limits, out| queue.cancel(seat, now, limits, out)) == Some(true) {
            self.delete_queue(id);
        }
    }

    /// Fetches one message, with its slot unless it counts as acked.
    pub fn get(&mut self, id: QueueId, channel: Channel, auto_ack: bool) -> Option<(Letter<M>, Option<u32>)> {
        self.with(id, |queue, now, limits, out| queue.get(channel, auto_ack, now, limits, out)).flatten()
    }

    /// Acks unacked messages by their slots.
    #[inline(always)]
    pub fn ack(&mut self, id: QueueId, slots: &[u32]) {
        self.with(id, |queue, now, limits, out| queue.ack(slots, now, limits, out));
    }

    /// Requeues unacked messages.
    pub fn requeue(&mut self, id: QueueId, slots: &[u32]) {
        self.with(id, |queue, now, limits, out| queue.requeue(slots, now, limits, out));
    }

    /// Refuses unacked messages for good.
    pub fn reject(&mut self, id: QueueId, slots: &[u32]) {
        self.with(id, |queue, now, limits, out| queue.reject(slots, now, limits, out));
    }

    /// Throws ready messages away and counts them.
    pub fn purge(&mut self, id: QueueId) -> u64 {
        self.with(id, |queue, _, _, _| queue.purge()).unwrap_or(0)
    }

    /// Moves the head of one queue to the tail of another, as a shovel does: consumed, published again through the default exchange with
    /// its headers, acknowledged. `change` makes the new payload. The answer is the old payload; `None` if there was nothing, or the
    /// target refused it.
    pub fn shovel(&mut self, from: QueueId, to: QueueId, change: impl FnOnce(&M) -> M) -> Option<M> {
        let name = self.queue(to)?.name;
        let (place, letter) = self.queues.get_mut(from.0 as usize)?.as_mut()?.take_head()?;
        let rare = letter.rare.as_deref().map(|rare| {
            Arc::new(Rare { headers: rare.headers.clone(), priority: rare.priority, expiration: rare.expiration, ..Rare::default() })
        });
        let origin = self.origin_of_pair((Name::EMPTY, name));
        let copy = Letter { rare, persistent: letter.persistent, ..Letter::new(change(&letter.payload), letter.size, origin) };
        let payload = letter.payload.clone();
        if self.enqueue(to, copy, None) {
            return Some(payload);
        }
        if let Some(queue) = self.queues.get_mut(from.0 as usize).and_then(Option::as_mut) {
            queue.keep_again(place, letter);
        }
        None
    }

    /// Renews the lease of a queue that somebody asked about.
    pub fn renew(&mut self, id: QueueId) {
        self.with(id, |queue, now, _, _| queue.renew(now));
    }

    /// A channel is gone.
    pub fn channel_down(&mut self, channel: Channel) {
        self.limits.set(channel, 0, 0);
        for number in 0..self.queues.len() {
            let id = QueueId(number as u32);
            if self.with(id, |queue, now, limits, out| queue.channel_down(channel, now, limits, out)) == Some(true) {
                self.delete_queue(id);
            }
        }
    }

    /// A channel settled messages that count against its limit.
    pub(super) fn give_to_channel(&mut self, channel: Channel, count: u32) {
        if self.limits.give(channel, count) {
            self.resume(channel);
        }
    }

    /// Sets the limit over a whole channel, which holds so many messages now.
    pub(super) fn limit_channel(&mut self, channel: Channel, most: u32, holding: u32) {
        self.limits.set(channel, most, holding);
        self.resume(channel);
    }

    fn resume(&mut self, channel: Channel) {
        for number in 0..self.queues.len() {
            self.with(QueueId(number as u32), |queue, now, limits, out| queue.resume(channel, now, limits, out));
        }
    }

    /// The payload of an unacked message, to be changed.
    pub fn held_mut(&mut self, id: QueueId, slot: u32) -> Option<&mut M> {
        self.queues.get_mut(id.0 as usize)?.as_mut()?.held_mut(slot)
    }

    /// Unacked messages of a channel that is about to go are no longer there: nothing comes back for them.
    pub fn forget(&mut self, id: QueueId, slots: &[u32]) {
        if let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut) {
            queue.forget(slots);
        }
    }

    /// Publishing channels hear whether this queue is full.
    #[inline(always)]
    pub fn hear_from(&mut self, id: QueueId) {
        if let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut) {
            queue.hear();
        }
    }

    /// Publishing channels hear which queues are full; until then they go on publishing to them.
    pub fn hear(&mut self) {
        self.queues.iter_mut().flatten().for_each(Queue::hear);
    }

    /// Stops and starts: connections, what is not durable, and messages that no disk kept are gone.
    pub fn restart(&mut self) {
        for number in 0..self.queues.len() {
            let id = QueueId(number as u32);
            let kept = self.queue(id).is_some_and(|queue| queue.settings.durable && queue.settings.owner.is_none());
            if kept {
                self.with(id, |queue, now, limits, out| queue.restart(now, limits, out));
            } else {
                self.delete_queue(id);
            }
        }
        let gone: Vec<ExchangeId> = self.topology.exchanges().filter(|(_, exchange)| !exchange.durable).map(|(id, _)| id).collect();
        gone.into_iter().for_each(|id| self.topology.remove(id));
        self.limits = ChannelLimits::default();
        self.out.steps.clear();
        self.out.cancelled.clear();
        self.out.deleted.clear();
    }

    /// Dead-letters what queues gave up, and what is given up on the way. This ends: only a client's rejection lets a message
    /// go in circles.
    #[inline]
    fn settle_dead(&mut self) {
        while let Some(dead) = self.out.dead.pop_front() {
            self.dead_letter(dead);
        }
    }

    #[cold]
    fn dead_letter(&mut self, dead: Dead<M>) {
        let Dead { queue: from, reason, letter, refused } = dead;
        let payload = letter.payload.clone();
        let Some(queue) = self.queue(from) else { return };
        let Settings { dead_letter, dead_letter_key, at_least_once, .. } = queue.settings;
        let name = queue.name;
        let exists = |exchange: &Name| *exchange == Name::EMPTY || self.topology.find(*exchange).is_some();
        let Some(exchange) = dead_letter.filter(|exchange| at_least_once || exists(exchange)) else {
            self.count_death(from, reason, 0, refused);
            self.out.steps.push(Step::End(End { queue: from, reason, payload, dead_lettered: false, taken: 0, refused, waited: false }));
            return;
        };
        let (old_exchange, old_key) = self.came_by(letter.origin);
        let mut rare = letter.rare.as_deref().cloned().unwrap_or_default();
        let mut keys = vec![old_key];
        keys.extend(rare.more_keys.iter().copied().filter(|key| !rare.blind_keys.contains(key)));
        let expiration = rare.expiration.take();
        let death = Death { queue: name, reason, count: 1, exchange: old_exchange, keys, expiration };
        rare.deaths = Some(Deaths::record(rare.deaths.take(), death));
        if dead_letter_key.is_some() {
            rare.more_keys.clear();
        }
        let origin = self.origin_of_pair((exchange, dead_letter_key.unwrap_or(old_key)));
        let mut letter = Letter { rare: Some(Arc::new(rare)), origin, redelivered: false, acquired: 0, expires: NEVER, ..letter };
        letter.payload.becomes_dead_letter(self.now);
        if at_least_once {
            let discard = Discard { reason, payload, letter, settled: Vec::new(), again: 0, kept: false };
            return self.dead_letter_surely(from, discard);
        }
        let (taken, _) = self.send_dead_letter(from, reason, &letter, &mut Vec::new(), None);
        self.count_death(from, reason, taken, refused);
        self.out.steps.push(Step::End(End { queue: from, reason, payload, dead_lettered: true, taken, refused, waited: false }));
    }

    /// Sends a dead letter to all queues that it leads to and that have not `settled` it; gives how many took it and how many did not.
    /// `by`: the publishing channel, for queues that refuse publishers.
    fn send_dead_letter(
        &mut self,
        from: QueueId,
        reason: Reason,
        letter: &Letter<M>,
        settled: &mut Vec<QueueId>,
        by: Option<Channel>,
    ) -> (u32, u32) {
        let (exchange, key) = self.came_by(letter.origin);
        let none = Rare::default();
        let rare = letter.rare.as_deref().unwrap_or(&none);
        let headers = self.routing_headers(rare);
        self.topology.route(exchange, key, &rare.more_keys, &headers, &mut self.routing);
        let queues = std::mem::take(&mut self.routing.queues);
        let (mut taken, mut refused) = (0, 0);
        for to in &queues {
            let Some(target) = self.queue(*to).filter(|_| !settled.contains(to)) else { continue };
            let circle = reason != Reason::Rejected && rare.deaths.as_ref().is_some_and(|deaths| deaths.is_cycle(target.name));
            if circle {
                continue;
            }
            // A classic queue is gone with its node.
            let reached = !(target.away && target.settings.kind == QueueKind::Classic);
            let at = self.out.steps.len();
            let arrival = Arrival { from, to: *to, payload: letter.payload.clone(), taken: true };
            self.out.steps.push(Step::Arrival(arrival));
            let kept = reached && self.enqueue(*to, letter.clone(), by);
            if by.is_some() {
                self.hear_from(*to);
            }
            if let Step::Arrival(arrival) = &mut self.out.steps[at] {
                arrival.taken = kept;
            }
            if kept {
                settled.push(*to);
                taken += 1;
            } else {
                refused += 1;
            }
        }
        self.routing.queues = queues;
        (taken, refused)
    }

    /// Dead-letters at least once: what not all take, or nobody, stays among the queue's dead letters and is tried again later.
    fn dead_letter_surely(&mut self, from: QueueId, mut discard: Discard<M>) {
        let (reason, letter) = (discard.reason, discard.letter.clone());
        let (_, refused) = self.send_dead_letter(from, reason, &letter, &mut discard.settled, Some(worker(from)));
        if discard.settled.is_empty() || refused > 0 {
            let payload = discard.payload.clone();
            let fresh = !std::mem::replace(&mut discard.kept, true);
            discard.again = self.now.saturating_add(AGAIN);
            let Some(queue) = self.queues.get_mut(from.0 as usize).and_then(Option::as_mut) else { return };
            queue.discards.push(discard);
            if fresh {
                self.out.steps.push(Step::Kept(Kept { queue: from, reason, payload }));
            }
            return;
        }
        let taken = discard.settled.len() as u32;
        self.count_death(from, discard.reason, taken, false);
        let Discard { reason, payload, kept: waited, .. } = discard;
        self.out.steps.push(Step::End(End { queue: from, reason, payload, dead_lettered: true, taken, refused: false, waited }));
    }

    /// Tries dead letters again that not all took, as far as their time has come.
    fn try_dead_letters_again(&mut self, id: QueueId) {
        let now = self.now;
        let due = |broker: &mut Self| broker.queues.get_mut(id.0 as usize).and_then(Option::as_mut)?.discards.take_due(now);
        let mut any = false;
        while let Some(discard) = due(self) {
            any = true;
            self.dead_letter_surely(id, discard);
            self.settle_dead();
        }
        if any {
            // What has left makes room for publishers.
            self.with(id, |queue, now, limits, out| queue.run(now, limits, out));
        }
    }

    fn count_death(&mut self, id: QueueId, reason: Reason, taken: u32, refused: bool) {
        let Some(queue) = self.queues.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        // What it refused and could not pass on is counted as refused only.
        if taken > 0 {
            *queue.counts.dead_lettered.of(reason) += 1;
        } else if !refused {
            *queue.counts.discarded.of(reason) += 1;
        }
    }

    /// The headers that a headers exchange sees of a dead letter: those of the message and what its deaths left.
    fn routing_headers(&self, rare: &Rare) -> Table {
        let mut headers = rare.headers.clone();
        if let Some(deaths) = &rare.deaths {
            for (which, place) in [("first", deaths.first), ("last", deaths.last)] {
                let text = |name: Name| Value::text(self.topology.names.text(name));
                let entries =
                    [("reason", Value::text(place.reason.name())), ("queue", text(place.queue)), ("exchange", text(place.exchange))];
                headers.extend(entries.map(|(part, value)| (Arc::from(format!("x-{which}-death-{part}")), value)));
            }
        }
        headers
    }
}

/// Arguments by name: bindings are the same whatever the order of theirs.
fn sorted(mut arguments: Table) -> Table {
    arguments.sort_by(|(a, _), (b, _)| a.cmp(b));
    arguments
}
