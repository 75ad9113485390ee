//! The typed way through a document: asks for fields by name and type, and
//! notes every mistake on the way with its path and place.
//!
//! ```
//! use sergo::spec::diagnostic::Identity;
//! use sergo::spec::reader::{Notes, Object};
//!
//! let node = sergo::spec::yaml::documents("threshold: ten\nlimitMod: Local").remove(0).unwrap();
//! let notes = Notes::new(Identity::default(), "rules.yaml");
//! let mut spec = Object::root(&node, &notes).unwrap();
//! let threshold = spec.take("threshold").required().number();
//! let mode = spec.take("limitMode").one_of(&[("Local", 1), ("Global", 2)]);
//! spec.finish(); // warns of what nobody asked for
//! assert_eq!((threshold, mode), (None, None));
//! let (errors, warnings) = notes.into_parts();
//! assert_eq!((errors[0].field.as_str(), warnings[0].field.as_str()), ("threshold", "limitMod"));
//! ```
//!
//! A value of the wrong type and an absent one are both `None`; what is wrong
//! has been noted, so a document is good when its [`Notes`] hold no error.

use super::code::Code;
use super::node::{Entry, Node, Place, Value};
pub use super::notes::Notes;
use super::quantity::{self, Decimal};
use crate::ratio::Ratio;
use crate::time::Span;
use std::ops::RangeInclusive;

/// A map whose keys are asked for one by one.
#[derive(Debug)]
pub struct Object<'n> {
    notes: &'n Notes,
    entries: &'n [Entry],
    path: String,
    place: Place,
    asked: Vec<&'static str>,
}

impl<'n> Object<'n> {
    /// The document itself, whose paths begin at nothing; `None`, and noted,
    /// when it is no map.
    #[must_use]
    pub fn root(node: &'n Node, notes: &'n Notes) -> Option<Self> {
        let (path, place) = (String::new(), node.place);
        Field { notes, node: Some(node), path, place, key: place, required: true }.object()
    }

    /// Asks for a key. It may be absent.
    pub fn take(&mut self, key: &'static str) -> Field<'n> {
        self.asked.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key);
        Field {
            notes: self.notes,
            node: entry.map(|entry| &entry.node),
            path: join(&self.path, key),
            place: entry.map_or(self.place, value_place),
            key: entry.map_or(self.place, |entry| entry.place),
            required: false,
        }
    }

    /// Knows a key without looking at it.
    pub fn skip(&mut self, keys: &[&'static str]) {
        self.asked.extend_from_slice(keys);
    }

    /// The path of this map.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes a mistake of the map as a whole: fields that cannot stand together.
    pub fn wrong(&self, code: Code, found: &str, expected: &str) {
        self.notes.tell(code, &self.path, self.place, found, expected);
    }

    /// Warns of every key that nobody has asked for.
    pub fn finish(self) {
        for entry in self.entries {
            if self.asked.contains(&entry.key.as_str()) {
                continue;
            }
            let expected = match nearest(&entry.key, &self.asked) {
                Some(name) => format!("{name:?}: did you mean that?"),
                None if self.asked.is_empty() => "no field".to_owned(),
                None => format!("one of {}", self.asked.join(", ")),
            };
            let path = join(&self.path, &entry.key);
            let found = "an unknown field, which does nothing";
            self.notes.tell(Code::UnknownField, &path, entry.place, found, &expected);
        }
    }
}

/// A value that is not there stands where its key does.
fn value_place(entry: &Entry) -> Place {
    if entry.node.is_null() { entry.place } else { entry.node.place }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { [path, ".", key].concat() }
}

/// The known word that is most like `word`, if any is like it at all.
#[must_use]
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let lower = word.to_lowercase();
    known
        .iter()
        .map(|known| match known.to_lowercase() {
            // An abbreviation.
            whole if lower.len() > 3 && whole.starts_with(&lower) => (1, *known),
            whole => (strsim::osa_distance(&lower, &whole), *known),
        })
        .filter(|(distance, known)| *distance <= known.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// A value that may be there, at its path.
#[derive(Clone, Debug)]
pub struct Field<'n> {
    notes: &'n Notes,
    node: Option<&'n Node>,
    path: String,
    place: Place,
    /// Where its key is: the place of what is missing in it.
    key: Place,
    required: bool,
}

impl<'n> Field<'n> {
    /// Makes its absence a mistake; noted when the value is asked for.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Its path from the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it stands, or the map that it is missing from.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// Where the document's notes go.
    #[must_use]
    pub fn notes(&self) -> &'n Notes {
        self.notes
    }

    /// The value; `None` where nothing or `null` stands.
    #[must_use]
    pub fn node(&self) -> Option<&'n Node> {
        self.node.filter(|node| !node.is_null())
    }

    /// Whether something other than `null` stands here.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.node().is_some()
    }

    /// Notes that what stands here is wrong, and what would be right. Where
    /// nothing stands, or what is there is empty, the code is that of a missing
    /// field.
    pub fn wrong(&self, code: Code, expected: &str) {
        let is_empty = match self.node.map(|node| &node.value) {
            None | Some(Value::Null) => true,
            Some(Value::Scalar { text, .. }) => text.is_empty(),
            Some(Value::List(items)) => items.is_empty() && code != Code::WrongType,
            Some(Value::Map(entries)) => entries.is_empty() && code != Code::WrongType,
        };
        let code = if is_empty { Code::MissingField } else { code };
        let found = self.node.map_or_else(|| "nothing".to_owned(), ToString::to_string);
        self.notes.tell(code, &self.path, self.place, &found, expected);
    }

    /// Notes in other words than what stands here what is wrong with it, or
    /// most likely not meant.
    pub fn tell(&self, code: Code, found: &str, expected: &str) {
        self.notes.tell(code, &self.path, self.place, found, expected);
    }

    /// Notes a mistake at a key of the map here that is not there.
    pub fn tell_within(&self, key: &str, code: Code, found: &str, expected: &str) {
        self.notes.tell(code, &join(&self.path, key), self.key, found, expected);
    }

    /// The value; its absence is noted when it is required.
    fn value(&self, expected: &str) -> Option<&'n Node> {
        if self.required && !self.is_present() {
            self.wrong(Code::MissingField, expected);
        }
        self.node()
    }

    fn scalar(&self, expected: &str) -> Option<(&'n str, bool)> {
        match &self.value(expected)?.value {
            Value::Scalar { text, quoted } => Some((text, *quoted)),
            _ => {
                self.wrong(Code::WrongType, expected);
                None
            }
        }
    }

    /// Reads a scalar by `read`, which answers `None` for what is wrong; the code
    /// says what kind of mistake that is.
    pub fn read<T>(&self, code: Code, expected: &str, read: impl FnOnce(&str, bool) -> Option<T>) -> Option<T> {
        self.judge(expected, |text, quoted| read(text, quoted).ok_or(code))
    }

    /// Reads a scalar by `read`, which answers with the kind of mistake for what
    /// is wrong.
    fn judge<T>(&self, expected: &str, read: impl FnOnce(&str, bool) -> Result<T, Code>) -> Option<T> {
        let (text, quoted) = self.scalar(expected)?;
        read(text, quoted).map_err(|code| self.wrong(code, expected)).ok()
    }

    /// Text. A bare number or boolean is the text as written.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.read(Code::WrongType, "text", |text, _| Some(text.to_owned()))
    }

    /// Text that is not empty; `expected` says what kind, as in `a name`.
    #[must_use]
    pub fn filled(&self, expected: &str) -> Option<String> {
        self.read(Code::MissingField, expected, |text, _| (!text.is_empty()).then(|| text.to_owned()))
    }

    /// A whole number in the range, not in quotes.
    #[must_use]
    pub fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let expected = match (*range.start(), *range.end()) {
            (start, u64::MAX) => format!("a whole number of at least {start}"),
            (start, end) => format!("a whole number from {start} to {end}"),
        };
        self.judge(&expected, |text, quoted| {
            let number = number(text, quoted)?;
            let whole = (!number.is_negative() && number.is_whole()).then(|| number.floor());
            whole.filter(|number| range.contains(number)).ok_or(Code::OutOfRange)
        })
    }

    /// A number of at least 0, not in quotes.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        self.judge("a number of at least 0", |text, quoted| {
            Some(number(text, quoted)?).filter(|number| !number.is_negative()).ok_or(Code::OutOfRange)
        })
    }

    /// `true` or `false`, not in quotes.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        self.read(Code::WrongType, "true or false", |text, quoted| match text {
            "true" | "True" | "TRUE" if !quoted => Some(true),
            "false" | "False" | "FALSE" if !quoted => Some(false),
            _ => None,
        })
    }

    /// A duration; a bare whole number counts milliseconds.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        self.read(Code::BadDuration, quantity::DURATION, read_duration)
    }

    /// A duration over zero.
    #[must_use]
    pub fn duration_over_zero(&self) -> Option<Span> {
        self.judge(quantity::DURATION_OVER_ZERO, |text, quoted| {
            let span = read_duration(text, quoted).ok_or(Code::BadDuration)?;
            Some(span).filter(|span| *span > Span::ZERO).ok_or(Code::OutOfRange)
        })
    }

    /// A share from 0 to 1, as a number or as a percentage.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        self.judge(quantity::RATIO, |text, _| {
            let is_number = Decimal::parse(text.strip_suffix('%').unwrap_or(text)).is_some();
            quantity::ratio(text).ok_or(if is_number { Code::OutOfRange } else { Code::WrongType })
        })
    }

    /// One of these words; case counts.
    #[must_use]
    pub fn one_of<T: Clone>(&self, words: &[(&str, T)]) -> Option<T> {
        let is_it = |text: &str| words.iter().find(|(name, _)| *name == text);
        if let Some((_, word)) = self.node().and_then(Node::as_text).and_then(is_it) {
            return Some(word.clone());
        }
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let mut expected = match names.as_slice() {
            [only] => (*only).to_owned(),
            names => format!("one of {}", names.join(", ")),
        };
        if let Some(near) = self.node().and_then(Node::as_text).and_then(|text| nearest(text, &names))
            && names.len() > 1
        {
            expected = format!("{expected}: did you mean {near}?");
        }
        self.read(Code::UnknownValue, &expected, |text, _| is_it(text).map(|(_, word)| word.clone()))
    }

    /// A map. Each key that stands twice is noted.
    #[must_use]
    pub fn object(&self) -> Option<Object<'n>> {
        let entries = self.entries()?;
        Some(Object { notes: self.notes, entries, path: self.path.clone(), place: self.key, asked: Vec::new() })
    }

    /// The keys and values of a map with any keys, in their written order.
    #[must_use]
    pub fn map(&self) -> Option<Vec<(&'n str, Field<'n>)>> {
        let fields = self.entries()?.iter().map(|entry| {
            let field = Field {
                notes: self.notes,
                node: Some(&entry.node),
                path: join(&self.path, &entry.key),
                place: value_place(entry),
                key: entry.place,
                required: false,
            };
            (entry.key.as_str(), field)
        });
        Some(fields.collect())
    }

    /// A map of texts with any keys, in their written order; one without a
    /// value is a mistake.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<(String, String)>> {
        let fields = self.map()?;
        Some(fields.into_iter().filter_map(|(key, field)| Some((key.to_owned(), field.required().text()?))).collect())
    }

    fn entries(&self) -> Option<&'n [Entry]> {
        let Value::Map(entries) = &self.value("a map")?.value else {
            self.wrong(Code::WrongType, "a map");
            return None;
        };
        let mut keys: Vec<(&str, Place)> = entries.iter().map(|entry| (entry.key.as_str(), entry.place)).collect();
        // A stable sort: of equal keys, the later stands second.
        keys.sort_by_key(|(key, _)| *key);
        for pair in keys.windows(2) {
            if let [(first, _), (second, place)] = pair
                && first == second
            {
                let found = "the same key for the second time";
                self.notes.tell(Code::DuplicateName, &join(&self.path, second), *place, found, "it once");
            }
        }
        Some(entries)
    }

    /// A list. An item that is nothing is a mistake when its value is asked for.
    #[must_use]
    pub fn list(&self) -> Option<Vec<Field<'n>>> {
        let Value::List(items) = &self.value("a list")?.value else {
            self.wrong(Code::WrongType, "a list");
            return None;
        };
        let fields = items.iter().enumerate().map(|(index, node)| Field {
            notes: self.notes,
            node: Some(node),
            path: format!("{}[{index}]", self.path),
            place: node.place,
            key: node.place,
            required: true,
        });
        Some(fields.collect())
    }

    /// A list with at least one item; `expected` says of what, as in `a list of
    /// targets`.
    #[must_use]
    pub fn filled_list(&self, expected: &str) -> Option<Vec<Field<'n>>> {
        self.value(expected)?;
        let items = self.list()?;
        if items.is_empty() {
            self.wrong(Code::MissingField, expected);
            return None;
        }
        Some(items)
    }
}

/// A number that is not in quotes.
fn number(text: &str, quoted: bool) -> Result<Decimal, Code> {
    Decimal::parse(text).filter(|_| !quoted).ok_or(Code::WrongType)
}

fn read_duration(text: &str, quoted: bool) -> Option<Span> {
    match Decimal::parse(text) {
        // The form counts: 500 is milliseconds, 500.0 and '500' are nothing.
        Some(number) if !quoted && !number.is_negative() && !text.contains('.') && number.is_whole() => {
            number.floor().checked_mul(1_000_000).map(Span)
        }
        Some(_) => None,
        None => quantity::duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::diagnostic::Identity;
    use crate::spec::yaml;
    use proptest::prelude::*;

    fn notes() -> Notes {
        let identity = Identity { kind: "Kind".into(), namespace: "default".into(), name: "x".into() };
        Notes::new(identity, "a.yaml")
    }

    /// Asks for `v` of the document and answers with the value and the
    /// mistakes' sentences.
    fn ask<T>(text: &str, read: impl FnOnce(Field<'_>) -> Option<T>) -> (Option<T>, Vec<String>) {
        let node = yaml::documents(text).remove(0).unwrap();
        let notes = notes();
        let mut root = Object::root(&node, &notes).unwrap();
        let value = read(root.take("v"));
        root.finish();
        let (errors, warnings) = notes.into_parts();
        (value, errors.into_iter().chain(warnings).map(|diagnostic| diagnostic.message).collect())
    }

    fn fine<T>(text: &str, read: impl FnOnce(Field<'_>) -> Option<T>) -> T {
        let (value, told) = ask(text, read);
        assert_eq!(told, Vec::<String>::new(), "{text}");
        value.unwrap()
    }

    fn told<T>(text: &str, read: impl FnOnce(Field<'_>) -> Option<T>) -> String {
        let (value, told) = ask(text, read);
        assert!(value.is_none(), "{text}");
        assert_eq!(told.len(), 1, "{told:?}");
        told[0].clone()
    }

    #[test]
    fn bare_words_are_text_as_written() {
        for (text, expected) in
            [("v: 12345", "12345"), ("v: 1.0", "1.0"), ("v: yes", "yes"), ("v: 'a b'", "a b"), ("v: ''", "")]
        {
            assert_eq!(fine(text, |field| field.text()), expected);
        }
        assert_eq!(told("v: [a]", |field| field.text()), r#"Kind "x", v: found a list, expected text"#);
    }

    #[test]
    fn a_number_in_quotes_is_none() {
        assert_eq!(fine("v: 2.5", |field| field.number()).floor(), 2);
        assert_eq!(
            told("v: '10'", |field| field.number()),
            r#"Kind "x", v: found "10" (text, for it is in quotes), expected a number of at least 0"#
        );
        told("v: -1", |field| field.number());
        told("v: .nan", |field| field.number());
        told("v: ten", |field| field.number());
        assert_eq!(fine("v: 7", |field| field.integer(1..=9)), 7);
        assert_eq!(
            told("v: 10", |field| field.integer(1..=9)),
            r#"Kind "x", v: found 10 (a number), expected a whole number from 1 to 9"#
        );
        told("v: 1.5", |field| field.integer(1..=9));
        told("v: '7'", |field| field.integer(1..=9));
    }

    #[test]
    fn durations_and_ratios() {
        assert_eq!(fine("v: 500", |field| field.duration()), Span::from_millis(500));
        assert_eq!(fine("v: 500ms", |field| field.duration()), Span::from_millis(500));
        assert_eq!(fine("v: '1.5s'", |field| field.duration()), Span::from_millis(1500));
        assert_eq!(fine("v: 0", |field| field.duration()), Span::ZERO);
        for text in ["v: '500'", "v: 1.5", "v: -1", "v: -1s", "v: 500.0", "v: soon", "v: ''", "v: {}"] {
            told(text, |field| field.duration());
        }
        told("v: 0s", |field| field.duration_over_zero());
        told("v: 0", |field| field.duration_over_zero());
        for text in ["v: 60%", "v: '60%'", "v: 0.6", "v: '0.6'"] {
            assert_eq!(Some(fine(text, |field| field.ratio())), Ratio::new(6, 10));
        }
        assert_eq!(
            told("v: 60", |field| field.ratio()),
            r#"Kind "x", v: found 60 (a number), expected a ratio from 0 to 1 like 60% or 0.6"#
        );
    }

    #[test]
    fn booleans_and_words() {
        assert!(fine("v: true", |field| field.boolean()));
        told("v: 'true'", |field| field.boolean());
        told("v: yes", |field| field.boolean());
        let words = [("Local", 1), ("Global", 2)];
        assert_eq!(fine("v: Global", |field| field.one_of(&words)), 2);
        assert_eq!(
            told("v: local", |field| field.one_of(&words)),
            r#"Kind "x", v: found "local" (text), expected one of Local, Global: did you mean Local?"#
        );
    }

    #[test]
    fn absence_is_a_mistake_only_where_required() {
        for text in ["w: 1", "v:\nw: 1", "v: null\nw: 1"] {
            let node = yaml::documents(text).remove(0).unwrap();
            let notes = notes();
            let mut root = Object::root(&node, &notes).unwrap();
            assert_eq!(root.take("v").text(), None);
            assert!(!notes.has_errors());
            assert_eq!(root.take("v").required().text(), None);
            assert_eq!(root.take("v").required().list().map(|items| items.len()), None);
            let (errors, _) = notes.into_parts();
            assert_eq!(errors.len(), 1, "told once");
            assert_eq!(errors[0].message, r#"Kind "x", v: found nothing, expected text"#);
        }
    }

    #[test]
    fn paths_go_through_maps_and_lists() {
        let message = told("v:\n- a: {b c: [x, [1]]}\n", |field| {
            let item = field.list()?.remove(0).object()?.take("a");
            let (key, list) = item.map()?.remove(0);
            assert_eq!(key, "b c");
            let last = list.list()?.remove(1);
            assert_eq!(last.place(), Place { line: 2, column: 16 });
            last.text()
        });
        assert_eq!(message, r#"Kind "x", v[0].a.b c[1]: found a list, expected text"#);
    }

    #[test]
    fn items_and_lists_that_are_nothing() {
        told("v: [a, ~]", |field| field.list()?.remove(1).text());
        assert_eq!(
            told("v: []", |field| field.filled_list("a list of targets").map(|items| items.len())),
            r#"Kind "x", v: found an empty list, expected a list of targets"#
        );
        assert_eq!(
            fine("v: {b: 1, a: x}", |field| field.texts()),
            [("b".into(), "1".into()), ("a".into(), "x".into())]
        );
    }

    #[test]
    fn what_nobody_asked_for_is_warned_of() {
        let (_, warnings) = ask("v: 1\nvv: 2\nsomething else: 3", |field| field.text());
        assert_eq!(
            warnings,
            [
                r#"Kind "x", vv: found an unknown field, which does nothing, expected "v": did you mean that?"#,
                r#"Kind "x", something else: found an unknown field, which does nothing, expected one of v"#,
            ]
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_a_mistake() {
        let (value, told) = ask("v: 1\nw: 1\nv: 2", |field| field.text());
        assert_eq!(value.as_deref(), Some("1"));
        assert_eq!(told[0], r#"Kind "x", v: found the same key for the second time, expected it once"#);
    }

    #[test]
    fn the_nearest_word_is_near() {
        assert_eq!(nearest("treshold", &["threshold", "limitMode"]), Some("threshold"));
        assert_eq!(nearest("StatDuration", &["statDuration", "statDurationSeconds"]), Some("statDuration"));
        assert_eq!(nearest("RateLimit", &["ThrottlingStrategy", "RateLimitStrategy"]), Some("RateLimitStrategy"));
        assert_eq!(nearest("colour", &["threshold", "limitMode"]), None);
    }

    proptest! {
        #[test]
        fn every_question_can_be_put_to_any_value(text in "v: ([a-c0-9.%:\\-\\[\\]{}'\" ]){0,30}") {
            for read in yaml::documents(&text) {
                let Ok(node) = read else { continue };
                let notes = notes();
                let Some(mut root) = Object::root(&node, &notes) else { continue };
                let field = root.take("v").required();
                let _ = (field.text(), field.number(), field.integer(0..=5), field.boolean(), field.duration());
                let _ = (field.ratio(), field.texts(), field.list(), field.one_of(&[("a", 1)]), field.filled("a name"));
                root.finish();
            }
        }
    }
}
