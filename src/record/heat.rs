//! The latencies within one bin of the series, as counts per class of time: what a heat map and percentiles over time are drawn from.

use super::histogram::{Distribution, Precision};

/// Counts by class, only from the first class that has any to the last. Classes are those of [`Precision::Rough`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    first: u16,
    counts: Box<[u32]>,
}

impl Heat {
    /// What a distribution of [`Precision::Rough`] holds.
    pub fn of(distribution: &Distribution) -> Heat {
        let cells = distribution.cells();
        let Some(first) = cells.iter().position(|count| *count > 0) else { return Heat::default() };
        let last = cells.iter().rposition(|count| *count > 0).unwrap_or(first);
        Heat { first: first as u16, counts: cells[first..=last].into() }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Samples in all.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Together with the counts of others.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Heat> + Clone) -> Heat {
        let some = all.filter(|heat| !heat.is_empty());
        let Some(first) = some.clone().map(|heat| heat.first).min() else { return Heat::default() };
        let end = some.clone().map(|heat| usize::from(heat.first) + heat.counts.len()).max().unwrap_or_default();
        let mut counts = vec![0u32; end - usize::from(first)];
        for heat in some {
            let from = usize::from(heat.first - first);
            counts[from..].iter_mut().zip(&heat.counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        }
        Heat { first, counts: counts.into() }
    }

    /// Classes that have samples: lower bound and upper bound in seconds, and how many.
    pub fn classes(&self) -> impl Iterator<Item = (f64, f64, u32)> + '_ {
        let counted = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        counted.map(|(i, count)| {
            let cell = usize::from(self.first) + i;
            (Precision::Rough.start(cell) as f64 * 1e-9, Precision::Rough.start(cell + 1) as f64 * 1e-9, *count)
        })
    }

    /// The value below which a share of the samples lies, in seconds, as if samples were spread evenly within their class; not a number
    /// without samples.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = self.count() as f64 * share;
        let mut below = 0.0;
        for (from, to, count) in self.classes() {
            let count = f64::from(count);
            if below + count >= wanted {
                return from + (to - from) * ((wanted - below) / count).clamp(0.0, 1.0);
            }
            below += count;
        }
        f64::NAN
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.counts.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat(samples: impl Iterator<Item = u64>) -> Heat {
        let mut distribution = Distribution::new(Precision::Rough);
        samples.for_each(|ns| distribution.record(ns));
        Heat::of(&distribution)
    }

    #[test]
    fn sums_and_quantiles_are_those_of_the_samples() {
        let (low, high) = (heat((1..=500).map(|i| i * 1000)), heat((501..=1000).map(|i| i * 1000)));
        let none = Heat::default();
        let all = Heat::sum([&low, &none, &high].into_iter());
        assert_eq!(all, heat((1..=1000).map(|i| i * 1000)));
        assert_eq!(all.count(), 1000);
        for share in [0.1, 0.5, 0.9, 0.99] {
            let (got, want) = (all.quantile(share), share * 1e-3);
            assert!((got - want).abs() < want * 0.07, "{got} against {want}");
        }
        assert!(none.quantile(0.5).is_nan() && Heat::sum([&none].into_iter()).is_empty());
        assert!(all.classes().all(|(from, to, _)| from < to && to < from * 1.13 + 1e-6));
    }
}
