//! How a value may begin that a pattern matches.

use super::MAX_WRITTEN_NESTING;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Whether a value that a translated pattern matches may begin with this byte, of
/// ASCII. Where nobody knows, it may.
pub(super) fn may_begin_with(translated: &str, byte: u8) -> bool {
    let parser = ParserBuilder::new().utf8(false).nest_limit(MAX_WRITTEN_NESTING).build().parse(translated);
    parser.map_or(true, |pattern| begins(&pattern, byte).0)
}

/// Whether a match may begin with the byte, and whether it may be empty.
fn begins(pattern: &Hir, byte: u8) -> (bool, bool) {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => (false, true),
        HirKind::Literal(literal) => (literal.0.first() == Some(&byte), false),
        HirKind::Class(Class::Unicode(class)) => {
            let letter = char::from(byte);
            (class.ranges().iter().any(|range| range.start() <= letter && letter <= range.end()), false)
        }
        HirKind::Class(Class::Bytes(class)) => {
            (class.ranges().iter().any(|range| range.start() <= byte && byte <= range.end()), false)
        }
        HirKind::Repetition(repeated) => {
            let (is, may_be_empty) = begins(&repeated.sub, byte);
            (is, may_be_empty || repeated.min == 0)
        }
        HirKind::Capture(group) => begins(&group.sub, byte),
        HirKind::Concat(parts) => {
            for part in parts {
                match begins(part, byte) {
                    (true, _) => return (true, false),
                    (false, false) => return (false, false),
                    (false, true) => {}
                }
            }
            (false, true)
        }
        HirKind::Alternation(parts) => parts.iter().fold((false, false), |(is, may_be_empty), part| {
            let (other, other_empty) = begins(part, byte);
            (is || other, may_be_empty || other_empty)
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::matcher::Pattern;

    #[test]
    fn what_a_value_may_begin_with() {
        for pattern in ["/a", ".*", "^/a", "(x?)/", "a|/b", "[^a]+", "(?i)/A", "a*/", "\\/x", "(/|x)+", "$|/"] {
            assert!(Pattern::new(pattern).unwrap().may_begin_with(b'/'), "{pattern}");
        }
        for pattern in ["a", "a/.*", "^orders", "(a|b)/", "a+/", "[a-z]*x", "$", "\\d+/"] {
            assert!(!Pattern::new(pattern).unwrap().may_begin_with(b'/'), "{pattern}");
        }
    }
}
