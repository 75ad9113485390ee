//! The routing vectors, with their documents converted to Istio's and back: where
//! nothing is lost, each request is answered as before.

use serde_json::{Value, json};
use sergo::matcher::HostName;
use sergo::route::{Caller, Headers, Request};
use sergo::spec::node::{Node, Value as Tree};
use sergo::spec::{quantity, yaml};
use sergo::{CallOutcome, Config, Connection, Engine, Instance, Rolls, Source, Tick};
use sergo_cli::{Conversion, Fate, Loss, Options, Target, conversion};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn value(node: &Node) -> Value {
    match &node.value {
        Tree::Null => Value::Null,
        Tree::Scalar { text, quoted: false } => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Tree::Scalar { text, .. } => text.as_str().into(),
        Tree::List(items) => items.iter().map(value).collect(),
        Tree::Map(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.key.clone(), value(&entry.node))).collect())
        }
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn words(map: &Value) -> BTreeMap<String, String> {
    map.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), word(value))).collect()
}

/// There and back; `None` where something is lost, or has mistakes: a document
/// with one is not converted, so its last good version could not stay. `by_version` says that the
/// instances bear no label but `version`, which is the one that Istio finds those
/// of a subset by that nobody defines.
fn there_and_back(rules: &str, by_version: bool, port: Option<u16>) -> Option<String> {
    let convert = |text: &str, to| conversion(&[Source { name: "rules", text }], &Options { port, ..Options::to(to) });
    let survives = |done: &Conversion| {
        let is_guess = |loss: &Loss| loss.why.starts_with("no VirtualWorkload defines it");
        done.losses.iter().all(|loss| loss.fate == Fate::Changed && (by_version || !is_guess(loss)))
    };
    let there = convert(rules, Target::Istio);
    let back = convert(&there.text(), Target::Opensergo);
    (there.mistakes.is_empty() && survives(&there) && survives(&back)).then(|| back.text())
}

/// Hosts in one form: on the way they may have become whole names. Where a port was
/// given for all destinations it is left aside.
fn one_form(value: &mut Value, namespace: &str, has_port: bool) {
    match value {
        Value::Object(map) => {
            if has_port && map.contains_key("host") {
                map.remove("port");
            }
            for (key, value) in map {
                match value {
                    Value::String(host) if key == "host" => *host = HostName::new(host, namespace).as_str().to_owned(),
                    other => one_form(other, namespace, has_port),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| one_form(item, namespace, has_port)),
        _ => {}
    }
}

struct Pairs<'a>(&'a Value);

impl Headers for Pairs<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.0.as_object()?.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        let joined = match value {
            Value::Array(values) => values.iter().map(word).collect::<Vec<_>>().join(","),
            one => word(one),
        };
        Some(Cow::Owned(joined))
    }
}

/// What an engine answers to a step.
fn answer(engine: &Engine, verb: &str, step: &Value, now: Tick) -> Option<Value> {
    let given: Vec<f64> = match &step["roll"] {
        Value::Array(rolls) => rolls.iter().filter_map(Value::as_f64).collect(),
        one => one.as_f64().into_iter().collect(),
    };
    let text = |key: &str, default: &str| step.get(key).map_or_else(|| default.to_owned(), word);
    let [host, method, path, scheme] =
        [("host", ""), ("method", "GET"), ("path", "/"), ("scheme", "http")].map(|(key, default)| text(key, default));
    let labels = step["source"].get("labels").map(words);
    let source = |key| step["source"].get(key).and_then(Value::as_str);
    let caller = Caller { labels: labels.as_ref(), namespace: source("namespace"), gateway: source("gateway") };
    let port = step["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    let hash = step.get("hash").map(word);
    let headers = Pairs(&step["headers"]);
    let request = Request {
        method: &method,
        path: &path,
        scheme: &scheme,
        port,
        headers: &headers,
        client: step["client"].as_str(),
        caller,
        hash: hash.as_deref(),
        ..Request::new(&host)
    };
    let mut rolls = if given.is_empty() { Rolls::seeded(7) } else { Rolls::given(&given) };
    let answer = match verb {
        "endpoints" => {
            let instances = step["instances"].as_array().into_iter().flatten();
            let instances = instances.map(|instance| Instance {
                id: word(&instance["id"]),
                labels: words(&instance["labels"]),
                healthy: instance["healthy"] != false,
                weight: instance["weight"].as_u64().map_or(1, |weight| u32::try_from(weight).unwrap()),
                zone: instance["zone"].as_str().map(str::to_owned),
            });
            engine.set_instances(&host, instances.collect());
            return None;
        }
        "report" => {
            let outcome = match step["outcome"].as_str() {
                Some("error") => CallOutcome::Error,
                Some("gateway-error") => CallOutcome::GatewayError,
                Some("local-error") => CallOutcome::LocalError,
                _ => CallOutcome::Success,
            };
            for _ in 0..step["repeat"].as_u64().unwrap_or(1) {
                engine.report(&host, &word(&step["instance"]), outcome, now);
            }
            return None;
        }
        "ejected" => json!(engine.ejected(&host, now)),
        "route" => {
            let directions = engine.direct(&request, &mut rolls, now);
            json!(directions.map(|directions| json!([*directions.answer, format!("{:?}", directions.effects)])))
        }
        "pick" => json!(engine.pick(&request, &mut rolls, now)),
        "connect" => {
            let connection = Connection {
                port,
                sni: step["sni"].as_str(),
                address: step["address"].as_str(),
                client: step["client"].as_str(),
                caller,
                ..Connection::new(&host)
            };
            json!(
                engine
                    .connect(&connection, &mut rolls, now)
                    .and_then(|id| engine.answer(id))
                    .map(|answer| json!(*answer))
            )
        }
        _ => return None,
    };
    Some(answer)
}

fn has_version_alone(step: &Value) -> bool {
    let instances = step["endpoints"]["instances"].as_array().into_iter().flatten();
    instances.flat_map(|instance| words(&instance["labels"]).into_keys()).all(|key| key == "version")
}

/// How many answers were compared; `None` where something is lost.
fn replay(vector: &Value, port: Option<u16>) -> Option<usize> {
    let by_version = vector["steps"].as_array().into_iter().flatten().all(has_version_alone);
    let text = |key: &str, default: &str| vector.get(key).map_or_else(|| default.to_owned(), word);
    let namespace = text("namespace", "default");
    let engines = [(); 2].map(|()| {
        let labels = words(&vector["labels"]);
        Engine::new(Config { namespace: namespace.clone(), labels, ..Config::new(text("app", "demo-app")) })
    });
    let load = |rules: &str| {
        let back = there_and_back(rules, by_version, port)?;
        for (engine, text) in engines.iter().zip([rules, &back]) {
            engine.apply(&[Source { name: "rules", text }]);
        }
        Some(())
    };
    load(&text("rules", ""))?;
    let (mut now, mut compared) = (Tick(0), 0);
    for step in vector["steps"].as_array().into_iter().flatten() {
        if let Some(at) = step.get("at") {
            now = Tick(quantity::duration(&word(at)).unwrap().0);
        }
        let (verb, asked) =
            step.as_object().unwrap().iter().find(|(key, _)| !["at", "expect"].contains(&key.as_str())).unwrap();
        if verb == "rules" {
            load(&word(asked))?;
        }
        let [before, after] = [&engines[0], &engines[1]].map(|engine| {
            let mut answer = answer(engine, verb, asked, now)?;
            one_form(&mut answer, &namespace, port.is_some());
            Some(answer)
        });
        assert_eq!(before, after, "{}: {step}", text("name", ""));
        compared += usize::from(before.is_some());
    }
    Some(compared)
}

#[test]
fn vectors_are_answered_the_same_after_there_and_back() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let (mut same, mut lost, mut compared) = (0, Vec::new(), 0);
    for area in ["routing", "workload", "lanes"] {
        let mut paths: Vec<_> = fs::read_dir(vectors.join(area)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let text = fs::read_to_string(&path).unwrap();
            let vector = value(yaml::documents(&text).remove(0).as_ref().unwrap());
            // A fallback needs a port, which most vectors do not name.
            match replay(&vector, None).or_else(|| replay(&vector, Some(80))) {
                Some(answers) => {
                    same += 1;
                    compared += answers;
                }
                None => lost.push(path.file_stem().unwrap().to_string_lossy().into_owned()),
            }
        }
    }
    println!("{same} vectors with {compared} answers; something is lost of {}: {lost:?}", lost.len());
    // Most of routing survives; what does not is named, not overlooked.
    assert!(same >= 140 && compared >= 700, "{same} vectors, {compared} answers; lost: {lost:?}");
}
