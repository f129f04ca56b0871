//! An event replay on its way.

use super::archive::Selection;
use crate::engine::event::Event;
use crate::random::Stream;
use crate::time::{Span, Time};
use serde::Serialize;
use std::collections::VecDeque;

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Its time has not come.
    Planned,
    /// Events come again.
    Running,
    /// All have.
    Completed,
    /// It was stopped before.
    Cancelled,
}

impl State {
    /// As the service calls it.
    pub fn word(self) -> &'static str {
        match self {
            State::Planned => "PLANNED",
            State::Running => "RUNNING",
            State::Completed => "COMPLETED",
            State::Cancelled => "CANCELLED",
        }
    }
}

/// A replay.
#[derive(Clone, Debug)]
pub(super) struct Replaying {
    pub name: String,
    pub bus: usize,
    pub selection: Selection,
    pub interval: Span,
    pub at: Time,
    pub cancel: Option<Time>,
    pub state: State,
    pub left: VecDeque<Event>,
    pub done: u64,
}

impl Replaying {
    /// Begins: what the archive holds by now comes again in slices of a minute, those in order, each in no order inside.
    pub fn begin(&mut self, archived: impl Iterator<Item = Event>, luck: &mut Stream) {
        let mut chosen: Vec<(u64, u64, Event)> = archived
            .filter(|event| self.selection.takes(event.published))
            .map(|event| (self.selection.slice(event.published), luck.bits(), event))
            .collect();
        chosen.sort_by_key(|(slice, order, event)| (*slice, *order, event.id));
        self.left = chosen.into_iter().map(|(_, _, event)| event).collect();
        self.state = State::Running;
    }

    /// The next event, or the end.
    pub fn next(&mut self) -> Option<Event> {
        let next = self.left.pop_front();
        match next {
            Some(_) => self.done += 1,
            None => self.state = State::Completed,
        }
        next
    }

    /// Stops it.
    pub fn stop(&mut self) {
        if self.state != State::Completed {
            self.state = State::Cancelled;
            self.left.clear();
        }
    }
}
