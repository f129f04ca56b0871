//! A distribution of times: exact count, mean and maximum, percentiles to a stated precision.
//!
//! Samples fall into cells that grow with the value (log-linear, as in an HDR histogram), kept as small and as few as the cache
//! likes: recording is on the way of every delivery. (Measured: three default 3-digit `hdrhistogram`s per consumer took a quarter of
//! the run time of a fan-out of four.) Whoever reads gets a real `hdrhistogram` made from the cells.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// Samples per cell. The first `2^bits` cells are one nanosecond wide, then each further factor of two has `2^bits` cells.
    /// Grows with the largest sample.
    cells: Box<[u32]>,
    count: u64,
    /// The lower 64 bits of the sum of all samples, and what is above them.
    sum: u64,
    above: u32,
    bits: u32,
    max: u64,
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
    /// Within 0.2%; at most 58 KiB.
    Fine,
    /// Within 0.4%; at most 29 KiB.
    Close,
    /// Within 0.8%; at most 15 KiB.
    Medium,
    /// Within 3.1%; at most 4 KiB.
    Coarse,
    /// Within 6.3%; at most 2 KiB.
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
    fn bits(self) -> u32 {
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
        let (cell, bits) = (cell as u64, self.bits());
        let shift = (cell >> bits).saturating_sub(1);
        u64::try_from(u128::from(cell - (shift << bits)) << shift.min(64)).unwrap_or(u64::MAX)
    }
}

/// The cell of a value, with `2^bits` cells per factor of two.
#[inline(always)]
fn cell(ns: u64, bits: u32) -> usize {
    // The highest bit says which factor of two, the next `bits` which cell of it; below 2^bits the value itself.
    let shift = (63 - (ns | (1 << bits)).leading_zeros()) - bits;
    ((u64::from(shift) << bits) + (ns >> shift)) as usize
}

fn rough_cell(ns: u64) -> usize {
    cell(ns, Precision::Rough.bits())
}

impl Distribution {
    /// Without samples.
    pub fn new(precision: Precision) -> Distribution {
        Distribution { cells: Box::default(), bits: precision.bits(), count: 0, sum: 0, above: 0, max: 0 }
    }

    /// The cell of a value.
    #[inline(always)]
    fn cell(&self, ns: u64) -> usize {
        cell(ns, self.bits)
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
        self.count += 1;
        let (sum, carries) = self.sum.overflowing_add(ns);
        self.sum = sum;
        self.above += u32::from(carries);
        if ns > self.max {
            self.rise(ns);
        }
        let cell = self.cell(ns);
        match self.cells.get_mut(cell) {
            Some(samples) => *samples += 1,
            None => self.grow(cell),
        }
    }

    /// A new maximum: rare, so that mostly nothing is written.
    #[cold]
    fn rise(&mut self, ns: u64) {
        self.max = ns;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, cell: usize) {
        let per_factor = 1 << self.bits;
        self.make_room((cell / per_factor + 1) * per_factor);
        self.cells[cell] += 1;
    }

    fn make_room(&mut self, cells: usize) {
        let mut all = std::mem::take(&mut self.cells).into_vec();
        all.reserve_exact(cells.saturating_sub(all.len()));
        all.resize(cells.max(all.len()), 0);
        self.cells = all.into();
    }

    /// Adds the samples of another distribution of the same precision.
    pub fn add(&mut self, other: &Distribution) {
        debug_assert_eq!(self.bits, other.bits);
        self.count += other.count;
        self.set_sum(self.sum() + other.sum());
        self.max = self.max.max(other.max);
        self.make_room(other.cells.len());
        self.cells.iter_mut().zip(&other.cells).for_each(|(own, more)| *own += more);
    }

    /// Samples per cell of [`Precision::Rough`], the lowest precision there is.
    pub fn rough(&self) -> Vec<u32> {
        let rough = Precision::Rough.bits();
        // Below 2^bits the cells are single nanoseconds; above, so many of each factor of two make one rough cell.
        let (narrow, wide) = self.cells.split_at(self.cells.len().min(1 << self.bits));
        let each = 1 << (self.bits - rough);
        let mut classes = Vec::with_capacity((1 << rough) * (self.bits - rough + 1) as usize + wide.len() / each);
        // Mostly nobody is that fast.
        let some = if narrow.iter().all(|samples| *samples == 0) { 0 } else { narrow.len() };
        for (ns, samples) in narrow[..some].iter().enumerate() {
            let class = rough_cell(ns as u64);
            if classes.len() <= class {
                classes.resize(class + 1, 0);
            }
            classes[class] += samples;
        }
        if !wide.is_empty() {
            classes.resize(rough_cell(1 << self.bits), 0);
        }
        classes.extend(wide.chunks(each).map(|cells| cells.iter().sum::<u32>()));
        classes
    }

    /// Forgets all samples, keeps the room.
    pub fn clear(&mut self) {
        self.cells.fill(0);
        (self.count, self.sum, self.above, self.max) = (0, 0, 0, 0);
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }

    /// Number of samples and their sum in nanoseconds.
    pub fn count_and_sum(&self) -> (u64, u128) {
        (self.count, self.sum())
    }

    fn sum(&self) -> u128 {
        u128::from(self.above) << 64 | u128::from(self.sum)
    }

    fn set_sum(&mut self, sum: u128) {
        (self.above, self.sum) = ((sum >> 64) as u32, sum as u64);
    }

    /// The value below which a share of the samples lies, in seconds, straight from the cells: for whoever looks often. 0 without
    /// samples.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        let cell = self.cells.iter().position(|samples| {
            below += u64::from(*samples);
            below >= rank
        });
        cell.map_or(0.0, |cell| self.middle(cell).min(self.max) as f64 * 1e-9)
    }

    /// The samples, each as the middle of its cell.
    pub fn histogram(&self) -> Histogram<u64> {
        let digits = 3;
        // Fails only for digits above 5.
        let mut histogram = Histogram::new(digits).unwrap_or_else(|error| unreachable!("{digits} digits were refused: {error}"));
        for (cell, samples) in self.cells.iter().enumerate().filter(|(_, samples)| **samples > 0) {
            // Fails only beyond what the histogram can hold, 2^63 ns; such a sample still counts in mean and maximum.
            let _ = histogram.record_n(self.middle(cell), u64::from(*samples));
        }
        histogram
    }

    /// All figures.
    pub fn summary(&self) -> Summary {
        if self.count == 0 {
            return Summary::default();
        }
        let histogram = self.histogram();
        let quantile = |share: f64| {
            let value = histogram.median_equivalent(histogram.value_at_quantile(share));
            value.min(self.max) as f64 * 1e-9
        };
        Summary {
            count: self.count,
            mean: self.sum() as f64 / self.count as f64 * 1e-9,
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
                let (cell, middle) = (all.cell(ns), all.middle(all.cell(ns)));
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
    fn sums_of_distributions_have_the_samples_of_both() {
        let (mut few, mut many) = (Distribution::new(Precision::Fine), Distribution::new(Precision::Fine));
        (0..100).for_each(|i| few.record(i));
        (0..900).for_each(|i| many.record(1_000_000 + i));
        few.add(&many);
        assert_eq!(few.count_and_sum(), (1000, (0..100).sum::<u128>() + (0..900).map(|i| 1_000_000 + i).sum::<u128>()));
        assert!(few.summary().p50 > 0.000_99 && few.summary().max == 0.001_000_899);
    }
}
