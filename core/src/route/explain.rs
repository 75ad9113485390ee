//! Why a request goes where it goes.

use super::condition::{Condition, HeaderName, Seen};
use super::rule::{Block, Rule};
use super::ways::{Way, ways};
use super::{Directions, Moment, Request, Rolls, Table};
use crate::matcher::Text;
use serde::Serialize;
use std::fmt;

/// How many routes before the one that matches are told of.
const MAX_ROUTES: usize = 1000;

/// Which route a request goes by, and why none of those before it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RouteExplanation {
    /// The kind and name of the router of the host; `None` where there is none.
    pub router: Option<String>,
    /// The routes that do not match, in order, up to the one that does; the
    /// first 1,000 of them.
    pub misses: Vec<RouteMiss>,
    /// The index of the route that matches, as in `spec.http[2]`.
    pub position: Option<usize>,
    /// Where it goes, and all that is done with it.
    pub directions: Option<Directions>,
    /// The destinations that share the requests of the route, each with its
    /// fallbacks and instances; none where the route itself answers.
    pub ways: Vec<Way>,
}

/// A route that does not match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteMiss {
    /// Its index in the document's list.
    pub position: usize,
    /// For each of its match blocks, why it does not hold.
    pub blocks: Vec<BlockMiss>,
}

/// The first field of a match block that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockMiss {
    /// The field, as in `headers.tag`.
    pub field: String,
    /// What the rule asks for.
    pub expected: String,
    /// What the request has.
    pub found: String,
}

/// Lines for people: where the request goes, by which route, and why by none of
/// those before it.
impl fmt::Display for RouteExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.directions {
            Some(directions) => writeln!(f, "{}", directions.answer)?,
            None => writeln!(f, "nowhere: no route is for it")?,
        }
        f.write_str(&self.reasons())
    }
}

impl RouteExplanation {
    /// The lines of the text that say by which route it goes and why by none of
    /// those before it.
    #[must_use]
    pub fn reasons(&self) -> String {
        let first = match (&self.router, self.position) {
            (None, _) => "no router names the host\n".to_owned(),
            (Some(router), Some(position)) => format!("{router}, route {position} matches\n"),
            (Some(router), None) => format!("{router}: no route matches\n"),
        };
        std::iter::once(first).chain(self.misses.iter().map(ToString::to_string)).collect()
    }
}

impl fmt::Display for RouteMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BlockMiss::write(&self.blocks, format!("  route {} does not: ", self.position), f)
    }
}

impl BlockMiss {
    /// The lines of these: `head` before the first, and `or` below it before each
    /// of the others.
    pub(crate) fn write(blocks: &[BlockMiss], mut head: String, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for BlockMiss { field, expected, found } in blocks {
            writeln!(f, "{head}{field}: found {found}, expected {expected}")?;
            head = format!("{:>width$}", "or ", width = head.chars().count());
        }
        Ok(())
    }
}

impl Table {
    /// Explains where the request goes.
    #[must_use]
    pub fn explain(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, moment: &Moment<'_>) -> RouteExplanation {
        let Some(router) = self.router(request.host) else { return RouteExplanation::default() };
        let seen = Seen::new(request, moment.home);
        let rules = router.routes_of(request).rules();
        let place = rules.iter().position(|rule| rule.matches(&seen).is_some()).unwrap_or(rules.len());
        let matched = rules.get(place);
        RouteExplanation {
            router: Some(router.document.to_string()),
            misses: rules.iter().take(place.min(MAX_ROUTES)).map(|rule| miss(rule, &seen)).collect(),
            position: matched.map(|rule| rule.position),
            directions: self.direct(request, rolls, moment),
            ways: matched.map_or_else(Vec::new, |rule| ways(router, rule, request, moment)),
        }
    }
}

fn miss(rule: &Rule, seen: &Seen<'_>) -> RouteMiss {
    RouteMiss { position: rule.position, blocks: rule.blocks.iter().filter_map(|block| block.miss(seen)).collect() }
}

impl Block {
    /// The first of its conditions that does not hold.
    pub(crate) fn miss(&self, seen: &Seen<'_>) -> Option<BlockMiss> {
        self.conditions.iter().find(|condition| !condition.holds(seen)).map(|condition| describe(condition, seen))
    }
}

/// The words for a string match.
struct Asked<'t>(&'t Option<Text>);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("any value"),
            Some(Text::Exact(text)) => write!(f, "{text:?}"),
            Some(Text::Prefix(text)) => write!(f, "a value that begins with {text:?}"),
            Some(Text::Regex(pattern)) => write!(f, "a value that matches {:?}", pattern.as_str()),
        }
    }
}

fn asked(text: &Text) -> String {
    Asked(&Some(text.clone())).to_string()
}

fn one_of<T>(items: &[T], word: impl Fn(&T) -> String) -> String {
    items.iter().map(word).collect::<Vec<_>>().join(" or ")
}

fn quoted(value: Option<&str>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
}

fn describe(condition: &Condition, seen: &Seen<'_>) -> BlockMiss {
    let request = seen.request();
    let miss = |field: &str, expected: String, found: String| BlockMiss { field: field.to_owned(), expected, found };
    let header = |name: &HeaderName| seen.header(name, quoted);
    match condition {
        Condition::Gateways(names) => {
            miss("gateways", one_of(names, |name| format!("{name:?}")), quoted(Some(seen.gateway())))
        }
        Condition::Port(port) => {
            miss("port", port.to_string(), seen.port().map_or_else(|| "nothing".to_owned(), |port| port.to_string()))
        }
        Condition::Method(text) => miss("method", asked(text), quoted(Some(request.method))),
        Condition::Scheme(text) => miss("scheme", asked(text), quoted(Some(request.scheme))),
        Condition::Path(text) => miss("uri", asked(text), quoted(Some(seen.path()))),
        Condition::PathIgnoringCase(text) => {
            miss("uri", format!("{} in any case", asked(text)), quoted(Some(seen.path())))
        }
        Condition::Authority(text) => miss("authority", asked(text), quoted(Some(request.host))),
        Condition::Namespace(name) => miss("sourceNamespace", format!("{name:?}"), quoted(Some(seen.namespace()))),
        Condition::Labels(labels) => {
            let wrong = labels.iter().find(|(key, value)| seen.label(key) != Some(value.as_str()));
            let (key, value) = wrong.map_or(("", ""), |(key, value)| (key, value));
            miss(&format!("sourceLabels.{key}"), format!("{value:?}"), quoted(seen.label(key)))
        }
        Condition::Label(key, text) => {
            miss(&format!("sourceLabels.{key}"), Asked(text).to_string(), quoted(seen.label(key)))
        }
        Condition::Header(name, text) => miss(&format!("headers.{name}"), Asked(text).to_string(), header(name)),
        Condition::WithoutHeader(name, text) => {
            let expected = match text {
                None => "no value".to_owned(),
                Some(text) => format!("anything but {}", asked(text)),
            };
            miss(&format!("withoutHeaders.{name}"), expected, header(name))
        }
        Condition::Query(key, text) => {
            miss(&format!("queryParams.{key}"), Asked(text).to_string(), quoted(seen.query_value(key)))
        }
        Condition::Service(texts) => miss("services", one_of(texts, asked), quoted(request.rpc.map(|rpc| rpc.service))),
        Condition::RpcMethod(methods) => {
            let name = |method: &crate::matcher::rpc::MethodMatch| Asked(&method.name).to_string();
            miss(
                "methods",
                format!("{}, with its arguments", one_of(methods, name)),
                quoted(request.rpc.map(|rpc| rpc.method)),
            )
        }
        Condition::Attachment(key, text) => {
            let found = request.rpc.and_then(|rpc| rpc.attachment(key));
            miss(&format!("attachments.{key}"), Asked(text).to_string(), quoted(found))
        }
        // Connections alone are asked these.
        Condition::Sni(_) => miss("sniHosts", "one of the names".to_owned(), "another".to_owned()),
        Condition::Address(_) => {
            miss("destinationSubnets", "an address in one of them".to_owned(), "another".to_owned())
        }
        Condition::Client(_) => miss("sourceSubnet", "an address in it".to_owned(), quoted(request.client)),
    }
}
