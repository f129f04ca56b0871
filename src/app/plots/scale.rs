//! The scale of a plot's values: as they are, or by their powers of ten.

use super::figures::Format;
use crate::app::marks::{nice_marks, time_marks};
use egui_plot::GridMark;

/// How values are placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Whether equal distances are equal ratios.
    pub log: bool,
}

impl Scale {
    /// Where a value stands; not a number where it has no place: by powers of ten, zero has none.
    pub fn place(self, value: f64) -> f64 {
        match self.log {
            true if value > 0.0 => value.log10(),
            true => f64::NAN,
            false => value,
        }
    }

    /// The value at a place.
    pub fn value(self, place: f64) -> f64 {
        if self.log { 10f64.powf(place) } else { place }
    }

    /// From where to where places reach for these values: from zero where there is one, whole powers of ten otherwise; never nothing.
    pub fn range(self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let (mut least, mut most) = (f64::INFINITY, 0.0f64);
        for value in values.filter(|value| value.is_finite() && *value > 0.0) {
            (least, most) = (least.min(value), most.max(value));
        }
        match (self.log, most > 0.0) {
            (false, true) => (0.0, most * 1.1),
            (false, false) => (0.0, 1.15),
            // A millisecond to a second: something has to be there.
            (true, false) => (-3.0, 0.0),
            (true, true) => {
                let (from, to) = ((least.log10() + 1e-9).floor(), (most.log10() - 1e-9).ceil());
                (from, to.max(from + 1.0))
            }
        }
    }

    /// Where the axis is marked, at most at about so many places.
    pub fn marks(self, format: Format, bounds: (f64, f64), most: usize) -> Vec<GridMark> {
        if !self.log {
            return match format {
                Format::Number | Format::Share => nice_marks(bounds, most),
                Format::Time => time_marks(bounds, most),
            };
        }
        let (from, to) = (bounds.0.max(-30.0), bounds.1.min(30.0));
        let decades = (to - from).max(1e-9);
        // Within a power of ten at 2 and 5 as well, where there is room; else every power, or every second, third, ...
        let within: &[f64] = if decades * 3.0 <= most as f64 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let every = ((decades / most.max(1) as f64).ceil() as i32).max(1);
        let step = if within.len() > 1 { 0.3 } else { f64::from(every) };
        let powers = ((from - 1e-9).floor() as i32..=(to + 1e-9).ceil() as i32).filter(|power| power.rem_euclid(every) == 0);
        let places = powers.flat_map(|power| within.iter().map(move |n| n.log10() + f64::from(power)));
        places.filter(|at| *at >= from - 1e-9 && *at <= to + 1e-9).map(|value| GridMark { value, step_size: step }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_are_each_other_s_way_back_and_zero_has_no_place_among_powers() {
        for scale in [Scale { log: false }, Scale { log: true }] {
            for value in [1e-6, 0.02, 1.0, 345.0] {
                assert!((scale.value(scale.place(value)) - value).abs() < value * 1e-9);
            }
        }
        assert!(Scale { log: true }.place(0.0).is_nan() && Scale { log: true }.place(f64::NAN).is_nan());
        assert_eq!(Scale { log: false }.place(0.0), 0.0);
    }

    #[test]
    fn ranges_hold_what_there_is_and_are_never_nothing() {
        let log = Scale { log: true };
        assert_eq!(log.range([0.002, 0.3, 0.0, f64::NAN].into_iter()), (-3.0, 0.0));
        assert_eq!(log.range([0.01].into_iter()), (-2.0, -1.0));
        assert_eq!(log.range([0.0].into_iter()), (-3.0, 0.0));
        let plain = Scale { log: false };
        assert_eq!(plain.range([2.0, 1.0].into_iter()), (0.0, 2.2));
        assert_eq!((plain.range([0.0].into_iter()), plain.range([].into_iter())), ((0.0, 1.15), (0.0, 1.15)));
    }

    #[test]
    fn powers_of_ten_are_marked_and_what_lies_between_where_there_is_room() {
        let log = Scale { log: true };
        let marks = |from: f64, to: f64, most: usize| {
            let marks = log.marks(Format::Time, (from, to), most);
            marks.iter().map(|mark| (log.value(mark.value) * 1e6).round() / 1e6).collect::<Vec<_>>()
        };
        assert_eq!(marks(-3.0, 0.0, 4), [0.001, 0.01, 0.1, 1.0]);
        assert_eq!(marks(-2.0, -1.0, 6), [0.01, 0.02, 0.05, 0.1]);
        assert!(marks(-9.0, 3.0, 4).len() <= 5 && !marks(-9.0, 3.0, 4).is_empty());
    }
}
