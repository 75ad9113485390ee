//! The strategies of `fault-tolerance.opensergo.io/v1alpha1`.

use super::Meta;
use crate::name::StrategyKind;
use crate::ratio::Ratio;
use crate::time::Span;

/// A strategy document: its metadata and what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// Its metadata.
    pub meta: Meta,
    /// What it asks for.
    pub spec: StrategySpec,
}

/// What a strategy asks for, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum StrategySpec {
    /// `RateLimitStrategy`.
    RateLimit(RateLimit),
    /// `ThrottlingStrategy`.
    Throttling(Throttling),
    /// `ConcurrencyLimitStrategy`.
    ConcurrencyLimit(ConcurrencyLimit),
    /// `CircuitBreakerStrategy`.
    CircuitBreaker(CircuitBreaker),
    /// `AdaptiveOverloadProtectionStrategy`.
    AdaptiveOverloadProtection(AdaptiveOverloadProtection),
}

impl StrategySpec {
    /// The kind of the document.
    #[must_use]
    pub const fn kind(&self) -> StrategyKind {
        match self {
            StrategySpec::RateLimit(_) => StrategyKind::RateLimit,
            StrategySpec::Throttling(_) => StrategyKind::Throttling,
            StrategySpec::ConcurrencyLimit(_) => StrategyKind::ConcurrencyLimit,
            StrategySpec::CircuitBreaker(_) => StrategyKind::CircuitBreaker,
            StrategySpec::AdaptiveOverloadProtection(_) => StrategyKind::AdaptiveOverloadProtection,
        }
    }
}

/// At most `threshold` admitted in any window of `stat_duration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Whole cost that may be admitted: what was written, rounded down, since
    /// costs are whole numbers.
    pub threshold: u64,
    /// The window's length; over zero.
    pub stat_duration: Span,
    /// Where it counts. Everything behaves as `Local` until there is a backend.
    pub limit_mode: LimitMode,
}

/// Where a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitMode {
    /// In this instance.
    #[default]
    Local,
    /// Over all instances.
    Global,
    /// Over all instances, in this one when the backend is away.
    GlobalToLocal,
}

/// Entries `min_interval` apart, waiting in a queue of at most `queue_timeout`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// The least distance of two entries; zero is no limit.
    pub min_interval: Span,
    /// The longest wait; zero is no queue.
    pub queue_timeout: Span,
}

/// At most `max_concurrency` in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencyLimit {
    /// The most cost in flight at once.
    pub max_concurrency: u64,
    /// Where it counts.
    pub limit_mode: LimitMode,
}

/// Opens when too many completions are bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// What counts as bad.
    pub bad: Bad,
    /// The share of bad completions that opens it.
    pub trigger_ratio: Ratio,
    /// The window's length; over zero.
    pub stat_duration: Span,
    /// How long it stays open before a probe; over zero.
    pub recovery_timeout: Span,
    /// The fewest completions that it judges by; at least 1.
    pub min_request_amount: u64,
}

/// What a breaker counts as a bad completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// `SlowRequestRatio`: a response time over this.
    SlowerThan(Span),
    /// `ErrorRequestRatio`: exited with an error.
    Error,
}

/// Sheds inbound load while the instance is overloaded.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveOverloadProtection {
    /// The figure that is watched.
    pub metric: Metric,
    /// From which value on it triggers: 0 to 1 for the percentages, a load for
    /// `SystemLoad`.
    pub trigger_threshold: f64,
    /// How it decides once triggered.
    pub adaptive: Adaptive,
}

/// A figure of the system that overload protection watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `CpuPercentage`.
    Cpu,
    /// `SystemLoad`: the one-minute load average.
    Load1,
    /// `MemoryPercentage`.
    Memory,
}

/// How overload protection decides once its metric is over the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adaptive {
    /// `NONE`: block everything inbound.
    #[default]
    None,
    /// `BBR`: block what exceeds the throughput that was seen to work.
    Bbr,
}
