//! YAML as somebody would write it.

use serde_json::Value;
use sergo::spec::quantity::Decimal;

/// The lines of a value, below a key or behind a dash: one where it stands on the
/// line itself.
pub(super) enum Block {
    Inline(String),
    Below(Vec<String>),
}

/// A value as YAML, in blocks.
pub(super) fn block(value: &Value) -> Block {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            Block::Below(entries.iter().flat_map(|(key, value)| entry(key, block(value))).collect())
        }
        Value::Array(items) if !items.is_empty() => {
            Block::Below(items.iter().flat_map(|item| dash(lines(item))).collect())
        }
        Value::String(text) => Block::Inline(scalar(text)),
        other => Block::Inline(other.to_string()),
    }
}

/// The lines of a value that stands by itself.
pub(super) fn lines(value: &Value) -> Vec<String> {
    match block(value) {
        Block::Inline(text) => vec![text],
        Block::Below(lines) => lines,
    }
}

/// A key and its value.
pub(super) fn entry(key: &str, value: Block) -> Vec<String> {
    let key = scalar(key);
    match value {
        Block::Inline(text) => vec![format!("{key}: {text}")],
        Block::Below(lines) => [format!("{key}:")].into_iter().chain(indented(lines)).collect(),
    }
}

/// Lines two columns further in.
pub(super) fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| if line.is_empty() { line } else { format!("  {line}") })
}

/// An item of a list. What is a comment before its first line stays before the dash.
pub(super) fn dash(lines: Vec<String>) -> Vec<String> {
    let first = lines.iter().position(|line| !line.starts_with('#')).unwrap_or(0);
    let mark = |(index, line): (usize, String)| match index.cmp(&first) {
        std::cmp::Ordering::Less => line,
        std::cmp::Ordering::Equal => format!("- {line}"),
        std::cmp::Ordering::Greater => format!("  {line}"),
    };
    lines.into_iter().enumerate().map(mark).collect()
}

/// A text, in quotes where it would be read as something else without them.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(char::is_control) {
        Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn is_plain(text: &str) -> bool {
    const OTHERS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./%,".contains(&byte);
    let is_number = || Decimal::parse(text).is_some();
    let is_date = || text.starts_with(|first: char| first.is_ascii_digit()) && text.contains(['-', '_', '.']);
    let is_other = || OTHERS.contains(&text.to_ascii_lowercase().as_str());
    let sentence = |word: &str| !word.is_empty() && word.bytes().all(plain);
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/')
        && text.split(' ').all(sentence)
        && !is_number()
        && !is_date()
        && !is_other()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_in_quotes_where_it_has_to_be() {
        for plain in ["cart", "/cart", "1s", "60%", "Too many requests, please try again later.", "5xx,503"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, quoted) in
            [("1", "'1'"), ("1.5", "'1.5'"), ("", "''"), ("yes", "'yes'"), ("a: b", "'a: b'"), ("it's", "'it''s'")]
        {
            assert_eq!(scalar(text), quoted);
        }
        assert_eq!((scalar("*"), scalar("=="), scalar("a\nb")), ("'*'".into(), "'=='".into(), "\"a\\nb\"".into()));
        assert_eq!((scalar("2024-01-01"), scalar("a #b")), ("'2024-01-01'".into(), "'a #b'".into()));
    }

    #[test]
    fn blocks() {
        let value = json!({"a": [{"b": 1, "c": {}}, "x"], "d": {"e": "f"}, "g": null});
        let expected = ["a:", "  - b: 1", "    c: {}", "  - x", "d:", "  e: f", "g: null"];
        assert_eq!(lines(&value), expected);
        assert_eq!(dash(vec!["# why".into(), "a: 1".into(), "b: 2".into()]), ["# why", "- a: 1", "  b: 2"]);
    }
}
