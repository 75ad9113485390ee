//! `envoy.config.route.v3.RouteConfiguration`, as the existing control plane
//! makes it of a TrafficRouter, back to one.
//!
//! What it makes is only a part of what was written, and what is missing shows
//! at most as a condition too few. So a condition that cannot be read, and a
//! route that would catch what was never meant for it, make the router bad: its
//! last good version stays.

use super::document::Misfit;
use super::wire::{Any, each_field};
use prost::Message;
use serde_json::{Map, Value, json};

/// The name of the message.
pub(super) const ROUTE_CONFIGURATION: &str = "envoy.config.route.v3.RouteConfiguration";

/// The plugin that stands for a destination with a fallback.
const FALLBACK: &str = "envoy.router.cluster_specifier_plugin.cluster_fallback";

#[derive(Clone, PartialEq, Message)]
struct RouteConfiguration {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    virtual_hosts: Vec<VirtualHost>,
}

#[derive(Clone, PartialEq, Message)]
struct VirtualHost {
    #[prost(string, repeated, tag = "2")]
    domains: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    routes: Vec<Route>,
}

#[derive(Clone, PartialEq, Message)]
struct Route {
    /// A [`RouteMatch`], read apart to see what it says that is not known here.
    #[prost(bytes = "vec", tag = "1")]
    matches: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    action: Option<RouteAction>,
    #[prost(string, tag = "14")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct RouteMatch {
    #[prost(string, optional, tag = "1")]
    prefix: Option<String>,
    #[prost(string, optional, tag = "2")]
    path: Option<String>,
    #[prost(message, optional, tag = "4")]
    case_sensitive: Option<bool>,
    #[prost(bytes = "vec", repeated, tag = "6")]
    headers: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "7")]
    query_parameters: Vec<Vec<u8>>,
    #[prost(message, optional, tag = "10")]
    safe_regex: Option<Regex>,
}
const ROUTE_MATCH: &[u32] = &[1, 2, 4, 6, 7, 10];

#[derive(Clone, PartialEq, Message)]
struct Regex {
    #[prost(string, tag = "2")]
    regex: String,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderMatcher {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, optional, tag = "4")]
    exact_match: Option<String>,
    #[prost(bool, optional, tag = "7")]
    present_match: Option<bool>,
    #[prost(bool, tag = "8")]
    invert_match: bool,
    #[prost(string, optional, tag = "9")]
    prefix_match: Option<String>,
    #[prost(message, optional, tag = "11")]
    safe_regex_match: Option<Regex>,
    #[prost(bytes = "vec", optional, tag = "13")]
    string_match: Option<Vec<u8>>,
}
const HEADER_MATCHER: &[u32] = &[1, 4, 7, 8, 9, 11, 13];

#[derive(Clone, PartialEq, Message)]
struct QueryMatcher {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "vec", optional, tag = "5")]
    string_match: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "6")]
    present_match: Option<bool>,
}
const QUERY_MATCHER: &[u32] = &[1, 5, 6];

#[derive(Clone, PartialEq, Message)]
struct StringMatcher {
    #[prost(string, optional, tag = "1")]
    exact: Option<String>,
    #[prost(string, optional, tag = "2")]
    prefix: Option<String>,
    #[prost(message, optional, tag = "5")]
    safe_regex: Option<Regex>,
}
const STRING_MATCHER: &[u32] = &[1, 2, 5];

#[derive(Clone, PartialEq, Message)]
struct RouteAction {
    #[prost(string, optional, tag = "1")]
    cluster: Option<String>,
    #[prost(message, optional, tag = "3")]
    weighted_clusters: Option<WeightedClusters>,
    #[prost(message, optional, tag = "39")]
    inline_plugin: Option<ClusterSpecifierPlugin>,
}

#[derive(Clone, PartialEq, Message)]
struct WeightedClusters {
    #[prost(message, repeated, tag = "1")]
    clusters: Vec<ClusterWeight>,
}

#[derive(Clone, PartialEq, Message)]
struct ClusterWeight {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    weight: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct ClusterSpecifierPlugin {
    #[prost(message, optional, tag = "1")]
    extension: Option<TypedExtension>,
}

#[derive(Clone, PartialEq, Message)]
struct TypedExtension {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    config: Option<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Fallback {
    #[prost(string, tag = "1")]
    routing_cluster: String,
    #[prost(string, tag = "2")]
    fallback_cluster: String,
}

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
    let block = block(&entry.matches, &format!("{path}.match[0]"))?;
    if block.is_empty() && !is_last {
        return misfit(
            format!("{path}.match"),
            "no condition in a route before the last, which would catch every request",
            "the conditions that its author wrote, some of which this control plane does not send",
        );
    }
    let mut http = Map::new();
    if !entry.name.is_empty() {
        http.insert("name".into(), entry.name.into());
    }
    if !block.is_empty() {
        http.insert("match".into(), vec![Value::Object(block)].into());
    }
    http.insert("route".into(), destinations(entry.action, &format!("{path}.route"), namespace)?.into());
    Ok(http.into())
}

/// What is asked of a request, all of it.
fn block(bytes: &[u8], path: &str) -> Read<Map<String, Value>> {
    let asked: RouteMatch = known(bytes, ROUTE_MATCH, path)?;
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
        let header: HeaderMatcher = known(bytes, HEADER_MATCHER, &path)?;
        let matched = match header.string_match {
            Some(bytes) => string(&bytes, &path)?,
            None => text(header.exact_match, header.prefix_match, header.safe_regex_match).unwrap_or_else(|| json!({})),
        };
        let is_negated = header.invert_match != (header.present_match == Some(false));
        let key = if is_negated { "withoutHeaders" } else { "headers" };
        put(&mut block, key, header.name, matched, &path)?;
    }
    for bytes in &asked.query_parameters {
        let path = format!("{path}.queryParams");
        let query: QueryMatcher = known(bytes, QUERY_MATCHER, &path)?;
        let matched = match query.string_match {
            Some(bytes) => string(&bytes, &path)?,
            None if query.present_match == Some(false) => {
                return misfit(path, "a parameter that must be missing", "a condition that it can meet");
            }
            None => json!({}),
        };
        put(&mut block, "queryParams", query.name, matched, &path)?;
    }
    Ok(block)
}

/// Puts one condition into the map of its like.
fn put(block: &mut Map<String, Value>, key: &str, name: String, matched: Value, path: &str) -> Read<()> {
    if name.is_empty() {
        return misfit(path, "a condition without a name, which this control plane does not send", "its name");
    }
    let conditions = block.entry(key).or_insert_with(|| json!({}));
    let Value::Object(conditions) = conditions else { return Ok(()) };
    match conditions.get(&name) {
        Some(other) if *other != matched => misfit(
            format!("{path}.{name}"),
            "two conditions on one name: blocks that were alternatives, sent as one",
            "one route for each block",
        ),
        _ => {
            conditions.insert(name, matched);
            Ok(())
        }
    }
}

fn string(bytes: &[u8], path: &str) -> Read<Value> {
    let matcher: StringMatcher = known(bytes, STRING_MATCHER, path)?;
    Ok(text(matcher.exact, matcher.prefix, matcher.safe_regex).unwrap_or_else(|| json!({})))
}

fn text(exact: Option<String>, prefix: Option<String>, regex: Option<Regex>) -> Option<Value> {
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

fn destinations(action: Option<RouteAction>, path: &str, namespace: &str) -> Read<Vec<Value>> {
    let action = action.unwrap_or_default();
    if let Some(name) = action.cluster {
        return Ok(vec![json!({"destination": cluster(&name, &format!("{path}[0]"), namespace)?})]);
    }
    if let Some(extension) = action.inline_plugin.and_then(|plugin| plugin.extension) {
        return Ok(vec![json!({"destination": with_fallback(extension, &format!("{path}[0]"), namespace)?})]);
    }
    let Some(weighted) = action.weighted_clusters else {
        return misfit(path, "a route to no cluster", "a cluster, weighted clusters, or one with a fallback");
    };
    let weighted = weighted.clusters.into_iter().enumerate().map(|(i, to)| {
        let destination = cluster(&to.name, &format!("{path}[{i}]"), namespace)?;
        Ok(json!({"destination": destination, "weight": to.weight.unwrap_or(0)}))
    });
    weighted.collect()
}

fn with_fallback(extension: TypedExtension, path: &str, namespace: &str) -> Read<Value> {
    let config = extension.config.filter(|_| extension.name == FALLBACK);
    let Some(Ok(fallback)) = config.map(|config| Fallback::decode(config.value.as_slice())) else {
        return misfit(path, format!("the plugin {:?}", extension.name), FALLBACK);
    };
    let mut destination = cluster(&fallback.routing_cluster, path, namespace)?;
    if !fallback.fallback_cluster.is_empty() {
        let mut other = cluster(&fallback.fallback_cluster, path, namespace)?;
        // Without a host of its own it is that of the destination.
        if let Some("") = other.get("host").and_then(Value::as_str) {
            other.remove("host");
        }
        destination.insert("fallback".into(), other.into());
    }
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
    host.strip_suffix(".svc.cluster.local")
        .and_then(|host| host.strip_suffix(namespace)?.strip_suffix('.'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, exact: &str) -> Vec<u8> {
        HeaderMatcher { name: name.into(), exact_match: Some(exact.into()), ..Default::default() }.encode_to_vec()
    }

    fn to(cluster: &str) -> Option<RouteAction> {
        Some(RouteAction { cluster: Some(cluster.into()), ..RouteAction::default() })
    }

    fn on(headers: Vec<Vec<u8>>) -> Vec<u8> {
        RouteMatch { headers, ..RouteMatch::default() }.encode_to_vec()
    }

    fn router(routes: Vec<Route>) -> Read<Value> {
        let domains = vec!["shop.default.svc.cluster.local".into()];
        let configuration =
            RouteConfiguration { name: "r".into(), virtual_hosts: vec![VirtualHost { domains, routes }] };
        let (name, spec) = read(&configuration.encode_to_vec(), "default")?;
        assert_eq!(name, "r");
        Ok(spec)
    }

    #[test]
    fn a_router_comes_back_as_it_was_written() {
        let config = Fallback {
            routing_cluster: "outbound||v1|shop.default.svc.cluster.local".into(),
            fallback_cluster: "outbound||base|.default.svc.cluster.local".into(),
        };
        let config = Any { type_url: String::new(), value: config.encode_to_vec() };
        let extension = TypedExtension { name: FALLBACK.into(), config: Some(config) };
        let inline_plugin = Some(ClusterSpecifierPlugin { extension: Some(extension) });
        let weighted = [
            ("outbound|80|v1|shop.default.svc.cluster.local", 90),
            ("outbound||v2|shop.com.default.svc.cluster.local", 10),
        ];
        let weighted = weighted.map(|(name, weight)| ClusterWeight { name: name.into(), weight: Some(weight) });
        let weighted_clusters = Some(WeightedClusters { clusters: weighted.to_vec() });
        let spec = router(vec![
            Route {
                matches: on(vec![header("x-user", "a")]),
                action: Some(RouteAction { inline_plugin, ..Default::default() }),
                name: String::new(),
            },
            Route {
                matches: vec![],
                action: Some(RouteAction { weighted_clusters, ..Default::default() }),
                name: "rest".into(),
            },
        ]);
        let expected = json!({"hosts": ["shop"], "http": [
            {"match": [{"headers": {"x-user": {"exact": "a"}}}],
             "route": [{"destination": {"host": "shop", "subset": "v1", "fallback": {"subset": "base"}}}]},
            {"name": "rest", "route": [
                {"destination": {"host": "shop", "subset": "v1", "port": {"number": 80}}, "weight": 90},
                {"destination": {"host": "shop.com", "subset": "v2"}, "weight": 10}]},
        ]});
        assert_eq!(spec, Ok(expected));
    }

    #[test]
    fn every_condition_that_is_understood() {
        let regex = || Some(Regex { regex: "a+".into() });
        let string = |matcher: StringMatcher| Some(matcher.encode_to_vec());
        let headers = [
            HeaderMatcher { name: "a".into(), prefix_match: Some("p".into()), ..Default::default() },
            HeaderMatcher { name: "b".into(), safe_regex_match: regex(), invert_match: true, ..Default::default() },
            HeaderMatcher { name: "c".into(), present_match: Some(true), ..Default::default() },
            HeaderMatcher { name: "d".into(), present_match: Some(false), ..Default::default() },
            HeaderMatcher {
                name: "e".into(),
                string_match: string(StringMatcher { exact: Some("x".into()), ..Default::default() }),
                ..Default::default()
            },
        ];
        let query = QueryMatcher {
            name: "q".into(),
            string_match: string(StringMatcher { safe_regex: regex(), ..Default::default() }),
            present_match: None,
        };
        let bytes = RouteMatch {
            path: Some("/x".into()),
            case_sensitive: Some(false),
            headers: headers.iter().map(Message::encode_to_vec).collect(),
            query_parameters: vec![query.encode_to_vec()],
            ..RouteMatch::default()
        }
        .encode_to_vec();
        let expected = json!({
            "uri": {"exact": "/x"}, "ignoreUriCase": true,
            "headers": {"a": {"prefix": "p"}, "c": {}, "e": {"exact": "x"}},
            "withoutHeaders": {"b": {"regex": "a+"}, "d": {}},
            "queryParams": {"q": {"regex": "a+"}},
        });
        assert_eq!(block(&bytes, "").map(Value::Object), Ok(expected));
    }

    #[test]
    fn what_would_catch_too_much_is_refused() {
        let route = |matches: Vec<u8>| Route { matches, action: to("outbound|||shop"), name: String::new() };
        let last = || route(vec![]);
        let refused = |matches| router(vec![route(matches), last()]).unwrap_err();
        assert_eq!(refused(vec![]).field, "spec.http[0].match");
        let query =
            RouteMatch { query_parameters: vec![QueryMatcher::default().encode_to_vec()], ..Default::default() };
        assert_eq!(refused(query.encode_to_vec()).field, "spec.http[0].match[0].queryParams");
        let folded = refused(on(vec![header("v", "a"), header("v", "b")]));
        assert_eq!((folded.field.as_str(), folded.name.as_str()), ("spec.http[0].match[0].headers.v", "r"));
        // A suffix match, and a fraction of the requests.
        assert!(refused(on(vec![b"\x0a\x01a\x52\x01b".to_vec()])).found.ends_with("(field 10)"));
        assert!(refused(b"\x4a\x00".to_vec()).found.ends_with("(field 9)"));
        assert!(router(vec![route(on(vec![header("v", "a"), header("v", "a")])), last()]).is_ok());
    }

    #[test]
    fn a_route_to_nowhere_is_refused() {
        let route = |action| router(vec![Route { matches: vec![], action, name: String::new() }]).unwrap_err().field;
        assert_eq!(route(None), "spec.http[0].route");
        assert_eq!(route(to("blackhole")), "spec.http[0].route[0]");
        let extension = TypedExtension { name: "other".into(), config: Some(Any::default()) };
        let inline_plugin = Some(ClusterSpecifierPlugin { extension: Some(extension) });
        assert_eq!(route(Some(RouteAction { inline_plugin, ..Default::default() })), "spec.http[0].route[0]");
        assert_eq!(read(b"", "default").unwrap_err().field, "spec.hosts");
        assert_eq!(read(b"\xff", "default").unwrap_err().field, "");
    }

    #[test]
    fn only_the_suffix_of_the_namespace_is_cut_off() {
        for (host, expected) in [
            ("shop.default.svc.cluster.local", "shop"),
            ("*.default.svc.cluster.local", "*"),
            ("shop.default.svc.cluster.local.default.svc.cluster.local", "shop.default.svc.cluster.local"),
            ("shop.other.svc.cluster.local", "shop.other.svc.cluster.local"),
            ("shopdefault.svc.cluster.local", "shopdefault.svc.cluster.local"),
            ("shop.com", "shop.com"),
        ] {
            assert_eq!(short(host, "default"), expected);
        }
    }
}
