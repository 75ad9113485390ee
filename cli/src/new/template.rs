//! A document with every field explained: the schema's words as comments, its
//! examples as values.

use super::yaml::{Block, block, dash, entry, indented, lines};
use crate::schema::kinds::Kind;
use crate::schema::shape::{Field, Shape, Shown, named};
use serde_json::Value;

/// The widest line of a comment, its indentation not counted.
const WIDTH: usize = 88;

/// What a template is made for.
pub(super) struct Template<'a> {
    pub(super) kind: &'static Kind,
    pub(super) name: String,
    /// The namespace that was asked for.
    pub(super) namespace: Option<&'a str>,
    pub(super) app: &'a str,
    pub(super) is_full: bool,
}

impl Template<'_> {
    /// The document.
    pub(super) fn document(&self) -> String {
        let kind = self.kind;
        let document = kind.document();
        let mut head = comment(&format!("{}: {}.", kind.name, kind.summary));
        if self.is_full {
            head.extend(comment("What is commented out is for few, or stands in the place of something else."));
        } else {
            head.push(format!("# Every field: sergo new {} --full", kind.name));
        }
        let mut hints = Vec::new();
        self.hints(&document, &mut hints);
        head.extend(hints.into_iter().flat_map(|hint| comment(&format!("{hint}."))));
        head.into_iter().chain(self.map(&document)).map(|line| line + "\n").collect()
    }

    /// How the values that are shown are written, each told once.
    fn hints(&self, shape: &Shape, told: &mut Vec<&'static str>) {
        if !shape.hint.is_empty() && !told.contains(&shape.hint) {
            told.push(shape.hint);
        }
        let shown = shape.fields.iter().filter(|field| self.is_shown(field));
        shown.for_each(|field| self.hints(&field.shape, told));
        if let (None, Some(item)) = (&shape.example, &shape.item) {
            self.hints(item, told);
        }
    }

    fn map(&self, shape: &Shape) -> Vec<String> {
        shape.fields.iter().flat_map(|field| self.field(field)).collect()
    }

    fn is_shown(&self, field: &Field) -> bool {
        match field.shown {
            Shown::Always => true,
            Shown::Full if field.name == "namespace" => self.is_full || self.namespace.is_some(),
            Shown::Full | Shown::Aside => self.is_full,
            Shown::Never => false,
        }
    }

    /// A field with its comment.
    fn field(&self, field: &Field) -> Vec<String> {
        if !self.is_shown(field) {
            return Vec::new();
        }
        let entry = entry(field.name, self.value(field));
        let entry = match field.shown {
            Shown::Aside => entry.into_iter().map(|line| format!("# {line}")).collect(),
            _ => entry,
        };
        self.words(field).into_iter().chain(entry).collect()
    }

    fn words(&self, field: &Field) -> Vec<String> {
        let told = match field.name {
            // The first lines say it.
            "apiVersion" | "kind" | "metadata" | "spec" if field.is_required => return Vec::new(),
            _ => field.shape.explained(),
        };
        let required = if field.is_required && !told.is_empty() { " Required." } else { "" };
        comment(&format!("{told}{required}"))
    }

    fn value(&self, field: &Field) -> Block {
        match (field.name, self.namespace) {
            ("namespace", Some(namespace)) if field.shown == Shown::Full => block(&namespace.into()),
            _ => self.shaped(&field.shape),
        }
    }

    fn shaped(&self, shape: &Shape) -> Block {
        if let Some(example) = &shape.example {
            return block(&self.named(example));
        }
        let Some(item) = shape.item.as_ref().filter(|_| shape.is_list()) else {
            return Block::Below(self.map(shape));
        };
        let first = match self.shaped(item) {
            Block::Inline(text) => vec![text],
            Block::Below(lines) => lines,
        };
        let also = shape.also.iter().flat_map(|item| dash(lines(&self.named(item))));
        Block::Below(dash(first).into_iter().chain(also).collect())
    }

    fn named(&self, value: &Value) -> Value {
        named(value, self.app, &self.name)
    }

    /// Another document, without comments but for this one before it.
    pub(super) fn companion(&self, about: &str, kind: &'static Kind, name: &str, spec: &Value) -> String {
        let version = kind.versions().first().copied().unwrap_or_default();
        let mut metadata =
            vec![format!("name: {}", named(&name.into(), self.app, &self.name).as_str().unwrap_or_default())];
        metadata.extend(self.namespace.map(|namespace| format!("namespace: {namespace}")));
        let head = ["---".to_owned()].into_iter().chain(comment(about));
        let identity = [format!("apiVersion: {version}"), format!("kind: {}", kind.name), "metadata:".to_owned()];
        let spec = entry("spec", block(&self.named(spec)));
        head.chain(identity).chain(indented(metadata)).chain(spec).map(|line| line + "\n").collect()
    }
}

/// A text as lines of a comment.
fn comment(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len().saturating_add(word.len()) < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines
}
