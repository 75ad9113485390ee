//! `sergo schema` and the core say the same of every field.

#[path = "../kit/mod.rs"]
mod kit;
mod node;
mod place;

use jsonschema::Validator;
use node::{Judged, judge, texts};
use place::{Place, Step, places};
use serde_json::{Value, json};
use sergo::spec::kind;
use std::collections::BTreeSet;

fn schema(arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["schema"].iter().chain(arguments).copied().collect();
    let output = kit::sergo("schema", &arguments);
    assert_eq!((kit::text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema));
    jsonschema::draft7::new(schema).unwrap()
}

/// The pointers of what the schema finds wrong, with its sentences.
fn wrong(validator: &Validator, document: &Value) -> Vec<(String, String)> {
    let errors = validator.iter_errors(document);
    errors.map(|error| (error.instance_path().to_string(), error.to_string())).collect()
}

/// Mistakes that a schema cannot see: the core's sentence has one of these.
const UNSEEN: &[(&str, &str)] = &[
    ("the same key for the second time", "editors say so by themselves"),
    ("as metadata.labels.app has it", "it compares two fields"),
    ("which an earlier", "it compares the items of a list"),
    ("none of which has a weight", "it compares the items of a list"),
    ("the regular expression", "editors have no RE2"),
    ("the replacement", "editors have no RE2"),
    ("a name that is among the router's hosts", "it compares two fields"),
    ("where the chain has been before", "it compares two fields"),
    ("a prime number", "a schema counts, and does not divide"),
    ("1 to 1024 bytes", "a schema counts characters, and not bytes"),
    ("an address or a range of them", "the form is seen, and not the numbers in it"),
];

#[test]
fn the_documents_of_the_repository_are_judged_alike() {
    let all = validator(&schema(&[]));
    let mut differences = Vec::new();
    let (mut good, mut bad, mut known) = (0, 0, BTreeSet::new());
    for (source, text) in texts() {
        for Judged { text, json, kind, is_known, errors, unknown } in judge(&source, &text) {
            let found = wrong(&all, &json);
            let is_seen =
                |(_, message): &&(String, String)| !UNSEEN.iter().any(|(sentence, _)| message.contains(sentence));
            let seen = errors.iter().filter(is_seen).count();
            if is_known && errors.is_empty() && unknown.is_empty() {
                good += 1;
                known.insert(kind);
                if !found.is_empty() {
                    differences.push(format!("{text} is good, but {found:?}"));
                }
            } else if seen > 0 || !unknown.is_empty() || !is_known {
                bad += 1;
                if found.is_empty() {
                    differences.push(format!("{text} is not seen to be bad: {errors:?} {unknown:?}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert!(good > 500 && bad > 100, "{good} good ones and {bad} bad ones are few");
    assert_eq!(known.len(), kind::all().count(), "{known:?}");
}

/// The key that nobody knows, nor anything like it.
const NOBODY: &str = "qqqqqqqqqqqqqqqqqqqq";

#[test]
fn the_reader_and_the_schema_know_the_same_fields() {
    let mut differences = Vec::new();
    let mut maps = 0;
    for (kind, versions) in kind::all() {
        let schema = schema(&[kind]);
        for place in places(&schema) {
            let takes_maps = |types: &Value| {
                types == "object" || types.as_array().is_some_and(|types| types.contains(&"object".into()))
            };
            if !takes_maps(&place.schema["type"]) || place.schema["additionalProperties"] != false {
                continue;
            }
            maps += 1;
            let fields = place.schema["properties"].as_object();
            let fields: BTreeSet<&str> = fields.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            // Without a subset of its own a fallback comes back to where it was.
            let nobody = match place.steps.last() {
                Some(Step::Key(key)) if key == "fallback" => json!({"subset": "last", NOBODY: 1}),
                _ => json!({NOBODY: 1}),
            };
            let document = place.document(versions[0], kind, nobody, &[]).to_string();
            let readings = sergo::spec::document::read("", &document);
            let path = if place.steps.is_empty() { NOBODY.to_owned() } else { format!("{}.{NOBODY}", place.path()) };
            let warning = readings[0].warnings.iter().find(|warning| warning.field == path);
            let Some(warning) = warning else {
                differences.push(format!("{kind} {path}: the reader does not look there: {document}"));
                continue;
            };
            let asked = warning.expected.strip_prefix("one of ").unwrap_or("");
            let asked: BTreeSet<&str> = asked.split(", ").filter(|name| !name.is_empty()).collect();
            if asked != fields {
                let only = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
                    format!("{:?}", one.difference(other).collect::<Vec<_>>())
                };
                let (reader, schema) = (only(&asked, &fields), only(&fields, &asked));
                differences.push(format!("{kind} {path}: only the reader knows {reader}, only the schema {schema}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert!(maps > 300, "{maps} maps are few");
}

/// Values of every type, in and out of every bound.
fn probes() -> Vec<Value> {
    let mut probes: Vec<Value> = [
        "",
        "x",
        "a b",
        "a\nb",
        "\u{1}",
        "10",
        "0",
        "5s",
        "0s",
        "1h2m",
        "1.5s",
        "soon",
        "-1s",
        "60%",
        "0.6",
        "100%",
        "101%",
        "60 %",
        "-0.1",
        "*",
        "*.a",
        "a.*",
        "a*b",
        "a:80",
        "a..b",
        "::1",
        "10.0.0.0/8",
        "/x",
        "true",
        "GET",
        "X-A",
        ":path",
        "5xx,503",
        "5xx, 503",
        "599",
        "local",
        "Local",
        "http",
        "gray",
    ]
    .into_iter()
    .map(Value::from)
    .collect();
    probes.push("x".repeat(300).into());
    probes.push("x".repeat(1025).into());
    probes.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(1.5),
        json!(2),
        json!(99),
        json!(100),
        json!(101),
        json!(199),
        json!(200),
        json!(300),
        json!(399),
        json!(400),
        json!(599),
        json!(600),
        json!(65_535),
        json!(65_536),
        json!(2_147_483_647u64),
        json!(2_147_483_648u64),
        json!(4_294_967_295u64),
        json!(4_294_967_296u64),
        json!(8_388_608),
        json!(8_388_609),
        json!(20_000_000_000u64),
        json!(18_446_744_073_709u64),
        json!(18_446_744_073_710u64),
        json!([]),
        json!([null]),
        json!(["x"]),
        json!([1]),
        json!([""]),
        json!([{}]),
        json!([[]]),
        json!({}),
        json!({"x": "y"}),
        json!({"x": null}),
        json!({"x": {}}),
        json!({"x": []}),
        json!({"exact": "x"}),
        json!({"regex": ".*"}),
        json!({"prefix": ""}),
        json!({"exact": "x", "prefix": "y"}),
        json!({"exact": null}),
        json!({"regex": ""}),
        json!([{"exact": "x"}]),
    ]);
    probes
}

/// What has to stand elsewhere for the reader to look at a place.
fn besides(path: &str) -> Vec<Vec<Value>> {
    let spec = |spec: Value| vec![json!({"spec": spec})];
    let condition = |of: Value| spec(json!({"match": [of]}));
    match path {
        "spec.triggerThreshold" => {
            ["CpuPercentage", "MemoryPercentage", "SystemLoad"].map(|metric| spec(json!({"metricType": metric}))).into()
        }
        path if path.starts_with("spec.slowConditions") => {
            ["SlowRequestRatio", "ErrorRequestRatio"].map(|strategy| spec(json!({"strategy": strategy}))).into()
        }
        "spec.match[0].value[0]" => vec![condition(json!({"condition": "in"}))],
        "spec.match[0].value" => ["==", "!=", "in", "^="].map(|how| condition(json!({"condition": how}))).into(),
        "spec.match[0].key" => {
            ["header", "path", "query", "cookie", "method"].map(|of| condition(json!({"type": of}))).into()
        }
        path if path.starts_with("spec.tls") => vec![spec(json!({"hosts": ["*"]}))],
        path if path.ends_with(".consecutiveLocalOriginFailures") => {
            let split = json!({"outlierDetection": {"splitExternalLocalOriginErrors": true}});
            let host = path.starts_with("spec.trafficPolicy");
            let policy = json!({"trafficPolicy": split});
            vec![spec(if host { policy } else { json!({"subsets": [policy]}) })]
        }
        _ => vec![Vec::new()],
    }
}

/// Why the core and the schema may differ here.
fn why_different(place: &Place, probe: &Value, core: Option<&str>) -> Option<&'static str> {
    if let Some(said) = core {
        return UNSEEN.iter().find(|(sentence, _)| said.contains(sentence)).map(|(_, why)| *why);
    }
    match place.steps.last() {
        Some(Step::Key(key)) if probe.is_null() && ["exact", "prefix", "regex"].contains(&key.as_str()) => {
            Some("the core says it of the map around it")
        }
        Some(Step::Key(key)) if key == "key" => Some("the core does not look at the key of a path and of a method"),
        _ => None,
    }
}

#[test]
fn every_value_is_judged_alike_at_every_field() {
    let probes = probes();
    let mut differences = Vec::new();
    let mut asked = 0usize;
    for (kind, versions) in kind::all() {
        let schema = schema(&[kind]);
        let validator = validator(&schema);
        for place in places(&schema).iter().filter(|place| {
            place.steps.first() != Some(&Step::Key("kind".into()))
                && place.steps.first() != Some(&Step::Key("apiVersion".into()))
                && !place.steps.is_empty()
        }) {
            let path = place.path();
            let pointer = place.pointer();
            let below = |found: &str, path: &str, marks: [char; 2]| {
                found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(marks))
            };
            let own = ["examples", "enum"].into_iter().filter_map(|key| place.schema[key].as_array()).flatten();
            let own: Vec<&Value> = own.chain(place.schema.get("default")).collect();
            for beside in besides(&path) {
                for probe in probes.iter().chain(own.iter().copied()) {
                    asked += 1;
                    let document = place.document(versions[0], kind, probe.clone(), &beside);
                    let judged = judge("", &document.to_string()).remove(0);
                    let core = judged.errors.iter().find(|(field, _)| below(field, &path, ['.', '[']));
                    let unknown = judged.unknown.iter().any(|field| below(field, &path, ['.', '[']));
                    let core_takes = core.is_none() && !unknown;
                    let found = wrong(&validator, &judged.json);
                    let found = found.iter().find(|(at, _)| below(at, &pointer, ['/', '/']));
                    if core_takes == found.is_none() {
                        continue;
                    }
                    if why_different(place, probe, core.map(|(_, said)| said.as_str())).is_none() {
                        let (core, found) = (core.map(|(_, said)| said), found.map(|(_, said)| said));
                        differences.push(format!("{kind} {path} {probe}: core {core:?}, schema {found:?}"));
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert!(asked > 50_000, "{asked} questions are few");
}

#[test]
fn every_example_and_default_fits_its_own_field() {
    for (kind, _) in kind::all() {
        for place in places(&schema(&[kind])) {
            let examples = place.schema["examples"].as_array().into_iter().flatten();
            for example in examples.chain(place.schema.get("default")) {
                let validator = jsonschema::draft7::new(&place.schema).unwrap();
                assert_eq!(wrong(&validator, example), [], "{kind} {}: {example}", place.path());
            }
        }
    }
}

#[test]
fn lists_are_looked_into() {
    let all = validator(&schema(&[]));
    let limit = |threshold: Value| {
        json!({"apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "RateLimitStrategy", "metadata": {"name": "a"},
            "spec": {"threshold": threshold, "statDuration": "1s"}})
    };
    let list = |items: Value| json!({"apiVersion": "v1", "kind": "List", "items": items});
    assert_eq!(wrong(&all, &list(json!([limit(json!(1)), null, list(json!([limit(json!(2))]))]))), []);
    let found = wrong(&all, &list(json!([limit(json!(1)), list(json!([limit(json!("ten"))]))])));
    assert_eq!(found[0].0, "/items/1/items/0/spec/threshold");
    assert_eq!(wrong(&all, &list(Value::Null)), []);
    assert!(!wrong(&all, &json!({"apiVersion": "v1", "kind": "List"})).is_empty());
}

#[test]
fn a_folder_has_them_all() {
    let folder = std::env::temp_dir().join(format!("sergo-schema-{}", std::process::id()));
    let output = kit::sergo("schema", &["schema", "--out", folder.to_str().unwrap()]);
    assert_eq!((kit::text(&output.stdout).as_str(), output.status.code()), ("", Some(0)));
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap()).unwrap()
    };
    assert_eq!(read("sergo"), schema(&[]));
    assert!(kind::all().all(|(kind, _)| read(kind) == schema(&[kind])));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), kind::all().count() + 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn some_kinds_only() {
    let two = schema(&["TrafficRouter", "virtualworkload"]);
    let kinds: Vec<&String> = two["definitions"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["TrafficRouter", "VirtualWorkload"]);
    let output = kit::sergo("schema", &["schema", "Router"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(kit::text(&output.stderr).starts_with("error: there is no kind \"Router\""));
    let output = kit::sergo("schema", &["schema", "--out", "/proc/nowhere"]);
    assert!(kit::text(&output.stderr).starts_with("sergo: can't make the folder /proc/nowhere: "));
    assert_eq!(output.status.code(), Some(2));
}
