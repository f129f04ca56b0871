//! Bringing memory near before it is needed.
//!
//! Among thousands of consumers everything that a delivery touches lies far away, and waiting for one thing after the other takes most of
//! the time. What is going to be touched is known a little earlier, so it can be on its way meanwhile.

/// Asks for the line of the cache in which a value begins, and goes on at once. Changes nothing but how long the first touch takes; on
/// processors that are not asked in this way it does nothing.
#[inline(always)]
pub fn near<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
