//! A document as a tree, before anybody knows what its fields mean.

use std::fmt;

/// Where something stands in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1; 0 is unknown.
    pub line: u32,
    /// The column, in characters from 1; 0 is unknown.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What is there.
    pub value: Value,
    /// Where it begins.
    pub place: Place,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: `null`, `~` or an empty place.
    Null,
    /// One word or text.
    Scalar {
        /// As written, escapes resolved.
        text: String,
        /// Whether it can only be text: in quotes, or a block.
        quoted: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in its written order. A key may stand twice; the reader says so.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// Where the key begins.
    pub place: Place,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// A value at a place.
    #[must_use]
    pub const fn new(value: Value, place: Place) -> Self {
        Node { value, place }
    }

    /// Whether nothing stands here.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The value of a key of this map; the first one where it stands twice.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The text of a scalar, in quotes or not.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// The longest text that a description shows, in characters.
const SHOWN: usize = 60;

impl fmt::Display for Node {
    /// What was found, for a diagnostic: `"ten" (text)`, `10 (a number)`,
    /// `a list`, `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("nothing"),
            Value::List(items) if items.is_empty() => f.write_str("an empty list"),
            Value::List(_) => f.write_str("a list"),
            Value::Map(entries) if entries.is_empty() => f.write_str("an empty map"),
            Value::Map(_) => f.write_str("a map"),
            Value::Scalar { text, .. } if text.is_empty() => f.write_str("an empty text"),
            Value::Scalar { text, quoted } => {
                let is_number = super::quantity::Decimal::parse(text).is_some();
                match (quoted, is_number, text.as_str()) {
                    (true, true, _) => write!(f, "{text:?} (text, for it is in quotes)"),
                    (false, true, _) => write!(f, "{text} (a number)"),
                    (false, _, "true" | "false") => write!(f, "{text} (true or false)"),
                    _ if text.chars().count() > SHOWN => {
                        write!(f, "{:?}... (text)", text.chars().take(SHOWN).collect::<String>())
                    }
                    _ => write!(f, "{text:?} (text)"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str, quoted: bool) -> String {
        Node::new(Value::Scalar { text: text.into(), quoted }, Place::default()).to_string()
    }

    #[test]
    fn a_description_says_what_kind_of_thing_was_found() {
        assert_eq!(described("ten", false), "\"ten\" (text)");
        assert_eq!(described("10", false), "10 (a number)");
        assert_eq!(described("10", true), "\"10\" (text, for it is in quotes)");
        assert_eq!(described("true", false), "true (true or false)");
        assert_eq!(described("", true), "an empty text");
        assert_eq!(Node::new(Value::Null, Place::default()).to_string(), "nothing");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let shown = described(&"é".repeat(100), false);
        assert_eq!(shown, format!("\"{}\"... (text)", "é".repeat(60)));
    }
}
