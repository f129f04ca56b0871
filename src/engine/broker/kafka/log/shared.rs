//! A growing list that is cheap to clone: full blocks are shared, only the last is copied.

use std::sync::Arc;

/// Items per shared block: large enough that the blocks of millions of items are few, small enough that copying one is nothing.
const BLOCK: usize = 512;

/// Items in order of appending, found by their position. Never changed once appended.
#[derive(Debug)]
pub struct Shared<T> {
    full: Vec<Arc<[T]>>,
    last: Vec<T>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared { full: Vec::new(), last: Vec::new() }
    }
}

impl<T: Clone> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared { full: self.full.clone(), last: self.last.clone() }
    }
}

impl<T: Clone> Shared<T> {
    /// Appends one item.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.last.len() == BLOCK {
            self.full.push(Arc::from(self.last.as_slice()));
            self.last.clear();
        }
        self.last.push(item);
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.full.len() * BLOCK + self.last.len()
    }

    /// Whether there is none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The item at a position.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&T> {
        match self.full.get(at / BLOCK) {
            Some(block) => block.get(at % BLOCK),
            None => self.last.get(at - self.full.len() * BLOCK),
        }
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|block| block.iter()).chain(&self.last)
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        self.full.iter().for_each(|block| each(block.as_ptr() as usize, size_of_val(&**block)));
        // A copy has room for what there is, not for what may come.
        self.full.len() * size_of::<Arc<[T]>>() + self.last.len() * size_of::<T>()
    }

    /// Keeps the first `len` items.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        // The last list is never empty while blocks are full, so a length on a block's edge takes that block back.
        let blocks = len.saturating_sub(1) / BLOCK;
        if blocks < self.full.len() {
            self.last = self.full[blocks].to_vec();
            self.full.truncate(blocks);
        }
        self.last.truncate(len - blocks * BLOCK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_as_a_list_at_every_length_around_the_blocks() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 3] {
            let mut list = Shared::default();
            (0..length).for_each(|item| list.push(item));
            assert_eq!((list.len(), list.is_empty()), (length, length == 0));
            assert!(list.iter().copied().eq(0..length));
            assert_eq!(list.get(length), None);
            assert!((0..length).all(|at| list.get(at) == Some(&at)));
            for keep in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, length] {
                let mut cut = list.clone();
                cut.truncate(keep);
                assert!(cut.iter().copied().eq(0..keep.min(length)), "{length} cut to {keep}");
                cut.push(7);
                assert_eq!(cut.get(keep.min(length)), Some(&7));
            }
        }
    }
}
