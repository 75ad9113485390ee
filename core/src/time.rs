//! Time as the core sees it: a count of nanoseconds that the host hands in.

use serde::Serialize;
use std::fmt;

/// A moment: nanoseconds since the engine was made, on a clock that the host
/// reads. The core never reads one. `u64` nanoseconds last 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tick(pub u64);

/// A length of time in nanoseconds, which is also what it is serialized as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole milliseconds; saturates at the longest span.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }

    /// A span of whole seconds; saturates at the longest span.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Span {
        Span(seconds.saturating_mul(1_000_000_000))
    }

    /// The nanoseconds in it.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds, rounded up: the unit of HTTP's `Retry-After`.
    #[must_use]
    pub const fn ceil_secs(self) -> u64 {
        self.0.div_ceil(1_000_000_000)
    }
}

impl Tick {
    /// The moment `span` later; saturates at the end of time.
    #[must_use]
    pub const fn after(self, span: Span) -> Tick {
        Tick(self.0.saturating_add(span.0))
    }

    /// The number of the slice that this moment is in, where every `length` has
    /// `parts` slices, aligned to the beginning of time; saturates.
    #[must_use]
    pub fn slice(self, length: Span, parts: u64) -> u64 {
        let length = length.0.max(1);
        match self.0.checked_mul(parts) {
            Some(product) => product.checked_div(length).unwrap_or(0),
            None => {
                let product = u128::from(self.0).saturating_mul(u128::from(parts));
                u64::try_from(product.checked_div(u128::from(length)).unwrap_or(0)).unwrap_or(u64::MAX)
            }
        }
    }

    /// How long after `earlier` this moment is; zero when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Tick) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Span {
    /// The shortest exact form in one unit: `1s`, `1500ms`, `250us`, `7ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n.is_multiple_of(1_000_000_000) => write!(f, "{}s", n / 1_000_000_000),
            n if n.is_multiple_of(1_000_000) => write!(f, "{}ms", n / 1_000_000),
            n if n.is_multiple_of(1_000) => write!(f, "{}us", n / 1_000),
            n => write!(f, "{n}ns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_prints_in_its_largest_exact_unit() {
        assert_eq!(Span::from_secs(2).to_string(), "2s");
        assert_eq!(Span::from_millis(1500).to_string(), "1500ms");
        assert_eq!(Span(250_000).to_string(), "250us");
        assert_eq!(Span(7).to_string(), "7ns");
    }

    #[test]
    fn retry_after_rounds_up() {
        assert_eq!(Span(1).ceil_secs(), 1);
        assert_eq!(Span::from_secs(1).ceil_secs(), 1);
        assert_eq!(Span(1_000_000_001).ceil_secs(), 2);
        assert_eq!(Span::ZERO.ceil_secs(), 0);
    }

    #[test]
    fn slices_are_aligned_to_the_beginning() {
        let second = Span::from_secs(1);
        assert_eq!(Tick(99_999_999).slice(second, 10), 0);
        assert_eq!(Tick(100_000_000).slice(second, 10), 1);
        assert_eq!(Tick(u64::MAX).slice(Span(u64::MAX), 256), 256);
        assert_eq!(Tick(u64::MAX).slice(Span(1), 256), u64::MAX);
        assert_eq!(Tick(7).slice(Span::ZERO, 2), 14);
    }

    #[test]
    fn time_saturates() {
        assert_eq!(Tick(u64::MAX).after(Span(1)), Tick(u64::MAX));
        assert_eq!(Tick(1).since(Tick(5)), Span::ZERO);
    }
}
