//! An outbox and its relay: rows that a store keeps, and whoever publishes them.

use super::event::Event;
use crate::ids::{EmitterId, EventId};
use std::collections::VecDeque;

/// The outbox of a node, with its relay.
#[derive(Clone, Debug, Default)]
pub struct Relay {
    /// What has been written and is not marked as published, oldest first.
    pub rows: VecDeque<Row>,
    /// Rows taken in this round.
    pub taken: usize,
    /// Counts up whenever a round ends or is broken off: what is due for another one is out of date.
    pub round: u64,
    /// Whether the node is there.
    pub up: bool,
}

/// An event in an outbox.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Whose event.
    pub emitter: EmitterId,
    /// What.
    pub event: Event,
    /// How often it was published.
    pub sent: u32,
    /// What became of it in this round: none while it is not confirmed.
    pub done: Option<bool>,
}

/// What came of storing and publishing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct OutboxCounts {
    /// Writes that the store has taken.
    pub written: u64,
    /// Publications: with an outbox, rows published and marked; with a dual write, every one.
    pub published: u64,
    /// Rows published once more, because the relay did not know that they had been.
    pub republished: u64,
    /// Written and never published: always 0 with an outbox.
    pub missing: u64,
    /// Published and never written: always 0 with an outbox.
    pub invented: u64,
    /// Rows that wait for the relay.
    pub waiting: u64,
}

impl Relay {
    /// An outbox without rows.
    pub fn new() -> Relay {
        Relay { up: true, ..Relay::default() }
    }

    /// Breaks off whatever goes on.
    pub fn reset(&mut self) {
        self.round += 1;
        self.taken = 0;
    }

    /// Takes up to `batch` rows for this round; how many.
    pub fn take(&mut self, batch: usize) -> usize {
        self.taken = batch.min(self.rows.len());
        self.rows.iter_mut().take(self.taken).for_each(|row| row.done = None);
        self.taken
    }

    /// What became of a row of this round. True if that was the last one.
    pub fn settle(&mut self, event: EventId, done: bool) -> bool {
        if let Some(row) = self.rows.iter_mut().take(self.taken).find(|row| row.event.id == event && row.done.is_none()) {
            row.done = Some(done);
            return self.is_settled();
        }
        false
    }

    /// Whether it is known of every row of this round what became of it.
    pub fn is_settled(&self) -> bool {
        self.taken > 0 && self.rows.iter().take(self.taken).all(|row| row.done.is_some())
    }

    /// Marks what was published: those rows are gone.
    pub fn mark(&mut self) -> Vec<Event> {
        let mut gone = Vec::new();
        let mut left: Vec<Row> = Vec::new();
        for row in self.rows.drain(..self.taken) {
            if row.done == Some(true) { gone.push(row.event) } else { left.push(row) }
        }
        left.into_iter().rev().for_each(|row| self.rows.push_front(row));
        self.taken = 0;
        gone
    }
}
