//! What has changed between two pushes, document by document and field by field.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// The documents that are in force, by kind, namespace and name.
#[derive(Default)]
pub(crate) struct Documents(BTreeMap<[String; 3], Value>);

/// What became of a document.
pub(crate) enum Change {
    /// It is new.
    Added([String; 3], Value),
    /// Fields of it have changed.
    Changed([String; 3], Vec<Difference>),
    /// It is there no more.
    Removed([String; 3]),
}

/// A field that is another than before.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Documents {
    /// Reads the texts of an update: JSON documents, each on a line of its own.
    pub(crate) fn read<'t>(texts: impl Iterator<Item = &'t str>) -> Documents {
        let lines = texts.flat_map(str::lines).filter(|line| *line != "---");
        let documents = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let named = documents.map(|document| {
            let text = |path: &str| match document.pointer(path) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            let namespace = Some(text("/metadata/namespace")).filter(|namespace| !namespace.is_empty());
            let namespace = namespace.unwrap_or_else(|| "default".to_owned());
            ([text("/kind"), namespace, text("/metadata/name")], document)
        });
        Documents(named.collect())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What became of each since.
    pub(crate) fn changes(&self, next: &Documents) -> Vec<Change> {
        let mut changes = Vec::new();
        for (name, document) in &next.0 {
            match self.0.get(name) {
                None => changes.push(Change::Added(name.clone(), document.clone())),
                Some(before) => {
                    let mut differences = Vec::new();
                    compare("", Some(before), Some(document), &mut differences);
                    if !differences.is_empty() {
                        changes.push(Change::Changed(name.clone(), differences));
                    }
                }
            }
        }
        let removed = self.0.keys().filter(|name| !next.0.contains_key(*name));
        changes.extend(removed.map(|name| Change::Removed(name.clone())));
        changes
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, differences: &mut Vec<Difference>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let step = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            for key in keys(before, after) {
                compare(&step(key), before.get(key), after.get(key), differences);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for index in 0..before.len().max(after.len()) {
                compare(&format!("{path}[{index}]"), before.get(index), after.get(index), differences);
            }
        }
        (before, after) => {
            differences.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

/// The keys of both, in their order, each once.
fn keys<'m>(before: &'m Map<String, Value>, after: &'m Map<String, Value>) -> impl Iterator<Item = &'m String> {
    before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)))
}

impl Change {
    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let named = |change: &str, [kind, namespace, name]: &[String; 3]| json!({"change": change, "kind": kind, "namespace": namespace, "name": name});
        match self {
            Change::Added(name, document) => {
                let mut change = named("added", name);
                change["document"] = document.clone();
                change
            }
            Change::Changed(name, differences) => {
                let difference = |one: &Difference| json!({"path": one.path, "before": one.before, "after": one.after});
                let mut change = named("changed", name);
                change["differences"] = differences.iter().map(difference).collect();
                change
            }
            Change::Removed(name) => named("removed", name),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, [kind, namespace, name]) = match self {
            Change::Added(name, _) => ('+', name),
            Change::Changed(name, _) => ('~', name),
            Change::Removed(name) => ('-', name),
        };
        write!(f, "  {mark} {kind} {namespace}/{name}")?;
        if let Change::Changed(_, differences) = self {
            for Difference { path, before, after } in differences {
                let shown =
                    |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
                write!(f, "\n      {path}: {} -> {}", shown(before), shown(after))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(texts: &[&str]) -> Documents {
        Documents::read(texts.iter().copied())
    }

    #[test]
    fn each_change_is_told_once_and_with_its_place() {
        let before = documents(&[
            "---\n{\"kind\":\"K\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1,\"l\":[1,2]}}\n---\n{\"kind\":\"K\",\"metadata\":{\"name\":\"b\"}}\n",
        ]);
        let after = documents(&[
            "---\n{\"kind\":\"K\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":2,\"l\":[1],\"y\":true}}\n",
            "---\n{\"kind\":\"K\",\"metadata\":{\"name\":\"c\",\"namespace\":\"prod\"}}\n",
        ]);
        let told: Vec<String> = before.changes(&after).iter().map(ToString::to_string).collect();
        let changed =
            "  ~ K default/a\n      spec.x: 1 -> 2\n      spec.l[1]: 2 -> nothing\n      spec.y: nothing -> true";
        assert_eq!(told, [changed, "  + K prod/c", "  - K default/b"]);
        assert!(after.changes(&after).is_empty());
    }
}
