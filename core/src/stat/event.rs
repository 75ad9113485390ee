//! What the host may want to hear of, kept until it asks.

use serde::Serialize;

/// Something that happened, for [`Engine::drain_events`](crate::Engine::drain_events).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// A circuit breaker changed its state.
    Breaker {
        /// The target as the rule writes it.
        resource: String,
        /// The strategy's name.
        strategy: String,
        /// The state that it left.
        from: BreakerState,
        /// The state that it is in.
        to: BreakerState,
        /// For closed to open: the completions that it judged by.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        /// For closed to open: how many of them were bad.
        #[serde(skip_serializing_if = "Option::is_none")]
        bad: Option<u64>,
    },
    /// New rules are in force.
    RulesApplied {
        /// The version of the rules, counted from 1.
        version: u64,
    },
    /// A resource was blocked for the first time after a calm.
    FirstBlock {
        /// The target as the rule writes it.
        resource: String,
        /// The strategy's name.
        strategy: String,
    },
}

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Entries pass.
    Closed,
    /// Entries are blocked.
    Open,
    /// One entry probes, all others are blocked.
    HalfOpen,
}
