//! JSON, its numbers and the order of unknown fields as they are written.

use super::tree::{Group, Item, Value, Word};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads one JSON value as a tree.
///
/// # Errors
/// Why it is none.
pub(super) fn read(text: &str) -> Result<Item, serde_json::Error> {
    let raw: &RawValue = serde_json::from_str(text)?;
    Ok(Item { value: value(raw)?, ..Item::default() })
}

fn value(raw: &RawValue) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{' | b'[') => {
            let Parts { is_map, parts } = serde_json::from_str(text)?;
            let items = parts
                .into_iter()
                .map(|(key, raw)| Ok(Item { key: key.map(Word::Text), value: value(raw)?, ..Item::default() }));
            Value::Group(Group { is_map, is_flow: true, items: items.collect::<Result<_, _>>()?, below: Vec::new() })
        }
        Some(b'"') => Value::Word(Word::Text(serde_json::from_str(text)?)),
        _ => Value::Word(Word::Plain(text.to_owned())),
    })
}

/// The parts of an object or array, none of them read yet.
struct Parts<'t> {
    is_map: bool,
    parts: Vec<(Option<String>, &'t RawValue)>,
}

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyParts)
    }
}

struct AnyParts;

impl<'de> Visitor<'de> for AnyParts {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Vec::new();
        while let Some(raw) = list.next_element()? {
            parts.push((None, raw));
        }
        Ok(Parts { is_map: false, parts })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Vec::new();
        while let Some((key, raw)) = map.next_entry()? {
            parts.push((Some(key), raw));
        }
        Ok(Parts { is_map: true, parts })
    }
}

/// The value as text, a line for each part of it.
pub(super) fn write(root: &Item) -> String {
    let mut out = String::new();
    put(&root.value, 0, &mut out);
    out.push('\n');
    out
}

fn put(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Word(Word::Plain(text)) => out.push_str(text),
        Value::Word(Word::Text(text)) => out.push_str(&text_in_quotes(text)),
        Value::Group(group) => {
            let (open, close) = if group.is_map { ('{', '}') } else { ('[', ']') };
            out.push(open);
            for (place, item) in group.items.iter().enumerate() {
                out.push_str(if place == 0 { "\n" } else { ",\n" });
                out.extend(std::iter::repeat_n(' ', indent + 2));
                if let Some(key) = &item.key {
                    out.push_str(&text_in_quotes(key.as_str()));
                    out.push_str(": ");
                }
                put(&item.value, indent + 2, out);
            }
            if !group.items.is_empty() {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
            }
            out.push(close);
        }
        Value::Nothing | Value::Block(_) => out.push_str("null"),
    }
}

fn text_in_quotes(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
