//! A transactional producer: its own side, and what the transaction coordinator knows of it.

use super::transactions::Outcome;
use crate::engine::event::{Event, odds};
use crate::ids::ChannelId;
use crate::random::Stream;
use crate::scenario::broker::kafka::Transaction;
use crate::time::{Span, Time};
use std::collections::{BTreeSet, VecDeque};

/// A transactional producer.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// `transactional.id`.
    pub id: String,
    /// Whose it is.
    pub node: String,
    /// So many events end a transaction.
    pub events: u32,
    /// So long after it began it ends at the latest.
    pub every: Span,
    /// The coordinator gives it up after so long.
    pub timeout: Span,
    /// Chance that it is aborted.
    odds: u64,
    random: Stream,
    /// Members whose offsets belong to its transactions.
    pub members: Vec<u32>,
    /// Other publishers with the same id.
    pub rivals: Vec<u32>,

    pub step: Step,
    /// Counts transactions and lives: what travels for an older one is void.
    pub count: u16,
    /// The producer epoch, which every transaction raises (KIP-890).
    pub epoch: u16,
    /// Events that count towards [`Session::events`].
    pub done: u32,
    /// It is to end as soon as its members have nothing in hand.
    pub due: bool,
    /// It can only be aborted.
    pub failed: bool,
    /// Whether the producer is gone.
    pub down: bool,
    /// Whether it has begun to use its id (`initTransactions`), which matters where it is not alone with it.
    pub initialised: bool,
    /// The request on its way is such a beginning, by which it takes its id from others that have it.
    pub init: bool,
    /// It was told that another producer has its id (ProducerFencedException), and has stopped.
    pub dead: bool,
    /// Batches in the producer's hands.
    pub unanswered: u32,
    /// Published while a transaction ends, for the next one.
    pub waiting: VecDeque<(ChannelId, Event)>,
    /// Events in it whose publisher waits for word.
    pub words: Vec<Event>,
    /// What its members have read of in it: partition, place of the cursor.
    pub touched: BTreeSet<(u32, u32)>,

    /// Since when it has records in the log.
    pub open_since: Option<Time>,
    /// Partitions with records of it.
    pub partitions: BTreeSet<u32>,
    /// How the coordinator ends it, once that is decided and until all markers are written.
    pub ending: Option<Outcome>,
    /// Markers that are still to be written and replicated.
    pub markers: u32,
    /// How the last one ended.
    pub verdict: Outcome,
    /// The coordinator has fenced the producer: nothing more is taken from it before it has begun anew.
    pub fenced: bool,
    /// For good: another producer has its id now.
    pub usurped: bool,
    /// Its beginning waits for the end of what its rivals had left open (CONCURRENT_TRANSACTIONS).
    pub behind: bool,
    pub tally: Tally,
}

/// What a transactional producer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Has no transaction.
    Idle,
    /// Is in one.
    Open,
    /// Waits for the answers to its last batches.
    Flushing,
    /// Waits for the coordinator.
    Ending(Outcome),
}

/// Transactions so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub committed: u64,
    pub aborted: u64,
    /// Of the aborted ones, by the coordinator because they took too long.
    pub timed_out: u64,
    /// Times that the producer was refused because it had been fenced.
    pub fenced: u64,
}

impl Session {
    pub fn new(settings: &Transaction, id: String, random: Stream) -> Session {
        Session {
            id,
            node: settings.node.clone(),
            events: settings.events.max(1),
            every: settings.every,
            timeout: settings.timeout,
            odds: odds(settings.aborts),
            random,
            members: Vec::new(),
            rivals: Vec::new(),
            step: Step::Idle,
            count: 0,
            epoch: 0,
            done: 0,
            due: false,
            failed: false,
            down: false,
            initialised: false,
            init: false,
            dead: false,
            unanswered: 0,
            waiting: VecDeque::new(),
            words: Vec::new(),
            touched: BTreeSet::new(),
            open_since: None,
            partitions: BTreeSet::new(),
            ending: None,
            markers: 0,
            verdict: Outcome::Aborted,
            fenced: false,
            usurped: false,
            behind: false,
            tally: Tally::default(),
        }
    }

    /// Whether it has to claim its id before it does anything else.
    pub fn must_claim(&self) -> bool {
        !self.initialised && !self.rivals.is_empty() && !self.down
    }

    /// Whether events published now go into a transaction at once.
    pub fn takes(&self) -> bool {
        !self.down && !self.dead && matches!(self.step, Step::Idle | Step::Open)
    }

    /// Whether its members have to wait before they take something new.
    pub fn holds_members(&self) -> bool {
        self.due || !self.takes()
    }

    /// How the transaction is to end.
    pub fn chooses(&mut self) -> Outcome {
        let aborts = self.random.chance(self.odds);
        if aborts || self.failed { Outcome::Aborted } else { Outcome::Committed }
    }

    /// Whether the coordinator takes records of the transaction.
    pub fn admits(&self) -> bool {
        !self.fenced && self.ending.is_none()
    }

    /// What the coordinator calls its state.
    pub fn state(&self) -> &'static str {
        match (self.ending, self.open_since, self.verdict) {
            (Some(Outcome::Committed), ..) => "PrepareCommit",
            (Some(Outcome::Aborted), ..) => "PrepareAbort",
            (None, Some(_), _) => "Ongoing",
            (None, None, _) if self.tally.committed + self.tally.aborted == 0 => "Empty",
            (None, None, Outcome::Committed) => "CompleteCommit",
            (None, None, Outcome::Aborted) => "CompleteAbort",
        }
    }
}
