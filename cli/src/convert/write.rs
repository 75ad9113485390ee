//! Trees as YAML: two spaces, keys in their order, quotes only where a reader
//! would else see something other than text.

use super::tree;
use sergo::spec::node::{Node, Value};
use std::fmt::Write;

/// The document, without a `---`.
pub(super) fn yaml(node: &Node) -> String {
    let mut text = String::new();
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => map(&mut text, node, 0),
        _ => block(&mut text, node, 0),
    }
    text
}

/// What a key may have before its `:`, in bytes; YAML's own bound is 1,024
/// characters.
const LONGEST_KEY: usize = 1000;

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// The lines of a map; the first one stands where the text ends.
fn map(text: &mut String, node: &Node, depth: usize) {
    for (index, entry) in tree::entries(node).iter().enumerate() {
        if index > 0 {
            indent(text, depth);
        }
        let key = scalar(&entry.key, true);
        if key.len() > LONGEST_KEY {
            text.push_str("? ");
            text.push_str(&key);
            text.push('\n');
            indent(text, depth);
        } else {
            text.push_str(&key);
        }
        text.push(':');
        block(text, &entry.node, depth);
    }
}

/// A value behind its key: on the same line, or below it.
fn block(text: &mut String, node: &Node, depth: usize) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            text.push('\n');
            indent(text, depth.saturating_add(1));
            map(text, node, depth.saturating_add(1));
        }
        Value::List(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                indent(text, depth);
                text.push('-');
                self::item(text, item, depth);
            }
        }
        _ => {
            text.push(' ');
            text.push_str(&flow(node));
            text.push('\n');
        }
    }
}

/// What stands behind a `-`.
fn item(text: &mut String, node: &Node, depth: usize) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            text.push(' ');
            map(text, node, depth.saturating_add(1));
        }
        _ => block(text, node, depth.saturating_add(1)),
    }
}

/// The value in one line.
pub(super) fn flow(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar { text, quoted } => scalar(text, *quoted),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", scalar(&entry.key, true), flow(&entry.node))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A scalar, in quotes where it could be taken for something else.
fn scalar(text: &str, is_text: bool) -> String {
    if is_plain(text) && !(is_text && means_something(text)) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the text can stand without quotes, in a block and in one line.
fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || "/._$".contains(c);
    let inner = |c: char| c.is_alphanumeric() || "/._$-+|@()=;*~^% ".contains(c);
    let mut rest = text.chars();
    rest.next().is_some_and(|c| first(c) || c == '-' && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit))
        && rest.all(|c| inner(c) || c == ':')
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !text.starts_with("...")
}

/// Whether a plain word is something other than text for one reader or another:
/// for YAML 1.1 as well, which Kubernetes reads.
fn means_something(text: &str) -> bool {
    const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf"];
    let lower = text.to_ascii_lowercase();
    let is_number = lower.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && lower.chars().all(|c| c.is_ascii_hexdigit() || "+-._:xozt".contains(c));
    WORDS.contains(&lower.as_str()) || is_number
}

#[cfg(test)]
mod tests {
    use super::super::tree::{bare, list, map, text};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_is_written_in_blocks() {
        let node = map([
            (
                "a",
                map([(
                    "b",
                    list([
                        map([("c", text("1")), ("d", bare(1))]),
                        text("x: y"),
                        list([bare(2), map([] as [(&str, Node); 0])]),
                    ]),
                )]),
            ),
            ("e", list([])),
            ("yes", text("no")),
        ]);
        let expected =
            "a:\n  b:\n  - c: \"1\"\n    d: 1\n  - \"x: y\"\n  -\n    - 2\n    - {}\ne: []\n\"yes\": \"no\"\n";
        assert_eq!(yaml(&node), expected);
    }

    #[test]
    fn a_long_key_is_read_again() {
        let node = map([("a", list([map([("k".repeat(3000), map([("b", list([bare(1)]))]))])]))]);
        let read = sergo::spec::yaml::documents(&yaml(&node)).remove(0).unwrap();
        assert_eq!(plain(&read), plain(&node));
    }

    #[test]
    fn only_what_needs_quotes_has_them() {
        for (text, expected) in [
            ("reviews.prod.svc.cluster.local", "reviews.prod.svc.cluster.local"),
            ("/foo/bar", "/foo/bar"),
            ("10", "\"10\""),
            ("1.5s", "1.5s"),
            ("10.0.0.1", "\"10.0.0.1\""),
            ("on", "\"on\""),
            ("", "\"\""),
            ("*.com", "\"*.com\""),
            ("a\u{1b}[0m", "\"a\\U0000001b[0m\""),
            ("a: b", "\"a: b\""),
            ("outbound|80||a", "outbound|80||a"),
        ] {
            assert_eq!(scalar(text, true), expected);
        }
        assert_eq!(scalar("10", false), "10");
    }

    fn plain(node: &Node) -> Node {
        // Places are of no account here.
        let value = match &node.value {
            Value::List(items) => Value::List(items.iter().map(plain).collect()),
            Value::Map(_) => {
                return map(tree::entries(node).iter().map(|entry| (entry.key.clone(), plain(&entry.node))));
            }
            Value::Scalar { text, .. } => Value::Scalar { text: text.clone(), quoted: true },
            Value::Null => Value::Null,
        };
        Node::new(value, Default::default())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in prop::collection::vec("(.|[a-z0-9:#\\-\\[\\]{},&*!|>'\"%@` \n\t~]){0,12}", 1..6),
            shape in 0..4,
        ) {
            let texts: Vec<Node> = texts.into_iter().map(text).collect();
            let key = texts.first().and_then(Node::as_text).unwrap_or_default().to_owned();
            prop_assume!(key != "<<");
            let node = match shape {
                0 => list(texts),
                1 => map([(key, list(texts))]),
                2 => list([list(texts.clone()), map([(key, list([list(texts)]))])]),
                _ => map([(key, map([("b", list([map([("c", list(texts))])]))]))]),
            };
            let written = yaml(&map([("root", node.clone())]));
            let mut read = sergo::spec::yaml::documents(&written);
            prop_assert_eq!(read.len(), 1, "{}", written);
            let read = read.remove(0).map_err(|error| TestCaseError::fail(format!("{error:?} in {written}")))?;
            prop_assert_eq!(plain(&read), plain(&map([("root", node)])), "{}", written);
        }
    }
}
