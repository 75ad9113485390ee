//! The names that documents and decisions share.

use std::fmt;

/// The kinds of strategy that a fault-tolerance rule can name, in the order in
/// which their gates are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StrategyKind {
    /// Sheds inbound load when the instance itself is overloaded.
    AdaptiveOverloadProtection = 1,
    /// Bounds what is in flight at once.
    ConcurrencyLimit = 2,
    /// Stops calling what keeps failing or is slow.
    CircuitBreaker = 3,
    /// Bounds what is admitted in any window of time.
    RateLimit = 4,
    /// Spaces entries out, letting them queue for a while.
    Throttling = 5,
}

impl StrategyKind {
    /// Every kind, in gate order.
    pub const ALL: [StrategyKind; 5] = [
        StrategyKind::AdaptiveOverloadProtection,
        StrategyKind::ConcurrencyLimit,
        StrategyKind::CircuitBreaker,
        StrategyKind::RateLimit,
        StrategyKind::Throttling,
    ];

    /// The `kind` of its documents, as in `kind: RateLimitStrategy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            StrategyKind::AdaptiveOverloadProtection => "AdaptiveOverloadProtectionStrategy",
            StrategyKind::ConcurrencyLimit => "ConcurrencyLimitStrategy",
            StrategyKind::CircuitBreaker => "CircuitBreakerStrategy",
            StrategyKind::RateLimit => "RateLimitStrategy",
            StrategyKind::Throttling => "ThrottlingStrategy",
        }
    }

    /// The kind whose documents say `kind: <text>`.
    #[must_use]
    pub fn from_document_kind(text: &str) -> Option<StrategyKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind with this number, as [`StrategyKind`] `as u8` gives it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<StrategyKind> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

impl fmt::Display for StrategyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
