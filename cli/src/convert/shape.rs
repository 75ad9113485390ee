//! The fields that documents may have, and walking through them: what is known
//! is copied in its canonical form, what is not is named.

use super::loss::{LEFT_OUT, Losses};
use super::tree;
use sergo::spec::node::{Entry, Node, Value};
use sergo::spec::quantity;

/// Whom the document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    OpenSergo,
    Istio,
}

/// What stands at a field.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Copied as it is: numbers, booleans, words.
    Plain,
    /// Text, which a bare number is the text of.
    Text,
    Duration,
    /// A string match.
    Match,
    /// A map of any keys.
    MapOf(&'static Shape),
    ListOf(&'static Shape),
    Map(&'static [Field]),
    /// A map that is mended first.
    Mended(Mend, &'static [Field]),
}

/// Brings a map into the form that the table knows.
pub(super) type Mend = fn(&mut Walk<'_>, &mut Vec<Entry>, &str);

/// A field that is known.
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) shape: Shape,
    /// Why OpenSergo has no such thing, where it has none.
    pub(super) istio_only: Option<&'static str>,
}

pub(super) const fn field(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, istio_only: None }
}

pub(super) const fn istio(key: &'static str, why: &'static str) -> Field {
    Field { key, shape: Shape::Plain, istio_only: Some(why) }
}

/// Walks through one document.
pub(super) struct Walk<'w> {
    pub(super) to: Side,
    pub(super) losses: &'w mut Losses,
    pub(super) routing: &'w mut dyn Routing,
}

/// What destinations are turned into, which is more than one document's affair.
pub(super) trait Routing {
    /// Mends a destination; the path is its own.
    fn destination(&mut self, to: Side, losses: &mut Losses, entries: &mut Vec<Entry>, path: &str);

    /// The host as Istio finds it.
    fn host(&self, host: Node) -> Node;
}

impl Walk<'_> {
    /// A copy in its canonical form; none of what is null.
    pub(super) fn copy(&mut self, shape: &Shape, node: &Node, path: &str) -> Option<Node> {
        if node.is_null() {
            return None;
        }
        let value = match (shape, &node.value) {
            (Shape::Text, Value::Scalar { text, .. }) => Value::Scalar { text: text.clone(), quoted: true },
            (Shape::Duration, Value::Scalar { text, quoted }) => {
                Value::Scalar { text: duration(text, *quoted), quoted: false }
            }
            (Shape::Match, Value::Map(entries)) => self.map(MATCH, entries, path),
            (Shape::MapOf(inner), Value::Map(entries)) => Value::Map(
                entries
                    .iter()
                    .map(|entry| {
                        let path = format!("{path}.{}", entry.key);
                        // In a map of any keys, null says that the key need only be there.
                        let node = self.copy(inner, &entry.node, &path);
                        let node = node.unwrap_or_else(|| Node::new(Value::Map(Vec::new()), entry.place));
                        Entry { key: entry.key.clone(), place: entry.place, node }
                    })
                    .collect(),
            ),
            (Shape::ListOf(inner), Value::List(items)) => Value::List(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| self.copy(inner, item, &format!("{path}[{index}]")))
                    .collect(),
            ),
            (Shape::Map(fields), Value::Map(entries)) => self.map(fields, entries, path),
            (Shape::Mended(mend, fields), Value::Map(entries)) => {
                let mut entries = entries.clone();
                mend(self, &mut entries, path);
                self.map(fields, &entries, path)
            }
            _ => node.value.clone(),
        };
        Some(Node::new(value, node.place))
    }

    fn map(&mut self, fields: &[Field], entries: &[Entry], path: &str) -> Value {
        let mut copies = Vec::with_capacity(entries.len());
        for entry in entries.iter().filter(|entry| !entry.node.is_null()) {
            let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            match fields.iter().find(|field| field.key == entry.key) {
                None => self.losses.lost(&path, &entry.node, LEFT_OUT, "no such field is known, so it does nothing"),
                Some(Field { istio_only: Some(why), .. }) if self.to == Side::OpenSergo => {
                    self.losses.lost(&path, &entry.node, LEFT_OUT, why);
                }
                Some(Field { key, shape, istio_only }) => {
                    if istio_only.is_some() {
                        let why = "it did nothing so far, and Istio heeds it";
                        self.losses.changed(&path, &entry.node, "the same, now in force", why);
                    }
                    let node = self.copy(shape, &entry.node, &path);
                    copies.extend(node.map(|node| tree::entry(*key, node)));
                }
            }
        }
        Value::Map(copies)
    }
}

const MATCH: &[Field] = &[field("exact", Shape::Text), field("prefix", Shape::Text), field("regex", Shape::Text)];

/// The duration in a form that everybody reads: Go's, which has neither days nor
/// words, and where a number needs its unit. What is none stays as it is.
pub(super) fn duration(text: &str, quoted: bool) -> String {
    let is_go = |text: &str| !text.contains('d') && !text.contains("min");
    if !quoted && let Ok(millis) = text.parse::<u64>() {
        return span(u128::from(millis).saturating_mul(1_000_000));
    }
    match quantity::duration(text) {
        Some(_) if is_go(text) => text.to_owned(),
        Some(length) => span(u128::from(length.0)),
        None => text.to_owned(),
    }
}

/// A length in nanoseconds, in the largest unit of which it is a whole number.
pub(super) fn span(nanos: u128) -> String {
    let units =
        [(3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    if nanos == 0 {
        return "0s".to_owned();
    }
    for (unit, name) in units {
        if nanos.is_multiple_of(unit) {
            return format!("{}{name}", nanos / unit);
        }
    }
    format!("{nanos}ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_everybody_reads_them() {
        for (text, quoted, expected) in [
            ("500", false, "500ms"),
            ("60000", false, "1m"),
            ("1500", false, "1500ms"),
            ("0", false, "0s"),
            ("1.5s", false, "1.5s"),
            ("1h2m", true, "1h2m"),
            ("5min", true, "5m"),
            ("1d", true, "24h"),
            ("'soon'", true, "'soon'"),
            ("500", true, "500"),
        ] {
            assert_eq!(duration(text, quoted), expected);
        }
    }
}
