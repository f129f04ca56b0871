//! A first-in, first-out queue that stays small in cache when short and wastes no memory when long.
//!
//! The oldest items stand in a small ring. When it is full, newer ones go to blocks of fixed size; full blocks
//! are sealed and shared, so that copying a queue (a checkpoint) copies at most the ring and two blocks.

use super::near::near;
use std::collections::VecDeque;
use std::sync::Arc;

/// Items per sealed block and the most a ring holds.
const BLOCK: usize = 1024;

/// A queue of small values. What the short queue needs takes 40 bytes, so that it fits into a line of the cache with what is around it.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Fifo<T> {
    /// The oldest items.
    ring: VecDeque<T>,
    /// Newer ones, if the ring is not all.
    behind: Option<Box<Behind<T>>>,
}

/// What stands behind the ring.
#[derive(Clone, Debug)]
struct Behind<T> {
    /// In full blocks.
    sealed: VecDeque<Arc<[T]>>,
    /// The newest, being filled.
    open: Vec<T>,
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Fifo { ring: VecDeque::new(), behind: None }
    }
}

impl<T> Behind<T> {
    fn len(&self) -> usize {
        self.sealed.len() * BLOCK + self.open.len()
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.sealed.iter().flat_map(|block| block.iter()).chain(&self.open)
    }
}

impl<T: Clone> Fifo<T> {
    /// Adds the newest.
    #[inline(always)]
    pub fn push(&mut self, item: T) {
        if self.behind.is_none() && self.ring.len() < BLOCK {
            self.ring.push_back(item);
        } else {
            self.open_block().push(item);
        }
    }

    /// The block to add the newest to, if the ring is not the place. (Items are not handed to what is not inlined: they stay in registers.)
    #[inline(never)]
    fn open_block(&mut self) -> &mut Vec<T> {
        let empty = || Box::new(Behind { sealed: VecDeque::new(), open: Vec::with_capacity(BLOCK) });
        let behind = self.behind.get_or_insert_with(empty);
        if behind.open.len() == BLOCK {
            behind.sealed.push_back(Arc::from(behind.open.as_slice()));
            behind.open.clear();
        }
        &mut behind.open
    }

    /// Changes items in place, oldest first. Sealed blocks that others share are copied.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&mut T)) {
        self.ring.iter_mut().for_each(&mut change);
        if let Some(behind) = &mut self.behind {
            behind.sealed.iter_mut().flat_map(|block| Arc::make_mut(block).iter_mut()).for_each(&mut change);
            behind.open.iter_mut().for_each(&mut change);
        }
    }

    /// Takes the oldest.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        if self.ring.is_empty() && self.behind.is_some() {
            self.refill();
        }
        pop_near(&mut self.ring)
    }

    #[inline(never)]
    fn refill(&mut self) {
        let Some(behind) = &mut self.behind else { return };
        match behind.sealed.pop_front() {
            Some(block) => self.ring.extend(block.iter().cloned()),
            None => self.ring.extend(behind.open.drain(..)),
        }
        if behind.len() == 0 {
            self.behind = None;
        }
    }

    /// The oldest, left in place.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        // The ring runs empty only together with what is behind it or just before a refill.
        self.ring.front().or_else(|| self.behind.as_ref()?.iter().next())
    }

    /// Brings the oldest [near].
    #[inline(always)]
    pub fn bring_near(&self) {
        if let Some(oldest) = self.ring.front() {
            near(oldest);
        }
    }

    /// The newest, left in place.
    pub fn back(&self) -> Option<&T> {
        // What is behind the ring is never empty.
        match &self.behind {
            Some(behind) => behind.open.last().or_else(|| behind.sealed.back()?.last()),
            None => self.ring.back(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ring.len() + self.behind.as_ref().map_or(0, |behind| behind.len())
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty() && self.behind.is_none()
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let ring = self.ring.capacity() * size_of::<T>();
        let Some(behind) = &self.behind else { return ring };
        behind.sealed.iter().for_each(|block| each(block.as_ptr() as usize, size_of_val(&**block)));
        let pointers = behind.sealed.capacity() * size_of::<Arc<[T]>>();
        ring + size_of::<Behind<T>>() + pointers + behind.open.capacity() * size_of::<T>()
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.ring.iter().chain(self.behind.iter().flat_map(|behind| behind.iter()))
    }
}

/// Takes the oldest of a queue. One that runs empty starts over at the beginning of its memory, so that a short queue stays in the same few
/// lines of the cache however long it once was, and does not wander through all of its memory. (A Kafka delivery became 15 % cheaper.)
#[inline(always)]
pub fn pop_near<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let oldest = queue.pop_front();
    if queue.is_empty() {
        queue.clear();
    }
    oldest
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
        let sealed = |fifo: &Fifo<u64>| fifo.behind.as_ref().unwrap().sealed.clone();
        assert!(!sealed(&fifo).is_empty());
        assert!(sealed(&fifo).iter().zip(&sealed(&copy)).all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_eq!(fifo.pop(), Some(0));
        assert_eq!(copy.len(), 10_000);
    }
}
