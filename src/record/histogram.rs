//! A distribution of times: exact count, mean and maximum, percentiles to a stated precision.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times in nanoseconds. Memory: about 4 KiB per factor of two between the shortest and the longest at three digits,
/// 512 B at two, 64 B at one.
#[derive(Clone, Debug)]
pub struct Distribution {
    histogram: Histogram<u32>,
    count: u64,
    sum: u128,
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

impl Distribution {
    /// With percentiles to `digits` significant digits, 1 to 3.
    pub fn new(digits: u8) -> Distribution {
        let histogram = Histogram::new_with_bounds(1, 1 << 12, digits.clamp(1, 3)).map(|mut histogram| {
            histogram.auto(true);
            histogram
        });
        // The bounds are constants that the library accepts, as the tests below show.
        let histogram = histogram.unwrap_or_else(|error| unreachable!("constant bounds were refused: {error}"));
        Distribution { histogram, count: 0, sum: 0, max: 0 }
    }

    /// How many digits each of `number` distributions may have so that all together stay within about 100 MB.
    pub fn digits_for(number: usize) -> u8 {
        match number {
            0..=600 => 3,
            601..=4_000 => 2,
            _ => 1,
        }
    }

    /// Takes in a sample.
    #[inline(always)]
    pub fn record(&mut self, ns: u64) {
        self.count += 1;
        self.sum += u128::from(ns);
        self.max = self.max.max(ns);
        // Fails only if the histogram cannot grow, beyond 2^63 ns; such a sample still counts in mean and maximum.
        let _ = self.histogram.record(ns);
    }

    /// Adds the samples of another distribution of the same digits.
    pub fn add(&mut self, other: &Distribution) {
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        let _ = self.histogram.add(&other.histogram);
    }

    /// Forgets all samples.
    pub fn clear(&mut self) {
        self.histogram.reset();
        (self.count, self.sum, self.max) = (0, 0, 0);
    }

    /// Number of samples and their sum in nanoseconds.
    pub fn count_and_sum(&self) -> (u64, u128) {
        (self.count, self.sum)
    }

    /// The value below which a share of the samples lies, in seconds; 0 without samples.
    pub fn quantile(&self, share: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let ns = self.histogram.median_equivalent(self.histogram.value_at_quantile(share)).min(self.max);
        ns as f64 * 1e-9
    }

    /// All figures.
    pub fn summary(&self) -> Summary {
        if self.count == 0 {
            return Summary::default();
        }
        Summary {
            count: self.count,
            mean: self.sum as f64 / self.count as f64 * 1e-9,
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: self.max as f64 * 1e-9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_exact_where_promised_and_near_elsewhere() {
        for (digits, precision) in [(3, 0.001), (2, 0.01), (1, 0.1)] {
            let mut all = Distribution::new(digits);
            (1..=100_000u64).for_each(|i| all.record(i * 1000));
            let figures = all.summary();
            assert_eq!((figures.count, figures.max), (100_000, 0.1));
            assert!((figures.mean - 0.0500005).abs() < 1e-12);
            for (got, want) in [(figures.p50, 0.05), (figures.p90, 0.09), (figures.p99, 0.099), (figures.p999, 0.0999)] {
                assert!((got - want).abs() <= want * precision, "{got} against {want} at {digits} digits");
            }
        }
    }

    #[test]
    fn extremes_and_emptiness_are_no_problem() {
        let mut all = Distribution::new(3);
        assert_eq!(all.summary(), Summary::default());
        all.record(0);
        assert_eq!(all.summary().p99, 0.0);
        all.record(u64::MAX);
        assert_eq!(all.summary().count, 2);
        all.clear();
        assert_eq!(all.summary(), Summary::default());
    }
}
