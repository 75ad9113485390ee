//! Random routers, converted to Istio's documents and back, decide the same on
//! random requests, within what survives.

use proptest::prelude::*;
use proptest::sample::select;
use sergo::matcher::HostName;
use sergo::{Answer, Config, Engine, Instance, Request, Rolls, Source, Tick};
use sergo_cli::{Fate, Options, Target, conversion};
use std::fmt::Write;

fn text() -> impl Strategy<Value = String> {
    let forms = select(&["exact", "prefix", "regex"]);
    let words = select(&["a", "'1'", "12", "v1", "'a.*'", "yes", "true", "a b"]);
    (forms, words).prop_map(|(form, word)| format!("{{{form}: {word}}}"))
}

fn named(field: &'static str) -> impl Strategy<Value = String> {
    (select(&["tag", "X-User", "b"]), prop_oneof![text(), Just("{}".to_owned()), Just(String::new())])
        .prop_map(move |(name, text)| format!("{field}: {{{name}: {text}}}"))
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&["exact: /a", "prefix: /a", "prefix: /", "regex: '/a+.*'"]).prop_map(|uri| format!("uri: {{{uri}}}")),
        select(&["exact: GET", "regex: 'P.*'"]).prop_map(|method| format!("method: {{{method}}}")),
        named("headers"),
        named("withoutHeaders"),
        named("queryParams"),
        Just("port: 80".to_owned()),
        Just("sourceLabels: {tag: 1}".to_owned()),
        Just("ignoreUriCase: true".to_owned()),
        Just("scheme: {exact: https}".to_owned()),
    ]
}

fn block() -> impl Strategy<Value = String> {
    prop::collection::btree_map("[a-z]", condition(), 0..3).prop_map(|conditions| {
        let mut seen = Vec::new();
        let mut kept = Vec::new();
        for condition in conditions.into_values() {
            let key = condition.split(':').next().unwrap_or_default().to_owned();
            if !seen.contains(&key) {
                seen.push(key);
                kept.push(condition);
            }
        }
        format!("{{{}}}", kept.join(", "))
    })
}

/// A chain of fallbacks that comes back to nowhere.
fn destination() -> impl Strategy<Value = String> {
    let subsets = Just(vec!["v1", "v2", "v3", "v4"]).prop_shuffle();
    (subsets, 0..4usize, select(&["svc", "svc.default.svc.cluster.local", "other"])).prop_map(
        |(subsets, links, host)| {
            let mut fallback = String::new();
            for subset in subsets[1..=links].iter().rev() {
                fallback = format!(", fallback: {{subset: {subset}{fallback}}}");
            }
            format!("{{host: {host}, subset: {}, port: {{number: 80}}{fallback}}}", subsets[0])
        },
    )
}

fn action() -> impl Strategy<Value = String> {
    let routes = prop::collection::vec((destination(), 1..100u32), 1..4).prop_map(|routes| {
        let routes: Vec<String> =
            routes.iter().map(|(to, weight)| format!("{{destination: {to}, weight: {weight}}}")).collect();
        format!("route: [{}]", routes.join(", "))
    });
    let policies = select(&[
        "",
        ", timeout: 1500",
        ", timeout: 1min, retries: {attempts: 2, perTryTimeout: 20}",
        ", rewrite: {uri: /new}",
        ", fault: {abort: {percent: 50, httpStatus: 503}, delay: {percentage: {value: 0.5}, fixedDelay: 5s}}",
        ", mirror: {host: other, subset: v1}, mirrorPercent: 30",
        ", headers: {request: {set: {X-A: 1}, remove: [X-B]}, response: {add: {X-C: yes}}}",
        ", corsPolicy: {allowOrigin: [a], allowMethods: [GET], maxAge: 1d}",
    ]);
    prop_oneof![
        6 => (routes, policies).prop_map(|(routes, policy)| routes + policy),
        1 => select(&[
            "redirect: {uri: /there, redirectCode: 308}",
            "directResponse: {status: 410, body: {string: 'a: b'}}",
        ]).prop_map(str::to_owned),
    ]
}

fn rules() -> impl Strategy<Value = String> {
    let route = (prop::collection::vec(block(), 0..3), action());
    (prop::collection::vec(route, 1..5), select(&["svc", "svc.default", "'*.local'"])).prop_map(|(routes, host)| {
        let mut text = format!(
            "apiVersion: traffic.opensergo.io/v1alpha1\nkind: TrafficRouter\nmetadata: {{name: r}}\nspec:\n  hosts: [{host}]\n  http:\n"
        );
        for (number, (blocks, action)) in routes.iter().enumerate() {
            let matched = if blocks.is_empty() { String::new() } else { format!("match: [{}], ", blocks.join(", ")) };
            writeln!(text, "  - {{name: r{number}, {matched}{action}}}").unwrap();
        }
        for host in ["svc", "other"] {
            write!(
                text,
                "---\napiVersion: traffic.opensergo.io/v1alpha1\nkind: VirtualWorkload\nmetadata: {{name: {host}}}\nspec:\n  host: {host}\n  trafficPolicy: {{loadBalancer: {{simple: ROUND_ROBIN}}, outlierDetection: {{consecutiveErrors: 2}}}}\n  subsets: [{{name: v1, labels: {{v: 1}}}}, {{name: v2, labels: {{v: 2}}}}, {{name: v3, labels: {{v: 3}}}}, {{name: v4, labels: {{v: 4}}}}]\n"
            )
            .unwrap();
        }
        text
    })
}

fn engine(text: &str, instances: u8) -> (Engine, usize) {
    let engine = Engine::new(Config::new("demo-app"));
    let report = engine.apply(&[Source { name: "", text }]);
    for host in ["svc", "other"] {
        // Each bit is the health of one version.
        let all = (1..5u8).map(|version| Instance {
            id: format!("{host}-{version}"),
            labels: [("v".to_owned(), version.to_string())].into(),
            healthy: instances >> version & 1 == 1,
            weight: 1,
            zone: None,
        });
        engine.set_instances(host, all.collect());
    }
    (engine, report.accepted)
}

/// The answer with hosts in one form: on the way one may have become a whole name.
fn told(answer: &Answer) -> String {
    let mut json = serde_json::to_value(answer).unwrap();
    if let Some(host) = json.pointer_mut("/destination/host") {
        *host = HostName::new(host.as_str().unwrap(), "default").as_str().into();
    }
    json.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_router_decides_the_same_after_there_and_back(
        rules in rules(),
        instances: u8,
        path in select(&["/", "/a", "/A", "/aab?tag=a", "/b?b=1&X-User=v1"]),
        method in select(&["GET", "POST"]),
        value in select(&["a", "1", "12", "v1", "abc", "yes", "true"]),
        name in select(&["tag", "x-user", "c"]),
        rolls in prop::collection::vec(0.0..1.0f64, 8),
    ) {
        let there = conversion(&[Source { name: "there", text: &rules }], &Options::to(Target::Istio));
        prop_assert_eq!(&there.mistakes, &vec![], "{}", rules);
        // A fallback changes; nothing is lost.
        prop_assert!(there.losses.iter().all(|loss| loss.fate == Fate::Changed && loss.field.ends_with(".fallback")), "{:?}", there.losses);
        let istio = there.text();
        let back = conversion(&[Source { name: "back", text: &istio }], &Options::to(Target::Opensergo));
        prop_assert!(back.losses.is_empty() && back.mistakes.is_empty(), "{:?} {:?}", back.losses, back.mistakes);
        let back = back.text();
        let ((before, accepted), (after, same)) = (engine(&rules, instances), engine(&back, instances));
        prop_assert_eq!((accepted, same), (3, 3), "{}\n{}", rules, back);
        let headers: &[(&str, &str)] = &[(name, value)];
        for host in ["svc", "svc.default.svc.cluster.local", "other", "a.local"] {
            let request = Request { path, method, headers: &headers, ..Request::new(host) };
            let ask = |engine: &Engine| {
                let directions = engine.direct(&request, &mut Rolls::given(&rolls), Tick(0))?;
                let pick = engine.pick(&request, &mut Rolls::given(&rolls), Tick(0)).and_then(|pick| pick.endpoint);
                let instance = pick.map(|endpoint| endpoint.instance.id.clone());
                let effects = format!("{:?}", directions.effects).replace("svc.default.svc.cluster.local", "svc");
                Some((told(&directions.answer), effects, instance))
            };
            prop_assert_eq!(ask(&before), ask(&after), "{}\n{}\n{}", rules, istio, back);
        }
        // The same once more changes nothing.
        let again = conversion(&[Source { name: "again", text: &back }], &Options::to(Target::Istio));
        prop_assert_eq!(again.text().lines().filter(|line| !line.starts_with('#')).count(),
            istio.lines().filter(|line| !line.starts_with('#')).count());
    }
}
