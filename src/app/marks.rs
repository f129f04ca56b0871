//! Where axes are marked: at values that are round in their unit, written without needless digits.

use egui_plot::GridMark;

/// A figure without zeros at its end: marks are round, and precision that they do not have would only be noise.
pub fn short(figure: &str) -> String {
    let (digits, unit) = figure.split_once(' ').map_or((figure, None), |(digits, unit)| (digits, Some(unit)));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    unit.map_or_else(|| digits.to_owned(), |unit| format!("{digits} {unit}"))
}

/// At most about so many marks at round values: 1, 2 or 5 times a power of ten.
pub fn nice_marks((from, to): (f64, f64), most: usize) -> Vec<GridMark> {
    let raw = (to - from) / most.max(1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= raw).unwrap_or(power * 10.0);
    at_every(step, from, to)
}

/// The same for times: beyond seconds round means something else.
pub fn time_marks((from, to): (f64, f64), most: usize) -> Vec<GridMark> {
    const STEPS: [f64; 14] =
        [30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 21_600.0, 43_200.0, 86_400.0];
    let raw = (to - from) / most.max(1) as f64;
    match STEPS.into_iter().find(|step| *step >= raw) {
        Some(step) if raw > 20.0 => at_every(step, from, to),
        _ => nice_marks((from, to), most),
    }
}

fn at_every(step: f64, from: f64, to: f64) -> Vec<GridMark> {
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    (first..=last.min(first + 100)).map(|i| GridMark { value: i as f64 * step, step_size: step }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        let marks: Vec<f64> = nice_marks((0.0, 60.0), 4).iter().map(|m| m.value).collect();
        assert_eq!(marks, [0.0, 20.0, 40.0, 60.0]);
        assert!(nice_marks((0.0, 0.0), 4).is_empty());
    }

    #[test]
    fn times_are_marked_at_minutes_and_hours() {
        let marks = |to: f64| time_marks((0.0, to), 3).iter().map(|m| m.value).collect::<Vec<f64>>();
        assert_eq!(marks(60.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(marks(1350.0), [0.0, 600.0, 1200.0]);
        assert_eq!(marks(86_400.0), [0.0, 43_200.0, 86_400.0]);
        assert!(marks(0.0).is_empty() && marks(1e9).len() > 2);
    }

    #[test]
    fn marks_have_no_needless_digits() {
        for (figure, shown) in [("0.0500", "0.05"), ("10", "10"), ("1.20 k", "1.2 k"), ("50.0 ms", "50 ms"), ("0 s", "0 s"), ("100", "100")]
        {
            assert_eq!(short(figure), shown);
        }
    }
}
