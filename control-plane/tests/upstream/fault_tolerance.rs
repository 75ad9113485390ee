//! The messages of fault tolerance.

use crate::kit::{FAULT_TOLERANCE, document, from_files, from_messages, message};
use prost::Message;
use serde_json::{Value, json};
use sergo::subscribe::payload::{
    CircuitBreakerStrategy, ConcurrencyLimitStrategy, ErrorCondition, FaultToleranceRule, PACKAGE, RateLimitStrategy,
    Reference, SlowCondition, TargetRef, ThrottlingStrategy, time_unit,
};

fn said<M: Message + Default>(kind: &str, spec: Value) -> M {
    let any = message(&document(FAULT_TOLERANCE, kind, "n", spec));
    assert_eq!(any.type_url, format!("type.googleapis.com/{PACKAGE}{kind}"));
    M::decode(any.value.as_slice()).unwrap()
}

#[test]
fn a_rule_names_what_it_is_for() {
    let spec = json!({
        "selector": {"app": "demo"},
        "targets": [{"targetResourceName": "/a"}, {"targetResourceName": "GET:/b"}],
        "strategies": [{"name": "s", "kind": "RateLimitStrategy"}, {"name": "t"}],
        "fallbackAction": "sorry",
    });
    let rule: FaultToleranceRule = said("FaultToleranceRule", spec);
    let target = |name: &str| TargetRef { target_resource_name: name.into() };
    assert_eq!(rule.targets, [target("/a"), target("GET:/b")]);
    let reference = |name: &str, kind: &str| Reference { name: name.into(), kind: kind.into() };
    assert_eq!(rule.strategies, [reference("s", "RateLimitStrategy"), reference("t", "")]);
    assert_eq!(rule.action, Some(reference("sorry", "HttpRequestFallbackAction")));
}

#[test]
fn a_rate_limit_has_its_enums_and_its_unit() {
    let limit: RateLimitStrategy =
        said("RateLimitStrategy", json!({"threshold": 10, "statDurationSeconds": 60, "limitMode": "Global"}));
    let expected = RateLimitStrategy {
        name: "n".into(),
        metric_type: 1,
        limit_mode: 2,
        threshold: 10,
        stat_duration: 60,
        stat_duration_time_unit: time_unit::SECOND,
    };
    assert_eq!(limit, expected);
    let limit: RateLimitStrategy = said("RateLimitStrategy", json!({"threshold": 1, "statDuration": "250ms"}));
    assert_eq!((limit.limit_mode, limit.stat_duration), (1, 250));
    assert_eq!(limit.stat_duration_time_unit, time_unit::MILLISECOND);
}

#[test]
fn throttling_counts_milliseconds() {
    let spec = json!({"minIntervalOfRequests": "20ms", "queueTimeout": "1.5s"});
    let expected =
        ThrottlingStrategy { name: "n".into(), min_interval_millis_of_requests: 20, queue_timeout_millis: 1500 };
    assert_eq!(said::<ThrottlingStrategy>("ThrottlingStrategy", spec), expected);
}

#[test]
fn a_concurrency_limit() {
    let expected = ConcurrencyLimitStrategy { name: "n".into(), limit_mode: 1, max_concurrency: 8 };
    let limit: ConcurrencyLimitStrategy = said("ConcurrencyLimitStrategy", json!({"maxConcurrency": 8}));
    assert_eq!(limit, expected);
}

#[test]
fn breakers_say_only_the_condition_that_they_use() {
    let spec = json!({
        "strategy": "SlowRequestRatio", "triggerRatio": "60%", "statDuration": "30s", "recoveryTimeout": 2500,
        "minRequestAmount": 5, "slowConditions": {"maxAllowedRt": "500ms"},
    });
    let expected = CircuitBreakerStrategy {
        name: "n".into(),
        strategy: 1,
        trigger_ratio: 0.6,
        stat_duration: 30,
        stat_duration_time_unit: time_unit::SECOND,
        recovery_timeout: 2500,
        recovery_timeout_time_unit: time_unit::MILLISECOND,
        min_request_amount: 5,
        slow_condition: Some(SlowCondition { max_allowed_rt_millis: 500 }),
        error_condition: None,
    };
    assert_eq!(said::<CircuitBreakerStrategy>("CircuitBreakerStrategy", spec.clone()), expected);
    let mut spec = spec;
    spec["strategy"] = "ErrorRequestRatio".into();
    let errors: CircuitBreakerStrategy = said("CircuitBreakerStrategy", spec);
    assert_eq!((errors.strategy, errors.slow_condition), (2, None));
    assert_eq!(errors.error_condition, Some(ErrorCondition {}));
}

#[test]
fn what_the_core_reads_of_them_is_what_was_written() {
    let documents = [
        ("RateLimitStrategy", json!({"threshold": 10, "statDuration": "1h", "metricType": "RequestAmount"})),
        ("ThrottlingStrategy", json!({"minIntervalOfRequests": 20, "queueTimeout": "1s"})),
        ("ConcurrencyLimitStrategy", json!({"maxConcurrency": 3, "limitMode": "Local"})),
        (
            "CircuitBreakerStrategy",
            json!({"strategy": "ErrorRequestRatio", "triggerRatio": 0.5, "statDuration": "1s",
                "recoveryTimeout": "7d", "minRequestAmount": 1}),
        ),
    ];
    for (kind, spec) in documents {
        let document = document(FAULT_TOLERANCE, kind, "n", spec);
        let (_, written) = from_files(std::slice::from_ref(&document));
        let (_, sent) = from_messages(&format!("{FAULT_TOLERANCE}/{kind}"), vec![message(&document)]);
        assert_eq!((written.accepted, sent.accepted), (1, 1), "{kind} {sent:?}");
        assert!(sent.warnings.is_empty(), "{kind} {:?}", sent.warnings);
    }
}
