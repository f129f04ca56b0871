//! RabbitMQ behind the contract of all brokers: exchanges are channels, queues are outlets, and every instance of a consumer has
//! an AMQP channel of its own for each queue it reads.
//!
//! What a run simplifies is told to people in [`FIDELITY`](crate::scenario::broker::rabbitmq::FIDELITY).

use super::broker::Broker as Host;
use super::cluster::{Cluster, ELECT, Takes};
use super::consumer::{Channel, Seat as Subscriber, Subscription};
use super::death::Reason as Why;
use super::exchange::QueueId;
use super::flow::{FLOW, Gates, Publish, TAKE};
use super::lives::Life;
use super::message::{Letter, NEVER, Payload, Rare};
use super::out::{Arrival, Delivery, End, Kept, Step};
use super::reading::Reader;
use super::setup::{attaches, host, parts_channels, place, read_by, redrives, table};
use super::stream::Offset;
use crate::engine::broker::desk::{BrokerFate, Place};
use crate::engine::broker::{Desk, Failed, Note, Rules, Settled};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::fifo::pop_near;
use crate::engine::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId, EventId, LinkId, OutletId, SeatId};
use crate::scenario::Plan;
use crate::scenario::broker::rabbitmq::{self as file, DEFAULT_EXCHANGE};
use crate::scenario::broker::{BrokerKind, Parts, Request};
use crate::scenario::plan::Properties;
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// In a wake-up's token: a redrive, not a queue.
const REDRIVE: u64 = 1 << 32;
/// A reader that attaches to a stream.
const ATTACH: u64 = 1 << 33;

impl Payload for Message {
    fn becomes_dead_letter(&mut self, now: u64) {
        self.event = dead_letter(&self.event);
        self.routed = Time(now);
    }
}

/// What becomes of a dead letter is a story of its own: the ledger no longer follows it.
fn dead_letter(event: &Event) -> Event {
    let gone = Flags::TRACKED.with(Flags::REDELIVERED).with(Flags::STALE);
    Event { failures: 0, flags: event.flags.without(gone).with(Flags::DEAD_LETTER), ..*event }
}

/// A broker of the RabbitMQ kind.
#[derive(Clone, Debug)]
pub struct RabbitMq {
    pub(super) plan: Arc<Plan>,
    pub(super) id: BrokerId,
    pub(super) host: Host<Message>,
    pub(super) first_channel: usize,
    /// The exchange of each channel.
    pub(super) exchanges: Vec<Arc<str>>,
    /// By queue.
    outlets: Vec<OutletId>,
    /// Where events go, by channel, emitter and type; bindings do not change while the broker runs.
    ways: BTreeMap<(ChannelId, u32, u16), u32>,
    /// The same by channel and emitter, for emitters of one type; `u32::MAX`: not yet known.
    quick: Vec<u32>,
    routes: Vec<Route>,
    pub(super) seats: BTreeMap<SeatId, Taker>,
    /// Its nodes.
    pub(super) cluster: Cluster,
    /// Readers of streams, by stream.
    pub(super) readers: Vec<Reader>,
    /// By queue, which of these read it.
    pub(super) readers_of: Vec<Vec<usize>>,
    /// When which reader attaches where.
    attaches: Vec<(Time, usize, Offset)>,
    /// By queue, the earliest wake-up that has been asked for.
    alarms: Vec<u64>,
    /// When, from which queue, to which.
    redrives: Vec<(Time, QueueId, QueueId)>,
    /// What holds publishers back.
    pub(super) gates: Gates,
    /// Which queues were deleted, and what those did that were there before.
    pub(super) lives: Vec<Life>,
    /// It is down as a whole: nobody looks at leases.
    pub(super) down: bool,
    /// Messages returned to publishers.
    pub(super) returned: u64,
    /// Failures of this step that have been decided: word of them settles nothing any more.
    decided: Vec<(SeatId, EventId)>,
}

/// What all events of an emitter and type have in common at a channel.
#[derive(Clone, Debug)]
struct Route {
    queues: Arc<[QueueId]>,
    origin: super::message::Origin,
    rare: Option<Arc<Rare>>,
    size: u32,
}

/// What has become of an event at the queues of its route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Queues that took it, or passed it on.
    taken: u32,
    /// Queues that refused it.
    refused: u32,
    /// One of them confirms later.
    later: bool,
    /// Why it was refused.
    why: Reason,
}

impl Found {
    /// One more queue did not take it.
    pub fn refused(&mut self, why: Reason) {
        (self.refused, self.why) = (self.refused + 1, why);
    }
}

impl Default for Found {
    fn default() -> Self {
        Found { taken: 0, refused: 0, later: false, why: Reason::QueueRefuses }
    }
}

/// A seat as a consumer of its queue.
#[derive(Clone, Debug)]
pub(super) struct Taker {
    queue: QueueId,
    pub(super) wish: Subscription,
    requeue: bool,
    /// Which reader of a stream it belongs to.
    reader: Option<usize>,
    /// What it holds, oldest first, with the place in the queue, or the offset in a stream.
    pub(super) holds: VecDeque<(EventId, u32)>,
}

impl Taker {
    /// Somebody who holds nothing yet.
    fn new(plan: &Plan, seat: SeatId, place: &Seat, queue: QueueId, reader: Option<usize>) -> Taker {
        let read = &plan.reads[place.read.index()];
        let wish = Subscription {
            seat: Subscriber(seat.0),
            channel: Channel(seat.0),
            prefetch: plan.consumers[read.consumer.index()].prefetch,
            auto_ack: false,
            exclusive: false,
            priority: read.priority,
        };
        Taker { queue, wish, requeue: read.requeue, reader, holds: VecDeque::new() }
    }

    /// Takes the place of a message out of what it holds. Copies of one event are alike.
    #[inline(always)]
    pub(super) fn take(&mut self, event: EventId) -> Option<u32> {
        // Mostly it is the oldest.
        match self.holds.front() {
            Some((held, slot)) if *held == event => {
                let slot = *slot;
                pop_near(&mut self.holds);
                Some(slot)
            }
            _ => self.take_later(event),
        }
    }

    fn take_later(&mut self, event: EventId) -> Option<u32> {
        let at = self.holds.iter().position(|(held, _)| *held == event)?;
        self.holds.remove(at).map(|(_, slot)| slot)
    }
}

impl RabbitMq {
    /// A RabbitMQ broker of a checked plan.
    pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, _seed: u64) -> RabbitMq {
        let outlets = plan.brokers[id.index()].outlets.clone();
        let parts = RabbitMq::declared(plan, id).cloned().unwrap_or_default();
        let host = host(&parts);
        let exchange = |name: &str| Arc::from(if name == DEFAULT_EXCHANGE { "" } else { name });
        let mut takers = BTreeMap::new();
        let mut readers: Vec<Reader> = Vec::new();
        let mut reads = vec![Vec::new(); parts.queues.len()];
        for outlet in &outlets {
            let at = plan.outlets[outlet.index()].part.unwrap_or(0);
            let queue = QueueId(at);
            let reader = parts.fans_out(at as usize).then_some(readers.len());
            if let Some(number) = reader {
                reads[at as usize].push(number);
                readers.push(Reader::new(*outlet, queue, seats.at(plan, *outlet), &read_by(plan, *outlet).join(", ")));
            }
            for seat in seats.at(plan, *outlet) {
                takers.insert(seat, Taker::new(plan, seat, seats.get(seat), queue, reader));
            }
        }
        RabbitMq {
            plan: Arc::clone(plan),
            id,
            host,
            first_channel: plan.brokers[id.index()].channels.start,
            exchanges: parts_channels(&parts).map(exchange).collect(),
            alarms: vec![NEVER; parts.queues.len()],
            outlets,
            ways: BTreeMap::new(),
            quick: vec![u32::MAX; plan.brokers[id.index()].channels.len() * plan.emitters.len()],
            routes: Vec::new(),
            seats: takers,
            cluster: Cluster::new(&parts),
            attaches: attaches(plan, &parts, &readers),
            readers,
            readers_of: reads,
            redrives: redrives(&parts),
            gates: Gates::new(&parts),
            lives: vec![Life::default(); parts.queues.len()],
            down: false,
            returned: 0,
            decided: Vec::new(),
        }
    }

    /// Which reader of a stream a seat belongs to.
    fn reader_of(&self, seat: SeatId) -> Option<usize> {
        if self.readers.is_empty() {
            return None;
        }
        self.seats.get(&seat)?.reader
    }

    /// The exchanges and queues as they are.
    pub fn host(&self) -> &Host<Message> {
        &self.host
    }

    /// The outlet of a queue.
    pub fn outlet(&self, queue: QueueId) -> OutletId {
        self.outlets[queue.0 as usize]
    }

    /// Queues that events of this emitter and type reach from this channel.
    pub(super) fn queues_of(&mut self, channel: ChannelId, event: &Event) -> Arc<[QueueId]> {
        let route = self.route(channel, event);
        Arc::clone(&self.routes[route].queues)
    }

    /// The exchanges, queues or bindings are others: ways have to be found anew.
    pub(super) fn forget_ways(&mut self) {
        self.ways.clear();
        self.routes.clear();
        self.quick.fill(u32::MAX);
    }

    /// The broker as the file declares it.
    pub(super) fn declared(plan: &Plan, id: BrokerId) -> Option<&file::RabbitMq> {
        match &plan.brokers[id.index()].kind {
            BrokerKind::RabbitMq(parts) => Some(parts),
            _ => None,
        }
    }

    /// Where events of this emitter and type go from this channel.
    #[inline]
    pub(super) fn route(&mut self, channel: ChannelId, event: &Event) -> usize {
        let emitter = event.id.emitter();
        let quick = (channel.index() - self.first_channel) * self.plan.emitters.len() + emitter.index();
        match self.quick[quick] {
            u32::MAX => self.find_route(channel, event, quick),
            known => known as usize,
        }
    }

    #[inline(never)]
    fn find_route(&mut self, channel: ChannelId, event: &Event, quick: usize) -> usize {
        let emitter = event.id.emitter();
        let key = (channel, emitter.0, event.kind.0);
        if let Some(known) = self.ways.get(&key) {
            return *known as usize;
        }
        let kind = &self.plan.types[usize::from(event.kind.0)];
        let Properties { routing_key, headers, priority, expiration, .. } = &self.plan.emitters[emitter.index()].properties;
        let key_text = routing_key.as_deref().unwrap_or(&kind.name);
        let origin = self.host.origin(&self.exchanges[channel.index() - self.first_channel], key_text);
        let plain = headers.is_empty() && priority.is_none() && expiration.is_none();
        let rare = (!plain).then(|| {
            let expiration = expiration.map(|span| span.0.div_ceil(1_000_000));
            Arc::new(Rare { headers: table(headers), priority: *priority, expiration, ..Rare::default() })
        });
        let size = u32::try_from(kind.size.0).unwrap_or(u32::MAX);
        let message = Message { event: *event, routed: Time::ZERO };
        let letter = Letter { rare: rare.clone(), ..Letter::new(message, size, origin) };
        let queues = Arc::from(self.host.route(&letter));
        let number = self.routes.len() as u32;
        self.routes.push(Route { queues, origin, rare, size });
        self.ways.insert(key, number);
        if self.plan.emitters[emitter.index()].event.is_some() {
            self.quick[quick] = number;
        }
        number as usize
    }

    /// Puts what the host decided on the desk.
    #[inline(always)]
    pub(super) fn act(&mut self, desk: &mut Desk) {
        if !self.host.out.steps.is_empty() {
            self.act_on_steps(desk);
        }
    }

    fn act_on_steps(&mut self, desk: &mut Desk) {
        let mut steps = std::mem::take(&mut self.host.out.steps);
        if self.gates.has_alarm() {
            steps.iter().for_each(|step| self.weigh_queue(step.queue()));
        }
        for step in steps.drain(..) {
            match step {
                Step::Delivery(delivery) => {
                    let payload = delivery.letter.payload;
                    if let Some(seat) = self.note_held(&delivery) {
                        desk.release(seat, payload);
                    }
                }
                Step::Arrival(Arrival { to, payload, taken: true, .. }) => {
                    self.owe(to, &payload.event, desk);
                    self.set_alarm(to, desk);
                }
                Step::Arrival(_) => {}
                // What a queue refused was never owed to it.
                Step::End(end) if end.refused => {}
                Step::End(end) => self.end(&end, desk),
                // What came back too often has been taken back by who heard of it; what expired has never left.
                Step::Kept(Kept { queue, reason: Why::Rejected, payload }) => {
                    desk.take_back(self.outlet(queue), &payload);
                }
                Step::Kept(_) => {}
            }
        }
        self.host.out.steps = steps;
    }

    /// A queue has a message more that waits.
    fn owe(&mut self, queue: QueueId, event: &Event, desk: &mut Desk) {
        if self.is_stream(queue) {
            self.written(queue, event, false, desk);
        } else {
            desk.owe(self.outlet(queue), event);
        }
    }

    /// Remembers that a seat holds a message.
    #[inline]
    fn note_held(&mut self, delivery: &Delivery<Message>) -> Option<SeatId> {
        let seat = SeatId(delivery.seat.0);
        let taker = self.seats.get_mut(&seat)?;
        taker.holds.push_back((delivery.letter.payload.event.id, delivery.slot?));
        Some(seat)
    }

    fn end(&self, end: &End<Message>, desk: &mut Desk) {
        let place = match end.reason {
            _ if end.waited => Place::Waiting,
            Why::Expired | Why::MaxLength => Place::Waiting,
            Why::Rejected | Why::DeliveryLimit => Place::Returned,
        };
        let why = match end.reason {
            Why::Expired => Reason::TimeToLive,
            Why::MaxLength => Reason::QueueFull,
            Why::Rejected => Reason::Rejected,
            Why::DeliveryLimit => Reason::DeliveryLimit,
        };
        let fate = match end.reason {
            _ if end.taken > 0 => BrokerFate::DeadLettered,
            Why::Expired => BrokerFate::Expired,
            Why::MaxLength => BrokerFate::Dropped,
            Why::Rejected | Why::DeliveryLimit => BrokerFate::Failed,
        };
        desk.end(self.outlet(end.queue), &end.payload.event, place, fate, why);
    }

    /// Has the queue looked at again when its head expires.
    #[inline(always)]
    fn set_alarm(&mut self, queue: QueueId, desk: &mut Desk) {
        let due = self.host.queue(queue).map_or(NEVER, super::queue::Queue::due);
        if due < NEVER {
            self.set_alarm_for(queue, due, desk);
        }
    }

    #[inline(never)]
    fn set_alarm_for(&mut self, queue: QueueId, due: u64, desk: &mut Desk) {
        let still = self.is_still(queue);
        let alarm = &mut self.alarms[queue.0 as usize];
        if due < *alarm && !still {
            *alarm = due;
            desk.wake(Time(due), u64::from(queue.0));
        }
    }

    /// An event reaches the queues of its route; it may go `straight` on only while it arrives. Its publisher is told: no if one of the
    /// queues refused it, though others keep it; yes even if there is no queue.
    #[inline]
    pub(super) fn take_in(&mut self, channel: ChannelId, event: &Event, straight: bool, desk: &mut Desk) {
        if self.cluster.is_away() {
            // Connections are refused: who wants to be sure tries again.
            return desk.refuse(channel, event, Reason::BrokerDown);
        }
        self.host.at(desk.now().0);
        let route = self.route(channel, event);
        let queues = Arc::clone(&self.routes[route].queues);
        let mut found = Found::default();
        for queue in queues.iter() {
            self.offer(*queue, route, event, straight, &mut found, desk);
        }
        self.conclude(channel, event, &queues, found, desk);
    }

    /// An event reaches one queue of its route.
    #[inline(always)]
    pub(super) fn offer(&mut self, queue: QueueId, route: usize, event: &Event, straight: bool, found: &mut Found, desk: &mut Desk) {
        match self.cluster.takes(queue) {
            Takes::Now => {}
            Takes::Later => found.later = true,
            Takes::Never => {
                self.host.turn_away(queue);
                return found.refused(Reason::NoLeader);
            }
        }
        let Route { origin, rare, size, .. } = &self.routes[route];
        let message = Message { event: Event { failures: 0, ..*event }, routed: desk.now() };
        let letter = Letter { rare: rare.clone(), ..Letter::new(message, *size, *origin) };
        let publisher = Channel(u32::MAX - event.id.emitter().0);
        if self.host.publish_to(queue, letter, Some(publisher)) {
            found.taken += 1;
            self.took(queue, event, straight, desk);
        } else {
            found.refused += 1;
            found.taken += self.refused(queue, event, desk);
        }
        self.host.hear_from(queue);
        self.set_alarm(queue, desk);
    }

    /// All queues of an event's route have decided.
    #[inline]
    pub(super) fn conclude(&mut self, channel: ChannelId, event: &Event, queues: &Arc<[QueueId]>, found: Found, desk: &mut Desk) {
        if queues.is_empty() {
            desk.unroutable(channel, event);
            if self.plan.emitters[event.id.emitter().index()].properties.mandatory {
                self.returned += 1;
                desk.send_back(event);
            }
        } else if found.taken == 0 {
            desk.refuse(channel, event, found.why);
        }
        if found.later {
            self.confirm_later(event, found.refused == 0, queues);
        } else {
            desk.confirm(event, found.refused == 0);
        }
    }

    /// A queue took an event. The common case first: it went straight on to a consumer.
    #[inline]
    fn took(&mut self, queue: QueueId, event: &Event, straight: bool, desk: &mut Desk) {
        if !self.readers.is_empty() && self.is_stream(queue) {
            return self.written(queue, event, straight, desk);
        }
        let outlet = self.outlet(queue);
        if straight
            && let [Step::Delivery(delivery)] = self.host.out.steps.as_slice()
            && delivery.letter.payload.event.id == event.id
        {
            let seat = SeatId(delivery.seat.0);
            if let (Some(taker), Some(slot)) = (self.seats.get_mut(&seat), delivery.slot) {
                taker.holds.push_back((event.id, slot));
                desk.hand(seat);
            }
            self.host.out.steps.clear();
            return;
        }
        desk.owe(outlet, event);
        self.act(desk);
    }

    /// A queue refused an event; a copy may have been dead-lettered all the same. The answer is whether one was.
    #[cold]
    fn refused(&mut self, queue: QueueId, event: &Event, desk: &mut Desk) -> u32 {
        let own = |end: &End<Message>| end.refused && end.queue == queue && end.payload.event.id == event.id && end.taken > 0;
        let went_on = self.host.out.steps.iter().any(|step| matches!(step, Step::End(end) if own(end)));
        self.act(desk);
        u32::from(went_on)
    }

    /// Settles one message of a seat in its queue.
    fn settle(&mut self, seat: SeatId, event: EventId, desk: &mut Desk, act: impl FnOnce(&mut Host<Message>, QueueId, &[u32])) {
        let Some(taker) = self.seats.get_mut(&seat) else { return };
        let queue = taker.queue;
        let Some(slot) = taker.take(event) else { return };
        self.host.at(desk.now().0);
        act(&mut self.host, queue, &[slot]);
        self.act(desk);
        self.after(queue, desk);
    }

    #[inline(always)]
    pub(super) fn after(&mut self, queue: QueueId, desk: &mut Desk) {
        self.host.hear_from(queue);
        self.set_alarm(queue, desk);
        if self.gates.has_alarm() {
            self.weigh_queue(queue);
            self.watch_memory(desk);
        }
    }

    /// Moves what waits in one queue to another: event replay. It is a new story to the ledger.
    fn redrive(&mut self, from: QueueId, to: QueueId, desk: &mut Desk) {
        self.host.at(desk.now().0);
        let now = desk.now();
        desk.note(Note::Replay { outlet: self.outlet(to), under_way: true });
        let replayed = |message: &Message| {
            let flags = dead_letter(&message.event).flags.without(Flags::DEAD_LETTER).with(Flags::REPLAYED);
            Message { event: Event { failures: 0, flags, ..message.event }, routed: now }
        };
        for _ in 0..self.host.queue(from).map_or(0, super::queue::Queue::ready) {
            let Some(moved) = self.host.shovel(from, to, replayed) else { break };
            desk.end(self.outlet(from), &moved.event, Place::Waiting, BrokerFate::Acked, Reason::Redriven);
            self.owe(to, &replayed(&moved).event, desk);
            self.act(desk);
        }
        desk.note(Note::Replay { outlet: self.outlet(to), under_way: false });
        self.weigh_queue(to);
        self.after(from, desk);
        self.after(to, desk);
    }

    /// What comes back is what was handed over, with everything that happened to it on the way.
    fn came_back(&mut self, queue: QueueId, slot: u32, message: &Message) {
        if let Some(held) = self.host.held_mut(queue, slot) {
            *held = *message;
        }
    }

    /// And it looks like this from now on, if it is to be sent again.
    fn returned(message: &Message, now: Time) -> Message {
        let flags = message.event.flags.with(Flags::REDELIVERED).without(Flags::STALE);
        Message { event: Event { flags, ..message.event }, routed: now }
    }

    /// Which of the messages that came back were given up instead, by the delivery limit.
    fn given_up(&self) -> Vec<EventId> {
        let limit = |step: &Step<Message>| match step {
            Step::End(end) if end.reason == Why::DeliveryLimit => Some(end.payload.event.id),
            _ => None,
        };
        self.host.out.steps.iter().filter_map(limit).collect()
    }
}

impl Rules for RabbitMq {
    fn start(&mut self, desk: &mut Desk) {
        for (number, (at, ..)) in self.redrives.iter().enumerate() {
            desk.wake(*at, REDRIVE | number as u64);
        }
        for (number, (at, ..)) in self.attaches.iter().enumerate() {
            desk.wake(*at, ATTACH | number as u64);
        }
        let queues = self.seats.values().filter(|taker| taker.reader.is_none());
        let wishes: Vec<(QueueId, Subscription)> = queues.map(|taker| (taker.queue, taker.wish)).collect();
        for (queue, wish) in wishes {
            self.host.subscribe(queue, wish);
        }
        self.act(desk);
        self.renew_leases(desk);
    }

    fn keeps_publishers(&self) -> bool {
        self.gates.are_there()
    }

    fn publish(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
        self.publishes(Publish { link, channel, event: *event }, desk);
        true
    }

    fn parcel(&mut self, token: u64, arrived: bool, desk: &mut Desk) {
        self.publish_arrives(token, arrived, desk);
    }

    #[inline]
    fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk) {
        self.take_in(channel, event, true, desk);
    }

    fn settled(&mut self, seat: SeatId, message: &Message, how: Settled, desk: &mut Desk) {
        if let Some(reader) = self.reader_of(seat) {
            if how != Settled::Parked {
                self.seats.get_mut(&seat).and_then(|taker| taker.take(message.event.id));
                self.pump(reader, desk);
            }
            return;
        }
        let word = (seat, message.event.id);
        if how == Settled::Failed && self.decided.contains(&word) {
            self.decided.retain(|decided| *decided != word);
        } else if how != Settled::Parked {
            self.settle(seat, message.event.id, desk, |host, queue, slots| host.ack(queue, slots));
        }
    }

    fn failed(&mut self, seat: SeatId, message: &Message, desk: &mut Desk) -> Failed {
        let Some(taker) = self.seats.get_mut(&seat).filter(|taker| taker.reader.is_none()) else { return Failed::Final };
        let (queue, requeue) = (taker.queue, taker.requeue);
        let leads_on = self.host.queue(queue).is_some_and(|queue| queue.settings.dead_letter.is_some());
        if !requeue && !leads_on {
            return Failed::Final;
        }
        let Some(slot) = taker.take(message.event.id) else { return Failed::Final };
        self.decided.push((seat, message.event.id));
        self.host.at(desk.now().0);
        if requeue {
            self.came_back(queue, slot, &RabbitMq::returned(message, desk.now()));
            self.host.requeue(queue, &[slot]);
            if self.given_up().is_empty() {
                desk.take_back(self.outlet(queue), message);
            }
        } else {
            self.came_back(queue, slot, message);
            self.host.reject(queue, &[slot]);
        }
        self.act(desk);
        self.after(queue, desk);
        Failed::Decided
    }

    fn grow(&mut self, plan: &Plan, seats: &[(SeatId, Seat)]) {
        for (seat, place) in seats {
            let queue = QueueId(plan.outlets[place.outlet.index()].part.unwrap_or(0));
            let reader = self.readers.iter().position(|reader| reader.outlet == place.outlet);
            if let Some(reader) = reader {
                self.readers[reader].add(*seat);
            }
            self.seats.insert(*seat, Taker::new(plan, *seat, place, queue, reader));
        }
    }

    fn joined(&mut self, seat: SeatId, desk: &mut Desk) {
        if let Some(reader) = self.reader_of(seat) {
            self.readers[reader].stand(seat, true);
            return self.pump(reader, desk);
        }
        let Some(taker) = self.seats.get(&seat) else { return };
        let (queue, wish) = (taker.queue, taker.wish);
        self.host.at(desk.now().0);
        self.declare(queue, desk);
        self.host.subscribe(queue, wish);
        self.act(desk);
        self.after(queue, desk);
    }

    /// `basic.cancel`: nothing more is delivered, and what is unacknowledged stays so until the channel closes.
    fn leaving(&mut self, seat: SeatId, leaving: bool, desk: &mut Desk) {
        if !leaving {
            return self.joined(seat, desk);
        }
        if let Some(reader) = self.reader_of(seat) {
            self.readers[reader].stand(seat, false);
            return self.pump(reader, desk);
        }
        let Some(taker) = self.seats.get(&seat) else { return };
        let (queue, wish) = (taker.queue, taker.wish);
        self.host.at(desk.now().0);
        self.host.cancel(queue, wish.seat);
        self.act(desk);
        self.after(queue, desk);
    }

    fn left(&mut self, seat: SeatId, copies: &[Message], orderly: bool, desk: &mut Desk) {
        if let Some(reader) = self.reader_of(seat) {
            return self.reader_left(reader, seat, copies, desk);
        }
        let Some(taker) = self.seats.get_mut(&seat) else { return };
        let (queue, wish) = (taker.queue, taker.wish);
        let slots: Vec<Option<u32>> = copies.iter().map(|copy| taker.take(copy.event.id)).collect();
        // What is not among the copies has ended, though word of it is still to come: lost on its way just now.
        let ended: Vec<u32> = taker.holds.drain(..).map(|(_, slot)| slot).collect();
        self.host.at(desk.now().0);
        self.host.forget(queue, &ended);
        for (copy, slot) in copies.iter().zip(&slots) {
            if let Some(slot) = slot {
                self.came_back(queue, *slot, &RabbitMq::returned(copy, desk.now()));
            }
        }
        if orderly {
            self.host.cancel(queue, wish.seat);
        }
        self.host.channel_down(wish.channel);
        self.owner_left(queue);
        let mut given_up = self.given_up();
        let outlet = self.outlet(queue);
        for (copy, slot) in copies.iter().zip(slots) {
            if slot.is_none() {
                // A twin that the network made: the queue never knew of it.
                desk.end(outlet, &copy.event, Place::Returned, BrokerFate::Dropped, Reason::LinkLoss);
            } else if let Some(at) = given_up.iter().position(|id| *id == copy.event.id) {
                given_up.remove(at);
            } else {
                desk.take_back(outlet, copy);
            }
        }
        self.act(desk);
        self.bury(desk);
        self.after(queue, desk);
    }

    fn severing(&mut self, seats: &[SeatId], begins: bool, desk: &mut Desk) {
        let mut queues: Vec<QueueId> = seats.iter().filter_map(|seat| self.seats.get(seat)).map(|taker| taker.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        self.host.at(desk.now().0);
        for queue in queues {
            if begins {
                self.host.freeze(queue);
            } else {
                self.host.hold(queue, self.is_still(queue));
                self.act(desk);
                self.after(queue, desk);
            }
        }
    }

    fn crashed(&mut self, desk: &mut Desk) {
        self.down = true;
        self.connections_end(desk);
    }

    fn recovered(&mut self, desk: &mut Desk) {
        self.down = false;
        self.renew_leases(desk);
    }

    fn wake(&mut self, token: u64, desk: &mut Desk) {
        if token & ELECT != 0 {
            return self.elect((token ^ ELECT) as usize, desk);
        }
        if token & TAKE != 0 {
            return self.takes_next((token ^ TAKE) as usize, desk);
        }
        if token & FLOW != 0 {
            return self.flow_may_end(LinkId((token ^ FLOW) as u32), desk);
        }
        if token & ATTACH != 0 {
            let (_, reader, offset) = self.attaches[(token ^ ATTACH) as usize];
            return self.attach(reader, offset, desk);
        }
        if token & REDRIVE != 0 {
            let (_, from, to) = self.redrives[(token ^ REDRIVE) as usize];
            return self.redrive(from, to, desk);
        }
        let queue = QueueId(token as u32);
        self.alarms[queue.0 as usize] = NEVER;
        self.host.at(desk.now().0);
        if self.down && self.host.queue(queue).is_some_and(|it| it.is_over(desk.now().0)) {
            return;
        }
        self.host.tick_queue(queue);
        self.act(desk);
        self.bury(desk);
        self.after(queue, desk);
    }

    fn node(&mut self, node: u32, up: bool, desk: &mut Desk) {
        self.node_is(node, up, desk);
    }

    fn asked(&mut self, request: &Request, desk: &mut Desk) {
        match request {
            Request::Redrive { from, to } => {
                if let (Some(from), Some(to)) = (self.host.find_queue(from), self.host.find_queue(to)) {
                    self.redrive(from, to, desk);
                }
            }
            Request::Attach { reader, stream, offset } => {
                let Some(stream) = self.host.find_queue(stream) else { return };
                let names = |outlet| read_by(&self.plan, outlet).contains(&reader.as_str());
                let number = self.readers.iter().position(|it| it.queue == stream && names(it.outlet));
                number.into_iter().for_each(|number| self.attach(number, place(*offset), desk));
            }
            Request::Seek { .. } | Request::CancelReplay(_) => {}
        }
    }

    fn wants_word(&self, _: &Seat) -> bool {
        true
    }

    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for queue in self.host.queues() {
            queue.ready_letters().for_each(|letter| visit(self.outlet(queue.id), &letter.payload));
            queue.discards().iter().for_each(|message| visit(self.outlet(queue.id), message));
        }
        self.readers_wait_for(visit);
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let queues: usize = self.host.queues().map(|queue| queue.weigh(each)).sum();
        let again: usize = self.readers.iter().map(|reader| reader.again.len() * size_of::<(u64, Message)>()).sum();
        let holds: usize = self.seats.values().map(|taker| taker.holds.len() * size_of::<(EventId, u32)>()).sum();
        queues + again + holds + self.gates.bytes()
    }

    fn held(&self, visit: &mut dyn FnMut(&Event)) {
        self.gates.each(visit);
    }
}
