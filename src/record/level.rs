//! A quantity that goes up and down by one, and its mean over time.

use crate::time::Time;

/// What has to be known besides a level for its time integral.
///
/// That needs no "time of the last change": with `n` ups and downs at times `t`, the area until `T` is
/// `level * T - sum(t of ups) + sum(t of downs)`. So a change costs one addition, in arithmetic that may wrap on the way because
/// the area itself fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Balance {
    /// The lower and the upper half of 128 bits (which as one number would want to stand at a multiple of 16).
    halves: [u64; 2],
}

impl Balance {
    /// The level is one higher from now on.
    #[inline(always)]
    pub fn up(&mut self, now: Time) {
        self.set(self.get().wrapping_sub(u128::from(now.0)));
    }

    /// The level is one lower from now on.
    #[inline(always)]
    pub fn down(&mut self, now: Time) {
        self.set(self.get().wrapping_add(u128::from(now.0)));
    }

    #[inline(always)]
    fn get(&self) -> u128 {
        u128::from(self.halves[0]) | u128::from(self.halves[1]) << 64
    }

    #[inline(always)]
    fn set(&mut self, balance: u128) {
        self.halves = [balance as u64, (balance >> 64) as u64];
    }

    /// Level times nanoseconds since the start, given the level and that nothing changed since the last change before `until`.
    pub fn area(&self, level: u32, until: Time) -> u128 {
        (u128::from(level) * u128::from(until.0)).wrapping_add(self.get())
    }
}

/// A level with its time integral and its highest value: 24 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// Never more than there are events alive at once, which is far below 2^32.
    level: u32,
    max: u32,
    balance: Balance,
}

impl Level {
    /// One more.
    #[inline(always)]
    pub fn up(&mut self, now: Time) {
        self.level += 1;
        if self.level > self.max {
            self.rise();
        }
        self.balance.up(now);
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
        self.balance.down(now);
    }

    /// The level now.
    #[inline(always)]
    pub fn now(&self) -> u64 {
        self.level.into()
    }

    /// The highest level since the start or the last [`Level::forget_max`].
    pub fn max(&self) -> u64 {
        self.max.into()
    }

    /// Starts looking for the highest level anew.
    pub fn forget_max(&mut self) {
        self.max = self.level;
    }

    /// Level times nanoseconds since the start, given that nothing changed since the last change before `until`.
    pub fn area(&self, until: Time) -> u128 {
        self.balance.area(self.level, until)
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
