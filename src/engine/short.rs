//! A queue that is mostly short.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Small values, oldest first, behind one another in memory: what is taken out leaves a gap at the front, which is closed when the queue
/// runs empty, or when the memory is used up. So a short queue stays in the same few lines of the cache however long it once was, and
/// nothing has to be wrapped round at an end. (With `VecDeque`s an M/M/1 takes 10 instructions more per message.)
pub struct Short<T> {
    /// Those before `first` are out.
    items: Vec<T>,
    first: usize,
}

impl<T> Default for Short<T> {
    fn default() -> Self {
        Short { items: Vec::new(), first: 0 }
    }
}

impl<T: fmt::Debug> fmt::Debug for Short<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A copy has no gap, and is the same queue.
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Clone> Clone for Short<T> {
    fn clone(&self) -> Self {
        Short { items: self.to_vec(), first: 0 }
    }
}

impl<T: Clone> Short<T> {
    /// Adds the newest.
    #[inline(always)]
    pub fn push(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.close_gap();
        }
        self.items.push(item);
    }

    /// Takes the oldest.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        let oldest = self.items.get(self.first)?.clone();
        self.first += 1;
        if self.first == self.items.len() {
            self.clear();
        }
        Some(oldest)
    }

    /// The oldest, left in place.
    #[inline(always)]
    pub fn first(&self) -> Option<&T> {
        self.items.get(self.first)
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.items.len() - self.first
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves what is in it to the front, if there is a gap that is worth it: then as much can be put in before the next time.
    #[cold]
    #[inline(never)]
    fn close_gap(&mut self) {
        if self.first > self.items.len() / 2 {
            self.items.drain(..self.first);
            self.first = 0;
        }
    }

    /// Takes everything out.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.items.clear();
        self.first = 0;
    }

    /// Takes everything out, oldest first.
    pub fn drain(&mut self) -> std::vec::Drain<'_, T> {
        self.items.drain(..std::mem::take(&mut self.first));
        self.items.drain(..)
    }

    /// Keeps those of which this is true.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.items.drain(..std::mem::take(&mut self.first));
        self.items.retain(keep);
    }

    /// For how many there is memory.
    pub fn capacity(&self) -> usize {
        self.items.capacity()
    }
}

impl<T: Clone> Extend<T> for Short<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T> Deref for Short<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.items[self.first..]
    }
}

impl<T> DerefMut for Short<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[self.first..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use std::collections::VecDeque;

    #[test]
    fn behaves_as_a_queue_and_keeps_its_memory_small() {
        let (mut short, mut plain, mut most) = (Short::default(), VecDeque::new(), 0);
        let mut random = Stream::named(5, "short");
        for n in 0..100_000u64 {
            // It fills up to some hundreds, and runs empty, and hovers.
            match random.below(if n / 3000 % 2 == 0 { 9 } else { 11 }) {
                0..5 => {
                    short.push(n);
                    plain.push_back(n);
                }
                5..10 => assert_eq!(short.pop(), plain.pop_front()),
                10 if n % 100 == 0 => {
                    short.retain(|n| n % 3 > 0);
                    plain.retain(|n| n % 3 > 0);
                }
                _ => assert_eq!((short.first(), short.last()), (plain.front(), plain.back())),
            }
            most = most.max(plain.len());
            assert!(short.iter().eq(plain.iter()) && short.clone().iter().eq(plain.iter()));
        }
        assert!(most > 100 && short.capacity() <= 4 * most, "{most} at most, and memory for {}", short.capacity());
        let all: Vec<u64> = plain.into_iter().collect();
        assert!(short.drain().eq(all) && short.is_empty());
    }
}
