//! Whose turn it is: consumers in line, those of a higher priority first.

use std::collections::VecDeque;

/// Consumers in line, by priority.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// Highest priority first; nearly always there is only one.
    ranks: Vec<(i32, VecDeque<u32>)>,
}

impl Rotation {
    /// To the end of the line of its priority.
    #[inline(always)]
    pub fn push(&mut self, priority: i32, consumer: u32) {
        match self.ranks.first_mut() {
            Some((rank, line)) if *rank == priority => line.push_back(consumer),
            _ => self.push_ranked(priority, consumer),
        }
    }

    #[cold]
    fn push_ranked(&mut self, priority: i32, consumer: u32) {
        match self.ranks.binary_search_by(|(rank, _)| priority.cmp(rank)) {
            Ok(at) => self.ranks[at].1.push_back(consumer),
            Err(at) => self.ranks.insert(at, (priority, VecDeque::from([consumer]))),
        }
    }

    /// Takes the first in line.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(i32, u32)> {
        self.ranks.iter_mut().find_map(|(rank, line)| line.pop_front().map(|consumer| (*rank, consumer)))
    }

    /// The first in line, left there.
    pub fn front(&self) -> Option<u32> {
        self.ranks.iter().find_map(|(_, line)| line.front().copied())
    }

    /// Takes one out of the line.
    pub fn remove(&mut self, consumer: u32) {
        for (_, line) in &mut self.ranks {
            line.retain(|other| *other != consumer);
        }
        self.ranks.retain(|(_, line)| !line.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_priorities_come_first_and_equals_in_turn() {
        let mut rotation = Rotation::default();
        for (priority, consumer) in [(0, 1), (5, 2), (0, 3), (-1, 4), (5, 5)] {
            rotation.push(priority, consumer);
        }
        assert_eq!(rotation.front(), Some(2));
        rotation.remove(1);
        let mut order = Vec::new();
        while let Some((_, consumer)) = rotation.pop() {
            order.push(consumer);
        }
        assert_eq!(order, [2, 5, 3, 4]);
    }
}
