//! Quantities with units, as people write them: `"250ms"`, `"50/s"`, `"16KiB"`, `"1%"`.
//!
//! Each is a newtype that reads and writes its text form. Parsing is strict: a bare number has no unit and is
//! refused, so is anything negative, infinite or not a number. Writing gives the shortest text that reads back
//! to the same value.

use crate::time::{SECOND, Span};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Probability or share in per cent; held as a fraction from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percent(pub f64);

/// Events per second, greater than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Bytes per second, greater than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bandwidth(pub f64);

const TIMES: &[(&str, f64)] =
    &[("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 6e10), ("m", 6e10), ("h", 3.6e12), ("d", 8.64e13)];
/// Longest span that may be written: a hundred years.
const LONGEST: f64 = 36_525.0 * 8.64e13;
/// More than any quantity takes; what is longer is not repeated in messages.
const LONGEST_TEXT: usize = 100;
const SIZES: &[(&str, f64)] = &[
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];
const PERS: &[(&str, f64)] = &[("s", 1.0), ("ms", 1e-3), ("min", 60.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// A number as written, without underscores, and its value.
struct Number {
    written: String,
    value: f64,
}

impl Number {
    /// The whole number nearest to this times `factor`, computed without rounding on the way; floating point would lose
    /// nanoseconds behind 104 days.
    fn times(&self, factor: u64) -> u64 {
        let (whole, fraction) = self.written.split_once('.').unwrap_or((&self.written, ""));
        let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
        match (digits(whole), digits(fraction)) {
            (Some(w), Some(f)) if whole.len() <= 24 && fraction.len() <= 12 => {
                let scale = 10_u128.pow(fraction.len() as u32);
                u64::try_from(w * u128::from(factor) + (2 * f * u128::from(factor) + scale) / (2 * scale)).unwrap_or(u64::MAX)
            }
            _ => (self.value * factor as f64).round() as u64,
        }
    }
}

/// Splits `"12.5ms"` into 12.5 and `ms`, or says what is wrong in words that fit behind "expected ...".
fn split<'t>(text: &'t str, what: &str, example: &str) -> Result<(Number, &'t str), String> {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|(i, c)| {
            let exponent = matches!(c, 'e' | 'E') && text[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-');
            let after_exponent = *c == '-' && text[..*i].ends_with(['e', 'E']);
            !(c.is_ascii_digit() || *c == '.' || *c == '_' || exponent || after_exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    let (number, unit) = (text[..end].replace('_', ""), text[end..].trim());
    if number.is_empty() {
        return Err(match text.strip_prefix('-') {
            Some(_) => format!("{what} cannot be negative: `{text}`"),
            None => format!("expected {what} such as \"{example}\", found `{text}`"),
        });
    }
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Number { written: number, value }, unit)),
        _ => Err(format!("expected {what} such as \"{example}\", found `{text}`")),
    }
}

fn lookup(unit: &str, table: &[(&str, f64)], text: &str, what: &str, example: &str) -> Result<f64, String> {
    if let Some((_, factor)) = table.iter().find(|(name, _)| *name == unit) {
        return Ok(*factor);
    }
    let known = table.iter().map(|(name, _)| *name).filter(|n| *n != "µs" && *n != "m" && *n != "KB").collect::<Vec<_>>().join(", ");
    Err(if unit.is_empty() {
        format!("`{text}` has no unit: write {what} as \"{example}\" (units: {known})")
    } else {
        format!("unknown unit `{unit}` in `{text}`: write {what} as \"{example}\" (units: {known})")
    })
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Span, String> {
        let (number, unit) = split(text, "a time", "250ms")?;
        let factor = lookup(unit, TIMES, text, "a time", "250ms")?;
        if number.value * factor > LONGEST {
            return Err(format!("`{text}` is longer than a hundred years"));
        }
        Ok(Span(number.times(factor as u64)))
    }
}

impl FromStr for Percent {
    type Err = String;
    fn from_str(text: &str) -> Result<Percent, String> {
        let (number, unit) = split(text, "a share", "1%")?;
        match unit {
            "%" if number.value <= 100.0 => {
                // Shifting the point is exact where dividing by 100 rounds, and not every fraction is a hundredth of a float.
                let (digits, exponent) = number.written.split_once(['e', 'E']).unwrap_or((&number.written, "0"));
                let shifted = exponent.parse::<i64>().ok().and_then(|e| e.checked_sub(2));
                let shifted = shifted.and_then(|e| format!("{digits}e{e}").parse().ok()).filter(|share| (0.0..=1.0).contains(share));
                Ok(Percent(shifted.unwrap_or(number.value / 100.0)))
            }
            "%" => Err(format!("`{text}` is more than 100%")),
            "" => Err(format!("`{text}` has no unit: write a share as \"1%\"")),
            _ => Err(format!("unknown unit `{unit}` in `{text}`: write a share as \"1%\"")),
        }
    }
}

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Rate, String> {
        let (Number { value, .. }, unit) = split(text, "a rate", "50/s")?;
        let per = unit.strip_prefix('/').ok_or_else(|| format!("expected a rate such as \"50/s\" or \"3/min\", found `{text}`"))?;
        let rate = value / lookup(per.trim(), PERS, text, "a rate", "50/s")?;
        if rate > 1e9 {
            return Err(format!("`{text}` is more than one event per nanosecond, the finest virtual time can tell apart"));
        }
        Ok(Rate(rate))
    }
}

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Size, String> {
        let (number, unit) = split(text, "a size", "16KiB")?;
        let factor = lookup(unit, SIZES, text, "a size", "16KiB")?;
        if number.value * factor > 1e15 {
            return Err(format!("`{text}` is more than a petabyte"));
        }
        Ok(Size(number.times(factor as u64)))
    }
}

impl FromStr for Bandwidth {
    type Err = String;
    fn from_str(text: &str) -> Result<Bandwidth, String> {
        let (Number { value, .. }, unit) = split(text, "a bandwidth", "10MiB/s")?;
        let per_second = unit.strip_suffix("/s").ok_or_else(|| format!("expected a bandwidth such as \"10MiB/s\", found `{text}`"))?;
        Ok(Bandwidth(value * lookup(per_second.trim(), SIZES, text, "a bandwidth", "10MiB/s")?))
    }
}

/// The largest unit in which `value` is a number of at most three decimals, exactly; else the smallest unit.
fn in_largest_unit(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    for (name, unit) in units {
        if value >= *unit && (u128::from(value) * 1000).is_multiple_of(u128::from(*unit)) {
            let thousandths = u128::from(value % unit) * 1000 / u128::from(*unit);
            let fraction = format!(".{thousandths:03}");
            return write!(f, "{}{}{name}", value / unit, fraction.trim_end_matches('0').trim_end_matches('.'));
        }
    }
    let (name, unit) = units[units.len() - 1];
    write!(f, "{}{name}", value / unit)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        // Minutes and more only when whole: "90s" is easier to read than "1.5min".
        for (name, unit) in [("d", 86_400 * SECOND), ("h", 3600 * SECOND), ("min", 60 * SECOND)] {
            if self.0.is_multiple_of(unit) && (self.0 >= 2 * unit || name != "min") {
                return write!(f, "{}{name}", self.0 / unit);
            }
        }
        in_largest_unit(f, self.0, &[("s", SECOND), ("ms", 1_000_000), ("us", 1000), ("ns", 1)])
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 {
            return f.write_str("0%");
        }
        // The shortest digits of the fraction, with the point two places further right.
        let text = format!("{:e}", self.0);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let hundredfold = format!("{digits}e{}", exponent.parse::<i32>().unwrap_or(0) + 2);
        match plain(&hundredfold) {
            Some(plain) => write!(f, "{plain}%"),
            None => write!(f, "{hundredfold}%"),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, seconds) in [("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)] {
            let value = self.0 * seconds;
            let rounded = (value * 1000.0).round() / 1000.0;
            if rounded >= 1.0 && rounded / seconds == self.0 {
                return write!(f, "{rounded}/{name}");
            }
        }
        write!(f, "{}/s", self.0)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = &[("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
        if self.0.is_multiple_of(1000) && self.0 > 0 {
            return in_largest_unit(f, self.0, &[("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)]);
        }
        match binary.iter().find(|(_, unit)| self.0.is_multiple_of(*unit) && self.0 >= *unit) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.fract() == 0.0 && self.0 < 1e15 { write!(f, "{}/s", Size(self.0 as u64)) } else { write!(f, "{}B/s", self.0) }
    }
}

/// A positive number in scientific notation without its exponent, if that stays short.
fn plain(scientific: &str) -> Option<String> {
    let (digits, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = whole.len() as i32 + exponent;
    if !all.bytes().all(|b| b.is_ascii_digit()) || !(-12..=20).contains(&point) {
        return None;
    }
    Some(match usize::try_from(point) {
        Ok(point) if point >= all.len() => format!("{all}{}", "0".repeat(point - all.len())),
        Ok(point) if point > 0 => format!("{}.{}", &all[..point], &all[point..]),
        _ => format!("0.{}{all}", "0".repeat(point.unsigned_abs() as usize)),
    })
}

macro_rules! as_text {
    ($($name:ty => $expected:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        if text.len() > LONGEST_TEXT {
                            return Err(E::custom(format!("expected {}, found {} bytes of text", $expected, text.len())));
                        }
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )*};
}

as_text! {
    Span => "a time in quotes such as \"250ms\"";
    Percent => "a share in quotes such as \"1%\"";
    Rate => "a rate in quotes such as \"50/s\"";
    Size => "a size in quotes such as \"16KiB\"";
    Bandwidth => "a bandwidth in quotes such as \"10MiB/s\"";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_read_and_write() {
        for (text, ns, written) in [
            ("250ms", 250_000_000, "250ms"),
            ("1500 ms", 1_500_000_000, "1.5s"),
            ("90s", 90_000_000_000, "90s"),
            ("2min", 120_000_000_000, "2min"),
            ("24h", 86_400_000_000_000, "1d"),
            ("0s", 0, "0s"),
            ("1ns", 1, "1ns"),
            ("500us", 500_000, "500us"),
            ("1e3ms", 1_000_000_000, "1s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.0, span.to_string().as_str()), (ns, written), "{text}");
        }
    }

    #[test]
    fn what_has_no_unit_or_makes_no_sense_is_refused_with_advice() {
        assert_eq!("12".parse::<Span>().unwrap_err(), "`12` has no unit: write a time as \"250ms\" (units: ns, us, ms, s, min, h, d)");
        assert!("-5ms".parse::<Span>().unwrap_err().contains("cannot be negative"));
        assert!("101%".parse::<Percent>().unwrap_err().contains("more than 100%"));
        assert!("50".parse::<Rate>().unwrap_err().contains("50/s"));
        assert!("1e99d".parse::<Span>().unwrap_err().contains("hundred years"));
        for text in ["", "s", "NaN s", "inf", "1e999s", "..s", "é", "1é"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_value_survives_its_text() {
        for ns in [1, 999, 1000, 1001, 12_345, 999_999_999, 1_000_000_001, 61 * SECOND, 3600 * SECOND, 86_401 * SECOND] {
            assert_eq!(Span(ns).to_string().parse::<Span>().unwrap(), Span(ns));
        }
        for ns in [36_524 * 86_400 * SECOND + 1_000_000, 9_072_000_001_000_000, (1 << 61) + 1] {
            assert_eq!(Span(ns).to_string().parse::<Span>().unwrap(), Span(ns), "{}", Span(ns));
        }
        for p in [0.0, 0.01, 0.001, 1.0 / 3.0, 0.07, 1.0, 0.29, 1e-7, 2.0 / 3.0, 0.1 + 0.2, 1e-300, 5e-324] {
            assert_eq!(Percent(p).to_string().parse::<Percent>().unwrap(), Percent(p), "{}", Percent(p));
        }
        for r in [0.8, 50.0, 1.0 / 3.0, 1e6, 0.05, 3.0 / 60.0] {
            assert_eq!(Rate(r).to_string().parse::<Rate>().unwrap(), Rate(r), "{}", Rate(r));
        }
        for b in [0, 1, 1000, 1024, 1500, 16_384, 1 << 30, 123_456_789] {
            assert_eq!(Size(b).to_string().parse::<Size>().unwrap(), Size(b));
        }
        assert_eq!(Percent(0.07).to_string(), "7%");
        assert_eq!(Percent(0.0005).to_string(), "0.05%");
        assert_eq!(Percent(1.0).to_string(), "100%");
        assert_eq!("1e-1%".parse::<Percent>(), Ok(Percent(0.001)));
        for exponent in [i64::MIN, i64::MIN + 1, i64::MIN + 2] {
            assert_eq!(format!("1e{exponent}%").parse::<Percent>(), Ok(Percent(0.0)), "{exponent}");
        }
        assert_eq!(Size(1024).to_string(), "1KiB");
        assert_eq!(Bandwidth(1e7).to_string(), "10MB/s");
    }
}
