//! A distribution of times: exact count, mean and maximum, percentiles to a stated precision.
//!
//! Samples fall into cells that grow with the value (log-linear, as in an HDR histogram), kept as small and as few as the cache
//! likes: recording is on the way of every delivery. (Measured: three default 3-digit `hdrhistogram`s per consumer took a quarter of
//! the run time of a fan-out of four.) Whoever reads gets a real `hdrhistogram` made from the cells.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times in nanoseconds.
///
/// 48 bytes: three of them and two levels share three lines of the cache.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Distribution {
    /// Samples per cell from the cell `first` on, modulo 256: one byte each, so that what thousands of consumers touch stays small (among
    /// 4,000 of them a delivery takes 298 ns, with four bytes 351). The first `2^bits` of all cells are one nanosecond wide, then each further
    /// factor of two has `2^bits` cells. Grows with the samples, by factors of two.
    cells: Box<[u8]>,
    /// The lower 64 bits of the sum of all samples, and what is above them.
    sum: u64,
    above: u32,
    first: u16,
    bits: u8,
    max: u64,
    /// How often each cell has gone through 256, once one has.
    rounds: Option<Box<Rounds>>,
}

/// By place in the cells.
#[derive(Clone, Debug, Default)]
struct Rounds(Vec<u32>);

/// A distribution in figures, in seconds. All zero where `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Number of samples.
    pub count: u64,
    /// Exact mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Exact maximum.
    pub max: f64,
}

/// How finely times are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Within 0.2%; at most 72 KiB, if samples fell into every cell between a nanosecond and centuries, 256 times.
    Fine,
    /// Within 0.4%; at most 36 KiB.
    Close,
    /// Within 0.8%; at most 18 KiB.
    Medium,
    /// Within 3.1%; at most 5 KiB.
    Coarse,
    /// Within 6.3%; at most 3 KiB.
    Rough,
}

impl Precision {
    /// What `number` distributions may have so that the parts of them that are in use (a handful of factors of two) stay in the nearest
    /// cache of 32 KiB, in the next one, or not too far from it: all together within about 40 MB.
    pub fn of(number: usize) -> Precision {
        match number {
            0..=6 => Precision::Fine,
            7..=600 => Precision::Close,
            601..=2_400 => Precision::Medium,
            _ => Precision::Coarse,
        }
    }

    /// Cells per factor of two, as a power of two.
    fn bits(self) -> u8 {
        match self {
            Precision::Fine => 8,
            Precision::Close => 7,
            Precision::Medium => 6,
            Precision::Coarse => 4,
            Precision::Rough => 3,
        }
    }

    /// The smallest value, in nanoseconds, that belongs to a cell.
    pub fn start(self, cell: usize) -> u64 {
        let (cell, bits) = (cell as u64, u32::from(self.bits()));
        let shift = (cell >> bits).saturating_sub(1);
        u64::try_from(u128::from(cell - (shift << bits)) << shift.min(64)).unwrap_or(u64::MAX)
    }
}

/// The cell of a value, with `2^bits` cells per factor of two.
#[inline(always)]
fn cell(ns: u64, bits: u8) -> usize {
    let bits = u32::from(bits);
    // The highest bit says which factor of two, the next `bits` which cell of it; below 2^bits the value itself.
    let shift = (63 - (ns | (1 << bits)).leading_zeros()) - bits;
    ((u64::from(shift) << bits) + (ns >> shift)) as usize
}

/// The sum of at most 256 cells. (In 16 bits, of which a register of the processor holds many.)
#[inline]
fn sum(cells: &[u8]) -> u32 {
    u32::from(cells.iter().map(|samples| u16::from(*samples)).sum::<u16>())
}

fn rough_cell(ns: u64) -> usize {
    cell(ns, Precision::Rough.bits())
}

impl Distribution {
    /// Without samples.
    pub fn new(precision: Precision) -> Distribution {
        Distribution { cells: Box::default(), bits: precision.bits(), first: 0, sum: 0, above: 0, max: 0, rounds: None }
    }

    /// The middle of a cell.
    fn middle(&self, cell: usize) -> u64 {
        let cell = cell as u64;
        let shift = (cell >> self.bits).saturating_sub(1);
        let first = cell - (shift << self.bits);
        (first << shift) + ((1u64 << shift) >> 1)
    }

    /// Takes in a sample.
    #[inline(always)]
    pub fn record(&mut self, ns: u64) {
        let (sum, carries) = self.sum.overflowing_add(ns);
        self.sum = sum;
        self.above += u32::from(carries);
        if ns > self.max {
            self.rise(ns);
        }
        let cell = cell(ns, self.bits);
        let place = cell.wrapping_sub(usize::from(self.first));
        match self.cells.get_mut(place) {
            Some(samples) => {
                let (more, through) = samples.overflowing_add(1);
                *samples = more;
                if through {
                    self.go_round(place, 1);
                }
            }
            None => self.record_beyond(cell),
        }
    }

    /// A new maximum: rare, so that mostly nothing is written.
    #[cold]
    fn rise(&mut self, ns: u64) {
        self.max = ns;
    }

    #[cold]
    #[inline(never)]
    fn go_round(&mut self, place: usize, times: u32) {
        let rounds = &mut self.rounds.get_or_insert_default().0;
        rounds.resize(self.cells.len(), 0);
        rounds[place] += times;
    }

    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, cell: usize) {
        self.make_room(cell, cell + 1);
        self.count_in(cell, 1);
    }

    /// So many samples more of a cell for which there is room.
    fn count_in(&mut self, cell: usize, samples: u64) {
        let place = cell - usize::from(self.first);
        let all = u64::from(self.cells[place]) + samples;
        self.cells[place] = all as u8;
        if all > u64::from(u8::MAX) {
            self.go_round(place, (all >> 8) as u32);
        }
    }

    /// Makes room for the cells from `first` to before `end`, in whole factors of two.
    fn make_room(&mut self, first: usize, end: usize) {
        let per_factor = 1 << self.bits;
        let (mut first, mut end) = (first - first % per_factor, end.next_multiple_of(per_factor));
        if !self.cells.is_empty() {
            (first, end) = (first.min(self.first.into()), end.max(usize::from(self.first) + self.cells.len()));
        }
        let before = usize::from(self.first).saturating_sub(first);
        let mut cells = vec![0; end - first];
        cells[before..before + self.cells.len()].copy_from_slice(&self.cells);
        if let Some(rounds) = &mut self.rounds {
            rounds.0.splice(..0, std::iter::repeat_n(0, before));
        }
        // The last of all cells is below 2^16 at every precision.
        (self.cells, self.first) = (cells.into(), first as u16);
    }

    /// Cells and how many samples each has, from the first that there is room for.
    fn counts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let rounds = self.rounds.iter().flat_map(|rounds| &rounds.0).chain(std::iter::repeat(&0));
        let first = usize::from(self.first);
        self.cells
            .iter()
            .zip(rounds)
            .enumerate()
            .map(move |(i, (samples, rounds))| (first + i, u64::from(*rounds) << 8 | u64::from(*samples)))
    }

    /// Adds the samples of another distribution of the same precision.
    pub fn add(&mut self, other: &Distribution) {
        debug_assert_eq!(self.bits, other.bits);
        self.set_sum(self.sum() + other.sum());
        self.max = self.max.max(other.max);
        if !other.cells.is_empty() {
            let first = other.first.into();
            self.make_room(first, first + other.cells.len());
            other.counts().filter(|(_, samples)| *samples > 0).for_each(|(cell, samples)| self.count_in(cell, samples));
        }
    }

    /// Samples per cell of [`Precision::Rough`], the lowest precision there is; modulo 2^32, since it is differences that count.
    pub fn rough(&self) -> Vec<u32> {
        let rough = u32::from(Precision::Rough.bits());
        let (first, bits) = (usize::from(self.first), u32::from(self.bits));
        let mut classes: Vec<u32> = Vec::new();
        // Mostly nobody is so fast that cells are single nanoseconds.
        let narrow = (1usize << bits).saturating_sub(first).min(self.cells.len());
        for (ns, samples) in self.counts().take(narrow).filter(|(_, samples)| *samples > 0) {
            let class = rough_cell(ns as u64);
            classes.resize(classes.len().max(class + 1), 0);
            classes[class] = classes[class].wrapping_add(samples as u32);
        }
        // Above, so many of each factor of two make one rough cell.
        let wide = &self.cells[narrow..];
        if wide.is_empty() {
            return classes;
        }
        let each = 1 << (bits - rough);
        let factor = ((first + narrow) >> bits) as u32;
        let start = ((bits - rough + factor) as usize) << rough;
        classes.reserve_exact(start - classes.len() + wide.len() / each);
        classes.resize(start, 0);
        classes.extend(wide.chunks(each).map(sum));
        if let Some(rounds) = &self.rounds {
            let all = rounds.0.iter().skip(narrow).enumerate();
            let counted = all.filter(|(_, rounds)| **rounds > 0);
            counted.for_each(|(i, rounds)| classes[start + i / each] = classes[start + i / each].wrapping_add(rounds << 8));
        }
        classes
    }

    /// Forgets all samples, keeps the room.
    pub fn clear(&mut self) {
        self.cells.fill(0);
        self.rounds = None;
        (self.sum, self.above, self.max) = (0, 0, 0);
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        let rounds = self.rounds.as_ref().map_or(0, |rounds| size_of::<Rounds>() + rounds.0.capacity() * size_of::<u32>());
        self.cells.len() + rounds
    }

    /// Number of samples. (Counted when somebody asks: every delivery would have to write a number that seldom anybody wants.)
    pub fn count(&self) -> u64 {
        let rounds: u64 = self.rounds.iter().flat_map(|rounds| &rounds.0).map(|rounds| u64::from(*rounds)).sum();
        (rounds << 8) + self.cells.chunks(256).map(|cells| u64::from(sum(cells))).sum::<u64>()
    }

    /// Number of samples and their sum in nanoseconds.
    pub fn count_and_sum(&self) -> (u64, u128) {
        (self.count(), self.sum())
    }

    /// Sum of all samples in nanoseconds.
    pub fn sum(&self) -> u128 {
        u128::from(self.above) << 64 | u128::from(self.sum)
    }

    fn set_sum(&mut self, sum: u128) {
        (self.above, self.sum) = ((sum >> 64) as u32, sum as u64);
    }

    /// The value below which a share of the samples lies, in seconds, straight from the cells: for whoever looks often. 0 without
    /// samples.
    pub fn quantile(&self, share: f64) -> f64 {
        let count = self.count();
        let rank = ((count as f64 * share).ceil() as u64).clamp(1, count.max(1));
        let mut below = 0;
        let reached = self.counts().find(|(_, samples)| {
            below += samples;
            below >= rank
        });
        reached.map_or(0.0, |(cell, _)| self.middle(cell).min(self.max) as f64 * 1e-9)
    }

    /// The samples, each as the middle of its cell.
    pub fn histogram(&self) -> Histogram<u64> {
        let digits = 3;
        // Fails only for digits above 5.
        let mut histogram = Histogram::new(digits).unwrap_or_else(|error| unreachable!("{digits} digits were refused: {error}"));
        for (cell, samples) in self.counts().filter(|(_, samples)| *samples > 0) {
            // Fails only beyond what the histogram can hold, 2^63 ns; such a sample still counts in mean and maximum.
            let _ = histogram.record_n(self.middle(cell), samples);
        }
        histogram
    }

    /// All figures.
    pub fn summary(&self) -> Summary {
        let count = self.count();
        if count == 0 {
            return Summary::default();
        }
        let histogram = self.histogram();
        let quantile = |share: f64| {
            let value = histogram.median_equivalent(histogram.value_at_quantile(share));
            value.min(self.max) as f64 * 1e-9
        };
        Summary {
            count,
            mean: self.sum() as f64 / count as f64 * 1e-9,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: self.max as f64 * 1e-9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(Precision, f64); 5] = [
        (Precision::Fine, 0.003),
        (Precision::Close, 0.005),
        (Precision::Medium, 0.009),
        (Precision::Coarse, 0.032),
        (Precision::Rough, 0.063),
    ];

    #[test]
    fn figures_are_exact_where_promised_and_near_elsewhere() {
        for (precision, tolerance) in ALL {
            let mut all = Distribution::new(precision);
            (1..=100_000u64).for_each(|i| all.record(i * 1000));
            let figures = all.summary();
            assert_eq!((figures.count, figures.max), (100_000, 0.1));
            assert!((figures.mean - 0.0500005).abs() < 1e-12);
            for (got, want) in [(figures.p50, 0.05), (figures.p90, 0.09), (figures.p99, 0.099), (figures.p999, 0.0999)] {
                assert!((got - want).abs() <= want * tolerance, "{got} against {want} with {precision:?}");
            }
            for share in [0.001, 0.5, 0.9, 0.99, 1.0] {
                assert!((all.quantile(share) - share * 0.1).abs() <= share * 0.1 * tolerance, "{share} with {precision:?}");
            }
        }
        assert_eq!(Distribution::new(Precision::Fine).quantile(0.5), 0.0);
    }

    #[test]
    fn every_value_has_a_cell_whose_middle_is_near() {
        for (precision, tolerance) in ALL {
            let all = Distribution::new(precision);
            let mut last = 0;
            for ns in (0..2000).chain((11..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + (1 << (bit - 1))])) {
                let cell = cell(ns, all.bits);
                let middle = all.middle(cell);
                assert!(cell >= last, "cells ascend");
                last = cell;
                assert!(middle.abs_diff(ns) as f64 <= ns as f64 * tolerance, "{ns} is shown as {middle} with {precision:?}");
                assert!(precision.start(cell) <= ns && (ns < precision.start(cell + 1) || ns >= 1 << 63), "{ns} with {precision:?}");
            }
            assert!(last < 15_000, "and there are few of them: {last}");
        }
    }

    #[test]
    fn rough_cells_hold_the_same_samples() {
        for (precision, _) in ALL {
            let mut all = Distribution::new(precision);
            let mut rough = Distribution::new(Precision::Rough);
            for ns in (0..3000).chain((11..50).map(|bit| (1u64 << bit) + 7)) {
                all.record(ns);
                rough.record(ns);
            }
            let (mut got, mut want) = (all.rough(), rough.rough());
            let len = got.len().max(want.len());
            got.resize(len, 0);
            want.resize(len, 0);
            assert_eq!(got, want, "{precision:?}");
            assert_eq!(want.iter().map(|n| u64::from(*n)).sum::<u64>(), 3039);
        }
    }

    #[test]
    fn extremes_and_emptiness_are_no_problem() {
        let mut all = Distribution::new(Precision::Fine);
        assert_eq!(all.summary(), Summary::default());
        all.record(0);
        assert_eq!((all.summary().p99, all.summary().count), (0.0, 1));
        all.record(u64::MAX);
        assert_eq!((all.summary().count, all.summary().max), (2, u64::MAX as f64 * 1e-9));
    }

    #[test]
    fn a_cell_that_goes_through_256_loses_nothing() {
        for (precision, _) in ALL {
            let mut all = Distribution::new(precision);
            // The later ones make room before and behind what is there.
            for (ns, times) in [(1_000_000, 1000), (10, 300), (1_000_000, 24), (60_000_000_000, 256)] {
                (0..times).for_each(|_| all.record(ns));
            }
            let check = |all: &Distribution, times: u64| {
                let counts: Vec<u64> = all.counts().map(|(_, samples)| samples).filter(|samples| *samples > 0).collect();
                assert_eq!(counts, [300 * times, 1024 * times, 256 * times], "{precision:?}");
                assert_eq!((all.count(), all.summary().count), (1580 * times, 1580 * times));
                assert_eq!(all.rough().iter().map(|n| u64::from(*n)).sum::<u64>(), 1580 * times);
                assert_eq!(all.quantile(0.1), 1e-8);
                assert!((all.quantile(0.5) - 1e-3).abs() < 7e-5 && (all.quantile(0.99) - 60.0).abs() < 4.0, "{precision:?}");
            };
            check(&all, 1);
            let mut twice = all.clone();
            twice.add(&all);
            check(&twice, 2);
            twice.clear();
            assert_eq!((twice.count(), twice.sum(), twice.summary()), (0, 0, Summary::default()));
            twice.add(&all);
            check(&twice, 1);
        }
    }

    #[test]
    fn sums_of_distributions_have_the_samples_of_both() {
        let (mut few, mut many) = (Distribution::new(Precision::Fine), Distribution::new(Precision::Fine));
        (0..100).for_each(|i| few.record(i));
        (0..900).for_each(|i| many.record(1_000_000 + i));
        few.add(&many);
        assert_eq!(few.count_and_sum(), (1000, (0..100).sum::<u128>() + (0..900).map(|i| 1_000_000 + i).sum::<u128>()));
        assert!(few.summary().p50 > 0.000_99 && few.summary().max == 0.001_000_899);
    }
}
