//! What may be done per second, a second's worth at once.

use crate::time::{SECOND, Span, Time};

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
        Quota { interval: Span::from_seconds(1.0 / per_second).0, done: Time::ZERO }
    }

    /// Admits one now, or says when one can be.
    #[inline]
    pub fn admit(&mut self, now: Time) -> Result<(), Time> {
        let done = Time(self.done.0.max(now.0) + self.interval);
        // A second's worth may be done at once.
        let room = Time(now.0 + SECOND);
        if done > room {
            return Err(Time(done.0 - SECOND));
        }
        self.done = done;
        Ok(())
    }

    /// When one would be admitted that has so many before it, once it has to wait.
    pub fn turn(&self, before: u64) -> Time {
        Time((self.done.0 + self.interval.saturating_mul(before + 1)).saturating_sub(SECOND))
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
}
