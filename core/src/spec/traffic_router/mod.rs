//! `TrafficRouter`: which requests to which hosts go where.

mod action;
mod connection;
mod cors;
mod destination;
mod headers;
mod http;
pub(super) mod matches;
mod older;
mod resilience;

pub use resilience::RETRY_ON;

use super::Meta;
use super::code::Code;
use super::reader::Object;
use crate::matcher::rpc::MethodMatch;
use crate::matcher::{HostPattern, Subnet, Text};
use crate::policy::{DirectResponse, Headers, Policy, Redirect};
use std::collections::BTreeMap;

/// The routes of some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficRouter {
    /// Its metadata.
    pub meta: Meta,
    /// `TrafficRouter`, or the kind that is read as one.
    pub kind: &'static str,
    /// `spec.hosts[]`, in order and as written; empty only for a router that
    /// others delegate to. Each one can be read as a
    /// [`HostPattern`].
    pub hosts: Vec<String>,
    /// `spec.gateways[]`; `mesh` when absent.
    pub gateways: Vec<String>,
    /// `spec.http[]`, in order.
    pub http: Vec<HttpRoute>,
    /// `spec.rpc[]` of a `RouterRule`, in order; `None` where remote calls are
    /// requests like others.
    pub rpc: Option<Vec<HttpRoute>>,
    /// `spec.tls[]`, in order.
    pub tls: Vec<ConnectionRoute>,
    /// `spec.tcp[]`, in order.
    pub tcp: Vec<ConnectionRoute>,
    /// The targets of a `RouterRule`, as they are written.
    pub targets: Vec<Target>,
}

/// A target of a `RouterRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its path, for diagnostics.
    pub path: String,
    /// `workloads`: the document that its group is defined in.
    pub workloads: Option<String>,
    /// `name`: the group.
    pub subset: String,
}

impl TrafficRouter {
    /// Reads the `spec` of a `TrafficRouter` or a `VirtualService`. What is wrong
    /// is noted; the router is good when nothing was.
    #[must_use]
    pub fn read(kind: &'static str, meta: &Meta, mut spec: Object<'_>) -> TrafficRouter {
        let mut hosts = Vec::new();
        // Whether it may do without is seen beside the other routers.
        for field in spec.take("hosts").list().unwrap_or_default() {
            let host =
                field.read(Code::BadHost, "a host name, perhaps with a `*` at one end, without port", |host, _| {
                    HostPattern::read(host, &meta.namespace).map(|_| host.to_owned())
                });
            hosts.extend(host);
        }
        let gateways = matches::names(&spec.take("gateways"), "the name of a gateway");
        let patterns: Vec<HostPattern> =
            hosts.iter().filter_map(|host| HostPattern::read(host, &meta.namespace)).collect();
        let [tls, tcp] = [("tls", true), ("tcp", false)].map(|(protocol, is_tls)| {
            let routes = spec.take(protocol).list().unwrap_or_default();
            let read = |field| connection::route(field, is_tls, &patterns, &meta.namespace);
            routes.iter().filter_map(read).collect::<Vec<ConnectionRoute>>()
        });
        let routes = spec.take("http");
        let alone = !spec.take("tls").is_present() && !spec.take("tcp").is_present();
        let routes = if alone { routes.required().filled_list("a list of routes") } else { routes.list() };
        let routes = routes.unwrap_or_default();
        let http = routes.iter().enumerate().filter_map(|(i, field)| http::route(i, field, &meta.namespace)).collect();
        // It says to whom the router is shown, which a rule file settles already.
        let export = spec.take("exportTo");
        if export.is_present() {
            export.tell(
                Code::NoEffect,
                "a field that does nothing here",
                "the router in the namespaces that it is for",
            );
        }
        spec.finish();
        TrafficRouter { meta: meta.clone(), kind, hosts, gateways, http, rpc: None, tls, tcp, targets: Vec::new() }
    }
}

/// `spec.http[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// Its index in `spec.http`.
    pub position: usize,
    /// `name`.
    pub name: Option<String>,
    /// `match[]`: one of them must hold; none at all is every request.
    pub matches: Vec<HttpMatch>,
    /// What becomes of the request.
    pub action: RouteAction,
    /// What is done beside it, with the route's own `headers`.
    pub policy: Policy,
    /// Whether the mirror comes from `mirror` and not from the list `mirrors`.
    pub has_one_mirror: bool,
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
    /// `delegate`: the routes of another router stand here.
    Delegate(Delegate),
}

/// `delegate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegate {
    /// The other router's name.
    pub name: String,
    /// Its namespace; this router's when absent.
    pub namespace: String,
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
    /// `sourceLabels` of a `RouterRule`; without a text the label need only be
    /// there.
    pub label_texts: Vec<(String, Option<Text>)>,
    /// What is asked of a remote call.
    pub rpc: RpcMatch,
}

/// What a `RouterRule` asks of a remote call: all that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpcMatch {
    /// `services`: one of these; empty is every one.
    pub services: Vec<Text>,
    /// `methods`: one of these; empty is every one.
    pub methods: Vec<MethodMatch>,
    /// `attachments`; without a text it need only be there.
    pub attachments: Vec<(String, Option<Text>)>,
}

impl HttpMatch {
    /// Whether nothing is asked for, or no more than the `uri` prefix `/` or the
    /// regular expression `.*`.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        let HttpMatch {
            uri,
            ignore_uri_case: _,
            scheme: None,
            method: None,
            authority: None,
            headers,
            without_headers,
            query_params,
            port: None,
            source_labels,
            source_namespace: None,
            gateways,
            label_texts,
            rpc,
        } = self
        else {
            return false;
        };
        uri.as_ref().is_none_or(HttpMatch::is_every_uri)
            && [headers, without_headers, query_params, label_texts].iter().all(|named| named.is_empty())
            && source_labels.is_empty()
            && gateways.is_empty()
            && *rpc == RpcMatch::default()
    }

    /// Whether a `uri` matches every path.
    #[must_use]
    pub fn is_every_uri(uri: &Text) -> bool {
        match uri {
            Text::Prefix(prefix) => matches!(&**prefix, "" | "/"),
            Text::Regex(pattern) => pattern.as_str() == ".*",
            Text::Exact(_) => false,
        }
    }
}

/// `spec.tls[i]` or `spec.tcp[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRoute {
    /// `match[]`: one of them must hold; none at all is every connection.
    pub matches: Vec<ConnectionMatch>,
    /// `route[]`: never empty, and not all of weight zero.
    pub route: Vec<WeightedDestination>,
}

/// `spec.tls[i].match[j]` or `spec.tcp[i].match[j]`: all that is there must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionMatch {
    /// `sniHosts`: the name that the client asks for is one of these.
    pub sni_hosts: Vec<HostPattern>,
    /// `destinationSubnets`: the destination's address is in one of these.
    pub destination_subnets: Vec<Subnet>,
    /// `sourceSubnet`: the caller's address is in it.
    pub source_subnet: Option<Subnet>,
    /// `port`: the destination port.
    pub port: Option<u16>,
    /// `sourceLabels`: the caller bears all of them.
    pub source_labels: BTreeMap<String, String>,
    /// `sourceNamespace`.
    pub source_namespace: Option<String>,
    /// `gateways`, in the place of the router's; empty when absent.
    pub gateways: Vec<String>,
}

/// `spec.http[i].route[j]`, and those of `tls` and `tcp`.
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
            position: 0,
            name: None,
            matches,
            action: RouteAction::Forward(vec![]),
            policy: Policy::default(),
            has_one_mirror: false,
        };
        assert!(route(vec![]).is_catch_all());
        assert!(route(vec![port.clone(), HttpMatch::default()]).is_catch_all());
        assert!(!route(vec![port]).is_catch_all());
    }
}
