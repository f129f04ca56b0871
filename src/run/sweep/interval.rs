//! Means of few samples, and how far they may be off: Student's t.

use serde::Serialize;

/// A mean with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean; none without samples.
    pub mean: Option<f64>,
    /// Half the width of the interval around the mean that covers the true one in 95 of 100 cases, given that the samples are
    /// independent and roughly normal. None for fewer than two samples.
    pub half_width: Option<f64>,
    /// Number of samples.
    pub n: usize,
}

impl Interval {
    /// Of independent samples.
    pub fn of(samples: &[f64]) -> Interval {
        let n = samples.len();
        if n == 0 {
            return Interval { mean: None, half_width: None, n };
        }
        let mean = samples.iter().sum::<f64>() / n as f64;
        // About the mean and not by sums of squares: those of nearly equal large numbers cancel to noise.
        let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        let half_width = (n > 1).then(|| student(n - 1) * (squares / (n - 1) as f64 / n as f64).sqrt());
        Interval { mean: Some(mean), half_width, n }
    }

    /// Whether zero lies outside the interval: a difference this clear is hardly luck.
    pub fn excludes_zero(&self) -> bool {
        matches!((self.mean, self.half_width), (Some(mean), Some(half)) if mean.abs() > half)
    }
}

/// The 97.5 % point of Student's t with `freedom` degrees of freedom (at least 1): what covers 95 % between both sides.
pub fn student(freedom: usize) -> f64 {
    const FEW: [f64; 30] = [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
        2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];
    if let Some(point) = FEW.get(freedom.saturating_sub(1)) {
        return *point;
    }
    // Abramowitz and Stegun 26.7.5, three terms: off by less than 1e-5 from 31 on.
    let (z, v) = (1.959_963_985_f64, freedom as f64);
    z + (z.powi(3) + z) / (4.0 * v)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * v.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_those_of_the_tables() {
        for (freedom, point) in
            [(1, 12.7062), (4, 2.7764), (9, 2.2622), (30, 2.0423), (31, 2.0395), (60, 2.0003), (120, 1.9799), (1000, 1.9623)]
        {
            assert!((student(freedom) - point).abs() < 6e-5, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn an_interval_is_that_of_a_worked_example() {
        // Mean 5, variance 2.5, t(4) = 2.7764: half a width of 2.7764 * sqrt(2.5 / 5).
        let interval = Interval::of(&[3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!((interval.mean, interval.n), (Some(5.0), 5));
        assert!((interval.half_width.unwrap() - 1.963_21).abs() < 1e-4);
        assert!(interval.excludes_zero() && !Interval::of(&[-1.0, 1.5]).excludes_zero());
    }

    #[test]
    fn few_samples_say_little() {
        assert_eq!(Interval::of(&[]), Interval { mean: None, half_width: None, n: 0 });
        assert_eq!(Interval::of(&[2.0]), Interval { mean: Some(2.0), half_width: None, n: 1 });
        assert_eq!(Interval::of(&[1e9; 40]).half_width, Some(0.0));
    }
}
