//! The rules of Sentinel's Go library.

use super::{
    FROM_THE_FIRST, Gone, Kind, LEFT_OUT, NO_WARM_UP, Rule, Strategy, breaker, concurrency, gone, millis, overload,
    rate_limit, throttling,
};

pub(super) const FLOW: Kind = Kind {
    name: "flow.Rule",
    read: flow,
    fields: &[
        "id",
        "resource",
        "tokenCalculateStrategy",
        "controlBehavior",
        "threshold",
        "relationStrategy",
        "refResource",
        "maxQueueingTimeMs",
        "warmUpPeriodSec",
        "warmUpColdFactor",
        "statIntervalInMs",
        "lowMemUsageThreshold",
        "highMemUsageThreshold",
        "memLowWaterMarkBytes",
        "memHighWaterMarkBytes",
    ],
};

pub(super) const BREAKER: Kind = Kind {
    name: "circuitbreaker.Rule",
    read: circuit_breaker,
    fields: &[
        "id",
        "resource",
        "strategy",
        "retryTimeoutMs",
        "minRequestAmount",
        "statIntervalMs",
        "statSlidingWindowBucketCount",
        "maxAllowedRtMs",
        "threshold",
        "probeNum",
    ],
};

pub(super) const ISOLATION: Kind =
    Kind { name: "isolation.Rule", read: isolation, fields: &["id", "resource", "metricType", "threshold"] };

pub(super) const HOTSPOT: Kind = Kind {
    name: "hotspot.Rule",
    read: |_| {
        gone(
            "paramIndex",
            "no strategy counts by the value of a parameter; a limit for all values would be another rule",
        )
    },
    fields: &[],
};

pub(super) const SYSTEM: Kind =
    Kind { name: "SystemRule", read: system, fields: &["id", "resource", "metricType", "triggerCount", "strategy"] };

fn flow(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    match rule.way("relationStrategy", 0)? {
        0 => {}
        1 => return gone("relationStrategy", "no strategy limits one resource by the traffic of another"),
        _ => return gone("relationStrategy", "no such strategy is known"),
    }
    match rule.way("tokenCalculateStrategy", 0)? {
        0 => {}
        1 => {
            rule.lost("tokenCalculateStrategy", FROM_THE_FIRST, NO_WARM_UP);
            for key in ["warmUpPeriodSec", "warmUpColdFactor"] {
                rule.lost(key, LEFT_OUT, NO_WARM_UP);
            }
        }
        2 => return gone("tokenCalculateStrategy", "no limit depends on the memory that is in use"),
        _ => return gone("tokenCalculateStrategy", "no such strategy is known"),
    }
    let (threshold, count) = rule.amount("threshold")?;
    let interval = match rule.whole("statIntervalInMs", 0)? {
        0 => 1000,
        interval => interval,
    };
    match rule.way("controlBehavior", 0)? {
        1 if count.to_f64() > 0.0 => Ok(vec![throttling(count, interval, rule.whole("maxQueueingTimeMs", 0)?)]),
        0 | 1 => Ok(vec![rate_limit(threshold, millis(interval), "Local")]),
        _ => gone("controlBehavior", "no such behaviour is known"),
    }
}

fn circuit_breaker(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    let strategy = rule.way("strategy", 0)?;
    let recovery = match rule.whole("retryTimeoutMs", 0)? {
        0 => return gone("retryTimeoutMs", "a breaker that stays open for no time is none"),
        recovery => millis(recovery),
    };
    let interval = match rule.whole("statIntervalMs", 0)? {
        0 => return gone("statIntervalMs", "a breaker that looks at no time is none"),
        interval => interval,
    };
    let least = rule.whole("minRequestAmount", 0)?;
    let slower_than = match strategy {
        0 => Some(millis(rule.whole("maxAllowedRtMs", 0)?)),
        1 => None,
        2 => {
            return gone(
                "strategy",
                "no breaker counts errors; write the share of them that is too much, as strategy 1 does",
            );
        }
        _ => return gone("strategy", "no such strategy is known: 0 is slow calls, 1 the share of errors"),
    };
    let ratio = rule.ratio("threshold", "0")?;
    if rule.whole("statSlidingWindowBucketCount", 0)? != 0 {
        rule.changed("statSlidingWindowBucketCount", "ten slices", "a breaker's window has ten slices always");
    }
    if rule.whole("probeNum", 0)? > 1 {
        rule.lost("probeNum", "one probe", "one good probe closes a breaker");
    }
    Ok(vec![breaker(ratio, interval, recovery, least, slower_than)])
}

fn isolation(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    match rule.way("metricType", 0)? {
        0 => Ok(vec![concurrency(rule.amount("threshold")?.1.floor(), "Local")]),
        _ => gone("metricType", "no such figure is known: 0 is concurrency"),
    }
}

fn system(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    // 1 is BBR. -1 is none, and Go's zero value is not BBR either.
    let adaptive = match rule.number("strategy")? {
        Some(strategy) if !strategy.is_negative() && strategy.floor() == 1 => "BBR",
        Some(strategy) if !strategy.is_negative() && strategy.floor() > 1 => {
            return gone("strategy", "no such strategy is known: -1 is none, 1 is BBR");
        }
        _ => "NONE",
    };
    match rule.way("metricType", 0)? {
        0 => Ok(vec![overload("SystemLoad", rule.amount("triggerCount")?.0, adaptive, "load")]),
        1 => gone("metricType", "overload is judged by CPU, load or memory, not by response times"),
        2 => gone("metricType", "no limit is for all resources together: give each a ConcurrencyLimitStrategy"),
        3 => gone("metricType", "no limit is for all resources together: give each a RateLimitStrategy"),
        4 => Ok(vec![overload("CpuPercentage", rule.ratio("triggerCount", "")?, adaptive, "cpu")]),
        _ => gone("metricType", "no such figure is known"),
    }
}
