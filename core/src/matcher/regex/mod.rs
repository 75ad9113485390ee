//! Regular expressions as RE2 reads them, matched over the whole value.
//!
//! Rust's `regex` has another dialect: there `\d` is Unicode, `{id}` is an
//! error, `[a&&b]` an intersection and `(?x)` a flag. So a pattern is first read
//! by RE2's grammar (`dialect`), refused where RE2 refuses it, and written out
//! again in a form that has only one reading.

mod class;
mod dialect;
mod first;
mod literal;
mod substitution;

pub use substitution::Substitution;

use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

/// The longest pattern, in bytes.
pub const MAX_LENGTH: usize = 4096;
/// The most memory that a compiled pattern may take, in bytes: it bounds the
/// time of compiling as well.
const MAX_COMPILED: usize = 2 << 20;
/// The most memory that matching may keep for its state cache, in bytes.
const MAX_CACHE: usize = 1 << 20;
/// How deep what [`dialect`] writes may nest: its own bound on groups, times the
/// wrappers that one group can get.
const MAX_WRITTEN_NESTING: u32 = 1000;

/// A compiled pattern. Two are equal when they were written alike.
#[derive(Clone)]
pub struct Pattern {
    written: Box<str>,
    whole: Regex,
    literals: Box<[Box<[u8]>]>,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, counted in characters from 1.
    pub at: usize,
    /// What was found there.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}; expected {}", self.found, self.at, self.expected)
    }
}

impl Pattern {
    /// Reads and compiles a pattern.
    ///
    /// # Errors
    /// A [`Mistake`] where RE2 would refuse it, where it is empty, longer than
    /// [`MAX_LENGTH`], or takes too much memory once compiled.
    pub fn new(written: &str) -> Result<Pattern, Mistake> {
        if written.is_empty() {
            return Err(Mistake {
                at: 1,
                found: "an empty pattern".into(),
                expected: "a pattern; `.*` is any value".into(),
            });
        }
        let translated = translate(written)?;
        let whole = compile(&format!(r"\A(?:{translated})\z"))?;
        Ok(Pattern { written: written.into(), whole, literals: literal::required(&translated) })
    }

    /// Whether the pattern matches the whole value.
    #[must_use]
    pub fn is_match(&self, value: &str) -> bool {
        self.whole.is_match(value.as_bytes())
    }

    /// Texts that every value has in it which matches, the longest first.
    #[must_use]
    pub fn literals(&self) -> &[Box<[u8]>] {
        &self.literals
    }

    /// Whether a value that it matches may begin with this byte, of ASCII. Worked
    /// out anew each time.
    #[must_use]
    pub fn may_begin_with(&self, byte: u8) -> bool {
        translate(&self.written).map_or(true, |translated| first::may_begin_with(&translated, byte))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// A pattern in the form that Rust's `regex` reads as RE2 would.
fn translate(written: &str) -> Result<String, Mistake> {
    if written.len() > MAX_LENGTH {
        return Err(Mistake {
            at: MAX_LENGTH,
            found: format!("a pattern of {} bytes", written.len()),
            expected: format!("at most {MAX_LENGTH} bytes"),
        });
    }
    dialect::translate(written)
}

fn compile(translated: &str) -> Result<Regex, Mistake> {
    RegexBuilder::new(translated)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_CACHE)
        .nest_limit(MAX_WRITTEN_NESTING)
        .build()
        .map_err(|error| Mistake {
            at: 1,
            found: match error {
                regex::Error::CompiledTooBig(_) => "a pattern that takes too much memory once compiled".into(),
                other => format!("a pattern that cannot be compiled ({other})"),
            },
            expected: format!("one that compiles into {} KiB: fewer or smaller repeats", MAX_COMPILED >> 10),
        })
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.written).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern).unwrap_or_else(|mistake| panic!("{pattern}: {mistake}")).is_match(value)
    }

    fn refused(pattern: &str) -> Mistake {
        Pattern::new(pattern).err().unwrap_or_else(|| panic!("{pattern} was taken"))
    }

    #[test]
    fn the_whole_value_matches() {
        assert!(matches("a|ab", "ab"));
        assert!(!matches("a", "ab"));
        assert!(matches("^a$", "a"));
        assert!(matches(".*", ""));
        assert!(!matches(".*", "a\nb"));
        assert!(matches("(?s).*", "a\nb"));
    }

    #[test]
    fn braces_that_are_no_repeat_are_literal() {
        assert!(matches("/users/{id}", "/users/{id}"));
        assert!(matches("a{,2}", "a{,2}"));
        assert!(matches("a{2", "a{2"));
        assert!(matches("a{01}", "a{01}"));
        assert!(matches("{", "{"));
        assert!(matches("a{2}", "aa"));
        assert!(matches("a{2,}", "aaaa"));
        assert!(matches("a{1,2}?", "aa"));
    }

    #[test]
    fn perl_classes_are_ascii() {
        assert!(matches(r"\d+", "123"));
        assert!(!matches(r"\d", "\u{0663}"));
        assert!(!matches(r"\w", "é"));
        assert!(matches(r"\W", "é"));
        assert!(!matches(r"\s", "\u{a0}"));
        assert!(!matches(r"\s", "\u{b}"), "a vertical tab is no Perl space");
        assert!(matches("[[:space:]]", "\u{b}"), "but a POSIX one");
        assert!(matches(r"é\bx", "éx"), "a word boundary is ASCII too");
        assert!(matches(r"[^\D]", "1"));
    }

    #[test]
    fn signs_that_only_rust_knows_are_plain_characters() {
        assert!(matches("[a&&b]+", "a&b"));
        assert!(matches("[a--b]".replace("--", "-").as_str(), "b"));
        assert!(matches("[a~~b]+", "~a"));
        assert!(matches("[[a]", "["));
        assert!(matches("[[.a.]]", "a]"));
        assert!(matches("[]a]+", "]a"));
        assert!(matches("[^]a]", "b"));
        assert!(matches("[a-]+", "-a"));
        assert!(matches("a#b c", "a#b c"));
    }

    #[test]
    fn quoting_is_literal_to_its_end() {
        assert!(matches(r"\Q.+\E+", ".++"));
        assert!(matches(r"\Qa.b", "a.b"));
        assert!(matches(r"\Q\\E", r"\"));
        assert!(refused(r"\E").found.contains(r"\E"));
    }

    #[test]
    fn escapes_are_those_of_re2() {
        assert!(matches(r"\x41\x{42}\103\0", "ABC\0"));
        assert!(matches(r"\-\/\ \#", "-/ #"));
        assert!(matches(r"\a\f\t\n\r\v", "\u{7}\u{c}\t\n\r\u{b}"));
        assert!(matches(r"\pL\p{Greek}\P{Lu}\PN\p{^Lu}", "aβcde"));
        assert!(matches(r"\p{Any}", "x"));
        for bad in [r"\1", r"\8", r"\Z", r"\G", r"\R", r"\X", r"\h", r"\x4", r"\x{110000}", r"\xZZ", r"\é", "\\"] {
            refused(bad);
        }
        for bad in [r"\p{Foo}", r"\p{greek}", r"\p{Alphabetic}", r"\pX", r"\p{L", r"\p{gc=L}"] {
            refused(bad);
        }
    }

    #[test]
    fn stacked_repeats_are_refused_with_their_place() {
        for (bad, at) in [("a**", 3), ("a++", 3), ("a*+", 3), ("a???", 4), ("ab{2}{3}", 6), ("*a", 1), ("a|*", 3)] {
            assert_eq!(refused(bad).at, at, "{bad}");
        }
        assert!(matches("(a*)*", "aa"));
        assert!(matches("(?:a{2}){3}", "aaaaaa"));
    }

    #[test]
    fn repeats_are_bounded() {
        assert!(matches("a{1000}", &"a".repeat(1000)));
        for bad in ["a{1001}", "a{2,1}", "a{0,1001}", "((a{100}){100})", "(a{40}){40}"] {
            refused(bad);
        }
        refused(r"(\pL{100}){9}");
    }

    #[test]
    fn groups_and_flags_are_those_of_re2() {
        assert!(matches("(?P<n>a)(?<n>b)(?:c)", "abc"));
        assert!(matches("(?i)ab(?-i:c)", "ABc"));
        assert!(!matches("(?i)ab(?-i:c)", "ABC"));
        assert!(matches("(a(?i)b)c", "aBc"));
        assert!(!matches("(a(?i)b)c", "aBC"));
        assert!(matches("a(?i)|B", "b"));
        assert!(matches("(?i)\u{212a}", "k"), "folding is Unicode's");
        assert!(matches("(?U)a+(?)", "aa"));
        assert!(matches("a(?i)*", "aaa"), "a flag is nothing to repeat, what stands before it is");
        assert!(matches("a{2}(?i)?", ""), "the `?` repeats, it does not make lazy");
        for bad in ["(?x)a", "(?u)a", "(?i-)a", "(?-)", "(?=a)", "(?!a)", "(?<=a)", "(?>a)", "(?#a)", "(?P=n)", "(?R)"]
        {
            refused(bad);
        }
        for bad in ["(a", "a)", "(?P<>a)", "(?P<a", "(?", "[a", "[b-a]", "[", "[^", r"[\8]"] {
            refused(bad);
        }
    }

    #[test]
    fn an_empty_pattern_and_an_endless_one_are_refused() {
        assert_eq!(refused("").at, 1);
        refused(&"a".repeat(MAX_LENGTH + 1));
        refused(&"(".repeat(1000));
        refused(&format!("{}{}", "(".repeat(300), ")".repeat(300)));
        assert!(matches(&format!("{}a{}", "(?:".repeat(150), ")?".repeat(150)), "a"));
    }

    #[test]
    fn an_error_says_where_what_and_what_would_be_right() {
        assert_eq!(
            refused("/a(?=b)").to_string(),
            "`(?=` at character 3; expected one of `(?:`, `(?P<name>`, `(?<name>` and the flags i, m, s, U: \
             RE2 does not look around"
        );
    }
}
