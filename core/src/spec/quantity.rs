//! Numbers, durations and ratios as rules write them, read exactly.

use crate::ratio::Ratio;
use crate::time::Span;

/// A decimal number as written: `mantissa × 10^exponent`, without rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

impl Decimal {
    /// Reads a number as YAML and JSON write it: `10`, `-1`, `0.5`, `1e3`,
    /// `0x1f`, `0o17`. Infinity and not-a-number are none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        for (prefix, radix) in [("0x", 16), ("0o", 8)] {
            if let Some(digits) = digits.strip_prefix(prefix) {
                // The sign that `from_str_radix` would take has been read.
                let mantissa = digits.starts_with(|c: char| c.is_ascii_hexdigit()).then_some(digits)?;
                return Some(Decimal { negative, mantissa: u128::from_str_radix(mantissa, radix).ok()?, exponent: 0 });
            }
        }
        let (number, power) = match digits.split_once(['e', 'E']) {
            Some((number, power)) => (number, power.parse::<i16>().ok()?),
            None => (digits, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (mantissa, places) = read_digits(whole, fraction)?;
        let mut decimal = Decimal { negative, mantissa, exponent: i32::from(power).saturating_sub(places) };
        decimal.normalize();
        Some(decimal)
    }

    /// The same number with the fewest digits, so that equal numbers are equal.
    fn normalize(&mut self) {
        if self.mantissa == 0 {
            *self = Decimal { negative: false, mantissa: 0, exponent: 0 };
        }
        while self.mantissa != 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.negative
    }

    /// The whole part, without its sign; numbers too large are `u64::MAX`.
    #[must_use]
    pub fn floor(self) -> u64 {
        let power = 10u128.checked_pow(self.exponent.unsigned_abs());
        let whole = match power {
            Some(power) if self.exponent < 0 => self.mantissa.checked_div(power).unwrap_or(0),
            Some(power) => self.mantissa.saturating_mul(power),
            None if self.exponent < 0 || self.mantissa == 0 => 0,
            None => u128::MAX,
        };
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Whether it has no fraction.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.exponent >= 0
    }

    /// The nearest floating-point number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        // The parser of the standard library rounds once and correctly.
        format!("{sign}{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::INFINITY)
    }

    /// The number as a share of one, `None` outside 0 to 1 or beyond 19 decimals.
    fn to_ratio(self) -> Option<Ratio> {
        if self.negative {
            return None;
        }
        let places = u32::try_from(self.exponent.checked_neg()?).unwrap_or(0);
        let denominator = 10u64.checked_pow(places)?;
        let numerator = if self.exponent > 0 { self.floor() } else { u64::try_from(self.mantissa).ok()? };
        Ratio::new(numerator, denominator)
    }
}

/// The digits around a decimal point as one number, and how many stood behind
/// the point. Zeros at the end count for nothing.
fn read_digits(whole: &str, fraction: &str) -> Option<(u128, i32)> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = [whole, fraction].concat();
    let mantissa = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some((mantissa, i32::try_from(fraction.len()).ok()?))
}

/// What a duration may look like, for diagnostics.
pub const DURATION: &str = "a duration like 500ms, 1s, 1.5s, 5min or 1h2m";

/// What a duration over zero may look like, for diagnostics.
pub const DURATION_OVER_ZERO: &str = "a duration over zero like 500ms, 1s, 1.5s, 5min or 1h2m";

/// What a ratio may look like, for diagnostics.
pub const RATIO: &str = "a ratio from 0 to 1 like 60% or 0.6";

/// Reads a duration with units: `500ms`, `1.5s`, `1h2m`. Below a nanosecond it
/// is cut off.
#[must_use]
pub fn duration(text: &str) -> Option<Span> {
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, behind) =
            behind.split_at(behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len()));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let (mantissa, places) = read_digits(whole, fraction)?;
        let nanos = mantissa.checked_mul(nanos_of(unit)?)?;
        total = total.checked_add(nanos.checked_div(10u128.checked_pow(places.unsigned_abs())?)?)?;
        rest = behind;
    }
    if text.is_empty() { None } else { u64::try_from(total).ok().map(Span) }
}

fn nanos_of(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" | "minute" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

/// Reads a ratio: `60%`, `0.5%`, `0.6`.
#[must_use]
pub fn ratio(text: &str) -> Option<Ratio> {
    let Some(percent) = text.strip_suffix('%') else { return Decimal::parse(text)?.to_ratio() };
    let mut decimal = Decimal::parse(percent)?;
    if decimal.mantissa != 0 {
        decimal.exponent = decimal.exponent.saturating_sub(2);
    }
    decimal.to_ratio()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_yaml_and_json_write_them() {
        for (text, floor, value) in [
            ("10", 10, 10.0),
            ("010", 10, 10.0),
            ("0.5", 0, 0.5),
            (".5", 0, 0.5),
            ("2.", 2, 2.0),
            ("2.75", 2, 2.75),
            ("1e3", 1000, 1000.0),
            ("1.5e-1", 0, 0.15),
            ("0x1f", 31, 31.0),
            ("0o17", 15, 15.0),
            ("+7", 7, 7.0),
            ("1e40", u64::MAX, 1e40),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!((decimal.floor(), decimal.to_f64()), (floor, value), "{text}");
        }
        assert!(Decimal::parse("-1").unwrap().is_negative());
        assert!(!Decimal::parse("-0.0").unwrap().is_negative());
        assert!(Decimal::parse("8.0").unwrap().is_whole() && !Decimal::parse("8.5").unwrap().is_whole());
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "ten", "1_000", "1e", "e3", ".inf", ".nan", "0x", "0x+1", "0o8", "--1", "1 "] {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_unit_of_duration() {
        for (text, nanos) in [
            ("7ns", 7),
            ("7us", 7_000),
            ("7µs", 7_000),
            ("7μs", 7_000),
            ("7ms", 7_000_000),
            ("7s", 7_000_000_000),
            ("7m", 420_000_000_000),
            ("7min", 420_000_000_000),
            ("1minute", 60_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1d", 86_400_000_000_000),
            ("0s", 0),
            ("1.5s", 1_500_000_000),
            ("0.000000001s", 1),
            (".5s", 500_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("1d12h", 129_600_000_000_000),
        ] {
            assert_eq!(duration(text), Some(Span(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in
            ["", "5", "0", "s", "-1s", "1 s", "1S", "1.5", "1..5s", "1s2", "5 min", "5minutes", "1e3s", "700000d"]
        {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn ratios_are_exact() {
        assert_eq!(ratio("60%"), Ratio::new(6, 10));
        assert_eq!(ratio("0.6"), Ratio::new(6, 10));
        assert_eq!(ratio("0.5%"), Ratio::new(5, 1000));
        assert_eq!(ratio("100%"), Ratio::new(1, 1));
        assert_eq!(ratio("1"), Ratio::new(1, 1));
        assert_eq!(ratio("0%"), Ratio::new(0, 1));
        assert_eq!(ratio("6e-1"), Ratio::new(6, 10));
        for text in ["", "%", "60", "101%", "1.01", "-0.1", "60 %", "half", "100.0000000000000000000001%"] {
            assert_eq!(ratio(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,24}|[0-9.eE+xo%a-z-]{0,60}") {
            let _ = (Decimal::parse(&text).map(|d| (d.floor(), d.to_f64())), duration(&text), ratio(&text));
        }

        #[test]
        fn a_span_reads_back_from_what_it_prints(nanos: u64) {
            prop_assert_eq!(duration(&Span(nanos).to_string()), Some(Span(nanos)));
        }

        #[test]
        fn a_number_reads_back_as_the_standard_library_reads_it(number in -1e12f64..1e12) {
            prop_assert_eq!(Decimal::parse(&number.to_string()).unwrap().to_f64(), number);
        }
    }
}
