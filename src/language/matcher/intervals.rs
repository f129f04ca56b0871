//! All of many intervals that a value lies in, at the cost of the logarithm of their number and of those that do.

/// Intervals with an item on each.
#[derive(Clone, Debug)]
pub(super) struct Intervals<T> {
    added: Vec<(Bound<T>, Bound<T>, u32)>,
    /// The different ends, in order.
    ends: Vec<T>,
    /// A tree over the ends and the gaps between them, root at 1; each interval hangs on the few nodes that make it up.
    nodes: Vec<Vec<u32>>,
    leaves: usize,
}

/// An end of an interval, and whether it belongs to it; `None` without end.
pub(super) type Bound<T> = Option<(T, bool)>;

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Intervals { added: Vec::new(), ends: Vec::new(), nodes: Vec::new(), leaves: 0 }
    }
}

impl<T: Copy + PartialOrd> Intervals<T> {
    /// Hangs an item on an interval.
    pub(super) fn add(&mut self, low: Bound<T>, high: Bound<T>, item: u32) {
        self.added.push((low, high, item));
    }

    /// Builds the tree of what was added.
    pub(super) fn settle(&mut self) {
        if self.added.is_empty() {
            return;
        }
        self.ends = self.added.iter().flat_map(|(low, high, _)| [*low, *high]).flatten().map(|(end, _)| end).collect();
        self.ends.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        self.ends.dedup();
        self.leaves = (2 * self.ends.len() + 1).next_power_of_two();
        self.nodes = vec![Vec::new(); 2 * self.leaves];
        for (low, high, item) in std::mem::take(&mut self.added) {
            // Slots: 2i is the gap before the i-th end, 2i + 1 the end itself.
            let first = low.map_or(0, |(end, closed)| 2 * self.index(end) + if closed { 1 } else { 2 });
            let last = high.map_or(2 * self.ends.len(), |(end, closed)| 2 * self.index(end) + usize::from(closed));
            let (mut from, mut to) = (first + self.leaves, last + self.leaves + 1);
            while from < to {
                if from & 1 == 1 {
                    self.nodes[from].push(item);
                    from += 1;
                }
                if to & 1 == 1 {
                    to -= 1;
                    self.nodes[to].push(item);
                }
                from /= 2;
                to /= 2;
            }
        }
    }

    fn index(&self, value: T) -> usize {
        self.ends.partition_point(|end| *end < value)
    }

    /// Visits the items of every interval that holds a value.
    pub(super) fn visit(&self, value: T, mut visit: impl FnMut(u32)) {
        if self.nodes.is_empty() {
            return;
        }
        let index = self.index(value);
        let on_end = self.ends.get(index).is_some_and(|end| *end == value);
        let mut node = self.leaves + 2 * index + usize::from(on_end);
        while node > 0 {
            self.nodes[node].iter().copied().for_each(&mut visit);
            node /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_exactly_the_intervals(
            given in proptest::collection::vec((proptest::option::of((0i32..9, any::<bool>())), proptest::option::of((0i32..9, any::<bool>()))), 0..12),
            value in -1i32..10,
        ) {
            let mut all = Intervals::default();
            for (i, (low, high)) in given.iter().enumerate() {
                all.add(*low, *high, i as u32);
            }
            all.settle();
            let mut found = Vec::new();
            all.visit(value, |item| found.push(item));
            found.sort_unstable();
            let holds = |(low, high): &(Bound<i32>, Bound<i32>)| {
                low.is_none_or(|(end, closed)| value > end || closed && value == end)
                    && high.is_none_or(|(end, closed)| value < end || closed && value == end)
            };
            let wanted: Vec<u32> = (0..given.len()).filter(|i| holds(&given[*i])).map(|i| i as u32).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
