//! A vector: read strictly, and put into the form that every port is asked in.

use crate::duration::nanos;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// One scenario, ready to run.
pub(crate) struct Vector {
    app: String,
    namespace: String,
    labels: Value,
    pub(crate) steps: Vec<Step>,
}

/// One step of it.
pub(crate) struct Step {
    /// Where it stands, for a failure: `rules` for the head, else `step N`.
    pub(crate) place: String,
    /// The verb.
    pub(crate) verb: String,
    /// The name that its answer is kept under, if it has one.
    pub(crate) name: Option<String>,
    /// What a port is asked.
    pub(crate) request: Map<String, Value>,
    /// What must come.
    pub(crate) expect: Option<Value>,
}

impl Vector {
    /// The line for a port.
    pub(crate) fn request(&self) -> Value {
        let steps: Vec<&Map<String, Value>> = self.steps.iter().map(|step| &step.request).collect();
        json!({"app": self.app, "namespace": self.namespace, "labels": self.labels, "steps": steps})
    }
}

/// Every `*.yaml` below a folder, in the order of their paths.
pub(crate) fn find(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a vector; anything that the format does not know is a mistake.
pub(crate) fn read(path: &Path) -> Result<Vector, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vector, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let document: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
    let mut head = Keys::new(document, "the vector")?;
    if head.text("name")?.is_none_or(|name| name.is_empty()) {
        return Err("the vector has no name".to_owned());
    }
    let app = head.text("app")?.unwrap_or_else(|| "demo-app".to_owned());
    let namespace = head.text("namespace")?.unwrap_or_else(|| "default".to_owned());
    let labels = texts(head.take("labels").unwrap_or(json!({})), "labels")?;
    let rules = head.text("rules")?.unwrap_or_default();
    let report = head.take("report");
    let steps = match head.take("steps") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(steps)) => steps,
        Some(other) => return Err(format!("steps: found {other}, expected a list")),
    };
    head.finish()?;
    if steps.is_empty() && report.is_none() {
        return Err("the vector has no steps and no report: it can't fail".to_owned());
    }
    let mut list = vec![Step {
        place: "rules".to_owned(),
        verb: "rules".to_owned(),
        name: None,
        request: object(json!({"op": "rules", "at": 0, "text": rules})),
        expect: report,
    }];
    let mut at = 0;
    for (index, step) in steps.into_iter().enumerate() {
        let place = format!("step {index}");
        list.push(parse_step(step, &place, &mut at).map_err(|sentence| format!("{place}: {sentence}"))?);
    }
    Ok(Vector { app, namespace, labels, steps: list })
}

/// Each verb with the arguments that it takes.
const VERBS: [(&str, &[&str]); 13] = [
    ("enter", &["resource", "cost", "direction", "as", "repeat"]),
    ("exit", &["entry", "error", "count", "again"]),
    ("state", &["resource", "strategy"]),
    ("events", &[]),
    ("load", &["cpu", "memory", "load1"]),
    ("rules", &[]),
    ("route", ROUTE),
    ("pick", ROUTE),
    ("connect", &["host", "port", "sni", "address", "client", "source", "roll", "as", "repeat"]),
    ("endpoints", &["host", "instances"]),
    ("report", &["host", "instance", "outcome", "repeat"]),
    ("ejected", &["host"]),
    ("label", &["method", "path", "scheme", "port", "headers", "client", "source", "rpc", "trust"]),
];
const ROUTE: &[&str] =
    &["host", "method", "path", "scheme", "port", "headers", "client", "source", "rpc", "roll", "hash", "as", "repeat"];

fn parse_step(step: Value, place: &str, at: &mut u64) -> Result<Step, String> {
    let mut step = Keys::new(step, "the step")?;
    if let Some(time) = step.take("at") {
        let text = time.as_str().map(str::to_owned).unwrap_or_else(|| format!("{time}ms"));
        let time = nanos(&text).ok_or(format!("at: found {time}, expected a duration such as 10ms"))?;
        if time < *at {
            return Err(format!("at: {text} is before the step before it"));
        }
        *at = time;
    }
    let expect = step.take("expect");
    let (verb, known) = VERBS
        .iter()
        .find(|(verb, _)| step.map.contains_key(*verb))
        .ok_or_else(|| format!("no known verb among {:?}", step.map.keys().collect::<Vec<_>>()))?;
    let argument = step.take(verb).unwrap_or(Value::Null);
    step.finish()?;
    let (mut request, name) = match *verb {
        "rules" => (object(json!({"text": argument.as_str().ok_or("rules: expected text")?})), None),
        _ => arguments(verb, known, argument)?,
    };
    request.insert("op".to_owned(), json!(verb));
    request.insert("at".to_owned(), json!(*at));
    Ok(Step { place: format!("{place} ({verb})"), verb: (*verb).to_owned(), name, request, expect })
}

type Arguments = (Map<String, Value>, Option<String>);

/// Fills in defaults and brings every argument into the one form that ports read.
fn arguments(verb: &str, known: &[&str], argument: Value) -> Result<Arguments, String> {
    let mut given = Keys::new(if argument.is_null() { json!({}) } else { argument }, verb)?;
    if let Some(unknown) = given.map.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("{verb}: unknown key {unknown}"));
    }
    let name = given.text("as")?;
    let mut request = Map::new();
    for key in known.iter().filter(|key| **key != "as") {
        let value = given.take(key).unwrap_or(Value::Null);
        let value = match *key {
            "repeat" | "cost" if value.is_null() => json!(1),
            "direction" if value.is_null() => json!("inbound"),
            "error" | "again" if value.is_null() => json!(false),
            "trust" if value.is_null() => json!(true),
            "method" if value.is_null() => json!("GET"),
            "path" if value.is_null() => json!("/"),
            "scheme" if value.is_null() => json!("http"),
            "outcome" if value.is_null() => return Err("report: outcome is missing".to_owned()),
            "headers" => headers(value)?,
            "source" => source(value)?,
            "instances" => instances(value)?,
            "roll" => match value {
                Value::Null | Value::Array(_) => value,
                number => json!([number]),
            },
            "resource" | "strategy" | "host" | "entry" | "hash" | "client" | "instance" => scalar_text(value),
            _ => value,
        };
        let key = if *key == "roll" { "rolls" } else { key };
        request.insert(key.to_owned(), value);
    }
    if verb == "enter" || verb == "route" || verb == "pick" {
        request.insert("as".to_owned(), json!(name));
    }
    given.finish()?;
    Ok((request, name))
}

/// A number where text is meant is the text as written.
fn scalar_text(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(flag.to_string()),
        other => other,
    }
}

fn texts(value: Value, what: &str) -> Result<Value, String> {
    match value {
        Value::Object(map) => Ok(map.into_iter().map(|(key, value)| (key, scalar_text(value))).collect()),
        Value::Null => Ok(Value::Null),
        other => Err(format!("{what}: found {other}, expected a map")),
    }
}

/// `{name: value or [values]}` as a list of pairs, one per value.
fn headers(value: Value) -> Result<Value, String> {
    let map = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        other => return Err(format!("headers: found {other}, expected a map")),
    };
    let mut pairs = Vec::new();
    for (name, value) in map {
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        pairs.extend(values.into_iter().map(|value| json!([name, scalar_text(value)])));
    }
    Ok(Value::Array(pairs))
}

fn source(value: Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(value);
    }
    let mut keys = Keys::new(value, "source")?;
    let labels = texts(keys.take("labels").unwrap_or(Value::Null), "source.labels")?;
    let namespace = scalar_text(keys.take("namespace").unwrap_or(Value::Null));
    let gateway = scalar_text(keys.take("gateway").unwrap_or(Value::Null));
    keys.finish()?;
    Ok(json!({"labels": labels, "namespace": namespace, "gateway": gateway}))
}

fn instances(value: Value) -> Result<Value, String> {
    let list = match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        other => return Err(format!("instances: found {other}, expected a list")),
    };
    list.into_iter()
        .map(|instance| {
            let mut keys = Keys::new(instance, "instance")?;
            let id = scalar_text(keys.take("id").ok_or("an instance has no id")?);
            let labels = texts(keys.take("labels").unwrap_or(json!({})), "labels")?;
            let healthy = keys.take("healthy").unwrap_or(json!(true));
            let weight = keys.take("weight").unwrap_or(json!(1));
            let zone = scalar_text(keys.take("zone").unwrap_or(Value::Null));
            keys.finish()?;
            Ok(json!({"id": id, "labels": labels, "healthy": healthy, "weight": weight, "zone": zone}))
        })
        .collect()
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// A map whose every key must be taken.
struct Keys {
    map: Map<String, Value>,
    what: String,
}

impl Keys {
    fn new(value: Value, what: &str) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Keys { map, what: what.to_owned() }),
            other => Err(format!("{what}: found {other}, expected a map")),
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key)
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        match self.take(key).map(scalar_text) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("{key}: found {other}, expected text")),
        }
    }

    fn finish(self) -> Result<(), String> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("{}: unknown key {key}", self.what)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HEAD: &str = "name: x\nsteps:\n";

    #[test]
    fn a_step_gets_defaults_and_virtual_time() {
        let text =
            format!("{HEAD}  - {{at: 1.5ms, enter: {{resource: 'GET:/foo'}}, expect: pass}}\n  - {{events: {{}}}}\n");
        let vector = parse(&text).unwrap();
        let request = vector.request();
        assert_eq!(request["app"], "demo-app");
        assert_eq!(request["steps"][1]["at"], 1_500_000);
        assert_eq!(request["steps"][1]["cost"], 1);
        assert_eq!(request["steps"][1]["direction"], "inbound");
        assert_eq!(request["steps"][2]["at"], 1_500_000);
    }

    #[test]
    fn what_the_format_does_not_know_is_a_mistake() {
        for (step, why) in [
            ("{leave: {entry: a}}", "no known verb"),
            ("{enter: {resource: a, colour: red}}", "unknown key colour"),
            ("{enter: {resource: a}, expects: pass}", "unknown key expects"),
            ("{at: soon, enter: {resource: a}}", "expected a duration"),
            ("{at: 1s, enter: {resource: a}}\n  - {at: 0s, enter: {resource: a}}", "is before"),
        ] {
            let failure = parse(&format!("{HEAD}  - {step}\n")).err().unwrap();
            assert!(failure.contains(why), "{failure}");
        }
        assert!(parse("name: x\ncolour: red\nsteps: []\n").is_err());
        assert!(parse("name: x\nsteps: []\n").err().unwrap().contains("can't fail"));
        assert!(parse("steps: []\n").is_err());
    }

    #[test]
    fn headers_become_pairs_and_a_roll_a_list() {
        let text = format!("{HEAD}  - {{route: {{host: a, headers: {{tag: [x, 1]}}, roll: 0.5}}}}\n");
        let request = parse(&text).unwrap().request();
        assert_eq!(request["steps"][1]["headers"].to_string(), r#"[["tag","x"],["tag","1"]]"#);
        assert_eq!(request["steps"][1]["rolls"].to_string(), "[0.5]");
    }
}
