//! A quantity that goes up and down by one, and its mean over time.

use crate::time::Time;

/// A level with its time integral.
///
/// The integral needs no "time of the last change": with `n` ups and downs at times `t`, the area until `T` is
/// `level * T - sum(t of ups) + sum(t of downs)`. So a change costs one addition, in arithmetic that may wrap on the way because
/// the area itself fits.
///
/// 24 bytes: of those that every delivery touches, two and three distributions share three lines of the cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// Never more than there are events alive at once, which is far below 2^32.
    level: u32,
    max: u32,
    /// The lower and the upper half of 128 bits (which as one number would want to stand at a multiple of 16).
    balance: [u64; 2],
}

impl Level {
    /// One more.
    #[inline(always)]
    pub fn up(&mut self, now: Time) {
        self.level += 1;
        if self.level > self.max {
            self.rise();
        }
        self.set_balance(self.balance().wrapping_sub(u128::from(now.0)));
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
        self.set_balance(self.balance().wrapping_add(u128::from(now.0)));
    }

    #[inline(always)]
    fn balance(&self) -> u128 {
        u128::from(self.balance[0]) | u128::from(self.balance[1]) << 64
    }

    #[inline(always)]
    fn set_balance(&mut self, balance: u128) {
        self.balance = [balance as u64, (balance >> 64) as u64];
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
        (u128::from(self.level) * u128::from(until.0)).wrapping_add(self.balance())
    }
}

/// The same where many come or go at once, for the area alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bulk {
    level: u64,
    balance: u128,
}

impl Bulk {
    /// So many more.
    pub fn up(&mut self, by: usize, now: Time) {
        self.level += by as u64;
        self.balance = self.balance.wrapping_sub(by as u128 * u128::from(now.0));
    }

    /// So many less.
    pub fn down(&mut self, by: usize, now: Time) {
        self.level -= by as u64;
        self.balance = self.balance.wrapping_add(by as u128 * u128::from(now.0));
    }

    /// How many there are.
    pub fn now(&self) -> u64 {
        self.level
    }

    /// See [`Level::area`].
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
        let mut bulk = Bulk::default();
        bulk.up(3, Time(10));
        bulk.down(2, Time(50));
        assert_eq!(bulk.area(Time(100)), 3 * 40 + 50);
    }
}
