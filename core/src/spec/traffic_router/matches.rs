//! Reading `match[]`: its blocks and the strings in them.

use super::HttpMatch;
use crate::matcher::{Pattern, Text};
use crate::spec::code::Code;
use crate::spec::node::{Node, Value};
use crate::spec::reader::{Field, Object};

/// What a string match stands on: they differ in what may be left open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Uri,
    Attribute,
    /// A header or a query parameter, which may be missing.
    Named,
}

/// Reads one block.
pub(super) fn block(field: &Field<'_>) -> Option<HttpMatch> {
    let mut entry = field.object()?;
    // Names for logs and statistics, which say nothing about the request.
    entry.skip(&["name", "statPrefix"]);
    let uri = string(&entry.take("uri"), On::Uri);
    let ignore_uri_case = entry.take("ignoreUriCase").boolean().unwrap_or(false);
    let [scheme, method, authority] =
        ["scheme", "method", "authority"].map(|key| string(&entry.take(key), On::Attribute));
    let [headers, without_headers, query_params] =
        ["headers", "withoutHeaders", "queryParams"].map(|key| strings(&entry.take(key)));
    let port = entry.take("port").integer(1..=65535).and_then(|port| u16::try_from(port).ok());
    let source_labels = entry.take("sourceLabels");
    let source_labels = if source_labels.is_present() { source_labels.texts() } else { None };
    let source_namespace = entry.take("sourceNamespace").filled("a namespace");
    let gateways = names(&entry.take("gateways"), "the name of a gateway");
    entry.finish();
    Some(HttpMatch {
        uri,
        ignore_uri_case,
        scheme,
        method,
        authority,
        headers,
        without_headers,
        query_params,
        port,
        source_labels: source_labels.unwrap_or_default().into_iter().collect(),
        source_namespace,
        gateways,
        ..HttpMatch::default()
    })
}

/// Reads a block as the older kinds and lanes write it: headers under either
/// name, perhaps as a list, and labels of the caller as string matches.
pub(in crate::spec) fn older_block(field: &Field<'_>) -> Option<HttpMatch> {
    let mut entry = field.object()?;
    entry.skip(&["name"]);
    let uri = string(&entry.take("uri"), On::Uri);
    let ignore_uri_case = entry.take("ignoreUriCase").boolean().unwrap_or(false);
    let [scheme, method, authority] =
        ["scheme", "method", "authority"].map(|key| string(&entry.take(key), On::Attribute));
    let mut headers = older_strings(&entry.take("headers"));
    headers.extend(older_strings(&entry.take("header")));
    let [without_headers, query_params, label_texts] =
        ["withoutHeaders", "queryParams", "sourceLabels"].map(|key| older_strings(&entry.take(key)));
    entry.finish();
    Some(HttpMatch {
        uri,
        ignore_uri_case,
        scheme,
        method,
        authority,
        headers,
        without_headers,
        query_params,
        label_texts,
        ..HttpMatch::default()
    })
}

/// Reads a map from a name to a string match or a text, or a list of such maps
/// with one name each, beside which its match may stand.
pub(super) fn older_strings(field: &Field<'_>) -> Vec<(String, Option<Text>)> {
    const FORMS: [&str; 3] = ["exact", "prefix", "regex"];
    if !matches!(field.node().map(|node| &node.value), Some(Value::List(_))) {
        let fields = if field.is_present() { field.map().unwrap_or_default() } else { Vec::new() };
        return fields.into_iter().map(|(name, field)| (name.to_owned(), text_or_string(&field))).collect();
    }
    let mut strings = Vec::new();
    for item in field.list().unwrap_or_default() {
        let names: Vec<_> =
            item.map().unwrap_or_default().into_iter().filter(|(key, _)| !FORMS.contains(key)).collect();
        let [(name, value)] = names.as_slice() else {
            item.wrong(Code::WrongType, "a map with one name, beside which one of exact, prefix, regex may stand");
            continue;
        };
        let text = match item.object() {
            Some(mut entry) if !value.is_present() => forms(&mut entry, true, On::Named),
            _ => text_or_string(value),
        };
        strings.push(((*name).to_owned(), text));
    }
    strings
}

/// Reads a string match, or a text that is meant exactly.
pub(super) fn text_or_string(field: &Field<'_>) -> Option<Text> {
    match field.node().and_then(Node::as_text) {
        Some(_) => field.text().map(|text| Text::Exact(text.into())),
        None => string(field, On::Named),
    }
}

/// Reads a list of names.
pub(super) fn names(field: &Field<'_>, expected: &str) -> Vec<String> {
    field.list().unwrap_or_default().iter().filter_map(|item| item.filled(expected)).collect()
}

/// Reads a map from a name to a string match.
fn strings(field: &Field<'_>) -> Vec<(String, Option<Text>)> {
    let named = |(name, field): (&str, Field<'_>)| {
        if name.is_empty() {
            field.tell(Code::MissingField, "an empty name", "the name of a header or parameter");
        }
        (name.to_owned(), string(&field, On::Named))
    };
    if field.is_present() { field.map().unwrap_or_default().into_iter().map(named).collect() } else { Vec::new() }
}

/// Reads a string match that must ask for something.
pub(super) fn text(field: &Field<'_>) -> Option<Text> {
    if !field.is_present() || is_empty(field) {
        field.wrong(Code::MissingField, "a map with exactly one of exact, prefix, regex");
        return None;
    }
    string(field, On::Attribute)
}

/// Reads a string match; `None` is "is present", also where a mistake was noted.
fn string(field: &Field<'_>, on: On) -> Option<Text> {
    if !field.is_present() {
        return None;
    }
    if field.node().and_then(Node::as_text).is_some() {
        field.wrong(Code::WrongType, &format!("a map with {ONE}"));
        return None;
    }
    let mut entry = field.object()?;
    let text = forms(&mut entry, is_empty(field), on);
    entry.finish();
    text
}

const ONE: &str = "exactly one of exact, prefix, regex";

/// Reads the one form that a string match has; it may have none.
fn forms(entry: &mut Object<'_>, may_be_none: bool, on: On) -> Option<Text> {
    let (exact, prefix, regex) = (entry.take("exact"), entry.take("prefix"), entry.take("regex"));
    match [&exact, &prefix, &regex].iter().filter(|form| form.is_present()).count() {
        0 if may_be_none => return None,
        1 => {}
        0 => entry.wrong(Code::MissingField, "none of exact, prefix, regex", ONE),
        _ => entry.wrong(Code::ConflictingFields, "more than one of exact, prefix, regex", ONE),
    }
    if exact.is_present() {
        return exact.text().map(|text| Text::Exact(text.into()));
    }
    if prefix.is_present() {
        let text = if on == On::Uri { prefix.text() } else { prefix.filled("a prefix that is not empty") };
        return text.map(|text| Text::Prefix(text.into()));
    }
    let text = regex.filled("a regular expression; `.*` is any value")?;
    if on == On::Named && text == "*" {
        return None;
    }
    pattern(&regex, &text).map(Text::Regex)
}

/// Compiles a regular expression that stands in a field.
pub(in crate::spec) fn pattern(field: &Field<'_>, text: &str) -> Option<Pattern> {
    match Pattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(mistake) => {
            let found = format!("the regular expression {text:?} with {} at character {}", mistake.found, mistake.at);
            field.tell(Code::BadRegex, &found, &mistake.expected);
            None
        }
    }
}

fn is_empty(field: &Field<'_>) -> bool {
    matches!(field.node().map(|node| &node.value), Some(Value::Map(entries)) if entries.is_empty())
}
