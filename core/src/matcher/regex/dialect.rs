//! RE2's grammar: read once from left to right, and written out in a form that
//! Rust's `regex` reads alike. What is written spells every class and character
//! out and carries the flags at each place, so that nothing depends on a
//! default.

use super::{Mistake, class};
use std::fmt::Write as _;

/// The highest count in a repeat, and the highest product of nested ones.
const MAX_REPEAT: u32 = 1000;
/// How deep groups may nest.
const MAX_NESTING: usize = 200;

/// The pattern in its other form.
pub(super) fn translate(pattern: &str) -> Result<String, Mistake> {
    Reader { whole: pattern, rest: pattern, flags: Flags::default(), open: Vec::new(), group: Group::default() }.read()
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    lines: bool,
    dot_all: bool,
    lazy: bool,
}

/// A group while it is read.
#[derive(Default)]
struct Group {
    /// Its opening bracket as written out, and where it was found.
    opening: String,
    at: usize,
    /// The flags that hold again behind it.
    outer: Flags,
    /// What is finished: it can no longer be repeated.
    done: String,
    /// What a repeat would repeat.
    last: Option<Piece>,
    /// The highest product of repeats in what is finished.
    repeat: u32,
    /// Whether the last thing read was a repeat: no other may follow at once.
    repeated: bool,
}

struct Piece {
    text: String,
    /// The highest product of repeats in it.
    repeat: u32,
    /// Whether it ends with a repeat: one behind it would be read as its manner.
    ends_with_repeat: bool,
}

impl Group {
    fn push(&mut self, text: String) {
        self.push_piece(Piece { text, repeat: 1, ends_with_repeat: false });
    }

    fn push_piece(&mut self, piece: Piece) {
        self.settle();
        self.last = Some(piece);
    }

    fn settle(&mut self) {
        if let Some(piece) = self.last.take() {
            self.done.push_str(&piece.text);
            self.repeat = self.repeat.max(piece.repeat);
        }
        self.repeated = false;
    }
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    flags: Flags,
    open: Vec<Group>,
    group: Group,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<String, Mistake> {
        while let Some(next) = self.peek() {
            let at = self.at();
            match next {
                '\\' => self.escape()?,
                '[' => {
                    let class = self.bracket()?;
                    self.push_folding(&class);
                }
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    self.skip("|");
                    self.group.settle();
                    self.group.done.push('|');
                }
                '*' | '+' | '?' => {
                    self.next();
                    self.repeat(at, next.to_string(), 1)?;
                }
                '{' => match self.counts()? {
                    Some((text, most)) => self.repeat(at, text, most)?,
                    None => {
                        self.next();
                        self.literal('{');
                    }
                },
                '.' => {
                    self.next();
                    self.group.push(if self.flags.dot_all { "(?s:.)" } else { r"[^\n]" }.into());
                }
                '^' => {
                    self.next();
                    self.group.push(if self.flags.lines { "(?m:^)" } else { r"(?:\A)" }.into());
                }
                '$' => {
                    self.next();
                    self.group.push(if self.flags.lines { "(?m:$)" } else { r"(?:\z)" }.into());
                }
                other => {
                    self.next();
                    self.literal(other);
                }
            }
        }
        if self.open.is_empty() {
            self.group.settle();
            Ok(self.group.done)
        } else {
            Err(self.mistake(self.group.at, "`(` that is never closed", "a `)` for it, or `\\(` for the character"))
        }
    }

    /// The place of the next character, from 1.
    fn at(&self) -> usize {
        let read = self.whole.len().saturating_sub(self.rest.len());
        self.whole.get(..read).map_or(0, |read| read.chars().count()).saturating_add(1)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    #[expect(clippy::unused_self, reason = "reads as the reader's complaint")]
    fn mistake(&self, at: usize, found: impl Into<String>, expected: impl Into<String>) -> Mistake {
        Mistake { at, found: found.into(), expected: expected.into() }
    }

    fn literal(&mut self, character: char) {
        let text = written(u32::from(character));
        self.push_folding(&text);
    }

    /// Pushes a character or class, which the flag `i` concerns.
    fn push_folding(&mut self, text: &str) {
        self.group.push(if self.flags.fold { format!("(?i:{text})") } else { text.to_owned() });
    }

    fn repeat(&mut self, at: usize, operator: String, most: u32) -> Result<(), Mistake> {
        let lazy = self.skip("?");
        if self.group.repeated {
            return Err(self.mistake(
                at,
                format!("`{operator}` right behind another repeat"),
                "one repeat, or a group around the inner one",
            ));
        }
        let Some(piece) = self.group.last.take() else {
            return Err(self.mistake(
                at,
                format!("`{operator}` with nothing before it to repeat"),
                format!("something to repeat, or `\\{operator}` for the character"),
            ));
        };
        let product = if most >= 2 { piece.repeat.saturating_mul(most) } else { piece.repeat };
        if product > MAX_REPEAT {
            return Err(self.mistake(
                at,
                format!("repeats of up to {product} times"),
                format!("at most {MAX_REPEAT}, nested ones multiplied"),
            ));
        }
        let mut text = if piece.ends_with_repeat { format!("(?:{})", piece.text) } else { piece.text };
        text.push_str(&operator);
        if lazy != self.flags.lazy {
            text.push('?');
        }
        self.group.last = Some(Piece { text, repeat: product, ends_with_repeat: true });
        self.group.repeated = true;
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; `None` where the brace is a character.
    fn counts(&mut self) -> Result<Option<(String, u32)>, Mistake> {
        let at = self.at();
        let Some((inside, rest)) = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return Ok(None);
        };
        let is_count = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || text.len() > 1 && !text.starts_with('0'))
        };
        let (least, most) = match inside.split_once(',') {
            None => (inside, Some(inside)),
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
        };
        if !is_count(least) || !most.is_none_or(is_count) {
            return Ok(None);
        }
        let least: u32 = least.parse().unwrap_or(u32::MAX);
        let most = most.map(|most| most.parse().unwrap_or(u32::MAX));
        if least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || most < least) {
            return Err(self.mistake(
                at,
                format!("the repeat `{{{inside}}}`"),
                format!("counts up to {MAX_REPEAT}, the lower one first"),
            ));
        }
        self.rest = rest;
        Ok(Some((format!("{{{inside}}}"), most.unwrap_or(least))))
    }

    fn open_group(&mut self) -> Result<(), Mistake> {
        let at = self.at();
        self.skip("(");
        let outer = self.flags;
        let opening = if self.skip("?P<")
            || (self.rest.starts_with("?<")
                && !self.rest.starts_with("?<=")
                && !self.rest.starts_with("?<!")
                && self.skip("?<"))
        {
            self.group_name(at)?;
            "("
        } else if self.skip("?") {
            match self.flags(at)? {
                ':' => "(?:",
                _ => {
                    self.group.repeated = false;
                    return Ok(());
                }
            }
        } else {
            "("
        };
        if self.open.len() >= MAX_NESTING {
            return Err(self.mistake(
                at,
                "a group nested too deep",
                format!("at most {MAX_NESTING} groups in one another"),
            ));
        }
        let group = Group { opening: opening.into(), at, outer, ..Group::default() };
        self.open.push(std::mem::replace(&mut self.group, group));
        Ok(())
    }

    fn group_name(&mut self, at: usize) -> Result<(), Mistake> {
        let name = self.rest.split_once('>').map(|(name, rest)| {
            self.rest = rest;
            name
        });
        match name {
            // RE2 lets two groups have one name.
            Some(name) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') => Ok(()),
            _ => Err(self.mistake(at, "a group without a proper name", "letters, digits and `_` between `<` and `>`")),
        }
    }

    /// Reads flags up to `:` or `)`, which it gives back.
    fn flags(&mut self, at: usize) -> Result<char, Mistake> {
        let mut flags = self.flags;
        let (mut on, mut any) = (true, true);
        let mut read = String::from("(?");
        loop {
            let next = self.next();
            read.extend(next);
            match next {
                Some('i') => (flags.fold, any) = (on, true),
                Some('m') => (flags.lines, any) = (on, true),
                Some('s') => (flags.dot_all, any) = (on, true),
                Some('U') => (flags.lazy, any) = (on, true),
                Some('-') if on => (on, any) = (false, false),
                Some(end @ (':' | ')')) if any => {
                    self.flags = flags;
                    return Ok(end);
                }
                _ => {
                    let look = matches!(next, Some('=' | '!' | '<'));
                    let why = if look { ": RE2 does not look around" } else { "" };
                    return Err(self.mistake(
                        at,
                        format!("`{read}`"),
                        format!("one of `(?:`, `(?P<name>`, `(?<name>` and the flags i, m, s, U{why}"),
                    ));
                }
            }
        }
    }

    fn close_group(&mut self) -> Result<(), Mistake> {
        let at = self.at();
        let Some(outer) = self.open.pop() else {
            return Err(self.mistake(at, "`)` without a `(` before it", "none, or `\\)` for the character"));
        };
        self.skip(")");
        self.group.settle();
        let closed = std::mem::replace(&mut self.group, outer);
        self.flags = closed.outer;
        let text = format!("{}{})", closed.opening, closed.done);
        self.group.push_piece(Piece { text, repeat: closed.repeat.max(1), ends_with_repeat: false });
        Ok(())
    }

    /// Reads what begins with a backslash, outside a bracket.
    fn escape(&mut self) -> Result<(), Mistake> {
        if self.skip(r"\Q") {
            let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
            self.rest = rest;
            quoted.chars().for_each(|character| self.literal(character));
            return Ok(());
        }
        for (escape, text) in
            [(r"\A", r"(?:\A)"), (r"\z", r"(?:\z)"), (r"\b", r"(?-u:\b)"), (r"\B", r"(?-u:\B)"), (r"\C", r"(?s-u:.)")]
        {
            if self.skip(escape) {
                self.group.push(text.into());
                return Ok(());
            }
        }
        let text = match self.named_class()? {
            Some(class) => format!("[{class}]"),
            None => written(self.character()?),
        };
        self.push_folding(&text);
        Ok(())
    }

    /// Reads a Perl or Unicode class, if one is next, as the inside of a bracket.
    fn named_class(&mut self) -> Result<Option<String>, Mistake> {
        let at = self.at();
        let mut ahead = self.rest.strip_prefix('\\').unwrap_or_default().chars();
        let Some(letter) = ahead.next() else { return Ok(None) };
        if let Some(ranges) = class::perl(letter.to_ascii_lowercase()) {
            self.rest = ahead.as_str();
            return Ok(Some(if letter.is_ascii_uppercase() { format!("[^{ranges}]") } else { ranges.into() }));
        }
        if !matches!(letter, 'p' | 'P') {
            return Ok(None);
        }
        let name = match ahead.next() {
            Some('{') => match ahead.as_str().split_once('}') {
                Some((name, rest)) => {
                    self.rest = rest;
                    name
                }
                None => return Err(self.mistake(at, "a class without its `}`", r"`\p{Name}`")),
            },
            Some(_) => {
                let name = self
                    .rest
                    .get(2..)
                    .map_or("", |rest| rest.get(..rest.len().saturating_sub(ahead.as_str().len())).unwrap_or(""));
                self.rest = ahead.as_str();
                name
            }
            None => "",
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, letter == 'p'),
            None => (name, letter == 'P'),
        };
        let Some(ranges) = class::unicode(name) else {
            return Err(self.mistake(
                at,
                format!("the class name `{name}`"),
                "a Unicode category (as `Lu`) or script (as `Greek`), or `Any`",
            ));
        };
        Ok(Some(if negated { format!("[^{ranges}]") } else { ranges }))
    }

    /// Reads an escape that is one character.
    fn character(&mut self) -> Result<u32, Mistake> {
        let at = self.at();
        self.skip("\\");
        let bad = |read: &str| Mistake {
            at,
            found: if read.is_empty() { "a `\\` at the end".into() } else { format!("the escape `\\{read}`") },
            expected: "an escape that RE2 knows; `\\\\` is the character `\\`".into(),
        };
        let Some(first) = self.next() else { return Err(bad("")) };
        let next_octal = |rest: &str| rest.chars().next().and_then(|c| c.to_digit(8));
        Ok(match first {
            // A single digit would be a back reference, which RE2 does not have.
            '1'..='7' if next_octal(self.rest).is_none() => return Err(bad(&first.to_string())),
            '0'..='7' => {
                let mut code = first.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = next_octal(self.rest) else { break };
                    self.next();
                    code = code.saturating_mul(8).saturating_add(digit);
                }
                code
            }
            'x' => {
                let digits = match self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                    Some((digits, rest)) => {
                        self.rest = rest;
                        digits
                    }
                    None => {
                        let (digits, rest) = self.rest.split_at_checked(2).ok_or_else(|| bad("x"))?;
                        self.rest = rest;
                        digits
                    }
                };
                let hex = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
                let code = u32::from_str_radix(digits, 16).ok().filter(|code| hex && *code <= u32::from(char::MAX));
                code.ok_or_else(|| bad(&format!("x{digits}")))?
            }
            'a' => 7,
            'f' => 12,
            't' => 9,
            'n' => 10,
            'r' => 13,
            'v' => 11,
            other if other.is_ascii() && !other.is_ascii_alphanumeric() && other != '_' => u32::from(other),
            other => return Err(bad(&other.to_string())),
        })
    }

    /// Reads a bracket and writes it with every character spelled out.
    fn bracket(&mut self) -> Result<String, Mistake> {
        let at = self.at();
        self.skip("[");
        let mut class = String::from(if self.skip("^") { "[^" } else { "[" });
        let mut first = true;
        loop {
            if !first && self.skip("]") {
                class.push(']');
                return Ok(class);
            }
            first = false;
            if self.rest.is_empty() {
                return Err(self.mistake(at, "`[` that is never closed", "a `]` for it, or `\\[` for the character"));
            }
            if let Some((name, rest)) = self.rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) {
                let place = self.at();
                let (positive, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
                let Some(ranges) = class::posix(positive) else {
                    return Err(self.mistake(
                        place,
                        format!("the class name `{name}`"),
                        "a POSIX one, as in `[[:alpha:]]`",
                    ));
                };
                self.rest = rest;
                if negated {
                    let _ = write!(class, "[^{ranges}]");
                } else {
                    class.push_str(ranges);
                }
                continue;
            }
            match self.named_class()? {
                Some(named) => class.push_str(&named),
                None => self.range(&mut class)?,
            }
        }
    }

    /// Reads `a` or `a-z` inside a bracket.
    fn range(&mut self, class: &mut String) -> Result<(), Mistake> {
        let at = self.at();
        let start = self.rest;
        let low = self.range_end()?;
        let mut high = low;
        if let Some(rest) = self.rest.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with(']')) {
            self.rest = rest;
            high = self.range_end()?;
        }
        if high < low {
            let read = start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or(start);
            return Err(self.mistake(at, format!("the range `{read}`"), "its lower end first"));
        }
        // Text in UTF-8 has no surrogates, and Rust can't name them.
        let low = if (0xd800..=0xdfff).contains(&low) { 0xe000 } else { low };
        let high = if (0xd800..=0xdfff).contains(&high) { 0xd7ff } else { high };
        if low <= high {
            let _ = write!(class, r"\x{{{low:x}}}-\x{{{high:x}}}");
        } else {
            class.push_str(r"[^\x00-\x{10ffff}]");
        }
        Ok(())
    }

    fn range_end(&mut self) -> Result<u32, Mistake> {
        if self.peek() == Some('\\') {
            return self.character();
        }
        Ok(self.next().map_or(0, u32::from))
    }
}

/// One character, spelled so that it means nothing else.
fn written(code: u32) -> String {
    match char::from_u32(code) {
        Some(character) if character.is_ascii_alphanumeric() || character == '/' || character == '_' => {
            character.into()
        }
        Some(_) => format!(r"\x{{{code:x}}}"),
        None => r"[^\x00-\x{10ffff}]".into(),
    }
}
