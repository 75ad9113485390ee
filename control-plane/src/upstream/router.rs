//! A router as Envoy's RouteConfiguration.

use super::{Unsaid, condition, effect, host, unsaid};
use prost::Message;
use sergo::policy::{Redirect, RedirectPort};
use sergo::spec::traffic_router::{
    Destination, HttpMatch, HttpRoute, RouteAction as Action, TrafficRouter, WeightedDestination,
};
use sergo::subscribe::envoy::matching::{HeaderMatcher, RouteMatch, any};
use sergo::subscribe::envoy::message::{
    ClusterFallback, ClusterSpecifierPlugin, ClusterWeight, Route, RouteAction, RouteConfiguration,
    TypedExtensionConfig, VirtualHost, WeightedCluster,
};
use sergo::subscribe::envoy::{CLUSTER_FALLBACK, FALLBACK};

/// The routes of a router, for requests of HTTP: it has no other.
pub(super) fn configuration(router: &TrafficRouter, namespace: &str) -> Result<RouteConfiguration, Unsaid> {
    if router.hosts.is_empty() {
        return unsaid("spec.hosts", "a router without hosts, which others delegate to");
    }
    if router.http.is_empty() {
        return unsaid(if router.tls.is_empty() { "spec.tcp" } else { "spec.tls" }, "routes of connections alone");
    }
    let mut routes = Vec::new();
    for entry in &router.http {
        routes.extend(entry_routes(entry, router, namespace)?);
    }
    let domains = router.hosts.iter().map(|host| host::full(host, namespace)).collect();
    let name = router.meta.name.clone();
    let virtual_hosts = vec![VirtualHost { name: name.clone(), domains, routes }];
    Ok(RouteConfiguration { name, virtual_hosts })
}

/// The routes of an entry: one for each block, of which any may match.
fn entry_routes(entry: &HttpRoute, router: &TrafficRouter, namespace: &str) -> Result<Vec<Route>, Unsaid> {
    let field = format!("spec.http[{}]", entry.position);
    let every = [HttpMatch::default()];
    let blocks = if entry.matches.is_empty() { every.as_slice() } else { &entry.matches };
    let mut matches = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        matches.extend(condition::matches(block, &router.gateways, &format!("{field}.match[{i}]"))?);
    }
    let (request_headers_to_add, request_headers_to_remove) = effect::headers(&entry.policy.headers.request);
    let (response_headers_to_add, response_headers_to_remove) = effect::headers(&entry.policy.headers.response);
    let base = Route {
        name: entry.name.clone().unwrap_or_default(),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        typed_per_filter_config: effect::filters(&entry.policy),
        ..Route::default()
    };
    let base = match &entry.action {
        Action::Forward(destinations) => {
            let mut action = action(destinations, namespace, &format!("{field}.route"))?;
            effect::forward(&mut action, &entry.policy, namespace, &field)?;
            Route { route: Some(action), ..base }
        }
        Action::Redirect(redirect) => return redirects(redirect, &base, matches, &field),
        Action::Respond(response) => Route { direct_response: Some(effect::respond(response)), ..base },
        Action::Delegate(delegate) => {
            return unsaid(format!("{field}.delegate"), format!("routes of another router, {:?}", delegate.name));
        }
    };
    Ok(matches.into_iter().map(|one| Route { matches: one.encode_to_vec(), ..base.clone() }).collect())
}

/// The routes of a redirect. Where its port depends on the request's scheme, https
/// has one of its own.
fn redirects(redirect: &Redirect, base: &Route, matches: Vec<RouteMatch>, field: &str) -> Result<Vec<Route>, Unsaid> {
    let route = |one: &RouteMatch, scheme| Route {
        matches: one.encode_to_vec(),
        redirect: Some(effect::redirect(redirect, scheme)),
        ..base.clone()
    };
    let depends = redirect.port == Some(RedirectPort::OfScheme) && redirect.scheme.is_none();
    let mut routes = Vec::new();
    for one in matches {
        let headers = one.headers.iter().filter_map(|bytes| HeaderMatcher::decode(bytes.as_slice()).ok());
        let mut asked = headers.filter(|header| depends && header.name == SCHEME);
        let scheme = match (asked.next(), asked.next()) {
            (None, _) => {
                if depends {
                    let mut secure = one.clone();
                    secure.headers.push(scheme("https").encode_to_vec());
                    routes.push(route(&secure, "https"));
                }
                "http"
            }
            (Some(asked), None) if asked == scheme("https") => "https",
            (Some(asked), None) if asked == scheme("http") => "http",
            _ => return unsaid(format!("{field}.redirect.derivePort"), "a port for one of several schemes"),
        };
        routes.push(route(&one, scheme));
    }
    Ok(routes)
}

const SCHEME: &str = ":scheme";

/// What asks for this scheme.
fn scheme(exact: &str) -> HeaderMatcher {
    HeaderMatcher { name: SCHEME.to_owned(), exact_match: Some(exact.to_owned()), ..HeaderMatcher::default() }
}

/// Where requests go.
fn action(destinations: &[WeightedDestination], namespace: &str, field: &str) -> Result<RouteAction, Unsaid> {
    let mut action = RouteAction::default();
    if let [only] = destinations
        && only.headers.is_empty()
    {
        let (cluster, fallback) = clusters(&only.destination, namespace, &format!("{field}[0].destination"))?;
        match fallback {
            None => action.cluster = Some(cluster),
            Some(fallback) => {
                let typed_config = Some(any(CLUSTER_FALLBACK, &fallback));
                let extension = Some(TypedExtensionConfig { name: FALLBACK.to_owned(), typed_config });
                action.inline_cluster_specifier_plugin = Some(ClusterSpecifierPlugin { extension });
            }
        }
        return Ok(action);
    }
    let mut weighted = WeightedCluster::default();
    for (i, to) in destinations.iter().enumerate() {
        let (name, fallback) = clusters(&to.destination, namespace, &format!("{field}[{i}].destination"))?;
        let (request_headers_to_add, request_headers_to_remove) = effect::headers(&to.headers.request);
        let (response_headers_to_add, response_headers_to_remove) = effect::headers(&to.headers.response);
        // Alone, it gets everything.
        let weight = if destinations.len() == 1 { 100 } else { to.weight };
        // Of several, each has its fallback beside it: who does not know it there
        // still has the weights.
        let fallback = fallback.map(|fallback| (FALLBACK.to_owned(), any(CLUSTER_FALLBACK, &fallback)));
        weighted.clusters.push(ClusterWeight {
            name,
            weight: Some(weight),
            request_headers_to_add,
            request_headers_to_remove,
            response_headers_to_add,
            response_headers_to_remove,
            typed_per_filter_config: fallback.into_iter().collect(),
        });
    }
    action.weighted_clusters = Some(weighted);
    Ok(action)
}

/// The cluster of a destination, and what comes into its place.
fn clusters(to: &Destination, namespace: &str, field: &str) -> Result<(String, Option<ClusterFallback>), Unsaid> {
    let routing_cluster = host::cluster(&to.host, to.subset.as_deref(), to.port, namespace, field)?;
    let links = to.fallbacks.iter();
    let mut links = links.map(|link| host::cluster(&link.host, link.subset.as_deref(), link.port, namespace, field));
    let Some(first) = links.next() else { return Ok((routing_cluster, None)) };
    let fallback = ClusterFallback {
        routing_cluster: routing_cluster.clone(),
        fallback_cluster: first?,
        further_clusters: links.collect::<Result<_, _>>()?,
    };
    Ok((routing_cluster, Some(fallback)))
}
