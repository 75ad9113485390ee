//! The messages of `io.opensergo.proto.fault_tolerance.v1`, for both sides of
//! the stream, and what each says as the `spec` of a document.
//!
//! Only the form is changed here. A number that makes no sense goes into the
//! document as it came, so that its reader refuses it in the words that a file
//! gets too.

use prost::Message;
use serde_json::{Map, Value, json};

/// The package of the messages, with the dot behind it.
pub const PACKAGE: &str = "io.opensergo.proto.fault_tolerance.v1.";

/// A resource that a rule is for.
#[derive(Clone, PartialEq, Message)]
pub struct TargetRef {
    /// Its name.
    #[prost(string, tag = "1")]
    pub target_resource_name: String,
}

/// A strategy or an action that a rule names.
#[derive(Clone, PartialEq, Message)]
pub struct Reference {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its kind, may be empty.
    #[prost(string, tag = "2")]
    pub kind: String,
}

/// `FaultToleranceRule`, which carries no name.
#[derive(Clone, PartialEq, Message)]
pub struct FaultToleranceRule {
    /// What it is for.
    #[prost(message, repeated, tag = "1")]
    pub targets: Vec<TargetRef>,
    /// What governs them.
    #[prost(message, repeated, tag = "2")]
    pub strategies: Vec<Reference>,
    /// What answers when they block.
    #[prost(message, optional, tag = "3")]
    pub action: Option<Reference>,
}

/// `RateLimitStrategy`.
#[derive(Clone, PartialEq, Message)]
pub struct RateLimitStrategy {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// 0 unknown, 1 the amount of requests.
    #[prost(int32, tag = "2")]
    pub metric_type: i32,
    /// 0 unknown, 1 local, 2 global.
    #[prost(int32, tag = "3")]
    pub limit_mode: i32,
    /// The most in a window.
    #[prost(int64, tag = "4")]
    pub threshold: i64,
    /// The window's length.
    #[prost(int32, tag = "5")]
    pub stat_duration: i32,
    /// Its [`time_unit`]; seconds where it is unknown.
    #[prost(int32, tag = "6")]
    pub stat_duration_time_unit: i32,
}

/// `ThrottlingStrategy`.
#[derive(Clone, PartialEq, Message)]
pub struct ThrottlingStrategy {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The least distance of two entries, in milliseconds.
    #[prost(int64, tag = "2")]
    pub min_interval_millis_of_requests: i64,
    /// The longest wait, in milliseconds.
    #[prost(int64, tag = "3")]
    pub queue_timeout_millis: i64,
}

/// `ConcurrencyLimitStrategy`.
#[derive(Clone, PartialEq, Message)]
pub struct ConcurrencyLimitStrategy {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// 0 unknown, 1 local, 2 global.
    #[prost(int32, tag = "2")]
    pub limit_mode: i32,
    /// The most in flight.
    #[prost(int64, tag = "3")]
    pub max_concurrency: i64,
}

/// When a call counts as slow.
#[derive(Clone, PartialEq, Message)]
pub struct SlowCondition {
    /// The longest time that is not slow, in milliseconds.
    #[prost(int32, tag = "1")]
    pub max_allowed_rt_millis: i32,
}

/// When a call counts as an error.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct ErrorCondition {}

/// `CircuitBreakerStrategy`.
#[derive(Clone, PartialEq, Message)]
pub struct CircuitBreakerStrategy {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// 0 unknown, 1 slow requests, 2 errors.
    #[prost(int32, tag = "2")]
    pub strategy: i32,
    /// The share that opens it.
    #[prost(double, tag = "3")]
    pub trigger_ratio: f64,
    /// The window's length.
    #[prost(int64, tag = "4")]
    pub stat_duration: i64,
    /// Its [`time_unit`]; milliseconds where it is unknown.
    #[prost(int32, tag = "5")]
    pub stat_duration_time_unit: i32,
    /// How long it stays open.
    #[prost(int32, tag = "6")]
    pub recovery_timeout: i32,
    /// Its [`time_unit`]; milliseconds where it is unknown.
    #[prost(int32, tag = "7")]
    pub recovery_timeout_time_unit: i32,
    /// The fewest completions that it judges by.
    #[prost(int32, tag = "8")]
    pub min_request_amount: i32,
    /// When a call is slow.
    #[prost(message, optional, tag = "9")]
    pub slow_condition: Option<SlowCondition>,
    /// When a call is an error; there is nothing to say yet.
    #[prost(message, optional, tag = "10")]
    pub error_condition: Option<ErrorCondition>,
}

/// The numbers of `io.opensergo.proto.common.v1.TimeUnit`.
pub mod time_unit {
    /// Not said.
    pub const UNKNOWN: i32 = 0;
    /// Milliseconds.
    pub const MILLISECOND: i32 = 1;
    /// Seconds.
    pub const SECOND: i32 = 2;
    /// Minutes.
    pub const MINUTE: i32 = 3;
    /// Hours.
    pub const HOUR: i32 = 4;
    /// Days.
    pub const DAY: i32 = 5;
}

/// What a message says as a document.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    /// Its name; empty where the message has none.
    pub(super) name: String,
    /// Its `spec`.
    pub(super) spec: Value,
    /// The field of a duration that came without a unit, where it needs one.
    pub(super) unitless: Option<&'static str>,
}

/// Reads the message of this kind; `None` is a kind without one.
///
/// # Errors
/// Bytes that are no such message.
pub(super) fn read(kind: &str, bytes: &[u8]) -> Option<Result<Said, prost::DecodeError>> {
    Some(match kind {
        "FaultToleranceRule" => FaultToleranceRule::decode(bytes).map(rule),
        "RateLimitStrategy" => RateLimitStrategy::decode(bytes).map(rate_limit),
        "ThrottlingStrategy" => ThrottlingStrategy::decode(bytes).map(throttling),
        "ConcurrencyLimitStrategy" => ConcurrencyLimitStrategy::decode(bytes).map(concurrency_limit),
        "CircuitBreakerStrategy" => CircuitBreakerStrategy::decode(bytes).map(circuit_breaker),
        _ => return None,
    })
}

/// Without a name: what names it knows what it says.
fn rule(message: FaultToleranceRule) -> Said {
    let targets: Vec<Value> =
        message.targets.into_iter().map(|target| json!({"targetResourceName": target.target_resource_name})).collect();
    let strategies: Vec<Value> = message.strategies.into_iter().map(reference).collect();
    let mut spec = Map::new();
    spec.insert("targets".into(), targets.into());
    spec.insert("strategies".into(), strategies.into());
    if let Some(action) = message.action.filter(|action| !action.name.is_empty()) {
        spec.insert("fallbackAction".into(), reference(action));
    }
    Said { name: String::new(), spec: spec.into(), unitless: None }
}

fn reference(to: Reference) -> Value {
    if to.kind.is_empty() { json!({"name": to.name}) } else { json!({"name": to.name, "kind": to.kind}) }
}

fn rate_limit(message: RateLimitStrategy) -> Said {
    let mut spec = Map::new();
    // The existing control plane leaves both enums at 0, whatever was written.
    set_word(&mut spec, "metricType", message.metric_type, &["RequestAmount"]);
    set_word(&mut spec, "limitMode", message.limit_mode, &["Local", "Global"]);
    spec.insert("threshold".into(), message.threshold.into());
    let duration = duration(message.stat_duration.into(), message.stat_duration_time_unit, "s");
    spec.insert("statDuration".into(), duration.into());
    Said { name: message.name, spec: spec.into(), unitless: None }
}

fn throttling(message: ThrottlingStrategy) -> Said {
    let spec = json!({
        "minIntervalOfRequests": format!("{}ms", message.min_interval_millis_of_requests),
        "queueTimeout": format!("{}ms", message.queue_timeout_millis),
    });
    Said { name: message.name, spec, unitless: None }
}

fn concurrency_limit(message: ConcurrencyLimitStrategy) -> Said {
    let mut spec = Map::new();
    set_word(&mut spec, "limitMode", message.limit_mode, &["Local", "Global"]);
    spec.insert("maxConcurrency".into(), message.max_concurrency.into());
    Said { name: message.name, spec: spec.into(), unitless: None }
}

fn circuit_breaker(message: CircuitBreakerStrategy) -> Said {
    let is_slow = message.strategy == 1;
    let mut spec = Map::new();
    set_word(&mut spec, "strategy", message.strategy, &["SlowRequestRatio", "ErrorRequestRatio"]);
    spec.insert("triggerRatio".into(), super::structure::number(message.trigger_ratio));
    let stat_duration = duration(message.stat_duration, message.stat_duration_time_unit, "ms");
    spec.insert("statDuration".into(), stat_duration.into());
    let recovery = duration(message.recovery_timeout.into(), message.recovery_timeout_time_unit, "ms");
    spec.insert("recoveryTimeout".into(), recovery.into());
    spec.insert("minRequestAmount".into(), message.min_request_amount.into());
    // Where it is not used it is -1.
    if let Some(slow) = message.slow_condition.filter(|_| is_slow) {
        let max_allowed_rt = json!({"maxAllowedRt": format!("{}ms", slow.max_allowed_rt_millis)});
        spec.insert("slowConditions".into(), max_allowed_rt);
    }
    let unitless = match (message.stat_duration_time_unit, message.recovery_timeout_time_unit) {
        (time_unit::UNKNOWN, _) => Some("spec.statDuration"),
        (_, time_unit::UNKNOWN) => Some("spec.recoveryTimeout"),
        _ => None,
    };
    Said { name: message.name, spec: spec.into(), unitless }
}

/// Sets the word of a number from 1; 0 says nothing, and what has no word stands
/// there as the number that it is.
fn set_word(spec: &mut Map<String, Value>, field: &str, number: i32, words: &[&str]) {
    let index = match usize::try_from(number) {
        Ok(0) => return,
        Ok(number) => number.checked_sub(1),
        Err(_) => None,
    };
    let word = index.and_then(|index| words.get(index));
    spec.insert(field.into(), word.map_or_else(|| number.into(), |word| (*word).into()));
}

/// A duration as documents write it. Its number is never corrected: nobody can
/// tell which of them are wrong.
fn duration(number: i64, unit: i32, unknown: &str) -> String {
    let unit = match unit {
        time_unit::UNKNOWN => unknown,
        time_unit::MILLISECOND => "ms",
        time_unit::SECOND => "s",
        time_unit::MINUTE => "m",
        time_unit::HOUR => "h",
        time_unit::DAY => "d",
        other => return format!("{number} of the unit {other}"),
    };
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<M: Message>(kind: &str, message: &M) -> Said {
        read(kind, &message.encode_to_vec()).unwrap().unwrap()
    }

    #[test]
    fn a_rule_says_what_it_is_for() {
        let rule = FaultToleranceRule {
            targets: vec![TargetRef { target_resource_name: "/foo".into() }],
            strategies: vec![
                Reference { name: "a".into(), kind: "RateLimitStrategy".into() },
                Reference { name: "b".into(), kind: String::new() },
            ],
            action: Some(Reference { name: "sorry".into(), kind: String::new() }),
        };
        let expected = json!({
            "targets": [{"targetResourceName": "/foo"}],
            "strategies": [{"name": "a", "kind": "RateLimitStrategy"}, {"name": "b"}],
            "fallbackAction": {"name": "sorry"},
        });
        assert_eq!(said("FaultToleranceRule", &rule).spec, expected);
    }

    #[test]
    fn a_limit_of_the_existing_control_plane_has_no_words() {
        let mut limit = RateLimitStrategy { name: "l".into(), threshold: 10, stat_duration: 2, ..Default::default() };
        let expected = json!({"threshold": 10, "statDuration": "2s"});
        let limited = said("RateLimitStrategy", &limit);
        assert_eq!((limited.name.as_str(), limited.spec, limited.unitless), ("l", expected, None));
        (limit.metric_type, limit.limit_mode, limit.stat_duration_time_unit) = (1, 2, time_unit::MINUTE);
        let expected =
            json!({"metricType": "RequestAmount", "limitMode": "Global", "threshold": 10, "statDuration": "2m"});
        assert_eq!(said("RateLimitStrategy", &limit).spec, expected);
        (limit.metric_type, limit.limit_mode, limit.stat_duration_time_unit) = (7, -1, 9);
        let expected = json!({"metricType": 7, "limitMode": -1, "threshold": 10, "statDuration": "2 of the unit 9"});
        assert_eq!(said("RateLimitStrategy", &limit).spec, expected);
    }

    #[test]
    fn a_breaker_without_units_counts_milliseconds_and_says_so() {
        let mut breaker = CircuitBreakerStrategy {
            strategy: 2,
            trigger_ratio: 0.5,
            stat_duration: 10,
            recovery_timeout: 50,
            min_request_amount: 5,
            slow_condition: Some(SlowCondition { max_allowed_rt_millis: -1 }),
            ..CircuitBreakerStrategy::default()
        };
        let expected = json!({
            "strategy": "ErrorRequestRatio", "triggerRatio": 0.5, "statDuration": "10ms",
            "recoveryTimeout": "50ms", "minRequestAmount": 5,
        });
        let broken = said("CircuitBreakerStrategy", &breaker);
        assert_eq!((broken.spec, broken.unitless), (expected, Some("spec.statDuration")));
        breaker.strategy = 1;
        (breaker.stat_duration_time_unit, breaker.recovery_timeout_time_unit) = (time_unit::SECOND, time_unit::DAY);
        let broken = said("CircuitBreakerStrategy", &breaker);
        assert_eq!(broken.spec.pointer("/slowConditions/maxAllowedRt").unwrap(), "-1ms");
        assert_eq!(broken.spec.get("recoveryTimeout").unwrap(), "50d");
        assert_eq!(broken.unitless, None);
    }

    #[test]
    fn the_other_kinds_have_no_message() {
        assert_eq!(read("HttpRequestFallbackAction", &[]), None);
        assert!(read("RateLimitStrategy", b"\xff").unwrap().is_err());
    }
}
