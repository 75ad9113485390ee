//! `envoy.config.route.v3.RouteConfiguration`, the form of a TrafficRouter for
//! clients that do not take documents, back to one.
//!
//! The existing control plane sends only a part of what was written, and what is
//! missing shows at most as a condition too few. So a condition that cannot be
//! read, and a route that would catch what was never meant for it, make the
//! router bad: its last good version stays. Ours sends all of it: the
//! `control-plane` has the writing side.

mod condition;
mod effect;
pub mod matching;
pub mod message;

use super::document::Misfit;
use super::wire::Any;
use crate::spec::traffic_router::MAX_FALLBACKS;
use message::{ClusterFallback, ClusterWeight, Route, RouteAction, RouteConfiguration, TypedExtensionConfig};
use prost::Message;
use serde_json::{Map, Value, json};

/// The name of the message.
pub const ROUTE_CONFIGURATION: &str = "envoy.config.route.v3.RouteConfiguration";

/// The plugin that stands for a destination with a fallback.
pub const FALLBACK: &str = "envoy.router.cluster_specifier_plugin.cluster_fallback";
/// The name of the message that it is told.
pub const CLUSTER_FALLBACK: &str = "io.opensergo.proto.router.v1.ClusterFallbackConfig_ClusterConfig";

/// The retry extension that tries other localities.
pub const PREVIOUS_PRIORITIES: &str = "envoy.retry_priorities.previous_priorities";
/// The name of the message that it is told.
pub const PREVIOUS_PRIORITIES_CONFIG: &str =
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig";
/// The retry extension that leaves out hosts that were tried.
pub const PREVIOUS_HOSTS: &str = "envoy.retry_host_predicates.previous_hosts";
/// The name of the message that it is told.
pub const PREVIOUS_HOSTS_CONFIG: &str = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

// What a TrafficRouter asks of the caller and Envoy has no matcher for is asked
// of a header that no request can bear: who does not know it never takes the
// route, where without the condition every caller would.

/// The name of the header that stands for the destination port.
pub const PORT: &str = ":port";
/// The name of the header that stands for the caller's namespace.
pub const SOURCE_NAMESPACE: &str = ":source-namespace";
/// The name of the header that stands for a gateway other than `mesh`.
pub const GATEWAY: &str = ":gateway";
/// What stands before the key of a label of the caller, in the name of the header
/// that stands for it.
pub const SOURCE_LABEL: &str = ":source-label/";

/// What stands behind the host and the namespace of a service.
pub const CLUSTER_DOMAIN: &str = ".svc.cluster.local";

type Read<T> = Result<T, Misfit>;

fn misfit<T>(field: impl Into<String>, found: impl Into<String>, expected: &str) -> Read<T> {
    Err(Misfit { name: String::new(), field: field.into(), found: found.into(), expected: expected.to_owned() })
}

/// The name and the `spec` of the router that these bytes say, pushed in this
/// namespace.
pub(super) fn read(bytes: &[u8], namespace: &str) -> Read<(String, Value)> {
    let configuration = match RouteConfiguration::decode(bytes) {
        Ok(configuration) => configuration,
        Err(error) => return misfit("", format!("bytes that are no message ({error})"), ROUTE_CONFIGURATION),
    };
    let name = configuration.name.clone();
    let spec = spec(configuration, namespace).map_err(|misfit| Misfit { name: name.clone(), ..misfit })?;
    Ok((name, spec))
}

fn spec(configuration: RouteConfiguration, namespace: &str) -> Read<Value> {
    let mut hosts = configuration.virtual_hosts.into_iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return misfit(
            "spec.hosts",
            "none or several virtual hosts",
            "one virtual host, with all hosts as its domains",
        );
    };
    let last = host.routes.len().saturating_sub(1);
    let http: Read<Vec<Value>> =
        host.routes.into_iter().enumerate().map(|(i, entry)| route(i, i == last, entry, namespace)).collect();
    let domains: Vec<&str> = host.domains.iter().map(|domain| short(domain, namespace)).collect();
    Ok(json!({"hosts": domains, "http": http?}))
}

fn route(index: usize, is_last: bool, entry: Route, namespace: &str) -> Read<Value> {
    let path = format!("spec.http[{index}]");
    let block = condition::block(&entry.matches, &format!("{path}.match[0]"))?;
    if block.is_empty() && !is_last {
        return misfit(
            format!("{path}.match"),
            "no condition in a route before the last, which would catch every request",
            "the conditions that its author wrote, some of which this control plane does not send",
        );
    }
    let mut http = Map::new();
    if !entry.name.is_empty() {
        http.insert("name".into(), entry.name.as_str().into());
    }
    if !block.is_empty() {
        http.insert("match".into(), vec![Value::Object(block)].into());
    }
    effect::every(&mut http, &entry, &path)?;
    match (entry.route, entry.redirect, entry.direct_response) {
        (None, Some(redirect), None) => effect::redirect(&mut http, redirect, &path)?,
        (None, None, Some(response)) => effect::respond(&mut http, response, &path)?,
        (action, ..) => {
            let action = action.unwrap_or_default();
            effect::forward(&mut http, &action, &path, namespace)?;
            http.insert("route".into(), destinations(action, &format!("{path}.route"), namespace)?.into());
        }
    }
    Ok(http.into())
}

fn destinations(action: RouteAction, path: &str, namespace: &str) -> Read<Vec<Value>> {
    if let Some(name) = action.cluster {
        return Ok(vec![json!({"destination": cluster(&name, &format!("{path}[0]"), namespace)?})]);
    }
    if let Some(extension) = action.inline_cluster_specifier_plugin.and_then(|plugin| plugin.extension) {
        return Ok(vec![json!({"destination": with_fallback(extension, &format!("{path}[0]"), namespace)?})]);
    }
    let Some(weighted) = action.weighted_clusters else {
        return misfit(path, "a route to no cluster", "a cluster, weighted clusters, or one with a fallback");
    };
    let weighted = weighted.clusters.into_iter().enumerate();
    weighted.map(|(i, to)| destination(to, &format!("{path}[{i}]"), namespace)).collect()
}

/// One of several destinations.
fn destination(mut to: ClusterWeight, path: &str, namespace: &str) -> Read<Value> {
    let destination = match to.typed_per_filter_config.remove(FALLBACK) {
        Some(config) => {
            let extension = TypedExtensionConfig { name: FALLBACK.into(), typed_config: Some(config) };
            with_fallback(extension, path, namespace)?
        }
        None => cluster(&to.name, path, namespace)?.into(),
    };
    let mut entry = Map::new();
    entry.insert("destination".into(), destination);
    entry.insert("weight".into(), to.weight.unwrap_or(0).into());
    let sides = [
        ("request", &to.request_headers_to_add, &to.request_headers_to_remove),
        ("response", &to.response_headers_to_add, &to.response_headers_to_remove),
    ];
    effect::headers(&mut entry, sides, &format!("{path}.headers"))?;
    Ok(entry.into())
}

fn with_fallback(extension: TypedExtensionConfig, path: &str, namespace: &str) -> Read<Value> {
    let config = extension.typed_config.filter(|_| extension.name == FALLBACK);
    let Some(Ok(fallback)) = config.map(|Any { value, .. }| ClusterFallback::decode(value.as_slice())) else {
        return misfit(path, format!("the plugin {:?}", extension.name), FALLBACK);
    };
    let mut destination = cluster(&fallback.routing_cluster, path, namespace)?;
    let mut chain = Vec::new();
    let mut before = (destination.get("host").cloned(), destination.get("port").cloned());
    // Each is nested in the one before: a document is only so deep.
    if fallback.further_clusters.len() >= MAX_FALLBACKS {
        let found = format!("{} fallbacks", fallback.further_clusters.len().saturating_add(1));
        return misfit(format!("{path}.destination.fallback"), found, "a chain of at most 4 fallbacks");
    }
    let names = [&fallback.fallback_cluster].into_iter().chain(&fallback.further_clusters);
    for name in names.filter(|name| !name.is_empty()) {
        let mut link = cluster(name, path, namespace)?;
        let here = (link.get("host").cloned(), link.get("port").cloned());
        // Without a host of its own it is that of the one before, port included;
        // the existing control plane then sends an empty one.
        if here == before {
            link.remove("port");
        }
        if here == before || here.0 == Some("".into()) {
            link.remove("host");
        } else {
            before = here;
        }
        chain.push(link);
    }
    let nested = chain.into_iter().rev().fold(None, |behind: Option<Map<String, Value>>, mut link| {
        link.extend(behind.map(|behind| ("fallback".to_owned(), behind.into())));
        Some(link)
    });
    destination.extend(nested.map(|link| ("fallback".to_owned(), link.into())));
    Ok(destination.into())
}

/// Reads `outbound|<port>|<subset>|<host>`.
fn cluster(name: &str, path: &str, namespace: &str) -> Read<Map<String, Value>> {
    let parts: Vec<&str> = name.split('|').collect();
    let [_, port, subset, host] = parts.as_slice() else {
        return misfit(path, format!("the cluster {name:?}"), "one like outbound|<port>|<subset>|<host>");
    };
    let mut destination = Map::new();
    destination.insert("host".into(), short(host, namespace).into());
    if !subset.is_empty() {
        destination.insert("subset".into(), (*subset).into());
    }
    if !port.is_empty() {
        let number = port.parse::<u64>().map_or_else(|_| Value::from(*port), Value::from);
        destination.insert("port".into(), json!({"number": number}));
    }
    Ok(destination)
}

/// A host as its author wrote it: the control plane puts the namespace's suffix
/// behind each, whatever it is.
fn short<'h>(host: &'h str, namespace: &str) -> &'h str {
    host.strip_suffix(CLUSTER_DOMAIN).and_then(|host| host.strip_suffix(namespace)?.strip_suffix('.')).unwrap_or(host)
}

#[cfg(test)]
mod tests;
