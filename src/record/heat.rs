//! The latencies within one bin of the series, as counts per class of time: what a heat map and percentiles over time are drawn from.
//!
//! They are the difference between what a distribution holds at the end of the bin and at its beginning, taken when the bin is over:
//! recording a latency for its bin as well would be on the way of every delivery.

use super::histogram::{Classes, Precision, Samples};

/// Counts by class, only from the first class that has any to the last. Classes are those of [`Precision::Rough`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    first: u16,
    counts: Box<[u32]>,
}

/// What has been told of a distribution so far.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Samples told, by class. Differences count, so it may wrap.
    classes: Classes,
    /// Samples of the distribution when all of it had been told.
    count: u64,
}

impl Told {
    /// What has come to the distribution since all of it was told.
    pub fn since(&self, all: Samples<'_>) -> Heat {
        if all.count() == self.count {
            return Heat::default();
        }
        let mut fresh = all.rough();
        fresh.subtract(&self.classes);
        Heat::of(&fresh)
    }

    /// The same, and with it all is told.
    pub fn tell(&mut self, all: Samples<'_>) -> Heat {
        let count = all.count();
        if count == self.count {
            return Heat::default();
        }
        let mut fresh = all.rough();
        let told = std::mem::replace(&mut self.classes, fresh.clone());
        fresh.subtract(&told);
        self.count = count;
        Heat::of(&fresh)
    }

    /// The distribution is about to be cleared; what it holds that was not told is still to be told.
    pub fn forget(&mut self, all: Samples<'_>) {
        self.classes.subtract(&all.rough());
        // No distribution has so many: the next look is a look at all of it.
        self.count = u64::MAX;
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.classes.counts.capacity() * size_of::<u32>()
    }
}

impl Heat {
    /// These counts.
    fn of(classes: &Classes) -> Heat {
        let counts = &classes.counts;
        let Some(first) = counts.iter().position(|count| *count > 0) else { return Heat::default() };
        let last = counts.iter().rposition(|count| *count > 0).unwrap_or(first);
        // The last of all classes is below 2^16.
        Heat { first: (classes.first + first) as u16, counts: counts[first..=last].into() }
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
    use crate::record::histogram::tests::Alone;

    fn heat(samples: impl Iterator<Item = u64>) -> Heat {
        let mut distribution = Alone::new(Precision::Fine);
        samples.for_each(|ns| distribution.record(ns));
        Told::default().since(distribution.read())
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

    #[test]
    fn every_bin_tells_what_came_within_it_also_across_a_clearing() {
        for precision in [Precision::Fine, Precision::Close, Precision::Medium, Precision::Coarse] {
            let (mut all, mut told) = (Alone::new(precision), Told::default());
            let take = |all: &mut Alone, samples: std::ops::Range<u64>| samples.for_each(|i| all.record(i * 777));
            assert!(told.since(all.read()).is_empty());
            take(&mut all, 0..100);
            assert_eq!(told.since(all.read()), heat((0..100).map(|i| i * 777)), "{precision:?}");
            assert!(!told.tell(all.read()).is_empty());
            assert!(told.since(all.read()).is_empty());
            take(&mut all, 50..60);
            told.forget(all.read());
            all.clear();
            take(&mut all, 2000..2010);
            let both = (50..60).chain(2000..2010).map(|i| i * 777);
            assert_eq!(told.since(all.read()), heat(both), "{precision:?}");
            assert!(!told.tell(all.read()).is_empty());
            take(&mut all, 3..4);
            assert_eq!(told.since(all.read()), heat((3..4).map(|i| i * 777)), "{precision:?}");
        }
    }
}
