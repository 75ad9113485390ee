//! From the tree of a document to its canonical text.

use super::tree::{Block, Comment, Group, Item, Value, Word};
use super::word;

/// How wide a map in braces or a list in brackets may be, with its key.
const WIDTH: usize = 100;
/// How far what is inside is indented.
const STEP: usize = 2;

/// The document as text, comments and a line break at its end included.
pub(super) fn write(mut root: Item) -> String {
    let mut writer = Writer::default();
    settle(&mut root);
    match &mut root.value {
        Value::Group(group) if !group.items.is_empty() => {
            group.is_flow = false;
            writer.comments(&root.above, 0);
            let is_apart = root.gap && !root.above.is_empty();
            if is_apart {
                writer.out.push('\n');
            }
            writer.group(group, 0, false);
        }
        _ => {
            writer.comments(&root.above, 0);
            if let Some(flow) = flow(&root.value) {
                writer.line(0, &flow);
            }
        }
    }
    writer.out
}

/// Takes comments to where they can be written: of several beside a line all but
/// the last go above it, and so do those within empty brackets, and those
/// between a dash and what it is for.
fn settle(item: &mut Item) {
    if let Value::Group(group) = &mut item.value {
        group.items.iter_mut().for_each(settle);
        if group.items.is_empty() {
            item.above.append(&mut group.below);
        }
    }
    let more = item.beside.len().saturating_sub(1);
    item.above.extend(item.beside.drain(..more).map(|text| Comment { text, gap: false }));
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The last that was written is a text of which empty lines at the end are a
    /// part: none may follow it.
    is_open: bool,
}

impl Writer {
    fn line(&mut self, indent: usize, text: &str) {
        self.is_open = false;
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn gap(&mut self) {
        if !self.is_open && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn comments(&mut self, comments: &[Comment], indent: usize) {
        for (place, comment) in comments.iter().enumerate() {
            if comment.gap && place > 0 {
                self.gap();
            }
            self.line(indent, &comment.text);
        }
    }

    /// Writes a map or list in lines of its own. `is_begun`: the first line is
    /// there already, up to its indentation.
    fn group(&mut self, group: &mut Group, indent: usize, is_begun: bool) {
        for (place, item) in group.items.iter_mut().enumerate() {
            lift(item, indent);
            if *item.gap_before() && place > 0 {
                self.gap();
            }
            self.comments(&item.above, indent);
            if item.gap && !item.above.is_empty() {
                self.gap();
            }
            self.item(item, indent, is_begun && place == 0);
        }
        if group.below.first().is_some_and(|comment| comment.gap) {
            self.gap();
        }
        self.comments(&group.below, indent);
    }

    /// Writes the line of an item, and what is in it.
    fn item(&mut self, item: &mut Item, indent: usize, is_begun: bool) {
        let mut head = " ".repeat(if is_begun { 0 } else { indent });
        match &item.key {
            Some(key) => head += &(word::written(key, false) + ":"),
            None => head.push('-'),
        }
        let beside = item.beside.iter().map(|comment| format!(" {comment}")).collect::<String>();
        self.is_open = false;
        match &mut item.value {
            Value::Nothing => self.out += &format!("{head}{beside}\n"),
            Value::Word(value) => self.out += &format!("{head} {}{beside}\n", word::written(value, false)),
            Value::Block(block) => {
                self.out += &format!("{head} {}{beside}\n", header(block));
                self.lines(block, indent + STEP);
            }
            value @ Value::Group(_) => match fitting(value, item.key.as_ref(), indent) {
                Some(flow) => self.out += &format!("{head} {flow}{beside}\n"),
                None => {
                    let Value::Group(group) = value else { return };
                    group.is_flow = false;
                    if item.key.is_some() {
                        self.out += &format!("{head}{beside}\n");
                    } else {
                        self.out += &format!("{head} ");
                    }
                    self.group(group, indent + STEP, item.key.is_none());
                }
            },
        }
    }

    fn lines(&mut self, block: &Block, indent: usize) {
        for line in &block.lines {
            if line.is_empty() { self.out.push('\n') } else { self.line(indent, line) }
        }
        self.is_open = block.breaks > 1;
        self.out.extend(std::iter::repeat_n('\n', block.breaks.saturating_sub(1)));
    }
}

/// Of an item of a list that is a map or list in lines of its own, the first of
/// which stands behind the dash: takes the comments of that line above the dash.
fn lift(item: &mut Item, indent: usize) {
    if item.key.is_some() || fitting(&item.value, None, indent).is_some() {
        return;
    }
    let Value::Group(group) = &mut item.value else { return };
    item.above.extend(item.beside.drain(..).map(|text| Comment { text, gap: false }));
    if let Some(first) = group.items.first_mut() {
        lift(first, indent + STEP);
        item.above.append(&mut first.above);
    }
}

/// A map or list in one line, where it is written so and there is room for it.
fn fitting(value: &Value, key: Option<&Word>, indent: usize) -> Option<String> {
    let Value::Group(group) = value else { return None };
    if !group.items.is_empty()
        && (!group.is_flow || group.items.iter().any(Item::is_commented) || !group.below.is_empty())
    {
        return None;
    }
    let flow = flow(value)?;
    let head = key.map_or(1, |key| word::written(key, false).chars().count() + 1);
    (group.items.is_empty() || indent + head + 1 + flow.chars().count() <= WIDTH).then_some(flow)
}

fn flow(value: &Value) -> Option<String> {
    match value {
        Value::Nothing => None,
        Value::Word(word) => Some(word::written(word, true)),
        Value::Block(_) => None,
        Value::Group(group) => {
            let item = |item: &Item| {
                let value = flow(&item.value).unwrap_or_else(|| "null".to_owned());
                match &item.key {
                    Some(key) => format!("{}: {value}", word::written(key, true)),
                    None => value,
                }
            };
            let items = group.items.iter().map(item).collect::<Vec<_>>().join(", ");
            Some(if group.is_map { format!("{{{items}}}") } else { format!("[{items}]") })
        }
    }
}

/// What stands before the lines of a text: how they are joined, by how much they
/// are indented where that is not to be seen, and how the text ends.
fn header(block: &Block) -> String {
    let first = block.lines.iter().find(|line| !line.is_empty());
    let is_indented = first.is_some_and(|line| line.starts_with([' ', '\t']));
    let indent = if is_indented { STEP.to_string() } else { String::new() };
    let end = match block.breaks {
        0 => "-",
        1 => "",
        _ => "+",
    };
    format!("{}{indent}{end}", if block.is_folded { '>' } else { '|' })
}
