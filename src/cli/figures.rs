//! Numbers for people: three significant digits and a unit.

/// Seconds as `12.5 ms`.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s == 0.0 => "0".to_owned(),
        s if s < 1e-6 => format!("{} ns", three(s * 1e9)),
        s if s < 1e-3 => format!("{} us", three(s * 1e6)),
        s if s < 1.0 => format!("{} ms", three(s * 1e3)),
        s if s < 600.0 => format!("{} s", three(s)),
        s if s < 36_000.0 => format!("{} min", three(s / 60.0)),
        s => format!("{} h", three(s / 3600.0)),
    }
}

/// A count or a rate as `1.24 k`.
pub fn count(value: f64) -> String {
    match value.abs() {
        v if v < 1e4 && value.fract() == 0.0 => format!("{value}"),
        v if v < 1e3 => three(value),
        v if v < 1e6 => format!("{} k", three(value / 1e3)),
        v if v < 1e9 => format!("{} M", three(value / 1e6)),
        _ => format!("{} G", three(value / 1e9)),
    }
}

/// A fraction as `31.4%`.
pub fn share(fraction: f64) -> String {
    format!("{}%", three(fraction * 100.0))
}

/// Three significant digits, without an exponent.
pub fn three(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v == 0.0 => 0,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(time(0.0125), "12.5 ms");
        assert_eq!(time(1.0), "1.00 s");
        assert_eq!(time(7200.0), "120 min");
        assert_eq!(time(0.0), "0");
        assert_eq!(count(1240.0), "1240");
        assert_eq!(count(12_400.0), "12.4 k");
        assert_eq!(count(2.5e6), "2.50 M");
        assert_eq!(count(49.837), "49.8");
        assert_eq!(share(0.314), "31.4%");
    }
}
