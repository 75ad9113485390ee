//! Match blocks. A condition that is not understood makes the router bad: left
//! out, it would let more requests through.

use super::matching::{HeaderMatcher, QueryParameterMatcher, RegexMatcher, RouteMatch, StringMatcher};
use super::{GATEWAY, PORT, Read, SOURCE_LABEL, SOURCE_NAMESPACE, misfit};
use crate::subscribe::wire::each_field;
use prost::Message;
use serde_json::{Map, Value, json};

/// What is asked of a request, all of it.
pub(super) fn block(bytes: &[u8], path: &str) -> Read<Map<String, Value>> {
    let asked: RouteMatch = known(bytes, RouteMatch::FIELDS, path)?;
    let mut block = Map::new();
    let uri = text(asked.path, asked.prefix, asked.safe_regex);
    if let Some(uri) = uri {
        block.insert("uri".into(), uri);
    }
    if asked.case_sensitive == Some(false) {
        block.insert("ignoreUriCase".into(), true.into());
    }
    for bytes in &asked.headers {
        let path = format!("{path}.headers");
        header(&mut block, known(bytes, HeaderMatcher::FIELDS, &path)?, path)?;
    }
    for bytes in &asked.query_parameters {
        let path = format!("{path}.queryParams");
        let query: QueryParameterMatcher = known(bytes, QueryParameterMatcher::FIELDS, &path)?;
        let matched = match query.string_match {
            Some(bytes) => string(&bytes, &path)?.unwrap_or_else(|| json!({})),
            None if query.present_match == Some(false) => {
                return misfit(path, "a parameter that must be missing", "a condition that it can meet");
            }
            None => json!({}),
        };
        put(&mut block, "queryParams", query.name, matched, &path)?;
    }
    Ok(block)
}

fn header(block: &mut Map<String, Value>, header: HeaderMatcher, path: String) -> Read<()> {
    let matched = match &header.string_match {
        Some(bytes) => string(bytes, &path)?,
        None => text(header.exact_match, header.prefix_match, header.safe_regex_match),
    };
    let is_negated = header.invert_match != (matched.is_none() && header.present_match == Some(false));
    let name = header.name;
    if let Some(known) = name.strip_prefix(':') {
        let own = format!("{path}.{name}");
        return match (known, matched) {
            ("method" | "authority" | "scheme", Some(matched)) if !is_negated => part(block, known, matched, &own),
            ("method" | "authority" | "scheme" | "path", matched) => {
                let key = if is_negated { "withoutHeaders" } else { "headers" };
                put(block, key, name, matched.unwrap_or_else(|| json!({})), &path)
            }
            (_, matched) => caller(block, &name, matched.filter(|_| !is_negated), &own),
        };
    }
    let Some(matched) = matched else {
        let key = if is_negated { "withoutHeaders" } else { "headers" };
        return put(block, key, name, json!({}), &path);
    };
    match (is_negated, header.treat_missing_header_as_empty) {
        (true, true) => put(block, "withoutHeaders", name, matched, &path),
        // A missing header matches nothing, so it must be there as well.
        (true, false) => {
            put(block, "headers", name.clone(), json!({}), &path)?;
            put(block, "withoutHeaders", name, matched, &path)
        }
        (false, true) if takes_empty(&matched) => {
            misfit(format!("{path}.{name}"), "a condition that a missing header meets", "one that it must be there for")
        }
        (false, _) => put(block, "headers", name, matched, &path),
    }
}

/// Whether an empty value may be what is asked for.
fn takes_empty(matched: &Value) -> bool {
    let filled = |form| matched.get(form).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    !filled("exact") && !filled("prefix")
}

/// Puts what is asked of the method, the authority or the scheme in its place.
fn part(block: &mut Map<String, Value>, key: &str, matched: Value, path: &str) -> Read<()> {
    match block.get(key) {
        Some(other) if *other != matched => twice(path),
        _ => {
            block.insert(key.into(), matched);
            Ok(())
        }
    }
}

/// What is asked of the caller and the port, which Envoy has no matcher for: a
/// name that no request can bear, and a value.
fn caller(block: &mut Map<String, Value>, name: &str, matched: Option<Value>, path: &str) -> Read<()> {
    let exact = matched.as_ref().and_then(|matched| matched.get("exact")).and_then(Value::as_str);
    let Some(exact) = exact else {
        return misfit(path, "a condition on a header that no request has", "an exact value of what it stands for");
    };
    let label = name.strip_prefix(SOURCE_LABEL);
    match (name, label) {
        (PORT, _) => {
            let port = exact.parse::<u16>().map_or_else(|_| Value::from(exact), Value::from);
            part(block, "port", port, path)
        }
        (SOURCE_NAMESPACE, _) => part(block, "sourceNamespace", exact.into(), path),
        (GATEWAY, _) => part(block, "gateways", json!([exact]), path),
        (_, Some(label)) => put(block, "sourceLabels", label.to_owned(), exact.into(), path),
        _ => misfit(path, "a condition on a header that no request has", "a header, or :method, :path, :port, ..."),
    }
}

/// Puts one condition into the map of its like.
fn put(block: &mut Map<String, Value>, key: &str, name: String, matched: Value, path: &str) -> Read<()> {
    if name.is_empty() {
        return misfit(path, "a condition without a name, which this control plane does not send", "its name");
    }
    let conditions = block.entry(key).or_insert_with(|| json!({}));
    let Value::Object(conditions) = conditions else { return Ok(()) };
    match conditions.get(&name) {
        Some(other) if *other != matched => twice(&format!("{path}.{name}")),
        _ => {
            conditions.insert(name, matched);
            Ok(())
        }
    }
}

fn twice(path: &str) -> Read<()> {
    misfit(path, "two conditions on one name: blocks that were alternatives, sent as one", "one route for each block")
}

/// A string match; `None` is one that asks for nothing.
pub(super) fn string(bytes: &[u8], path: &str) -> Read<Option<Value>> {
    let matcher: StringMatcher = known(bytes, StringMatcher::FIELDS, path)?;
    Ok(text(matcher.exact, matcher.prefix, matcher.safe_regex))
}

fn text(exact: Option<String>, prefix: Option<String>, regex: Option<RegexMatcher>) -> Option<Value> {
    exact
        .map(|exact| json!({"exact": exact}))
        .or_else(|| prefix.map(|prefix| json!({"prefix": prefix})))
        .or_else(|| regex.map(|regex| json!({"regex": regex.regex})))
}

/// Reads a condition that must say nothing but these fields: a part that is not
/// understood would make it wider.
fn known<M: Message + Default>(bytes: &[u8], fields: &[u32], path: &str) -> Read<M> {
    const EXPECTED: &str = "exact, prefix, regex or presence";
    let all = each_field(bytes, &mut |tag, _| match fields.contains(&tag) {
        true => Ok(()),
        false => Err(format!("a condition of a kind that a TrafficRouter lacks (field {tag})")),
    });
    if let Err(found) = all {
        return misfit(path, found, EXPECTED);
    }
    M::decode(bytes).or_else(|error| misfit(path, format!("bytes that are no condition ({error})"), EXPECTED))
}
