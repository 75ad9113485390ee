//! The texts that a pattern requires.

use super::MAX_WRITTEN_NESTING;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// How many texts of a pattern are kept.
const MAX_LITERALS: usize = 8;
/// A text that is shorter says little about a value.
const MIN_LENGTH: usize = 2;

/// Texts that stand in every value that a translated pattern matches, the
/// longest first.
pub(super) fn required(translated: &str) -> Box<[Box<[u8]>]> {
    let parser = ParserBuilder::new().utf8(false).nest_limit(MAX_WRITTEN_NESTING).build().parse(translated);
    let mut found: Vec<Box<[u8]>> = Vec::new();
    if let Ok(pattern) = parser {
        collect(&pattern, &mut found);
    }
    found.sort_by_key(|literal| std::cmp::Reverse(literal.len()));
    found.truncate(MAX_LITERALS);
    found.into()
}

fn collect(pattern: &Hir, found: &mut Vec<Box<[u8]>>) {
    match pattern.kind() {
        HirKind::Literal(literal) => {
            let is_new = !found.contains(&literal.0);
            found.extend(Some(literal.0.clone()).filter(|literal| is_new && literal.len() >= MIN_LENGTH));
        }
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, found)),
        HirKind::Capture(group) => collect(&group.sub, found),
        HirKind::Repetition(repeated) if repeated.min > 0 => collect(&repeated.sub, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::matcher::Pattern;
    use proptest::prelude::*;

    fn required(pattern: &str) -> Vec<String> {
        let pattern = Pattern::new(pattern).unwrap();
        pattern.literals().iter().map(|literal| String::from_utf8_lossy(literal).into_owned()).collect()
    }

    #[test]
    fn what_every_match_has_in_it_is_required() {
        assert_eq!(required("/users/[^/]+/orders/[0-9]+"), ["/orders/", "/users/"]);
        assert_eq!(required("(?:/api)+(/v1)?.*"), ["/api"]);
        assert_eq!(required("/a|/b"), [""; 0]);
        assert_eq!(required("(?i)/users"), [""; 0]);
        assert_eq!(required("x(abc){0,3}y"), [""; 0]);
        assert_eq!(required("é+ab.ab"), ["é", "ab"]);
    }

    proptest! {
        #[test]
        fn a_match_has_all_of_them(pattern in "(/|a|b|ab|\\(a\\|b\\)|\\(ab\\)[*+?]|\\[ab\\]|\\.\\*){1,6}", value in "(/|a|b){0,8}") {
            let pattern = pattern.replace('\\', "");
            if let Ok(pattern) = Pattern::new(&pattern)
                && pattern.is_match(&value)
            {
                for literal in pattern.literals() {
                    prop_assert!(value.contains(std::str::from_utf8(literal).unwrap()));
                }
            }
        }
    }
}
