//! From the text of a document to the tree of what is written there.

use super::scan::{Found, Is, KEYS, SEVERAL, Seen, comments, end_of, events};
use super::tree::{Block, Comment, Group, Item, Value, Word};
use super::word::is_text;
use saphyr_parser::ScalarStyle;
use std::collections::VecDeque;

/// The text of one document, taken apart.
#[derive(Debug)]
pub(super) struct Written {
    /// The comments before its `---`.
    pub(super) before: Vec<Comment>,
    /// What it holds; nothing where there are only comments.
    pub(super) root: Item,
}

/// Reads a document that is known to be YAML, its line breaks all `\n`.
///
/// # Errors
/// What it has that is not formatted.
pub(super) fn read(text: &str) -> Result<Written, &'static str> {
    let chars: Vec<char> = text.chars().collect();
    let events = events(text)?;
    let comments = comments(&chars, &events);
    let marker = events.iter().find_map(|event| match event.is {
        Is::Document { is_marked: true } => Some(event.start),
        _ => None,
    });
    let lines = Lines::new(&chars);
    let mut reader = Reader { chars: &chars, lines, events, at: 0, comments, columns: Vec::new() };
    let before = marker.map(|marker| reader.take_before(marker)).unwrap_or_default();
    let root = reader.document()?;
    Ok(Written { before, root })
}

/// Which line a character stands in, and which lines are empty.
struct Lines {
    /// Where each begins.
    starts: Vec<usize>,
    empty: Vec<bool>,
}

impl Lines {
    fn new(chars: &[char]) -> Lines {
        let mut lines = Lines { starts: Vec::new(), empty: Vec::new() };
        let mut start = 0;
        for line in chars.split(|char| *char == '\n') {
            lines.starts.push(start);
            lines.empty.push(line.iter().all(|char| char.is_whitespace()));
            start += line.len() + 1;
        }
        lines
    }

    fn of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn column(&self, at: usize) -> usize {
        at - self.starts.get(self.of(at)).copied().unwrap_or_default()
    }

    /// The next line's dash in the column of this one.
    fn next_dash(&self, chars: &[char], dash: usize) -> Option<usize> {
        let column = self.column(dash);
        let places = self.starts.iter().skip(self.of(dash) + 1).map(|start| (*start, start + column));
        let is_dash = |(start, place): &(usize, usize)| {
            let line = chars.get(*start..=*place);
            line.is_some_and(|line| {
                line.iter().rev().zip(0..).all(|(char, back)| *char == if back == 0 { '-' } else { ' ' })
            })
        };
        places.into_iter().find(is_dash).map(|(_, place)| place)
    }

    /// Whether the line before this one is empty.
    fn has_gap(&self, at: usize) -> bool {
        let before = self.of(at).checked_sub(1);
        before.and_then(|line| self.empty.get(line)).copied().unwrap_or(false)
    }
}

struct Reader<'t> {
    chars: &'t [char],
    lines: Lines,
    events: Vec<Seen>,
    at: usize,
    /// Those that are still nobody's.
    comments: VecDeque<Found>,
    /// Of the maps and lists that are open, the column of their items.
    columns: Vec<usize>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Item, &'static str> {
        self.events.retain(|event| !matches!(event.is, Is::Document { .. }));
        let mut root = Item::default();
        match self.events.first().map(|event| event.is.clone()) {
            None => {}
            Some(Is::Scalar(text, ScalarStyle::Plain)) if text.is_empty() => {}
            Some(Is::Begin { .. }) => self.value(&mut root, false)?,
            Some(Is::Scalar(..) | Is::End | Is::Document { .. }) => return Err("a word that is no document"),
        }
        let rest = self.take_before(usize::MAX);
        match &mut root.value {
            Value::Group(group) => group.below.extend(rest),
            _ => root.above.extend(rest),
        }
        Ok(root)
    }

    /// The comments that begin before a place.
    fn take_before(&mut self, end: usize) -> Vec<Comment> {
        self.take_while(|found| found.at < end)
    }

    fn take_while(&mut self, is: impl Fn(&Found) -> bool) -> Vec<Comment> {
        let mut taken = Vec::new();
        while self.comments.front().is_some_and(&is) {
            taken.extend(self.comments.pop_front().map(|found| found.comment));
        }
        taken
    }

    /// The comments behind a place on its line, before whatever comes next.
    fn take_beside(&mut self, end: usize) -> impl Iterator<Item = String> {
        let line = self.lines.of(end.saturating_sub(1));
        let next = self.events.get(self.at).map_or(usize::MAX, |event| event.start);
        let taken = self.take_while(|found| found.at < next && found.line == line && !found.is_alone);
        taken.into_iter().map(|comment| comment.text)
    }

    fn value(&mut self, item: &mut Item, is_within_flow: bool) -> Result<(), &'static str> {
        let Some(event) = self.events.get(self.at).cloned() else { return Ok(()) };
        self.at += 1;
        match &event.is {
            Is::Scalar(text, ScalarStyle::Plain) if text.is_empty() => {}
            Is::Scalar(text, style) => {
                item.above.extend(self.take_before(event.start));
                let end = end_of(self.chars, &event);
                match style {
                    // Its comment stands before its first line.
                    ScalarStyle::Literal | ScalarStyle::Folded => item.value = self.block(text, &event),
                    _ => {
                        item.value = Value::Word(self.word(text, *style, event.start, end));
                        item.beside.extend(self.take_beside(end));
                    }
                }
            }
            Is::Begin { is_map } => {
                let opens = matches!(self.chars.get(event.start), Some('{' | '['));
                let is_flow = is_within_flow || (opens && event.end > event.start);
                if is_flow {
                    item.above.extend(self.take_before(event.start));
                }
                let start = match (is_map, is_flow, &item.key) {
                    (false, false, Some(_)) => self.first_dash(event.start),
                    _ => event.start,
                };
                self.columns.push(self.lines.column(start));
                let (group, end) = self.group(*is_map, is_flow, start)?;
                item.value = Value::Group(group);
                if is_flow {
                    item.beside.extend(self.take_beside(end));
                }
            }
            Is::End | Is::Document { .. } => return Err(SEVERAL),
        }
        Ok(())
    }

    /// The first dash of a list that is the value of a key. Of one that stands as
    /// far left as its key, the parser tells only where it goes on.
    fn first_dash(&self, start: usize) -> usize {
        let Some(column) = self.columns.last() else { return start };
        let lines = self.lines.starts.iter().take(self.lines.of(start) + 1).rev();
        let mut dashes = lines.filter_map(|line| {
            let spaces = self.chars.iter().skip(*line).take_while(|char| **char == ' ').count();
            (self.chars.get(line + spaces) == Some(&'-')).then_some((line + spaces, spaces))
        });
        dashes.next().filter(|(_, spaces)| spaces == column).map_or(start, |(dash, _)| dash)
    }

    fn word(&self, text: &str, style: ScalarStyle, start: usize, end: usize) -> Word {
        let is_one_line = self.lines.of(start) == self.lines.of(end.saturating_sub(1));
        match style {
            ScalarStyle::Plain if is_one_line || (!text.contains('\n') && !is_text(text)) => Word::Plain(text.into()),
            _ => Word::Text(text.into()),
        }
    }

    fn block(&self, text: &str, event: &Seen) -> Value {
        let value = text.trim_end_matches('\n');
        let breaks = text.len() - value.len();
        if value.is_empty() {
            return Value::Word(Word::Text(text.to_owned()));
        }
        let is_folded = matches!(event.is, Is::Scalar(_, ScalarStyle::Folded));
        let lines =
            if is_folded { self.folded_lines(text, event) } else { value.split('\n').map(str::to_owned).collect() };
        Value::Block(Block { is_folded, lines, breaks })
    }

    /// The lines of a folded text as they are written: where they are broken is
    /// not to be seen from its value.
    fn folded_lines(&self, text: &str, event: &Seen) -> Vec<String> {
        let column = self.lines.column(event.start);
        let written: String =
            self.chars.iter().skip(event.start - column).take(event.end - event.start + column).collect();
        let line = |line: &str| line.chars().skip(column).collect::<String>();
        let empty = text.chars().take_while(|char| *char == '\n').map(|_| String::new());
        let mut lines: Vec<String> = empty.chain(written.split('\n').map(line)).collect();
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        lines
    }

    /// The items of a map or list that has begun, and where it ends.
    fn group(&mut self, is_map: bool, is_flow: bool, start: usize) -> Result<(Group, usize), &'static str> {
        let mut group = Group { is_map, is_flow, items: Vec::new(), below: Vec::new() };
        let mut dash = start;
        let end = loop {
            let Some(event) = self.events.get(self.at).cloned() else { return Err(SEVERAL) };
            if matches!(event.is, Is::End) {
                break event.start + 1;
            }
            let item = match (is_map, is_flow) {
                (true, _) => self.entry(&event, is_flow)?,
                (false, true) => self.item(event.start, is_flow)?,
                (false, false) => {
                    if !group.items.is_empty() {
                        dash = self.lines.next_dash(self.chars, dash).ok_or(SEVERAL)?;
                    }
                    self.item(dash, is_flow)?
                }
            };
            group.items.push(item);
        };
        group.below = if is_flow { self.take_before(end) } else { self.take_below() };
        self.at += 1;
        self.columns.pop();
        Ok((group, end))
    }

    /// An entry of a map, whose key comes next.
    fn entry(&mut self, key: &Seen, is_flow: bool) -> Result<Item, &'static str> {
        let above = self.take_before(key.start);
        let mut item = Item { gap: self.lines.has_gap(key.start), above, ..Item::default() };
        let Is::Scalar(text, style) = &key.is else { return Err(KEYS) };
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) || text.is_empty() {
            return Err(KEYS);
        }
        self.at += 1;
        let end = end_of(self.chars, key);
        item.key = Some(self.word(text, *style, key.start, end));
        item.beside.extend(self.take_beside(end));
        self.value(&mut item, is_flow)?;
        if matches!(item.value, Value::Nothing) {
            // Where nothing stands the parser tells the end of what is before it.
            item.beside.extend(self.take_beside(end));
        }
        Ok(item)
    }

    /// An item of a list, which begins here.
    fn item(&mut self, start: usize, is_flow: bool) -> Result<Item, &'static str> {
        let mut item = Item { gap: self.lines.has_gap(start), above: self.take_before(start), ..Item::default() };
        let next = self.events.get(self.at).cloned();
        match next.as_ref().map(|event| (&event.is, event.start)) {
            Some((Is::Scalar(text, ScalarStyle::Plain), _)) if text.is_empty() => {
                self.value(&mut item, is_flow)?;
                item.beside.extend(self.take_beside(start + 1));
                return Ok(item);
            }
            // Behind `|` or `>`.
            Some((Is::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded), start)) => {
                let beside = self.take_while(|found| found.at < start && !found.is_alone);
                item.beside.extend(beside.into_iter().map(|comment| comment.text));
            }
            // Between the dash and what it is for.
            Some((_, start)) => item.above.extend(self.take_before(start)),
            None => {}
        }
        self.value(&mut item, is_flow)?;
        Ok(item)
    }

    /// Of the comments behind the last item of the innermost map or list, those
    /// that are indented like its items, and more than what comes next.
    fn take_below(&mut self) -> Vec<Comment> {
        let rest = self.events.get(self.at..).unwrap_or_default();
        let ends = rest.iter().take_while(|event| matches!(event.is, Is::End)).count();
        let next = rest.get(ends).map_or(usize::MAX, |event| event.start);
        let mut open = self.columns.iter().rev();
        let own = open.next().copied().unwrap_or_default();
        let parent = open.next().map_or(0, |column| column + 1);
        let sibling = self.columns.len().checked_sub(ends + 1).and_then(|index| self.columns.get(index));
        let least = own.max(parent).max(sibling.map_or(0, |column| column + 1));
        self.take_while(|found| found.at < next && found.is_alone && found.column >= least)
    }
}
