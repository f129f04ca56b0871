//! When two numbers of different spelling are the same number.

/// The value by which a number is compared, or `None` where it is compared by its spelling alone: a number counts as a
/// double, and one that is not exactly what its nearest double would be written as (1e400, 9007199254740993) has no double.
pub fn value(spelling: &str) -> Option<f64> {
    let double: f64 = spelling.parse().ok()?;
    // So few digits are always those that the nearest double is written with.
    let short = spelling.len() <= SURE_DIGITS && !spelling.contains(['e', 'E']);
    if short {
        return Some(if double == 0.0 { 0.0 } else { double });
    }
    if !double.is_finite() || (Decimal::of(spelling)? != Decimal::of(&format!("{double:e}"))?) {
        return None;
    }
    Some(if double == 0.0 { 0.0 } else { double })
}

/// Decimal digits that every double can tell apart.
const SURE_DIGITS: usize = 15;

/// A decimal number in one form for each value: its digits without zeros at either end, times a power of ten.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn of(spelling: &str) -> Option<Decimal> {
        let (mantissa, exponent) = match spelling.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (spelling, 0),
        };
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(part.bytes()).collect();
        let mut exponent = exponent.checked_sub(part.len() as i64)?;
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent = exponent.checked_add(1)?;
        }
        let zeros = digits.iter().take_while(|d| **d == b'0').count();
        digits.drain(..zeros);
        let zero = digits.is_empty();
        Some(Decimal { negative: mantissa.starts_with('-') && !zero, digits, exponent: if zero { 0 } else { exponent } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_number_have_one_value() {
        for spelling in ["300", "300.0", "3e2", "3.0E+2", "30000e-2"] {
            assert_eq!(value(spelling), Some(300.0), "{spelling}");
        }
        for zero in ["0", "-0", "-0.0", "0e5", "0E-999999"] {
            assert_eq!(value(zero).map(f64::to_bits), Some(0), "{zero}");
        }
    }

    #[test]
    fn a_number_without_a_double_has_none() {
        for spelling in ["1e400", "9007199254740993", "0.1000000000000000055", "1e-400", "1e99999999999999999999"] {
            assert_eq!(value(spelling), None, "{spelling}");
        }
        assert_eq!(value("9007199254740992"), Some(9_007_199_254_740_992.0));
        assert_eq!(value("1e300"), Some(1e300));
    }

    proptest! {
        #[test]
        fn few_digits_always_have_a_value(whole in 0u64..10_000_000, part in 0u64..1_000_000) {
            let spelling = format!("{whole}.{part:06}");
            prop_assert!(value(&spelling).is_some());
            // The long way comes to the same.
            prop_assert_eq!(value(&spelling), value(&format!("{spelling}e0")));
        }

        #[test]
        fn every_double_is_its_own_value(double in proptest::num::f64::NORMAL) {
            prop_assert_eq!(value(&format!("{double}")), Some(double));
            prop_assert_eq!(value(&format!("{double:e}")), Some(double));
        }
    }
}
