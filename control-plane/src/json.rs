//! A document as it stands in its file, as JSON.

use serde_json::{Map, Value};
use sergo::spec::node::{Node, Value as Tree};
use sergo::spec::quantity::Decimal;
use sergo::subscribe::structure;

/// What stands below these keys is text, so that a number there stays as it was
/// written: `version: 1.0` is not version 1.
const TEXTS: [&str; 16] = [
    "metadata",
    "labels",
    "selector",
    "sourceLabels",
    "match",
    "headers",
    "targets",
    "name",
    "host",
    "hosts",
    "subset",
    "exact",
    "prefix",
    "regex",
    "set",
    "add",
];

/// The document; `None` where JSON cannot say it, since a key stands twice.
pub(crate) fn from_node(node: &Node) -> Option<Value> {
    value(node, false)
}

fn value(node: &Node, is_text: bool) -> Option<Value> {
    Some(match &node.value {
        Tree::Null => Value::Null,
        Tree::Scalar { text, quoted: true } => Value::String(text.clone()),
        Tree::Scalar { text, quoted: false } => scalar(text, is_text),
        Tree::List(items) => {
            let items: Option<Vec<Value>> = items.iter().map(|item| value(item, is_text)).collect();
            Value::Array(items?)
        }
        Tree::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                let value = value(&entry.node, is_text || TEXTS.contains(&entry.key.as_str()))?;
                if map.insert(entry.key.clone(), value).is_some() {
                    return None;
                }
            }
            Value::Object(map)
        }
    })
}

/// A word without quotes. A number that is written as it comes out at the other
/// side is one everywhere, since the reader of a text takes it as written.
fn scalar(text: &str, is_text: bool) -> Value {
    let plain = match text {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => Decimal::parse(text).map_or_else(|| text.into(), |number| structure::number(number.to_f64())),
    };
    let written = plain.to_string();
    if is_text && written != text { text.into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use sergo::spec::yaml;

    fn read(text: &str) -> Option<Value> {
        from_node(&yaml::documents(text).remove(0).unwrap())
    }

    #[test]
    fn words_are_what_yaml_says_they_are() {
        let text = "a: 10\nb: '10'\nc: true\nd: yes\ne: ~\nf: [0.5, -1.5, 1e3, 0x1f]\ng: 10ms\n";
        let expected = json!({"a": 10, "b": "10", "c": true, "d": "yes", "e": null,
            "f": [0.5, -1.5, 1000, 31], "g": "10ms"});
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn a_number_in_the_place_of_a_text_stays_as_written() {
        let text = "metadata: {labels: {version: 1.0, count: 12, on: True, off: false}}\nspec: {threshold: 1.0}\n";
        let labels = json!({"version": "1.0", "count": 12, "on": "True", "off": false});
        assert_eq!(read(text), Some(json!({"metadata": {"labels": labels}, "spec": {"threshold": 1}})));
    }

    #[test]
    fn a_key_that_stands_twice_is_not_lost() {
        assert_eq!(read("a: {b: 1, b: 2}"), None);
    }
}
