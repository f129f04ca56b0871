//! The simulation: state, and what happens at each entry of the agenda.

use super::agenda::{Agenda, Due, MOST_INDEXED, MOST_SCHEDULED};
use super::arrivals::Process;
use super::books::{Books, Inbound};
use super::broker::{Broker, Desk, Rules};
use super::consumer::{Consumer, Counts, Hand};
use super::event::{Event, Flags, Key, KeyTexts, Kind, Message, odds};
use super::keys::{Interner, KeySampler};
use super::ledger::{End, Ledger, Verdict};
use super::link::{Link, To, Travelling};
use super::observe::{AfterFailure, Fingerprint, Observation, Observer};
use super::slab::Slab;
use crate::ids::{BrokerId, ChannelId, ConsumerId, EmitterId, EventId, LinkId, OutletId, ReadId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::plan::{Origin, Trace};
use crate::time::{Span, Time};
use std::fmt;
use std::sync::Arc;

/// A plan being executed with a seed. Cloning it is a checkpoint: long queues and traces are shared, not copied.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(super) plan: Arc<Plan>,
    seed: u64,
    now: Time,
    steps: u64,
    stopped: Option<Stop>,
    pub(super) agenda: Agenda,
    emitters: Vec<Emitter>,
    pub(super) links: Vec<Link>,
    pub(super) brokers: Vec<Broker>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) reads: Box<[Reading]>,
    /// The broker of each channel.
    channels: Box<[BrokerId]>,
    /// Workers of all consumers.
    pub(super) hands: Vec<Hand>,
    /// Messages on links whose arrivals may overtake each other.
    pub(super) transits: Slab<(LinkId, Travelling)>,
    /// Messages that wait for another attempt.
    pub(super) backoffs: Slab<Message>,
    pub(super) books: Vec<Books>,
    pub(super) inbound: Inbound,
    pub(super) ledger: Ledger,
    /// Copies travelling, waiting or in hand.
    pub(super) live: u64,
    lost: u64,
    duplicates: u64,
    fingerprint: Fingerprint,
    keys: Arc<KeyTexts>,
    /// Work space, kept to spare allocations.
    desk: Desk,
    /// Readers of shared outlets that have room again; handled at the end of the step.
    settled: Vec<ReadId>,
}

/// What the hot path needs of a subscription.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub consumer: ConsumerId,
    pub outlet: OutletId,
    link: LinkId,
    /// Whether others read the same outlet.
    shared: bool,
}

#[derive(Clone, Debug)]
struct Emitter {
    kind: Kind,
    channel: ChannelId,
    link: LinkId,
    serial: u64,
    process: Option<Process>,
    trace: Option<(Arc<Trace>, Arc<[Key]>)>,
    odds: u64,
    odds_random: Stream,
    /// Types a `then` follows from; empty means all.
    on: Box<[Kind]>,
    keys: KeySampler,
    key_random: Stream,
}

/// Why a run stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More copies of events were alive at once than the scenario allows.
    Live {
        /// The limit.
        limit: u64,
    },
    /// More steps were simulated than the scenario allows.
    Steps {
        /// The limit.
        limit: u64,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Live { limit } => write!(
                f,
                "more than {limit} events were waiting or on their way at once: consumers cannot keep up. Lower the rates, add \
                 instances, or raise `limits: Limits(live: ...)`"
            ),
            Stop::Steps { limit } => write!(
                f,
                "the run took more than {limit} steps. Shorten `duration`, lower the rates, look for a loop without end, or raise \
                 `limits: Limits(steps: ...)`"
            ),
        }
    }
}

/// How far [`Simulation::advance`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// To the time asked for.
    Reached,
    /// To the number of steps allowed for this call.
    Paused,
    /// To a limit of the scenario.
    Stopped(Stop),
}

impl Simulation {
    /// A run at its very start.
    pub fn new(plan: Arc<Plan>, seed: u64) -> Simulation {
        let interner = Interner::of(&plan);
        let emitters = (0..plan.emitters.len()).map(|i| Emitter::new(&plan, EmitterId::at(i), seed, &interner)).collect();
        let mut first_worker = 0;
        let mut consumers = Vec::with_capacity(plan.consumers.len());
        let mut hands = Vec::new();
        for i in 0..plan.consumers.len() {
            let consumer = Consumer::new(&plan, ConsumerId::at(i), seed, first_worker);
            let hand = Hand { consumer: ConsumerId::at(i), message: Message::NONE, began: Time::ZERO };
            first_worker += consumer.capacity;
            hands.resize(first_worker as usize, hand);
            consumers.push(consumer);
        }
        let name = |node: crate::ids::NodeId| plan.nodes[node.index()].name.as_str();
        let links = plan.links.iter().map(|link| {
            Link::new(link, Stream::named(seed ^ hash_name("link") ^ hash_name(name(link.from)).rotate_left(1), name(link.to)))
        });
        let reads = plan.reads.iter().map(|read| Reading {
            consumer: read.consumer,
            outlet: read.outlet,
            link: read.link,
            shared: plan.outlets[read.outlet.index()].readers.len() > 1,
        });
        let mut simulation = Simulation {
            seed,
            now: Time::ZERO,
            steps: 0,
            stopped: None,
            agenda: Agenda::default(),
            emitters,
            links: links.collect(),
            brokers: (0..plan.brokers.len()).map(|i| Broker::new(&plan, BrokerId::at(i))).collect(),
            consumers,
            reads: reads.collect(),
            channels: plan.channels.iter().map(|channel| channel.broker).collect(),
            hands,
            transits: Slab::default(),
            backoffs: Slab::default(),
            books: vec![Books::default(); plan.outlets.len()],
            inbound: Inbound::default(),
            ledger: Ledger::default(),
            live: 0,
            lost: 0,
            duplicates: 0,
            fingerprint: Fingerprint::default(),
            keys: Arc::new(interner.texts()),
            desk: Desk::default(),
            settled: Vec::new(),
            plan,
        };
        for i in 0..simulation.emitters.len() {
            if let Some(process) = &mut simulation.emitters[i].process {
                for at in process.first() {
                    simulation.agenda.schedule(at, Due::Arrival, i as u32);
                }
            }
        }
        simulation
    }

    /// Simulates up to and including `until` (never beyond the plan's duration), or `steps` steps, whichever comes first.
    pub fn advance(&mut self, until: Time, steps: u64, observer: &mut impl Observer) -> Progress {
        let until = until.min(self.plan.duration);
        let limits = &self.plan.limits;
        let (live, most) = (limits.live.min(MOST_INDEXED), limits.steps.min(MOST_SCHEDULED / 2));
        let mut left = steps;
        // Out of the structure for the length of the call, so that rules can write to it while the simulation acts.
        let mut desk = std::mem::take(&mut self.desk);
        let progress = loop {
            if let Some(stop) = self.stopped {
                break Progress::Stopped(stop);
            }
            let Some(entry) = self.agenda.next().filter(|entry| entry.at() <= until) else {
                self.now = self.now.max(until);
                break Progress::Reached;
            };
            if left == 0 {
                break Progress::Paused;
            }
            left -= 1;
            self.now = entry.at();
            self.steps += 1;
            self.agenda.open();
            self.handle(entry.due(), entry.index(), &mut desk, observer);
            while let Some(read) = self.settled.pop() {
                self.make_room(read, &mut desk, observer);
            }
            self.agenda.close();
            // Both sequence numbers and steps are bounded by the step limit, so neither can wrap.
            if self.live > live {
                self.stopped = Some(Stop::Live { limit: live });
            } else if self.steps >= most || self.agenda.scheduled() >= MOST_SCHEDULED {
                self.stopped = Some(Stop::Steps { limit: most });
            }
        };
        self.desk = desk;
        progress
    }

    #[inline(always)]
    fn handle<O: Observer>(&mut self, due: Due, index: u32, desk: &mut Desk, observer: &mut O) {
        match due {
            Due::Done => self.finish(index, desk, observer),
            Due::Arrival => self.emit(EmitterId(index), desk, observer),
            Due::LinkHead => {
                let link = &mut self.links[index as usize];
                let head = link.queue.pop();
                let next = link.queue.front().map(|(entry, _)| *entry);
                link.armed = next.is_some();
                if let Some(entry) = next {
                    self.agenda.insert(entry);
                }
                if let Some((_, travelling)) = head {
                    self.arrive(&travelling, desk, observer);
                }
            }
            Due::Transit => {
                if let Some((_, travelling)) = self.transits.take(index) {
                    self.arrive(&travelling, desk, observer);
                }
            }
            Due::Retry => {
                if let Some(message) = self.backoffs.take(index) {
                    self.resume(message, observer);
                }
            }
        }
    }

    #[inline(always)]
    fn note<O: Observer>(&mut self, what: &Observation<'_>, observer: &mut O) {
        self.fingerprint.fold(self.now, what);
        observer.observe(self.now, what);
    }

    // Publishing.

    /// A workload's arrival: publish, and put the next one on the agenda.
    #[inline(always)]
    fn emit<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let next = self.emitters[id.index()].process.as_mut().and_then(|process| process.next(now));
        if let Some(at) = next {
            self.agenda.schedule(at, Due::Arrival, id.0);
        }
        self.publish(id, None, desk, observer);
    }

    #[inline(always)]
    fn publish<O: Observer>(&mut self, id: EmitterId, cause: Option<&Event>, desk: &mut Desk, observer: &mut O) {
        let emitter = &mut self.emitters[id.index()];
        let serial = emitter.serial;
        emitter.serial += 1;
        let own = EventId::new(id, serial);
        let inherited = cause.map_or(Key::NONE, |event| event.key);
        let (kind, key) = match &emitter.trace {
            Some((trace, keys)) => {
                let row = &trace.rows[serial as usize];
                (Kind::from(row.event), row.key.map_or(Key::NONE, |key| keys[key as usize]))
            }
            None => (emitter.kind, emitter.keys.choose(serial, inherited, &mut emitter.key_random)),
        };
        let waited_for = emitter.process.as_ref().is_some_and(Process::is_closed_loop);
        let event = Event {
            id: own,
            published: self.now,
            root: cause.map_or(own, |event| event.root),
            key,
            kind,
            failures: 0,
            flags: if waited_for { Flags::TRACKED } else { Flags::default() },
            read: ReadId(0),
        };
        let (channel, link) = (emitter.channel, emitter.link);
        if waited_for {
            self.ledger.enter(own, None);
        }
        self.note(&Observation::Published { emitter: id, event: &event, cause: cause.map(|event| event.id) }, observer);
        self.send_to_broker(link, channel, event, desk, observer);
    }

    #[inline(always)]
    fn send_to_broker<O: Observer>(&mut self, link: LinkId, channel: ChannelId, event: Event, desk: &mut Desk, observer: &mut O) {
        self.inbound.sent += 1;
        if self.links[link.index()].loses() {
            return self.lose_on_the_way(link, event, observer);
        }
        self.live += 1;
        if self.links[link.index()].duplicates() {
            return self.send_twins(link, channel, event, desk, observer);
        }
        self.travel_in(link, channel, &Message { event, routed: self.now }, desk, observer);
    }

    #[cold]
    #[inline(never)]
    fn lose_on_the_way<O: Observer>(&mut self, link: LinkId, event: Event, observer: &mut O) {
        self.inbound.lost += 1;
        self.note(&Observation::LostOnLink { link, event: &event, outlet: None }, observer);
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, true);
            self.conclude(event.id, verdict);
        } else {
            self.lost += 1;
        }
    }

    /// The network makes two of one on the way to a broker.
    #[cold]
    #[inline(never)]
    fn send_twins<O: Observer>(&mut self, link: LinkId, channel: ChannelId, mut event: Event, desk: &mut Desk, observer: &mut O) {
        if !event.flags.has(Flags::TRACKED) {
            event.flags = event.flags.with(Flags::TRACKED);
            self.ledger.enter(event.id, None);
        }
        self.ledger.enter(event.id, None);
        let twin = Event { flags: event.flags.with(Flags::DUPLICATE), ..event };
        self.travel_in(link, channel, &Message { event, routed: self.now }, desk, observer);
        self.inbound.sent += 1;
        self.live += 1;
        self.travel_in(link, channel, &Message { event: twin, routed: self.now }, desk, observer);
    }

    // Travelling.

    #[inline(always)]
    fn travel_in<O: Observer>(&mut self, id: LinkId, channel: ChannelId, message: &Message, desk: &mut Desk, observer: &mut O) {
        if self.links[id.index()].instant {
            self.note(&Observation::Sent { link: id, event: &message.event, arrives: self.now }, observer);
            self.arrive_at_broker(channel, &message.event, desk, observer);
        } else {
            self.set_out(id, To::Channel(channel), *message, observer);
        }
    }

    /// A message sets out on a link that takes time. (By value, as everything that is called on the way and not inlined: a message
    /// whose address nobody takes stays in registers.)
    fn set_out<O: Observer>(&mut self, id: LinkId, to: To, message: Message, observer: &mut O) {
        let bytes = self.plan.types[usize::from(message.event.kind.0)].size.0;
        let link = &mut self.links[id.index()];
        let at = link.arrival(self.now, bytes);
        let travelling = Travelling { message, to };
        if link.in_order {
            // Only the head of an in-order link is on the agenda, but with the place in the order it took when it set out.
            let entry = self.agenda.reserve(at, Due::LinkHead, id.0);
            if !link.armed {
                link.armed = true;
                self.agenda.insert(entry);
            }
            link.queue.push((entry, travelling));
        } else {
            let place = self.transits.put((id, travelling));
            self.agenda.schedule(at, Due::Transit, place);
        }
        self.note(&Observation::Sent { link: id, event: &message.event, arrives: at }, observer);
    }

    fn arrive<O: Observer>(&mut self, travelling: &Travelling, desk: &mut Desk, observer: &mut O) {
        match travelling.to {
            To::Channel(channel) => self.arrive_at_broker(channel, &travelling.message.event, desk, observer),
            To::Reader => self.arrive_at_consumer(&travelling.message, observer),
        }
    }

    #[inline(always)]
    fn arrive_at_broker<O: Observer>(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk, observer: &mut O) {
        self.inbound.accepted += 1;
        self.live -= 1;
        self.note(&Observation::Accepted { channel, event }, observer);
        let broker = self.channels[channel.index()];
        self.brokers[broker.index()].arrive(channel, desk);
        let tracked = event.flags.has(Flags::TRACKED);
        // Counted through and not taken out: storing may add to what is handed over, but never to the routes.
        for i in 0..desk.routes.len() {
            let route = desk.routes[i];
            let message = Message { event: Event { failures: 0, read: route.read.unwrap_or(ReadId(0)), ..*event }, routed: self.now };
            self.books[route.outlet.index()].routed += 1;
            self.live += 1;
            if tracked {
                self.ledger.enter(event.id, Some(route.outlet));
            }
            self.note(&Observation::Routed { outlet: route.outlet, event: &message.event }, observer);
            match route.read {
                Some(_) => self.hand_over(message, observer),
                None => self.store(broker, route.outlet, message, desk, observer),
            }
        }
        if desk.routes.is_empty() {
            self.turn_away(channel, *event, observer);
        }
        desk.routes.clear();
        if tracked {
            let verdict = self.ledger.arrived(event.id, false);
            self.conclude(event.id, verdict);
        }
    }

    /// Nobody reads the channel.
    #[cold]
    #[inline(never)]
    fn turn_away<O: Observer>(&mut self, channel: ChannelId, event: Event, observer: &mut O) {
        self.inbound.unroutable += 1;
        // Nobody was owed an ordinary event, but somebody was owed one that comes as a dead letter.
        self.lost += u64::from(event.flags.has(Flags::DEAD_LETTER));
        self.note(&Observation::Unroutable { channel, event: &event }, observer);
    }

    /// A message waits in its broker.
    #[inline(never)]
    fn store<O: Observer>(&mut self, broker: BrokerId, outlet: OutletId, message: Message, desk: &mut Desk, observer: &mut O) {
        self.books[outlet.index()].waiting += 1;
        self.note(&Observation::Waits { outlet, event: &message.event }, observer);
        self.brokers[broker.index()].stored(outlet, message, desk);
        self.release(desk, observer);
    }

    /// A reader of a shared outlet has room again.
    fn make_room<O: Observer>(&mut self, read: ReadId, desk: &mut Desk, observer: &mut O) {
        let outlet = self.reads[read.index()].outlet;
        let broker = self.plan.outlets[outlet.index()].broker;
        self.brokers[broker.index()].settled(read, desk);
        self.release(desk, observer);
    }

    /// Sends on their way what the broker let go.
    fn release<O: Observer>(&mut self, desk: &mut Desk, observer: &mut O) {
        for (outlet, message) in desk.handed.drain(..) {
            self.books[outlet.index()].waiting -= 1;
            self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
            self.hand_over(message, observer);
        }
    }

    /// Sends a message from its broker to the consumer of its subscription.
    #[inline(always)]
    fn hand_over<O: Observer>(&mut self, message: Message, observer: &mut O) {
        let Reading { link: id, .. } = self.reads[message.event.read.index()];
        let link = &mut self.links[id.index()];
        if link.loses() {
            return self.lose_on_the_way_out(message, observer);
        }
        if link.duplicates() {
            return self.hand_over_twins(message, observer);
        }
        self.travel_out(id, &message, observer);
    }

    #[inline(always)]
    fn travel_out<O: Observer>(&mut self, id: LinkId, message: &Message, observer: &mut O) {
        if self.links[id.index()].instant {
            self.note(&Observation::Sent { link: id, event: &message.event, arrives: self.now }, observer);
            self.arrive_at_consumer(message, observer);
        } else {
            self.set_out(id, To::Reader, *message, observer);
        }
    }

    #[cold]
    #[inline(never)]
    fn lose_on_the_way_out<O: Observer>(&mut self, message: Message, observer: &mut O) {
        let Reading { outlet, link, shared, .. } = self.reads[message.event.read.index()];
        self.books[outlet.index()].dropped += 1;
        self.note(&Observation::LostOnLink { link, event: &message.event, outlet: Some(outlet) }, observer);
        self.end(&message.event, outlet, End::Gone);
        if shared {
            self.settled.push(message.event.read);
        }
    }

    /// The network makes two of one on the way to a consumer.
    #[cold]
    #[inline(never)]
    fn hand_over_twins<O: Observer>(&mut self, mut message: Message, observer: &mut O) {
        let Reading { outlet, link, .. } = self.reads[message.event.read.index()];
        if !message.event.flags.has(Flags::TRACKED) {
            message.event.flags = message.event.flags.with(Flags::TRACKED);
            self.ledger.enter(message.event.id, Some(outlet));
        }
        self.ledger.enter(message.event.id, Some(outlet));
        self.travel_out(link, &message, observer);
        message.event.flags = message.event.flags.with(Flags::DUPLICATE);
        self.books[outlet.index()].routed += 1;
        self.live += 1;
        self.note(&Observation::Routed { outlet, event: &message.event }, observer);
        self.travel_out(link, &message, observer);
    }

    // Handling.

    #[inline(always)]
    fn arrive_at_consumer<O: Observer>(&mut self, message: &Message, observer: &mut O) {
        let Reading { consumer: id, outlet, .. } = self.reads[message.event.read.index()];
        let consumer = &mut self.consumers[id.index()];
        match consumer.idle.take() {
            Some(worker) => self.begin(id, worker, outlet, message, false, observer),
            None => {
                consumer.inbox.push(*message);
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
            }
        }
    }

    /// A worker begins to handle a message.
    #[inline(always)]
    fn begin<O: Observer>(&mut self, id: ConsumerId, worker: u32, outlet: OutletId, message: &Message, waited: bool, observer: &mut O) {
        let consumer = &mut self.consumers[id.index()];
        let service = consumer.service();
        let slot = consumer.first_worker + worker;
        consumer.counts.deliveries += 1;
        consumer.counts.redeliveries += u64::from(message.event.failures > 0);
        self.hands[slot as usize] = Hand { consumer: id, message: *message, began: self.now };
        self.agenda.schedule(self.now + service, Due::Done, slot);
        self.note(&Observation::Delivered { outlet, consumer: id, worker, message, waited, service }, observer);
    }

    /// A worker is done.
    #[inline(always)]
    fn finish<O: Observer>(&mut self, slot: u32, desk: &mut Desk, observer: &mut O) {
        let Hand { consumer: id, message, began } = self.hands[slot as usize];
        let Reading { outlet, shared, .. } = self.reads[message.event.read.index()];
        let consumer = &mut self.consumers[id.index()];
        let worker = slot - consumer.first_worker;
        if consumer.fails() {
            if self.fail(id, worker, outlet, message, began, desk, observer) {
                return;
            }
        } else {
            consumer.counts.acked += 1;
            self.books[outlet.index()].acked += 1;
            self.note(&Observation::Acked { outlet, consumer: id, worker, message: &message, began }, observer);
            for i in 0..self.consumers[id.index()].then.len() {
                let emitter = self.consumers[id.index()].then[i];
                self.follow(emitter, message.event, desk, observer);
            }
            self.end(&message.event, outlet, End::Acked);
        }
        if shared {
            self.settled.push(message.event.read);
        }
        self.take_next(id, worker, observer);
    }

    /// Handling has failed. True if the same worker tries again at once.
    #[inline(never)]
    fn fail<O: Observer>(
        &mut self,
        id: ConsumerId,
        worker: u32,
        outlet: OutletId,
        mut message: Message,
        began: Time,
        desk: &mut Desk,
        observer: &mut O,
    ) -> bool {
        message.event.failures = message.event.failures.saturating_add(1);
        let consumer = &mut self.consumers[id.index()];
        let backoff = consumer.backoff(message.event.failures);
        let dead_letter = consumer.dead_letter;
        let next = match (backoff, dead_letter) {
            (Some(span), _) => AfterFailure::Retry(self.now + span),
            (None, Some(_)) => AfterFailure::DeadLetter,
            (None, None) => AfterFailure::Final,
        };
        match next {
            AfterFailure::Retry(_) => consumer.counts.retries += 1,
            AfterFailure::DeadLetter => consumer.counts.dead_lettered += 1,
            AfterFailure::Final => consumer.counts.failed += 1,
        }
        self.note(&Observation::Failed { outlet, consumer: id, worker, message: &message, began, next }, observer);
        match (backoff, dead_letter) {
            (Some(Span::ZERO), _) => {
                message.routed = self.now;
                self.begin(id, worker, outlet, &message, false, observer);
                return true;
            }
            (Some(span), _) => {
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
                let place = self.backoffs.put(message);
                self.agenda.schedule(self.now + span, Due::Retry, place);
            }
            (None, Some((channel, link))) => {
                self.books[outlet.index()].dead_lettered += 1;
                self.end(&message.event, outlet, End::Kept);
                // What becomes of the dead letter is a story of its own: the ledger no longer follows it.
                let flags = message.event.flags.without(Flags::TRACKED).with(Flags::DEAD_LETTER);
                self.send_to_broker(link, channel, Event { flags, failures: 0, ..message.event }, desk, observer);
            }
            (None, None) => {
                self.books[outlet.index()].failed += 1;
                self.end(&message.event, outlet, End::Gone);
            }
        }
        false
    }

    /// A worker that is free takes the next message or rests.
    #[inline(always)]
    fn take_next<O: Observer>(&mut self, id: ConsumerId, worker: u32, observer: &mut O) {
        let consumer = &mut self.consumers[id.index()];
        match consumer.inbox.pop() {
            Some(message) => {
                let outlet = self.reads[message.event.read.index()].outlet;
                self.books[outlet.index()].waiting -= 1;
                self.begin(id, worker, outlet, &message, true, observer);
            }
            None => consumer.idle.give(worker),
        }
    }

    /// A backoff is over.
    fn resume<O: Observer>(&mut self, mut message: Message, observer: &mut O) {
        let Reading { outlet, shared, .. } = self.reads[message.event.read.index()];
        self.books[outlet.index()].waiting -= 1;
        self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
        if shared {
            let broker = self.plan.outlets[outlet.index()].broker;
            self.brokers[broker.index()].resumed(message.event.read);
        }
        message.routed = self.now;
        self.arrive_at_consumer(&message, observer);
    }

    /// What follows from a handled event, if chance will have it.
    #[inline(never)]
    fn follow<O: Observer>(&mut self, id: EmitterId, cause: Event, desk: &mut Desk, observer: &mut O) {
        let emitter = &mut self.emitters[id.index()];
        if (emitter.on.is_empty() || emitter.on.contains(&cause.kind)) && emitter.odds_random.chance(emitter.odds) {
            self.publish(id, Some(&cause), desk, observer);
        }
    }

    /// A copy has met its fate.
    #[inline(always)]
    fn end(&mut self, event: &Event, outlet: OutletId, how: End) {
        self.live -= 1;
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.end(event.id, Some(outlet), how);
            self.conclude(event.id, verdict);
        } else if how == End::Gone {
            self.lost += 1;
        }
    }

    fn conclude(&mut self, event: EventId, verdict: Verdict) {
        self.lost += verdict.lost;
        self.duplicates += verdict.duplicates;
        if verdict.finished
            && let Some(process) = &mut self.emitters[event.emitter().index()].process
            && process.is_closed_loop()
        {
            let at = self.now + process.think();
            self.agenda.schedule(at, Due::Arrival, event.emitter().0);
        }
    }

    // Reading.

    /// What is executed.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// With which seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Virtual time reached.
    pub fn now(&self) -> Time {
        self.now
    }

    /// When something happens next, if anything does.
    pub fn next_due(&self) -> Option<Time> {
        self.agenda.next().map(|entry| entry.at())
    }

    /// Entries of the agenda handled so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Why the run stopped before its end, if it did.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Hash over all observations so far.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint.value()
    }

    /// The books of an outlet.
    pub fn books(&self, outlet: OutletId) -> &Books {
        &self.books[outlet.index()]
    }

    /// What became of events on their way to brokers.
    pub fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    /// Events an emitter published so far.
    pub fn published(&self, emitter: EmitterId) -> u64 {
        self.emitters[emitter.index()].serial
    }

    /// What a consumer did so far.
    pub fn counts(&self, consumer: ConsumerId) -> &Counts {
        &self.consumers[consumer.index()].counts
    }

    /// Workers of a consumer that are busy.
    pub fn busy(&self, consumer: ConsumerId) -> u32 {
        self.consumers[consumer.index()].busy()
    }

    /// Losses that are certain: see `record::Totals::lost`.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Further acknowledgements of the same event by the same outlet.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Copies travelling, waiting or in hand.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// The plan's textual keys, to show [`Key`]s with.
    pub fn keys(&self) -> &KeyTexts {
        &self.keys
    }
}

impl Emitter {
    fn new(plan: &Plan, id: EmitterId, seed: u64, interner: &Interner) -> Emitter {
        let emitter = &plan.emitters[id.index()];
        let stream = |purpose: &str| Stream::named(seed ^ hash_name(purpose), &emitter.name);
        let (process, trace, share, on) = match &emitter.origin {
            Origin::Workload(arrivals) => (Some(Process::new(arrivals, stream("arrivals"))), None, 0, Box::default()),
            Origin::Trace(trace) => {
                let keys: Arc<[Key]> = trace.keys.iter().map(|text| interner.key(text)).collect();
                let process = Process::recorded(Arc::clone(trace), stream("arrivals"));
                (Some(process), Some((Arc::clone(trace), keys)), 0, Box::default())
            }
            Origin::Then { probability, on, .. } => (None, None, odds(*probability), on.iter().map(|t| Kind::from(*t)).collect()),
        };
        let key = emitter.event.and_then(|t| plan.types[t.index()].key.as_ref());
        Emitter {
            kind: emitter.event.map_or(Kind(0), Kind::from),
            channel: emitter.channel,
            link: emitter.link,
            serial: 0,
            process,
            trace,
            odds: share,
            odds_random: stream("odds"),
            on,
            keys: interner.sampler(key),
            key_random: stream("keys"),
        }
    }
}
