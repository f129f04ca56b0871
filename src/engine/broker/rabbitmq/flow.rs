//! What holds publishers back: the memory alarm, which stops all of them, and credit flow, which slows down those who publish faster
//! than a queue can take messages in.
//!
//! Credit flow as RabbitMQ has it (`credit_flow`, `credit_flow_default_credit` of 400 and 200; `quorum_commands_soft_limit` of 32,
//! `stream_messages_soft_limit` of 256): whoever publishes may be so many messages ahead of a queue; without credit for one queue the
//! whole connection is read no further, which its client feels as a network that has become slow. A connection counts as in flow while
//! it is blocked, and for five seconds after.

use super::exchange::QueueId;
use super::queue::Queue;
use super::rules::{Found, RabbitMq};
use crate::engine::broker::Desk;
use crate::engine::broker::desk::Note;
use crate::engine::event::Event;
use crate::engine::fate::Reason;
use crate::engine::slab::Slab;
use crate::ids::{ChannelId, LinkId};
use crate::scenario::broker::rabbitmq::{QueueKind, RabbitMq as Parts};
use crate::time::{SECOND, Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// In a wake-up's token: a queue has taken a message in.
pub(super) const TAKE: u64 = 1 << 35;
/// A connection may be in flow no longer.
pub(super) const FLOW: u64 = 1 << 36;
/// How long after it was blocked last a connection counts as in flow.
const AFTERGLOW: Span = Span(5 * SECOND);

/// An event that a publisher has, or that travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Publish {
    pub link: LinkId,
    pub channel: ChannelId,
    pub event: Event,
}

/// What holds publishers of a broker back.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    /// Ready bytes above which publishers are held back.
    memory: Option<u64>,
    /// With an alarm: ready bytes of all queues, and of each.
    ready: u64,
    ready_of: Vec<u64>,
    blocked: bool,
    /// Publishes held back by the alarm, in order.
    held_back: VecDeque<Publish>,
    /// Publishes let go and on their way, and their bytes.
    under_way: BTreeMap<u64, Publish>,
    under_way_bytes: u64,
    shipped: u64,
    credit: Option<Box<Credit>>,
    /// By connection, how many events it holds.
    holding: BTreeMap<LinkId, u64>,
}

/// Credit flow of a broker where at least one queue takes time to take something in.
#[derive(Clone, Debug, Default)]
struct Credit {
    /// By queue, if it takes time.
    intakes: Vec<Option<Intake>>,
    connections: BTreeMap<LinkId, Connection>,
    /// Events at the broker that not all of their queues have taken in.
    taking: Slab<Taking>,
}

/// How a queue takes messages in, one after the other.
#[derive(Clone, Debug)]
struct Intake {
    /// For one message.
    pace: Span,
    /// Messages that a connection may be ahead at first.
    credit: u32,
    /// After so many it gets as many more.
    more: u32,
    /// What has come and is not in yet.
    inbox: VecDeque<u32>,
    /// When the first of them is.
    due: Option<Time>,
}

/// A connection that publishes.
#[derive(Clone, Debug, Default)]
struct Connection {
    /// By queue: messages it may still send, and how many are in since it got more.
    accounts: BTreeMap<QueueId, (i64, u32)>,
    /// What it has not sent for want of credit.
    held: VecDeque<Publish>,
    blocked: bool,
    /// When it was blocked last.
    since: Time,
    in_flow: bool,
}

#[derive(Clone, Debug)]
struct Taking {
    publish: Publish,
    queues: Arc<[QueueId]>,
    /// Queues that have not decided yet.
    open: usize,
    found: Found,
}

/// A connection that has been held back, for whoever draws or reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pressure {
    pub link: LinkId,
    pub held_back: u64,
    pub in_flow: bool,
}

impl Gates {
    /// All are open.
    pub fn new(parts: &Parts) -> Gates {
        let intake = |queue: &crate::scenario::broker::rabbitmq::Queue| {
            let rate = queue.rate?;
            let pace = Span(((SECOND as f64 / rate.0).round() as u64).max(1));
            let (credit, more) = match queue.kind {
                QueueKind::Classic => (400, 200),
                QueueKind::Quorum => (32, 1),
                QueueKind::Stream => (256, 1),
            };
            Some(Intake { pace, credit, more, inbox: VecDeque::new(), due: None })
        };
        let intakes: Vec<Option<Intake>> = parts.queues.iter().map(intake).collect();
        let slow = intakes.iter().any(Option::is_some);
        Gates {
            memory: parts.memory.map(|size| size.0),
            ready: 0,
            ready_of: parts.memory.map_or_else(Vec::new, |_| vec![0; parts.queues.len()]),
            blocked: false,
            held_back: VecDeque::new(),
            under_way: BTreeMap::new(),
            under_way_bytes: 0,
            shipped: 0,
            credit: slow.then(|| Box::new(Credit { intakes, ..Credit::default() })),
            holding: BTreeMap::new(),
        }
    }

    /// Whether publishers have to ask at all.
    pub fn are_there(&self) -> bool {
        self.memory.is_some() || self.credit.is_some()
    }

    /// Whether there is a memory alarm.
    pub fn has_alarm(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether the memory alarm is raised.
    pub fn alarm(&self) -> bool {
        self.blocked
    }

    /// Connections that were ever held back.
    pub fn pressures(&self) -> Vec<Pressure> {
        let in_flow = |link: &LinkId| {
            let connection = self.credit.as_ref().and_then(|credit| credit.connections.get(link));
            connection.is_some_and(|connection| connection.in_flow)
        };
        self.holding.iter().map(|(link, held_back)| Pressure { link: *link, held_back: *held_back, in_flow: in_flow(link) }).collect()
    }

    /// Events that are not in their queues yet.
    pub fn each(&self, visit: &mut dyn FnMut(&Event)) {
        self.held_back.iter().chain(self.under_way.values()).for_each(|publish| visit(&publish.event));
        if let Some(credit) = &self.credit {
            credit.connections.values().flat_map(|connection| &connection.held).for_each(|publish| visit(&publish.event));
            credit.taking.iter().for_each(|taking| visit(&taking.publish.event));
        }
    }

    /// Bytes that what is held back takes.
    pub fn bytes(&self) -> usize {
        let held = |credit: &Credit| {
            let held: usize = credit.connections.values().map(|connection| connection.held.len()).sum();
            held * size_of::<Publish>() + credit.taking.len() * size_of::<Taking>()
        };
        let waiting = self.held_back.len() + self.under_way.len();
        waiting * size_of::<Publish>() + self.credit.as_deref().map_or(0, held)
    }

    fn hold(&mut self, link: LinkId, desk: &mut Desk) {
        *self.holding.entry(link).or_default() += 1;
        desk.note(Note::HeldBack { link, more: true });
    }

    fn release(&mut self, link: LinkId, desk: &mut Desk) {
        if let Some(held) = self.holding.get_mut(&link) {
            *held -= 1;
        }
        desk.note(Note::HeldBack { link, more: false });
    }
}

impl Credit {
    /// Takes a credit for each of these queues that takes time; the connection is blocked when that was the last for one of them.
    fn spend(&mut self, link: LinkId, queues: &[QueueId], now: Time) {
        let Credit { intakes, connections, .. } = self;
        let connection = connections.entry(link).or_default();
        for queue in queues {
            let Some(intake) = &intakes[queue.0 as usize] else { continue };
            let (left, _) = connection.accounts.entry(*queue).or_insert((i64::from(intake.credit), 0));
            *left -= 1;
            if *left <= 0 {
                (connection.blocked, connection.since) = (true, now);
            }
        }
    }

    /// A queue has taken in a message of a connection.
    fn earn(&mut self, link: LinkId, queue: QueueId) {
        let more = self.intakes[queue.0 as usize].as_ref().map_or(1, |intake| intake.more);
        if let Some((left, done)) = self.connections.get_mut(&link).and_then(|connection| connection.accounts.get_mut(&queue)) {
            *done += 1;
            if *done >= more {
                *left += i64::from(*done);
                *done = 0;
            }
        }
    }

    /// A message got lost before any queue saw it.
    fn give_back(&mut self, link: LinkId, queues: &[QueueId]) {
        let Some(connection) = self.connections.get_mut(&link) else { return };
        for queue in queues {
            if let Some((left, _)) = connection.accounts.get_mut(queue) {
                *left += 1;
            }
        }
    }
}

impl RabbitMq {
    /// Somebody publishes: first he needs credit, then there must be no alarm.
    pub(super) fn publishes(&mut self, publish: Publish, desk: &mut Desk) {
        if self.gates.credit.is_some() && !self.has_credit_now(publish, desk) {
            return;
        }
        self.passes_credit(publish, desk);
    }

    /// Whether a connection may send this now; otherwise it keeps it.
    fn has_credit_now(&mut self, publish: Publish, desk: &mut Desk) -> bool {
        let queues = self.queues_of(publish.channel, &publish.event);
        let Some(credit) = &mut self.gates.credit else { return true };
        let connection = credit.connections.entry(publish.link).or_default();
        if connection.blocked || !connection.held.is_empty() {
            connection.held.push_back(publish);
            self.gates.hold(publish.link, desk);
            return false;
        }
        credit.spend(publish.link, &queues, desk.now());
        self.look_at_flow(publish.link, desk);
        true
    }

    fn passes_credit(&mut self, publish: Publish, desk: &mut Desk) {
        if self.gates.blocked || !self.gates.held_back.is_empty() {
            self.gates.held_back.push_back(publish);
            self.gates.hold(publish.link, desk);
        } else {
            self.let_go(publish, desk);
        }
    }

    /// A connection that is blocked is in flow from now on.
    fn look_at_flow(&mut self, link: LinkId, desk: &mut Desk) {
        let Some(connection) = self.gates.credit.as_mut().and_then(|credit| credit.connections.get_mut(&link)) else { return };
        if connection.blocked && !connection.in_flow {
            connection.in_flow = true;
            self.gates.holding.entry(link).or_default();
            desk.note(Note::Flow { link, on: true });
            desk.wake(desk.now() + AFTERGLOW, FLOW | u64::from(link.0));
        }
    }

    /// Five seconds have passed since a connection was blocked, or it was blocked again meanwhile.
    pub(super) fn flow_may_end(&mut self, link: LinkId, desk: &mut Desk) {
        let Some(connection) = self.gates.credit.as_mut().and_then(|credit| credit.connections.get_mut(&link)) else { return };
        let until = if connection.blocked { desk.now() + AFTERGLOW } else { connection.since + AFTERGLOW };
        if until > desk.now() {
            return desk.wake(until, FLOW | u64::from(link.0));
        }
        connection.in_flow = false;
        desk.note(Note::Flow { link, on: false });
    }

    /// A connection sends what it holds, as far as it has credit again.
    fn goes_on(&mut self, link: LinkId, desk: &mut Desk) {
        let open = |credit: &mut Credit| {
            let connection = credit.connections.get_mut(&link)?;
            connection.blocked = connection.accounts.values().any(|(left, _)| *left <= 0);
            if connection.blocked { None } else { connection.held.pop_front() }
        };
        while let Some(publish) = self.gates.credit.as_mut().and_then(|credit| open(credit)) {
            self.gates.release(link, desk);
            let queues = self.queues_of(publish.channel, &publish.event);
            if let Some(credit) = &mut self.gates.credit {
                credit.spend(link, &queues, desk.now());
            }
            self.look_at_flow(link, desk);
            self.passes_credit(publish, desk);
        }
    }

    /// What was let go has arrived, or is lost.
    pub(super) fn publish_arrives(&mut self, token: u64, arrived: bool, desk: &mut Desk) {
        let Some(publish) = self.gates.under_way.remove(&token) else { return };
        let Publish { link, channel, event } = publish;
        self.gates.under_way_bytes -= self.bytes(&event);
        let refused = arrived && self.cluster.is_away();
        if self.gates.credit.is_some() && arrived && !refused {
            self.takes_time(publish, desk);
        } else {
            if let Some(queues) = self.gates.credit.is_some().then(|| self.queues_of(channel, &event)) {
                self.gates.credit.iter_mut().for_each(|credit| credit.give_back(link, &queues));
                self.goes_on(link, desk);
            }
            if !arrived {
                desk.lose_inbound(channel, &event, Reason::LinkLoss);
                return self.let_go_held(desk);
            }
            self.take_in(channel, &event, false, desk);
            desk.accept(channel, &event);
        }
        if self.gates.has_alarm() && !refused {
            self.queues_of(channel, &event).iter().for_each(|queue| self.weigh_queue(*queue));
        }
        self.watch_memory(desk);
    }

    /// An event has come to the broker: queues that need no time have it at once, the others one after the other.
    fn takes_time(&mut self, publish: Publish, desk: &mut Desk) {
        let queues = self.queues_of(publish.channel, &publish.event);
        self.host.at(desk.now().0);
        let mut taking = Taking { publish, queues: Arc::clone(&queues), open: 0, found: Found::default() };
        let mut slow = Vec::new();
        for queue in queues.iter() {
            let takes_time = self.gates.credit.as_ref().is_some_and(|credit| credit.intakes[queue.0 as usize].is_some());
            if takes_time {
                slow.push(*queue);
            } else {
                self.offer_again(*queue, &mut taking, desk);
            }
        }
        taking.open = slow.len();
        if slow.is_empty() {
            return self.taken(taking, desk);
        }
        let Some(credit) = &mut self.gates.credit else { return };
        let number = credit.taking.put(taking);
        for queue in slow {
            let Some(intake) = &mut credit.intakes[queue.0 as usize] else { continue };
            intake.inbox.push_back(number);
            if intake.due.is_none() {
                let due = desk.now() + intake.pace;
                intake.due = Some(due);
                desk.wake(due, TAKE | u64::from(queue.0));
            }
        }
    }

    /// Ways may have changed since the event came, and its queue may be gone.
    fn offer_again(&mut self, queue: QueueId, taking: &mut Taking, desk: &mut Desk) {
        if self.host.queue(queue).is_some() {
            let event = taking.publish.event;
            let route = self.route(taking.publish.channel, &event);
            self.offer(queue, route, &event, false, &mut taking.found, desk);
        }
    }

    /// A queue has a message in and turns to the next.
    pub(super) fn takes_next(&mut self, number: usize, desk: &mut Desk) {
        let queue = QueueId(number as u32);
        let Some(credit) = &mut self.gates.credit else { return };
        let Some(intake) = credit.intakes.get_mut(number).and_then(Option::as_mut) else { return };
        if intake.due != Some(desk.now()) {
            return;
        }
        let first = intake.inbox.pop_front();
        intake.due = if intake.inbox.is_empty() { None } else { Some(desk.now() + intake.pace) };
        intake.due.into_iter().for_each(|due| desk.wake(due, TAKE | number as u64));
        let Some((place, mut taking)) = first.and_then(|place| Some((place, credit.taking.get(place)?.clone()))) else { return };
        let link = taking.publish.link;
        credit.earn(link, queue);
        self.host.at(desk.now().0);
        self.offer_again(queue, &mut taking, desk);
        taking.open -= 1;
        let Some(credit) = &mut self.gates.credit else { return };
        if taking.open == 0 {
            credit.taking.take(place);
            self.taken(taking, desk);
        } else if let Some(known) = credit.taking.get_mut(place) {
            *known = taking;
        }
        self.goes_on(link, desk);
        self.after(queue, desk);
    }

    /// All queues have decided about an event.
    fn taken(&mut self, taking: Taking, desk: &mut Desk) {
        let Taking { publish: Publish { channel, event, .. }, queues, found, .. } = taking;
        self.conclude(channel, &event, &queues, found, desk);
        desk.accept(channel, &event);
    }

    /// The broker is down: what no queue has is gone with it, and new connections have all their credit.
    pub(super) fn connections_end(&mut self, desk: &mut Desk) {
        let Some(credit) = &mut self.gates.credit else { return };
        for intake in credit.intakes.iter_mut().flatten() {
            intake.inbox.clear();
            intake.due = None;
        }
        let links: Vec<LinkId> = credit.connections.keys().copied().collect();
        credit.connections.values_mut().for_each(|connection| connection.accounts.clear());
        for mut taking in credit.taking.take_all(|_| true) {
            taking.found.refused(Reason::BrokerDown);
            self.taken(taking, desk);
        }
        links.into_iter().for_each(|link| self.goes_on(link, desk));
    }

    /// With an alarm: something has become of the ready messages of a queue.
    pub(super) fn weigh_queue(&mut self, queue: QueueId) {
        let bytes = self.host.queue(queue).map_or(0, Queue::ready_bytes);
        let Some(known) = self.gates.ready_of.get_mut(queue.0 as usize) else { return };
        self.gates.ready = self.gates.ready + bytes - std::mem::replace(known, bytes);
    }

    /// Raises the memory alarm, or takes it back and lets publishers go on. Queues that changed were weighed.
    #[inline(never)]
    pub(super) fn watch_memory(&mut self, desk: &mut Desk) {
        let Some(limit) = self.gates.memory else { return };
        let ready = self.gates.ready;
        debug_assert_eq!(ready, self.host.queues().map(Queue::ready_bytes).sum::<u64>(), "a queue was not weighed");
        let blocked = if self.gates.blocked { ready > limit - limit / 5 } else { ready > limit };
        if blocked != self.gates.blocked {
            self.gates.blocked = blocked;
            for channel in 0..self.exchanges.len() {
                desk.note(Note::Blocked { channel: ChannelId::at(self.first_channel + channel), blocked });
            }
        }
        self.let_go_held(desk);
    }

    /// Lets publishers go on with as much as there is room for, what is under way counted.
    fn let_go_held(&mut self, desk: &mut Desk) {
        let Some(limit) = self.gates.memory else { return };
        while !self.gates.blocked
            && let Some(publish) = self.gates.held_back.front().copied()
            && (self.gates.ready + self.gates.under_way_bytes <= limit || self.gates.under_way.is_empty())
        {
            self.gates.held_back.pop_front();
            self.gates.release(publish.link, desk);
            self.let_go(publish, desk);
        }
    }

    fn bytes(&self, event: &Event) -> u64 {
        self.plan.types[usize::from(event.kind.0)].size.0
    }

    fn let_go(&mut self, publish: Publish, desk: &mut Desk) {
        self.gates.shipped += 1;
        desk.ship(publish.link, self.bytes(&publish.event), self.gates.shipped);
        desk.carries(publish.link, &publish.event);
        self.gates.under_way_bytes += self.bytes(&publish.event);
        self.gates.under_way.insert(self.gates.shipped, publish);
    }
}
