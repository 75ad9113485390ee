//! What a gate takes over from the version of the rules before.
//!
//! The key of a statistic is the target, the strategy's kind and name, and what
//! it measures. Where the key is the same the statistic goes on, whatever the
//! limits over it have become.

use crate::decide::breaker::{Breaker, Limits};
use crate::decide::gate::Act;
use crate::decide::overload::{Figure, Protection};
use crate::spec::strategy::{Adaptive, AdaptiveOverloadProtection, Bad, CircuitBreaker, Metric, StrategySpec};
use crate::stat::circuit::Circuit;
use crate::stat::limit::Admitted;
use crate::stat::window::Window;
use crate::sync::Arc;

/// What a strategy asks for, with the statistic of the gate before where that
/// measured the same. `None` for a kind that no target has gates of.
pub(super) fn act(spec: &StrategySpec, limits: Option<&Arc<Limits>>, before: Option<&Act>) -> Option<Act> {
    Some(match (spec, before) {
        (StrategySpec::RateLimit(spec), before) => {
            let admitted = match before {
                Some(Act::Rate { admitted, .. }) if admitted.window() == spec.stat_duration => {
                    admitted.fit(spec.threshold)
                }
                _ => Admitted::new(spec.threshold, spec.stat_duration),
            };
            Act::Rate { threshold: spec.threshold, admitted }
        }
        (StrategySpec::Throttling(spec), before) => {
            let pace = match before {
                Some(Act::Pacing { pace, .. }) => Arc::clone(pace),
                _ => Arc::default(),
            };
            Act::Pacing { interval: spec.min_interval, timeout: spec.queue_timeout, pace }
        }
        (StrategySpec::ConcurrencyLimit(spec), before) => {
            let gauge = match before {
                Some(Act::Concurrency { gauge, .. }) => Arc::clone(gauge),
                _ => Arc::default(),
            };
            Act::Concurrency { most: spec.max_concurrency, gauge }
        }
        (StrategySpec::CircuitBreaker(spec), before) => {
            let limits = limits.map_or_else(|| Arc::new(limits_of(spec)), Arc::clone);
            let (circuit, window) = match before {
                Some(Act::Breaker(before)) if before.limits.measures_as(&limits) => {
                    let window = (before.window.length() == spec.stat_duration).then(|| Arc::clone(&before.window));
                    (Arc::clone(&before.circuit), window)
                }
                _ => (Arc::new(Circuit::default()), None),
            };
            let window = window.unwrap_or_else(|| Arc::new(Window::new(spec.stat_duration)));
            Act::Breaker(Breaker { limits, circuit, window })
        }
        (StrategySpec::AdaptiveOverloadProtection(_), _) => return None,
    })
}

/// The limits of a breaker.
pub(super) fn limits_of(spec: &CircuitBreaker) -> Limits {
    Limits {
        slower_than: match spec.bad {
            Bad::SlowerThan(span) => Some(span),
            Bad::Error => None,
        },
        ratio: spec.trigger_ratio,
        least: spec.min_request_amount,
        recovery: spec.recovery_timeout,
    }
}

/// Whether a gate goes on with the statistic that another had.
pub(super) fn goes_on(after: &Act, before: &Act) -> bool {
    match (after, before) {
        (Act::Rate { .. }, Act::Rate { .. }) | (Act::Pacing { .. }, Act::Pacing { .. }) => true,
        (Act::Concurrency { gauge, .. }, Act::Concurrency { gauge: other, .. }) => Arc::ptr_eq(gauge, other),
        (Act::Breaker(breaker), Act::Breaker(other)) => Arc::ptr_eq(&breaker.circuit, &other.circuit),
        _ => false,
    }
}

/// An overload protection, with the state of the one before where that watched
/// the same figure.
pub(super) fn protection(spec: &AdaptiveOverloadProtection, block: u32, before: Option<&Protection>) -> Protection {
    let figure = match spec.metric {
        Metric::Cpu => Figure::Cpu,
        Metric::Load1 => Figure::Load1,
        Metric::Memory => Figure::Memory,
    };
    let surge = before.filter(|before| before.figure == figure).map(|before| Arc::clone(&before.surge));
    Protection {
        block,
        blocks: before.map_or_else(Arc::default, |before| Arc::clone(&before.blocks)),
        figure,
        threshold: spec.trigger_threshold,
        adapts: spec.adaptive == Adaptive::Bbr,
        surge: surge.unwrap_or_default(),
        is_asked: true,
    }
}
