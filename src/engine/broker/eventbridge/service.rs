//! EventBridge at work in a run.

use super::archive::Selection;
use super::delivery::{DeliveryError, Exhausted, Next, backoff};
use super::envelope::{Envelope, facts, is_scheduled};
use super::letter::{self, Letter};
use super::put_events::check_call;
use super::putting::{Added, Puts};
use super::queue::Queue;
use super::quota::Quota;
use super::replaying::{Replaying, State};
use super::setup::{Setup, TargetSetup, To, Want};
use super::view::{BusView, LetterView, Recent, ReplayView, RuleView, TargetCounts, TargetView, View};
use crate::engine::broker::desk::{BrokerFate, Place};
use crate::engine::broker::{Desk, Failed, Note, Rules, Settled};
use crate::engine::event::{Event, Flags, Message, attributes, odds};
use crate::engine::fate::Reason;
use crate::engine::fifo::Fifo;
use crate::engine::sample::Sampler;
use crate::engine::seats::{Seat, Seats};
use crate::engine::slab::Slab;
use crate::ids::{BrokerId, ChannelId, EventId, LinkId, OutletId, SeatId, TypeId};
use crate::language::matcher::Scratch;
use crate::language::template::Shape;
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::broker::Request;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A broker of the EventBridge kind.
#[derive(Clone, Debug)]
pub struct EventBridge {
    plan: Arc<Plan>,
    seed: u64,
    setup: Arc<Setup>,
    latency: Sampler,
    duplicates: u64,
    luck: Stream,
    put: Quota,
    invoke: Quota,
    /// Deliveries under way: waiting for the latency or another try.
    pending: Slab<Pending>,
    /// Those that wait for the quota, in the order in which they may go on. The first of them is woken, not all.
    held: Fifo<Pending>,
    /// Copies that failed.
    tries: BTreeMap<Tried, Tries>,
    queues: Vec<Queue>,
    /// By bus.
    archives: Vec<Fifo<Event>>,
    replays: Vec<Replaying>,
    /// By seat: what it is.
    seats: Vec<Sitting>,
    /// By seat: how much a function has in hand, and may have.
    functions: Vec<Option<Function>>,
    puts: Puts,
    down: bool,
    buses: Vec<BusView>,
    /// What rules did apart from what [`EventBridge::targets`] did for them.
    rules: Vec<RuleView>,
    targets: Vec<TargetCounts>,
    /// By queue: the last dead letters, for whoever looks.
    letters: Vec<VecDeque<Letter>>,
    /// The last events and their buses, for whoever looks.
    recent: VecDeque<(usize, Event)>,
    scratch: Scratch,
    found: Vec<u32>,
}

/// Events that are shown as recent.
const RECENT: usize = 24;

#[derive(Clone, Copy, Debug)]
struct Pending {
    message: Message,
    target: u32,
}

/// A copy that failed: its event, its target, and whether a replay brought it, which is a delivery of its own.
type Tried = (EventId, u32, bool);

/// What has been done about it.
#[derive(Clone, Copy, Debug)]
struct Tries {
    /// Tries after the first.
    retries: u32,
    /// When the service took it in: its age counts from there, however old the event was by then.
    since: Time,
}

fn tried(message: &Message, target: u32) -> Tried {
    (message.event.id, target, message.event.flags.has(Flags::REPLAYED))
}

/// A target that is a function as a service.
#[derive(Clone, Copy, Debug)]
struct Function {
    busy: u32,
    limit: u32,
}

/// What a seat is to this broker.
#[derive(Clone, Copy, Debug)]
enum Sitting {
    /// A stranger.
    None,
    /// Reads as (one of) this target, and whether it is there.
    Target(u32, bool),
    /// Reads from this queue.
    Queue(u32),
}

/// Tokens of [`Desk::wake`]: a kind in the upper bits, a number below.
mod token {
    use crate::ids::LinkId;

    pub const DELIVERY: u64 = 0;
    pub const REPLAY: u64 = 1;
    pub const CANCEL: u64 = 2;
    pub const PUT: u64 = 3;
    pub const QUOTA: u64 = 4;

    pub fn pack(kind: u64, number: usize) -> u64 {
        kind << 60 | number as u64
    }

    /// A client's link, and which of its calls.
    pub fn put(link: LinkId, round: u32) -> usize {
        (u64::from(round & 0x0fff_ffff) << 32 | u64::from(link.0)) as usize
    }

    pub fn unput(packed: usize) -> (LinkId, u32) {
        (LinkId(packed as u32), (packed as u64 >> 32) as u32)
    }

    pub fn unpack(token: u64) -> (u64, usize) {
        (token >> 60, (token & ((1 << 60) - 1)) as usize)
    }
}

fn function(plan: &Plan, seat: &Seat) -> Option<Function> {
    let consumer = &plan.consumers[seat.consumer.index()];
    consumer.is_function().then(|| Function { busy: 0, limit: consumer.capacity() })
}

impl EventBridge {
    /// A broker of a checked plan.
    pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, seed: u64) -> EventBridge {
        let setup = Setup::new(plan, id, seats, seed);
        let name = &plan.nodes[plan.brokers[id.index()].node.index()].name;
        let mut sitting = vec![Sitting::None; seats.iter().count()];
        for (i, target) in setup.targets.iter().enumerate() {
            if let To::Seats(seats) = &target.to {
                seats.iter().for_each(|seat| sitting[seat.index()] = Sitting::Target(i as u32, true));
            }
        }
        let queues: Vec<Queue> = setup.queues.iter().map(|outlet| Queue::new(*outlet, seats.at(plan, *outlet))).collect();
        for (i, queue) in queues.iter().enumerate() {
            seats.at(plan, queue.outlet).iter().for_each(|seat| sitting[seat.index()] = Sitting::Queue(i as u32));
        }
        let parts = &setup.parts;
        let replay = |replay: &crate::scenario::broker::eventbridge::Replay| Replaying {
            name: replay.name.clone(),
            bus: parts.archive_of(replay).unwrap_or(0),
            selection: Selection {
                from: Time::ZERO + replay.from,
                to: Time::ZERO + replay.to.unwrap_or(replay.at),
                rules: Some(replay.rules.clone()).filter(|rules| !rules.is_empty()),
            },
            interval: Span::from_seconds(1.0 / replay.rate.0),
            at: Time::ZERO + replay.at,
            cancel: replay.cancel.map(|at| Time::ZERO + at),
            state: State::Planned,
            left: Default::default(),
            done: 0,
        };
        EventBridge {
            plan: plan.clone(),
            seed,
            latency: Sampler::new(&parts.latency),
            duplicates: odds(parts.duplicates),
            luck: Stream::named(seed ^ hash_name("eventbridge"), name),
            put: Quota::new(parts.quotas.put.0),
            invoke: Quota::new(parts.quotas.invoke.0),
            pending: Slab::default(),
            held: Fifo::default(),
            tries: BTreeMap::new(),
            queues,
            archives: vec![Fifo::default(); parts.buses.len()],
            replays: parts.replays.iter().map(replay).collect(),
            seats: sitting,
            functions: seats.iter().map(|(_, seat)| function(plan, seat)).collect(),
            puts: Puts::new(&parts.put, plan.links.len()),
            down: false,
            buses: vec![BusView::default(); parts.buses.len()],
            rules: vec![RuleView::default(); parts.rules.len()],
            targets: vec![TargetCounts::default(); setup.targets.len()],
            letters: vec![VecDeque::new(); setup.queues.len()],
            recent: VecDeque::with_capacity(RECENT),
            scratch: Scratch::default(),
            found: Vec::new(),
            setup: Arc::new(setup),
        }
    }

    /// What can be seen of it now.
    pub fn view(&self) -> View {
        View {
            recent: self.recent.iter().rev().map(|(bus, event)| self.recall(*bus, event)).collect(),
            letters: self.letters.iter().flat_map(|queue| queue.iter().rev()).map(|letter| self.letter(letter)).collect(),
            ..self.counts()
        }
    }

    /// The same without the events and dead letters that came last, which take longest.
    pub fn counts(&self) -> View {
        let bus = |(i, bus): (usize, &BusView)| {
            let seconds = |event: &Event| event.published.seconds();
            let (oldest, newest) = (self.archives[i].front().map(seconds), self.archives[i].back().map(seconds));
            BusView { window: oldest.zip(newest), ..*bus }
        };
        let target = |(target, counts): (&TargetSetup, &TargetCounts)| TargetView {
            rule: target.rule as usize,
            name: target.name.clone(),
            is_bus: !matches!(target.to, To::Seats(_)),
            outlet: target.outlet,
            counts: *counts,
        };
        let replay = |replay: &Replaying| ReplayView { state: replay.state, done: replay.done, left: replay.left.len() as u64 };
        View {
            buses: self.buses.iter().enumerate().map(bus).collect(),
            targets: self.setup.targets.iter().zip(&self.targets).map(target).collect(),
            rules: (0..self.rules.len()).map(|i| self.rule(i)).collect(),
            replays: self.replays.iter().map(replay).collect(),
            recent: Vec::new(),
            letters: Vec::new(),
        }
    }

    fn letter(&self, letter: &Letter) -> LetterView {
        let queue = self.setup.targets[letter.target as usize].dead_letter;
        let names = self.setup.parts.dead_letter_queues();
        LetterView {
            queue: queue.and_then(|queue| names.get(queue)).map_or_else(String::new, |name| (*name).to_owned()),
            kind: self.plan.types[TypeId::from(letter.event.kind).index()].name.clone(),
            attributes: letter.attributes(&self.plan, &self.setup),
        }
    }

    /// What the file says of it.
    pub fn parts(&self) -> &crate::scenario::broker::EventBridge {
        &self.setup.parts
    }

    /// What the rule did that an outlet is, if it is one.
    pub fn rule_of(&self, outlet: OutletId) -> Option<RuleView> {
        let rule = self.plan.outlets.get(outlet.index())?.part? as usize;
        (rule < self.rules.len()).then(|| self.rule(rule))
    }

    /// What a rule did.
    fn rule(&self, position: usize) -> RuleView {
        let (given, rule) = (&self.setup.parts.rules[position], &self.rules[position]);
        // One that waits for times alone looks at no event.
        let looks = given.enabled && !given.pattern.is_empty();
        let taken = self.setup.parts.bus_of(given).filter(|_| looks).map_or(0, |bus| self.buses[bus].taken);
        let mut view = RuleView { passed_over: taken.saturating_sub(rule.matched), ..*rule };
        for target in self.setup.rules[position].targets.iter().map(|target| &self.targets[*target as usize]) {
            view.invocations += target.invocations;
            view.failed += target.failed;
            view.dead_lettered += target.dead_lettered;
            view.dropped += target.dropped;
        }
        view
    }

    fn recall(&self, bus: usize, event: &Event) -> Recent {
        let envelope = Envelope::of(&self.plan, self.seed, &self.setup.parts, event, None);
        Recent { bus, json: envelope.json().to_string() }
    }

    /// Gives an event to the rules of a bus that want it. How many deliveries that makes, and whether the archive has it.
    fn route(&mut self, bus: usize, event: &Event, replay: Option<usize>, desk: &mut Desk) -> (usize, bool) {
        let setup = self.setup.clone();
        let own = &setup.buses[bus];
        let mut found = std::mem::take(&mut self.found);
        match setup.decided(bus, event).filter(|_| replay.is_none() && !event.flags.any(Flags::FORWARDED.with(Flags::DEAD_LETTER))) {
            Some(decided) => found.extend_from_slice(decided),
            None => {
                let name = replay.map(|replay| self.replays[replay].name.as_str());
                let facts = facts(&self.plan, self.seed, &setup.parts, event, name);
                own.matcher.find(&facts, &mut self.scratch, &mut found);
            }
        }
        let (mut deliveries, mut kept) = (0, own.keeps_all);
        for position in found.drain(..) {
            match own.wants[position as usize] {
                Want::Archive => kept = true,
                Want::Rule(rule) => {
                    let name = &setup.parts.rules[rule as usize].name;
                    if replay.is_some_and(|replay| !self.replays[replay].selection.reaches(name)) {
                        continue;
                    }
                    self.rules[rule as usize].matched += 1;
                    for target in &setup.rules[rule as usize].targets {
                        deliveries += 1;
                        if replay.is_some() {
                            // Nobody says how an earlier replay of it ended.
                            self.tries.remove(&(event.id, *target, true));
                        }
                        self.deliver(&setup, *target, event, desk);
                    }
                }
            }
        }
        self.found = found;
        let kept = kept && replay.is_none();
        if kept {
            self.keep(bus, event, desk.now());
        }
        (deliveries, kept)
    }

    /// An event has come to a bus, in a call that was taken or refused.
    fn judge(&mut self, setup: &Arc<Setup>, channel: ChannelId, event: &Event, refused: Option<Reason>, desk: &mut Desk) {
        let bus = channel.index() - setup.first_channel;
        desk.confirm(event, refused.is_none());
        if let Some(why) = refused {
            self.buses[bus].refused += 1;
            return desk.refuse(channel, event, why);
        }
        self.buses[bus].taken += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((bus, *event));
        if let Some(rule) = setup.schedule_of(event) {
            // No pattern is asked: the rule's own targets get it.
            self.rules[rule as usize].scheduled += 1;
            let targets = &setup.rules[rule as usize].targets;
            targets.iter().for_each(|target| self.deliver(setup, *target, event, desk));
            if targets.is_empty() {
                desk.unroutable(channel, event);
            }
            return;
        }
        let (deliveries, kept) = self.route(bus, event, None, desk);
        if deliveries == 0 {
            self.buses[bus].unmatched += 1;
            if !kept {
                desk.unroutable(channel, event);
            }
        }
    }

    /// A client calls PutEvents with what it has gathered.
    fn call(&mut self, link: LinkId, desk: &mut Desk) {
        let Some((number, call)) = self.puts.send(link) else { return };
        desk.ship(link, call.bytes, u64::from(number));
        call.entries.iter().for_each(|(_, event)| desk.carries(link, event));
    }

    /// Puts an event into a bus's archive, and throws out what is too old.
    fn keep(&mut self, bus: usize, event: &Event, now: Time) {
        let archive = &mut self.archives[bus];
        archive.push(*event);
        self.buses[bus].archived += 1;
        if let Some(keep) = &self.setup.buses[bus].keep {
            while archive.front().is_some_and(|oldest| !keep.holds(now - oldest.published)) {
                archive.pop();
                self.buses[bus].archived -= 1;
            }
        }
    }

    /// A rule wants an event: one target gets it, rarely twice.
    #[inline]
    fn deliver(&mut self, setup: &Setup, target: u32, event: &Event, desk: &mut Desk) {
        let outlet = setup.targets[target as usize].outlet;
        if self.luck.chance(self.duplicates) {
            let first = Event { flags: event.flags.with(Flags::TRACKED), ..*event };
            let second = Event { flags: first.flags.with(Flags::DUPLICATE), ..*event };
            self.send(setup, target, outlet, &first, desk);
            self.send(setup, target, outlet, &second, desk);
        } else {
            self.send(setup, target, outlet, event, desk);
        }
    }

    #[inline]
    fn send(&mut self, setup: &Setup, target: u32, outlet: OutletId, event: &Event, desk: &mut Desk) {
        let message = desk.owe(outlet, event);
        let latency = self.latency.draw(&mut self.luck);
        if latency == Span::ZERO {
            self.attempt(setup, target, message, desk);
        } else {
            self.later(target, message, desk.now() + latency, desk);
        }
    }

    fn later(&mut self, target: u32, message: Message, at: Time, desk: &mut Desk) {
        let place = self.pending.put(Pending { message, target });
        desk.wake(at, token::pack(token::DELIVERY, place as usize));
    }

    /// Invokes a target with a copy, or has it wait for the quota behind those that wait already.
    fn attempt(&mut self, setup: &Setup, target: u32, message: Message, desk: &mut Desk) {
        if self.held.is_empty() {
            match self.invoke.admit(desk.now()) {
                Ok(()) => return self.hand_over(setup, target, message, desk),
                Err(at) => desk.wake(at, token::pack(token::QUOTA, 0)),
            }
        }
        let at = self.invoke.turn(self.held.len() as u64);
        let rule = &mut self.rules[setup.targets[target as usize].rule as usize];
        (rule.throttled, rule.throttled_until) = (rule.throttled + 1, rule.throttled_until.max(at));
        self.held.push(Pending { message, target });
    }

    /// The quota lets some of those go on that wait for it.
    fn let_go(&mut self, desk: &mut Desk) {
        let setup = self.setup.clone();
        while !self.held.is_empty() {
            if let Err(at) = self.invoke.admit(desk.now()) {
                return desk.wake(at, token::pack(token::QUOTA, 0));
            }
            if let Some(Pending { message, target }) = self.held.pop() {
                self.hand_over(&setup, target, message, desk);
            }
        }
    }

    /// What decides whether an input makes JSON of an event.
    fn shape(&self, event: &Event) -> Shape {
        Shape { details: !attributes(&self.plan, self.seed, event).is_empty(), resources: is_scheduled(&self.plan, event) }
    }

    /// Invokes a target with a copy.
    fn hand_over(&mut self, setup: &Setup, target: u32, message: Message, desk: &mut Desk) {
        let TargetSetup { rule, outlet, to, undeliverable, .. } = &setup.targets[target as usize];
        self.targets[target as usize].invocations += 1;
        match to {
            To::Bus(_) if message.event.flags.has(Flags::FORWARDED) => {
                self.failure(setup, target, &message, Place::Waiting, DeliveryError::SecondHop, desk);
            }
            To::Bus(channel) => {
                self.rules[*rule as usize].forwarded += 1;
                desk.end(*outlet, &message.event, Place::Waiting, BrokerFate::Acked, Reason::Forwarded);
                let flags = message.event.flags.without(Flags::TRACKED).with(Flags::FORWARDED);
                desk.republish(*channel, &Event { flags, failures: 0, ..message.event });
            }
            To::Far(_, channel) if message.event.flags.has(Flags::FORWARDED) => {
                let abroad = setup.is_abroad(&self.plan, *channel);
                let error = if abroad { DeliveryError::SecondRegion } else { DeliveryError::SecondHop };
                self.failure(setup, target, &message, Place::Waiting, error, desk);
            }
            To::Far(link, channel) => {
                self.rules[*rule as usize].forwarded += 1;
                desk.end(*outlet, &message.event, Place::Waiting, BrokerFate::Acked, Reason::Forwarded);
                let flags = message.event.flags.without(Flags::TRACKED).with(Flags::FORWARDED);
                desk.forward(*link, *channel, &Event { flags, failures: 0, ..message.event });
            }
            To::Seats(_) if !undeliverable.is_empty() && undeliverable.contains(&self.shape(&message.event)) => {
                self.failure(setup, target, &message, Place::Waiting, DeliveryError::InvalidJson, desk);
            }
            To::Seats(seats) => {
                let there = |seat: &&SeatId| matches!(self.seats[seat.index()], Sitting::Target(_, true));
                match seats.iter().find(there) {
                    Some(seat) => match self.functions[seat.index()].as_mut() {
                        Some(function) if function.busy >= function.limit => {
                            self.rules[*rule as usize].throttles += 1;
                            self.failure(setup, target, &message, Place::Waiting, DeliveryError::Throttling, desk);
                        }
                        function => {
                            function.into_iter().for_each(|function| function.busy += 1);
                            desk.release(*seat, message);
                        }
                    },
                    None => self.failure(setup, target, &message, Place::Waiting, DeliveryError::Unavailable, desk),
                }
            }
        }
    }

    /// A target did not take a copy: it is tried again, or given up.
    fn failure(&mut self, setup: &Setup, target: u32, message: &Message, from: Place, error: DeliveryError, desk: &mut Desk) {
        let TargetSetup { outlet, policy, dead_letter, .. } = &setup.targets[target as usize];
        let counts = &mut self.targets[target as usize];
        counts.failed += 1;
        let tried = tried(message, target);
        let Tries { retries, since } = self.tries.get(&tried).copied().unwrap_or(Tries { retries: 0, since: message.routed });
        match policy.next(error, retries, desk.now() - since) {
            Next::Retry => {
                self.tries.insert(tried, Tries { retries: retries + 1, since });
                let mut message = if from == Place::Returned { desk.take_back(*outlet, message) } else { *message };
                message.event.failures = 0;
                let wait = backoff(retries, self.luck.unit());
                self.later(target, message, desk.now() + wait, desk);
            }
            Next::GiveUp(exhausted) => {
                self.tries.remove(&tried);
                let why = match (exhausted, error) {
                    (Exhausted::Age, _) => Reason::RetryAge,
                    (Exhausted::Attempts, _) => Reason::RetriesUsedUp,
                    (Exhausted::Pointless, DeliveryError::SecondHop | DeliveryError::SecondRegion) => Reason::SecondHop,
                    (Exhausted::Pointless, DeliveryError::InvalidJson) => Reason::NotJson,
                    (Exhausted::Pointless, _) => Reason::Rejected,
                };
                match *dead_letter {
                    Some(queue) => {
                        counts.dead_lettered += 1;
                        let letters = &mut self.letters[queue];
                        if letters.len() == letter::SHOWN {
                            letters.pop_front();
                        }
                        letters.push_back(Letter { event: message.event, target, error, why: exhausted, retries });
                        desk.end(*outlet, &message.event, from, BrokerFate::DeadLettered, why);
                        let flags = message.event.flags.without(Flags::TRACKED).with(Flags::DEAD_LETTER);
                        self.queues[queue].push(&Event { flags, ..message.event }, desk);
                    }
                    None => {
                        counts.dropped += 1;
                        desk.end(*outlet, &message.event, from, BrokerFate::Failed, why);
                    }
                }
            }
        }
    }

    /// The next event of a replay comes again, or its end.
    fn replay(&mut self, replay: usize, desk: &mut Desk) {
        let Replaying { state, bus, .. } = self.replays[replay];
        match state {
            State::Planned => {
                let archived = self.archives[bus].iter().copied().collect::<Vec<_>>();
                self.replays[replay].begin(archived.into_iter(), &mut self.luck);
                self.announce(replay, true, desk);
            }
            State::Running => {}
            State::Completed | State::Cancelled => return,
        }
        match self.replays[replay].next() {
            Some(event) => {
                let flags = event.flags.without(Flags::TRACKED).with(Flags::REPLAYED);
                self.route(bus, &Event { flags, ..event }, Some(replay), desk);
                let next = desk.now() + self.replays[replay].interval;
                desk.wake(next, token::pack(token::REPLAY, replay));
            }
            None => self.announce(replay, false, desk),
        }
    }

    fn cancel(&mut self, replay: usize, desk: &mut Desk) {
        let was = self.replays[replay].state;
        self.replays[replay].stop();
        if was == State::Running {
            self.announce(replay, false, desk);
        }
    }

    fn announce(&self, replay: usize, under_way: bool, desk: &mut Desk) {
        let Replaying { bus, selection, .. } = &self.replays[replay];
        for target in &self.setup.targets {
            let rule = &self.setup.parts.rules[target.rule as usize];
            if self.setup.parts.bus_of(rule) == Some(*bus) && selection.reaches(&rule.name) {
                desk.note(Note::Replay { outlet: target.outlet, under_way });
            }
        }
    }
}

impl Rules for EventBridge {
    fn start(&mut self, desk: &mut Desk) {
        for (i, replay) in self.replays.iter().enumerate() {
            desk.wake(replay.at, token::pack(token::REPLAY, i));
            if let Some(at) = replay.cancel {
                desk.wake(at, token::pack(token::CANCEL, i));
            }
        }
    }

    fn keeps_publishers(&self) -> bool {
        self.puts.batches()
    }

    fn publish(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
        if event.flags.has(Flags::DEAD_LETTER) || self.setup.schedule_of(event).is_some() {
            return false;
        }
        let bytes = self.setup.bytes(event);
        match self.puts.add(link, channel, event, bytes) {
            Added::Opened(round) => desk.wake(desk.now() + self.setup.parts.put.wait, token::pack(token::PUT, token::put(link, round))),
            Added::Waits => {}
            Added::Full => self.call(link, desk),
        }
        true
    }

    fn parcel(&mut self, number: u64, arrived: bool, desk: &mut Desk) {
        let Some(call) = self.puts.take(number as u32) else { return };
        let why = match arrived {
            _ if self.down => Some(Reason::BrokerDown),
            false => Some(Reason::LinkLoss),
            true => None,
        };
        if let Some(why) = why {
            return call.entries.iter().for_each(|(channel, event)| desk.lose_inbound(*channel, event, why));
        }
        let setup = self.setup.clone();
        let refused = match check_call(call.entries.len(), call.bytes) {
            Err(_) => Some(Reason::TooLarge),
            Ok(()) => self.put.admit(desk.now()).err().map(|_| Reason::Throttled),
        };
        for (channel, event) in &call.entries {
            let refused = refused.or_else(|| self.luck.chance(self.puts.fails).then_some(Reason::InternalFailure));
            self.judge(&setup, *channel, event, refused, desk);
            desk.accept(*channel, event);
        }
    }

    fn crashed(&mut self, _desk: &mut Desk) {
        self.down = true;
    }

    fn recovered(&mut self, _desk: &mut Desk) {
        self.down = false;
    }

    fn held(&self, visit: &mut dyn FnMut(&Event)) {
        self.puts.held(visit);
    }

    fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk) {
        let setup = self.setup.clone();
        let refused = match () {
            // What the service sends itself is no call of anybody's.
            () if setup.schedule_of(event).is_some() => None,
            () if setup.oversized(event) => Some(Reason::TooLarge),
            () if self.put.admit(desk.now()).is_err() => Some(Reason::Throttled),
            () => (self.puts.fails > 0 && self.luck.chance(self.puts.fails)).then_some(Reason::InternalFailure),
        };
        self.judge(&setup, channel, event, refused, desk);
    }

    fn settled(&mut self, seat: SeatId, message: &Message, how: Settled, _desk: &mut Desk) {
        if how != Settled::Parked
            && let Some(function) = &mut self.functions[seat.index()]
        {
            function.busy = function.busy.saturating_sub(1);
        }
        if let Sitting::Target(target, _) = self.seats[seat.index()]
            && matches!(how, Settled::Acked | Settled::Ended | Settled::Lost)
            && !self.tries.is_empty()
        {
            self.tries.remove(&tried(message, target));
        }
    }

    fn failed(&mut self, seat: SeatId, message: &Message, desk: &mut Desk) -> Failed {
        match self.seats[seat.index()] {
            Sitting::Target(target, _) => {
                let setup = self.setup.clone();
                self.failure(&setup, target, message, Place::Returned, DeliveryError::FromTarget, desk);
                Failed::Decided
            }
            _ => Failed::Final,
        }
    }

    fn joined(&mut self, seat: SeatId, desk: &mut Desk) {
        match &mut self.seats[seat.index()] {
            Sitting::Target(_, up) => *up = true,
            Sitting::Queue(queue) => self.queues[*queue as usize].set_up(seat, true, &[], desk),
            Sitting::None => {}
        }
    }

    fn left(&mut self, seat: SeatId, copies: &[Message], _orderly: bool, desk: &mut Desk) {
        match self.seats[seat.index()] {
            Sitting::Target(target, _) => {
                self.seats[seat.index()] = Sitting::Target(target, false);
                if let Some(function) = &mut self.functions[seat.index()] {
                    function.busy = function.busy.saturating_sub(copies.len() as u32);
                }
                let setup = self.setup.clone();
                for message in copies {
                    self.failure(&setup, target, message, Place::Returned, DeliveryError::Unavailable, desk);
                }
            }
            Sitting::Queue(queue) => self.queues[queue as usize].set_up(seat, false, copies, desk),
            Sitting::None => {}
        }
    }

    fn asked(&mut self, request: &Request, desk: &mut Desk) {
        if let Request::CancelReplay(name) = request
            && let Some(replay) = self.replays.iter().position(|replay| replay.name == *name)
        {
            self.cancel(replay, desk);
        }
    }

    fn wake(&mut self, token: u64, desk: &mut Desk) {
        match token::unpack(token) {
            (token::DELIVERY, place) => {
                if let Some(Pending { message, target }) = self.pending.take(place as u32) {
                    let setup = self.setup.clone();
                    self.attempt(&setup, target, message, desk);
                }
            }
            (token::REPLAY, replay) => self.replay(replay, desk),
            (token::QUOTA, _) => self.let_go(desk),
            (token::PUT, packed) => {
                let (link, round) = token::unput(packed);
                if self.puts.waits(link, round) {
                    self.call(link, desk);
                }
            }
            (_, replay) => self.cancel(replay, desk),
        }
    }

    /// Only where a copy can have failed before, whose tries are then forgotten, and where there is a limit to what is in hand.
    fn wants_word(&self, seat: &Seat) -> bool {
        let consumer = &self.plan.consumers[seat.consumer.index()];
        let minds = consumer.handle.fails.0 > 0.0 || consumer.is_function();
        minds && self.setup.targets.iter().any(|target| target.outlet == seat.outlet)
    }

    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for Pending { message, target } in self.pending.iter().chain(self.held.iter()) {
            visit(self.setup.targets[*target as usize].outlet, message);
        }
        for queue in &self.queues {
            queue.waiting().for_each(|message| visit(queue.outlet, message));
        }
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let queues: usize = self.queues.iter().map(|queue| queue.weigh(each)).sum();
        let archives: usize = self.archives.iter().map(|archive| archive.weigh(each)).sum();
        let tries = self.tries.len() * size_of::<(Tried, Tries)>();
        let rules = self.buses.len() * size_of::<BusView>()
            + self.rules.len() * size_of::<RuleView>()
            + self.targets.len() * size_of::<TargetCounts>()
            + self.letters.iter().map(VecDeque::len).sum::<usize>() * size_of::<Letter>();
        queues + archives + tries + rules + self.held.weigh(each) + self.pending.bytes() + self.recent.len() * size_of::<(usize, Event)>()
    }
}
