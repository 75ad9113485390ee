//! The messages of fault tolerance.

use crate::kit::{FAULT_TOLERANCE, document, message, update};
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use serde_json::{Value, json};
use sergo::spec::document::{self, Document, Outcome};
use sergo::subscribe::payload::{
    CircuitBreakerStrategy, ConcurrencyLimitStrategy, ErrorCondition, FaultToleranceRule, PACKAGE, RateLimitStrategy,
    Reference, SlowCondition, TargetRef, ThrottlingStrategy, time_unit,
};
use sergo::{Config, Engine};

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

/// What a document asks for, as it is enforced.
fn meant(text: &str) -> Document {
    let mut readings = document::read("", text);
    assert_eq!(readings.len(), 1, "{text}");
    match readings.remove(0).outcome {
        Outcome::Good(document) => document,
        other => panic!("{other:?}: {text}"),
    }
}

/// The documents as files have them and as the wire brings them.
fn both(kind: &str, spec: Value) -> (Document, Document) {
    let document = document(FAULT_TOLERANCE, kind, "n", spec);
    let engine = Engine::new(Config::new("demo"));
    let update = update(&engine, &format!("{FAULT_TOLERANCE}/{kind}"), vec![message(&document)]);
    assert!(update.warnings.is_empty() && update.refused.is_empty(), "{update:?}");
    (meant(&document.to_string()), meant(&update.sources[0].text))
}

fn strategies() -> impl Strategy<Value = (&'static str, Value)> {
    let duration = || (1..100_000u32, select(&["ms", "s", "m", "h"][..])).prop_map(|(n, unit)| format!("{n}{unit}"));
    let short = || (1..500u32, select(&["ms", "s", "h"][..])).prop_map(|(n, unit)| format!("{n}{unit}"));
    let mode = || select(&["Local", "Global"][..]);
    prop_oneof![
        (0..=u64::from(u32::MAX) * 9, duration(), mode()).prop_map(|(threshold, duration, mode)| {
            ("RateLimitStrategy", json!({"threshold": threshold, "statDuration": duration, "limitMode": mode}))
        }),
        (duration(), duration()).prop_map(|(interval, timeout)| {
            ("ThrottlingStrategy", json!({"minIntervalOfRequests": interval, "queueTimeout": timeout}))
        }),
        (0..=u64::from(u32::MAX) * 9, mode()).prop_map(|(most, mode)| {
            ("ConcurrencyLimitStrategy", json!({"maxConcurrency": most, "limitMode": mode}))
        }),
        (any::<bool>(), 0..=1_000u32, duration(), duration(), 1..=i32::MAX, short()).prop_map(
            |(is_slow, ratio, window, recovery, amount, slow)| {
                let strategy = if is_slow { "SlowRequestRatio" } else { "ErrorRequestRatio" };
                let spec = json!({
                    "strategy": strategy, "triggerRatio": f64::from(ratio) / 1_000.0, "statDuration": window,
                    "recoveryTimeout": recovery, "minRequestAmount": amount, "slowConditions": {"maxAllowedRt": slow},
                });
                ("CircuitBreakerStrategy", spec)
            }
        ),
    ]
}

proptest! {
    #[test]
    fn what_the_core_reads_of_them_is_what_was_written((kind, spec) in strategies()) {
        let (Document::Strategy(written), Document::Strategy(sent)) = both(kind, spec.clone()) else { panic!("{kind}") };
        prop_assert_eq!(&written.spec, &sent.spec, "{}", spec);
        prop_assert_eq!(&written.meta.name, &sent.meta.name);
    }
}

#[test]
fn a_rule_reads_back_but_for_its_name() {
    let spec = json!({
        "targets": [{"targetResourceName": "/a"}], "strategies": [{"name": "s", "kind": "ThrottlingStrategy"}, {"name": "t"}],
        "fallbackAction": {"name": "sorry"},
    });
    let (Document::Rule(written), Document::Rule(sent)) = both("FaultToleranceRule", spec) else { panic!() };
    let said = |rule: &sergo::spec::fault_tolerance::FaultToleranceRule| {
        (rule.targets.clone(), rule.strategies.clone(), rule.fallback.clone())
    };
    assert_eq!(said(&written), said(&sent));
    assert!(sent.meta.name.starts_with("unnamed-"));
    assert_eq!(sent.app.as_deref(), Some("demo"), "it belongs to the app that it is pushed for");
}
