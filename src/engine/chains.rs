//! What chains of events wait for: the other parts of a whole, and replies.

use super::event::Event;
use crate::ids::EventId;
use crate::scenario::chains::Join;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// For how many times the time of a whole it is remembered.
const MEMORY: u64 = 10;

/// A consumer's parts that wait for each other. A whole is remembered for [`MEMORY`] times its time after that is over,
/// complete or not, so that late parts and copies do not begin it anew.
#[derive(Clone, Debug)]
pub struct Joins {
    count: usize,
    within: Span,
    groups: BTreeMap<EventId, Group>,
    /// Since the start.
    pub counts: JoinCounts,
}

/// Parts of one correlation id.
#[derive(Clone, Debug)]
struct Group {
    first: Event,
    parts: Vec<EventId>,
    /// The part that made it whole, if its handling was cut off before what follows.
    unanswered: Option<EventId>,
    /// Its time is over.
    over: bool,
}

/// What became of wholes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct JoinCounts {
    /// All parts came in time.
    pub complete: u64,
    /// Parts were missing when the time was over.
    pub timed_out: u64,
    /// Some parts are there, others not yet.
    pub waiting: u64,
}

/// What a part makes of its whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The first part: its time runs until then.
    Begun(Time),
    /// Neither the first nor the last; or one that was there already, or that comes too late to be missed.
    Waits,
    /// The last one that was missing, or the same again where nothing followed the first time.
    Complete,
}

impl Joins {
    /// Nothing waits yet.
    pub fn new(join: &Join) -> Joins {
        Joins { count: join.count as usize, within: join.within, groups: BTreeMap::new(), counts: JoinCounts::default() }
    }

    /// A part has been handled.
    pub fn take(&mut self, event: &Event, now: Time) -> Joined {
        let begun = !self.groups.contains_key(&event.root);
        let group =
            self.groups.entry(event.root).or_insert_with(|| Group { first: *event, parts: Vec::new(), unanswered: None, over: false });
        if group.unanswered.take_if(|part| *part == event.id).is_some() {
            return Joined::Complete;
        }
        if group.over || group.parts.len() >= self.count || group.parts.contains(&event.id) {
            return Joined::Waits;
        }
        group.parts.push(event.id);
        let complete = group.parts.len() == self.count;
        self.counts.waiting = self.counts.waiting + u64::from(begun) - u64::from(complete);
        self.counts.complete += u64::from(complete);
        match (complete, begun) {
            (true, _) => Joined::Complete,
            (false, true) => Joined::Begun(now + self.within),
            (false, false) => Joined::Waits,
        }
    }

    /// The last part of a whole was taken, and its handling cut off before anything followed: all parts are there, and the same part
    /// completes it once more when it is handled again.
    pub fn leave_unanswered(&mut self, part: &Event) {
        if let Some(group) = self.groups.get_mut(&part.root) {
            group.unanswered = Some(part.id);
        }
    }

    /// How long a whole is remembered after its time is over.
    pub fn memory(&self) -> Span {
        Span(self.within.0.saturating_mul(MEMORY))
    }

    /// A whole is forgotten.
    pub fn forget(&mut self, root: EventId) {
        self.groups.remove(&root);
    }

    /// The time of a whole is over: its first part, if others were missing.
    pub fn expire(&mut self, root: EventId) -> Option<Event> {
        let group = self.groups.get_mut(&root)?;
        group.over = true;
        let missing = group.parts.len() < self.count;
        self.counts.timed_out += u64::from(missing);
        self.counts.waiting -= u64::from(missing);
        missing.then_some(group.first)
    }
}

/// Requests of one workload that wait for their replies.
#[derive(Clone, Debug)]
pub struct Requests {
    /// How long each waits.
    pub within: Span,
    open: BTreeMap<EventId, Time>,
    /// Since the start.
    pub counts: ReplyCounts,
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReplyCounts {
    /// The reply came in time.
    pub answered: u64,
    /// It did not.
    pub timed_out: u64,
    /// Replies that came after that, or once more.
    pub late: u64,
    /// Requests that still wait.
    pub waiting: u64,
}

impl ReplyCounts {
    /// The sum of two.
    pub fn and(self, other: ReplyCounts) -> ReplyCounts {
        ReplyCounts {
            answered: self.answered + other.answered,
            timed_out: self.timed_out + other.timed_out,
            late: self.late + other.late,
            waiting: self.waiting + other.waiting,
        }
    }
}

impl Requests {
    /// None yet.
    pub fn new(within: Span) -> Requests {
        Requests { within, open: BTreeMap::new(), counts: ReplyCounts::default() }
    }

    /// A request has set out.
    pub fn ask(&mut self, event: &Event) {
        self.open.insert(event.id, event.published);
        self.counts.waiting += 1;
    }

    /// A reply has come: how long it took, if anybody still waits for it.
    pub fn answer(&mut self, root: EventId, now: Time) -> Option<Span> {
        let Some(asked) = self.open.remove(&root) else {
            self.counts.late += 1;
            return None;
        };
        self.counts.answered += 1;
        self.counts.waiting -= 1;
        Some(now - asked)
    }

    /// The requester waits no longer. False if the reply has come.
    pub fn give_up(&mut self, root: EventId) -> bool {
        let waited = self.open.remove(&root).is_some();
        self.counts.timed_out += u64::from(waited);
        self.counts.waiting -= u64::from(waited);
        waited
    }
}
