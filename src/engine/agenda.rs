//! The agenda: what is due, ordered by (time, sequence), so that equal times are first in, first out.
//!
//! An entry is one `u128`: time in the upper half; sequence number, kind and index packed in the lower. A
//! single unsigned comparison gives the whole order and the payload rides along, which keeps four children in
//! one cache line of a 4-ary heap. (Measured on one machine at 10 and at 100,000 pending: 20 and 103 ns per pop and
//! push against 25 and 380 for a binary heap of 40-byte entries.)

use super::near::near;
use crate::time::Time;

/// What kind of thing is due; says what the index of an entry points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// An emitter's next arrival.
    Arrival,
    /// The first message of a convoy arrives.
    ConvoyHead,
    /// One event on a link of random latency arrives; index of a transit.
    Transit,
    /// A worker is done.
    Done,
    /// A backoff is over; index of a backoff.
    Retry,
    /// A broker's rules wanted to be called; index of a wake-up.
    Wake,
    /// A broker's parcel arrives; index of a parcel.
    Parcel,
    /// Something rarer; index of an errand.
    Errand,
}

#[cfg(test)]
const KINDS: [Due; 8] = [Due::Arrival, Due::ConvoyHead, Due::Transit, Due::Done, Due::Retry, Due::Wake, Due::Parcel, Due::Errand];
const KIND_BITS: u32 = 4;
const INDEX_BITS: u32 = 26;
const SEQUENCE_SHIFT: u32 = KIND_BITS + INDEX_BITS;

/// Most entries that may be scheduled in a run: the sequence number has 34 bits.
pub const MOST_SCHEDULED: u64 = (1 << (64 - SEQUENCE_SHIFT)) - 1;
/// Most things of one kind: the index has 26 bits.
pub const MOST_INDEXED: u64 = (1 << INDEX_BITS) - 1;

/// Something due. Compares by time, then by sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry(u128);

impl Entry {
    const NONE: Entry = Entry(u128::MAX);

    #[inline(always)]
    fn new(at: Time, sequence: u64, due: Due, index: u32) -> Entry {
        Entry(u128::from(at.0) << 64 | u128::from(sequence << SEQUENCE_SHIFT | (due as u64) << INDEX_BITS | u64::from(index)))
    }

    /// When.
    #[inline(always)]
    pub fn at(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    /// Whether it was scheduled right after another one for the same time (and is of the same kind): nothing can lie between the two. So it
    /// is with what a convoy took in at once.
    #[inline(always)]
    fn follows(self, before: Entry) -> bool {
        self.0 == before.0.wrapping_add(1 << SEQUENCE_SHIFT)
    }

    /// What.
    #[inline(always)]
    pub fn due(self) -> Due {
        // Written out, so that whoever matches on it jumps straight by the bits.
        match (self.0 as u64 >> INDEX_BITS) & ((1 << KIND_BITS) - 1) {
            0 => Due::Arrival,
            1 => Due::ConvoyHead,
            2 => Due::Transit,
            3 => Due::Done,
            4 => Due::Retry,
            5 => Due::Wake,
            6 => Due::Parcel,
            _ => Due::Errand,
        }
    }

    /// Which.
    #[inline(always)]
    pub fn index(self) -> u32 {
        (self.0 as u64 & MOST_INDEXED) as u32
    }
}

/// Four entries with one parent: one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Four([Entry; 4]);

impl Four {
    const NONE: Four = Four([Entry::NONE; 4]);

    /// The least of them, and which it is. (By places and not by values, which takes half the instructions: places fit in registers.)
    #[inline(always)]
    fn least(&self) -> (Entry, usize) {
        let four = &self.0;
        let left = usize::from(four[1] < four[0]);
        let right = 2 + usize::from(four[3] < four[2]);
        let which = if four[right & 3] < four[left & 3] { right } else { left };
        (four[which & 3], which)
    }
}

/// As long as no more than this wait behind the one due next, they stand in order.
const FEW: usize = 7;
/// A heap that has shrunk so far is put in order again.
const FEW_AGAIN: usize = 4;

/// So many groups of a heap are always near.
const NEAR: usize = 20;

/// Two entries, the sooner one first. (By choosing values and not ways to go: which of two is sooner cannot be foreseen.)
#[inline(always)]
fn in_order(a: Entry, b: Entry) -> (Entry, Entry) {
    let swap = b < a;
    (if swap { b } else { a }, if swap { a } else { b })
}

/// The pending entries: in order while there are few, else a 4-ary heap.
///
/// The one due next, the root, stands by itself. Few others stand in order behind it. A new one goes along them, and each place keeps the
/// sooner of two: always the same steps, so that the processor never takes a wrong turn, which costs as much as a dozen of them. (With 3 and
/// with 7 pending, taking one and putting another took half and two thirds of the time that looking for the place took; a copy in a fan-out
/// became 6 % cheaper.)
///
/// In the heap, all others are numbered: the children of the root from 0 to 3, those of entry `n` are the four of group `n + 1`. Unused
/// places hold [`Entry::NONE`], so that the least of four needs no bounds.
#[derive(Clone, Debug)]
pub struct Agenda {
    /// [`Entry::NONE`] if nothing is pending.
    root: Entry,
    len: usize,
    sequence: u64,
    /// Whether all others are in the heap.
    many: bool,
    /// The entry being handled still stands at the root: the first entry scheduled meanwhile takes its place, which
    /// saves one of two sifts (a third of the cost of a pop and a push).
    open: bool,
    few: [Entry; FEW],
    groups: Vec<Four>,
}

impl Default for Agenda {
    fn default() -> Self {
        let groups = vec![Four::NONE; FEW.next_power_of_two()];
        Agenda { root: Entry::NONE, len: 0, sequence: 0, many: false, open: false, few: [Entry::NONE; FEW], groups }
    }
}

impl Agenda {
    /// The entry due next, left in place until [`Agenda::close`].
    #[inline(always)]
    pub fn next(&self) -> Option<Entry> {
        Some(self.root).filter(|root| *root != Entry::NONE)
    }

    /// The same if it is due by `until`, which lies before the end of time.
    #[inline(always)]
    pub fn due_by(&self, until: Time) -> Option<Entry> {
        debug_assert!(!self.open, "an entry is being handled");
        debug_assert!(until < Time::NEVER, "nothing is due by the end of time");
        Some(self.root).filter(|root| root.at() <= until)
    }

    /// What is due after the next entry as things stand, if many are pending.
    #[inline(always)]
    pub fn then(&self) -> Option<Entry> {
        self.many.then(|| self.groups[0].least().0)
    }

    /// From here until [`Agenda::close`] the next entry is being handled.
    #[inline(always)]
    pub fn open(&mut self) {
        self.open = true;
    }

    /// The entry being handled is done with.
    #[inline(always)]
    pub fn close(&mut self) {
        if self.open {
            self.open = false;
            self.pop();
        }
    }

    /// Puts something on the agenda.
    #[inline(always)]
    pub fn schedule(&mut self, at: Time, due: Due, index: u32) {
        let entry = self.reserve(at, due, index);
        self.insert(entry);
    }

    /// Takes the place in the order that scheduling now would give, to be inserted later (but before its time).
    #[inline(always)]
    pub fn reserve(&mut self, at: Time, due: Due, index: u32) -> Entry {
        debug_assert!(u64::from(index) <= MOST_INDEXED);
        self.sequence += 1;
        Entry::new(at, self.sequence, due, index)
    }

    /// Puts a reserved entry on the agenda.
    #[inline(always)]
    pub fn insert(&mut self, entry: Entry) {
        if !self.open {
            return self.push(entry);
        }
        self.open = false;
        if self.many {
            return match entry.follows(self.root) {
                true => self.root = entry,
                false => self.sift_down(entry),
            };
        }
        // Places that are surely empty are not gone through.
        match self.len {
            ..=2 => self.replace::<1>(entry),
            3 | 4 => self.replace::<3>(entry),
            _ => self.replace::<FEW>(entry),
        }
    }

    /// Puts an entry in the place of the root, among no more than so many others.
    #[inline(always)]
    fn replace<const OTHERS: usize>(&mut self, entry: Entry) {
        let (soonest, mut later) = in_order(entry, self.few[0]);
        self.root = soonest;
        for next in 1..OTHERS {
            (self.few[next - 1], later) = in_order(later, self.few[next]);
        }
        self.few[OTHERS - 1] = later;
    }

    /// How many entries were scheduled so far.
    pub fn scheduled(&self) -> u64 {
        self.sequence
    }

    /// Everything on it, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let others = self.len.saturating_sub(1);
        let few = self.few.iter().copied().take(if self.many { 0 } else { others });
        let heap = self.groups.iter().flat_map(|group| group.0).take(if self.many { others } else { 0 });
        self.next().into_iter().chain(few).chain(heap)
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Four>()
    }

    /// How many are pending.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    fn push(&mut self, entry: Entry) {
        self.len += 1;
        if self.many {
            self.sift_up(entry);
        } else if self.len == 2 + FEW {
            self.grow();
            self.sift_up(entry);
        } else {
            let mut later;
            (self.root, later) = in_order(self.root, entry);
            for place in &mut self.few {
                (*place, later) = in_order(*place, later);
            }
        }
    }

    /// The few become many. (In ascending order they are a heap.)
    #[cold]
    fn grow(&mut self) {
        self.many = true;
        let ascending = &self.few;
        self.groups.iter_mut().flat_map(|group| &mut group.0).zip(ascending).for_each(|(place, entry)| *place = *entry);
    }

    /// The many become few.
    #[cold]
    fn shrink(&mut self) {
        self.many = false;
        let others = self.len - 1;
        let heap = self.groups.iter_mut().flat_map(|group| &mut group.0);
        self.few = [Entry::NONE; FEW];
        self.few.iter_mut().zip(heap).take(others).for_each(|(place, entry)| *place = std::mem::replace(entry, Entry::NONE));
        self.few.sort_unstable();
    }

    fn sift_up(&mut self, entry: Entry) {
        let mut place = self.len - 2;
        if place / 4 == self.groups.len() {
            self.groups.resize(self.groups.len() * 2, Four::NONE);
        }
        while place >= 4 {
            let parent = place / 4 - 1;
            let above = self.groups[parent / 4].0[parent % 4];
            if above <= entry {
                break;
            }
            self.groups[place / 4].0[place % 4] = above;
            place = parent;
        }
        if place < 4 && entry < self.root {
            self.groups[0].0[place] = std::mem::replace(&mut self.root, entry);
        } else {
            self.groups[place / 4].0[place % 4] = entry;
        }
    }

    fn pop(&mut self) {
        self.len -= 1;
        if !self.many {
            self.root = self.few[0];
            self.few.copy_within(1.., 0);
            self.few[FEW - 1] = Entry::NONE;
            return;
        }
        let last = self.len - 1;
        let entry = std::mem::replace(&mut self.groups[last / 4].0[last % 4], Entry::NONE);
        self.sift_down(entry);
        if last == FEW_AGAIN {
            self.shrink();
        }
    }

    /// Puts `entry` where the root is and restores the order.
    #[inline]
    fn sift_down(&mut self, entry: Entry) {
        let groups = self.groups.as_mut_slice();
        let mut hole = &mut self.root;
        let mut next = 0;
        // The borrow of the hole ends where the next group begins: children stand behind their parents.
        let mut rest = groups;
        let mut skipped = 0;
        while let Some((group, behind)) = rest.get_mut(next - skipped..).and_then(<[Four]>::split_first_mut) {
            // All four that may come next are asked for before it is known which does; the first ones are near anyway. (A copy
            // among a thousand fan-outs takes 5 % less time, among ten thousand 7 %.)
            if next >= NEAR
                && let Some(below) = behind.get(3 * next..3 * next + 4)
            {
                below.iter().for_each(near);
            }
            let (least, which) = group.least();
            if entry <= least {
                break;
            }
            *hole = least;
            hole = &mut group.0[which];
            skipped = next + 1;
            next = 4 * next + which + 1;
            rest = behind;
        }
        *hole = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    #[test]
    fn agrees_with_a_binary_heap_under_random_use() {
        let mut agenda = Agenda::default();
        let mut heap = BinaryHeap::new();
        let mut random = Stream::named(1, "agenda");
        let mut now = 0;
        for round in 0..200_000 {
            let at = Time(now + random.below(1000));
            // Rounds in which it grows and rounds in which it shrinks, through all sizes in order and as a heap.
            match random.below(if round / 1000 % 2 == 0 { 3 } else { 4 }) {
                0 => {
                    let entry = agenda.reserve(at, Due::Done, 7);
                    agenda.insert(entry);
                    heap.push(Reverse(entry));
                }
                n => {
                    assert_eq!(agenda.next(), heap.peek().map(|e| e.0));
                    if let Some(entry) = agenda.next() {
                        now = entry.at().0;
                        heap.pop();
                        agenda.open();
                        if n == 1 {
                            let entry = agenda.reserve(at, Due::Retry, 9);
                            agenda.insert(entry);
                            heap.push(Reverse(entry));
                        }
                        agenda.close();
                    }
                }
            }
            assert_eq!(agenda.len(), heap.len());
        }
    }

    #[test]
    fn equal_times_are_first_in_first_out_and_payloads_survive() {
        let mut agenda = Agenda::default();
        for index in 0..100 {
            agenda.schedule(Time(5), KINDS[index as usize % 8], index);
        }
        for index in 0..100 {
            let entry = agenda.next().unwrap();
            assert_eq!((entry.at(), entry.due(), entry.index()), (Time(5), KINDS[index as usize % 8], index));
            agenda.open();
            agenda.close();
        }
        assert_eq!(agenda.len(), 0);
    }
}
