//! The places of a schema: where a value can stand, with a document around it.

use serde_json::{Map, Value, json};

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    /// The first item of a list.
    First,
}

/// A place in the documents of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) steps: Vec<Step>,
    /// What the schema says of it.
    pub(crate) schema: Value,
}

/// A key that no map with any keys gives a meaning.
const ANY: &str = "x-any";

/// Every place of a schema, the document itself included.
pub(crate) fn places(schema: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    walk(Place { steps: Vec::new(), schema: schema.clone() }, &mut found);
    found
}

fn walk(place: Place, found: &mut Vec<Place>) {
    let inner = |step: Step, schema: &Value| {
        let steps = place.steps.iter().cloned().chain([step]).collect();
        Place { steps, schema: schema.clone() }
    };
    let mut further = Vec::new();
    for (key, schema) in place.schema["properties"].as_object().into_iter().flatten() {
        further.push(inner(Step::Key(key.clone()), schema));
    }
    if place.schema["additionalProperties"].is_object() {
        further.push(inner(Step::Key(ANY.to_owned()), &place.schema["additionalProperties"]));
    }
    if place.schema["items"].is_object() {
        further.push(inner(Step::First, &place.schema["items"]));
    }
    found.push(place);
    further.into_iter().for_each(|place| walk(place, found));
}

impl Place {
    /// The path as the core writes it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) if path.is_empty() => path.clone_from(key),
                Step::Key(key) => path = [&path, ".", key].concat(),
                Step::First => path += "[0]",
            }
        }
        path
    }

    /// The path as JSON pointers have it.
    pub(crate) fn pointer(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::First => "/0".to_owned(),
        };
        self.steps.iter().map(step).collect()
    }

    /// A document of the kind with this value here, and little else.
    pub(crate) fn document(&self, version: &str, kind: &str, value: Value, beside: &[Value]) -> Value {
        let mut document = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": {}});
        beside.iter().for_each(|beside| merge(&mut document, beside));
        put(&mut document, &self.steps, value, 0);
        document
    }
}

fn put(at: &mut Value, steps: &[Step], value: Value, depth: usize) {
    let Some((step, rest)) = steps.split_first() else {
        // What is asked for beside a map stays in it.
        return match (at, value) {
            (Value::Object(at), Value::Object(more)) => at.extend(more),
            (at, value) => *at = value,
        };
    };
    match step {
        Step::Key(key) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let map = at.as_object_mut().unwrap();
            let inner = map.entry(key).or_insert(Value::Null);
            // A chain of fallbacks must not come back to where it was.
            if key == "fallback" && !rest.is_empty() {
                *inner = json!({"subset": format!("s{depth}")});
            }
            put(inner, rest, value, depth + 1);
        }
        Step::First => {
            if !at.is_array() {
                *at = json!([null]);
            }
            put(&mut at[0], rest, value, depth + 1);
        }
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(from)) if into.len() == from.len() => {
            into.iter_mut().zip(from).for_each(|(into, from)| merge(into, from));
        }
        (into, from) => *into = from.clone(),
    }
}
