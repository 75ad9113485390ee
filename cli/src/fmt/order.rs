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
    /// The same, or what stands below the name.
    fn shape(&'static self) -> &'static Fields {
        self.shape.and_then(|name| ORDER.get(name).copied()).unwrap_or(self)
    }

    /// Where a field stands among the others, and its own fields.
    fn find(&'static self, key: &str) -> (usize, &'static Fields) {
        static NONE: Fields = Fields { own: Vec::new(), shape: None };
        let shape = self.shape();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::kinds::KINDS;
    use crate::schema::shape::Shape;
    use std::collections::BTreeSet;

    /// What schemas know of one place, or of several that have one order.
    #[derive(Debug)]
    struct Place {
        /// One of them, for people.
        path: String,
        listed: BTreeSet<&'static str>,
        known: BTreeSet<&'static str>,
    }

    /// Whether a shape has fields of its own, which have an order.
    fn has_fields(shape: &Shape) -> bool {
        let below = [&shape.others, &shape.item];
        !shape.fields.is_empty() || below.into_iter().flatten().any(|shape| has_fields(shape))
    }

    /// Notes what a schema knows, by the address of what is listed there.
    fn note(shape: &Shape, fields: &'static Fields, path: &str, places: &mut HashMap<*const Fields, Place>) {
        let fields = fields.shape();
        let known: Vec<(&'static str, &Shape)> = match &shape.others {
            None => shape.fields.iter().map(|field| (field.name, &field.shape)).collect(),
            // Its keys are the writer's own, in an order of his own.
            Some(others) => [("*", &**others)].into_iter().filter(|(_, shape)| has_fields(shape)).collect(),
        };
        let listed = || fields.own.iter().map(|(name, _)| *name).collect();
        let place = || Place { path: path.to_owned(), listed: listed(), known: BTreeSet::new() };
        places.entry(fields).or_insert_with(place).known.extend(known.iter().map(|(name, _)| *name));
        for (name, shape) in known {
            if let Some((_, own)) = fields.own.iter().find(|(own, _)| *own == name) {
                note(shape, own, &format!("{path}.{name}"), places);
            }
        }
        if let Some(item) = &shape.item {
            note(item, fields, path, places);
        }
    }

    #[test]
    fn the_fields_of_each_kind_are_those_of_its_schema() {
        let mut places = HashMap::new();
        for kind in &KINDS {
            let fields = ORDER.get(kind.name).unwrap_or_else(|| panic!("{} is not listed", kind.name));
            note(&(kind.spec)(), fields, kind.name, &mut places);
        }
        for Place { path, listed, known } in places.values() {
            assert_eq!(listed, known, "what is listed, and what the schema has, at {path}");
        }
        for (name, fields) in ORDER.iter().filter(|(name, _)| **name != "document") {
            assert!(places.contains_key(&std::ptr::from_ref(*fields)), "nothing is as {name}");
        }
    }
}
