//! Numbers for people: three significant digits, a unit, and the same width where they change.

/// What stands where there is no figure.
pub const NONE: &str = "–";

/// `0`, `0.05`, `12.4`, `987`, `1.24 k`, `3.50 M`: three significant digits, thousands as k, M, G, T.
pub fn number(value: f64) -> String {
    let (text, prefix) = scaled(value);
    if prefix.is_empty() { text } else { format!("{text} {prefix}") }
}

/// A count: exact below ten thousand, three digits above.
pub fn count(value: u64) -> String {
    if value < 10_000 { value.to_string() } else { number(value as f64) }
}

/// `1 producer`, `3 producers`, `12.4 k producers`.
pub fn counted(value: u64, what: &str) -> String {
    if value == 1 { format!("1 {what}") } else { format!("{} {what}s", count(value)) }
}

/// `1.24 k/s`.
pub fn rate(per_second: f64) -> String {
    if !per_second.is_finite() {
        return NONE.to_owned();
    }
    let (text, prefix) = scaled(per_second);
    if prefix.is_empty() { format!("{text}/s") } else { format!("{text} {prefix}/s") }
}

/// `38.5 ms`, `2.10 s`, `1.50 min`.
pub fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NONE.to_owned();
    }
    let size = seconds.abs();
    let (value, unit) = match size {
        0.0 => (0.0, "s"),
        // Where three digits would round up to the next unit, the next unit it is.
        _ if size < 0.999_5e-6 => (seconds * 1e9, "ns"),
        _ if size < 0.999_5e-3 => (seconds * 1e6, "µs"),
        _ if size < 0.999_5 => (seconds * 1e3, "ms"),
        _ if size < 119.95 => (seconds, "s"),
        _ if size < 7200.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3600.0, "h"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A moment on a time axis, short: `20 s`, `2 min`, `500 ms`, `9.50 h`.
pub fn axis_seconds(at: f64) -> String {
    if at.abs() >= 7200.0 {
        format!("{} h", trimmed(at / 3600.0))
    } else if at.abs() >= 300.0 {
        format!("{} min", trimmed(at / 60.0))
    } else if at == 0.0 || at.abs() >= 0.1 {
        format!("{} s", trimmed(at))
    } else {
        seconds(at)
    }
}

/// At most two decimals, none that say nothing.
fn trimmed(value: f64) -> String {
    ((value * 100.0).round() / 100.0).to_string()
}

/// `16.3 KiB`, as files say sizes.
pub fn bytes(bytes: f64) -> String {
    let (mut left, mut unit) = (bytes, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if left < 1023.5 {
            break;
        }
        (left, unit) = (left / 1024.0, larger);
    }
    format!("{} {unit}", three_digits(left))
}

/// `31.2 %`.
pub fn share(fraction: f64) -> String {
    if fraction.is_finite() { format!("{} %", three_digits(fraction * 100.0)) } else { NONE.to_owned() }
}

fn scaled(value: f64) -> (String, &'static str) {
    if !value.is_finite() {
        return (NONE.to_owned(), "");
    }
    let mut value = value;
    for prefix in ["", "k", "M", "G"] {
        if value.abs() < 999.5 {
            return (three_digits(value), prefix);
        }
        value /= 1000.0;
    }
    (three_digits(value), "T")
}

/// Three significant digits without an exponent, for numbers below 1000 (larger ones are whole).
fn three_digits(value: f64) -> String {
    let size = value.abs();
    if size < 0.000_5 {
        return "0".to_owned();
    }
    let decimals = if size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.0995 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    // Whole numbers need no decimals: "5/s", not "5.00/s".
    match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') && (value.fract() == 0.0) => whole.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let words: Vec<String> = [0, 1, 2, 12_400].into_iter().map(|n| counted(n, "event")).collect();
        assert_eq!(words, ["0 events", "1 event", "2 events", "12.4 k events"]);
        assert_eq!([12.0, 1023.6, 16_700.0, 536_870_912.0].map(bytes), ["12 B", "1.00 KiB", "16.3 KiB", "512 MiB"]);
    }

    #[test]
    fn three_significant_digits_with_units() {
        for (value, text) in [
            (1240.0, "1.24 k/s"),
            (50.0, "50/s"),
            (49.83, "49.8/s"),
            (0.0, "0/s"),
            (0.014_22, "0.0142/s"),
            (999.7, "1.00 k/s"),
            (3.5e6, "3.50 M/s"),
        ] {
            assert_eq!(rate(value), text);
        }
        for (value, text) in [
            (0.0385, "38.5 ms"),
            (0.000_012, "12 µs"),
            (2.1, "2.10 s"),
            (0.999_9, "1.00 s"),
            (90.0, "90 s"),
            (150.0, "2.50 min"),
            (0.0, "0 s"),
            (f64::NAN, NONE),
        ] {
            assert_eq!(seconds(value), text);
        }
        for (value, text) in [(0.0, "0 s"), (20.0, "20 s"), (0.5, "0.5 s"), (0.02, "20 ms"), (600.0, "10 min"), (50_000.0, "13.89 h")] {
            assert_eq!(axis_seconds(value), text);
        }
        assert_eq!(share(0.312), "31.2 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(count(9_999), "9999");
        assert_eq!(count(123_456), "123 k");
        assert_eq!(number(f64::INFINITY), NONE);
    }
}
