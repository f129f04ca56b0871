//! Pacing: how far may virtual time go, given how much wall time went by. Arithmetic only; asks no clock.

use super::frame::Speed;
use crate::time::{SECOND, Span, Time};
use std::time::Duration;

/// Longest stretch of wall time that counts at once: after the machine slept or stalled, the run does not leap.
const LONGEST_TICK: Duration = Duration::from_millis(100);

/// The virtual playhead of a paced run.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    speed: Speed,
    /// Virtual nanoseconds that were due but are less than one, at slow motion.
    fraction: f64,
}

impl Pacing {
    /// Slowest and fastest speed that can be asked for.
    pub const RANGE: (f64, f64) = (0.0001, 100_000.0);

    /// At this speed.
    pub fn new(speed: Speed) -> Pacing {
        let speed = match speed {
            Speed::Times(times) if times.is_finite() => Speed::Times(times.clamp(Self::RANGE.0, Self::RANGE.1)),
            Speed::Times(_) => Speed::Times(1.0),
            Speed::Max => Speed::Max,
        };
        Pacing { speed, fraction: 0.0 }
    }

    /// The speed, as clamped.
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Up to where the run, which stands at `now`, may be simulated after `elapsed` wall time.
    ///
    /// Counted from where the run stands and not from where it should be: a machine that cannot keep up makes the run slower, it
    /// does not pile up a debt that would be paid back in a rush later.
    pub fn target(&mut self, now: Time, elapsed: Duration) -> Time {
        match self.speed {
            Speed::Max => Time::NEVER,
            Speed::Times(times) => {
                let ns = elapsed.min(LONGEST_TICK).as_secs_f64() * times * SECOND as f64 + self.fraction;
                self.fraction = ns.fract();
                now + Span(ns as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(16);

    #[test]
    fn real_time_is_real_time() {
        let mut pacing = Pacing::new(Speed::Times(1.0));
        let mut now = Time::ZERO;
        (0..1000).for_each(|_| now = pacing.target(now, TICK));
        assert_eq!(now, Time(16 * SECOND));
    }

    #[test]
    fn slow_motion_loses_no_fractions() {
        let mut pacing = Pacing::new(Speed::Times(0.0001));
        let mut now = Time::ZERO;
        (0..10_000).for_each(|_| now = pacing.target(now, Duration::from_micros(17)));
        assert!((i128::from(now.0) - 17_000).abs() <= 1, "{now:?}");
    }

    #[test]
    fn a_stall_does_not_become_a_leap_and_nonsense_is_clamped() {
        assert_eq!(Pacing::new(Speed::Times(1.0)).target(Time::ZERO, Duration::from_secs(3600)), Time(SECOND / 10));
        assert_eq!(Pacing::new(Speed::Times(f64::NAN)).speed(), Speed::Times(1.0));
        assert_eq!(Pacing::new(Speed::Times(1e99)).speed(), Speed::Times(100_000.0));
        assert_eq!(Pacing::new(Speed::Max).target(Time::ZERO, TICK), Time::NEVER);
    }
}
