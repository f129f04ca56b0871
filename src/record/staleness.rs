//! How old a projection is: the age of the oldest event, newer than everything that is in it, that is not in it.

use crate::time::Time;
use std::collections::VecDeque;

/// The staleness of one projection over time.
///
/// An event that never comes does not make it older and older: it counts until a later one is in the projection.
#[derive(Clone, Debug, Default)]
pub struct Staleness {
    /// When events were published that are newer than the newest one applied, oldest first.
    pending: VecDeque<Time>,
    newest: Time,
    last_published: Time,
    /// While the projection is built again: up to which event.
    until: Option<Time>,
    since: Time,
    /// Staleness times time, in square nanoseconds.
    area: u128,
    max: u64,
}

impl Staleness {
    /// An event was published.
    pub fn published(&mut self, at: Time, now: Time) {
        self.pass(now);
        self.last_published = self.last_published.max(at);
        self.pending.push_back(at);
    }

    /// An event is in the projection.
    pub fn applied(&mut self, published: Time, now: Time) {
        self.pass(now);
        self.newest = self.newest.max(published);
        if self.until.is_some_and(|until| self.newest >= until) {
            self.until = None;
        }
        while self.pending.front().is_some_and(|at| *at <= self.newest) {
            self.pending.pop_front();
        }
    }

    /// The projection is thrown away, to be built again.
    pub fn reset(&mut self, now: Time) {
        self.pass(now);
        self.newest = Time::ZERO;
        self.until = (self.last_published > Time::ZERO).then_some(self.last_published);
    }

    /// How old it is now, in nanoseconds.
    pub fn age(&self, now: Time) -> u64 {
        match (self.until, self.pending.front()) {
            (Some(_), _) => (now - self.newest).0,
            (None, Some(at)) => (now - *at).0,
            (None, None) => 0,
        }
    }

    /// Square nanoseconds since the start.
    pub fn area(&self, now: Time) -> u128 {
        let (then, age) = (u128::from(self.age(self.since)), u128::from(self.age(now)));
        self.area + (then + age) * u128::from((now - self.since).0) / 2
    }

    /// The oldest it has been since the start or the last [`Staleness::forget_max`].
    pub fn max(&self, now: Time) -> u64 {
        self.max.max(self.age(now))
    }

    /// Starts looking for the oldest anew.
    pub fn forget_max(&mut self) {
        self.max = 0;
    }

    fn pass(&mut self, now: Time) {
        self.area = self.area(now);
        self.max = self.max.max(self.age(now));
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_until_the_event_is_in() {
        let mut staleness = Staleness::default();
        staleness.published(Time(100), Time(100));
        assert_eq!((staleness.age(Time(90)), staleness.age(Time(150))), (0, 50));
        staleness.published(Time(150), Time(150));
        staleness.applied(Time(100), Time(180));
        assert_eq!(staleness.age(Time(180)), 30);
        staleness.applied(Time(150), Time(200));
        assert_eq!(staleness.age(Time(200)), 0);
        // A triangle from 100 to 180 and what lies over 180 to 200.
        assert_eq!(staleness.area(Time(300)), 80 * 80 / 2 + (30 + 50) * 20 / 2);
        assert_eq!(staleness.max(Time(300)), 80);
        staleness.reset(Time(300));
        assert_eq!(staleness.age(Time(300)), 300);
        staleness.applied(Time(150), Time(310));
        assert_eq!(staleness.age(Time(310)), 0);
    }
}
