//! A router that has gone over the wire decides what it decided before.

use crate::kit::{TRAFFIC, from_files, from_messages, router};
use crate::routers::{HOSTS, NAMES, PATHS, VALUES, spec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use sergo::matcher::HostName;
use sergo::route::Caller;
use sergo::{Engine, Instance, Request, Rolls, Tick};
use sergo_control_plane::upstream::{Unsaid, message};
use std::collections::BTreeMap;

/// A request's parts, owned.
#[derive(Clone, Debug)]
struct Asked {
    host: &'static str,
    method: &'static str,
    path: String,
    scheme: &'static str,
    port: Option<u16>,
    headers: Vec<(&'static str, &'static str)>,
    labels: Option<BTreeMap<String, String>>,
    namespace: Option<&'static str>,
    gateway: Option<&'static str>,
    rolls: Vec<f64>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let query = prop::collection::vec((select(&NAMES[..]), select(&VALUES[..])), 0..3);
    let labels = prop::collection::btree_map(select(&["app", "version"][..]), select(&["a", "b"][..]), 0..3);
    let from = (prop::option::of(labels), prop::option::of(select(&["default", "other"][..])));
    (
        select(&["shop", "shop:80", "shop.default", "shop.other", "www.shop.com", "a.shop.com", "www.x"][..]),
        select(&["GET", "POST", "PUT"][..]),
        (select(&PATHS[..]), query),
        select(&["http", "https"][..]),
        prop::option::of(select(&[80, 8080][..])),
        prop::collection::vec((select(&["x", "y", "x-z", ":port", ":gateway"][..]), select(&VALUES[..])), 0..4),
        from,
        prop::option::of(select(&["mesh", "edge"][..])),
        prop::collection::vec(0.0..1.0f64, 5),
    )
        .prop_map(|(host, method, (path, query), scheme, port, headers, (labels, namespace), gateway, rolls)| {
            let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
            let owned = |labels: BTreeMap<&str, &str>| {
                labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
            };
            let labels = labels.map(owned);
            Asked { host, method, path, scheme, port, headers, labels, namespace, gateway, rolls }
        })
}

impl Asked {
    /// What becomes of it, in a form that does not depend on how the rule is
    /// written.
    fn decide(&self, engine: &Engine) -> Value {
        let headers = self.headers.as_slice();
        let request = Request {
            method: self.method,
            path: &self.path,
            scheme: self.scheme,
            port: self.port,
            headers: &headers,
            caller: Caller { labels: self.labels.as_ref(), namespace: self.namespace, gateway: self.gateway },
            ..Request::new(self.host)
        };
        let directions = engine.direct(&request, &mut Rolls::given(&self.rolls), Tick(0));
        let mut decided = serde_json::to_value(directions).unwrap();
        plain(&mut decided);
        decided
    }
}

/// Takes the differences away that make none: the forms of a host's name, the
/// order of what a call is made again on.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, value| key != "retryIgnorePreviousHosts" || *value != false);
            for (key, value) in fields {
                match (key.as_str(), value.as_str()) {
                    ("host", Some(host)) => *value = HostName::new(host, "default").as_str().into(),
                    ("retryOn", Some(words)) => {
                        let mut words: Vec<&str> = words.split(',').collect();
                        if words.iter().any(|word| word.parse::<u16>().is_ok()) {
                            words.retain(|word| *word != "retriable-status-codes");
                        }
                        words.sort_unstable();
                        *value = words.into();
                    }
                    _ => plain(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// Both engines know the same instances: of the host `shop` those of v2 are gone.
fn discover(engine: &Engine) {
    let instance = |version: &str, healthy| Instance {
        id: version.to_owned(),
        labels: BTreeMap::from([("version".to_owned(), version.to_owned())]),
        healthy,
        weight: 1,
        zone: None,
    };
    engine.set_instances("shop", vec![instance("v1", true), instance("v2", false), instance("f1", true)]);
    engine.set_instances("shop.other", vec![instance("f2", true)]);
    engine.set_instances("www.shop.com", Vec::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn over_the_wire_nothing_is_decided_otherwise(
        spec in spec(),
        requests in prop::collection::vec(asked(), 40),
    ) {
        let document = router(spec);
        let (files, report) = from_files(std::slice::from_ref(&document));
        prop_assert_eq!(report.accepted, 1, "{} {:?}", document, report.rejected);
        let message = match message("TrafficRouter", &document, "default") {
            Ok(message) => message.unwrap(),
            // Two conditions on one name cannot be said.
            Err(Unsaid::Field { what, .. }) => {
                prop_assert!(what.starts_with("two conditions on") || what.starts_with("a port for one of"), "{}", what);
                return Ok(());
            }
            Err(error) => panic!("{document}: {error}"),
        };
        let (wire, report) = from_messages(&format!("{TRAFFIC}/TrafficRouter"), vec![message]);
        prop_assert_eq!(report.accepted, 1, "{} {:?}", document, report.rejected);
        prop_assert!(report.warnings.is_empty(), "{} {:?}", document, report.warnings);
        for engine in [&files, &wire] {
            discover(engine);
        }
        for request in &requests {
            prop_assert_eq!(request.decide(&files), request.decide(&wire), "{} {:?}", document, request);
        }
    }
}

#[test]
fn the_drawn_routers_and_requests_meet() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeMap::<String, u32>::new();
    for _ in 0..200 {
        let document = router(spec().new_tree(&mut runner).unwrap().current());
        let (engine, _) = from_files(&[document]);
        discover(&engine);
        for _ in 0..20 {
            let decided = asked().new_tree(&mut runner).unwrap().current().decide(&engine);
            let Value::Object(fields) = decided else { continue };
            for (key, value) in fields {
                if value != Value::Null && value != json!(false) {
                    *seen.entry(key).or_default() += 1;
                }
            }
        }
    }
    for key in ["destination", "fallback", "rewrite", "redirect", "directResponse", "fault", "mirror", "headers"] {
        assert!(seen.get(key).is_some_and(|count| *count > 10), "{key}: {seen:?}");
    }
    assert!(seen.contains_key("corsPolicy") && seen.contains_key("empty") && seen.contains_key("timeout"), "{seen:?}");
    assert!(HOSTS.len() > 1);
}
