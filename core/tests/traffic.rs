//! Routing as a whole: no document and no request makes it panic, and threads
//! that pick, report, discover and reload at once lose nothing.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use proptest::prelude::*;
use sergo::{CallOutcome, Config, Engine, Instance, Request, Rolls, Source, Tick};
use std::collections::BTreeMap;

fn instance(id: &str, labels: &[(&str, &str)]) -> Instance {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Instance { id: id.into(), labels, healthy: true, weight: 1, zone: None }
}

const SPECS: [(&str, &str, &str); 6] = [
    (
        "traffic.opensergo.io/v1alpha1",
        "VirtualWorkload",
        "{host: a, trafficPolicy: {loadBalancer: @, outlierDetection: @, connectionPool: @}, subsets: [@]}",
    ),
    (
        "traffic.opensergo.io/v1alpha1",
        "TrafficLane",
        "{selector: @, rules: {traffic: {http: @}, workload: @, lane: @, traceIdBaggage: @}}",
    ),
    ("traffic.opensergo.io/v1alpha1", "TrafficLabelRule", "{trafficLabel: gray, match: [@]}"),
    ("traffic.opensergo.io/v1alpha1", "WorkloadLabelRule", "{workloadLabels: @, selector: @}"),
    (
        "traffic.opensergo.io/v1alpha1",
        "RouterRule",
        "{selector: {app: a}, http: [{rule: @, target: @}], rpc: [{rule: {match: @, targets: [@]}}]}",
    ),
    ("traffic.opensergo.io/v1alpha1", "VirtualWorkloads", "{selector: {app: a}, virtualWorkload: [@]}"),
];

const PARTS: [&str; 24] = [
    "",
    "{}",
    "[]",
    "a",
    "12",
    "'x'",
    "{a: b}",
    "[{a: , exact: 1}]",
    "{name: x}",
    "{simple: RANDOM}",
    "{selector: {app: demo}}",
    "{consistentHash: {httpHeaderName: h}}",
    "{consistentHash: {useSourceIp: true, maglev: {tableSize: 7}}}",
    "{consecutive5xxErrors: 1, maxEjectionPercent: 100}",
    "{tcp: {maxConnections: 1}}",
    "{name: v1, labels: {version: v1}}",
    "{headers: {tag: {exact: v1}}}",
    "{uri: {prefix: /}}",
    "{uri: {regex: '/a+'}}",
    "{type: path, condition: ^=, value: /}",
    "{type: cookie, key: c, condition: in, value: 'a,b'}",
    "{targets: [{name: v1}, {name: v2, weight: 3}]}",
    "{methods: [{methodName: m, args: [{index: 0, value: x}]}]}",
    "[gray, 'b\\n']",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_document_and_no_request_panics(
        documents in prop::collection::vec((0..SPECS.len(), prop::collection::vec(prop::sample::select(&PARTS), 5)), 1..5),
        path in "/?(a|svc|\\?|=|&|é){0,4}",
        headers in prop::collection::vec(("(tag|baggage|cookie|x-opensergo-traffic|h)", "[a-c=,;%0-9]{0,8}"), 0..4),
        roll in prop::num::f64::ANY,
    ) {
        // Two that are alike: the other one is asked the short way.
        let (engine, twin) = (Engine::new(Config::new("demo")), Engine::new(Config::new("demo")));
        let instances = || vec![instance("1", &[("version", "v1")]), instance("2", &[("OpenSergo-Label", "gray")])];
        engine.set_instances("a", instances());
        twin.set_instances("a", instances());
        let texts = documents.iter().zip(0..).map(|((kind, parts), n)| {
            let (version, kind, spec) = SPECS[*kind];
            let mut parts = parts.iter().cycle();
            let spec: String = spec.split('@').flat_map(|text| [text, parts.next().unwrap()]).collect();
            let spec = spec.rsplit_once('}').unwrap().0.to_owned() + "}";
            format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: n{n}}}\nspec: {spec}\n")
        });
        let text: String = texts.collect();
        let report = engine.apply(&[Source { name: "", text: &text }]);
        prop_assert!(report.accepted <= documents.len());
        twin.apply(&[Source { name: "", text: &text }]);
        let _ = sergo::check(&[Source { name: "", text: &text }]);
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = Request { path: &path, headers: &pairs.as_slice(), ..Request::new("a") };
        let rolls = || Rolls::given(std::slice::from_ref(&roll));
        if let Some(label) = engine.label(&request, true) {
            prop_assert!(!label.lane.is_empty() && !label.key.is_empty());
        }
        let routed = engine.route(&request, &mut rolls(), Tick(0)).and_then(|id| engine.answer(id));
        let explained = engine.explain_route(&request, &mut rolls(), Tick(0)).directions.map(|directions| directions.answer);
        prop_assert_eq!(routed, explained);
        for _ in 0..3 {
            let picked = engine.pick(&request, &mut rolls(), Tick(0));
            if let Some(short) = twin.pick_id(&request, &mut rolls(), Tick(0)) {
                let picked = picked.as_ref().unwrap();
                prop_assert_eq!(&short.endpoint.instance, &picked.endpoint.as_ref().unwrap().instance);
                if let Some(id) = short.answer {
                    prop_assert_eq!(&twin.answer(id).unwrap(), &picked.directions.answer);
                }
                twin.report_id("a", short.endpoint.health.number(), CallOutcome::Error, Tick(0));
            } else if let Some(endpoint) = twin.pick(&request, &mut rolls(), Tick(0)).and_then(|pick| pick.endpoint) {
                twin.report("a", &endpoint.instance.id, CallOutcome::Error, Tick(0));
            }
            if let Some(endpoint) = picked.and_then(|pick| pick.endpoint) {
                engine.report("a", &endpoint.instance.id, CallOutcome::Error, Tick(0));
            }
            prop_assert_eq!(engine.ejected("a", Tick(0)), twin.ejected("a", Tick(0)));
        }
        prop_assert!(engine.ejected("a", Tick(0)).len() < 2, "never the last");
        let _ = (engine.required("a"), engine.required_to_label(), engine.connection_pool("a", Some("v1")));
    }
}

const JUDGED: &str = "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}, outlierDetection: {consecutive5xxErrors: 2, maxEjectionPercent: 50}}}
";

#[test]
fn threads_at_once_keep_the_counts() {
    let engine = Engine::new(Config::new("demo"));
    let all: Vec<Instance> = (0..8).map(|n| instance(&n.to_string(), &[])).collect();
    engine.apply(&[Source { name: "", text: JUDGED }]);
    engine.set_instances("a", all.clone());
    std::thread::scope(|scope| {
        for seed in 0..2u64 {
            let engine = &engine;
            scope.spawn(move || {
                for n in 0..2000u64 {
                    let now = Tick(n * 50_000_000);
                    let pick = engine.pick(&Request::new("a"), &mut Rolls::seeded(seed << 32 | n), now).unwrap();
                    let outcome = if n % 3 == 0 { CallOutcome::Success } else { CallOutcome::GatewayError };
                    // A thread whose clock stands far behind can find all ejected: it
                    // counts also those that for the other have come back.
                    if let Some(endpoint) = pick.endpoint {
                        engine.report("a", &endpoint.instance.id, outcome, now);
                    }
                }
            });
        }
        scope.spawn(|| {
            for n in 0..100 {
                engine.apply(&[Source { name: "", text: JUDGED }]);
                engine.update_instances("a", vec![all[n % 8].clone()], &[]);
            }
        });
    });
    // Whoever is ejected last has counted all who still are.
    assert!(engine.ejected("a", Tick(1999 * 50_000_000)).len() <= 4);
    // Everything has come back: of instances that are alike the roll alone decides.
    let mut first: BTreeMap<String, u32> = BTreeMap::new();
    let late = Tick(u64::MAX);
    for n in 0..8u32 {
        let roll = [(f64::from(n) + 0.5) / 8.0];
        let endpoint = engine.pick(&Request::new("a"), &mut Rolls::given(&roll), late).unwrap().endpoint.unwrap();
        engine.report("a", &endpoint.instance.id, CallOutcome::Success, late);
        *first.entry(endpoint.instance.id.clone()).or_default() += 1;
    }
    assert_eq!(first.len(), 8, "{first:?}");
}

const ROUTES: &str = "
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - match: [{headers: {tag: {exact: v2}}}, {method: {exact: POST}, uri: {prefix: /pay}}]
    route: [{destination: {host: shop, subset: v2}}]
  - match: [{sourceLabels: {app: web}}, {withoutHeaders: {tag: {}}, queryParams: {q: {regex: 'a+'}}}]
    route: [{destination: {host: shop, subset: v3}}]
  - route: [{destination: {host: shop, subset: v1}}]
";

#[test]
fn each_route_before_says_what_did_not_hold() {
    let engine = Engine::new(Config::new("demo"));
    let report = engine.apply(&[Source { name: "", text: ROUTES }]);
    assert_eq!((report.accepted, report.rejected.len(), report.warnings.len()), (1, 0, 0));
    let headers: &[(&str, &str)] = &[("Tag", "v1")];
    let request = Request { method: "POST", path: "/x?q=b", headers: &headers, ..Request::new("shop") };
    let explained = engine.explain_route(&request, &mut Rolls::given(&[]), Tick(0));
    let told = |index: usize| {
        let blocks = explained.misses[index].blocks.iter();
        blocks.map(|miss| format!("{}: {}, not {}", miss.field, miss.expected, miss.found)).collect::<Vec<_>>()
    };
    assert_eq!(explained.router.as_deref(), Some("TrafficRouter \"shop\""));
    assert_eq!((explained.position, explained.misses.len()), (Some(2), 2));
    assert_eq!(told(0), ["headers.tag: \"v2\", not \"v1\"", "uri: a value that begins with \"/pay\", not \"/x\""]);
    assert_eq!(told(1), ["sourceLabels.app: \"web\", not nothing", "withoutHeaders.tag: no value, not \"v1\""]);
    assert_eq!(
        explained.to_string(),
        "to shop, subset v1\nTrafficRouter \"shop\", route 2 matches\n\
         \x20 route 0 does not: headers.tag: found \"v1\", expected \"v2\"\n\
         \x20                or uri: found \"/x\", expected a value that begins with \"/pay\"\n\
         \x20 route 1 does not: sourceLabels.app: found nothing, expected \"web\"\n\
         \x20                or withoutHeaders.tag: found \"v1\", expected no value\n"
    );
    let nowhere = engine.explain_route(&Request::new("other"), &mut Rolls::given(&[]), Tick(0));
    assert_eq!(nowhere, sergo::RouteExplanation::default());
    assert_eq!(nowhere.to_string(), "nowhere: no route is for it\nno router names the host\n");
}

#[test]
fn a_host_requires_what_its_routes_look_at() {
    let engine = Engine::new(Config::new("demo"));
    let workload = "---\napiVersion: traffic.opensergo.io/v1alpha1\nkind: VirtualWorkload\nmetadata: {name: shop}\nspec: {host: shop, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: X-User}}}}\n";
    engine.apply(&[Source { name: "", text: &[ROUTES, workload].concat() }]);
    let required = engine.required("shop");
    assert_eq!(
        required.headers.iter().map(String::as_str).collect::<Vec<_>>(),
        ["baggage", "opensergo-label", "tag", "x-opensergo-traffic", "x-user"]
    );
    assert_eq!(required.parameters.iter().map(String::as_str).collect::<Vec<_>>(), ["q"]);
    assert_eq!(engine.required("other").headers, engine.required_to_label().headers);
}
