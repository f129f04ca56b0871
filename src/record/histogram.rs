//! A distribution of times: exact count, mean and maximum, percentiles to a stated precision.
//!
//! Samples fall into cells that grow with the value (log-linear, as in an HDR histogram), kept as small and as few as the cache
//! likes: recording is on the way of every delivery. (Measured: three default 3-digit `hdrhistogram`s per consumer took a quarter of
//! the run time of a fan-out of four.) Whoever reads gets a real `hdrhistogram` made from the cells.

use super::cells::Cells;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Times in nanoseconds: what is known of them without their [`Cells`], and where those are. All distributions with the same cells have the
/// same precision.
///
/// 32 bytes: three of them and two levels share three lines of the cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Distribution {
    /// The lower 64 bits of the sum of all samples.
    sum: u64,
    max: u64,
    /// Where its cells are.
    place: usize,
    /// What is above the 64 bits of the sum.
    above: u32,
    /// The first of all cells that it has room for. The first `2^bits` of all cells are one nanosecond wide, then each further factor of
    /// two has `2^bits` cells.
    first: u16,
    /// How many it has room for: grows with the samples, by factors of two.
    len: u16,
}

/// A distribution with its cells, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    of: &'a Distribution,
    cells: &'a Cells,
}

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
    pub(super) fn bits(self) -> u8 {
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

/// The sums of every `N` cells; of no more than are left at the end. (With the number known, many are made at once.)
#[inline(always)]
fn sums<const N: usize>(cells: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let (whole, rest) = cells.as_chunks::<N>();
    whole.iter().map(|cells| sum(cells)).chain(rest.chunks(N).map(sum))
}

fn rough_cell(ns: u64) -> usize {
    cell(ns, Precision::Rough.bits())
}

/// Samples by class, which is a cell of [`Precision::Rough`]; modulo 2^32.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Of the first count.
    pub first: usize,
    /// From there on.
    pub counts: Vec<u32>,
}

impl Classes {
    /// So many more of a class that is not before the first.
    fn add(&mut self, class: usize, samples: u32) {
        let place = class - self.first;
        self.counts.resize(self.counts.len().max(place + 1), 0);
        self.counts[place] = self.counts[place].wrapping_add(samples);
    }

    /// With so many classes before the first and behind the last that `other` is within them.
    fn around(&mut self, other: &Classes) {
        if self.counts.is_empty() {
            self.first = other.first;
        }
        if other.first < self.first {
            self.counts.splice(..0, std::iter::repeat_n(0, self.first - other.first));
            self.first = other.first;
        }
        let end = (other.first + other.counts.len()).saturating_sub(self.first);
        self.counts.resize(self.counts.len().max(end), 0);
    }

    /// Without those of `other`.
    pub fn subtract(&mut self, other: &Classes) {
        if other.counts.is_empty() {
            return;
        }
        self.around(other);
        let own = self.counts[other.first - self.first..].iter_mut();
        own.zip(&other.counts).for_each(|(own, gone)| *own = own.wrapping_sub(*gone));
    }
}

impl Cells {
    /// A distribution to be read.
    pub fn of<'a>(&'a self, of: &'a Distribution) -> Samples<'a> {
        Samples { of, cells: self }
    }
}

impl Distribution {
    /// Takes in a sample.
    #[inline(always)]
    pub fn record(&mut self, ns: u64, cells: &mut Cells) {
        let (sum, carries) = self.sum.overflowing_add(ns);
        self.sum = sum;
        self.above += u32::from(carries);
        if ns > self.max {
            self.rise(ns);
        }
        let cell = cell(ns, cells.bits());
        let offset = cell.wrapping_sub(usize::from(self.first));
        if offset < usize::from(self.len) {
            cells.add_one(self.place + offset);
        } else {
            self.record_beyond(cell, cells);
        }
    }

    /// A new maximum: rare, so that mostly nothing is written.
    #[cold]
    fn rise(&mut self, ns: u64) {
        self.max = ns;
    }

    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, cell: usize, cells: &mut Cells) {
        self.make_room(cell, cell + 1, cells);
        cells.add(self.place + cell - usize::from(self.first), 1);
    }

    /// Makes room for the cells from `first` to before `end`, in whole factors of two.
    fn make_room(&mut self, first: usize, end: usize, cells: &mut Cells) {
        let per_factor = 1 << cells.bits();
        let (mut first, mut end) = (first - first % per_factor, end.next_multiple_of(per_factor));
        if self.len > 0 {
            (first, end) = (first.min(self.first.into()), end.max(usize::from(self.first + self.len)));
        }
        let before = usize::from(self.first).saturating_sub(first);
        if before > 0 || !cells.extend(self.place, self.len.into(), end - first) {
            let place = cells.take(end - first);
            cells.carry(self.place, self.len.into(), place + before);
            self.place = place;
        }
        // The last of all cells is below 2^16 at every precision.
        (self.first, self.len) = (first as u16, (end - first) as u16);
    }

    /// Adds the samples of another distribution of the same precision, whose cells are elsewhere.
    pub fn add(&mut self, other: Samples<'_>, cells: &mut Cells) {
        debug_assert_eq!(cells.bits(), other.cells.bits());
        self.set_sum(self.sum() + other.of.sum());
        self.max = self.max.max(other.of.max);
        if other.of.len > 0 {
            let first = other.of.first.into();
            self.make_room(first, first + usize::from(other.of.len), cells);
            let counted = other.counts().filter(|(_, samples)| *samples > 0);
            counted.for_each(|(cell, samples)| cells.add(self.place + cell - usize::from(self.first), samples));
        }
    }

    /// The same distribution, with its cells among others.
    pub fn moved(&self, from: &Cells, to: &mut Cells) -> Distribution {
        let place = to.take(self.len.into());
        to.copy(from, self.place, self.len.into(), place);
        Distribution { place, ..*self }
    }

    /// Forgets all samples, keeps the room.
    pub fn clear(&mut self, cells: &mut Cells) {
        cells.clear(self.place, self.len.into());
        (self.sum, self.above, self.max) = (0, 0, 0);
    }

    /// Sum of all samples in nanoseconds.
    pub fn sum(&self) -> u128 {
        u128::from(self.above) << 64 | u128::from(self.sum)
    }

    fn set_sum(&mut self, sum: u128) {
        (self.above, self.sum) = ((sum >> 64) as u32, sum as u64);
    }
}

impl Samples<'_> {
    /// The middle of a cell.
    fn middle(&self, cell: usize) -> u64 {
        let (cell, bits) = (cell as u64, self.cells.bits());
        let shift = (cell >> bits).saturating_sub(1);
        let first = cell - (shift << bits);
        (first << shift) + ((1u64 << shift) >> 1)
    }

    /// The counts modulo 256, from the first cell that there is room for.
    fn low(&self) -> &[u8] {
        self.cells.low(self.of.place, self.of.len.into())
    }

    /// Cells that have more samples than that, by their place there, and how many more.
    fn high(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.cells.high(self.of.place, self.of.len.into())
    }

    /// Cells and how many samples each has, from the first that there is room for.
    fn counts(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let first = usize::from(self.of.first);
        let mut high = self.high().peekable();
        self.low().iter().enumerate().map(move |(i, low)| {
            let more = high.next_if(|(cell, _)| *cell == i).map_or(0, |(_, samples)| samples);
            (first + i, more + u64::from(*low))
        })
    }

    /// Samples per cell of [`Precision::Rough`], the lowest precision there is; modulo 2^32, since it is differences that count.
    pub fn rough(&self) -> Classes {
        let rough = u32::from(Precision::Rough.bits());
        let (first, bits) = (usize::from(self.of.first), u32::from(self.cells.bits()));
        // Mostly nobody is so fast that cells are single nanoseconds. Above, so many of each factor of two make one rough cell.
        let narrow = (1usize << bits).saturating_sub(first).min(self.of.len.into());
        let each = 1 << (bits - rough);
        let wide = &self.low()[narrow..];
        let factor = ((first + narrow) >> bits) as u32;
        let start = ((bits - rough + factor) as usize) << rough;
        let mut classes = Classes { first: if narrow > 0 { 0 } else { start }, counts: Vec::new() };
        if wide.is_empty() {
            classes.counts.reserve_exact(rough_cell(narrow as u64) + 1);
        } else {
            classes.counts.reserve_exact(start - classes.first + wide.len() / each);
            classes.counts.resize(start - classes.first, 0);
        }
        for (ns, samples) in self.counts().take(narrow).filter(|(_, samples)| *samples > 0) {
            classes.add(rough_cell(ns as u64), samples as u32);
        }
        match each {
            2 => classes.counts.extend(sums::<2>(wide)),
            8 => classes.counts.extend(sums::<8>(wide)),
            16 => classes.counts.extend(sums::<16>(wide)),
            32 => classes.counts.extend(sums::<32>(wide)),
            _ => classes.counts.extend(wide.chunks(each).map(sum)),
        }
        for (i, samples) in self.high().filter(|(i, _)| *i >= narrow) {
            classes.add(start + (i - narrow) / each, samples as u32);
        }
        classes
    }

    /// Number of samples. (Counted when somebody asks: every delivery would have to write a number that seldom anybody wants.)
    pub fn count(&self) -> u64 {
        let high = self.cells.high_count(self.of.place, self.of.len.into());
        high + self.low().chunks(256).map(|cells| u64::from(sum(cells))).sum::<u64>()
    }

    /// Number of samples and their sum in nanoseconds.
    pub fn count_and_sum(&self) -> (u64, u128) {
        (self.count(), self.of.sum())
    }

    /// Mean, median and 99th percentile, in seconds; none without samples.
    pub fn in_short(&self) -> Option<(f64, f64, f64)> {
        let (count, sum) = self.count_and_sum();
        (count > 0).then(|| (sum as f64 / count as f64 * 1e-9, self.quantile(0.5), self.quantile(0.99)))
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
        reached.map_or(0.0, |(cell, _)| self.middle(cell).min(self.of.max) as f64 * 1e-9)
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
            value.min(self.of.max) as f64 * 1e-9
        };
        Summary {
            count,
            mean: self.of.sum() as f64 / count as f64 * 1e-9,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: self.of.max as f64 * 1e-9,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A distribution with cells of its own.
    #[derive(Clone)]
    pub(in crate::record) struct Alone(Distribution, Cells);

    impl Alone {
        pub(in crate::record) fn new(precision: Precision) -> Alone {
            Alone(Distribution::default(), Cells::new(precision, 0))
        }

        pub(in crate::record) fn record(&mut self, ns: u64) {
            self.0.record(ns, &mut self.1);
        }

        pub(in crate::record) fn add(&mut self, other: &mut Alone) {
            self.0.add(other.read(), &mut self.1);
        }

        pub(in crate::record) fn clear(&mut self) {
            self.0.clear(&mut self.1);
        }

        pub(in crate::record) fn read(&mut self) -> Samples<'_> {
            self.1.settle();
            self.1.of(&self.0)
        }
    }

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
            let mut all = Alone::new(precision);
            (1..=100_000u64).for_each(|i| all.record(i * 1000));
            let figures = all.read().summary();
            assert_eq!((figures.count, figures.max), (100_000, 0.1));
            assert!((figures.mean - 0.0500005).abs() < 1e-12);
            for (got, want) in [(figures.p50, 0.05), (figures.p90, 0.09), (figures.p99, 0.099), (figures.p999, 0.0999)] {
                assert!((got - want).abs() <= want * tolerance, "{got} against {want} with {precision:?}");
            }
            for share in [0.001, 0.5, 0.9, 0.99, 1.0] {
                assert!((all.read().quantile(share) - share * 0.1).abs() <= share * 0.1 * tolerance, "{share} with {precision:?}");
            }
        }
        assert_eq!(Alone::new(Precision::Fine).read().quantile(0.5), 0.0);
    }

    #[test]
    fn every_value_has_a_cell_whose_middle_is_near() {
        for (precision, tolerance) in ALL {
            let mut all = Alone::new(precision);
            let mut last = 0;
            for ns in (0..2000).chain((11..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + (1 << (bit - 1))])) {
                let cell = cell(ns, precision.bits());
                let middle = all.read().middle(cell);
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
            let mut all = Alone::new(precision);
            let mut rough = Alone::new(Precision::Rough);
            for ns in (0..3000).chain((11..50).map(|bit| (1u64 << bit) + 7)) {
                all.record(ns);
                rough.record(ns);
            }
            let (mut rest, want) = (all.read().rough(), rough.read().rough());
            rest.subtract(&want);
            assert!(rest.counts.iter().all(|count| *count == 0), "{precision:?}");
            assert_eq!(want.counts.iter().map(|n| u64::from(*n)).sum::<u64>(), 3039);
        }
    }

    #[test]
    fn extremes_and_emptiness_are_no_problem() {
        let mut all = Alone::new(Precision::Fine);
        assert_eq!(all.read().summary(), Summary::default());
        all.record(0);
        assert_eq!((all.read().summary().p99, all.read().summary().count), (0.0, 1));
        all.record(u64::MAX);
        assert_eq!((all.read().summary().count, all.read().summary().max), (2, u64::MAX as f64 * 1e-9));
    }

    #[test]
    fn a_cell_that_goes_through_256_loses_nothing() {
        for (precision, _) in ALL {
            let mut all = Alone::new(precision);
            // The later ones make room before and behind what is there.
            for (ns, times) in [(1_000_000, 1000), (10, 300), (1_000_000, 24), (60_000_000_000, 256)] {
                (0..times).for_each(|_| all.record(ns));
            }
            let check = |all: &mut Alone, times: u64| {
                let counts: Vec<u64> = all.read().counts().map(|(_, samples)| samples).filter(|samples| *samples > 0).collect();
                assert_eq!(counts, [300 * times, 1024 * times, 256 * times], "{precision:?}");
                assert_eq!((all.read().count(), all.read().summary().count), (1580 * times, 1580 * times));
                assert_eq!(all.read().rough().counts.iter().map(|n| u64::from(*n)).sum::<u64>(), 1580 * times);
                assert_eq!(all.read().quantile(0.1), 1e-8);
                assert!((all.read().quantile(0.5) - 1e-3).abs() < 7e-5 && (all.read().quantile(0.99) - 60.0).abs() < 4.0, "{precision:?}");
            };
            check(&mut all, 1);
            let mut twice = all.clone();
            twice.add(&mut all);
            check(&mut twice, 2);
            twice.clear();
            assert_eq!((twice.read().count(), twice.0.sum(), twice.read().summary()), (0, 0, Summary::default()));
            twice.add(&mut all);
            check(&mut twice, 1);
        }
    }

    #[test]
    fn sums_of_distributions_have_the_samples_of_both() {
        let (mut few, mut many) = (Alone::new(Precision::Fine), Alone::new(Precision::Fine));
        (0..100).for_each(|i| few.record(i));
        (0..900).for_each(|i| many.record(1_000_000 + i));
        few.add(&mut many);
        assert_eq!(few.read().count_and_sum(), (1000, (0..100).sum::<u128>() + (0..900).map(|i| 1_000_000 + i).sum::<u128>()));
        assert!(few.read().summary().p50 > 0.000_99 && few.read().summary().max == 0.001_000_899);
    }
}
