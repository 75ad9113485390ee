//! The order of the fields, as `order.txt` lists them.

use super::tree::{Group, Item, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The fields of one kind of map.
#[derive(Debug)]
struct Fields {
    own: Vec<(&'static str, Fields)>,
    /// Where they stand under a name of their own.
    shape: Option<&'static str>,
}

impl Fields {
    /// Where a field stands among the others, and its own fields.
    fn find(&'static self, key: &str) -> (usize, &'static Fields) {
        static NONE: Fields = Fields { own: Vec::new(), shape: None };
        let shape = self.shape.and_then(|name| ORDER.get(name).copied()).unwrap_or(self);
        let found = shape.own.iter().enumerate().find(|(_, (name, _))| *name == key);
        let any = || shape.own.iter().enumerate().find(|(_, (name, _))| *name == "*");
        found.or_else(any).map_or((usize::MAX, &NONE), |(place, (_, fields))| (place, fields))
    }
}

/// The shapes of `order.txt` by their names.
static ORDER: LazyLock<HashMap<&'static str, &'static Fields>> = LazyLock::new(|| {
    let mut lines =
        include_str!("order.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    let mut order = HashMap::new();
    while let Some(names) = lines.next() {
        let fields: &'static Fields = Box::leak(Box::new(Fields { own: below(&mut lines, 2), shape: None }));
        order.extend(names.split(' ').map(|name| (name, fields)));
    }
    order
});

/// The fields that are indented so far.
fn below(
    lines: &mut std::iter::Peekable<impl Iterator<Item = &'static str>>,
    indent: usize,
) -> Vec<(&'static str, Fields)> {
    let mut fields = Vec::new();
    while let Some(line) = lines.next_if(|line| line.len() - line.trim_start().len() == indent) {
        let (name, shape) =
            line.trim().split_once(" = ").map_or((line.trim(), None), |(name, shape)| (name, Some(shape)));
        fields.push((name, Fields { own: below(lines, indent + 2), shape }));
    }
    fields
}

/// Puts the fields of a document in order.
pub(super) fn arrange(document: &mut Group) {
    let Some(shape) = ORDER.get("document") else { return };
    let has = |key: &str| document.items.iter().any(|item| key_of(item) == key);
    if !document.is_map || !has("kind") || !has("apiVersion") {
        return;
    }
    let kind = document.items.iter().find(|item| key_of(item) == "kind").map(|item| match &item.value {
        Value::Word(word) => word.as_str().to_owned(),
        _ => String::new(),
    });
    sort(document, shape, false);
    for item in &mut document.items {
        match (key_of(item).to_owned().as_str(), &mut item.value) {
            ("spec", Value::Group(spec)) => {
                if let Some(shape) = kind.as_deref().and_then(|kind| ORDER.get(kind)) {
                    sort(spec, shape, true);
                }
            }
            ("items", Value::Group(items)) if !items.is_map => {
                for item in &mut items.items {
                    if let Value::Group(document) = &mut item.value {
                        arrange(document);
                    }
                }
            }
            (key, Value::Group(group)) => sort(group, shape.find(key).1, true),
            _ => {}
        }
    }
}

fn key_of(item: &Item) -> &str {
    item.key.as_ref().map_or("", |key| key.as_str())
}

/// Sorts the entries of a map, or of each item of a list, and those within.
fn sort(group: &mut Group, fields: &'static Fields, is_deep: bool) {
    if group.is_map {
        sort_entries(&mut group.items, fields);
    }
    for item in group.items.iter_mut().filter(|_| is_deep) {
        let own = if item.key.is_some() { fields.find(key_of(item)).1 } else { fields };
        if let Value::Group(within) = &mut item.value {
            sort(within, own, true);
        }
    }
}

/// Sorts entries. What empty lines kept apart stays apart: one stands between
/// neighbours that had one between them, wherever it was.
fn sort_entries(items: &mut Vec<Item>, fields: &'static Fields) {
    let mut part = 0u32;
    let mut parts: Vec<(u32, Item)> = Vec::with_capacity(items.len());
    for (place, mut item) in items.drain(..).enumerate() {
        part += u32::from(place > 0 && std::mem::take(item.gap_before()));
        parts.push((part, item));
    }
    parts.sort_by_key(|(_, item)| fields.find(key_of(item)).0);
    let mut before = None;
    for (part, mut item) in parts {
        *item.gap_before() = before.is_some_and(|before| before != part);
        before = Some(part);
        items.push(item);
    }
}
