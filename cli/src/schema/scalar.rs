//! The shapes of single values, as the core's reader takes them.

use super::shape::Shape;
use serde_json::json;

/// Anything: the reader knows the field and does not look at it.
pub(super) fn anything(about: &str) -> Shape {
    Shape::new(&[], about)
}

/// Nothing: the reader knows the field, to call it a mistake.
pub(super) fn none(about: &str) -> Shape {
    Shape::new(&[], about).or_nothing()
}

/// A field that does nothing, of which the core warns; editors strike it through.
pub(super) fn idle(why: &str) -> Shape {
    anything(&format!("Does nothing here: {why}.")).keyword("deprecationMessage", json!(why))
}

/// Text. A bare number or boolean is the text as written.
pub(super) fn text(about: &str) -> Shape {
    Shape::new(&["string", "number", "boolean"], about)
}

/// Text that is not empty.
pub(super) fn filled(about: &str) -> Shape {
    text(about).keyword("minLength", json!(1))
}

/// Text of a form; `expected` is told where it has another.
pub(super) fn like(about: &str, pattern: &str, expected: &str) -> Shape {
    text(about).keyword("pattern", json!(pattern)).keyword("patternErrorMessage", json!(expected))
}

/// One of these words.
pub(super) fn words(about: &str, words: &[&str]) -> Shape {
    Shape::new(&["string"], about).keyword("enum", json!(words))
}

/// One of these words, each with its meaning.
pub(super) fn meant(about: &str, meanings: &[(&str, &str)]) -> Shape {
    let told: Vec<String> = meanings.iter().map(|(word, meaning)| format!("{word}: {meaning}")).collect();
    let names: Vec<&str> = meanings.iter().map(|(word, _)| *word).collect();
    let meanings: Vec<&str> = meanings.iter().map(|(_, meaning)| *meaning).collect();
    words(&format!("{about}. {}", told.join("; ")), &names).keyword("enumDescriptions", json!(meanings))
}

/// `true` or `false`.
pub(super) fn boolean(about: &str) -> Shape {
    Shape::new(&["boolean"], about)
}

/// A whole number in bounds.
pub(super) fn whole(about: &str, least: u64, most: Option<u64>) -> Shape {
    bounded(Shape::new(&["integer"], about), least, most)
}

/// A number in bounds, perhaps with a fraction.
pub(super) fn number(about: &str, least: u64, most: Option<u64>) -> Shape {
    bounded(Shape::new(&["number"], about), least, most)
}

fn bounded(shape: Shape, least: u64, most: Option<u64>) -> Shape {
    let shape = shape.keyword("minimum", json!(least));
    match most {
        Some(most) => shape.keyword("maximum", json!(most)),
        None => shape,
    }
}

/// A whole number that may stand in quotes, too.
pub(super) fn whole_or_text(about: &str, most: Option<u64>) -> Shape {
    whole(about, 0, most).or(like("", r"^\+?[0-9]+$", "a whole number of at least 0")).only(&["integer", "string"])
}

/// A percentage, as a number.
pub(super) fn percent(about: &str) -> Shape {
    number(about, 0, Some(100))
}

const DURATION: &str = r"(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|min|minute|m|h|d))+$";
/// The longest duration, in milliseconds.
const LONGEST: u64 = u64::MAX / 1_000_000;

/// A duration.
pub(super) fn duration(about: &str) -> Shape {
    spans(about, &format!("^{DURATION}"), 0, "a duration like 500ms, 1s, 1.5s, 5min or 1h2m")
}

/// A duration over zero.
pub(super) fn duration_over_zero(about: &str) -> Shape {
    let pattern = format!("^(?=.*[1-9]){DURATION}");
    spans(about, &pattern, 1, "a duration over zero like 500ms, 1s, 1.5s, 5min or 1h2m")
}

fn spans(about: &str, pattern: &str, least: u64, expected: &str) -> Shape {
    Shape::new(&["string", "integer"], about)
        .hint("Durations are like 500ms, 1.5s, 5min or 1h2m; a bare number is milliseconds")
        .keyword("pattern", json!(pattern))
        .keyword("patternErrorMessage", json!(expected))
        .keyword("minimum", json!(least))
        .keyword("maximum", json!(LONGEST))
}

/// A share from 0 to 1.
pub(super) fn ratio(about: &str) -> Shape {
    const SHARE: &str =
        concat!(r"^\+?(0*100(\.0*)?|0*[0-9]{1,2}(\.[0-9]*)?|\.[0-9]+)%$", r"|^\+?(0*1(\.0*)?|0+(\.[0-9]*)?|\.[0-9]+)$");
    number(about, 0, Some(1))
        .hint("Ratios are from 0 to 1, like 60% or 0.6")
        .or(like("", SHARE, "a ratio from 0 to 1 like 60% or 0.6"))
        .only(&["string", "number"])
}

/// A map of texts with any keys.
pub(super) fn texts(about: &str) -> Shape {
    Shape::new(&["object"], about).others(text(""))
}

/// A host as one that is called, without `*` and port.
pub(super) fn host(about: &str) -> Shape {
    like(about, &format!("^({NAME}|{ADDRESS})$"), "the name of one host, without `*` and port")
        .keyword("maxLength", json!(253))
}

/// A host, perhaps with a `*` at one end.
pub(super) fn hosts(about: &str) -> Shape {
    let pattern =
        format!(r"^(\*|(?=.{{1,253}}$){NAME}|{ADDRESS}|\*\.?(?=.{{1,253}}$){NAME}|(?=.{{1,255}}$){NAME}\.?\*)$");
    like(about, &pattern, "a host name, perhaps with a `*` at one end, without port")
}

/// Labels with dots between them.
const NAME: &str = r"[A-Za-z0-9_\-\u0080-\uffff]+(\.[A-Za-z0-9_\-\u0080-\uffff]+)*";
/// An address of version 6, in brackets or not; one of version 4 is a name, too.
const ADDRESS: &str = r"\[[0-9A-Fa-f:.]+\]|(?=.*:.*:)[0-9A-Fa-f:.]+";

/// The name of an HTTP header.
pub(super) const TOKEN: &str = r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$";
/// The same, or one like `:authority`.
pub(super) const FIELD_NAME: &str = r"^:?[A-Za-z0-9!#$%&'*+\-.^_`|~]+$";

/// A text without control characters.
pub(super) fn label(about: &str) -> Shape {
    like(about, r"^[^\u0000-\u001f\u007f-\u009f]+$", "a label, without control characters")
}

/// An address or a range of them.
pub(super) fn subnet(about: &str) -> Shape {
    like(about, r"^[0-9A-Fa-f:.]+(/\+?[0-9]{1,3})?$", "an address or a range of them, as in 10.1.0.0/16")
        .only(&["string"])
        .example("10.1.0.0/16")
}

/// A port.
pub(super) fn port(about: &str) -> Shape {
    whole(about, 1, Some(65_535))
}
