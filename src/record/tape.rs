//! A list that only grows and whose copies share what is in it: copying one costs a handful of pointers, however long it is.

use std::sync::Arc;

/// Items per sealed block.
const BLOCK: usize = 64;

/// An append-only list of shared items.
#[derive(Debug, PartialEq)]
pub struct Tape<T> {
    /// Full blocks.
    sealed: Arc<Vec<Arc<[Arc<T>]>>>,
    /// The newest items.
    open: Vec<Arc<T>>,
}

impl<T> Clone for Tape<T> {
    fn clone(&self) -> Self {
        Tape { sealed: Arc::clone(&self.sealed), open: self.open.clone() }
    }
}

impl<T> Default for Tape<T> {
    fn default() -> Self {
        Tape { sealed: Arc::default(), open: Vec::new() }
    }
}

impl<T> Tape<T> {
    /// Adds the newest item.
    pub fn push(&mut self, item: Arc<T>) {
        self.open.push(item);
        if self.open.len() == BLOCK {
            // Copies the list of blocks only where a copy of this tape still looks at it.
            Arc::make_mut(&mut self.sealed).push(Arc::from(self.open.as_slice()));
            self.open.clear();
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.sealed.len() * BLOCK + self.open.len()
    }

    /// The item at a position.
    pub fn get(&self, index: usize) -> Option<&Arc<T>> {
        match self.sealed.get(index / BLOCK) {
            Some(block) => block.get(index % BLOCK),
            None => self.open.get(index - self.sealed.len() * BLOCK),
        }
    }

    /// The newest item.
    pub fn last(&self) -> Option<&Arc<T>> {
        self.len().checked_sub(1).and_then(|last| self.get(last))
    }

    /// Calls `each` with the identity of every sealed block and its items: copies that share a block name the same one.
    pub fn blocks(&self, mut each: impl FnMut(usize, &[Arc<T>])) {
        for block in self.sealed.iter() {
            each(block.as_ptr() as usize, block);
        }
    }

    /// Items that no block shares yet.
    pub fn newest(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_keep_what_they_were_and_share_what_is_sealed() {
        let mut tape = Tape::default();
        (0..1000).for_each(|n| tape.push(Arc::new(n)));
        let copy = tape.clone();
        (1000..2000).for_each(|n| tape.push(Arc::new(n)));
        assert_eq!((copy.len(), tape.len()), (1000, 2000));
        assert!((0..2000).all(|n| tape.get(n).is_some_and(|item| **item == n) && copy.get(n).is_some() == (n < 1000)));
        assert_eq!((copy.last().map(|n| **n), tape.get(2000)), (Some(999), None));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        tape.blocks(|block, _| ours.push(block));
        copy.blocks(|block, _| theirs.push(block));
        assert!(theirs.len() == 1000 / BLOCK && ours.starts_with(&theirs));
    }
}
