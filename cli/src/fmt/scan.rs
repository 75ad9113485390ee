//! What stands in the text of a document, from its beginning to its end: the
//! events of the parser, and the comments, which it passes over.

use super::tree::Comment;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::VecDeque;

/// What of the parser's events is needed here.
#[derive(Clone, Debug)]
pub(super) enum Is {
    Document { is_marked: bool },
    Scalar(String, ScalarStyle),
    Begin { is_map: bool },
    End,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) is: Is,
    /// Where it begins and ends, in characters.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Why a document is left as it is.
const ANCHORS: &str = "anchors and aliases";
const TAGS: &str = "tags";
pub(super) const KEYS: &str = "a key that is no word";
pub(super) const SEVERAL: &str = "what YAML does not read as one document";

/// The events of a document.
///
/// # Errors
/// What it has that is not formatted.
pub(super) fn events(text: &str) -> Result<Vec<Seen>, &'static str> {
    let mut events = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|_| SEVERAL)?;
        let is = match event {
            Event::Alias(_) => return Err(ANCHORS),
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return Err(ANCHORS);
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return Err(TAGS);
            }
            Event::Scalar(text, style, ..) => Is::Scalar(text.into_owned(), style),
            Event::SequenceStart(..) => Is::Begin { is_map: false },
            Event::MappingStart(..) => Is::Begin { is_map: true },
            Event::SequenceEnd | Event::MappingEnd => Is::End,
            Event::DocumentStart(is_marked) => {
                documents += 1;
                Is::Document { is_marked }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
        };
        events.push(Seen { is, start: span.start.index(), end: span.end.index() });
    }
    if documents > 1 { Err(SEVERAL) } else { Ok(events) }
}

/// Where a scalar ends: of a quoted one the parser tells the end of what is
/// behind it as well.
pub(super) fn end_of(chars: &[char], event: &Seen) -> usize {
    let Is::Scalar(_, style) = &event.is else { return event.start + 1 };
    let quote = match style {
        ScalarStyle::SingleQuoted => '\'',
        ScalarStyle::DoubleQuoted => '"',
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => return event.end,
    };
    let mut at = event.start + 1;
    while let Some(&char) = chars.get(at) {
        let next = chars.get(at + 1);
        at += match char {
            '\\' if quote == '"' => 2,
            '\'' if quote == '\'' && next == Some(&'\'') => 2,
            _ if char == quote => return at + 1,
            _ => 1,
        };
    }
    chars.len()
}

/// A comment, and where it stands.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    /// Nothing but spaces stands before it on its line.
    pub(super) is_alone: bool,
    pub(super) comment: Comment,
}

/// The comments: whatever begins with `#` behind a space or a line break, and is
/// in no scalar.
pub(super) fn comments(chars: &[char], events: &[Seen]) -> VecDeque<Found> {
    let mut found = VecDeque::new();
    let scalars = events.iter().filter(|event| matches!(event.is, Is::Scalar(..)));
    let mut scalars = scalars.map(|event| (event.start, end_of(chars, event))).peekable();
    let (mut at, mut line, mut line_start) = (0, 0, 0);
    let (mut is_alone, mut is_after_space) = (true, true);
    let mut gap = false;
    while let Some(&char) = chars.get(at) {
        while scalars.next_if(|(_, end)| *end <= at).is_some() {}
        let is_scalar = scalars.peek().is_some_and(|(start, _)| *start <= at);
        if char == '#' && is_after_space && !is_scalar {
            let length = chars.iter().skip(at).take_while(|char| **char != '\n').count();
            let text: String = chars.iter().skip(at).take(length).collect();
            let comment = Comment { text: text.trim_end().to_owned(), gap };
            found.push_back(Found { at, line, column: at - line_start, is_alone, comment });
            is_alone = false;
            at += length;
            continue;
        }
        is_after_space = char.is_whitespace();
        at += 1;
        if char == '\n' {
            gap = is_alone;
            (line, line_start, is_alone) = (line + 1, at, true);
        } else if !char.is_whitespace() {
            is_alone = false;
        }
    }
    found
}

/// The comments of a document that is known to be YAML, sorted.
pub(super) fn comments_of(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let found = comments(&chars, &events(text).unwrap_or_default());
    let mut texts: Vec<String> = found.into_iter().map(|found| found.comment.text).collect();
    texts.sort_unstable();
    texts
}
