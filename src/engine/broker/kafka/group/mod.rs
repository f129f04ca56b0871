//! A consumer group and its coordinator as one timed state machine: members join, leave, die, heartbeat and poll; partitions
//! are taken from them and given to them.
//!
//! Whoever holds a [`Group`] tells it what its clients do ([`Group::joins`], [`Group::closes`], [`Group::dies`],
//! [`Group::polls`], [`Group::works`]), calls [`Group::advance`] when [`Group::next`] says so, and does what the
//! [`Happening`]s say. Both the classic protocol ([`classic`]) and the consumer protocol of KIP-848 ([`consumer`]) work this way.

mod classic;
mod consumer;

use super::TopicPartition;
use super::assign::{self, Assignor, Topic};
use crate::time::{Span, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// `group.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// `classic`, Kafka's default: members stop at a barrier, one of them assigns.
    #[default]
    Classic,
    /// `consumer` (KIP-848): the broker assigns, members follow one by one at their heartbeats.
    Consumer,
}

/// Settings of a group and of its members, with Kafka's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// `group.protocol`.
    pub protocol: Protocol,
    /// `partition.assignment.strategy`, or `group.consumer.assignors` for the consumer protocol. Default range.
    pub assignor: Assignor,
    /// `heartbeat.interval.ms` (3 s), or `group.consumer.heartbeat.interval.ms` (5 s) for the consumer protocol.
    pub heartbeat: Span,
    /// `session.timeout.ms`: who has not been heard of for so long is removed. Default 45 s.
    pub session: Span,
    /// `max.poll.interval.ms`: who has not polled for so long leaves; also how long a rebalance waits for members. Default 5 min.
    pub max_poll: Span,
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for more members. Default 3 s.
    pub initial_delay: Span,
    /// Members have a `group.instance.id` each: they do not leave when they close, and come back without a rebalance.
    pub fixed: bool,
    /// From a request of a client to its answer.
    pub round_trip: Span,
}

impl Default for GroupConfig {
    fn default() -> Self {
        GroupConfig {
            protocol: Protocol::Classic,
            assignor: Assignor::Range,
            heartbeat: Span::from_millis(3000),
            session: Span::from_millis(45_000),
            max_poll: Span::from_millis(300_000),
            initial_delay: Span::from_millis(3000),
            fixed: false,
            round_trip: Span::from_millis(2),
        }
    }
}

impl GroupConfig {
    /// Whether members keep what they have while a rebalance goes on.
    pub fn cooperative(&self) -> bool {
        self.protocol == Protocol::Consumer || self.assignor == Assignor::CooperativeSticky
    }
}

/// Why a member is no longer in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It closed.
    Left,
    /// It was not heard of for the session timeout.
    SessionTimeout,
    /// It did not poll for the poll interval.
    MaxPollInterval,
    /// It did not rejoin while a rebalance waited.
    RebalanceTimeout,
}

/// What happened in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A client stops reading these.
    Revoked {
        /// The client.
        client: usize,
        /// What it read.
        partitions: Vec<TopicPartition>,
        /// It did not poll in time: the group goes on without it, whatever it has in hand.
        overdue: bool,
    },
    /// A client starts reading these.
    Assigned {
        /// The client.
        client: usize,
        /// What it reads from now on, besides what it reads already.
        partitions: Vec<TopicPartition>,
    },
    /// The coordinator removed a member.
    Removed {
        /// The client that was it, or is it no more.
        client: usize,
        /// Why.
        why: Gone,
    },
    /// The group began to rebalance.
    Began,
    /// The coordinator has a new assignment, of this generation (or group epoch).
    Settled {
        /// Counts rebalances.
        generation: i32,
    },
}

/// What a client of the group is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not running.
    Down,
    /// Reads what it has.
    Reads,
    /// Knows of a rebalance and takes part at its next poll.
    Told,
    /// Waits for the coordinator's answer.
    Waits,
}

/// A process that is, or was, a member.
#[derive(Clone, Debug)]
struct Client {
    topics: Vec<u32>,
    phase: Phase,
    /// Told apart from its former lives by this.
    life: u32,
    /// At work on records, so that it does not poll.
    busy: bool,
    polled: Time,
    /// What it reads.
    has: Vec<TopicPartition>,
    /// Consumer protocol: what it was told to give up.
    told_to_revoke: Vec<TopicPartition>,
}

/// A member as the coordinator knows it.
#[derive(Clone, Debug)]
struct Member {
    client: usize,
    life: u32,
    heard: Time,
    /// Its request to join is here, in the rebalance that goes on.
    joined: bool,
    /// What it said it owns (classic), or what the coordinator lets it have (consumer).
    owned: Vec<TopicPartition>,
    generation: Option<i32>,
    /// What it is to have.
    target: Vec<TopicPartition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    Heartbeat(usize, u32),
    JoinArrives(usize, u32),
    LeaveArrives(usize, u32, Gone),
    /// The assignment of this generation reaches a client.
    AssignmentArrives(usize, u32, i32),
    Session(usize, u32),
    MaxPoll(usize, u32),
    /// The rebalance with this number has waited long enough.
    Deadline(u32),
}

/// Whether the coordinator waits for members (classic protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Stable,
    /// Waiting for everybody to join. An initial wait of an empty group ends by time only.
    Joining {
        number: u32,
        initial: bool,
        more: bool,
    },
}

/// A group. Clients are numbered as their holder does; members are ordered by that number.
#[derive(Clone, Debug)]
pub struct Group {
    config: GroupConfig,
    topics: Arc<Vec<Topic>>,
    clients: Vec<Client>,
    /// By client and life.
    members: Vec<Member>,
    /// Members whose requests to join are here.
    joined: usize,
    stage: Stage,
    generation: i32,
    rebalances: u32,
    timers: BTreeSet<(Time, u64, TimerKey)>,
    sequence: u64,
}

/// Timers are ordered by time and sequence alone; the rest is carried along.
#[derive(Clone, Copy, Debug)]
struct TimerKey(Timer);

impl PartialEq for TimerKey {
    fn eq(&self, _: &TimerKey) -> bool {
        true
    }
}
impl Eq for TimerKey {}
impl PartialOrd for TimerKey {
    fn partial_cmp(&self, other: &TimerKey) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for TimerKey {
    fn cmp(&self, _: &TimerKey) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Group {
    /// A group whose clients (by the topics each subscribes to, in the order of names) are all members at time zero and have
    /// their partitions; their heartbeats are spread evenly.
    pub fn formed(config: GroupConfig, topics: Arc<Vec<Topic>>, subscriptions: Vec<Vec<u32>>) -> Group {
        let clients: Vec<Client> = subscriptions.into_iter().map(|topics| Client::new(topics, Phase::Reads)).collect();
        let stage = Stage::Stable;
        let (generation, rebalances, timers, sequence) = (1, 0, BTreeSet::new(), 0);
        let mut group = Group { config, topics, clients, members: Vec::new(), joined: 0, stage, generation, rebalances, timers, sequence };
        group.members = (0..group.clients.len()).map(|client| Member::new(client, 0, Time::ZERO)).collect();
        let targets = group.assign();
        for (member, target) in group.members.iter_mut().zip(targets) {
            member.owned.clone_from(&target);
            member.generation = Some(1);
            group.clients[member.client].has.clone_from(&target);
            member.target = target;
        }
        let count = group.clients.len() as u64;
        for client in 0..group.clients.len() {
            let at = Time(config.heartbeat.0 / (count + 1) * (client as u64 + 1));
            group.set(at, Timer::Heartbeat(client, 0));
        }
        group
    }

    /// A client that is not running yet; gives its number.
    pub fn enrol(&mut self, topics: Vec<u32>) -> usize {
        self.clients.push(Client::new(topics, Phase::Down));
        self.clients.len() - 1
    }

    /// The settings.
    pub fn config(&self) -> &GroupConfig {
        &self.config
    }

    /// What a client reads now.
    pub fn reads(&self, client: usize) -> &[TopicPartition] {
        &self.clients[client].has
    }

    /// Whether a client knows of a rebalance and takes part at its next poll.
    #[inline]
    pub fn is_told(&self, client: usize) -> bool {
        self.clients[client].phase == Phase::Told
    }

    /// Whether a client does not run.
    pub fn is_down(&self, client: usize) -> bool {
        self.clients[client].phase == Phase::Down
    }

    /// Counts assignments.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// How many rebalances began.
    pub fn rebalances(&self) -> u32 {
        self.rebalances
    }

    /// How many members the coordinator knows, dead ones that it has not noticed included.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// Whether every client reads what it is to read.
    pub fn is_stable(&self) -> bool {
        let settled = |member: &Member| {
            let client = &self.clients[member.client];
            client.life != member.life || client.phase == Phase::Down || same(&client.has, &member.target)
        };
        self.stage == Stage::Stable && self.members.iter().all(settled)
    }

    /// When [`Group::advance`] has something to do.
    #[inline]
    pub fn next(&self) -> Option<Time> {
        self.timers.first().map(|(at, ..)| *at)
    }

    /// A client starts, or starts again.
    pub fn joins(&mut self, client: usize, now: Time) {
        let it = &mut self.clients[client];
        it.life += 1;
        it.phase = Phase::Waits;
        (it.busy, it.polled) = (false, now);
        it.has.clear();
        it.told_to_revoke.clear();
        self.request(client, now);
    }

    /// A client closes in good order: dynamic members say so, static ones just stop.
    pub fn closes(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        if !self.stops(client, now, out) {
            return;
        }
        if !self.config.fixed {
            self.set(now + self.half_trip(), Timer::LeaveArrives(client, life, Gone::Left));
        }
    }

    /// A client is killed: the coordinator notices by the missing heartbeats.
    pub fn dies(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        self.stops(client, now, out);
    }

    fn stops(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) -> bool {
        let it = &mut self.clients[client];
        if it.phase == Phase::Down {
            return false;
        }
        it.phase = Phase::Down;
        self.revoke_all(client, false, out);
        self.watch_session(client, now);
        true
    }

    /// A client has records in hand and will not poll before it is done with them.
    #[inline]
    pub fn works(&mut self, client: usize, now: Time) {
        let it = &mut self.clients[client];
        if !it.busy {
            (it.busy, it.polled) = (true, now);
        }
    }

    /// A client polls: whatever it was told since its last poll, it does now. An idle client polls all the time.
    #[inline]
    pub fn polls(&mut self, client: usize, now: Time, idle: bool, out: &mut Vec<Happening>) {
        let it = &mut self.clients[client];
        (it.busy, it.polled) = (!idle, now);
        if it.phase == Phase::Told {
            self.takes_part(client, now, out);
        }
    }

    /// Does what is due.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Happening>) {
        while self.next().is_some_and(|at| at <= now) {
            let Some((at, _, TimerKey(timer))) = self.timers.pop_first() else { return };
            match timer {
                Timer::Heartbeat(client, life) if self.lives(client, life) => self.heartbeat(client, at, out),
                Timer::JoinArrives(client, life) if self.lives(client, life) => match self.config.protocol {
                    Protocol::Classic => self.join_arrives(client, at, out),
                    Protocol::Consumer => self.first_heartbeat(client, at, out),
                },
                Timer::LeaveArrives(client, life, why) => self.remove(client, life, why, at, out),
                Timer::AssignmentArrives(client, life, generation) if self.lives(client, life) => {
                    self.assignment_arrives(client, generation, at, out);
                }
                Timer::Session(client, life) if !self.lives(client, life) => {
                    let due = self.member(client, life).map(|member| member.heard + self.config.session);
                    match due {
                        Some(due) if due > at => self.set(due, Timer::Session(client, life)),
                        Some(_) => self.remove(client, life, Gone::SessionTimeout, at, out),
                        None => {}
                    }
                }
                Timer::MaxPoll(client, life) if self.lives(client, life) => self.poll_overdue(client, at, out),
                Timer::Deadline(number) => self.deadline(number, at, out),
                _ => {}
            }
        }
    }

    fn set(&mut self, at: Time, timer: Timer) {
        self.sequence += 1;
        self.timers.insert((at, self.sequence, TimerKey(timer)));
    }

    fn half_trip(&self) -> Span {
        Span(self.config.round_trip.0 / 2)
    }

    fn lives(&self, client: usize, life: u32) -> bool {
        let it = &self.clients[client];
        it.life == life && it.phase != Phase::Down
    }

    /// The place of a member, or where it would stand.
    fn place(&self, client: usize, life: u32) -> Result<usize, usize> {
        self.members.binary_search_by_key(&(client, life), |member| (member.client, member.life))
    }

    fn member(&self, client: usize, life: u32) -> Option<&Member> {
        self.place(client, life).ok().map(|at| &self.members[at])
    }

    fn member_mut(&mut self, client: usize) -> Option<&mut Member> {
        let at = self.place(client, self.clients[client].life).ok()?;
        Some(&mut self.members[at])
    }

    /// The place of the member that a client was or is, in whatever life.
    fn seat_of(&self, client: usize) -> Option<usize> {
        let at = self.members.partition_point(|member| member.client < client);
        self.members.get(at).is_some_and(|member| member.client == client).then_some(at)
    }

    /// Asks the coordinator to be a member.
    fn request(&mut self, client: usize, now: Time) {
        let life = self.clients[client].life;
        self.set(now + self.half_trip(), Timer::JoinArrives(client, life));
    }

    fn watch_session(&mut self, client: usize, now: Time) {
        let life = self.clients[client].life;
        if let Some(member) = self.member(client, life) {
            let due = (member.heard + self.config.session).max(now);
            self.set(due, Timer::Session(client, life));
        }
    }

    fn revoke_all(&mut self, client: usize, overdue: bool, out: &mut Vec<Happening>) {
        let partitions = std::mem::take(&mut self.clients[client].has);
        if !partitions.is_empty() {
            out.push(Happening::Revoked { client, partitions, overdue });
        }
    }

    /// The background thread of a client: it goes on while the client is at work.
    fn heartbeat(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        let Some(member) = self.member_mut(client) else { return };
        member.heard = now;
        let next = now + self.config.heartbeat;
        self.set(next, Timer::Heartbeat(client, life));
        let it = &self.clients[client];
        let overdue = it.polled + self.config.max_poll;
        if it.busy && overdue <= next {
            self.set(overdue.max(now), Timer::MaxPoll(client, life));
        }
        match self.config.protocol {
            Protocol::Classic => self.hears_of_rebalance(client, now, out),
            Protocol::Consumer => self.reconcile(client, now, out),
        }
    }

    /// A client that has not polled for too long leaves; it joins again at its next poll.
    fn poll_overdue(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let it = &mut self.clients[client];
        if !it.busy || now.since(it.polled) < self.config.max_poll {
            return;
        }
        let life = it.life;
        it.life += 1;
        it.phase = Phase::Told;
        self.revoke_all(client, true, out);
        if self.config.fixed {
            // A static member only falls silent.
            let heard = self.member(client, life).map(|member| member.heard);
            self.set(heard.unwrap_or(now) + self.config.session, Timer::Session(client, life));
        } else {
            self.set(now + self.half_trip(), Timer::LeaveArrives(client, life, Gone::MaxPollInterval));
        }
    }

    /// At its poll a client does what it was told.
    fn takes_part(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        match self.config.protocol {
            Protocol::Classic => self.rejoins(client, now, out),
            Protocol::Consumer => self.gives_up(client, now, out),
        }
    }

    fn remove(&mut self, client: usize, life: u32, why: Gone, now: Time, out: &mut Vec<Happening>) {
        let Ok(at) = self.place(client, life) else { return };
        let gone = self.members.remove(at);
        self.joined -= usize::from(gone.joined);
        out.push(Happening::Removed { client, why });
        match self.config.protocol {
            Protocol::Classic => self.member_gone(now, out),
            Protocol::Consumer => self.retarget(out),
        }
    }

    /// What everybody is to have now.
    fn assign(&self) -> assign::Assignment {
        let id = |member: &Member| format!("{:06}-{:06}", member.client, member.life);
        let known = |member: &Member| assign::Member {
            id: id(member),
            instance: self.config.fixed.then(|| format!("{:06}", member.client)),
            topics: self.clients[member.client].topics.clone(),
            rack: None,
            owned: member.owned.clone(),
            generation: member.generation,
        };
        let members: Vec<assign::Member> = self.members.iter().map(known).collect();
        self.config.assignor.assign(assign::Group { topics: &self.topics, members: &members })
    }
}

impl Client {
    fn new(topics: Vec<u32>, phase: Phase) -> Client {
        Client { topics, phase, life: 0, busy: false, polled: Time::ZERO, has: Vec::new(), told_to_revoke: Vec::new() }
    }
}

impl Member {
    fn new(client: usize, life: u32, heard: Time) -> Member {
        Member { client, life, heard, joined: false, owned: Vec::new(), generation: None, target: Vec::new() }
    }
}

/// Whether two lists hold the same partitions.
fn same(a: &[TopicPartition], b: &[TopicPartition]) -> bool {
    a == b || a.len() == b.len() && a.iter().all(|partition| b.contains(partition))
}
