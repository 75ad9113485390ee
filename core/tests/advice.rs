//! What is advised of documents, and what is not: the edges of each rule.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use sergo::{Source, advise};
use std::fmt::Write;

/// Documents of these kinds, names and specs.
fn documents(parts: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (kind, name, spec) in parts {
        let group = match *kind {
            kind if kind.starts_with("Traffic") || kind == "VirtualWorkload" || kind == "RouterRule" => "traffic",
            _ => "fault-tolerance",
        };
        let document = format!("apiVersion: {group}.opensergo.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}");
        let _ = writeln!(text, "{document}\nspec: {spec}\n---");
    }
    text
}

/// What is advised: each code with its field.
fn advised(parts: &[(&str, &str, &str)]) -> Vec<String> {
    let text = documents(parts);
    let advised = advise(&[Source { name: "a.yaml", text: &text }]);
    assert_eq!(advised.report.rejected, [], "{text}");
    let line = |told: &sergo::Diagnostic| {
        assert!(told.line > 0 && told.source == "a.yaml", "{told:?}");
        assert!(told.message.starts_with(&format!("{} {:?}", told.kind, told.name)), "{told:?}");
        format!("{} {} {}", told.code, told.name, told.field)
    };
    advised.advice.iter().map(line).collect()
}

const LIMIT: (&str, &str, &str) = ("RateLimitStrategy", "l", "{threshold: 10, statDuration: 1s}");

fn limit(name: &'static str, spec: &'static str) -> (&'static str, &'static str, &'static str) {
    ("RateLimitStrategy", name, spec)
}

fn rule(name: &'static str, spec: &'static str) -> (&'static str, &'static str, &'static str) {
    ("FaultToleranceRule", name, spec)
}

fn router(spec: &'static str) -> (&'static str, &'static str, &'static str) {
    ("TrafficRouter", "r", spec)
}

#[test]
fn figures_of_one_strategy() {
    let of = |kind: &'static str, spec: &'static str| advised(&[(kind, "s", spec)]);
    let rate = |spec| of("RateLimitStrategy", spec);
    assert_eq!(rate("{threshold: 99, statDuration: 1ms}"), [""; 0]);
    assert_eq!(rate("{threshold: 100, statDuration: 99ms}"), ["suspect-window s spec.threshold"]);
    assert_eq!(rate("{threshold: 100, statDuration: 100ms}"), [""; 0]);
    assert_eq!(rate("{threshold: 100, statDuration: 99}"), ["missing-unit s spec.statDuration"]);
    assert_eq!(rate("{threshold: 100, statDuration: 100}"), [""; 0]);
    assert_eq!(rate("{threshold: 0, statDuration: 1s}"), [""; 0], "nothing at all is meant so");
    assert_eq!(rate("{threshold: 2.0, statDuration: 1s}"), [""; 0]);
    assert_eq!(rate("{threshold: 2.5, statDuration: 1s}"), ["cut-threshold s spec.threshold"]);
    let pace = |spec| of("ThrottlingStrategy", spec);
    assert_eq!(pace("{minIntervalOfRequests: 20ms, queueTimeout: 19ms}"), ["short-queue s spec.queueTimeout"]);
    assert_eq!(pace("{minIntervalOfRequests: 20, queueTimeout: 20}"), [""; 0]);
    assert_eq!(pace("{minIntervalOfRequests: 0, queueTimeout: 0}"), ["no-effect s spec.minIntervalOfRequests"]);
    let breaker = |spec: &str| {
        let spec = format!("{{strategy: ErrorRequestRatio, recoveryTimeout: 5s, {spec}}}");
        advised(&[("CircuitBreakerStrategy", "s", &spec)])
    };
    assert_eq!(breaker("triggerRatio: 100%, statDuration: 1s, minRequestAmount: 1"), [""; 0], "the first error");
    assert_eq!(breaker("triggerRatio: 1, statDuration: 1s, minRequestAmount: 2"), ["never-trips s spec.triggerRatio"]);
    assert_eq!(breaker("triggerRatio: 99%, statDuration: 1ms, minRequestAmount: 100"), [""; 0]);
    assert_eq!(
        breaker("triggerRatio: 99%, statDuration: 1ms, minRequestAmount: 101"),
        ["never-trips s spec.minRequestAmount"]
    );
    let other = "triggerRatio: 50%, statDuration: 1s, minRequestAmount: 9, slowConditions: {maxAllowedRt: 1s}";
    assert_eq!(breaker(other), ["no-effect s spec.slowConditions"]);
    assert_eq!(breaker("triggerRatio: 50%, statDuration: 1s, minRequestAmount: 9, slowConditions: {}"), [""; 0]);
}

#[test]
fn limits_of_one_target() {
    let two = |second: &'static str, targets: [&'static str; 2]| {
        advised(&[LIMIT, limit("m", second), rule("a", targets[0]), rule("b", targets[1])])
    };
    const FIRST: &str = "{targets: [{targetResourceName: /a}], strategies: [{name: l}]}";
    const SECOND: &str = "{targets: [{targetResourceName: /a}], strategies: [{name: m}]}";
    let overruled = ["fighting-rules b spec.strategies[0].name"];
    assert_eq!(two("{threshold: 11, statDuration: 1s}", [FIRST, SECOND]), overruled);
    assert_eq!(two("{threshold: 9, statDuration: 1s}", [FIRST, SECOND]), ["fighting-rules a spec.strategies[0].name"]);
    assert_eq!(two("{threshold: 10, statDuration: 1s}", [FIRST, SECOND]), overruled, "the first by name is asked");
    // 10 per second are up to 100 in 10 s, and may be 20 within 1.5 s.
    assert_eq!(two("{threshold: 100, statDuration: 10s}", [FIRST, SECOND]), overruled);
    assert_eq!(two("{threshold: 99, statDuration: 10s}", [FIRST, SECOND]), [""; 0]);
    assert_eq!(two("{threshold: 19, statDuration: 1.5s}", [FIRST, SECOND]), [""; 0]);
    assert_eq!(two("{threshold: 20, statDuration: 1.5s}", [FIRST, SECOND]), overruled);
    // A path is all of its methods, and not the other way round.
    let of_method = "{targets: [{targetResourceName: 'GET:/a'}], strategies: [{name: m}]}";
    assert_eq!(two("{threshold: 11, statDuration: 1s}", [FIRST, of_method]), overruled);
    assert_eq!(two("{threshold: 9, statDuration: 1s}", [FIRST, of_method]), [""; 0]);
    // Whoever is not under the first limit needs the second.
    let of_app = "{selector: {app: x}, targets: [{targetResourceName: /a}], strategies: [{name: l}]}";
    assert_eq!(two("{threshold: 11, statDuration: 1s}", [of_app, SECOND]), [""; 0]);
    let gray = "{selector: {tag: gray}, targets: [{targetResourceName: /a}], strategies: [{name: m}]}";
    assert_eq!(two("{threshold: 11, statDuration: 1s}", [FIRST, gray]), overruled);
}

#[test]
fn responses_to_one_gate() {
    let actions = [("HttpRequestFallbackAction", "x", "{}"), ("HttpRequestFallbackAction", "y", "{}")];
    let two = |first: &'static str, second: &'static str| {
        let rules = [rule("a", first), rule("b", second)];
        advised(&[&actions[..], &[LIMIT], &rules].concat())
    };
    const X: &str = "{targets: [{targetResourceName: /a}], strategies: [{name: l}], fallbackAction: x}";
    const Y: &str = "{targets: [{targetResourceName: /a}], strategies: [{name: l}], fallbackAction: y}";
    assert_eq!(two(X, Y), ["fighting-rules b spec.fallbackAction"]);
    assert_eq!(two(X, X), ["unused-document y metadata.name"]);
    let none = "{targets: [{targetResourceName: /a}], strategies: [{name: l}]}";
    assert_eq!(two(X, none), ["fighting-rules b spec.strategies[0].name", "unused-document y metadata.name"]);
}

#[test]
fn breakers_behind_limits() {
    let breaker = |least: u32| {
        let spec = format!(
            "{{strategy: ErrorRequestRatio, triggerRatio: 50%, statDuration: 10s, recoveryTimeout: 5s, minRequestAmount: {least}}}"
        );
        let both = rule("a", "{targets: [{targetResourceName: /a}], strategies: [{name: l}, {name: b}]}");
        advised(&[LIMIT, ("CircuitBreakerStrategy", "b", &spec), both])
    };
    assert_eq!(breaker(100), [""; 0]);
    assert_eq!(breaker(101), ["never-trips a spec.strategies[1].name"]);
}

#[test]
fn what_no_rule_names() {
    assert_eq!(advised(&[LIMIT]), [""; 0], "the rules are elsewhere");
    let other = rule("a", "{targets: [{targetResourceName: /a}], strategies: [{name: m, kind: ThrottlingStrategy}]}");
    assert_eq!(advised(&[LIMIT, other]), ["unused-document l metadata.name"]);
    let text = documents(&[LIMIT, other, rule("b", "{targets: []}")]);
    assert_eq!(advise(&[Source { name: "", text: &text }]).advice, [], "nobody knows what the bad rule names");
}

#[test]
fn shares() {
    let two = |weights: &str| {
        let to = weights.split('|').map(|weight| format!("{{destination: {{host: a}}{weight}}}"));
        let spec = format!("{{hosts: [a], http: [{{route: [{}]}}]}}", to.collect::<Vec<_>>().join(", "));
        advised(&[("TrafficRouter", "r", &spec)])
    };
    for fine in [
        ",weight: 100|,weight: 0",
        ",weight: 1|,weight: 3",
        ",weight: 999|,weight: 1",
        ",weight: 30|,weight: 30",
        ",weight: 100",
        "",
    ] {
        assert_eq!(two(fine), [""; 0], "{fine}");
    }
    for sum in [",weight: 90|,weight: 20", ",weight: 50|,weight: 45", ",weight: 1|,weight: 20"] {
        assert_eq!(two(sum), ["odd-weights r spec.http[0].route"], "{sum}");
    }
    assert_eq!(two(",weight: 90|"), ["odd-weights r spec.http[0].route[1].weight"]);
    assert_eq!(two(",weight: 10"), ["odd-weights r spec.http[0].route[0].weight"]);
}

#[test]
fn routes_behind_each_other() {
    let two = |first: &str, second: &str| {
        let route = |blocks: &str| format!("{{match: [{blocks}], route: [{{destination: {{host: a}}}}]}}");
        let spec = format!("{{hosts: [a], http: [{}, {}]}}", route(first), route(second));
        advised(&[("TrafficRouter", "r", &spec)])
    };
    let behind = ["unreachable-route r spec.http[1]"];
    assert_eq!(two("{uri: {exact: /a}}", "{uri: {exact: /a}}"), behind);
    assert_eq!(
        two("{uri: {prefix: /a}}, {uri: {prefix: /b}}", "{uri: {exact: /b}}, {uri: {exact: /a}, port: 80}"),
        behind
    );
    assert_eq!(two("{uri: {prefix: /a}}", "{uri: {exact: /a}}, {uri: {exact: /c}}"), [""; 0]);
    assert_eq!(two("{uri: {prefix: /a}, method: {exact: GET}}", "{uri: {prefix: /a}}"), [""; 0]);
    assert_eq!(two("{uri: {prefix: /a}, gateways: [edge]}", "{uri: {prefix: /a}}"), [""; 0]);
    assert_eq!(two("{uri: {prefix: /}, method: {exact: GET}}", "{uri: {prefix: /a}}"), [""; 0]);
}

#[test]
fn conditions_of_requests() {
    let block = |block: &str| {
        let spec = format!("{{hosts: [a], http: [{{match: [{block}], route: [{{destination: {{host: a}}}}]}}]}}");
        advised(&[("TrafficRouter", "r", &spec)])
            .into_iter()
            .map(|told| told.replace(" r spec.http[0].match[0].", " "))
            .collect::<Vec<_>>()
    };
    for (written, told) in [
        ("{uri: {exact: a}}", "never-matches uri.exact"),
        ("{uri: {prefix: 'http://a/b'}}", "never-matches uri.prefix"),
        ("{uri: {exact: '/a?b=c'}}", "never-matches uri.exact"),
        ("{uri: {exact: ''}}", "never-matches uri.exact"),
        ("{uri: {regex: 'a/.*'}}", "never-matches uri.regex"),
        ("{method: {exact: get}}", "never-matches method.exact"),
        ("{scheme: {exact: HTTPS}}", "never-matches scheme.exact"),
        ("{withoutHeaders: {a: {regex: '.*'}}}", "never-matches withoutHeaders.a.regex"),
        ("{headers: {A: {exact: b}}, withoutHeaders: {a: {}}}", "never-matches withoutHeaders.a"),
        ("{uri: {exact: /a/*}}", "looks-like-glob uri.exact"),
        ("{uri: {regex: /a/*}}", "looks-like-glob uri.regex"),
        ("{headers: {a: {exact: 'v*'}}}", "looks-like-glob headers.a.exact"),
        ("{queryParams: {a: {prefix: 'v*'}}}", "looks-like-glob queryParams.a.prefix"),
        ("{headers: {a: {regex: 'v$'}}}", "needless-anchor headers.a.regex"),
        ("{uri: {regex: '^/a$'}}", "needless-anchor uri.regex"),
    ] {
        assert_eq!(block(written), [told], "{written}");
    }
    for fine in [
        "{uri: {prefix: ''}}",
        "{uri: {regex: '/a/.*'}}",
        "{uri: {regex: '(?i)/A\\$'}}",
        "{method: {regex: 'GET|POST'}}",
        "{headers: {accept: {exact: '*/*'}}}",
        "{headers: {a: {exact: b}}, withoutHeaders: {a: {exact: c}}}",
    ] {
        assert_eq!(block(fine), [""; 0], "{fine}");
    }
}

#[test]
fn times_that_others_cut_off() {
    let slow = (
        "CircuitBreakerStrategy",
        "b",
        "{strategy: SlowRequestRatio, triggerRatio: 50%, statDuration: 10s, recoveryTimeout: 5s, minRequestAmount: 5, slowConditions: {maxAllowedRt: 2s}}",
    );
    let of_shop =
        rule("a", "{selector: {app: shop}, targets: [{targetResourceName: 'GET:/a'}], strategies: [{name: b}]}");
    let ends = |route: &str| {
        let spec = format!(
            "{{hosts: [shop.default.svc.cluster.local], http: [{{{route}, route: [{{destination: {{host: shop}}}}]}}]}}"
        );
        advised(&[slow, of_shop, ("TrafficRouter", "r", &spec)])
    };
    assert_eq!(ends("timeout: 2s"), ["late-timeout a spec.strategies[0].name"]);
    assert_eq!(ends("match: [{uri: {prefix: /a}}], timeout: 1s"), ["late-timeout a spec.strategies[0].name"]);
    assert_eq!(ends("timeout: 3s"), [""; 0]);
    assert_eq!(ends("match: [{uri: {prefix: /b}}], timeout: 1s"), [""; 0]);
    assert_eq!(ends("match: [{method: {exact: POST}}], timeout: 1s"), [""; 0]);
    let route = |route: &str| {
        let spec = format!("{{hosts: [a], http: [{{{route}, route: [{{destination: {{host: a}}}}]}}]}}");
        advised(&[("TrafficRouter", "r", &spec)])
    };
    assert_eq!(route("timeout: 5"), ["missing-unit r spec.http[0].timeout"]);
    assert_eq!(
        route("timeout: 1s, fault: {delay: {fixedDelay: 2s, percentage: {value: 5}}}"),
        ["late-timeout r spec.http[0].fault.delay.fixedDelay"]
    );
    assert_eq!(route("timeout: 1s, retries: {attempts: 2, perTryTimeout: 1s}"), [""; 0]);
    assert_eq!(route("mirror: {host: b}, mirrorPercentage: {value: 0}"), ["no-effect r spec.http[0].mirrorPercentage"]);
    assert_eq!(advised(&[router("{hosts: [a], http: [{route: [{destination: {host: a}}]}]}")]), [""; 0]);
}

#[test]
fn lanes_and_labels() {
    let lane = |name: &'static str, spec: &'static str| ("TrafficLane", name, spec);
    const GRAY: &str = "{rules: {traffic: {http: {headers: {tag: {exact: gray}}}}, lane: {name: gray}}}";
    const ALL: &str = "{rules: {traffic: {http: {headers: {tag: {}}}}, lane: {name: all}}}";
    assert_eq!(advised(&[lane("a", ALL), lane("b", GRAY)]), ["fighting-rules b spec.rules.traffic"]);
    assert_eq!(advised(&[lane("a", GRAY), lane("b", ALL)]), [""; 0]);
    let label = |name: &'static str, spec: &'static str| ("TrafficLabelRule", name, spec);
    const ONE: &str = "{trafficLabel: x, match: [{type: path, condition: '==', value: /a}]}";
    const BOTH: &str = "{trafficLabel: y, match: [{type: path, condition: '==', value: /a}, {type: method, condition: '==', value: GET}]}";
    assert_eq!(advised(&[label("a", ONE), label("b", BOTH)]), ["fighting-rules b spec.match"]);
    assert_eq!(advised(&[label("a", BOTH), label("b", ONE)]), [""; 0]);
}

#[test]
fn a_name_that_is_missing_is_told_what_was_meant() {
    let text = documents(&[
        ("HttpRequestFallbackAction", "sorry", "{}"),
        limit("limit-foo", "{threshold: 1, statDuration: 1s}"),
        rule(
            "a",
            "{targets: [{targetResourceName: /a}], strategies: [{name: limit-fo}, {name: other}], fallbackAction: sory}",
        ),
    ]);
    let advised = advise(&[Source { name: "", text: &text }]);
    let meant: Vec<Option<&str>> = advised.meant.iter().map(Option::as_deref).collect();
    assert_eq!(meant, [Some("limit-foo"), None, Some("sorry")]);
    assert_eq!(advised.report.waiting.len(), 3);
}
