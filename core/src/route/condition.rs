//! One condition on a request: a field of a match block.

use super::{Connection, Request};
use crate::matcher::rpc::MethodMatch;
use crate::matcher::{HostName, HostPattern, Subnet, Text, host, query};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

/// Whose engine it is: what a request leaves open about its caller.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// The engine's namespace.
    pub namespace: &'a str,
    /// The labels of the workload that the engine runs in.
    pub labels: &'a BTreeMap<String, String>,
}

/// The gateway of a request that comes through none.
pub const MESH: &str = "mesh";

/// A request with its parts taken apart, once for all conditions.
pub struct Seen<'a> {
    request: &'a Request<'a>,
    path: &'a str,
    query: &'a str,
    labels: &'a BTreeMap<String, String>,
    namespace: &'a str,
    gateway: &'a str,
    sni: Option<HostName<'a>>,
    address: Option<IpAddr>,
}

impl<'a> Seen<'a> {
    /// Takes the request apart; what it leaves open about its caller is home's.
    #[must_use]
    pub fn new(request: &'a Request<'a>, home: Home<'a>) -> Self {
        let (path, query) = query::split(request.path);
        Seen {
            request,
            path,
            query: query.unwrap_or_default(),
            labels: request.caller.labels.unwrap_or(home.labels),
            namespace: request.caller.namespace.unwrap_or(home.namespace),
            gateway: short_gateway(request.caller.gateway.unwrap_or(MESH), home.namespace),
            sni: None,
            address: None,
        }
    }

    /// A connection, seen as a request of which only that much is known.
    #[must_use]
    pub fn connection(connection: &Connection<'a>, request: &'a Request<'a>, home: Home<'a>) -> Self {
        Seen {
            sni: connection.sni.map(|sni| HostName::new(sni, home.namespace)),
            address: connection.address.and_then(|address| address.parse().ok()),
            ..Seen::new(request, home)
        }
    }
}

impl Seen<'_> {
    /// The path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        self.request.method
    }

    /// The first value of a query parameter.
    pub(super) fn query_value(&self, key: &str) -> Option<&str> {
        query::value(self.query, key)
    }

    /// The gateway that the request comes through.
    pub(super) fn gateway(&self) -> &str {
        self.gateway
    }

    /// The port that it goes to: without one of its own, that in its host.
    pub(super) fn port(&self) -> Option<u16> {
        self.request.port.or_else(|| host::split_port(self.request.host).1)
    }

    /// The namespace of its caller.
    pub(super) fn namespace(&self) -> &str {
        self.namespace
    }

    /// A label of its caller.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The request itself.
    pub(super) fn request(&self) -> &Request<'_> {
        self.request
    }

    /// Hands the value of a header on; `None` where it is missing.
    pub(super) fn header<T>(&self, name: &HeaderName, ask: impl FnOnce(Option<&str>) -> T) -> T {
        name.ask(self.request, ask)
    }
}

/// A gateway's name as seen from a namespace: `ns/name` is `name` there.
#[must_use]
pub fn short_gateway<'a>(gateway: &'a str, namespace: &str) -> &'a str {
    gateway.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/')).unwrap_or(gateway)
}

/// Where a header condition reads its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HeaderName {
    /// The header of this name, in lower case.
    Named(Box<str>),
    /// `:method`.
    Method,
    /// `:path`, the query included.
    Path,
    /// `:authority`.
    Authority,
    /// `:scheme`.
    Scheme,
}

impl HeaderName {
    /// The name as a rule writes it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        match name {
            ":method" => HeaderName::Method,
            ":path" => HeaderName::Path,
            ":authority" => HeaderName::Authority,
            ":scheme" => HeaderName::Scheme,
            _ => HeaderName::Named(name.to_ascii_lowercase().into()),
        }
    }

    /// Asks about the header's value; `None` where it is missing.
    fn ask<T>(&self, request: &Request<'_>, ask: impl FnOnce(Option<&str>) -> T) -> T {
        match self {
            HeaderName::Named(name) => ask(request.headers.header(name).as_deref()),
            HeaderName::Method => ask(Some(request.method)),
            HeaderName::Path => ask(Some(request.path)),
            HeaderName::Authority => ask(Some(request.host)),
            HeaderName::Scheme => ask(Some(request.scheme)),
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeaderName::Named(name) => name,
            HeaderName::Method => ":method",
            HeaderName::Path => ":path",
            HeaderName::Authority => ":authority",
            HeaderName::Scheme => ":scheme",
        })
    }
}

/// A condition; a match block holds when all of its conditions do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `gateways`: the request comes through one of these.
    Gateways(Box<[Box<str>]>),
    /// `port`: the destination port.
    Port(u16),
    /// `method`.
    Method(Text),
    /// `scheme`.
    Scheme(Text),
    /// `uri`: the path without its query.
    Path(Text),
    /// `uri` with `ignoreUriCase`.
    PathIgnoringCase(Text),
    /// `authority`: the host as it was sent, port included.
    Authority(Text),
    /// `sourceNamespace`.
    Namespace(Box<str>),
    /// `sourceLabels`: the caller bears all of them.
    Labels(BTreeMap<String, String>),
    /// `headers`; without a text the header need only be there.
    Header(HeaderName, Option<Text>),
    /// `withoutHeaders`; without a text the header must be missing.
    WithoutHeader(HeaderName, Option<Text>),
    /// `queryParams`; without a text the parameter need only be there.
    Query(Box<str>, Option<Text>),
    /// `sniHosts`: the client asks for one of these names.
    Sni(Box<[HostPattern]>),
    /// `destinationSubnets`: the destination's address is in one of these.
    Address(Box<[Subnet]>),
    /// `sourceSubnet`: the caller's address is in it.
    Client(Subnet),
    /// A label of the caller, as a `RouterRule` asks for it; without a text it
    /// need only be there.
    Label(Box<str>, Option<Text>),
    /// `services` of a remote call: one of these.
    Service(Box<[Text]>),
    /// `methods` of a remote call: one of these.
    RpcMethod(Box<[MethodMatch]>),
    /// `attachments` of a remote call; without a text it need only be there.
    Attachment(Box<str>, Option<Text>),
}

impl Condition {
    /// Whether it holds for the request.
    #[must_use]
    pub fn holds(&self, seen: &Seen<'_>) -> bool {
        let request = seen.request;
        match self {
            Condition::Gateways(names) => names.iter().any(|name| **name == *seen.gateway),
            Condition::Port(port) => seen.port() == Some(*port),
            Condition::Method(text) => text.matches(request.method),
            Condition::Scheme(text) => text.matches(request.scheme),
            Condition::Path(text) => text.matches(seen.path),
            Condition::PathIgnoringCase(text) => text.matches_ignoring_case(seen.path),
            Condition::Authority(text) => text.matches(request.host),
            Condition::Namespace(namespace) => **namespace == *seen.namespace,
            Condition::Labels(labels) => labels.iter().all(|(key, value)| seen.labels.get(key) == Some(value)),
            Condition::Header(name, text) => name
                .ask(request, |value| value.is_some_and(|value| text.as_ref().is_none_or(|text| text.matches(value)))),
            Condition::WithoutHeader(name, text) => name.ask(request, |value| match text {
                None => value.is_none(),
                // A missing header counts as the empty value here.
                Some(text) => !text.matches(value.unwrap_or_default()),
            }),
            Condition::Sni(patterns) => {
                seen.sni.as_ref().is_some_and(|sni| patterns.iter().any(|pattern| pattern.matches(sni)))
            }
            Condition::Address(subnets) => {
                seen.address.is_some_and(|address| subnets.iter().any(|subnet| subnet.contains(address)))
            }
            Condition::Client(subnet) => request
                .client
                .and_then(|client| client.parse().ok())
                .is_some_and(|client: IpAddr| subnet.contains(client)),
            Condition::Label(key, text) => {
                seen.labels.get(&**key).is_some_and(|value| text.as_ref().is_none_or(|text| text.matches(value)))
            }
            Condition::Service(texts) => {
                request.rpc.is_some_and(|rpc| texts.iter().any(|text| text.matches(rpc.service)))
            }
            Condition::RpcMethod(methods) => {
                request.rpc.is_some_and(|rpc| methods.iter().any(|method| method.matches(&rpc)))
            }
            Condition::Attachment(key, text) => request
                .rpc
                .and_then(|rpc| rpc.attachment(key))
                .is_some_and(|value| text.as_ref().is_none_or(|text| text.matches(value))),
            Condition::Query(key, text) => {
                query::value(seen.query, key).is_some_and(|value| text.as_ref().is_none_or(|text| text.matches(value)))
            }
        }
    }

    /// Adds the header, in lower case, and the query parameter that it looks at.
    pub fn required(&self, headers: &mut BTreeSet<String>, parameters: &mut BTreeSet<String>) {
        match self {
            Condition::Header(HeaderName::Named(name), _) | Condition::WithoutHeader(HeaderName::Named(name), _) => {
                headers.insert(name.to_string());
            }
            Condition::Query(name, _) => {
                parameters.insert(name.to_string());
            }
            _ => {}
        }
    }

    /// About how much it takes to ask: the cheap ones are asked first.
    #[must_use]
    pub fn cost(&self) -> u8 {
        let text = |text: &Text| if matches!(text, Text::Regex(_)) { 10u8 } else { 0 };
        match self {
            Condition::Port(_) => 0,
            Condition::Method(asked) | Condition::Scheme(asked) => text(asked).saturating_add(1),
            Condition::Path(asked) | Condition::PathIgnoringCase(asked) | Condition::Authority(asked) => {
                text(asked).saturating_add(2)
            }
            Condition::Gateways(_) | Condition::Namespace(_) => 3,
            Condition::Sni(_) | Condition::Address(_) | Condition::Client(_) => 4,
            Condition::Labels(_) | Condition::Label(..) | Condition::Service(_) => 5,
            Condition::RpcMethod(_) | Condition::Attachment(..) => 8,
            Condition::Query(_, asked) => asked.as_ref().map_or(0, text).saturating_add(6),
            Condition::Header(_, asked) | Condition::WithoutHeader(_, asked) => {
                asked.as_ref().map_or(0, text).saturating_add(7)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Pattern;
    use crate::route::Caller;

    const HEADERS: &[(&str, &str)] = &[("Tag", "v2"), ("Accept", "a"), ("accept", "b"), ("empty", "")];

    fn holds_for(request: &Request<'_>, condition: &Condition) -> bool {
        let labels = BTreeMap::from([("tag".to_owned(), "gray".to_owned()), ("zone".to_owned(), "a".to_owned())]);
        condition.holds(&Seen::new(request, Home { namespace: "default", labels: &labels }))
    }

    fn holds(condition: &Condition) -> bool {
        let request = Request { path: "/Foo?a=1&b", headers: &HEADERS, ..Request::new("Shop:8080") };
        holds_for(&request, condition)
    }

    fn exact(text: &str) -> Text {
        Text::Exact(text.into())
    }

    fn regex(text: &str) -> Text {
        Text::Regex(Pattern::new(text).unwrap())
    }

    #[test]
    fn the_path_is_seen_without_its_query() {
        assert!(holds(&Condition::Path(exact("/Foo"))));
        assert!(!holds(&Condition::Path(exact("/foo"))));
        assert!(holds(&Condition::PathIgnoringCase(exact("/foo"))));
        assert!(holds(&Condition::Header(HeaderName::new(":path"), Some(exact("/Foo?a=1&b")))));
    }

    #[test]
    fn header_names_have_no_case_and_values_are_joined() {
        assert!(holds(&Condition::Header(HeaderName::new("TAG"), Some(exact("v2")))));
        assert!(!holds(&Condition::Header(HeaderName::new("tag"), Some(exact("V2")))));
        assert!(holds(&Condition::Header(HeaderName::new("accept"), Some(exact("a,b")))));
        assert!(!holds(&Condition::Header(HeaderName::new("missing"), Some(regex(".*")))));
        assert!(!holds(&Condition::Header(HeaderName::new("missing"), None)));
        assert!(holds(&Condition::Header(HeaderName::new("empty"), None)));
        assert!(holds(&Condition::Header(HeaderName::new("empty"), Some(exact("")))));
    }

    #[test]
    fn a_missing_header_counts_as_empty_where_it_must_not_match() {
        let without = |name, text| holds(&Condition::WithoutHeader(HeaderName::new(name), text));
        assert!(without("tag", Some(exact("v1"))));
        assert!(!without("tag", Some(exact("v2"))));
        assert!(!without("missing", Some(regex(".*"))));
        assert!(!without("missing", Some(exact(""))));
        assert!(without("missing", Some(exact("v2"))));
        assert!(without("missing", None));
        assert!(!without("empty", None));
    }

    #[test]
    fn a_parameter_without_a_value_is_there_and_empty() {
        assert!(holds(&Condition::Query("b".into(), None)));
        assert!(holds(&Condition::Query("b".into(), Some(exact("")))));
        assert!(holds(&Condition::Query("a".into(), Some(exact("1")))));
        assert!(!holds(&Condition::Query("A".into(), None)));
    }

    #[test]
    fn what_a_request_leaves_open_about_its_caller_is_the_engines() {
        let gray = Condition::Labels(BTreeMap::from([("tag".to_owned(), "gray".to_owned())]));
        let mesh = Condition::Gateways([MESH.into()].into());
        let home = Condition::Namespace("default".into());
        assert!(holds(&gray) && holds(&mesh) && holds(&home));
        let none = BTreeMap::new();
        let caller = Caller { labels: Some(&none), namespace: Some("other"), gateway: Some("default/edge") };
        let request = Request { caller, ..Request::new("shop") };
        assert!(!holds_for(&request, &gray) && !holds_for(&request, &mesh) && !holds_for(&request, &home));
        assert!(holds_for(&request, &Condition::Gateways(["edge".into()].into())));
    }

    #[test]
    fn the_port_may_stand_in_the_host() {
        assert!(holds(&Condition::Port(8080)));
        assert!(holds(&Condition::Authority(exact("Shop:8080"))));
        let request = Request { port: Some(90), ..Request::new("shop:80") };
        assert!(holds_for(&request, &Condition::Port(90)));
        assert!(!holds_for(&Request::new("shop"), &Condition::Port(80)));
    }
}
