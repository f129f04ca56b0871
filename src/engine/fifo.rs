//! A first-in, first-out queue that stays small in cache when short and wastes no memory when long.
//!
//! The oldest items stand in a small ring. When it is full, newer ones go to blocks of fixed size; full blocks
//! are sealed and shared, so that copying a queue (a checkpoint) copies at most the ring and two blocks.

use std::collections::VecDeque;
use std::sync::Arc;

/// Items per sealed block and the most a ring holds.
const BLOCK: usize = 1024;

/// A queue of small values.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Fifo<T> {
    /// The oldest items.
    ring: VecDeque<T>,
    /// Whether anything stands in blocks, so that the short queue looks at one flag and not at two lists.
    long: bool,
    /// Newer ones in full blocks.
    sealed: VecDeque<Arc<[T]>>,
    /// The newest, being filled; only used while the ring is full or blocks are sealed.
    open: Vec<T>,
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Fifo { ring: VecDeque::new(), sealed: VecDeque::new(), open: Vec::new(), long: false }
    }
}

impl<T: Clone> Fifo<T> {
    /// Adds the newest.
    #[inline(always)]
    pub fn push(&mut self, item: T) {
        if !self.long && self.ring.len() < BLOCK {
            self.ring.push_back(item);
        } else {
            self.overflow(item);
        }
    }

    #[inline(never)]
    fn overflow(&mut self, item: T) {
        self.long = true;
        if self.open.capacity() == 0 {
            self.open.reserve_exact(BLOCK);
        }
        self.open.push(item);
        if self.open.len() == BLOCK {
            self.sealed.push_back(Arc::from(self.open.as_slice()));
            self.open.clear();
        }
    }

    /// Changes items in place, oldest first. Sealed blocks that others share are copied.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&mut T)) {
        self.ring.iter_mut().for_each(&mut change);
        self.sealed.iter_mut().flat_map(|block| Arc::make_mut(block).iter_mut()).for_each(&mut change);
        self.open.iter_mut().for_each(&mut change);
    }

    /// Takes the oldest.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        match self.ring.pop_front() {
            Some(item) => Some(item),
            None if self.long => self.refill(),
            None => None,
        }
    }

    #[inline(never)]
    fn refill(&mut self) -> Option<T> {
        match self.sealed.pop_front() {
            Some(block) => self.ring.extend(block.iter().cloned()),
            None => {
                self.ring.extend(self.open.drain(..));
                self.open = Vec::new();
            }
        }
        self.long = !(self.sealed.is_empty() && self.open.is_empty());
        self.ring.pop_front()
    }

    /// The oldest, left in place.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        // The ring runs empty only together with the blocks or just before a refill.
        self.ring.front().or_else(|| self.sealed.front().map_or(self.open.first(), |block| block.first()))
    }

    /// The newest, left in place.
    pub fn back(&self) -> Option<&T> {
        let sealed = || self.sealed.back().and_then(|block| block.last());
        self.open.last().or_else(sealed).or_else(|| self.ring.back())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ring.len() + self.sealed.len() * BLOCK + self.open.len()
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty() && !self.long
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        self.sealed.iter().for_each(|block| each(block.as_ptr() as usize, size_of_val(&**block)));
        let pointers = self.sealed.capacity() * size_of::<Arc<[T]>>();
        pointers + (self.ring.capacity() + self.open.capacity()) * size_of::<T>()
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.ring.iter().chain(self.sealed.iter().flat_map(|block| block.iter())).chain(self.open.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn keeps_order_through_every_way_of_growing_and_shrinking() {
        let mut fifo = Fifo::default();
        let mut plain = VecDeque::new();
        let mut random = Stream::named(3, "fifo");
        for round in 0..60 {
            // Rounds that fill and rounds that drain, so that ring, open and sealed blocks all come and go.
            let bias = if round % 2 == 0 { 3 } else { 1 };
            for n in 0..random.below(5000) {
                if random.below(4) < bias {
                    fifo.push(n);
                    plain.push_back(n);
                } else {
                    assert_eq!((fifo.front().copied(), fifo.back().copied()), (plain.front().copied(), plain.back().copied()));
                    assert_eq!(fifo.pop(), plain.pop_front());
                }
                assert_eq!(fifo.len(), plain.len());
                assert_eq!(fifo.is_empty(), plain.is_empty());
            }
            assert!(fifo.iter().eq(plain.iter()));
        }
    }

    #[test]
    fn a_long_queue_shares_its_blocks_with_its_copies() {
        let mut fifo = Fifo::default();
        (0..10_000u64).for_each(|n| fifo.push(n));
        let copy = fifo.clone();
        assert!(fifo.sealed.iter().zip(&copy.sealed).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_eq!(fifo.pop(), Some(0));
        assert_eq!(copy.len(), 10_000);
    }
}
