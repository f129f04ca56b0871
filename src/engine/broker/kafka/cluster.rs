//! A cluster at work in a simulation: partitions on nodes, publishers with their clients, groups with their members.
//!
//! The rules are in the files beside this; here they meet: who holds what, and what is called when. Everything is found by dense
//! numbers, and nothing is allocated per event once a run is under way.

use super::assign::Topic as AssignedTopic;
use super::batch::Batch;
use super::error::Error;
use super::group::{Group, Happening};
use super::log::{Log, LogConfig, Record};
use super::offsets::AutoOffsetReset;
use super::producer::ProducerState;
use super::publisher::Publisher;
use super::replication::Replication;
use super::seated::BySeat;
use super::settings::Settings;
use super::transacting::EXPIRY_CHECK;
use super::transactions::{Outcome, Transactions};
use super::window::Window;
use crate::engine::broker::{Desk, Rules, Settled};
use crate::engine::event::{Event, Flags, Key, Message};
use crate::engine::fate::Reason;
use crate::engine::seats::Seat;
use crate::ids::{ChannelId, EventId, LinkId, OutletId, SeatId};
use crate::scenario::Plan;
use crate::scenario::broker::Request;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A Kafka cluster.
#[derive(Clone, Debug)]
pub struct Kafka {
    pub(super) settings: Arc<Settings>,
    pub(super) nodes: Vec<Node>,
    /// By channel, from the broker's first on.
    pub(super) topics: Vec<Topic>,
    pub(super) first_channel: usize,
    pub(super) partitions: Vec<Partition>,
    pub(super) groups: Vec<Readers>,
    pub(super) members: Vec<Member>,
    pub(super) seats: BySeat,
    pub(super) publishers: Vec<Publisher>,
    /// The first of those that publish over a link.
    pub(super) by_link: BTreeMap<LinkId, u32>,
    /// By seat of the whole plan: which instance has it. Empty if nobody publishes in transactions.
    pub(super) instances: Arc<[u32]>,
    pub(super) batches: Vec<Batch>,
    /// Batches opened so far.
    pub(super) opened: u64,
    /// Places in `batches` that are free.
    pub(super) spare: Vec<u32>,
    /// The most partitions so far that were under-replicated, and that had no leader.
    pub(super) peaks: (u32, u32),
    /// Work space.
    pub(super) happened: Vec<Happening>,
}

/// A node of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub up: bool,
    /// It went down with the whole cluster.
    pub felled: bool,
    /// It was missed when nobody was left to fence it.
    pub missed: bool,
    /// Counts its crashes: what was planned for an older life is void.
    pub life: u32,
}

/// A topic.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub channel: ChannelId,
    /// Its first partition among all; the others follow.
    pub first: u32,
    pub count: u32,
    pub log: Arc<LogConfig>,
}

/// A partition.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    pub topic: u32,
    pub number: u32,
    /// The nodes of its replicas, the preferred leader first.
    pub nodes: Box<[u32]>,
    pub log: Log<Message>,
    pub replication: Replication,
    /// What it knows of idempotent publishers, by their number.
    pub producers: BTreeMap<u32, ProducerState>,
    /// Records below are owed to the groups.
    pub shown: u64,
    /// The most so far that open transactions have kept from those who read committed records only.
    pub most_withheld: u64,
    /// What is open and what was aborted.
    pub transactions: Transactions,
    /// Markers in the log that are not replicated yet: offset, publisher, how its transaction ended.
    pub markers: VecDeque<(u64, u32, Outcome)>,
    /// Markers that are not in the log yet.
    pub owed_markers: Vec<(u32, Outcome)>,
    /// Batches whose publishers wait for all replicas in sync, by the end they wait for.
    pub pending: VecDeque<(u64, u32)>,
    /// The last request that brought it a batch: whose, and which.
    pub asked: (u32, u64),
    /// Whether followers are about to fetch.
    pub fetching: bool,
    /// One for each outlet of the topic.
    pub cursors: Vec<Cursor>,
}

/// A group's position in a partition.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    pub outlet: OutletId,
    /// Whether the group has begun to read.
    pub active: bool,
    /// `isolation.level=read_committed`.
    pub committed_only: bool,
    /// Who reads.
    pub owner: Option<SeatId>,
    /// Who has records that are not settled yet: the next owner waits for them.
    pub holder: Option<SeatId>,
    pub unsettled: u32,
    /// The next record to be handed over for the first time.
    pub position: u64,
    pub committed: u64,
    /// The largest lag so far.
    pub most_lag: u64,
    /// Who read before, while nobody does.
    pub before: Option<SeatId>,
    /// When its owner got it from another one.
    pub since: Time,
    /// Handed over and not committed.
    pub window: Window,
    /// To be handed over again, before anything else.
    pub again: VecDeque<(u64, Message)>,
    /// Counts how often it was set elsewhere: what was handed over before then no longer counts for commits.
    pub epoch: u32,
    /// Whether its owner has it on its list.
    pub listed: bool,
    /// `auto.offset.reset`.
    pub reset: AutoOffsetReset,
    /// Why it has no valid position: whoever reads next asks what the reset says.
    pub astray: Option<Error>,
}

/// A group with what surrounds it.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    pub name: String,
    pub group: Group,
    /// Topics of the cluster by their place in the order of names, as assignors count them, with the outlet's place in each.
    pub topics: Vec<(u32, u32)>,
    /// By client: which of the members it is.
    pub members: Vec<u32>,
    /// When it will be woken.
    pub armed: Time,
    pub rebalancing: bool,
    /// Partitions handed out since the rebalance began.
    pub moved: u32,
    pub starts: Time,
}

/// A member: one instance of a consumer.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub group: u32,
    pub client: u32,
    /// Its seats, one for each topic that it reads.
    pub seats: Vec<SeatId>,
    /// Records that it holds.
    pub outstanding: u32,
    /// `max.poll.records`.
    pub limit: u32,
    /// Records until it polls.
    pub batch_left: u32,
    /// It takes nothing new until it has polled.
    pub draining: bool,
    pub commits: Commits,
    /// The publisher whose transactions its offsets belong to.
    pub session: Option<u32>,
    /// Partitions that may have something for it: partition, place of the cursor.
    pub ready: VecDeque<(u32, u32)>,
    /// Its client has thrown this: it finishes what it has in hand and closes.
    pub stopped: Option<Stopped>,
    /// Its instance is not there.
    pub away: bool,
}

/// Why a client stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    pub why: Error,
    /// The partition that it was about, if about one.
    pub partition: Option<u32>,
}

/// When offsets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commits {
    AfterWork,
    BeforeWork,
    /// With the transactions of its producer.
    InTransaction,
    /// Inside poll, so often; and next.
    Auto(Span, Time),
}

/// What a seat has in hand.
#[derive(Clone, Debug)]
pub(super) struct Seated {
    pub member: u32,
    /// The place of its outlet's cursor in the topic's partitions.
    pub slot: u32,
    pub outlet: OutletId,
    /// Handed over, oldest first.
    pub handed: VecDeque<Handed>,
}

/// A record that was handed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handed {
    pub id: EventId,
    pub partition: u32,
    pub offset: u64,
    pub epoch: u32,
    pub done: bool,
    /// Its group went on without the member that has it, and somebody else reads it again.
    pub taken_over: bool,
}

/// What a wake or a parcel is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A batch has lingered; with the count of its use.
    Linger(u32, u16),
    /// A batch is tried again.
    Retry(u32, u16),
    /// A batch arrives at its leader.
    Request(u32, u16),
    /// The answer to a batch arrives.
    Answer(u32, u16),
    /// A group has something to do.
    Group(u32),
    /// A group begins.
    Start(u32),
    /// Followers of a partition fetch.
    Fetch(u32),
    /// The controller misses a node; with its life.
    Fence(u32, u16),
    /// A node is back in the cluster; with its life.
    Return(u32, u16),
    /// Old segments are looked for.
    Retention,
    /// Compacted logs are looked at.
    Clean,
    /// Leadership goes back to preferred replicas.
    Preferred,
    /// A replay begins.
    Replay(u32),
    /// A transaction has been open long enough; with its count.
    Commit(u32, u16),
    /// A request to end a transaction arrives at its coordinator.
    End(u32, u16),
    /// The answer arrives at the producer.
    Ended(u32, u16),
    /// The coordinator looks for transactions that take too long.
    Expire,
}

impl Handed {
    /// In place of an epoch: its offset is no longer that of this record. The log was cut off before it.
    pub const CUT_OFF: u32 = u32::MAX;
}

impl Token {
    pub fn pack(self) -> u64 {
        let word = |kind: u64, index: u32, count: u16| kind << 48 | u64::from(count) << 32 | u64::from(index);
        match self {
            Token::Linger(batch, count) => word(0, batch, count),
            Token::Retry(batch, count) => word(1, batch, count),
            Token::Request(batch, count) => word(2, batch, count),
            Token::Answer(batch, count) => word(3, batch, count),
            Token::Group(group) => word(4, group, 0),
            Token::Start(group) => word(5, group, 0),
            Token::Fetch(partition) => word(6, partition, 0),
            Token::Fence(node, life) => word(7, node, life),
            Token::Return(node, life) => word(8, node, life),
            Token::Retention => word(9, 0, 0),
            Token::Clean => word(10, 0, 0),
            Token::Preferred => word(11, 0, 0),
            Token::Replay(replay) => word(12, replay, 0),
            Token::Commit(publisher, count) => word(13, publisher, count),
            Token::End(publisher, count) => word(14, publisher, count),
            Token::Ended(publisher, count) => word(15, publisher, count),
            Token::Expire => word(16, 0, 0),
        }
    }

    pub fn unpack(word: u64) -> Token {
        let (kind, count, index) = (word >> 48, (word >> 32) as u16, word as u32);
        match kind {
            0 => Token::Linger(index, count),
            1 => Token::Retry(index, count),
            2 => Token::Request(index, count),
            3 => Token::Answer(index, count),
            4 => Token::Group(index),
            5 => Token::Start(index),
            6 => Token::Fetch(index),
            7 => Token::Fence(index, count),
            8 => Token::Return(index, count),
            9 => Token::Retention,
            10 => Token::Clean,
            11 => Token::Preferred,
            12 => Token::Replay(index),
            13 => Token::Commit(index, count),
            14 => Token::End(index, count),
            15 => Token::Ended(index, count),
            _ => Token::Expire,
        }
    }
}

/// Preferred leaders get leadership back so often: `leader.imbalance.check.interval.seconds`.
const IMBALANCE_CHECK: Span = Span::from_millis(300_000);

impl Rules for Kafka {
    fn start(&mut self, desk: &mut Desk) {
        let now = desk.now();
        desk.wake(now + self.settings.retention_check, Token::Retention.pack());
        if self.topics.iter().any(|topic| topic.log.compact) {
            desk.wake(now + self.settings.cleaner_pause, Token::Clean.pack());
        }
        if self.nodes.len() > 1 {
            desk.wake(now + IMBALANCE_CHECK, Token::Preferred.pack());
        }
        if self.publishers.iter().any(|publisher| publisher.session.is_some()) {
            desk.wake(now + EXPIRY_CHECK, Token::Expire.pack());
        }
        for (i, replay) in self.settings.replays.iter().enumerate() {
            desk.wake(Time::ZERO + replay.at, Token::Replay(i as u32).pack());
        }
        for group in 0..self.groups.len() {
            let starts = self.groups[group].starts;
            if starts > now || self.is_astray(group) {
                desk.wake(starts, Token::Start(group as u32).pack());
            } else {
                self.claim_for(group, desk);
                self.arm(group, desk);
            }
        }
    }

    fn keeps_publishers(&self) -> bool {
        true
    }

    fn publish(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
        self.send(link, channel, event, desk);
        true
    }

    fn publisher(&mut self, link: LinkId, up: bool, desk: &mut Desk) {
        self.publisher_changes(link, up, desk);
    }

    fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk) {
        // Everybody publishes through a client; nothing comes any other way.
        desk.refuse(channel, event, Reason::NoLeader);
    }

    fn settled(&mut self, seat: SeatId, message: &Message, how: Settled, desk: &mut Desk) {
        if how != Settled::Parked {
            self.settle(seat, message, desk);
        }
    }

    fn grow(&mut self, plan: &Plan, seats: &[(SeatId, Seat)]) {
        self.add_client(plan, seats);
    }

    fn joined(&mut self, seat: SeatId, desk: &mut Desk) {
        self.seat_joined(seat, desk);
    }

    fn left(&mut self, seat: SeatId, copies: &[Message], orderly: bool, desk: &mut Desk) {
        self.seat_left(seat, copies, orderly, desk);
    }

    fn crashed(&mut self, desk: &mut Desk) {
        for node in 0..self.nodes.len() as u32 {
            self.nodes[node as usize].felled = self.nodes[node as usize].up;
            self.node_changes(node, false, desk);
        }
    }

    fn recovered(&mut self, desk: &mut Desk) {
        for node in 0..self.nodes.len() as u32 {
            if std::mem::take(&mut self.nodes[node as usize].felled) {
                self.node_changes(node, true, desk);
            }
        }
    }

    fn node(&mut self, node: u32, up: bool, desk: &mut Desk) {
        self.node_changes(node, up, desk);
    }

    fn asked(&mut self, request: &Request, desk: &mut Desk) {
        if let Request::Seek { group, topic, to } = request {
            self.send_elsewhere(group, topic.as_deref(), *to, desk);
        }
    }

    fn wake(&mut self, token: u64, desk: &mut Desk) {
        match Token::unpack(token) {
            Token::Linger(batch, count) => self.lingered(batch, count, desk),
            Token::Fetch(partition) => self.followers_fetch(partition as usize, desk),
            rarer => self.wake_for_rarer(rarer, desk),
        }
    }

    fn parcel(&mut self, token: u64, arrived: bool, desk: &mut Desk) {
        match Token::unpack(token) {
            Token::Request(batch, count) => self.request_arrives(batch, count, arrived, desk),
            Token::Answer(batch, count) => self.answer_arrives(batch, count, arrived, desk),
            Token::End(publisher, count) => self.end_arrives(publisher, count, arrived, desk),
            Token::Ended(publisher, count) => self.ended_arrives(publisher, count, arrived, desk),
            _ => {}
        }
    }

    fn wants_word(&self, _: &Seat) -> bool {
        true
    }

    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for partition in &self.partitions {
            for cursor in partition.cursors.iter().filter(|cursor| cursor.active) {
                cursor.again.iter().for_each(|(_, message)| visit(cursor.outlet, message));
                let fresh = owed(&partition.log, &partition.transactions, cursor.committed_only, cursor.position, partition.shown);
                fresh.for_each(|(_, message)| visit(cursor.outlet, message));
            }
        }
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        self.weight(each)
    }

    fn held(&self, visit: &mut dyn FnMut(&Event)) {
        for batch in self.batches.iter().filter(|batch| batch.used && batch.at.is_none()) {
            batch.events.iter().for_each(&mut *visit);
        }
        for session in self.publishers.iter().filter_map(|publisher| publisher.session.as_ref()) {
            session.waiting.iter().for_each(|(_, event)| visit(event));
        }
        for partition in &self.partitions {
            let hidden = partition.log.range(partition.shown, partition.log.end());
            hidden.filter(|(_, message)| !is_repeat(message)).for_each(|(_, message)| visit(&message.event));
        }
    }
}

impl Record for Message {
    type Key = Key;

    fn key(&self) -> Option<Key> {
        (self.event.key != Key::NONE).then_some(self.event.key)
    }

    #[inline]
    fn timestamp(&self) -> Time {
        self.event.published
    }

    fn is_tombstone(&self) -> bool {
        false
    }
}

/// Records that a group is owed, from an offset to before another.
pub(super) fn owed<'l>(
    log: &'l Log<Message>,
    transactions: &'l Transactions,
    committed_only: bool,
    from: u64,
    to: u64,
) -> impl Iterator<Item = (u64, &'l Message)> {
    log.range(from, to).filter(move |(offset, _)| !(committed_only && transactions.is_aborted(*offset)))
}

/// Whether a record repeats one that was appended before: its event has been accounted for.
pub(super) fn is_repeat(message: &Message) -> bool {
    message.event.flags.has(Flags::HANDLED)
}

impl Kafka {
    /// What is not part of every delivery. (By itself, so that the code of what is stays together in the cache.)
    #[inline(never)]
    fn wake_for_rarer(&mut self, token: Token, desk: &mut Desk) {
        match token {
            Token::Retry(batch, count) => self.retry(batch, count, desk),
            Token::Group(group) => self.group_due(group as usize, desk),
            Token::Start(group) => self.group_starts(group as usize, desk),
            Token::Fence(node, life) => self.fence(node as usize, life, desk),
            Token::Return(node, life) => self.returned(node as usize, life, desk),
            Token::Retention => {
                desk.wake(desk.now() + self.settings.retention_check, token.pack());
                self.delete_old(desk);
            }
            Token::Clean => {
                desk.wake(desk.now() + self.settings.cleaner_pause, token.pack());
                self.clean(desk);
            }
            Token::Preferred => {
                desk.wake(desk.now() + IMBALANCE_CHECK, token.pack());
                self.prefer(desk);
            }
            Token::Replay(replay) => self.replay(replay as usize, desk),
            Token::Commit(publisher, count) => self.commit_due(publisher, count, desk),
            Token::Expire => {
                desk.wake(desk.now() + EXPIRY_CHECK, token.pack());
                self.expire(desk);
            }
            Token::Linger(..) | Token::Fetch(_) | Token::Request(..) | Token::Answer(..) | Token::End(..) | Token::Ended(..) => {}
        }
    }

    /// Whether a partition has a leader that works.
    #[inline]
    pub(super) fn served(&self, partition: usize) -> bool {
        let it = &self.partitions[partition];
        it.replication.leader().is_some_and(|place| self.nodes[it.nodes[place] as usize].up)
    }

    /// The node that leads a partition, if any does.
    #[inline]
    pub(super) fn leader(&self, partition: usize) -> Option<u32> {
        let it = &self.partitions[partition];
        it.replication.leader().map(|place| it.nodes[place])
    }

    /// What assignors know of the topics that a group reads.
    pub(super) fn assigned_topics(counts: impl Iterator<Item = u32>) -> Arc<Vec<AssignedTopic>> {
        Arc::new(counts.map(|partitions| AssignedTopic { partitions, replica_racks: Vec::new() }).collect())
    }
}
