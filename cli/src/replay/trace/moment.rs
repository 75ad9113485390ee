//! Moments and lengths of time as traces write them.

use super::quoted;
use jiff::Timestamp;
use sergo::Span;
use sergo::spec::quantity::duration;

/// Seconds since 1970 from this number on; below it a trace counts from its own beginning.
pub(crate) const CALENDAR: i64 = 100_000_000 * SECOND;

const SECOND: i64 = 1_000_000_000;

/// A moment as RFC 3339 writes it: `2026-11-21T10:00:00.310Z`.
pub(super) fn rfc3339(text: &str) -> Option<i64> {
    nanos(text.parse().ok()?)
}

/// A moment as Apache and nginx write it: `21/Nov/2026:10:00:00 +0100`.
pub(super) fn common(text: &str) -> Option<i64> {
    nanos(Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text).ok()?)
}

fn nanos(moment: Timestamp) -> Option<i64> {
    i64::try_from(moment.as_nanosecond()).ok()
}

/// A moment or length that was written as a number: seconds, or where it would
/// be beyond the year 5138, as milli-, micro- or nanoseconds.
///
/// # Errors
/// What would be right.
pub(super) fn of_whole(number: u64) -> Result<i64, String> {
    let unit = match number {
        0..100_000_000_000 => SECOND,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    i64::try_from(number).ok().and_then(|number| number.checked_mul(unit)).ok_or_else(|| too_far(number))
}

/// The same with a fraction: always seconds.
///
/// # Errors
/// What would be right.
pub(super) fn of_seconds(number: f64) -> Result<i64, String> {
    let nanos = (number * 1e9).round();
    // 2⁶³ as a double; what is below fits.
    if (0.0..9_223_372_036_854_775_808.0).contains(&nanos) { Ok(nanos as i64) } else { Err(too_far(number)) }
}

fn too_far(number: impl std::fmt::Display) -> String {
    format!("{number} is no number of seconds from 0 on")
}

/// A text with a moment: RFC 3339, or a length of time since the beginning.
///
/// # Errors
/// What would be right.
pub(super) fn of_text(text: &str) -> Result<i64, String> {
    let since = || i64::try_from(duration(text)?.nanos()).ok();
    rfc3339(text).or_else(since).ok_or_else(|| {
        format!("{} is neither a moment like 2026-11-21T10:00:00.5Z nor a time like 1500ms", quoted(text))
    })
}

/// A decimal number of seconds, exactly.
pub(super) fn seconds(text: &str) -> Option<Span> {
    text.ends_with(|last: char| last.is_ascii_digit()).then(|| duration(&format!("{text}s")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_logs() {
        assert_eq!(rfc3339("1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
        assert_eq!(rfc3339("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(common("01/Jan/1970:01:00:02 +0100"), Some(2 * SECOND));
        assert_eq!(common("01/Foo/1970:01:00:02 +0100"), None);
        assert_eq!(rfc3339("9999-01-01T00:00:00Z"), None);
    }

    #[test]
    fn numbers_are_seconds_unless_they_are_too_large_for_it() {
        assert_eq!(of_whole(3), Ok(3 * SECOND));
        assert_eq!(of_whole(1_800_000_000), Ok(1_800_000_000 * SECOND));
        for number in [1_800_000_000_000, 1_800_000_000_000_000, 1_800_000_000_000_000_000] {
            assert_eq!(of_whole(number), Ok(1_800_000_000 * SECOND));
        }
        assert!(of_whole(u64::MAX).is_err());
        assert_eq!(of_seconds(0.02), Ok(20_000_000));
        assert!([-1.0, 1e10, f64::NAN, f64::INFINITY].iter().all(|number| of_seconds(*number).is_err()));
    }

    #[test]
    fn texts_are_moments_or_lengths() {
        assert_eq!(of_text("1500ms"), Ok(1_500_000_000));
        assert_eq!(of_text("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(
            of_text("noon").unwrap_err(),
            "\"noon\" is neither a moment like 2026-11-21T10:00:00.5Z nor a time like 1500ms"
        );
        assert_eq!(seconds("0.123"), Some(Span::from_millis(123)));
        assert_eq!((seconds("-"), seconds("1m"), seconds("")), (None, None, None));
    }
}
