//! What a group has been handed of a partition and has not committed.

use std::collections::VecDeque;

/// Offsets in the order in which they were handed over, with whether each is settled.
///
/// Mostly they follow each other without gaps and are settled in order. Then two counts say it all, and nothing stands elsewhere in memory:
/// with 200 groups on 1,000 partitions that is most of what a delivery would have to wait for.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// The oldest offset of a run without gaps, how many there are, and how many of them are settled, from the oldest on.
    first: u64,
    len: u32,
    settled: u32,
    /// In place of the run, where that does not say it.
    #[expect(clippy::box_collection, reason = "it is rarely there, and one stands in every cursor of every partition")]
    listed: Option<Box<VecDeque<(u64, bool)>>>,
}

impl Window {
    /// A record has been handed over, which does not stand before those that were.
    #[inline]
    pub fn push(&mut self, offset: u64) {
        debug_assert!(self.newest().is_none_or(|newest| newest <= offset), "out of order");
        match &mut self.listed {
            None if self.len == 0 => (self.first, self.len) = (offset, 1),
            None if offset == self.first + u64::from(self.len) => self.len += 1,
            _ => self.list().push_back((offset, false)),
        }
    }

    /// Whether nothing is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0 && self.listed.is_none()
    }

    /// Takes out the record at an offset, if it is the oldest and neither it nor the one behind it is settled. Whether it was.
    #[inline]
    pub fn take_oldest(&mut self, offset: u64) -> bool {
        let Some(listed) = &mut self.listed else {
            let oldest = self.len > 0 && self.settled == 0 && self.first == offset;
            if oldest {
                (self.first, self.len) = (offset + 1, self.len - 1);
            }
            return oldest;
        };
        let oldest = listed.front() == Some(&(offset, false)) && listed.get(1).is_none_or(|(_, settled)| !*settled);
        if oldest {
            listed.pop_front();
            self.forget_empty();
        }
        oldest
    }

    /// The record at an offset is settled.
    #[inline]
    pub fn settle(&mut self, offset: u64) {
        if self.listed.is_none() && self.settled < self.len && offset == self.first + u64::from(self.settled) {
            self.settled += 1;
        } else if !self.is_empty() {
            self.settle_listed(offset);
        }
    }

    #[inline(never)]
    fn settle_listed(&mut self, offset: u64) {
        let listed = self.list();
        // Records are handed over in the order of their offsets.
        let first = listed.partition_point(|(at, _)| *at < offset);
        // What was sent elsewhere while a record was in hand, and came back with it, has that record twice.
        let mut same = listed.range_mut(first..).take_while(|(at, _)| *at == offset);
        if let Some((_, settled)) = same.find(|(_, settled)| !*settled) {
            *settled = true;
        }
    }

    /// All that is in it is settled.
    pub fn settle_all(&mut self) {
        self.settled = self.len;
        self.listed.iter_mut().flat_map(|listed| listed.iter_mut()).for_each(|(_, settled)| *settled = true);
    }

    /// Takes out what is settled without a gap, from the oldest on; gives the offset of the last.
    #[inline]
    pub fn take_settled(&mut self) -> Option<u64> {
        let Some(listed) = &mut self.listed else {
            let last = self.settled.checked_sub(1).map(|more| self.first + u64::from(more));
            (self.first, self.len, self.settled) = (self.first + u64::from(self.settled), self.len - self.settled, 0);
            return last;
        };
        let mut last = None;
        while let Some((offset, true)) = listed.front().copied() {
            last = last.max(Some(offset));
            listed.pop_front();
        }
        self.forget_empty();
        last
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Window::default();
    }

    /// Forgets offsets from `end` on.
    pub fn cut_off(&mut self, end: u64) {
        if let Some(listed) = &mut self.listed {
            listed.retain(|(offset, _)| *offset < end);
            return self.forget_empty();
        }
        self.len = self.len.min(u32::try_from(end.saturating_sub(self.first)).unwrap_or(u32::MAX));
        self.settled = self.settled.min(self.len);
    }

    /// Takes out everything: offsets, and whether they are settled.
    pub fn take(&mut self) -> VecDeque<(u64, bool)> {
        let taken = std::mem::take(self.list());
        self.clear();
        taken
    }

    fn newest(&self) -> Option<u64> {
        match &self.listed {
            Some(listed) => listed.back().map(|(offset, _)| *offset),
            None => self.len.checked_sub(1).map(|more| self.first + u64::from(more)),
        }
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.listed.as_ref().map_or(0, |listed| size_of::<VecDeque<(u64, bool)>>() + listed.capacity() * size_of::<(u64, bool)>())
    }

    /// Everything in a list.
    fn list(&mut self) -> &mut VecDeque<(u64, bool)> {
        let (first, len, settled) = (self.first, std::mem::take(&mut self.len), std::mem::take(&mut self.settled));
        self.listed.get_or_insert_with(|| Box::new((0..len).map(|n| (first + u64::from(n), n < settled)).collect()))
    }

    fn forget_empty(&mut self) {
        if self.listed.as_ref().is_some_and(|listed| listed.is_empty()) {
            self.listed = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// The same without the run.
    #[derive(Default)]
    struct Plain(VecDeque<(u64, bool)>);

    impl Plain {
        fn settle(&mut self, offset: u64) {
            if let Some((_, settled)) = self.0.iter_mut().find(|(at, settled)| *at == offset && !*settled) {
                *settled = true;
            }
        }

        fn take_oldest(&mut self, offset: u64) -> bool {
            let oldest = self.0.front() == Some(&(offset, false)) && self.0.get(1).is_none_or(|(_, settled)| !*settled);
            if oldest {
                self.0.pop_front();
            }
            oldest
        }

        fn take_settled(&mut self) -> Option<u64> {
            let settled = self.0.iter().take_while(|(_, settled)| *settled).count();
            self.0.drain(..settled).map(|(offset, _)| offset).max()
        }
    }

    #[test]
    fn runs_and_lists_are_the_same() {
        let mut random = Stream::named(4, "window");
        let (mut window, mut plain) = (Window::default(), Plain::default());
        let (mut next, mut runs, mut lists) = (0, 0, 0);
        for round in 0..200_000 {
            // Rounds in order and rounds with gaps and in any order.
            let wild = round / 500 % 2 == 1;
            match random.below(12) {
                0..5 => {
                    next += if wild && random.below(4) == 0 { random.below(3) } else { 1 };
                    window.push(next);
                    plain.0.push_back((next, false));
                }
                5..9 => {
                    let place = if wild { random.below(4) as usize } else { plain.0.iter().take_while(|(_, settled)| *settled).count() };
                    let Some((offset, _)) = plain.0.get(place).copied() else { continue };
                    window.settle(offset);
                    plain.settle(offset);
                }
                9 => {
                    let offset = plain.0.front().map_or(next, |(offset, _)| *offset) + random.below(4) / 3;
                    assert_eq!(window.take_oldest(offset), plain.take_oldest(offset), "{round}");
                }
                10 => assert_eq!(window.take_settled(), plain.take_settled(), "{round}"),
                _ if random.below(50) > 0 => {}
                _ => match random.below(4) {
                    0 => {
                        window.settle_all();
                        plain.0.iter_mut().for_each(|(_, settled)| *settled = true);
                    }
                    1 => {
                        let end = next.saturating_sub(random.below(4));
                        window.cut_off(end);
                        plain.0.retain(|(offset, _)| *offset < end);
                    }
                    2 => assert_eq!(window.take(), std::mem::take(&mut plain.0)),
                    _ => {
                        window.clear();
                        plain.0.clear();
                    }
                },
            }
            (runs, lists) = (runs + u32::from(window.len > 2), lists + u32::from(window.listed.is_some()));
            assert_eq!(window.clone().take(), plain.0, "{round}");
            assert_eq!(window.is_empty(), plain.0.is_empty());
        }
        assert!(runs > 10_000 && lists > 10_000, "{runs} {lists}");
    }
}
