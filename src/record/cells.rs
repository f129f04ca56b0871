//! The cells of many distributions, side by side.
//!
//! A delivery adds to three distributions of its consumer, which lie somewhere else for each consumer. Where there are thousands of them,
//! finding the page of memory takes the processor longer than adding, so all cells stand in one piece, without gaps that grow. (With a
//! thousand fan-outs a copy takes a fifth less time than with cells of their own for every distribution, which also have to be copied one
//! by one for a checkpoint.)

use super::histogram::Precision;
use crate::engine::near::near;
use std::collections::BTreeMap;

/// How often a cell has gone through 256, for so many cells.
const CHUNK: usize = 256;

/// So many cells and more do not all stay near: what is added to one is left for later, until it has been brought near. (With a thousand
/// fan-outs a copy takes 10 % less time.) Debug builds do so with any number, so that every test does.
const FAR: usize = 1 << 18;

/// So many additions are left for later.
const LATE: usize = 8;

/// Nothing is added here.
const NOWHERE: usize = usize::MAX;

/// Counts of samples, given out in ranges.
#[derive(Clone, Debug)]
pub struct Cells {
    /// Of all distributions.
    precision: Precision,
    /// Cells per factor of two, as a power of two.
    bits: u8,
    /// Samples per cell, modulo 256: one byte each, so that what thousands of consumers touch stays small (among 4,000 of them a delivery
    /// took 298 ns, with four bytes 351).
    counts: Vec<u8>,
    /// How often each has gone through 256, by chunks in which one has.
    rounds: Vec<Option<Box<[u32; CHUNK]>>>,
    /// Ranges that were taken back, by length, and how many cells these are.
    free: BTreeMap<usize, Vec<usize>>,
    idle: usize,
    /// How many were carried elsewhere.
    carried: usize,
    /// Where one sample is still to be added; the next to be looked at has waited longest.
    late: [usize; LATE],
    next: usize,
}

impl Cells {
    /// None yet, of distributions of this precision, with memory for so many.
    pub fn new(precision: Precision, expected: usize) -> Cells {
        Cells {
            precision,
            bits: precision.bits(),
            counts: Vec::with_capacity(expected),
            rounds: Vec::new(),
            free: BTreeMap::new(),
            idle: 0,
            carried: 0,
            late: [NOWHERE; LATE],
            next: 0,
        }
    }

    /// Of all distributions.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Cells per factor of two, as a power of two.
    #[inline(always)]
    pub(super) fn bits(&self) -> u8 {
        self.bits
    }

    /// Room for so many cells more.
    pub fn take(&mut self, len: usize) -> usize {
        if let Some(place) = self.free.get_mut(&len).and_then(Vec::pop) {
            self.idle -= len;
            return place;
        }
        let place = self.counts.len();
        self.counts.resize(place + len, 0);
        place
    }

    /// More room behind a range, where it is. False if there is none.
    pub fn extend(&mut self, place: usize, len: usize, more: usize) -> bool {
        let last = place + len == self.counts.len();
        if last {
            self.counts.resize(place + more, 0);
        }
        last
    }

    /// Takes the samples of a range to another place, and the range back.
    pub fn carry(&mut self, from: usize, len: usize, to: usize) {
        self.settle();
        self.counts.copy_within(from..from + len, to);
        let rounds: Vec<(usize, u64)> = self.high(from, len).collect();
        rounds.into_iter().for_each(|(i, samples)| self.go_round(to + i, (samples >> 8) as u32));
        self.clear(from, len);
        if len > 0 {
            self.free.entry(len).or_default().push(from);
        }
        self.idle += len;
        self.carried += len;
    }

    /// Copies the samples of a range of other cells.
    pub fn copy(&mut self, other: &Cells, from: usize, len: usize, to: usize) {
        self.counts[to..to + len].copy_from_slice(other.low(from, len));
        other.high(from, len).for_each(|(i, samples)| self.go_round(to + i, (samples >> 8) as u32));
    }

    /// How many are in use.
    pub fn in_use(&self) -> usize {
        self.counts.len() - self.idle
    }

    /// Whether so much was carried about that it is time to put everything in order, in new cells.
    pub fn is_stirred(&self) -> bool {
        self.carried > self.in_use()
    }

    /// One sample more, at the latest when all is [settled](Cells::settle).
    #[inline(always)]
    pub fn add_one(&mut self, place: usize) {
        if !cfg!(debug_assertions) && self.counts.len() < FAR {
            return self.add_now(place);
        }
        near(&self.counts[place]);
        let next = self.next % LATE;
        self.next = next + 1;
        let due = std::mem::replace(&mut self.late[next], place);
        if due != NOWHERE {
            self.add_now(due);
        }
    }

    /// What was left for later is done now: to be called before anybody looks.
    pub fn settle(&mut self) {
        for due in std::mem::replace(&mut self.late, [NOWHERE; LATE]) {
            if due != NOWHERE {
                self.add_now(due);
            }
        }
    }

    #[inline(always)]
    fn add_now(&mut self, place: usize) {
        let (more, through) = self.counts[place].overflowing_add(1);
        self.counts[place] = more;
        if through {
            self.go_round(place, 1);
        }
    }

    /// So many samples more.
    pub fn add(&mut self, place: usize, samples: u64) {
        let all = u64::from(self.counts[place]) + samples;
        self.counts[place] = all as u8;
        if all > u64::from(u8::MAX) {
            self.go_round(place, (all >> 8) as u32);
        }
    }

    #[cold]
    #[inline(never)]
    fn go_round(&mut self, place: usize, times: u32) {
        let chunk = place / CHUNK;
        if chunk >= self.rounds.len() {
            self.rounds.resize(chunk + 1, None);
        }
        self.rounds[chunk].get_or_insert_with(|| Box::new([0; CHUNK]))[place % CHUNK] += times;
    }

    /// The samples of a range modulo 256, cell by cell.
    pub fn low(&self, place: usize, len: usize) -> &[u8] {
        debug_assert!(self.late == [NOWHERE; LATE], "something is still to be added");
        &self.counts[place..place + len]
    }

    /// Samples of a range that [`Cells::low`] does not tell of: cells that have gone through 256, from the start of the range, and how many
    /// samples that was.
    pub fn high(&self, place: usize, len: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.rounds_of(place, len).flat_map(|(first, rounds)| {
            let counted = rounds.iter().enumerate().filter(|(_, rounds)| **rounds > 0);
            counted.map(move |(i, rounds)| (first + i, u64::from(*rounds) << 8))
        })
    }

    /// How many these are in all.
    pub fn high_count(&self, place: usize, len: usize) -> u64 {
        let each = |(_, rounds): (usize, &[u32])| rounds.iter().map(|rounds| u64::from(*rounds)).sum::<u64>();
        self.rounds_of(place, len).map(each).sum::<u64>() << 8
    }

    /// The rounds of a range, as far as there are any: where they begin in it, and how many each cell has.
    fn rounds_of(&self, place: usize, len: usize) -> impl Iterator<Item = (usize, &[u32])> + '_ {
        let (end, chunks) = (place + len, place / CHUNK..(place + len).div_ceil(CHUNK).min(self.rounds.len()));
        chunks.filter_map(move |chunk| {
            let first = chunk * CHUNK;
            let (from, to) = (first.max(place), (first + CHUNK).min(end));
            Some((from - place, &self.rounds[chunk].as_deref()?[from - first..to - first]))
        })
    }

    /// Forgets the samples of a range.
    pub fn clear(&mut self, place: usize, len: usize) {
        self.settle();
        self.counts[place..place + len].fill(0);
        for cell in place..place + len {
            if let Some(Some(rounds)) = self.rounds.get_mut(cell / CHUNK) {
                rounds[cell % CHUNK] = 0;
            }
        }
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        let chunks = self.rounds.iter().flatten().count() * size_of::<[u32; CHUNK]>();
        let free: usize = self.free.values().map(|places| places.capacity() * size_of::<usize>()).sum();
        self.counts.capacity() + self.rounds.capacity() * size_of::<Option<Box<[u32; CHUNK]>>>() + chunks + free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::record::histogram::Distribution;
    use crate::record::histogram::tests::Alone;

    #[test]
    fn distributions_side_by_side_are_what_each_would_be_alone() {
        const NUMBER: usize = 20;
        let mut random = Stream::named(5, "cells");
        let mut cells = Cells::new(Precision::Medium, 0);
        let mut together = [Distribution::default(); NUMBER];
        let mut alone: Vec<Alone> = (0..NUMBER).map(|_| Alone::new(Precision::Medium)).collect();
        let (mut stirred, mut high) = (false, false);
        for round in 0..200_000 {
            let which = random.below(NUMBER as u64) as usize;
            // Each around a time of its own that grows, some of them far from it, so that they grow in both directions and pass each other's
            // places.
            let ns =
                (1000 << which << (round / 20_000)) + random.below(100) * if random.below(500) == 0 { 1 << random.below(40) } else { 1 };
            together[which].record(ns, &mut cells);
            alone[which].record(ns);
            if round % 5000 == 0 {
                cells.settle();
                if cells.is_stirred() {
                    stirred = true;
                    let mut fresh = Cells::new(Precision::Medium, cells.in_use());
                    together.iter_mut().for_each(|one| *one = one.moved(&cells, &mut fresh));
                    assert!(!fresh.is_stirred() && fresh.in_use() == cells.in_use());
                    cells = fresh;
                }
                for (one, alone) in together.iter().zip(&mut alone) {
                    assert_eq!(cells.of(one).summary(), alone.read().summary());
                    assert_eq!(cells.of(one).rough(), alone.read().rough());
                }
                high |= cells.high(0, cells.counts.len()).next().is_some();
            }
        }
        assert!(stirred && high, "cells were carried about, and some of them have gone through 256");
        cells.settle();
        let gone = cells.of(&together[3]).count();
        together[3].clear(&mut cells);
        assert_eq!((gone > 0, cells.of(&together[3]).count(), cells.of(&together[4]).count()), (true, 0, alone[4].read().count()));
    }
}
