//! Scalars in one line: without quotes where every reader sees the same text,
//! else in double quotes.

use super::tree::Word;
use sergo::spec::quantity::Decimal;
use std::fmt::Write;

/// A word as it is written, in a line or between braces and brackets.
pub(super) fn written(word: &Word, is_flow: bool) -> String {
    match word {
        Word::Plain(text) => text.clone(),
        Word::Text(text) if is_text(text) && !(is_flow && is_for_flow(text)) => text.clone(),
        Word::Text(text) => quoted(text),
    }
}

/// Whether the text needs no quotes: it is this text, and neither a number nor
/// anything else, by YAML 1.1 as by YAML 1.2.
pub(super) fn is_text(text: &str) -> bool {
    const INDICATORS: [char; 19] =
        ['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];
    let is_broken = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}');
    !text.is_empty()
        && !text.starts_with(INDICATORS)
        && text.trim() == text
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(is_broken)
        && !is_word_of_yaml(text)
        && !looks_like_a_number(text)
}

/// Whether what stands between braces ends the text, or did for early readers.
fn is_for_flow(text: &str) -> bool {
    text.contains([',', '[', ']', '{', '}', ':', '#', '?'])
}

fn is_word_of_yaml(text: &str) -> bool {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];
    matches!(text, "~" | "<<" | "=") || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether any reader could take it for a number, a time of day or a date.
fn looks_like_a_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let is_based = ["0x", "0o", "0b"].iter().any(|base| {
        lower.strip_prefix(base).is_some_and(|rest| rest.chars().all(|char| char.is_ascii_hexdigit() || char == '_'))
    });
    let is_digits = lower.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && lower.chars().all(|char| char.is_ascii_digit() || matches!(char, '_' | '.' | ',' | ':' | '+' | '-' | 'e'));
    let is_date = text.len() >= 8
        && text.chars().take(4).all(|char| char.is_ascii_digit())
        && text.chars().nth(4) == Some('-')
        && text.chars().nth(5).is_some_and(|char| char.is_ascii_digit());
    is_based || is_digits || is_date || matches!(&*lower, ".inf" | ".nan") || Decimal::parse(text).is_some()
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let code = u32::from(char);
                // Writing to a text never fails.
                let _ = if code < 0x100 { write!(quoted, "\\x{code:02x}") } else { write!(quoted, "\\u{code:04x}") };
            }
            char => quoted.push(char),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_reader_takes_for_text_needs_no_quotes() {
        for text in [
            "a",
            "GET:/foo",
            "/foo",
            "60%",
            "500ms",
            "1s",
            "v1",
            "a b",
            "x: y".get(..1).unwrap(),
            "http://a:80/b",
            "^/a+$",
            "é",
            "foo-app",
            "a#b",
            "it's",
            "1.2.3-rc",
            "0.5%",
            "1d",
            "a\\d+",
            "networking.istio.io/v1",
            "a,b",
            "f{x}",
        ] {
            assert_eq!(written(&Word::Text(text.into()), false), text);
        }
    }

    #[test]
    fn what_any_reader_takes_for_something_else_is_quoted() {
        for text in [
            "",
            " ",
            "a ",
            "~",
            "null",
            "NULL",
            "True",
            "yes",
            "NO",
            "On",
            "y",
            "1",
            "-1",
            "+1.5",
            "1e3",
            ".5",
            "0x1F",
            "0o7",
            "0b1",
            "1_000",
            "190:20:30",
            "2001-12-14",
            ".inf",
            "-.INF",
            ".nan",
            "<<",
            "=",
            "*",
            "*.a",
            "a: b",
            "a:",
            "a #b",
            "- a",
            "-a",
            "? a",
            "{a",
            "[a",
            "'a'",
            "\"a",
            "%a",
            "@a",
            "`a",
            "!a",
            "&a",
            "|",
            ">",
            "#a",
            "1.0",
            "01",
            "007",
            "1,000",
            "12:30",
        ] {
            assert!(written(&Word::Text(text.into()), false).starts_with('"'), "{text:?}");
        }
    }

    #[test]
    fn between_braces_more_needs_quotes() {
        for text in ["a,b", "GET:/foo", "f{x}", "a[0]"] {
            assert_eq!(written(&Word::Text(text.into()), true), format!("{text:?}"));
        }
        assert_eq!(written(&Word::Text("/foo".into()), true), "/foo");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(quoted("a\"\\\n\t\r\u{7}\u{85}\u{2028}é😀"), "\"a\\\"\\\\\\n\\t\\r\\x07\\x85\\u2028é😀\"");
    }

    #[test]
    fn what_was_written_without_quotes_stays_so() {
        for text in ["1", "yes", "~", "null", "-a"] {
            assert_eq!(written(&Word::Plain(text.into()), false), text);
        }
    }
}
