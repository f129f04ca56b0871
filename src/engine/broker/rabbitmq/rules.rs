//! RabbitMQ behind the contract of all brokers: exchanges are channels, queues are outlets, and every instance of a consumer has
//! an AMQP channel of its own for each queue it reads.
//!
//! # Fidelity and limits
//!
//! Modelled is RabbitMQ 4.0.5 with AMQP 0-9-1. Every row of what was observed on a live server passes
//! (`tidemill conform rabbitmq`). What a run simplifies:
//! - Acknowledgements reach the broker at once and are never lost; confirms to publishers travel back over their link.
//! - An event that a link loses on the way to a consumer counts as acknowledged: TCP would have sent it again, or reset.
//! - A failed event is rejected once the consumer's own retries are used up; with `requeue` it goes back to its queue instead.
//! - Dead letters are routed without delay. The strategy at-least-once, priorities of
//!   more than 255 levels and queues that come and go while the broker runs are not part of a run.
//! - Flow control is the memory alarm (`memory`): publishers are held back in one piece, not connection by connection.

use super::broker::Broker as Host;
use super::cluster::{Cluster, ELECT, Takes};
use super::consumer::{Channel, Seat as Subscriber, Subscription};
use super::death::Reason as Why;
use super::exchange::{Exchange, ExchangeKind, QueueId, Target};
use super::message::{Letter, NEVER, Payload, Rare};
use super::out::{Arrival, Delivery, End, Step};
use super::reading::Reader;
use super::settings::{self, DEFAULT_DELIVERY_LIMIT, Settings};
use super::stream::Offset;
use super::value::{Table, Value};
use crate::engine::broker::desk::{BrokerFate, Place};
use crate::engine::broker::{Desk, Failed, Note, Rules, Settled};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId, EventId, LinkId, OutletId, SeatId};
use crate::scenario::Plan;
use crate::scenario::broker::rabbitmq::{self as file, DEFAULT_EXCHANGE, Header, Leads};
use crate::scenario::broker::{BrokerKind, Parts};
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
    plan: Arc<Plan>,
    pub(super) host: Host<Message>,
    first_channel: usize,
    /// The exchange of each channel.
    exchanges: Vec<Arc<str>>,
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
    /// When which reader attaches where.
    attaches: Vec<(Time, usize, Offset)>,
    /// By queue, the earliest wake-up that has been asked for.
    alarms: Vec<u64>,
    /// When, from which queue, to which.
    redrives: Vec<(Time, QueueId, QueueId)>,
    /// Ready bytes above which publishers are held back.
    memory: Option<u64>,
    blocked: bool,
    /// Publishes held back, in order.
    held_back: VecDeque<Publish>,
    /// Publishes let go and on their way.
    under_way: BTreeMap<u64, Publish>,
    shipped: u64,
    /// Failures of this step that have been decided: word of them settles nothing any more.
    decided: Vec<(SeatId, EventId)>,
}

/// An event that a publisher has, or that travels.
#[derive(Clone, Copy, Debug)]
struct Publish {
    link: LinkId,
    channel: ChannelId,
    event: Event,
}

/// What all events of an emitter and type have in common at a channel.
#[derive(Clone, Debug)]
struct Route {
    queues: Arc<[QueueId]>,
    origin: super::message::Origin,
    rare: Option<Arc<Rare>>,
    size: u32,
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
    pub(super) fn take(&mut self, event: EventId) -> Option<u32> {
        let at = self.holds.iter().position(|(held, _)| *held == event)?;
        self.holds.remove(at).map(|(_, slot)| slot)
    }
}

impl RabbitMq {
    /// A RabbitMQ broker of a checked plan.
    pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, _seed: u64) -> RabbitMq {
        let own: Vec<usize> = (0..plan.channels.len()).filter(|channel| plan.channels[*channel].broker == id).collect();
        let outlets: Vec<OutletId> = (0..plan.outlets.len()).filter(|o| plan.outlets[*o].broker == id).map(OutletId::at).collect();
        let parts = match &plan.brokers[id.index()].kind {
            BrokerKind::RabbitMq(parts) => parts.clone(),
            _ => file::RabbitMq::default(),
        };
        let host = host(&parts);
        let exchange = |name: &str| Arc::from(if name == DEFAULT_EXCHANGE { "" } else { name });
        let mut takers = BTreeMap::new();
        let mut readers: Vec<Reader> = Vec::new();
        for outlet in &outlets {
            let at = plan.outlets[outlet.index()].part.unwrap_or(0);
            let queue = QueueId(at);
            let reader = parts.fans_out(at as usize).then_some(readers.len());
            if reader.is_some() {
                readers.push(Reader::new(*outlet, queue, seats.at(plan, *outlet), &read_by(plan, *outlet).join(", ")));
            }
            for seat in seats.at(plan, *outlet) {
                takers.insert(seat, Taker::new(plan, seat, seats.get(seat), queue, reader));
            }
        }
        RabbitMq {
            plan: Arc::clone(plan),
            host,
            first_channel: own.first().copied().unwrap_or(0),
            exchanges: parts_channels(&parts).map(exchange).collect(),
            alarms: vec![NEVER; parts.queues.len()],
            outlets,
            ways: BTreeMap::new(),
            quick: vec![u32::MAX; own.len() * plan.emitters.len()],
            routes: Vec::new(),
            seats: takers,
            cluster: Cluster::new(&parts),
            attaches: attaches(plan, &parts, &readers),
            readers,
            redrives: redrives(&parts),
            memory: parts.memory.map(|size| size.0),
            blocked: false,
            held_back: VecDeque::new(),
            under_way: BTreeMap::new(),
            shipped: 0,
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

    /// Whether publishers are held back, and how many events they hold.
    pub fn back_pressure(&self) -> (bool, usize) {
        (self.blocked, self.held_back.len())
    }

    /// Where events of this emitter and type go from this channel.
    #[inline]
    fn route(&mut self, channel: ChannelId, event: &Event) -> usize {
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
        let Properties { routing_key, headers, priority, expiration } = &self.plan.emitters[emitter.index()].properties;
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
    pub(super) fn act(&mut self, desk: &mut Desk) {
        if self.host.out.steps.is_empty() {
            return;
        }
        let mut steps = std::mem::take(&mut self.host.out.steps);
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
    #[inline]
    fn set_alarm(&mut self, queue: QueueId, desk: &mut Desk) {
        if self.is_still(queue) {
            return;
        }
        let Some(due) = self.host.queue(queue).map(super::queue::Queue::due) else { return };
        let alarm = &mut self.alarms[queue.0 as usize];
        if due < *alarm {
            *alarm = due;
            desk.wake(Time(due), u64::from(queue.0));
        }
    }

    /// An event reaches the queues of its route; it may go `straight` on only while it arrives. Its publisher is told: no if one of the
    /// queues refused it, though others keep it; yes even if there is no queue.
    #[inline]
    fn take_in(&mut self, channel: ChannelId, event: &Event, straight: bool, desk: &mut Desk) {
        if self.cluster.is_away() {
            // Connections are refused: who wants to be sure tries again.
            return desk.refuse(channel, event, Reason::BrokerDown);
        }
        self.host.at(desk.now().0);
        let route = self.route(channel, event);
        let Route { queues, origin, rare, size } = &self.routes[route];
        let (queues, origin, size) = (Arc::clone(queues), *origin, *size);
        let rare = rare.clone();
        let message = Message { event: Event { failures: 0, ..*event }, routed: desk.now() };
        let publisher = Channel(u32::MAX - event.id.emitter().0);
        let (mut taken, mut refused, mut later) = (0, 0, false);
        let mut why = Reason::QueueRefuses;
        for queue in queues.iter() {
            match self.cluster.takes(*queue) {
                Takes::Now => {}
                Takes::Later => later = true,
                Takes::Never => {
                    (refused, why) = (refused + 1, Reason::NoLeader);
                    continue;
                }
            }
            let letter = Letter { rare: rare.clone(), ..Letter::new(message, size, origin) };
            if self.host.publish_to(*queue, letter, Some(publisher)) {
                taken += 1;
                self.took(*queue, event, straight, desk);
            } else {
                refused += 1;
                taken += self.refused(*queue, event, desk);
            }
            self.host.hear_from(*queue);
            self.set_alarm(*queue, desk);
        }
        if queues.is_empty() {
            desk.unroutable(channel, event);
        } else if taken == 0 {
            desk.refuse(channel, event, why);
        }
        if later {
            self.confirm_later(event, refused == 0, &queues);
        } else {
            desk.confirm(event, refused == 0);
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
                desk.hand(outlet, seat);
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

    pub(super) fn after(&mut self, queue: QueueId, desk: &mut Desk) {
        self.host.hear_from(queue);
        self.set_alarm(queue, desk);
        if self.memory.is_some() {
            self.watch_memory(desk);
        }
    }

    /// Raises the memory alarm, or takes it back and lets publishers go on.
    #[inline(never)]
    fn watch_memory(&mut self, desk: &mut Desk) {
        let Some(limit) = self.memory else { return };
        let ready: u64 = self.host.queues().map(super::queue::Queue::ready_bytes).sum();
        let blocked = if self.blocked { ready > limit - limit / 5 } else { ready > limit };
        if blocked != self.blocked {
            self.blocked = blocked;
            for channel in 0..self.exchanges.len() {
                desk.note(Note::Blocked { channel: ChannelId::at(self.first_channel + channel), blocked });
            }
        }
        self.let_go_held(desk);
    }

    /// Lets publishers go on with as much as there is room for, what is under way counted.
    fn let_go_held(&mut self, desk: &mut Desk) {
        let Some(limit) = self.memory else { return };
        let mut taken: u64 = self.host.queues().map(super::queue::Queue::ready_bytes).sum();
        taken += self.under_way.values().map(|publish| self.bytes(&publish.event)).sum::<u64>();
        while !self.blocked
            && let Some(publish) = self.held_back.front().copied()
            && (taken <= limit || self.under_way.is_empty())
        {
            taken += self.bytes(&publish.event);
            self.held_back.pop_front();
            self.let_go(publish, desk);
        }
    }

    fn bytes(&self, event: &Event) -> u64 {
        self.plan.types[usize::from(event.kind.0)].size.0
    }

    fn let_go(&mut self, publish: Publish, desk: &mut Desk) {
        self.shipped += 1;
        desk.ship(publish.link, self.bytes(&publish.event), self.shipped);
        desk.carries(publish.link, &publish.event);
        self.under_way.insert(self.shipped, publish);
    }

    /// Moves what waits in one queue to another: event replay. It is a new story to the ledger.
    fn redrive(&mut self, number: usize, desk: &mut Desk) {
        let (_, from, to) = self.redrives[number];
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

fn redrives(parts: &file::RabbitMq) -> Vec<(Time, QueueId, QueueId)> {
    let queue = |name: &str| parts.queue(name).map(|at| QueueId(at as u32));
    parts.redrives.iter().filter_map(|redrive| Some((Time::ZERO + redrive.at, queue(&redrive.from)?, queue(&redrive.to)?))).collect()
}

/// The consumers that read an outlet.
fn read_by(plan: &Plan, outlet: OutletId) -> Vec<&str> {
    let consumers = plan.outlets[outlet.index()].readers.iter().map(|read| plan.reads[read.index()].consumer);
    consumers.map(|consumer| plan.nodes[plan.consumers[consumer.index()].node.index()].name.as_str()).collect()
}

/// When which reader attaches where: those that the file does not name, at the start.
fn attaches(plan: &Plan, parts: &file::RabbitMq, readers: &[Reader]) -> Vec<(Time, usize, Offset)> {
    let mut all = Vec::new();
    for (number, reader) in readers.iter().enumerate() {
        let stream = parts.queues.get(reader.queue.0 as usize).map(|queue| queue.name.as_str());
        let names = read_by(plan, reader.outlet);
        let own = parts.attaches.iter().filter(|attach| names.contains(&attach.reader.as_str()) && Some(attach.stream.as_str()) == stream);
        let before = all.len();
        all.extend(own.map(|attach| {
            let offset = match attach.offset {
                file::Offset::First => Offset::First,
                file::Offset::Last => Offset::Last,
                file::Offset::Next => Offset::Next,
                file::Offset::Offset(offset) => Offset::At(offset),
                file::Offset::Time(time) => Offset::Time(time.0),
            };
            (Time::ZERO + attach.at, number, offset)
        }));
        if all.len() == before && !names.is_empty() {
            all.push((Time::ZERO, number, Offset::Next));
        }
    }
    all
}

/// The exchanges and queues of a file.
fn host(parts: &file::RabbitMq) -> Host<Message> {
    let mut host = Host::default();
    for exchange in &parts.exchanges {
        let kind = match exchange.kind {
            file::ExchangeKind::Direct => ExchangeKind::Direct,
            file::ExchangeKind::Fanout => ExchangeKind::Fanout,
            file::ExchangeKind::Topic => ExchangeKind::Topic,
            file::ExchangeKind::Headers => ExchangeKind::Headers,
        };
        let name = host.topology.names.intern(&exchange.name);
        let mut made = Exchange::new(name, kind, Table::new(), &mut host.topology.names);
        made.alternate = exchange.alternate.as_deref().map(|name| host.topology.names.intern(name));
        made.internal = exchange.internal;
        host.add_exchange(made);
    }
    for queue in &parts.queues {
        let settings = settings(queue, &mut host);
        host.add_queue(&queue.name, settings, Table::new());
    }
    for binding in &parts.bindings {
        let target = match parts.leads(binding) {
            Some(Leads::Queue(at)) => host.find_queue(&parts.queues[at].name).map(Target::Queue),
            Some(Leads::Exchange(at)) => host.find_exchange(&parts.exchanges[at].name).map(Target::Exchange),
            None => None,
        };
        if let (Some(source), Some(target)) = (host.find_exchange(&binding.from), target) {
            host.bind(source, target, &binding.key, arguments(binding));
        }
    }
    host
}

fn settings(queue: &file::Queue, host: &mut Host<Message>) -> Settings {
    let names = &mut host.topology.names;
    let quorum = queue.kind == file::QueueKind::Quorum;
    let delivery_limit = match queue.delivery_limit {
        None => Some(DEFAULT_DELIVERY_LIMIT),
        Some(limit) => u64::try_from(limit).ok(),
    };
    Settings {
        kind: match queue.kind {
            file::QueueKind::Classic => settings::QueueKind::Classic,
            file::QueueKind::Quorum => settings::QueueKind::Quorum,
            file::QueueKind::Stream => settings::QueueKind::Stream,
        },
        durable: true,
        ttl: queue.ttl.map(|span| span.0),
        max_length: queue.max_length,
        max_bytes: queue.max_bytes.map(|size| size.0),
        overflow: match queue.overflow {
            file::Overflow::RejectPublish => settings::Overflow::RejectPublish,
            file::Overflow::RejectPublishDlx if !quorum => settings::Overflow::RejectPublishDlx,
            file::Overflow::RejectPublishDlx | file::Overflow::DropHead => settings::Overflow::DropHead,
        },
        max_priority: queue.max_priority.filter(|_| !quorum),
        single_active: queue.single_active,
        max_age: queue.max_age.map(|span| span.0),
        segment: queue.segment.map(|size| size.0),
        delivery_limit: delivery_limit.filter(|_| quorum),
        dead_letter: queue.dead_letter.as_ref().map(|way| names.intern(&way.exchange)),
        dead_letter_key: queue.dead_letter.as_ref().and_then(|way| way.key.as_deref()).map(|key| names.key(key)),
        ..Settings::default()
    }
}

/// A binding's arguments as a headers exchange reads them.
fn arguments(binding: &file::Binding) -> Table {
    if binding.headers.is_empty() && binding.matching == file::Match::All {
        return Table::new();
    }
    let how = match binding.matching {
        file::Match::All => "all",
        file::Match::Any => "any",
        file::Match::AllWithX => "all-with-x",
        file::Match::AnyWithX => "any-with-x",
    };
    let mut arguments = table(&binding.headers.0);
    arguments.push((Arc::from("x-match"), Value::text(how)));
    arguments
}

fn table(headers: &[(String, Header)]) -> Table {
    let value = |header: &Header| match header {
        Header::Text(text) => Value::text(text),
        Header::Number(number) => Value::Int(*number),
        Header::Flag(flag) => Value::Bool(*flag),
        Header::Present => Value::Void,
    };
    headers.iter().map(|(name, header)| (Arc::from(name.as_str()), value(header))).collect()
}

fn parts_channels(parts: &file::RabbitMq) -> impl Iterator<Item = &str> {
    parts.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE])
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
    }

    fn keeps_publishers(&self) -> bool {
        self.memory.is_some()
    }

    fn publish(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
        let publish = Publish { link, channel, event: *event };
        if self.blocked || !self.held_back.is_empty() {
            self.held_back.push_back(publish);
        } else {
            self.let_go(publish, desk);
        }
        true
    }

    fn parcel(&mut self, token: u64, arrived: bool, desk: &mut Desk) {
        let Some(Publish { channel, event, .. }) = self.under_way.remove(&token) else { return };
        if !arrived {
            desk.lose_inbound(channel, &event, Reason::LinkLoss);
            return self.let_go_held(desk);
        }
        self.take_in(channel, &event, false, desk);
        desk.accept(channel, &event);
        self.watch_memory(desk);
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
        self.after(queue, desk);
    }

    fn wake(&mut self, token: u64, desk: &mut Desk) {
        if token & ELECT != 0 {
            return self.elect((token ^ ELECT) as usize, desk);
        }
        if token & ATTACH != 0 {
            let (_, reader, offset) = self.attaches[(token ^ ATTACH) as usize];
            return self.attach(reader, offset, desk);
        }
        if token & REDRIVE != 0 {
            return self.redrive((token ^ REDRIVE) as usize, desk);
        }
        let queue = QueueId(token as u32);
        self.alarms[queue.0 as usize] = NEVER;
        self.host.at(desk.now().0);
        self.host.tick_queue(queue);
        self.act(desk);
        self.after(queue, desk);
    }

    fn node(&mut self, node: u32, up: bool, desk: &mut Desk) {
        self.node_is(node, up, desk);
    }

    fn wants_word(&self, _: &Seat) -> bool {
        true
    }

    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for queue in self.host.queues() {
            queue.ready_letters().for_each(|letter| visit(self.outlet(queue.id), &letter.payload));
        }
        self.readers_wait_for(visit);
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let queues: usize = self.host.queues().map(|queue| queue.weigh(each)).sum();
        let again: usize = self.readers.iter().map(|reader| reader.again.len() * size_of::<(u64, Message)>()).sum();
        let holds: usize = self.seats.values().map(|taker| taker.holds.len() * size_of::<(EventId, u32)>()).sum();
        queues + again + holds + (self.held_back.len() + self.under_way.len()) * size_of::<Publish>()
    }

    fn held(&self, visit: &mut dyn FnMut(&Event)) {
        self.held_back.iter().chain(self.under_way.values()).for_each(|publish| visit(&publish.event));
    }
}
