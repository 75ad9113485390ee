//! One string against what a rule asks of it.

use super::Pattern;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What a rule asks of a string: exactly one of the three forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// `exact`: these bytes.
    Exact(Box<str>),
    /// `prefix`: begins with these bytes.
    Prefix(Box<str>),
    /// `regex`: the whole value matches.
    Regex(Pattern),
}

impl Text {
    /// Whether the value is what the rule asks for.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Text::Exact(exact) => **exact == *value,
            Text::Prefix(prefix) => value.starts_with(&**prefix),
            Text::Regex(pattern) => pattern.is_match(value),
        }
    }

    /// As [`Text::matches`], the case of ASCII letters aside for `exact` and
    /// `prefix`; a regular expression says itself what it thinks of case.
    #[must_use]
    pub fn matches_ignoring_case(&self, value: &str) -> bool {
        match self {
            Text::Exact(exact) => exact.eq_ignore_ascii_case(value),
            Text::Prefix(prefix) => {
                value.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
            }
            Text::Regex(pattern) => pattern.is_match(value),
        }
    }
}

/// As rules write it: `{"exact": ".."}`, `{"prefix": ".."}`, `{"regex": ".."}`.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (form, text) = match self {
            Text::Exact(exact) => ("exact", &**exact),
            Text::Prefix(prefix) => ("prefix", &**prefix),
            Text::Regex(pattern) => ("regex", pattern.as_str()),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(form, text)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_of_bytes() {
        let prefix = Text::Prefix("/foo".into());
        assert!(prefix.matches("/foobar"));
        assert!(!prefix.matches("/Foo"));
        assert!(prefix.matches_ignoring_case("/FOO"));
        assert!(!prefix.matches_ignoring_case("/fo"));
        assert!(!prefix.matches_ignoring_case("/fö€"));
    }

    #[test]
    fn exact_is_all_of_it() {
        let exact = Text::Exact("".into());
        assert!(exact.matches(""));
        assert!(!exact.matches(" "));
        assert!(Text::Exact("A".into()).matches_ignoring_case("a"));
    }

    #[test]
    fn a_regex_keeps_its_own_case() {
        let regex = Text::Regex(Pattern::new("/a+").unwrap());
        assert!(!regex.matches_ignoring_case("/A"));
        assert!(regex.matches_ignoring_case("/aa"));
    }
}
