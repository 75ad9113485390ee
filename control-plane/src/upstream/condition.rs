//! Match blocks as Envoy's.

use super::{Unsaid, unsaid};
use prost::Message;
use sergo::matcher::Text;
use sergo::spec::traffic_router::HttpMatch;
use sergo::subscribe::envoy::matching::{
    HeaderMatcher, QueryParameterMatcher, RegexMatcher, RouteMatch, StringMatcher,
};
use sergo::subscribe::envoy::{GATEWAY, PORT, SOURCE_LABEL, SOURCE_NAMESPACE};

/// The gateway of requests that come through none; nothing is asked for it.
const MESH: &str = "mesh";

/// The matches of a block: one for each gateway that it names. `default` are the
/// router's gateways, `field` is the block's path.
pub(super) fn matches(block: &HttpMatch, default: &[String], field: &str) -> Result<Vec<RouteMatch>, Unsaid> {
    let base = asked(block, field)?;
    let gateways = if block.gateways.is_empty() { default } else { &block.gateways };
    if gateways.is_empty() {
        return Ok(vec![base]);
    }
    let through = |gateway: &String| {
        let mut one = base.clone();
        if gateway != MESH {
            one.headers.push(exact(GATEWAY, gateway).encode_to_vec());
        }
        one
    };
    Ok(gateways.iter().map(through).collect())
}

fn asked(block: &HttpMatch, field: &str) -> Result<RouteMatch, Unsaid> {
    let mut asked = RouteMatch { case_sensitive: block.ignore_uri_case.then_some(false), ..RouteMatch::default() };
    match &block.uri {
        // Envoy needs something to ask of the path.
        None => asked.prefix = Some("/".to_owned()),
        Some(Text::Exact(path)) => asked.path = Some(path.to_string()),
        Some(Text::Prefix(prefix)) => asked.prefix = Some(prefix.to_string()),
        Some(Text::Regex(pattern)) => asked.safe_regex = Some(regex(pattern.as_str())),
    }
    let mut headers = Headers { field, list: Vec::new() };
    let parts = [(":method", &block.method), (":authority", &block.authority), (":scheme", &block.scheme)];
    for (name, text) in parts {
        if let Some(text) = text {
            headers.push(matcher(name, Some(text)))?;
        }
    }
    for (name, text) in &block.headers {
        headers.named(name)?;
        headers.push(matcher(name, text.as_ref()))?;
    }
    for (name, text) in &block.without_headers {
        headers.named(name)?;
        let is_value = text.is_some();
        headers.push(HeaderMatcher {
            invert_match: true,
            treat_missing_header_as_empty: is_value,
            ..matcher(name, text.as_ref())
        })?;
    }
    if let Some(port) = block.port {
        headers.push(exact(PORT, &port.to_string()))?;
    }
    if let Some(namespace) = &block.source_namespace {
        headers.push(exact(SOURCE_NAMESPACE, namespace))?;
    }
    for (key, value) in &block.source_labels {
        headers.push(exact(&[SOURCE_LABEL, key].concat(), value))?;
    }
    asked.headers = headers.list.iter().map(Message::encode_to_vec).collect();
    let query = |(name, text): &(String, Option<Text>)| QueryParameterMatcher {
        name: name.clone(),
        string_match: text.as_ref().map(|text| string(text).encode_to_vec()),
        present_match: text.is_none().then_some(true),
    };
    asked.query_parameters = block.query_params.iter().map(|one| query(one).encode_to_vec()).collect();
    Ok(asked)
}

/// The headers of a match, of which no two may ask for something else of one
/// name: they could not be told from alternatives.
struct Headers<'f> {
    field: &'f str,
    list: Vec<HeaderMatcher>,
}

impl Headers<'_> {
    fn push(&mut self, matcher: HeaderMatcher) -> Result<(), Unsaid> {
        let same = |other: &&HeaderMatcher| other.name == matcher.name && other.invert_match == matcher.invert_match;
        match self.list.iter().find(same) {
            Some(other) if *other == matcher => Ok(()),
            Some(_) => unsaid(self.field, format!("two conditions on {:?}", matcher.name)),
            None => {
                self.list.push(matcher);
                Ok(())
            }
        }
    }

    /// Refuses a name that stands for something else here.
    fn named(&self, name: &str) -> Result<(), Unsaid> {
        match name.strip_prefix(':') {
            None | Some("method" | "path" | "authority" | "scheme") => Ok(()),
            Some(_) => unsaid(self.field, format!("a condition on {name:?}, which no request has")),
        }
    }
}

fn exact(name: &str, value: &str) -> HeaderMatcher {
    HeaderMatcher { name: name.to_owned(), exact_match: Some(value.to_owned()), ..HeaderMatcher::default() }
}

/// In the forms that the existing control plane uses, so that its clients
/// understand them.
fn matcher(name: &str, text: Option<&Text>) -> HeaderMatcher {
    let mut matcher = HeaderMatcher { name: name.to_owned(), ..HeaderMatcher::default() };
    match text {
        None => matcher.present_match = Some(true),
        Some(Text::Exact(exact)) => matcher.exact_match = Some(exact.to_string()),
        Some(Text::Prefix(prefix)) => matcher.prefix_match = Some(prefix.to_string()),
        Some(Text::Regex(pattern)) => matcher.safe_regex_match = Some(regex(pattern.as_str())),
    }
    matcher
}

/// What is asked of a text.
pub(super) fn string(text: &Text) -> StringMatcher {
    let mut matcher = StringMatcher::default();
    match text {
        Text::Exact(exact) => matcher.exact = Some(exact.to_string()),
        Text::Prefix(prefix) => matcher.prefix = Some(prefix.to_string()),
        Text::Regex(pattern) => matcher.safe_regex = Some(regex(pattern.as_str())),
    }
    matcher
}

/// A regular expression.
pub(super) fn regex(pattern: &str) -> RegexMatcher {
    RegexMatcher { regex: pattern.to_owned() }
}
