//! Replacing what a pattern matches, as RE2's `GlobalReplace` does.

use super::{Mistake, Regex, compile, translate};
use regex::bytes::Captures;
use std::fmt;

/// A pattern and what takes the place of each of its matches.
#[derive(Clone)]
pub struct Substitution {
    written: (Box<str>, Box<str>),
    pattern: Regex,
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Substitution {
    /// Reads a pattern, matched anywhere, and its replacement, in which `\1` to
    /// `\9` are what the groups matched, `\0` is the whole match and `\\` a
    /// backslash.
    ///
    /// # Errors
    /// `Err((true, ..))` for a mistake in the replacement, `Err((false, ..))`
    /// for one in the pattern.
    pub fn new(pattern: &str, replacement: &str) -> Result<Substitution, (bool, Mistake)> {
        let compiled = translate(pattern).and_then(|pattern| compile(&pattern)).map_err(|mistake| (false, mistake))?;
        let pieces = read(replacement, compiled.captures_len()).map_err(|mistake| (true, mistake))?;
        Ok(Substitution { written: (pattern.into(), replacement.into()), pattern: compiled, pieces })
    }

    /// The pattern and its replacement, as written.
    #[must_use]
    pub fn as_written(&self) -> (&str, &str) {
        (&self.written.0, &self.written.1)
    }

    /// The text with every match replaced.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let replaced = self.pattern.replace_all(text.as_bytes(), |found: &Captures<'_>| {
            let mut piece_bytes = Vec::new();
            for piece in &self.pieces {
                match piece {
                    Piece::Text(text) => piece_bytes.extend_from_slice(text.as_bytes()),
                    Piece::Group(number) => {
                        piece_bytes
                            .extend_from_slice(found.get(*number).map_or(b"".as_slice(), |group| group.as_bytes()));
                    }
                }
            }
            piece_bytes
        });
        String::from_utf8_lossy(&replaced).into_owned()
    }
}

fn read(replacement: &str, groups: usize) -> Result<Vec<Piece>, Mistake> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut characters = replacement.chars().zip(1..);
    while let Some((character, at)) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        let next = characters.next().map(|(next, _)| next);
        match next.and_then(|next| next.to_digit(10)).and_then(|digit| usize::try_from(digit).ok()) {
            Some(number) if number < groups => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Group(number));
            }
            Some(number) => {
                return Err(Mistake {
                    at,
                    found: format!("the group `\\{number}`"),
                    expected: format!("a group that the pattern has: it has {}", groups.saturating_sub(1)),
                });
            }
            None if next == Some('\\') => text.push('\\'),
            None => {
                return Err(Mistake {
                    at,
                    found: "a `\\` without a digit behind it".into(),
                    expected: "`\\0` to `\\9`, or `\\\\` for the character".into(),
                });
            }
        }
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

impl fmt::Debug for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Substitution").field(&self.written.0).field(&self.written.1).finish()
    }
}

impl PartialEq for Substitution {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Substitution {}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, replacement: &str, text: &str) -> String {
        Substitution::new(pattern, replacement).unwrap().apply(text)
    }

    #[test]
    fn every_match_is_replaced() {
        assert_eq!(replaced("a", "b", "banana"), "bbnbnb");
        assert_eq!(replaced("(a)(n)?", r"[\2\1\0\\]", "ana"), r"[naan\][aa\]");
        assert_eq!(replaced("x*", "-", "ab"), "-a-b-");
        assert_eq!(replaced("^/api(/.*)?$", r"\1", "/api/v1"), "/v1");
        assert_eq!(replaced("é", "e", "été"), "ete");
    }

    #[test]
    fn a_mistake_is_told_of_its_half() {
        assert!(!Substitution::new("(", "").unwrap_err().0);
        for replacement in [r"\1", r"\x", r"\"] {
            let (in_replacement, mistake) = Substitution::new("a", replacement).unwrap_err();
            assert!(in_replacement && mistake.at == 1, "{replacement}");
        }
    }
}
