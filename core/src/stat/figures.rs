//! The counters that a host can look at.

use serde::Serialize;

/// All counters of an engine at one moment. Each is read by itself: under
/// traffic their sums may be off by what happens meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// The version of the rules in force, 0 before the first.
    pub version: u64,
    /// Inbound entries in flight, those of resources without rules included.
    pub in_flight: u64,
    /// One per target that rules name, in the order of their names.
    pub resources: Vec<ResourceFigures>,
    /// The overload protections, which ask for the instance as a whole.
    pub instance: Vec<StrategyFigures>,
}

/// The counters of one target since it was first named by a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceFigures {
    /// The target as the rule writes it.
    pub resource: String,
    /// Entries that passed, those that wait included.
    pub passed: u64,
    /// Entries that were blocked.
    pub blocked: u64,
    /// Entries that passed after a wait.
    pub waited: u64,
    /// Entries that passed and were cancelled before their call began.
    pub cancelled: u64,
    /// Entries that passed and have neither exited nor been cancelled.
    pub in_flight: u64,
    /// Entries that exited.
    pub completed: u64,
    /// Of these, those that exited with an error.
    pub errors: u64,
    /// The sum of their response times, in nanoseconds. A response time runs
    /// from the end of the wait.
    pub rt_sum_nanos: u64,
    /// The least of their response times, in nanoseconds; 0 without any.
    pub rt_min_nanos: u64,
    /// The greatest of their response times, in nanoseconds.
    pub rt_max_nanos: u64,
    /// The median of their response times, in nanoseconds, at most an eighth
    /// too long.
    pub rt_p50_nanos: u64,
    /// The 99th percentile of their response times, likewise.
    pub rt_p99_nanos: u64,
    /// How their response times spread: pairs of a time in nanoseconds and how
    /// many were under it but not under the pair's before.
    pub rt_histogram: Vec<(u64, u64)>,
    /// How often each strategy blocked, in gate order.
    pub strategies: Vec<StrategyFigures>,
}

/// How often one strategy of a target blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyFigures {
    /// The strategy's kind, as in its document.
    pub kind: &'static str,
    /// The strategy's name.
    pub strategy: String,
    /// Entries that it blocked.
    pub blocked: u64,
}
