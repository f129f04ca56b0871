//! Figures in words: three significant digits and a unit, written into text that is there already.

use std::fmt::Write;

/// `1.24 k`, `38.5`, `0`: three significant digits.
pub fn figure(out: &mut String, value: f64) {
    let (value, unit) = match value.abs() {
        v if v >= 999.5e9 => (value / 1e12, " T"),
        v if v >= 999.5e6 => (value / 1e9, " G"),
        v if v >= 999.5e3 => (value / 1e6, " M"),
        v if v >= 999.5 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        0.0 => 0,
        // Small rates are slow, not nothing.
        v if v < 0.009_95 => 4,
        v if v < 0.099_5 => 3,
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    let _ = write!(out, "{value:.digits$}{unit}");
}

/// A count: whole while it is small.
pub fn count(out: &mut String, value: u64) {
    if value < 1000 {
        let _ = write!(out, "{value}");
    } else {
        figure(out, value as f64);
    }
}

/// `49.8/s`, `1.24 k/s`.
pub fn rate(out: &mut String, per_second: f64) {
    figure(out, if per_second.is_finite() { per_second } else { 0.0 });
    out.push_str("/s");
}

/// `38.5 ms`, from seconds.
pub fn time(out: &mut String, seconds: f64) {
    let (value, unit) = match seconds.abs() {
        s if s >= 0.9995 => (seconds, " s"),
        s if s >= 0.9995e-3 => (seconds * 1e3, " ms"),
        s if s >= 0.9995e-6 => (seconds * 1e6, " µs"),
        s if s > 0.0 => (seconds * 1e9, " ns"),
        _ => (0.0, " ms"),
    };
    figure(out, value);
    out.push_str(unit);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn three_digits_and_a_unit() {
        for (value, expected) in [
            (0.0, "0/s"),
            (0.5, "0.50/s"),
            (0.004_17, "0.0042/s"),
            (0.0274, "0.027/s"),
            (9.996, "10.0/s"),
            (49.84, "49.8/s"),
            (999.6, "1.00 k/s"),
            (1240.0, "1.24 k/s"),
            (2.5e6, "2.50 M/s"),
        ] {
            assert_eq!(text(|out| rate(out, value)), expected);
        }
        for (seconds, expected) in [(0.0, "0 ms"), (0.0385, "38.5 ms"), (1.5, "1.50 s"), (25e-6, "25.0 µs"), (3e-9, "3.00 ns")] {
            assert_eq!(text(|out| time(out, seconds)), expected);
        }
        assert_eq!(text(|out| count(out, 999)), "999");
        assert_eq!(text(|out| count(out, 12_345)), "12.3 k");
    }
}
