//! From a text to its canonical form, and the promises that are kept on the way.

use super::tree::{Comment, Item, Value};
use super::{json, order, read, scan, word, write};
use sergo::spec::node::{self, Node};
use sergo::spec::yaml::{self, Piece, Unreadable};

/// A text in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// What of it stands as it was, and why.
    pub left: Vec<Left>,
}

/// A document, or a whole text, that stands as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The line that it begins in; 0 is the text as a whole.
    pub line: u32,
    /// Why: what follows "it", as in `has tags`.
    pub why: String,
}

/// The canonical form of YAML, perhaps of several documents. What it means is the
/// same, every comment is there, and the canonical form is its own.
///
/// # Errors
/// A sentence that says where and why the text can't be read.
pub fn format_yaml(text: &str) -> Result<Formatted, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if let Some(line) = (1..).zip(text.lines()).find_map(|(number, line)| line.contains("{{").then_some(number)) {
        let why = format!("is a template ({{{{ in line {line}): format what it renders");
        return Ok(Formatted { text, left: vec![Left { line: 0, why }] });
    }
    if text.lines().any(|line| line.starts_with('%')) {
        return Ok(Formatted { text, left: vec![Left { line: 0, why: "has a line that begins with %".to_owned() }] });
    }
    let pieces = yaml::pieces(&text).map_err(|unreadable| told(&unreadable))?;
    let mut left = Vec::new();
    let mut out = String::new();
    for piece in pieces {
        let before = piece.documents().map_err(|unreadable| told(&unreadable))?;
        let Some(written) = one(&piece, &before).unwrap_or_else(|why| {
            left.push(Left { line: first_line(&piece), why: format!("has {why}") });
            Some(as_it_was(&piece))
        }) else {
            continue;
        };
        if !out.is_empty() && !is_marked(&written) {
            out.push_str("---\n");
        }
        out.push_str(&written);
    }
    Ok(Formatted { text: out, left })
}

/// The canonical form of JSON.
///
/// # Errors
/// A sentence that says where and why the text can't be read.
pub fn format_json(text: &str) -> Result<Formatted, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut root = json::read(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if let Value::Group(document) = &mut root.value {
        order::arrange(document);
    }
    Ok(Formatted { text: json::write(&root), left: Vec::new() })
}

fn told(unreadable: &Unreadable) -> String {
    let Unreadable { found, expected, place, .. } = unreadable;
    format!("line {}, column {}: found {found}, expected {expected}", place.line, place.column)
}

/// The canonical form of one document; `None` where nothing is left of it.
///
/// # Errors
/// Why it is left as it is.
fn one(piece: &Piece<'_>, before: &[Node]) -> Result<Option<String>, &'static str> {
    let read::Written { before: head, mut root } = read::read(piece.text)?;
    let is_first = piece.lines_before == 0;
    if !head.is_empty() && !is_first {
        let body = std::mem::take(&mut root.above);
        root.above = head.into_iter().chain(body).collect();
        return finish(root, Vec::new(), piece, before);
    }
    finish(root, head, piece, before)
}

fn finish(
    mut root: Item,
    head: Vec<Comment>,
    piece: &Piece<'_>,
    before: &[Node],
) -> Result<Option<String>, &'static str> {
    if let Value::Group(document) = &mut root.value {
        // What stands first is about the document, whichever field it precedes.
        if let Some(first) = document.items.first_mut() {
            root.gap = std::mem::take(&mut first.gap);
            root.above.append(&mut first.above);
        }
        order::arrange(document);
    }
    let mut written = String::new();
    if !head.is_empty() {
        let comments = Item { above: head, ..Item::default() };
        written = write::write(comments) + "---\n";
    }
    written += &write::write(root);
    let is_same = match &(Piece { text: &written, lines_before: 0 }).documents() {
        Ok(after) => {
            after.len() == before.len() && after.iter().zip(before).all(|(after, before)| means(after, before))
        }
        Err(_) => false,
    };
    if is_same && scan::comments_of(&written) == scan::comments_of(piece.text) {
        Ok((!written.is_empty()).then_some(written))
    } else {
        Err("what can't be written in another way without changing it")
    }
}

/// Whether two values mean the same. Fields may be in another order, and text
/// that nobody takes for anything else may have its quotes or not.
fn means(one: &Node, other: &Node) -> bool {
    use node::Value;
    match (&one.value, &other.value) {
        (Value::Null, Value::Null) => true,
        (Value::Scalar { text, quoted }, Value::Scalar { text: other, quoted: is_quoted }) => {
            text == other && (quoted == is_quoted || word::is_text(text))
        }
        (Value::List(items), Value::List(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(one, other)| means(one, other))
        }
        (Value::Map(entries), Value::Map(others)) => {
            let sorted = |entries: &[node::Entry]| {
                let mut entries: Vec<_> = entries.iter().collect::<Vec<_>>();
                entries.sort_by(|one, other| one.key.cmp(&other.key));
                entries.into_iter().map(|entry| (entry.key.clone(), entry.node.clone())).collect::<Vec<_>>()
            };
            let (entries, others) = (sorted(entries), sorted(others));
            entries.len() == others.len()
                && entries.iter().zip(&others).all(|((key, one), (name, other))| key == name && means(one, other))
        }
        _ => false,
    }
}

fn first_line(piece: &Piece<'_>) -> u32 {
    let empty = piece.text.lines().take_while(|line| line.trim().is_empty()).count();
    piece.lines_before.saturating_add(u32::try_from(empty).unwrap_or(0)).saturating_add(1)
}

/// A document that stands as it was.
fn as_it_was(piece: &Piece<'_>) -> String {
    let end = if piece.text.ends_with('\n') { "" } else { "\n" };
    format!("{}{end}", piece.text)
}

/// Whether a `---` stands before all content.
fn is_marked(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line == "---" || line.starts_with("--- "))
}
