//! A quantity that goes up and down by one, and its mean over time.

use crate::time::Time;

/// A level with its time integral.
///
/// The integral needs no "time of the last change": with `n` ups and downs at times `t`, the area until `T` is
/// `level * T - sum(t of ups) + sum(t of downs)`. So a change costs one addition, in arithmetic that may wrap on the way because
/// the area itself fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    level: u64,
    max: u64,
    balance: u128,
}

impl Level {
    /// One more.
    #[inline(always)]
    pub fn up(&mut self, now: Time) {
        self.level += 1;
        if self.level > self.max {
            self.rise();
        }
        self.balance = self.balance.wrapping_sub(u128::from(now.0));
    }

    /// A new highest level: rare, so that mostly nothing is written.
    #[cold]
    fn rise(&mut self) {
        self.max = self.level;
    }

    /// One less.
    #[inline(always)]
    pub fn down(&mut self, now: Time) {
        self.level -= 1;
        self.balance = self.balance.wrapping_add(u128::from(now.0));
    }

    /// The level now.
    pub fn now(&self) -> u64 {
        self.level
    }

    /// The highest level since the start or the last [`Level::forget_max`].
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Starts looking for the highest level anew.
    pub fn forget_max(&mut self) {
        self.max = self.level;
    }

    /// Level times nanoseconds since the start, given that nothing changed since the last change before `until`.
    pub fn area(&self, until: Time) -> u128 {
        (u128::from(self.level) * u128::from(until.0)).wrapping_add(self.balance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_that_under_the_steps() {
        let mut level = Level::default();
        level.up(Time(10));
        level.up(Time(20));
        level.down(Time(50));
        assert_eq!(level.area(Time(100)), 10 + 2 * 30 + 50);
        assert_eq!((level.now(), level.max()), (1, 2));
        level.forget_max();
        assert_eq!(level.max(), 1);
    }
}
