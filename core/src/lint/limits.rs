//! What the figures of one strategy come to.

use super::{Documents, Told, at};
use crate::spec::code::Code;
use crate::spec::document::Reading;
use crate::spec::node::Value;
use crate::spec::quantity::Decimal;
use crate::spec::strategy::{Bad, CircuitBreaker, RateLimit, StrategySpec, Throttling};
use crate::time::Span;

/// A bare number below this is hardly meant as milliseconds.
const FEW_MILLIS: u64 = 100;
/// From this threshold on a limit is hardly meant per [`FEW_MILLIS`].
const MANY: u64 = 100;
/// More requests in a second than one instance completes.
const TOO_MANY: u128 = 100_000;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    for strategy in &documents.strategies {
        let reading = strategy.reading;
        match &*strategy.document.spec {
            StrategySpec::RateLimit(limit) => rate_limit(reading, limit, told),
            StrategySpec::Throttling(throttling) => throttle(reading, throttling, told),
            StrategySpec::CircuitBreaker(breaker) => break_circuit(reading, breaker, told),
            StrategySpec::ConcurrencyLimit(_) | StrategySpec::AdaptiveOverloadProtection(_) => {}
        }
    }
}

fn rate_limit(reading: &Reading<'_>, limit: &RateLimit, told: &mut Told) {
    let threshold = limit.threshold;
    if number(reading, &["spec", "threshold"]).is_some_and(|number| !number.is_whole()) {
        let lets = if threshold == 0 { " and lets nothing through" } else { "" };
        let found = format!("a fraction, which is cut off: it counts as {threshold}{lets}");
        let expected = "a whole number; for less than one in a window, a longer statDuration";
        told.tell(reading, Code::CutThreshold, "spec.threshold", &found, expected);
    }
    if unitless(reading, &["spec", "statDuration"], told) {
        return;
    }
    if limit.stat_duration < Span::from_millis(FEW_MILLIS) && threshold >= MANY {
        let found = format!(
            "{threshold} per {}, which is {} per second",
            limit.stat_duration,
            per_second(threshold, limit.stat_duration)
        );
        let expected = format!("a threshold for so short a time, or a longer statDuration: {threshold} per 1s?");
        told.tell(reading, Code::SuspectWindow, "spec.threshold", &found, &expected);
    }
}

fn throttle(reading: &Reading<'_>, throttling: &Throttling, told: &mut Told) {
    let Throttling { min_interval: interval, queue_timeout: queue } = throttling;
    if *interval == Span::ZERO {
        let found = "no distance at all between requests, so that nothing is spaced out";
        told.tell(reading, Code::NoEffect, "spec.minIntervalOfRequests", found, "a duration over zero");
    } else if queue < interval {
        let found = format!(
            "a queue of {queue}, shorter than the {interval} between requests: of two at the same time one is blocked"
        );
        let expected = format!("several intervals, such as {}", Span(interval.nanos().saturating_mul(10)));
        told.tell(reading, Code::ShortQueue, "spec.queueTimeout", &found, &expected);
    }
}

fn break_circuit(reading: &Reading<'_>, breaker: &CircuitBreaker, told: &mut Told) {
    let unitless = [["spec", "statDuration"], ["spec", "recoveryTimeout"]].map(|path| unitless(reading, &path, told));
    let least = breaker.min_request_amount;
    let is_error = breaker.bad == Bad::Error;
    if is_error && least > 1 && !breaker.trigger_ratio.is_reached_by(999_999_999, 1_000_000_000) {
        let found = format!("a share of all, so that it opens only when none of {least} requests or more was good");
        told.tell(reading, Code::NeverTrips, "spec.triggerRatio", &found, "a share below 100%, such as 50%");
    }
    let rate = per_second(least, breaker.stat_duration);
    if rate > TOO_MANY && !unitless.contains(&true) {
        let found = format!("{least} requests within {}, which is {rate} per second", breaker.stat_duration);
        let expected = "as many as one instance completes in statDuration";
        told.tell(reading, Code::NeverTrips, "spec.minRequestAmount", &found, expected);
    }
    let (other, whose) = match is_error {
        true => ("slowConditions", "ErrorRequestRatio, which looks at errors alone"),
        false => ("errorConditions", "SlowRequestRatio, which looks at response times alone"),
    };
    if let Some(Value::Map(entries)) = at(reading, &["spec", other]).map(|node| &node.value)
        && !entries.is_empty()
    {
        let found = format!("{other} of a breaker by {whose}");
        told.tell(
            reading,
            Code::NoEffect,
            &format!("spec.{other}"),
            &found,
            "no such conditions, or the other strategy",
        );
    }
}

fn per_second(count: u64, window: Span) -> u128 {
    u128::from(count).saturating_mul(1_000_000_000).checked_div(u128::from(window.nanos())).unwrap_or(0)
}

/// The number at a path, where one is written.
fn number(reading: &Reading<'_>, path: &[&str]) -> Option<Decimal> {
    match &at(reading, path)?.value {
        Value::Scalar { text, quoted: false } => Decimal::parse(text),
        _ => None,
    }
}

/// Tells of a small number in the place of a duration, which counts
/// milliseconds.
pub(super) fn unitless(reading: &Reading<'_>, path: &[&str], told: &mut Told) -> bool {
    let millis = number(reading, path).map(Decimal::floor).filter(|millis| (1..FEW_MILLIS).contains(millis));
    let Some(millis) = millis else { return false };
    let field = path.iter().fold(String::new(), |field, key| match (field.as_str(), key.parse::<usize>()) {
        ("", _) => (*key).to_owned(),
        (_, Ok(index)) => format!("{field}[{index}]"),
        (_, Err(_)) => format!("{field}.{key}"),
    });
    let found = format!("{millis} without a unit, which is {millis} milliseconds");
    told.tell(
        reading,
        Code::MissingUnit,
        &field,
        &found,
        &format!("the unit: {millis}s, or {millis}ms if so it is meant"),
    );
    true
}
