//! Archives and event replays: what is kept, for how long, and what of it comes again.

use crate::language::facts::Facts;
use crate::language::pattern::Pattern;
use crate::time::{SECOND, Span, Time};

/// What an archive of a bus keeps.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// Which events; all, if not said.
    pub pattern: Option<Pattern>,
    /// How long; for ever, if not said.
    pub retention: Option<Span>,
}

impl Keep {
    /// A retention as the API gives it: days, 0 or nothing for ever.
    pub fn days(days: Option<u64>) -> Option<Span> {
        days.filter(|days| *days > 0).map(|days| Span(days.saturating_mul(86_400 * SECOND)))
    }

    /// Whether an event goes into the archive. What comes from a replay never does.
    pub fn takes(&self, facts: &Facts, replayed: bool) -> bool {
        !replayed && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(facts))
    }

    /// Whether an event of that age is still there.
    pub fn holds(&self, age: Span) -> bool {
        self.retention.is_none_or(|retention| age <= retention)
    }
}

/// Which events of an archive a replay brings again, and to whom.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Start of the window, inside.
    pub from: Time,
    /// End of the window, inside.
    pub to: Time,
    /// Rules that get them, by name; all rules there are by then, if not said.
    pub rules: Option<Vec<String>>,
}

impl Selection {
    /// Whether an event of that time comes again.
    pub fn takes(&self, time: Time) -> bool {
        (self.from..=self.to).contains(&time)
    }

    /// Whether a rule gets what comes again.
    pub fn reaches(&self, rule: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.iter().any(|name| name == rule))
    }

    /// The slice that an event comes in: whole minutes from the start of the window. Slices come in order, what is inside of one
    /// in any order.
    pub fn slice(&self, time: Time) -> u64 {
        (time - self.from).0 / SLICE.0
    }
}

/// Length of a slice.
pub const SLICE: Span = Span::from_millis(60_000);
