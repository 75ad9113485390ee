//! Destinations that nothing serves are told when rules are loaded, as far as
//! anybody knows then.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use sergo::{Config, Engine, Instance, Report, Source, check};

const ROUTER: &str = "
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - match: [{uri: {exact: /a}}]
    route: [{destination: {host: cart, subset: v2, fallback: {host: stock}}}]
  - route: [{destination: {host: cart.default}}]
";

fn apply(engine: &Engine, text: &str) -> Report {
    engine.apply(&[Source { name: "rules.yaml", text }])
}

fn told(report: &Report) -> Vec<String> {
    assert_eq!((report.rejected.len(), report.warnings.len()), (0, 0), "{report:?}");
    report.unserved.iter().map(|told| format!("{}:{} {}", told.line, told.field, told.found)).collect()
}

fn instance(id: &str, healthy: bool) -> Instance {
    Instance { id: id.into(), labels: [].into(), healthy, weight: 1, zone: None }
}

#[test]
fn a_host_is_judged_once_discovery_has_named_it() {
    let engine = Engine::new(Config::new("demo"));
    assert_eq!(told(&apply(&engine, ROUTER)), Vec::<String>::new());
    engine.set_instances("cart", vec![instance("1", false)]);
    let second =
        "10:spec.http[1].route[0].destination.host \"cart.default\", of which discovery knows no healthy instance";
    assert_eq!(told(&apply(&engine, ROUTER)), [second], "the first has a fallback that nobody knows");
    engine.set_instances("stock", vec![]);
    assert_eq!(told(&apply(&engine, ROUTER)).len(), 2);
    engine.set_instances("cart", vec![instance("1", false), instance("2", true)]);
    assert_eq!(told(&apply(&engine, ROUTER)), Vec::<String>::new());
}

#[test]
fn a_subset_is_judged_once_its_host_has_any() {
    let workload = |spec: &str| {
        format!(
            "{ROUTER}---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: w}}\nspec: {spec}\n"
        )
    };
    let engine = Engine::new(Config::new("demo"));
    for fine in [
        "{host: cart}",
        "{host: shop, subsets: [{name: v1}]}",
        "{host: cart.default.svc.cluster.local, subsets: [{name: v1}, {name: v2}]}",
    ] {
        assert_eq!(told(&apply(&engine, &workload(fine))), Vec::<String>::new(), "{fine}");
    }
    for wrong in ["{host: CART.default.svc, subsets: [{name: v1}]}", "{host: '*', subsets: [{name: v1}]}"] {
        let text = workload(wrong);
        let expected = ["9:spec.http[0].route[0].destination.subset \"v2\", which is not defined for \"cart\""];
        assert_eq!(told(&apply(&engine, &text)), expected, "{wrong}");
        assert_eq!(told(&check(&[Source { name: "", text: &text }])), expected, "{wrong}");
    }
}

#[test]
fn a_delegated_route_is_told_of_where_it_stands() {
    let text = "
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: root}
spec: {hosts: [shop], http: [{match: [{uri: {prefix: /a}}], delegate: {name: part}}]}
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficRouter
metadata: {name: part}
spec: {http: [{route: [{destination: {host: shop, subset: v9}}]}]}
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: VirtualWorkload
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v1}]}
";
    let report = apply(&Engine::new(Config::new("demo")), text);
    assert_eq!(
        told(&report),
        ["10:spec.http[0].route[0].destination.subset \"v9\", which is not defined for \"shop\""]
    );
    assert_eq!(report.unserved[0].name, "part");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["unserved"][0]["expected"], "\"v1\": did you mean that?");
}
