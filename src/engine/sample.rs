//! Drawing times from the distributions a scenario names, in nanoseconds.

use super::ziggurat::{exponential, normal};
use crate::random::Stream;
use crate::scenario::shapes::Times;
use crate::time::Span;

/// 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

/// A time distribution, made ready to draw from.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "fields are named in each variant's line")]
pub enum Sampler {
    /// Always the same; draws nothing.
    Constant(Span),
    /// Evenly from `from`, `width` wide.
    Uniform { from: f64, width: f64 },
    /// By its mean.
    Exponential { mean: f64 },
    /// Cut at zero.
    Normal { mean: f64, sd: f64 },
    /// Of the logarithm: mean and standard deviation.
    LogNormal { mu: f64, sigma: f64 },
    /// By Marsaglia and Tsang 2000; shapes below 1 are boosted by a power of a uniform draw.
    Gamma { scale: f64, shape: f64 },
    /// By inversion.
    Pareto { min: f64, power: f64 },
    /// Shares and values, ascending, straight lines between.
    Empirical(Box<[(f64, f64)]>),
}

impl Sampler {
    /// Makes a checked distribution ready.
    pub fn new(times: &Times) -> Sampler {
        let ns = |span: &Span| span.0 as f64;
        match times {
            Times::Constant(span) => Sampler::Constant(*span),
            Times::Uniform { from, to } => Sampler::Uniform { from: ns(from), width: ns(to) - ns(from) },
            Times::Exponential { mean } => Sampler::Exponential { mean: ns(mean) },
            Times::Normal { mean, sd } => Sampler::Normal { mean: ns(mean), sd: ns(sd) },
            Times::LogNormal { median, p99 } => {
                let mu = libm::log(ns(median));
                Sampler::LogNormal { mu, sigma: (libm::log(ns(p99)) - mu) / Z99 }
            }
            Times::Gamma { mean, shape } => Sampler::Gamma { scale: ns(mean) / shape, shape: *shape },
            Times::Pareto { min, alpha } => Sampler::Pareto { min: ns(min), power: -1.0 / alpha },
            Times::Empirical(points) => {
                let mut all = Vec::with_capacity(points.len() + 2);
                if points.first().is_some_and(|(share, _)| share.0 > 0.0) {
                    all.push((0.0, 0.0));
                }
                all.extend(points.iter().map(|(share, span)| (share.0, ns(span))));
                if let Some((share, value)) = all.last().copied()
                    && share < 1.0
                {
                    all.push((1.0, value));
                }
                Sampler::Empirical(all.into())
            }
        }
    }

    /// One draw.
    #[inline(always)]
    pub fn draw(&self, random: &mut Stream) -> Span {
        match self {
            Sampler::Constant(span) => *span,
            // The cast saturates, so nothing overflows whatever the tail; through i64 because that is one instruction and u64 is six.
            Sampler::Exponential { mean } => Span((exponential(random) * mean) as i64 as u64),
            _ => Span(self.draw_other(random) as u64),
        }
    }

    fn draw_other(&self, random: &mut Stream) -> f64 {
        match self {
            Sampler::Constant(span) => span.0 as f64,
            Sampler::Uniform { from, width } => from + width * random.unit(),
            Sampler::Exponential { mean } => exponential(random) * mean,
            Sampler::Normal { mean, sd } => mean + sd * normal(random),
            Sampler::LogNormal { mu, sigma } => libm::exp(mu + sigma * normal(random)),
            Sampler::Gamma { scale, shape } => scale * gamma(*shape, random),
            Sampler::Pareto { min, power } => min * libm::pow(1.0 - random.unit(), *power),
            Sampler::Empirical(points) => {
                let u = random.unit();
                let after = points.partition_point(|(share, _)| *share <= u).clamp(1, points.len() - 1);
                let ((s0, v0), (s1, v1)) = (points[after - 1], points[after]);
                v0 + (v1 - v0) * ((u - s0) / (s1 - s0)).clamp(0.0, 1.0)
            }
        }
    }
}

fn gamma(shape: f64, random: &mut Stream) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, random) * libm::pow(1.0 - random.unit(), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let t = 1.0 + c * x;
        if t <= 0.0 {
            continue;
        }
        let v = t * t * t;
        if libm::log(1.0 - random.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::Percent;

    fn drawn(times: &Times) -> Vec<f64> {
        let sampler = Sampler::new(times);
        let mut random = Stream::named(5, "sample");
        let mut all: Vec<f64> = (0..400_000).map(|_| sampler.draw(&mut random).seconds()).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn mean(all: &[f64]) -> f64 {
        all.iter().sum::<f64>() / all.len() as f64
    }

    fn near(got: f64, want: f64, share: f64) {
        assert!((got - want).abs() <= want * share, "{got} against {want}");
    }

    fn ms(n: u64) -> Span {
        Span::from_millis(n)
    }

    #[test]
    fn means_and_percentiles_are_those_that_were_asked_for() {
        let at = |all: &[f64], share: f64| all[(all.len() as f64 * share) as usize];
        near(mean(&drawn(&Times::Uniform { from: ms(5), to: ms(9) })), 0.007, 0.005);
        near(mean(&drawn(&Times::Exponential { mean: ms(10) })), 0.010, 0.01);
        near(mean(&drawn(&Times::Normal { mean: ms(20), sd: ms(2) })), 0.020, 0.005);
        let log_normal = drawn(&Times::LogNormal { median: ms(8), p99: ms(60) });
        near(at(&log_normal, 0.5), 0.008, 0.01);
        near(at(&log_normal, 0.99), 0.060, 0.03);
        for shape in [0.5, 1.0, 4.0] {
            let all = drawn(&Times::Gamma { mean: ms(10), shape });
            near(mean(&all), 0.010, 0.02);
            let variance = all.iter().map(|x| (x - 0.010).powi(2)).sum::<f64>() / all.len() as f64;
            near(variance, 0.0001 / shape, 0.03);
        }
        let pareto = drawn(&Times::Pareto { min: ms(2), alpha: 2.5 });
        near(pareto[0], 0.002, 0.001);
        near(at(&pareto, 0.5), 0.002 * 2f64.powf(0.4), 0.01);
        let measured = drawn(&Times::Empirical(vec![(Percent(0.5), ms(8)), (Percent(0.9), ms(20)), (Percent(0.99), ms(70))]));
        near(at(&measured, 0.5), 0.008, 0.01);
        near(at(&measured, 0.9), 0.020, 0.04);
        near(at(&measured, 0.25), 0.004, 0.02);
        near(measured[measured.len() - 1], 0.070, 0.001);
    }

    #[test]
    fn a_normal_with_a_wide_spread_never_goes_below_zero() {
        assert!(drawn(&Times::Normal { mean: ms(1), sd: ms(10) })[0] >= 0.0);
    }
}
