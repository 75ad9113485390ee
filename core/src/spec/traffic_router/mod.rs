//! `TrafficRouter`: which requests to which hosts go where.

mod action;
mod cors;
mod destination;
mod headers;
mod http;
mod matches;
mod resilience;

use super::Meta;
use super::reader::Object;
use crate::matcher::{HostPattern, Text};
use crate::policy::{DirectResponse, Headers, Policy, Redirect};
use std::collections::BTreeMap;

/// The routes of some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficRouter {
    /// Its metadata.
    pub meta: Meta,
    /// `spec.hosts[]`, in order and as written; each one can be read as a
    /// [`HostPattern`](crate::matcher::HostPattern).
    pub hosts: Vec<String>,
    /// `spec.gateways[]`; `mesh` when absent.
    pub gateways: Vec<String>,
    /// `spec.http[]`, in order.
    pub http: Vec<HttpRoute>,
}

impl TrafficRouter {
    /// Reads the `spec` of a document. What is wrong is noted; the router is
    /// good when nothing was.
    #[must_use]
    pub fn read(meta: &Meta, mut spec: Object<'_>) -> TrafficRouter {
        let mut hosts = Vec::new();
        for field in spec.take("hosts").required().filled_list("a list of hosts").unwrap_or_default() {
            let host = field.read("a host name, perhaps with a `*` at one end, without port", |host, _| {
                HostPattern::read(host, &meta.namespace).map(|_| host.to_owned())
            });
            hosts.extend(host);
        }
        let gateways = matches::names(&spec.take("gateways"), "the name of a gateway");
        for protocol in ["tls", "tcp"] {
            not_enforced(&spec.take(protocol));
        }
        let routes = spec.take("http").required().filled_list("a list of routes").unwrap_or_default();
        let http = routes.iter().filter_map(|field| http::route(field, &meta.namespace)).collect();
        // It says to whom the router is shown, which a rule file settles already.
        let export = spec.take("exportTo");
        if export.is_present() {
            export.warn("a field that does nothing here", "the router in the namespaces that it is for");
        }
        spec.finish();
        TrafficRouter { meta: meta.clone(), hosts, gateways, http }
    }
}

/// Refuses a field that would change what happens to a request: dropping it
/// would mean something else than was written.
fn not_enforced(field: &super::reader::Field<'_>) {
    if field.is_present() {
        field.mistake("a field that this version does not enforce", "the route without it");
    }
}

/// `spec.http[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// `name`.
    pub name: Option<String>,
    /// `match[]`: one of them must hold; none at all is every request.
    pub matches: Vec<HttpMatch>,
    /// What becomes of the request.
    pub action: RouteAction,
    /// What is done beside it, with the route's own `headers`.
    pub policy: Policy,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteAction {
    /// `route[]`: it goes to one of these; never empty, and not all of weight
    /// zero.
    Forward(Vec<WeightedDestination>),
    /// `redirect`.
    Redirect(Redirect),
    /// `directResponse`.
    Respond(DirectResponse),
}

impl HttpRoute {
    /// Whether it matches every request, so that what stands behind it is never
    /// reached.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        self.matches.is_empty() || self.matches.iter().any(HttpMatch::is_catch_all)
    }
}

/// `spec.http[i].match[j]`: all that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpMatch {
    /// `uri`, on the path without its query.
    pub uri: Option<Text>,
    /// `ignoreUriCase`, for an exact `uri` and a prefix.
    pub ignore_uri_case: bool,
    /// `scheme`.
    pub scheme: Option<Text>,
    /// `method`.
    pub method: Option<Text>,
    /// `authority`: the host as it was sent.
    pub authority: Option<Text>,
    /// `headers`; without a text the header need only be there.
    pub headers: Vec<(String, Option<Text>)>,
    /// `withoutHeaders`; without a text the header must be missing.
    pub without_headers: Vec<(String, Option<Text>)>,
    /// `queryParams`; without a text the parameter need only be there.
    pub query_params: Vec<(String, Option<Text>)>,
    /// `port`: the destination port.
    pub port: Option<u16>,
    /// `sourceLabels`: the caller bears all of them.
    pub source_labels: BTreeMap<String, String>,
    /// `sourceNamespace`.
    pub source_namespace: Option<String>,
    /// `gateways`, in the place of the router's; empty when absent.
    pub gateways: Vec<String>,
}

impl HttpMatch {
    /// Whether nothing is asked for, or no more than the `uri` prefix `/` or the
    /// regular expression `.*`.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        let every_uri = match &self.uri {
            None => true,
            Some(Text::Prefix(prefix)) => matches!(&**prefix, "" | "/"),
            Some(Text::Regex(pattern)) => pattern.as_str() == ".*",
            Some(Text::Exact(_)) => false,
        };
        let rest = HttpMatch { uri: None, ignore_uri_case: false, ..self.clone() };
        every_uri && rest == HttpMatch::default()
    }
}

/// `spec.http[i].route[j]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedDestination {
    /// `destination`.
    pub destination: Destination,
    /// `weight`, 0 when absent; of no meaning where there is one alone.
    pub weight: u32,
    /// `headers`.
    pub headers: Headers,
}

/// A `destination` with what comes into its place when it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// `host`, as written.
    pub host: String,
    /// `subset`.
    pub subset: Option<String>,
    /// `port.number`.
    pub port: Option<u16>,
    /// `fallback`, then its own `fallback`, and so on: at most
    /// [`MAX_FALLBACKS`], no two of them alike.
    pub fallbacks: Vec<Fallback>,
}

/// How many fallbacks there may be in a chain.
pub const MAX_FALLBACKS: usize = 4;

/// `destination.fallback`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// `host`; when absent, that of the destination that it is for.
    pub host: String,
    /// `subset`.
    pub subset: Option<String>,
    /// The port: the destination's where the host is left to it.
    pub port: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Pattern;

    #[test]
    fn a_catch_all_asks_for_nothing_that_could_be_missing() {
        let uri = |uri| HttpMatch { uri: Some(uri), ..HttpMatch::default() };
        assert!(HttpMatch::default().is_catch_all());
        assert!(uri(Text::Prefix("/".into())).is_catch_all());
        assert!(uri(Text::Regex(Pattern::new(".*").unwrap())).is_catch_all());
        assert!(!uri(Text::Exact("/".into())).is_catch_all());
        assert!(!uri(Text::Prefix("/a".into())).is_catch_all());
        let port = HttpMatch { port: Some(80), ..uri(Text::Prefix("/".into())) };
        assert!(!port.is_catch_all());
        let route = |matches| HttpRoute {
            name: None,
            matches,
            action: RouteAction::Forward(vec![]),
            policy: Policy::default(),
        };
        assert!(route(vec![]).is_catch_all());
        assert!(route(vec![port.clone(), HttpMatch::default()]).is_catch_all());
        assert!(!route(vec![port]).is_catch_all());
    }
}
