//! A part of a request and what it is compared with, as label rules write them.

use super::Pattern;

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The header of this name.
    Header(Box<str>),
    /// The path without its query.
    Path,
    /// The query parameter of this name.
    Query(Box<str>),
    /// The cookie of this name.
    Cookie(Box<str>),
    /// The method.
    Method,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`.
    Is(Box<str>),
    /// `!=`: also true of a value that is missing.
    IsNot(Box<str>),
    /// `=~`: the whole value matches.
    Matches(Pattern),
    /// `in`.
    OneOf(Vec<Box<str>>),
    /// `^=`.
    BeginsWith(Box<str>),
}

impl Comparison {
    /// Whether it holds for a value, which may be missing.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Comparison::IsNot(text), value) => value != Some(&**text),
            (_, None) => false,
            (Comparison::Is(text), Some(value)) => **text == *value,
            (Comparison::Matches(pattern), Some(value)) => pattern.is_match(value),
            (Comparison::OneOf(texts), Some(value)) => texts.iter().any(|text| **text == *value),
            (Comparison::BeginsWith(text), Some(value)) => value.starts_with(&**text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_holds_for_what_is_missing() {
        let pattern = Pattern::new(".*").unwrap();
        let all = [
            Comparison::Is("".into()),
            Comparison::IsNot("".into()),
            Comparison::Matches(pattern),
            Comparison::OneOf(vec!["".into(), "a".into()]),
            Comparison::BeginsWith("".into()),
        ];
        let holds = |value| all.iter().map(|comparison| comparison.holds(value)).collect::<Vec<_>>();
        assert_eq!(holds(None), [false, true, false, false, false]);
        assert_eq!(holds(Some("")), [true, false, true, true, true]);
        assert_eq!(holds(Some("a")), [false, true, true, true, true]);
        assert_eq!(holds(Some("b")), [false, true, true, false, true]);
    }
}
