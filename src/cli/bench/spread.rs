//! Several measurements of the same thing.

/// Measurements in order of size.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of at least one measurement; of none, every figure is 0.
    pub fn of(measured: impl IntoIterator<Item = f64>) -> Spread {
        let mut sorted: Vec<f64> = measured.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Spread(sorted)
    }

    /// The middle one; between the two middle ones of an even number.
    pub fn median(&self) -> f64 {
        match self.0.len() {
            0 => 0.0,
            n if n % 2 == 1 => self.0[n / 2],
            n => (self.0[n / 2 - 1] + self.0[n / 2]) / 2.0,
        }
    }

    /// The smallest that at least `share` of all do not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    }

    /// Smallest and largest.
    pub fn range(&self) -> [f64; 2] {
        [self.0.first().copied().unwrap_or(0.0), self.0.last().copied().unwrap_or(0.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_sorted_list() {
        let few = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((few.median(), few.range(), few.quantile(0.95)), (2.0, [1.0, 3.0], 3.0));
        assert_eq!(Spread::of([1.0, 2.0, 4.0, 3.0]).median(), 2.5);
        let many = Spread::of((1..=100).map(f64::from));
        assert_eq!((many.quantile(0.95), many.quantile(0.5), many.quantile(0.0)), (95.0, 50.0, 1.0));
        assert_eq!((Spread::of([]).median(), Spread::of([]).range()), (0.0, [0.0, 0.0]));
    }
}
