//! The rules of Sentinel's Java library.

use super::{
    FROM_THE_FIRST, Gone, Kind, LEFT_OUT, NO_WARM_UP, Rule, Strategy, breaker, concurrency, gone, millis, overload,
    rate_limit, throttling,
};
use crate::convert::tree::{bare, text_at};
use sergo::spec::quantity::Decimal;

pub(super) const FLOW: Kind = Kind {
    name: "FlowRule",
    read: flow,
    fields: &[
        "id",
        "resource",
        "limitApp",
        "grade",
        "count",
        "strategy",
        "refResource",
        "controlBehavior",
        "warmUpPeriodSec",
        "maxQueueingTimeMs",
        "clusterMode",
        "clusterConfig",
    ],
};

pub(super) const DEGRADE: Kind = Kind {
    name: "DegradeRule",
    read: degrade,
    fields: &[
        "id",
        "resource",
        "limitApp",
        "grade",
        "count",
        "timeWindow",
        "minRequestAmount",
        "slowRatioThreshold",
        "statIntervalMs",
    ],
};

pub(super) const SYSTEM: Kind = Kind {
    name: "SystemRule",
    read: system,
    fields: &["id", "resource", "limitApp", "highestSystemLoad", "highestCpuUsage", "qps", "avgRt", "maxThread"],
};

pub(super) const PARAM_FLOW: Kind = Kind {
    name: "ParamFlowRule",
    read: |_| {
        gone("paramIdx", "no strategy counts by the value of a parameter; a limit for all values would be another rule")
    },
    fields: &[],
};

pub(super) const AUTHORITY: Kind = Kind {
    name: "AuthorityRule",
    read: |_| gone("limitApp", "no strategy lets callers pass by who they are"),
    fields: &[],
};

fn is_for_all(caller: Option<&str>) -> bool {
    matches!(caller, None | Some("" | "default"))
}

fn flow(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    if !is_for_all(rule.text("limitApp")) {
        return gone("limitApp", "no strategy tells callers apart; a limit for all of them would be another rule");
    }
    match rule.way("strategy", 0)? {
        0 => {}
        1 => return gone("strategy", "no strategy limits one resource by the traffic of another"),
        2 => return gone("strategy", "no strategy asks by which entrance a call came"),
        _ => return gone("strategy", "no such strategy is known"),
    }
    let (threshold, count) = rule.amount("count")?;
    let mode = cluster(rule);
    match rule.way("grade", 1)? {
        0 => return Ok(vec![concurrency(count.floor(), if mode == "Local" { mode } else { "Global" })]),
        1 => {}
        _ => return gone("grade", "no such grade is known: 0 is concurrency, 1 requests per second"),
    }
    let behaviour = rule.way("controlBehavior", 0)?;
    if behaviour == 1 || behaviour == 3 {
        rule.lost("controlBehavior", FROM_THE_FIRST, NO_WARM_UP);
        rule.lost("warmUpPeriodSec", LEFT_OUT, NO_WARM_UP);
    }
    match behaviour {
        // At a rate of nothing nothing passes; a queue would let one through.
        2 | 3 if count.to_f64() > 0.0 => {
            if mode != "Local" {
                rule.lost("clusterMode", "a queue in each instance", "requests are spaced in each instance by itself");
            }
            Ok(vec![throttling(count, 1000, rule.whole("maxQueueingTimeMs", 500)?)])
        }
        0..=3 => Ok(vec![rate_limit(threshold, bare("1s"), mode)]),
        _ => gone("controlBehavior", "no such behaviour is known"),
    }
}

/// Where it counts.
fn cluster(rule: &mut Rule<'_>) -> &'static str {
    if rule.text("clusterMode") != Some("true") {
        return "Local";
    }
    let config = |key| text_at(rule.node, &["clusterConfig", key]);
    let is_average = config("thresholdType").unwrap_or("0") == "0";
    let falls_back = config("fallbackToLocalWhenFail") != Some("false");
    let (mode, becomes, why) = if is_average {
        ("Local", "limitMode: Local", "the threshold is meant for each instance, which is what Local counts")
    } else if falls_back {
        (
            "GlobalToLocal",
            "limitMode: GlobalToLocal",
            "it counts in each instance as long as there is no shared backend",
        )
    } else {
        ("Global", "limitMode: Global", "it counts in each instance as long as there is no shared backend")
    };
    rule.changed("clusterMode", becomes, why);
    rule.lost("clusterConfig", LEFT_OUT, "which servers count together is the backend's affair");
    mode
}

fn degrade(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    if !is_for_all(rule.text("limitApp")) {
        rule.lost("limitApp", LEFT_OUT, "a breaker opens for all callers, in Sentinel as well");
    }
    let (threshold, count) = rule.amount("count")?;
    let recovery = match rule.whole("timeWindow", 0)? {
        0 => return gone("timeWindow", "a breaker that stays open for no time is none"),
        seconds => millis(seconds.saturating_mul(1000)),
    };
    let interval = match rule.whole("statIntervalMs", 1000)? {
        0 => return gone("statIntervalMs", "a breaker that looks at no time is none"),
        interval => interval,
    };
    let least = rule.whole("minRequestAmount", 5)?;
    match rule.way("grade", 0)? {
        0 => {
            let ratio = rule.ratio("slowRatioThreshold", "1.0")?;
            let slower_than = millis_of(count);
            Ok(vec![breaker(ratio, interval, recovery, least, Some(slower_than))])
        }
        1 => {
            rule.lost("slowRatioThreshold", LEFT_OUT, "errors do not count as slow");
            rule.ratio("count", "")?;
            Ok(vec![breaker(threshold, interval, recovery, least, None)])
        }
        2 => gone("grade", "no breaker counts errors; write the share of them that is too much, as grade 1 does"),
        _ => gone("grade", "no such grade is known: 0 is slow calls, 1 the share of errors"),
    }
}

/// A response time in milliseconds, which may have a fraction.
fn millis_of(count: Decimal) -> sergo::spec::node::Node {
    let nanos = format!("{:.0}", (count.to_f64() * 1e6).clamp(0.0, 1e18)).parse().unwrap_or(0);
    bare(crate::convert::shape::span(nanos))
}

fn system(rule: &mut Rule<'_>) -> Result<Vec<Strategy>, Gone> {
    let mut strategies = Vec::new();
    // A figure under zero is none, as Sentinel has it.
    let set = |rule: &Rule<'_>, key| Ok(rule.number(key)?.is_some_and(|number| !number.is_negative()));
    if set(rule, "highestSystemLoad")? {
        strategies.push(overload("SystemLoad", rule.amount("highestSystemLoad")?.0, "BBR", "load"));
    }
    if set(rule, "highestCpuUsage")? {
        strategies.push(overload("CpuPercentage", rule.ratio("highestCpuUsage", "")?, "NONE", "cpu"));
    }
    for (key, why) in [
        ("qps", "no limit is for all resources together: give each a RateLimitStrategy"),
        ("avgRt", "overload is judged by CPU, load or memory, not by response times"),
        ("maxThread", "no limit is for all resources together: give each a ConcurrencyLimitStrategy"),
    ] {
        if set(rule, key)? {
            rule.lost(key, LEFT_OUT, why);
        }
    }
    Ok(strategies)
}
