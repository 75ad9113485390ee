//! JSON that YAML cannot read: escapes in surrogate pairs, tabs as indentation.

use super::node::{Entry, Node, Place, Value};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads one JSON value; `None` where the text does not begin as JSON or is
/// none. Places are unknown: the JSON reader does not tell them.
#[must_use]
pub(super) fn read(text: &str) -> Option<Node> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<Json>(text).ok().map(|json| json.0)
}

/// A node that is read as JSON, keys that stand twice included.
struct Json(Node);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(AnyValue)?;
        Ok(Json(Node::new(value, Place::default())))
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // The debug form keeps the point of a whole number: 1.0.
        Ok(plain(format!("{value:?}")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar { text: value.to_owned(), quoted: true })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Json(node)) = list.next_element()? {
            items.push(node);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Json(node))) = map.next_entry()? {
            entries.push(Entry { key, place: Place::default(), node });
        }
        Ok(Value::Map(entries))
    }
}

fn plain(text: String) -> Value {
    Value::Scalar { text, quoted: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_numbers_and_repeated_keys_are_kept() {
        let node =
            read("{\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1, -2, 0.5, 1.0, true, null, \"3\"], \"a\": 1}").unwrap();
        assert_eq!(node.get("a").unwrap().as_text(), Some("😀"));
        let Value::Map(entries) = &node.value else { panic!("{node:?}") };
        assert_eq!(entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["a", "b", "a"]);
        let Value::List(items) = &node.get("b").unwrap().value else { panic!("{node:?}") };
        let texts: Vec<_> = items.iter().map(Node::as_text).collect();
        assert_eq!(texts, [Some("1"), Some("-2"), Some("0.5"), Some("1.0"), Some("true"), None, Some("3")]);
        assert_eq!(items[6].value, Value::Scalar { text: "3".into(), quoted: true });
    }

    #[test]
    fn other_text_is_none() {
        for text in ["", "a: 1", "{", "{'a': 1}", "{} {}", &"[".repeat(100_000)] {
            assert_eq!(read(text), None, "{text:.20}");
        }
    }
}
