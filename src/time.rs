//! Virtual time: whole nanoseconds since the start of a run.
//!
//! Knows no clock. Whoever needs wall time converts at the edge (`run::runner`), never here.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// An instant of virtual time, in nanoseconds since the run began. Range: 0 to about 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of virtual time in nanoseconds. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// The start of every run.
    pub const ZERO: Time = Time(0);
    /// Later than anything a run can reach.
    pub const NEVER: Time = Time(u64::MAX);

    /// Seconds since the start, for display and statistics; exact below 2^53 ns (104 days).
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The time from `earlier` to `self`, zero if `earlier` is in fact later.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// This length in seconds, for display and statistics.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The span nearest to `seconds`; negative and not-a-number become zero, too large saturates.
    pub fn from_seconds(seconds: f64) -> Span {
        Span((seconds * SECOND as f64).round() as u64)
    }

    /// From whole milliseconds.
    pub const fn from_millis(ms: u64) -> Span {
        Span(ms * 1_000_000)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Time> for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    /// `00:00:12.450`, hours to milliseconds: fixed width, so that figures do not jump.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000_000;
        write!(f, "{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_face_is_fixed_width() {
        assert_eq!(Time(12_450_000_000).to_string(), "00:00:12.450");
        assert_eq!(Time(86_399_999_999_999).to_string(), "23:59:59.999");
    }

    #[test]
    fn spans_never_go_negative_and_never_overflow() {
        assert_eq!(Time(5) - Time(9), Span::ZERO);
        assert_eq!(Span::from_seconds(-1.0), Span::ZERO);
        assert_eq!(Span::from_seconds(f64::NAN), Span::ZERO);
        assert_eq!(Time::NEVER + Span(1), Time::NEVER);
    }
}
