//! Which routes of a router a request could match, without asking all of them.
//!
//! Each match block is filed once, under one condition that must hold for it:
//! the rarest among its exact path, headers, query parameters, method, path
//! prefix, and the texts that its regular expressions require. A request looks only
//! into the files that its own values open, and in each only as far as the best
//! match so far: the answer is that of asking one after the other.

use super::condition::{Condition, HeaderName, Seen};
use super::rule::{Block, Rule};
use crate::matcher::Text;
use aho_corasick::AhoCorasick;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// From how many blocks on an index is worth it.
pub(super) const WORTH_IT: usize = 8;

type Map<K, V> = HashMap<K, V, FixedState>;
/// Blocks by their number, in order.
type File = Vec<u32>;
type Files = Map<Box<str>, File>;

/// The blocks of a router's routes, each in one file.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// For each block, counted over all routes.
    places: Vec<Place>,
    paths: Files,
    methods: Files,
    headers: Vec<(HeaderName, Files)>,
    queries: Vec<(Box<str>, Files)>,
    prefixes: Files,
    /// The lengths of the prefixes, rising.
    prefix_lengths: Vec<Length>,
    within: Vec<Within>,
    /// Those with no condition to file them under.
    rest: File,
}

/// Where a block is.
#[derive(Clone, Copy, Debug)]
struct Place {
    rule: usize,
    /// Among the blocks of its rule.
    block: usize,
    /// The condition that its file stands for: it holds wherever the block is found.
    filed: Option<usize>,
}

/// The prefixes of one length.
#[derive(Clone, Copy, Debug)]
struct Length {
    bytes: usize,
    /// Which bytes they end with, each as the bit of its lower half a dozen bits: most
    /// paths are told by that to begin with none of them.
    ends: u64,
}

fn bit_of(end: Option<&u8>) -> u64 {
    end.map_or(0, |end| 1 << (end % 64))
}

/// A condition that a block can be filed under.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'r> {
    Path(&'r str),
    Method(&'r str),
    Header(&'r HeaderName, &'r str),
    Query(&'r str, &'r str),
    Prefix(&'r str),
    Within(Part<'r>, &'r [u8]),
}

/// A part of a request that regular expressions are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part<'r> {
    Path,
    Header(&'r HeaderName),
    Query(&'r str),
}

/// Blocks by a text that stands in a part of the request.
#[derive(Debug)]
struct Within {
    /// `None` is the path.
    name: Option<Name>,
    texts: AhoCorasick,
    files: Vec<File>,
}

#[derive(Debug)]
enum Name {
    Header(HeaderName),
    Query(Box<str>),
}

/// Texts and, for each, the blocks that require it.
type Required<'r> = (Part<'r>, Vec<(&'r [u8], File)>);

impl<'r> Key<'r> {
    /// What a block with this condition can be filed under.
    fn all(condition: &'r Condition) -> impl Iterator<Item = Key<'r>> {
        let within = match condition {
            Condition::Path(Text::Regex(pattern)) => Some((Part::Path, pattern)),
            Condition::Header(name, Some(Text::Regex(pattern))) => Some((Part::Header(name), pattern)),
            Condition::Query(key, Some(Text::Regex(pattern))) => Some((Part::Query(key), pattern)),
            _ => None,
        };
        let literals = within
            .into_iter()
            .flat_map(|(part, pattern)| pattern.literals().iter().map(move |literal| Key::Within(part, literal)));
        Key::of(condition).into_iter().chain(literals)
    }

    fn of(condition: &'r Condition) -> Option<Key<'r>> {
        match condition {
            Condition::Path(Text::Exact(path)) => Some(Key::Path(path)),
            Condition::Path(Text::Prefix(prefix)) => Some(Key::Prefix(prefix)),
            Condition::Method(Text::Exact(method)) => Some(Key::Method(method)),
            Condition::Header(name, Some(Text::Exact(value))) => Some(Key::Header(name, value)),
            Condition::Query(key, Some(Text::Exact(value))) => Some(Key::Query(key, value)),
            _ => None,
        }
    }
}

impl Index {
    /// Files the blocks of these routes.
    pub(super) fn new(rules: &[Rule]) -> Index {
        let blocks = || rules.iter().flat_map(|rule| &rule.blocks);
        let mut counts: Map<Key<'_>, u32> = Map::default();
        for key in blocks().flat_map(|block| &block.conditions).flat_map(Key::all) {
            let count = counts.entry(key).or_default();
            *count = count.saturating_add(1);
        }
        let mut index = Index::default();
        let mut required: Vec<Required<'_>> = Vec::new();
        let places = rules.iter().enumerate().flat_map(|(rule, it)| {
            it.blocks
                .iter()
                .enumerate()
                .map(move |(block, conditions)| (Place { rule, block, filed: None }, conditions))
        });
        for (number, (mut place, block)) in (0u32..).zip(places) {
            let conditions = block.conditions.iter().enumerate();
            let keys = conditions.flat_map(|(at, condition)| Key::all(condition).map(move |key| (at, key)));
            match keys.min_by_key(|(_, key)| counts.get(key).copied()) {
                // The text alone does not make the expression match.
                Some((_, Key::Within(part, text))) => require(&mut required, part, text, number),
                Some((at, key)) => {
                    place.filed = Some(at);
                    index.file(key, number);
                }
                None => index.rest.push(number),
            }
            index.places.push(place);
        }
        for (part, texts) in required {
            match Within::new(part, &texts) {
                Some(within) => index.within.push(within),
                // Too many texts for one automaton: they are asked one by one.
                None => index.rest.extend(texts.into_iter().flat_map(|(_, file)| file)),
            }
        }
        index.rest.sort_unstable();
        index.prefix_lengths.sort_unstable_by_key(|length| length.bytes);
        index
    }

    fn file(&mut self, key: Key<'_>, number: u32) {
        match key {
            Key::Within(..) => self.rest.push(number),
            Key::Path(path) => self.paths.entry(path.into()).or_default().push(number),
            Key::Method(method) => self.methods.entry(method.into()).or_default().push(number),
            Key::Header(name, value) => files(&mut self.headers, name, value, number),
            Key::Query(key, value) => files(&mut self.queries, &key.into(), value, number),
            Key::Prefix(prefix) => {
                let (bytes, end) = (prefix.len(), bit_of(prefix.as_bytes().last()));
                match self.prefix_lengths.iter_mut().find(|length| length.bytes == bytes) {
                    Some(length) => length.ends |= end,
                    None => self.prefix_lengths.push(Length { bytes, ends: end }),
                }
                self.prefixes.entry(prefix.into()).or_default().push(number);
            }
        }
    }

    /// The first route that matches, and its block that holds.
    pub(super) fn first_match<'r>(&self, rules: &'r [Rule], seen: &Seen<'_>) -> Option<(&'r Rule, &'r Block)> {
        let mut search = Search { index: self, rules, seen, best: None };
        let path = seen.path();
        search.look(self.paths.get(path));
        for (name, values) in &self.headers {
            seen.header(name, |value| search.look(value.and_then(|value| values.get(value))));
        }
        for (key, values) in &self.queries {
            search.look(seen.query_value(key).and_then(|value| values.get(value)));
        }
        for Length { bytes, ends } in &self.prefix_lengths {
            if *bytes > path.len() {
                break;
            }
            let Some(prefix) = path.get(..*bytes) else { continue };
            // The empty one ends with no byte.
            if *bytes == 0 || ends & bit_of(prefix.as_bytes().last()) != 0 {
                search.look(self.prefixes.get(prefix));
            }
        }
        for within in &self.within {
            match &within.name {
                None => search.look_within(within, path),
                Some(Name::Header(name)) => {
                    seen.header(name, |value| value.into_iter().for_each(|value| search.look_within(within, value)));
                }
                Some(Name::Query(key)) => {
                    seen.query_value(key).into_iter().for_each(|value| search.look_within(within, value));
                }
            }
        }
        search.look(self.methods.get(seen.method()));
        search.look(Some(&self.rest));
        search.best.map(|(_, rule, block)| (rule, block))
    }

    fn place<'r>(&self, rules: &'r [Rule], number: u32) -> Option<(Place, &'r Rule, &'r Block)> {
        let place = self.places.get(usize::try_from(number).ok()?)?;
        let rule = rules.get(place.rule)?;
        Some((*place, rule, rule.blocks.get(place.block)?))
    }
}

/// Files a number under a value of a name.
fn files<K: Clone + PartialEq>(named: &mut Vec<(K, Files)>, name: &K, value: &str, number: u32) {
    let known = named.iter_mut().find(|(known, _)| known == name);
    match known {
        Some((_, files)) => files.entry(value.into()).or_default().push(number),
        None => named.push((name.clone(), Files::from_iter([(value.into(), vec![number])]))),
    }
}

/// A look through files for the lowest number whose block holds.
struct Search<'s, 'r> {
    index: &'s Index,
    rules: &'r [Rule],
    seen: &'s Seen<'s>,
    best: Option<(u32, &'r Rule, &'r Block)>,
}

/// Files a number under a text that a part of the request must have in it.
fn require<'r>(required: &mut Vec<Required<'r>>, part: Part<'r>, text: &'r [u8], number: u32) {
    let place = required.iter().position(|(known, _)| *known == part);
    let place = place.unwrap_or_else(|| {
        required.push((part, Vec::new()));
        required.len().saturating_sub(1)
    });
    let Some((_, texts)) = required.get_mut(place) else { return };
    // Most texts are one block's own, and equal ones mostly stand together.
    match texts.last_mut() {
        Some((known, file)) if *known == text => file.push(number),
        _ => texts.push((text, vec![number])),
    }
}

impl Within {
    fn new(part: Part<'_>, texts: &[(&[u8], File)]) -> Option<Within> {
        let name = match part {
            Part::Path => None,
            Part::Header(name) => Some(Name::Header(name.clone())),
            Part::Query(key) => Some(Name::Query(key.into())),
        };
        let automaton = AhoCorasick::new(texts.iter().map(|(text, _)| text)).ok()?;
        Some(Within { name, texts: automaton, files: texts.iter().map(|(_, file)| file.clone()).collect() })
    }
}

impl Search<'_, '_> {
    /// Looks into the file of each text that stands in a value, once.
    fn look_within(&mut self, within: &Within, value: &str) {
        let mut looked: Vec<u64> = Vec::new();
        for found in within.texts.find_overlapping_iter(value) {
            let text = found.pattern().as_usize();
            if looked.is_empty() {
                looked = vec![0; within.files.len().div_ceil(64)];
            }
            let Some(bits) = looked.get_mut(text / 64) else { continue };
            let bit = 1u64 << (text % 64);
            if *bits & bit == 0 {
                *bits |= bit;
                self.look(within.files.get(text));
            }
        }
    }

    fn look(&mut self, file: Option<&File>) {
        for number in file.into_iter().flatten() {
            if self.best.is_some_and(|(best, ..)| best <= *number) {
                return;
            }
            let Some((place, rule, block)) = self.index.place(self.rules, *number) else { continue };
            if block.holds_but_for(place.filed, self.seen) {
                self.best = Some((*number, rule, block));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Pattern;
    use crate::route::Request;
    use crate::route::condition::Home;
    use crate::route::rule::{Action, Routes};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::LazyLock;

    /// Words that are each other's beginnings, differ in case or by one byte, or
    /// say nothing.
    const WORDS: [&str; 10] = ["", "a", "A", "ab", "b", "/a", "/a/", "/a/b", "/ab", "é"];
    /// Patterns of which a text can be required in all manners, or none.
    static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
        let forms = ["{}", "{}.?", ".*{}.*", "({}|b)", "(?i){}", "{}+", "(x{})?", "[^b]*{}"];
        let written = forms.iter().flat_map(|form| WORDS.iter().map(move |word| form.replace("{}", word)));
        written.filter_map(|pattern| Pattern::new(&pattern).ok()).collect()
    });

    fn word() -> impl Strategy<Value = Box<str>> {
        prop::sample::select(&WORDS).prop_map(Into::into)
    }

    fn text() -> impl Strategy<Value = Text> {
        prop_oneof![
            word().prop_map(Text::Exact),
            word().prop_map(Text::Prefix),
            (0..PATTERNS.len()).prop_map(|pattern| Text::Regex(PATTERNS[pattern].clone())),
        ]
    }

    fn condition() -> impl Strategy<Value = Condition> {
        let name = prop::sample::select(&["x", "y", ":method", ":path", ":authority"]).prop_map(HeaderName::new);
        prop_oneof![
            4 => text().prop_map(Condition::Path),
            1 => text().prop_map(Condition::PathIgnoringCase),
            2 => text().prop_map(Condition::Method),
            1 => text().prop_map(Condition::Scheme),
            1 => text().prop_map(Condition::Authority),
            4 => (name.clone(), prop::option::of(text())).prop_map(|(name, text)| Condition::Header(name, text)),
            2 => (name, prop::option::of(text())).prop_map(|(name, text)| Condition::WithoutHeader(name, text)),
            3 => (prop::sample::select(&["k", "l", ""]), prop::option::of(text()))
                .prop_map(|(key, text)| Condition::Query(key.into(), text)),
            1 => prop::sample::select(&[80, 81]).prop_map(Condition::Port),
            1 => word().prop_map(Condition::Namespace),
            1 => word().prop_map(|gateway| Condition::Gateways([gateway, "mesh".into()].into())),
        ]
    }

    fn rules() -> impl Strategy<Value = Vec<Rule>> {
        let block = prop::collection::vec(condition(), 0..4).prop_map(|conditions| Block { conditions, prefix: None });
        let blocks = prop::collection::vec(block, 1..4);
        prop::collection::vec(blocks, 0..24).prop_map(|list| {
            let rule = |(number, blocks)| Rule { position: 0, blocks, action: Action::Answer(number) };
            (0u32..).zip(list).map(rule).collect()
        })
    }

    /// What some condition of the rules looks for, or nearly that.
    fn near(rules: &[Rule], turn: usize) -> Option<String> {
        let texts =
            rules.iter().flat_map(|rule| &rule.blocks).flat_map(|block| &block.conditions).filter_map(|it| match it {
                Condition::Path(text)
                | Condition::PathIgnoringCase(text)
                | Condition::Method(text)
                | Condition::Header(_, Some(text))
                | Condition::Query(_, Some(text)) => Some(text),
                _ => None,
            });
        let all: Vec<String> = texts
            .filter_map(|text| match text {
                Text::Exact(text) | Text::Prefix(text) => Some(text.to_string()),
                Text::Regex(pattern) => {
                    pattern.literals().first().map(|text| String::from_utf8_lossy(text).into_owned())
                }
            })
            .collect();
        let text = all.get(turn.checked_rem(all.len())?)?;
        let cut = text.char_indices().last().map_or(0, |(last, _)| last);
        Some(match turn % 4 {
            0 => text.clone(),
            1 => text[..cut].to_owned(),
            2 => [text, "b"].concat(),
            _ => text.to_uppercase(),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_index_answers_as_asking_one_after_the_other(
            rules in rules(),
            path in prop::sample::select(&["", "/a", "/a/b", "/a/bc", "a", "é", "/a?k=a&l=", "/a/b?k=/a&k=a", "?l", "/ab?=a&k"][..]),
            method in prop::sample::select(&["a", "ab", "GET"][..]),
            x in prop::option::of(prop::sample::select(&WORDS)),
            y in prop::option::of(prop::sample::select(&WORDS)),
            turns in (0..40usize, 0..40usize, 0..40usize),
            namespace in prop::sample::select(&["default", "a"][..]),
        ) {
            let routes = Routes::new(rules.clone());
            let index = Index::new(&rules);
            // Once by chance, once by what the rules ask for.
            let [near_path, near_x, near_method] = [turns.0, turns.1, turns.2].map(|turn| near(&rules, turn));
            let near_path = near_path.map(|near| format!("{near}?k={}&l", near_x.as_deref().unwrap_or_default()));
            let asked = [
                (path, method, x),
                (
                    near_path.as_deref().unwrap_or(path),
                    near_method.as_deref().unwrap_or(method),
                    near_x.as_deref().or(x),
                ),
            ];
            for (path, method, x) in asked {
                let headers: Vec<(&str, &str)> =
                    x.map(|x| ("X", x)).into_iter().chain(y.map(|y| ("y", y))).chain(x.map(|x| ("Y", x))).collect();
                let headers = headers.as_slice();
                let request = Request { path, method, headers: &headers, ..Request::new("h:80") };
                let labels = BTreeMap::new();
                let seen = Seen::new(&request, Home { namespace, labels: &labels });
                let indexed = index.first_match(&rules, &seen).map(|(rule, block)| (&rule.action, block));
                let linear = routes.linear_match(&seen).map(|(rule, block)| (&rule.action, block));
                prop_assert_eq!(indexed, linear, "{} {} {:?}", method, path, headers);
            }
        }
    }
}
