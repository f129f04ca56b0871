//! What may be done per second, a second's worth at once; of less than one in a second, that one.

use crate::time::{SECOND, Span, Time};

/// Longer than any run, and such that a few of it are still a time.
const LONGEST: u64 = 1 << 61;

/// A quota of so many per second.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Nanoseconds between two, on average; 0 without limit.
    interval: u64,
    /// When all that was admitted would be done at that pace.
    done: Time,
}

impl Quota {
    /// A quota per second.
    pub fn new(per_second: f64) -> Quota {
        Quota { interval: Span::from_seconds(1.0 / per_second).0.min(LONGEST), done: Time::ZERO }
    }

    /// Admits one now, or says when one can be.
    #[inline]
    pub fn admit(&mut self, now: Time) -> Result<(), Time> {
        let done = Time(self.done.0.max(now.0) + self.interval);
        if done.0 > now.0 + self.burst() {
            return Err(Time(done.0 - self.burst()));
        }
        self.done = done;
        Ok(())
    }

    /// How far ahead of the pace one may be.
    #[inline]
    fn burst(&self) -> u64 {
        SECOND.max(self.interval)
    }

    /// When one would be admitted that has so many before it, once it has to wait.
    pub fn turn(&self, before: u64) -> Time {
        Time((self.done.0 + self.interval.saturating_mul(before + 1)).saturating_sub(self.burst()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seconds_worth_goes_at_once_and_then_the_pace_holds() {
        let mut quota = Quota::new(10.0);
        let at_once = (0..100).filter(|_| quota.admit(Time::ZERO).is_ok()).count();
        assert_eq!(at_once, 10);
        assert_eq!(quota.admit(Time::ZERO), Err(Time(SECOND / 10)));
        assert_eq!((quota.turn(0), quota.turn(4)), (Time(SECOND / 10), Time(SECOND / 2)));
        assert_eq!(quota.admit(Time(SECOND / 10)), Ok(()));
        assert!(quota.admit(Time(SECOND / 10)).is_err());
        assert_eq!((0..100).filter(|_| quota.admit(Time(60 * SECOND)).is_ok()).count(), 10);
    }

    #[test]
    fn less_than_one_in_a_second_is_one_now_and_then() {
        let mut quota = Quota::new(0.5);
        assert_eq!(quota.admit(Time::ZERO), Ok(()));
        assert_eq!(quota.admit(Time::ZERO), Err(Time(2 * SECOND)));
        assert_eq!((quota.turn(0), quota.turn(1)), (Time(2 * SECOND), Time(4 * SECOND)));
        assert!(quota.admit(Time(2 * SECOND - 1)).is_err());
        assert_eq!(quota.admit(Time(2 * SECOND)), Ok(()));
        assert_eq!(quota.admit(Time(2 * SECOND)), Err(Time(4 * SECOND)));
    }

    #[test]
    fn next_to_nothing_is_one_in_a_run() {
        let mut quota = Quota::new(1e-300);
        assert_eq!(quota.admit(Time(SECOND)), Ok(()));
        assert!(quota.admit(Time(SECOND)).is_err_and(|at| at > Time(1 << 60)));
    }
}
