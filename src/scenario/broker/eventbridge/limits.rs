//! What the service allows: the API model of 2015-10-07 and the quota page of the user guide. Checks, the service's own rules and
//! imports all look here.

use std::ops::RangeInclusive;

/// Entries that a call of PutEvents may have.
pub const MOST_ENTRIES: u32 = 10;
/// Targets of a rule.
pub const MOST_TARGETS: usize = 5;
/// Rules of a bus (an account's quota that can be raised; 100 in some regions).
pub const MOST_RULES: usize = 300;
/// Buses of an account and region.
pub const MOST_BUSES: usize = 100;
/// Event replays that may go on at the same time.
pub const MOST_REPLAYS: usize = 10;
/// Ages that a retry policy may allow, in seconds; the highest is what holds without one.
pub const AGE_SECONDS: RangeInclusive<u64> = 60..=86_400;
/// Most tries after the first that a retry policy may allow; it is also what holds without one.
pub const MOST_ATTEMPTS: u32 = 185;
