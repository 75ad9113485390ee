//! Documents as trees: taking them apart and building new ones.
//!
//! The tree is the one that the core reads ([`Node`]), so that numbers stay as
//! they are written and each part still knows where it stood.

use sergo::spec::node::{Entry, Node, Place, Value};

/// Text, which is quoted where it would else be a number or a boolean.
pub(super) fn text(text: impl Into<String>) -> Node {
    Node::new(Value::Scalar { text: text.into(), quoted: true }, Place::default())
}

/// A number, a boolean or a duration: what needs no quotes.
pub(super) fn bare(value: impl ToString) -> Node {
    Node::new(Value::Scalar { text: value.to_string(), quoted: false }, Place::default())
}

pub(super) fn list(items: impl IntoIterator<Item = Node>) -> Node {
    Node::new(Value::List(items.into_iter().collect()), Place::default())
}

pub(super) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, node)| entry(key, node)).collect();
    Node::new(Value::Map(entries), Place::default())
}

pub(super) fn entry(key: impl Into<String>, node: Node) -> Entry {
    Entry { key: key.into(), place: node.place, node }
}

/// A whole document.
pub(super) fn document(api_version: &str, kind: &str, metadata: Node, spec: Node) -> Node {
    map([("apiVersion", text(api_version)), ("kind", text(kind)), ("metadata", metadata), ("spec", spec)])
}

pub(super) fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

pub(super) fn entries_mut(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}

pub(super) fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => &[],
    }
}

pub(super) fn items_mut(node: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut node.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// What stands under these keys, one in the other, if it is not null.
pub(super) fn at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, key| node.get(key)).filter(|node| !node.is_null())
}

/// The text under these keys.
pub(super) fn text_at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    at(node, path).and_then(Node::as_text)
}

/// The key's place and value, if it is not null.
pub(super) fn find<'e>(entries: &'e [Entry], key: &str) -> Option<&'e Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node).filter(|node| !node.is_null())
}

/// Takes the key out, if it is there and not null.
pub(super) fn take(entries: &mut Vec<Entry>, key: &str) -> Option<Node> {
    let index = entries.iter().position(|entry| entry.key == key)?;
    Some(entries.remove(index).node).filter(|node| !node.is_null())
}

/// Puts the value where the key stands, or at the end.
pub(super) fn put(entries: &mut Vec<Entry>, key: &str, node: Node) {
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => entry.node = node,
        None => entries.push(entry(key, node)),
    }
}

/// Calls the key by another name, unless that is there.
pub(super) fn rename(entries: &mut [Entry], from: &str, to: &str) {
    if !entries.iter().any(|entry| entry.key == to)
        && let Some(entry) = entries.iter_mut().find(|entry| entry.key == from)
    {
        to.clone_into(&mut entry.key);
    }
}

/// A whole number under the key, quoted or not.
pub(super) fn whole(node: &Node) -> Option<u64> {
    node.as_text()?.parse().ok()
}

/// The namespace that the document says, or `default`.
pub(super) fn namespace(document: &Node) -> &str {
    text_at(document, &["metadata", "namespace"]).filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}

pub(super) fn name(document: &Node) -> &str {
    text_at(document, &["metadata", "name"]).unwrap_or_default()
}

pub(super) fn kind(document: &Node) -> &str {
    text_at(document, &["kind"]).unwrap_or_default()
}

/// A text as part of a name as Kubernetes wants it: lower case, digits, `-`.
pub(super) fn word(text: &str) -> String {
    let mut word = String::new();
    for c in text.chars().take(120) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => word.push(c),
            _ if !word.is_empty() && !word.ends_with('-') => word.push('-'),
            _ => {}
        }
    }
    word.truncate(word.trim_end_matches('-').len().min(60));
    let word = word.trim_end_matches('-');
    if word.is_empty() { "rule".to_owned() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_for_kubernetes() {
        for (text, expected) in [
            ("GET:/foo/{id}", "get-foo-id"),
            ("Gray", "gray"),
            ("--", "rule"),
            ("é", "rule"),
            (&"x-".repeat(50), &"x-".repeat(50)[..59]),
        ] {
            assert_eq!(word(text), expected);
        }
    }

    #[test]
    fn what_is_null_is_not_there() {
        let node = map([("a", map([("b", Node::new(Value::Null, Place::default()))]))]);
        assert!(at(&node, &["a"]).is_some() && at(&node, &["a", "b"]).is_none());
        let mut entries = entries(&node).to_vec();
        rename(&mut entries, "a", "c");
        put(&mut entries, "c", bare(1));
        assert_eq!((take(&mut entries, "c"), entries.len()), (Some(bare(1)), 0));
    }
}
