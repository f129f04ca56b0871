//! The readers of one topic in the order of how much they have, as partitions go to those with least from those with most.

/// Two ends that move towards each other: the members level at the bottom, each of whom gets one in turn, and those level at the
/// top, each of whom gives one. Others join an end when its level reaches them. Sizes are those at the start of the walk.
///
/// Levels are kept one higher than they are, because that of the bottom begins below the least.
pub struct Levels {
    /// With least first; equals in the order of their ids.
    members: Vec<usize>,
    /// How many are level at the bottom, at which level, and which of them is next.
    low: End,
    /// The same at the top: those from `high_start` to before `high.count`; the next is before `high.next`.
    high: End,
    high_start: usize,
}

struct End {
    level: usize,
    count: usize,
    next: usize,
}

impl Levels {
    /// At the start: nobody has joined an end.
    pub fn new(readers: &[usize], sizes: &[usize]) -> Levels {
        let mut members = readers.to_vec();
        members.sort_by_key(|member| (sizes[*member], *member));
        let size = |member: Option<&usize>| member.map_or(0, |member| sizes[*member]);
        let (least, most, count) = (size(members.first()), size(members.last()), members.len());
        Levels {
            members,
            low: End { level: least, count: 0, next: 0 },
            high: End { level: most + 2, count, next: count },
            high_start: count,
        }
    }

    /// Who gets the next one.
    pub fn poorest(&mut self, sizes: &[usize]) -> usize {
        let low = &mut self.low;
        if low.next >= low.count {
            low.level += 1;
            while self.members.get(low.count).is_some_and(|member| sizes[*member] + 1 == low.level) {
                low.count += 1;
            }
            low.next = 0;
        }
        low.next += 1;
        self.members[low.next - 1]
    }

    /// Who gives the next one, of those that have some (`has`); whoever has none leaves.
    pub fn richest(&mut self, sizes: &[usize], has: impl Fn(usize) -> bool) -> Option<usize> {
        loop {
            let high = &mut self.high;
            if high.next <= self.high_start {
                match self.high_start.checked_sub(1).filter(|_| high.count <= self.high_start) {
                    Some(next) => high.level = sizes[self.members[next]] + 1,
                    None => high.level -= 1,
                }
                while self.high_start.checked_sub(1).is_some_and(|next| sizes[self.members[next]] + 1 == high.level) {
                    self.high_start -= 1;
                }
                high.next = high.count;
            }
            high.next = high.next.checked_sub(1)?;
            let member = self.members[high.next];
            if has(member) {
                return Some(member);
            }
            high.count -= 1;
            self.members.swap(high.next, high.count);
        }
    }

    /// Whether the ends have met.
    pub fn met(&self) -> bool {
        self.high.level <= self.low.level + 1
    }
}
