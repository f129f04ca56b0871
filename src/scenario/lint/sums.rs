//! Sums that feed into each other: what goes round is added up to its end.

use crate::scenario::knots::knots;
use std::collections::BTreeMap;

/// More sums that all feed into each other are not added up: that would take the cube of their number.
const MOST: usize = 500;

/// How near to nothing what is lost in a round may come before it counts as nothing: less is rounding.
const LOST: f64 = 1e-12;

/// Sums of what is given, none below zero, and of shares of other sums or of themselves.
#[derive(Debug, Default)]
pub(super) struct Sums {
    given: Vec<f64>,
    /// By sum: the shares of others in it.
    shares: Vec<BTreeMap<usize, f64>>,
}

impl Sums {
    /// A further sum, of nothing so far.
    pub(super) fn place(&mut self) -> usize {
        self.given.push(0.0);
        self.shares.push(BTreeMap::new());
        self.given.len() - 1
    }

    /// Gives a sum something.
    pub(super) fn give(&mut self, to: usize, amount: f64) {
        self.given[to] += amount;
    }

    /// Makes a share of one sum a part of another.
    pub(super) fn add(&mut self, to: usize, from: usize, share: f64) {
        // A share of nothing is nothing, also of what has no bound.
        if share != 0.0 {
            *self.shares[to].entry(from).or_default() += share;
        }
    }

    /// All sums: infinite where what goes round never grows less, not a number where something given or a share is none, or too many feed
    /// into each other.
    pub(super) fn solve(&self) -> Vec<f64> {
        let edges: Vec<Vec<usize>> = self.shares.iter().map(|shares| shares.keys().copied().collect()).collect();
        let mut knots_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, knot) in knots(&edges).into_iter().enumerate() {
            knots_of.entry(knot).or_default().push(place);
        }
        let mut solved = vec![0.0; self.given.len()];
        // What a knot takes in has been solved before it.
        for knot in knots_of.values() {
            let values = self.knot(knot, &solved);
            knot.iter().zip(values).for_each(|(place, value)| solved[*place] = value);
        }
        solved
    }

    /// Sums that all feed into each other, given what the others came to.
    fn knot(&self, knot: &[usize], solved: &[f64]) -> Vec<f64> {
        let here: BTreeMap<usize, usize> = knot.iter().enumerate().map(|(i, place)| (*place, i)).collect();
        let outside = |place: &usize| -> f64 {
            let others = self.shares[*place].iter().filter(|(from, _)| !here.contains_key(from));
            self.given[*place] + others.map(|(from, share)| solved[*from] * share).sum::<f64>()
        };
        let all = |value: f64| vec![value; knot.len()];
        let taken: Vec<f64> = knot.iter().map(outside).collect();
        let round = || knot.iter().flat_map(|place| self.shares[*place].iter().filter(|(from, _)| here.contains_key(from)));
        match taken.iter().sum::<f64>() {
            unknown if unknown.is_nan() || round().any(|(_, share)| share.is_nan()) => all(f64::NAN),
            0.0 => all(0.0),
            f64::INFINITY => all(f64::INFINITY),
            _ if knot.len() > MOST => all(f64::NAN),
            _ => {
                let mut shares = vec![vec![0.0; knot.len()]; knot.len()];
                for (row, place) in shares.iter_mut().zip(knot) {
                    self.shares[*place].iter().for_each(|(from, share)| here.get(from).into_iter().for_each(|i| row[*i] = *share));
                }
                eliminate(shares, taken).unwrap_or_else(|| all(f64::INFINITY))
            }
        }
    }
}

/// Solves `x = taken + shares x` by putting each sum into those behind it; nothing if it has no finite answer. Only adds, multiplies and
/// divides what is above zero, so that nothing is lost to rounding but in what a sum keeps of itself.
fn eliminate(mut shares: Vec<Vec<f64>>, mut taken: Vec<f64>) -> Option<Vec<f64>> {
    let n = taken.len();
    let mut lost = vec![0.0; n];
    for k in 0..n {
        lost[k] = Some(1.0 - shares[k][k]).filter(|lost| *lost > LOST)?;
        let (row, behind) = shares[k..].split_first_mut()?;
        for (i, other) in behind.iter_mut().enumerate().filter(|(_, other)| other[k] > 0.0) {
            let times = other[k] / lost[k];
            (k + 1..n).for_each(|j| other[j] += times * row[j]);
            taken[k + 1 + i] += times * taken[k];
        }
    }
    let mut solved = vec![0.0; n];
    for k in (0..n).rev() {
        let rest: f64 = (k + 1..n).map(|j| shares[k][j] * solved[j]).sum();
        solved[k] = (taken[k] + rest) / lost[k];
    }
    Some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums given so much, with shares as `(to, from, share)`.
    fn solved(given: &[f64], shares: &[(usize, usize, f64)]) -> Vec<f64> {
        let mut sums = Sums::default();
        for amount in given {
            let place = sums.place();
            sums.give(place, *amount);
        }
        shares.iter().for_each(|(to, from, share)| sums.add(*to, *from, *share));
        sums.solve()
    }

    fn near(a: &[f64], b: &[f64]) {
        assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs()), "{a:?} {b:?}");
    }

    #[test]
    fn what_goes_round_is_added_up_to_its_end() {
        near(&solved(&[50.0], &[]), &[50.0]);
        near(&solved(&[50.0], &[(0, 0, 0.99)]), &[5000.0]);
        // 10 in, half of it and then a third of that back, some of it on to the last.
        near(&solved(&[10.0, 0.0, 0.0], &[(1, 0, 0.5), (0, 1, 1.0 / 3.0), (2, 1, 2.0)]), &[12.0, 6.0, 12.0]);
        // A chain of any length.
        let chain: Vec<_> = (1..2000).map(|i| (i, i - 1, 1.0)).collect();
        near(&solved(&[vec![7.0], vec![0.0; 1999]].concat(), &chain), &[7.0; 2000]);
    }

    #[test]
    fn what_never_grows_less_has_no_bound_and_neither_has_what_it_leads_to() {
        assert_eq!(solved(&[50.0, 1.0], &[(0, 0, 1.0), (1, 0, 0.1)]), [f64::INFINITY; 2]);
        assert_eq!(solved(&[50.0, 0.0], &[(0, 1, 0.5), (1, 0, 3.0)]), [f64::INFINITY; 2]);
        // Three thirds, as often as they are rounded.
        assert_eq!(solved(&[1.0], &[(0, 0, 1.0 / 3.0), (0, 0, 1.0 / 3.0), (0, 0, 1.0 / 3.0)]), [f64::INFINITY]);
        // Nothing that goes round is nothing, and a share of nothing brings nothing on.
        assert_eq!(solved(&[0.0, 5.0], &[(0, 0, 2.0)]), [0.0, 5.0]);
        assert_eq!(solved(&[5.0, 5.0], &[(0, 0, 1.0), (1, 0, 0.0)]), [f64::INFINITY, 5.0]);
    }

    #[test]
    fn what_nobody_can_tell_is_not_a_number() {
        let sums = solved(&[1.0, 2.0, 3.0], &[(1, 0, f64::NAN), (2, 1, 0.5)]);
        assert!(sums[0] == 1.0 && sums[1].is_nan() && sums[2].is_nan());
        let ring: Vec<_> = (0..=MOST).map(|i| ((i + 1) % (MOST + 1), i, 0.5)).collect();
        assert!(solved(&vec![1.0; MOST + 1], &ring).iter().all(|sum| sum.is_nan()));
    }
}
