//! Batches that wait for a place on a connection, in the order in which they are to be sent.
//!
//! A request takes the first of every partition. Mostly few wait, and whoever looks for these goes through all of them. Where many
//! wait, because a publisher is faster than its connection, the first of every partition are known.

use super::batch::Batch;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

/// More than so many are a crowd.
const MANY: usize = 128;
/// A crowd of no more than so many is none any more.
const FEW: usize = MANY / 4;
/// Between the ranks of two that follow on each other at first, so that others can come between them.
const GAP: i64 = 1 << 20;

/// Batches that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// All of them, while there are few.
    few: VecDeque<u32>,
    crowd: Option<Box<Crowd>>,
}

/// Many batches, by ranks that grow along the line.
#[derive(Clone, Debug, Default)]
struct Crowd {
    order: BTreeMap<i64, u32>,
    /// The same by partition.
    lanes: BTreeMap<u32, BTreeSet<i64>>,
    /// The first of every partition.
    heads: BTreeSet<i64>,
}

impl Line {
    /// Before the first place.
    pub const START: i64 = i64::MIN;

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.crowd.is_none()
    }

    /// To the end.
    #[inline]
    pub fn push(&mut self, batch: u32, batches: &[Batch]) {
        match &mut self.crowd {
            None => {
                self.few.push_back(batch);
                self.look(batches);
            }
            Some(crowd) => crowd.push(batch, batches),
        }
    }

    /// Before the first of those that were opened later.
    pub fn push_again(&mut self, batch: u32, batches: &[Batch]) {
        let serial = |batch: u32| batches[batch as usize].serial;
        match &mut self.crowd {
            None => {
                let place = self.few.iter().position(|other| serial(*other) > serial(batch)).unwrap_or(self.few.len());
                self.few.insert(place, batch);
                self.look(batches);
            }
            Some(crowd) => match crowd.order.iter().find(|(_, other)| serial(**other) > serial(batch)).map(|(rank, _)| *rank) {
                None => crowd.push(batch, batches),
                Some(later) => crowd.insert(batch, later, batches),
            },
        }
    }

    /// The next at or behind a place that may be the first of its partition, and its place.
    #[inline]
    pub fn next(&self, from: i64) -> Option<(i64, u32)> {
        match &self.crowd {
            None => {
                let place = from.max(0);
                self.few.get(place as usize).map(|batch| (place, *batch))
            }
            Some(crowd) => {
                let rank = *crowd.heads.range(from..).next()?;
                Some((rank, *crowd.order.get(&rank)?))
            }
        }
    }

    /// Takes one out that was [`Line::next`]; what follows on it is found from the same place on.
    #[inline]
    pub fn take(&mut self, place: i64, batches: &[Batch]) {
        match &mut self.crowd {
            None => {
                self.few.remove(place as usize);
            }
            Some(crowd) => crowd.take(place, batches),
        }
    }

    /// Before a request is made up: a crowd may have become few.
    #[inline]
    pub fn look_again(&mut self) {
        if let Some(crowd) = self.crowd.take_if(|crowd| crowd.order.len() <= FEW) {
            self.few = crowd.order.into_values().collect();
        }
    }

    /// Few may have become a crowd.
    #[inline]
    fn look(&mut self, batches: &[Batch]) {
        if self.few.len() > MANY {
            let mut crowd = Crowd::default();
            self.few.drain(..).for_each(|batch| crowd.push(batch, batches));
            self.crowd = Some(Box::new(crowd));
        }
    }

    /// None waits any more.
    pub fn clear(&mut self) {
        *self = Line::default();
    }

    /// Tells how many wait for which of these partitions; a partition may be told of several times.
    pub fn count(&self, partitions: Range<u32>, batches: &[Batch], mut tell: impl FnMut(u32, u32)) {
        match &self.crowd {
            None => {
                let waiting = self.few.iter().map(|batch| batches[*batch as usize].partition);
                waiting.filter(|partition| partitions.contains(partition)).for_each(|partition| tell(partition, 1));
            }
            Some(crowd) => crowd.lanes.range(partitions).for_each(|(partition, lane)| tell(*partition, lane.len() as u32)),
        }
    }

    /// Bytes of a copy on the heap.
    pub fn bytes(&self) -> usize {
        let crowd = self.crowd.as_ref().map_or(0, |crowd| crowd.order.len() * size_of::<(i64, u32, i64)>());
        self.few.capacity() * size_of::<u32>() + crowd
    }
}

impl Crowd {
    fn push(&mut self, batch: u32, batches: &[Batch]) {
        let rank = self.order.last_key_value().map_or(0, |(last, _)| last + GAP);
        self.put(rank, batch, batches);
    }

    /// Right before another one.
    fn insert(&mut self, batch: u32, later: i64, batches: &[Batch]) {
        let before = self.order.range(..later).next_back().map_or(later - 2 * GAP, |(rank, _)| *rank);
        if later - before > 1 {
            return self.put(before + (later - before) / 2, batch, batches);
        }
        // Nothing comes between the two: all get new ranks.
        let (front, behind): (Vec<_>, Vec<_>) = std::mem::take(self).order.into_iter().partition(|(rank, _)| *rank < later);
        let order = front.into_iter().map(|(_, batch)| batch).chain([batch]).chain(behind.into_iter().map(|(_, batch)| batch));
        order.for_each(|batch| self.push(batch, batches));
    }

    fn put(&mut self, rank: i64, batch: u32, batches: &[Batch]) {
        self.order.insert(rank, batch);
        let lane = self.lanes.entry(batches[batch as usize].partition).or_default();
        let first = lane.first().copied();
        lane.insert(rank);
        if first.is_none_or(|first| rank < first) {
            self.heads.insert(rank);
            if let Some(first) = first {
                self.heads.remove(&first);
            }
        }
    }

    fn take(&mut self, rank: i64, batches: &[Batch]) {
        let Some(batch) = self.order.remove(&rank) else { return };
        let partition = batches[batch as usize].partition;
        self.heads.remove(&rank);
        let Some(lane) = self.lanes.get_mut(&partition) else { return };
        lane.remove(&rank);
        self.heads.extend(lane.first());
        if lane.is_empty() {
            self.lanes.remove(&partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// The batches that a request would take, one of each partition.
    fn request(line: &mut Line, batches: &[Batch]) -> Vec<u32> {
        let (mut sent, mut asked, mut from) = (Vec::new(), BTreeSet::new(), Line::START);
        line.look_again();
        while let Some((place, batch)) = line.next(from) {
            if asked.insert(batches[batch as usize].partition) {
                line.take(place, batches);
                sent.push(batch);
                from = place;
            } else {
                from = place + 1;
            }
        }
        sent
    }

    #[test]
    fn many_leave_in_the_same_order_as_few() {
        let mut random = Stream::named(1, "line");
        let mut below = |most: u64| random.bits() % most;
        let batches: Vec<Batch> =
            (0..5000).map(|serial| Batch { serial, partition: below(9).min(below(9)) as u32, ..Batch::new() }).collect();
        let (mut line, mut plain) = (Line::default(), Vec::<u32>::new());
        let mut crowded = false;
        for batch in 0..5000 {
            // Some were opened earlier than what has come before them, and some come back.
            let batch = if batch % 2 == 0 { batch ^ 6 } else { batch };
            if below(5) == 0 {
                line.push_again(batch, &batches);
                plain.insert(plain.iter().position(|other| *other > batch).unwrap_or(plain.len()), batch);
            } else {
                line.push(batch, &batches);
                plain.push(batch);
            }
            crowded |= line.crowd.is_some();
            let rush = batch / 1000 % 2 == 1;
            if below(if rush { 2 } else { 12 }) == 0 {
                let mut asked = BTreeSet::new();
                let expected: Vec<u32> = plain.iter().copied().filter(|batch| asked.insert(batches[*batch as usize].partition)).collect();
                plain.retain(|batch| !expected.contains(batch));
                assert_eq!(request(&mut line, &batches), expected);
                let mut counts = [0; 9];
                line.count(0..9, &batches, |partition, waiting| counts[partition as usize] += waiting);
                assert_eq!(counts.iter().sum::<u32>() as usize, plain.len());
            }
        }
        assert!(crowded && line.is_empty() == plain.is_empty());
    }

    #[test]
    fn any_number_fits_between_two() {
        let batches: Vec<Batch> = (0..1000).map(|serial| Batch { serial, ..Batch::new() }).collect();
        let mut line = Line::default();
        (900..1000).chain(0..50).for_each(|batch| line.push(batch, &batches));
        (50..900).for_each(|batch| line.push_again(batch, &batches));
        let order: Vec<u32> = std::iter::from_fn(|| request(&mut line, &batches).first().copied()).collect();
        assert_eq!(order, (50..1000).chain(0..50).collect::<Vec<u32>>());
    }
}
