//! From text to documents: YAML or JSON, each document parsed and guarded
//! alone, so that a mistake in one takes no other with it.

use super::code::Code;
use super::node::{Entry, Node, Place, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// The largest source, in bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// How deep lists and maps may lie in each other.
pub const MAX_DEPTH: usize = 64;
/// How much the anchors and aliases of one document may copy: each value counts
/// one, and each 64 bytes of its text one more.
pub const MAX_REPEATED: usize = 200_000;

/// A document, or why its text is none.
pub type Read = Result<Node, Unreadable>;

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Whether it is no document, or too large a one.
    pub code: Code,
    /// What was found.
    pub found: String,
    /// What would be right.
    pub expected: &'static str,
    /// Where.
    pub place: Place,
}

impl Unreadable {
    /// Where something is missing at the end of a piece, the parser is in the
    /// line behind it, which another document may begin with.
    fn within(mut self, text: &str, lines_before: u32) -> Self {
        let last = (1u32..).zip(text.trim_end().lines()).last();
        if let Some((number, line)) = last
            && self.place.line > number.saturating_add(lines_before)
        {
            let column = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
            self.place = Place { line: number.saturating_add(lines_before), column };
        }
        self
    }
}

/// The documents of a source, in order. Empty ones are left out.
#[must_use]
pub fn documents(source: &str) -> Vec<Read> {
    let all = |piece: Piece<'_>| match piece.documents() {
        Ok(nodes) => nodes.into_iter().map(Ok).collect(),
        Err(unreadable) => vec![Err(unreadable)],
    };
    match pieces(source) {
        Ok(pieces) => pieces.into_iter().flat_map(all).collect(),
        Err(unreadable) => vec![Err(unreadable)],
    }
}

/// A part of a source that is parsed by itself: mostly one document, with its
/// `---`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'s> {
    /// Its text.
    pub text: &'s str,
    /// How many lines of the source stand before it.
    pub lines_before: u32,
}

impl Piece<'_> {
    /// Its documents, in order. Empty ones are left out.
    ///
    /// # Errors
    /// Why it is none.
    pub fn documents(&self) -> Result<Vec<Node>, Unreadable> {
        match parse(self.text, self.lines_before) {
            Ok(mut nodes) => {
                nodes.retain(|node| !node.is_null());
                Ok(nodes)
            }
            Err(unreadable) => match super::json::read(self.text) {
                Some(node) => Ok(vec![node]),
                None => Err(unreadable.within(self.text, self.lines_before)),
            },
        }
    }
}

/// Cuts a source at its `---` and `...` lines. What stands before a `---` and is
/// only comments or directives belongs to the document that it opens.
///
/// # Errors
/// A source over [`MAX_BYTES`].
pub fn pieces(source: &str) -> Result<Vec<Piece<'_>>, Unreadable> {
    if source.len() <= MAX_BYTES {
        let piece = |(lines_before, text)| Piece { text, lines_before };
        return Ok(split(source).into_iter().map(piece).collect());
    }
    let found = format!("a source of {} bytes", source.len());
    Err(Unreadable { code: Code::TooLarge, found, expected: "at most 64 MiB", place: Place { line: 1, column: 1 } })
}

/// The pieces of a source, each with the number of the lines before it.
fn split(source: &str) -> Vec<(u32, &str)> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let part = |from: usize, to: usize| source.get(from..to).unwrap_or_default();
    let lines = |text: &str| u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX);
    let has_content = |text: &str| {
        let is_blank = |line: &str| line.starts_with(['#', '%']) || line.trim().is_empty();
        !text.split_inclusive('\n').all(is_blank)
    };
    let mut pieces = Vec::new();
    let (mut start, mut start_line) = (0, 0u32);
    for begin in marks(source) {
        let rest = part(begin, source.len());
        let end = if is_marker(rest, "---") {
            if !has_content(part(start, begin)) {
                continue;
            }
            begin
        } else if is_marker(rest, "...") {
            begin.saturating_add(rest.find('\n').map_or(rest.len(), |at| at.saturating_add(1)))
        } else {
            continue;
        };
        let piece = part(start, end);
        pieces.push((start_line, piece));
        (start, start_line) = (end, start_line.saturating_add(lines(piece)));
    }
    pieces.push((start_line, part(start, source.len())));
    pieces
}

/// Where the lines begin that begin like a marker, in order.
fn marks(source: &str) -> Vec<usize> {
    let first = source.starts_with(['-', '.']).then_some(0);
    let behind = |mark: &'static str| memchr::memmem::find_iter(source.as_bytes(), mark);
    let mut marks: Vec<usize> = behind("\n---").chain(behind("\n...")).map(|at| at.saturating_add(1)).collect();
    marks.extend(first);
    marks.sort_unstable();
    marks
}

/// Whether a text begins with a line that is this marker.
fn is_marker(text: &str, marker: &str) -> bool {
    text.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Parses one piece.
fn parse(text: &str, lines_before: u32) -> Result<Vec<Node>, Unreadable> {
    let mut builder = Builder::new(lines_before);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| match error.info() {
            "recursion limit exceeded" => builder.wrong(*error.marker(), TOO_DEEP, DEPTH),
            info => builder.wrong(*error.marker(), format!("no YAML ({info})"), TEXT),
        })?;
        builder.take(event, span.start)?;
    }
    Ok(builder.roots)
}

const TEXT: &str = "a document in YAML or JSON";

/// A list or map that is still open, or the root that waits for its value.
enum Open {
    List { items: Vec<Node>, place: Place, anchor: usize },
    Map { entries: Vec<Entry>, merged: Vec<Node>, key: Option<Key>, place: Place, anchor: usize },
}

/// A key that waits for its value.
struct Key {
    text: String,
    quoted: bool,
    place: Place,
}

struct Builder {
    lines_before: u32,
    open: Vec<Open>,
    roots: Vec<Node>,
    /// Anchored values with their weight, by the parser's number for them.
    anchors: HashMap<usize, (Node, usize), foldhash::fast::FixedState>,
    repeated: usize,
}

impl Builder {
    fn new(lines_before: u32) -> Self {
        Builder { lines_before, open: Vec::new(), roots: Vec::new(), anchors: HashMap::default(), repeated: 0 }
    }

    fn place(&self, marker: Marker) -> Place {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            line: number(marker.line()).saturating_add(self.lines_before),
            column: number(marker.col()).saturating_add(1),
        }
    }

    fn wrong(&self, marker: Marker, found: impl Into<String>, expected: &'static str) -> Unreadable {
        let is_large = matches!(expected, DEPTH | REPEATED);
        let code = if is_large { Code::TooLarge } else { Code::NotYaml };
        Unreadable { code, found: found.into(), expected, place: self.place(marker) }
    }

    fn take(&mut self, event: Event<'_>, at: Marker) -> Result<(), Unreadable> {
        let place = self.place(at);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = match tag {
                    Some(tag) => self.scalar_tag(&tag, at)?,
                    None => style != ScalarStyle::Plain,
                };
                let value = match (quoted, &*text) {
                    (false, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
                    _ => Value::Scalar { text: text.into_owned(), quoted },
                };
                self.put(Node::new(value, place), anchor, at)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(tag, "seq", at)?;
                self.open.push(Open::List { items: Vec::new(), place, anchor });
                Ok(())
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(tag, "map", at)?;
                self.open.push(Open::Map { entries: Vec::new(), merged: Vec::new(), key: None, place, anchor });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { items, place, anchor }) => self.put(Node::new(Value::List(items), place), anchor, at),
                Some(Open::Map { mut entries, merged, place, anchor, .. }) => {
                    merge(&mut entries, merged);
                    self.put(Node::new(Value::Map(entries), place), anchor, at)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some((node, weight)) = self.anchors.get(&anchor) else {
                    return Err(self.wrong(
                        at,
                        "an alias inside what it stands for",
                        "an alias of something before it",
                    ));
                };
                let (node, weight) = (Node::new(node.value.clone(), place), *weight);
                self.repeat(weight, at)?;
                if self.open.len().saturating_add(depth(&node)) > MAX_DEPTH {
                    return Err(self.wrong(at, TOO_DEEP, DEPTH));
                }
                self.put(node, 0, at)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    /// Counts a copy of a value.
    fn repeat(&mut self, weight: usize, at: Marker) -> Result<(), Unreadable> {
        self.repeated = self.repeated.saturating_add(weight);
        if self.repeated <= MAX_REPEATED {
            return Ok(());
        }
        Err(self.wrong(at, "anchors and aliases that stand for too much", REPEATED))
    }

    /// Whether a tag says that a scalar is text.
    fn scalar_tag(&self, tag: &Tag, at: Marker) -> Result<bool, Unreadable> {
        match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
            (true, "str") => Ok(true),
            (true, "int" | "float" | "bool" | "null") => Ok(false),
            // The bare "!" says that it is what it looks like: text.
            (false, "!") if tag.handle.is_empty() => Ok(true),
            _ => Err(self.unknown_tag(tag, at)),
        }
    }

    fn unknown_tag(&self, tag: &Tag, at: Marker) -> Unreadable {
        let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
        self.wrong(
            at,
            format!("the tag {name}"),
            "no tag, or one of !!str, !!int, !!float, !!bool, !!null, !!seq, !!map",
        )
    }

    /// Before a list or map is opened.
    fn begin(&self, tag: Option<Cow<'_, Tag>>, kind: &str, at: Marker) -> Result<(), Unreadable> {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == kind)
        {
            return Err(self.unknown_tag(&tag, at));
        }
        if self.open.len() >= MAX_DEPTH { Err(self.wrong(at, TOO_DEEP, DEPTH)) } else { Ok(()) }
    }

    /// Puts a finished value where it belongs.
    fn put(&mut self, node: Node, anchor: usize, at: Marker) -> Result<(), Unreadable> {
        if anchor != 0 {
            let weight = weight(&node);
            self.repeat(weight, at)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        match self.open.last_mut() {
            None => self.roots.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, merged, key, .. }) => match key.take() {
                Some(Key { text, quoted: false, place }) if text == "<<" => {
                    if !is_mergeable(&node) {
                        return Err(Unreadable {
                            code: Code::NotYaml,
                            found: "a merge key << without a map".into(),
                            expected: "<<: *anchor-of-a-map, or a list of such",
                            place,
                        });
                    }
                    merged.push(node);
                }
                Some(Key { text, place, .. }) => entries.push(Entry { key: text, place, node }),
                None => {
                    let place = node.place;
                    match node.value {
                        Value::Scalar { text, quoted } => *key = Some(Key { text, quoted, place }),
                        Value::Null => *key = Some(Key { text: "null".into(), quoted: true, place }),
                        Value::List(_) | Value::Map(_) => {
                            return Err(self.wrong(at, "a list or map as a key", "a word as a key"));
                        }
                    }
                }
            },
        }
        Ok(())
    }
}

const TOO_DEEP: &str = "lists and maps in each other that are too deep";
const DEPTH: &str = "at most 64 levels";
const REPEATED: &str = "at most 200,000 values from them";

fn is_mergeable(node: &Node) -> bool {
    match &node.value {
        Value::Map(_) => true,
        Value::List(maps) => maps.iter().all(|map| matches!(map.value, Value::Map(_))),
        Value::Null | Value::Scalar { .. } => false,
    }
}

/// Adds what merge keys stand for; a key that is there already wins.
fn merge(entries: &mut Vec<Entry>, merged: Vec<Node>) {
    let mut known: BTreeSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let maps = merged.into_iter().flat_map(|node| match node.value {
        Value::List(maps) => maps,
        _ => vec![node],
    });
    for map in maps {
        let Value::Map(more) = map.value else { continue };
        entries.extend(more.into_iter().filter(|entry| known.insert(entry.key.clone())));
    }
}

/// What a value counts when an alias repeats it.
fn weight(node: &Node) -> usize {
    let inner = match &node.value {
        Value::Null => 0,
        Value::Scalar { text, .. } => text.len() / 64,
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Map(entries) => {
            entries.iter().map(|entry| weight(&entry.node).saturating_add(entry.key.len() / 64)).sum()
        }
    };
    inner.saturating_add(1)
}

/// How many lists and maps lie in each other here. What was parsed is at most
/// [`MAX_DEPTH`] deep, so the recursion is bounded.
fn depth(node: &Node) -> usize {
    let inner = match &node.value {
        Value::Null | Value::Scalar { .. } => return 0,
        Value::List(items) => items.iter().map(depth).max(),
        Value::Map(entries) => entries.iter().map(|entry| depth(&entry.node)).max(),
    };
    inner.unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Node {
        let mut all = documents(text);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0).unwrap()
    }

    fn wrong(text: &str) -> Unreadable {
        let mut all = documents(text);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0).unwrap_err()
    }

    fn text(node: &Node, key: &str) -> String {
        node.get(key).unwrap().as_text().unwrap().to_owned()
    }

    #[test]
    fn quotes_are_told_from_plain_words() {
        let node = one("a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\ne: !!str 1\nf: !!int '1'\ng: ! 1\n");
        let quoted = |key| match &node.get(key).unwrap().value {
            Value::Scalar { quoted, .. } => *quoted,
            other => panic!("{other:?}"),
        };
        assert_eq!(["a", "b", "c", "d", "e", "f", "g"].map(quoted), [false, true, true, true, true, false, true]);
    }

    #[test]
    fn nothing_has_many_forms() {
        let node = one("a:\nb: ~\nc: null\nd: ''\ne: Null\n");
        let null = |key: &str| node.get(key).unwrap().is_null();
        assert_eq!(["a", "b", "c", "d", "e"].map(null), [true, true, true, false, true]);
    }

    #[test]
    fn documents_are_guarded_one_by_one_and_lines_count_through() {
        let all = documents("a: 1\n---\nb: [\n---\n# nothing\n---\nc: 1\n...\n%YAML 1.2\n---\nd: 2\n--- {e: 3}\n");
        assert_eq!(all.len(), 5, "{all:?}");
        assert_eq!(text(all[0].as_ref().unwrap(), "a"), "1");
        assert_eq!(all[1].as_ref().unwrap_err().place, Place { line: 3, column: 4 });
        assert_eq!(all[2].as_ref().unwrap().get("c").unwrap().place, Place { line: 7, column: 4 });
        assert_eq!(all[3].as_ref().unwrap().get("d").unwrap().place, Place { line: 11, column: 4 });
        assert_eq!(all[4].as_ref().unwrap().get("e").unwrap().place, Place { line: 12, column: 9 });
    }

    #[test]
    fn empty_text_is_no_document() {
        for text in ["", "\n\n", "# only words\n", "---\n---\n", "\u{feff}", "...\n", "--- ~\n", "null"] {
            assert_eq!(documents(text), [], "{text:?}");
        }
    }

    #[test]
    fn windows_text_is_fine() {
        let all = documents("\u{feff}a: 1\r\nb:\r\n  - x\r\n---\r\nc: |\r\n  two\r\n  lines\r\n");
        assert_eq!(text(all[0].as_ref().unwrap(), "a"), "1");
        assert_eq!(text(all[1].as_ref().unwrap(), "c"), "two\nlines\n");
        assert_eq!(all[1].as_ref().unwrap().place.line, 5);
    }

    #[test]
    fn json_is_read_with_tabs_and_surrogate_pairs() {
        assert_eq!(text(&one("{\"a\": \"x\", \"b\": {\"c\": [1, 2]}}"), "a"), "x");
        assert_eq!(text(&one("{\n\t\"a\": \"\\ud83d\\ude00\\/\"\n}\n"), "a"), "😀/");
        assert_eq!(text(&one("\t{\"a\":1}"), "a"), "1");
    }

    #[test]
    fn anchors_aliases_and_merges() {
        let node = one("base: &b {x: 1, y: 2}\nsame: *b\nmore:\n  <<: *b\n  y: 3\nlist:\n  <<: [*b, {z: 4}]\n");
        assert_eq!(text(node.get("same").unwrap(), "x"), "1");
        let more = node.get("more").unwrap();
        assert_eq!((text(more, "x"), text(more, "y")), ("1".into(), "3".into()));
        let Value::Map(entries) = &more.value else { panic!("{more:?}") };
        assert_eq!(entries.len(), 2);
        assert_eq!(text(node.get("list").unwrap(), "z"), "4");
        assert_eq!(one("'<<': 1").get("<<").unwrap().as_text(), Some("1"));
        assert!(wrong("a: {<<: 1}").found.contains("merge key"));
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
        }
        assert!(wrong(&bomb).found.contains("stand for too much"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "));
        assert!(wrong(&long).found.contains("stand for too much"));
        assert!(wrong("a: &a [*a]").found.contains("alias"));
        assert_eq!(wrong(&"[".repeat(100_000)).expected, DEPTH);
        assert_eq!(wrong(&format!("{}x{}", "[".repeat(65), "]".repeat(65))).expected, DEPTH);
        one(&format!("{}x{}", "[".repeat(64), "]".repeat(64)));
        let aliased = format!("a: &a {}x{}\nb: {}*a{}", "[".repeat(40), "]".repeat(40), "[".repeat(40), "]".repeat(40));
        assert_eq!(wrong(&aliased).expected, DEPTH);
    }

    #[test]
    fn tags_and_keys_that_mean_nothing_here_are_refused() {
        assert_eq!(wrong("a: !!binary aGk=").found, "the tag !!binary");
        assert_eq!(wrong("a: !Ref b").found, "the tag !Ref");
        assert_eq!(wrong("a: !!set {b}").found, "the tag !!set");
        assert_eq!(wrong("{[a]: 1}").found, "a list or map as a key");
        one("a: !!map {b: !!seq [1]}");
    }

    #[test]
    fn a_mistake_has_its_place() {
        let unreadable = wrong("a: 1\nb: *unknown\n");
        assert_eq!(unreadable.place.line, 2, "{unreadable:?}");
        assert!(unreadable.found.starts_with("no YAML ("), "{unreadable:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([a-c :\\-\\[\\]{}&*!|>'\"%#,?\t\r\n.]|---\n|\n  |: |- |\\PC){0,80}") {
            let _ = documents(&text);
        }

        #[test]
        fn pieces_are_those_of_a_walk_by_lines(
            lines in prop::collection::vec("---|--- a|----|\\.\\.\\.|\\.\\.\\. #|#|%|a: 1| |\t|-|\\.|", 0..12),
            end in "\n?|---|\\.\\.\\.",
        ) {
            let text = lines.join("\n") + &end;
            let (mut expected, mut own, mut first) = (Vec::new(), String::new(), 0);
            let blank = |text: &str| text.lines().all(|line| line.starts_with(['#', '%']) || line.trim().is_empty());
            for (number, line) in (0u32..).zip(text.split_inclusive('\n')) {
                if is_marker(line, "---") && !blank(&own) {
                    expected.push((first, std::mem::take(&mut own)));
                    first = number;
                }
                own += line;
                if is_marker(line, "...") {
                    expected.push((first, std::mem::take(&mut own)));
                    first = number.saturating_add(u32::from(line.ends_with('\n')));
                }
            }
            expected.push((first, own));
            let found: Vec<(u32, String)> = split(&text).into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_document_is_read_the_same_among_any_others(before in "([a-c:\\-\\[\\]{}&*!|>'\"#, \t]|\n){0,40}",
                                                        after in "([a-c:\\-\\[\\]{}&*!|>'\"#, \t]|\n){0,40}") {
            let all = documents(&format!("{before}\n---\nmarker: [1, two]\n---\n{after}\n"));
            let found = all.iter().filter(|read| matches!(read, Ok(node) if node.get("marker").is_some())).count();
            prop_assert_eq!(found, 1);
        }
    }
}
