//! The five messages of fault tolerance.

use super::{Unsaid, unsaid};
use prost_types::Any;
use sergo::Span;
use sergo::spec::fault_tolerance::{ACTION, FaultToleranceRule};
use sergo::spec::strategy::{Bad, CircuitBreaker, LimitMode, Strategy, StrategySpec};
use sergo::subscribe::envoy::matching::any;
use sergo::subscribe::payload::{self, PACKAGE, Reference, TargetRef, time_unit};

/// The kinds that have a message.
pub(super) const KINDS: [&str; 5] = [
    "FaultToleranceRule",
    "RateLimitStrategy",
    "ThrottlingStrategy",
    "ConcurrencyLimitStrategy",
    "CircuitBreakerStrategy",
];

/// `TYPE_REQUEST_AMOUNT`.
const REQUEST_AMOUNT: i32 = 1;

fn packed(kind: &str, message: &impl prost::Message) -> Any {
    any(&[PACKAGE, kind].concat(), message)
}

/// The message of a rule. Which app it is for is said by who gets it.
pub(super) fn rule(rule: &FaultToleranceRule) -> Result<Any, Unsaid> {
    if let Some((label, value)) = rule.selector.first_key_value() {
        return unsaid(format!("spec.selector.{label}"), format!("a rule for workloads of the label {value:?} alone"));
    }
    let targets = rule.targets.iter().map(|target| TargetRef { target_resource_name: target.as_ref().to_owned() });
    let strategies = rule.strategies.iter().map(|strategy| Reference {
        name: strategy.name.clone(),
        kind: strategy.kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
    });
    let action = rule.fallback.clone().map(|name| Reference { name, kind: ACTION.to_owned() });
    let (targets, strategies) = (targets.collect(), strategies.collect());
    Ok(packed("FaultToleranceRule", &payload::FaultToleranceRule { targets, strategies, action }))
}

/// The message of a strategy; `None` is a kind without one.
pub(super) fn strategy(strategy: &Strategy) -> Option<Any> {
    let kind = strategy.spec.kind().as_str();
    let name = strategy.meta.name.clone();
    Some(match &*strategy.spec {
        StrategySpec::RateLimit(limit) => {
            let (stat_duration, stat_duration_time_unit) = duration(limit.stat_duration);
            let message = payload::RateLimitStrategy {
                name,
                metric_type: REQUEST_AMOUNT,
                limit_mode: mode(limit.limit_mode),
                threshold: whole(limit.threshold),
                stat_duration,
                stat_duration_time_unit,
            };
            packed(kind, &message)
        }
        StrategySpec::Throttling(throttling) => {
            let message = payload::ThrottlingStrategy {
                name,
                min_interval_millis_of_requests: whole(millis(throttling.min_interval)),
                queue_timeout_millis: whole(throttling.queue_timeout.nanos() / NANOS_PER_MILLI),
            };
            packed(kind, &message)
        }
        StrategySpec::ConcurrencyLimit(limit) => {
            let max_concurrency = whole(limit.max_concurrency);
            let message =
                payload::ConcurrencyLimitStrategy { name, limit_mode: mode(limit.limit_mode), max_concurrency };
            packed(kind, &message)
        }
        StrategySpec::CircuitBreaker(breaker) => packed(kind, &circuit_breaker(name, breaker)),
        StrategySpec::AdaptiveOverloadProtection(_) => return None,
    })
}

fn circuit_breaker(name: String, breaker: &CircuitBreaker) -> payload::CircuitBreakerStrategy {
    let (stat_duration, stat_duration_time_unit) = duration(breaker.stat_duration);
    let (recovery_timeout, recovery_timeout_time_unit) = duration(breaker.recovery_timeout);
    let (strategy, slow) = match breaker.bad {
        Bad::SlowerThan(limit) => (1, Some(limit)),
        Bad::Error => (2, None),
    };
    payload::CircuitBreakerStrategy {
        name,
        strategy,
        trigger_ratio: breaker.trigger_ratio.as_f64(),
        stat_duration: stat_duration.into(),
        stat_duration_time_unit,
        recovery_timeout,
        recovery_timeout_time_unit,
        min_request_amount: small(breaker.min_request_amount),
        slow_condition: slow.map(|limit| payload::SlowCondition { max_allowed_rt_millis: small(millis(limit)) }),
        error_condition: slow.is_none().then_some(payload::ErrorCondition {}),
    }
}

/// A limit over all instances stays one where it falls back to each by itself.
const fn mode(mode: LimitMode) -> i32 {
    match mode {
        LimitMode::Local => 1,
        LimitMode::Global | LimitMode::GlobalToLocal => 2,
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// In milliseconds, rounded up: a limit of less than one is none.
const fn millis(span: Span) -> u64 {
    span.nanos().div_ceil(NANOS_PER_MILLI)
}

/// A duration and its unit: seconds where they are whole, else milliseconds, as
/// far as the field holds them.
fn duration(span: Span) -> (i32, i32) {
    let millis = millis(span);
    match i32::try_from(millis) {
        Ok(millis) if millis % 1000 != 0 => (millis, time_unit::MILLISECOND),
        _ => (small(millis.div_ceil(1000)), time_unit::SECOND),
    }
}

/// A number in a field that holds less; there is no difference so far up.
fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_exact_wherever_its_field_holds_it() {
        for (span, expected) in [
            (Span::from_secs(1), (1, time_unit::SECOND)),
            (Span::from_millis(1500), (1500, time_unit::MILLISECOND)),
            (Span::from_secs(86_400), (86_400, time_unit::SECOND)),
            (Span(1), (1, time_unit::MILLISECOND)),
            // Nearly a month is over what milliseconds hold.
            (Span::from_millis(2_500_000_001), (2_500_001, time_unit::SECOND)),
        ] {
            assert_eq!(duration(span), expected, "{span}");
        }
    }
}
