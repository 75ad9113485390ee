//! Older generations as the current one: `RouterRule`, `VirtualWorkloads`,
//! `TrafficLabelRule`, and fields that have newer names.

use super::istio::{TRAFFIC, metadata};
use super::loss::Fate;
use super::loss::{LEFT_OUT, Losses};
use super::tree::{at, bare, entries, items, list, map, text, text_at};
use super::{istio, tree};
use sergo::spec::node::{Entry, Node, Value};

/// Why a document has no newer form, and where.
struct Stays<'n> {
    field: String,
    node: &'n Node,
    why: &'static str,
}

type Read<'n, T> = Result<T, Stays<'n>>;

/// The document in the current generation; `None` where it stays as it is, and
/// is noted, or where it is current.
pub(super) fn current(document: &Node, losses: &mut Losses) -> Option<Node> {
    let spec = document.get("spec")?;
    let newer = match tree::kind(document) {
        "RouterRule" => router_rule(document, spec, losses),
        "VirtualWorkloads" => Ok(virtual_workloads(document, spec, losses)),
        "TrafficLabelRule" => label_rule(document, spec),
        "TrafficLane" => lane(document, spec),
        "RateLimitStrategy" | "CircuitBreakerStrategy" => return strategy(document, spec),
        "VirtualService" | "DestinationRule" => return version(document),
        "WorkloadLabelRule" => {
            let why = "the current generation has no kind that gives labels to workloads";
            losses.whole(Fate::Changed, document.place, "the same document", why);
            return None;
        }
        _ => return None,
    };
    match newer {
        Ok(node) => Some(node),
        Err(Stays { field, node, why }) => {
            losses.lost(&field, node, "the document stays in its older form", why);
            None
        }
    }
}

/// The document with another spec.
fn with_spec(document: &Node, kind: &str, spec: Node) -> Node {
    tree::document(TRAFFIC, kind, metadata(document), spec)
}

fn rename_value(document: &Node, key: &str, newer: Node) -> Node {
    let entries = entries(document).iter().map(|entry| match &entry.key {
        own if own == key => (key.to_owned(), newer.clone()),
        other => (other.clone(), entry.node.clone()),
    });
    map(entries)
}

fn version(document: &Node) -> Option<Node> {
    let older = text_at(document, &["apiVersion"])? != istio::NETWORKING;
    older.then(|| rename_value(document, "apiVersion", text(istio::NETWORKING)))
}

fn strategy(document: &Node, spec: &Node) -> Option<Node> {
    at(spec, &["statDurationSeconds"])?;
    let newer = entries(spec).iter().filter(|entry| !entry.node.is_null()).map(|entry| {
        match (entry.key.as_str(), entry.node.as_text()) {
            ("statDurationSeconds", Some(seconds)) => ("statDuration".to_owned(), bare(format!("{seconds}s"))),
            _ => (entry.key.clone(), entry.node.clone()),
        }
    });
    Some(rename_value(document, "spec", map(newer)))
}

const FORMS: [&str; 3] = ["exact", "prefix", "regex"];

/// A string match, from one or from a bare text.
fn string(node: &Node) -> Node {
    match &node.value {
        Value::Scalar { text: words, .. } => map([("exact", text(words))]),
        Value::Map(forms) => map(forms
            .iter()
            .filter(|form| !form.node.is_null())
            .map(|form| (form.key.clone(), form.node.as_text().map_or_else(|| form.node.clone(), text)))),
        _ => map([] as [(&str, Node); 0]),
    }
}

/// A map of string matches, or a list of maps of one name, as a map.
fn strings<'n>(node: &'n Node, field: &str, ignore_case: bool, all: &mut Vec<(String, Node)>) -> Read<'n, ()> {
    let mut found: Vec<(String, Node)> = Vec::new();
    match &node.value {
        Value::List(list) => {
            for item in list {
                let Some(name) = entries(item).iter().find(|entry| !FORMS.contains(&entry.key.as_str())) else {
                    continue;
                };
                let value = if name.node.is_null() {
                    let forms = entries(item).iter().filter(|entry| FORMS.contains(&entry.key.as_str()));
                    string(&Node::new(Value::Map(forms.cloned().collect()), item.place))
                } else {
                    string(&name.node)
                };
                found.push((name.key.clone(), value));
            }
        }
        _ => found.extend(entries(node).iter().map(|entry| (entry.key.clone(), string(&entry.node)))),
    }
    for (name, value) in found {
        let is_same = |other: &str| if ignore_case { name.eq_ignore_ascii_case(other) } else { name == other };
        if all.iter().any(|(other, _)| is_same(other)) {
            let why = "two conditions are on one name, of which a map has room for one";
            return Err(Stays { field: field.to_owned(), node, why });
        }
        all.push((name, value));
    }
    Ok(())
}

/// A block of matches as the older kinds and lanes write it.
fn block<'n>(node: &'n Node, path: &str, losses: &mut Losses) -> Read<'n, Node> {
    let mut newer: Vec<(String, Node)> = Vec::new();
    let mut headers = Vec::new();
    for Entry { key, node, .. } in entries(node).iter().filter(|entry| !entry.node.is_null()) {
        let field = format!("{path}.{key}");
        match key.as_str() {
            "headers" | "header" => {
                strings(node, &field, true, &mut headers)?;
                if !newer.iter().any(|(key, _)| key == "headers") {
                    newer.push(("headers".to_owned(), bare("")));
                }
            }
            "withoutHeaders" | "queryParams" => {
                let mut all = Vec::new();
                strings(node, &field, key == "withoutHeaders", &mut all)?;
                newer.push((key.clone(), map(all)));
            }
            "sourceLabels" => {
                let mut all = Vec::new();
                strings(node, &field, false, &mut all)?;
                let exact = all.into_iter().map(|(name, value)| match entries(&value) {
                    [only] if only.key == "exact" => Some((name, only.node.clone())),
                    _ => None,
                });
                let why = "a TrafficRouter compares labels of the caller exactly";
                let exact: Option<Vec<_>> = exact.collect();
                newer.push((key.clone(), map(exact.ok_or(Stays { field, node, why })?)));
            }
            "uri" | "scheme" | "method" | "authority" => newer.push((key.clone(), string(node))),
            "ignoreUriCase" | "name" => newer.push((key.clone(), node.clone())),
            _ => losses.lost(&field, node, LEFT_OUT, "no such field is known, so it does nothing"),
        }
    }
    if let Some((_, node)) = newer.iter_mut().find(|(key, _)| key == "headers") {
        *node = map(headers);
    }
    Ok(map(newer))
}

fn unknown(node: &Node, path: &str, known: &[&str], losses: &mut Losses) {
    for Entry { key, node, .. } in entries(node) {
        if !known.contains(&key.as_str()) && !node.is_null() {
            losses.lost(&format!("{path}.{key}"), node, LEFT_OUT, "nothing heeds it");
        }
    }
}

/// The host that the selector's app is. Its instances are those of the app, so
/// other labels select nothing.
fn app(spec: &Node, losses: &mut Losses) -> String {
    if let Some(selector) = at(spec, &["selector"]) {
        unknown(selector, "spec.selector", &["app"], losses);
    }
    text_at(spec, &["selector", "app"]).unwrap_or_default().to_owned()
}

/// One or a list of it.
fn several(node: Option<&Node>) -> &[Node] {
    match node {
        Some(Node { value: Value::List(items), .. }) => items,
        Some(node) if !node.is_null() => std::slice::from_ref(node),
        _ => &[],
    }
}

fn router_rule<'n>(document: &Node, spec: &'n Node, losses: &mut Losses) -> Read<'n, Node> {
    if let Some(rpc) = at(spec, &["rpc"]) {
        let why = "a TrafficRouter matches no remote calls by service, method or argument";
        return Err(Stays { field: "spec.rpc".into(), node: rpc, why });
    }
    let host = app(spec, losses);
    unknown(spec, "spec", &["selector", "http"], losses);
    let (mut routes, mut rest) = (Vec::new(), None);
    let http = at(spec, &["http"]).map(items).unwrap_or_default();
    for (index, item) in http.iter().enumerate() {
        let path = format!("spec.http[{index}]");
        unknown(item, &path, &["name", "rule", "target"], losses);
        let Some(rule) = at(item, &["rule"]) else { continue };
        unknown(rule, &format!("{path}.rule"), &["match", "targets", "name"], losses);
        let matched = at(rule, &["match"]);
        let is_list = matched.is_some_and(|node| matches!(node.value, Value::List(_)));
        let mut blocks = Vec::new();
        for (number, node) in several(matched).iter().enumerate() {
            let place = if is_list { format!("[{number}]") } else { String::new() };
            blocks.push(block(node, &format!("{path}.rule.match{place}"), losses)?);
        }
        let target = several(at(item, &["target"]));
        let fallback = target.first().and_then(|target| text_at(target, &["name"]));
        let mut route: Vec<(&str, Node)> = Vec::new();
        route.extend(at(item, &["name"]).and_then(Node::as_text).map(|name| ("name", text(name))));
        if !blocks.is_empty() {
            route.push(("match", list(blocks)));
        }
        route.push(("route", destinations(several(at(rule, &["targets"])), &host, fallback)));
        routes.push(map(route));
        if rest.is_none() && !target.is_empty() {
            rest = Some(map([("route", destinations(target, &host, None))]));
        }
    }
    routes.extend(rest);
    if routes.is_empty() {
        return Err(Stays { field: "spec.http".into(), node: spec, why: "a TrafficRouter has at least one route" });
    }
    let spec = map([("hosts", list([text(host)])), ("http", list(routes))]);
    Ok(with_spec(document, "TrafficRouter", spec))
}

fn destinations(targets: &[Node], host: &str, fallback: Option<&str>) -> Node {
    list(targets.iter().map(|target| {
        let subset = text_at(target, &["name"]).unwrap_or_default();
        let mut to = vec![("host", text(host)), ("subset", text(subset))];
        if let Some(fallback) = fallback.filter(|fallback| *fallback != subset) {
            to.push(("fallback", map([("subset", text(fallback))])));
        }
        let weight = text_at(target, &["weight"]).map(|weight| ("weight", bare(weight)));
        map([("destination", map(to))].into_iter().chain(weight))
    }))
}

fn virtual_workloads(document: &Node, spec: &Node, losses: &mut Losses) -> Node {
    let host = app(spec, losses);
    unknown(spec, "spec", &["selector", "virtualWorkload"], losses);
    let groups = at(spec, &["virtualWorkload"]).map(items).unwrap_or_default();
    let subsets = groups.iter().enumerate().map(|(index, group)| {
        let path = format!("spec.virtualWorkload[{index}]");
        let mut subset = vec![("name", text(text_at(group, &["name"]).unwrap_or_default()))];
        for Entry { key, node, .. } in entries(group).iter().filter(|entry| !entry.node.is_null()) {
            let field = format!("{path}.{key}");
            match key.as_str() {
                "name" => {}
                "selector" => subset.push(("labels", texts(node))),
                "loadbalance" => {
                    let simple = match node.as_text().unwrap_or_default().to_ascii_lowercase().as_str() {
                        "random" => "RANDOM",
                        "roundrobin" | "round_robin" => "ROUND_ROBIN",
                        _ => "LEAST_REQUEST",
                    };
                    let balance = map([("simple", text(simple))]);
                    subset.push(("trafficPolicy", map([("loadBalancer", balance)])));
                }
                "workloads" | "target" | "type" | "weight" => {
                    losses.changed(
                        &field,
                        node,
                        LEFT_OUT,
                        "the labels of a subset say alone which instances are meant",
                    );
                }
                _ => losses.lost(&field, node, LEFT_OUT, "no such field is known, so it does nothing"),
            }
        }
        map(subset)
    });
    let spec = map([("host", text(&host)), ("subsets", list(subsets))]);
    with_spec(document, "VirtualWorkload", spec)
}

fn texts(node: &Node) -> Node {
    map(entries(node)
        .iter()
        .map(|entry| (entry.key.clone(), entry.node.as_text().map_or_else(|| entry.node.clone(), text))))
}

/// The list of one-name maps as a map; `None` where it is one.
fn lane<'n>(document: &Node, spec: &'n Node) -> Read<'n, Node> {
    let http = at(spec, &["rules", "traffic", "http"]);
    let is_list = http.is_some_and(|http| matches!(http.value, Value::List(_)));
    let mut ignored = Losses::new(Default::default(), "");
    let mut blocks = Vec::new();
    for node in several(http) {
        blocks.push(block(node, "spec.rules.traffic.http", &mut ignored)?);
    }
    let mut document = document.clone();
    if let Some(slot) = slot(&mut document, &["spec", "rules", "traffic", "http"]) {
        slot.value = match blocks.pop() {
            Some(only) if !is_list => only.value,
            last => Value::List(blocks.into_iter().chain(last).collect()),
        };
    }
    Ok(document)
}

fn slot<'n>(node: &'n mut Node, path: &[&str]) -> Option<&'n mut Node> {
    path.iter().try_fold(node, |node, key| {
        tree::entries_mut(node)?.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node)
    })
}

/// What travels a label that a `TrafficLabelRule` gives.
pub(super) const LABEL_KEY: &str = "OpenSergo-Label";

fn label_rule<'n>(document: &Node, spec: &'n Node) -> Read<'n, Node> {
    let mut http: Vec<(&str, Node)> = Vec::new();
    let mut named: Vec<(&str, Vec<(String, Node)>)> = Vec::new();
    for (index, condition) in at(spec, &["match"]).map(items).unwrap_or_default().iter().enumerate() {
        let stays = |why| Stays { field: format!("spec.match[{index}]"), node: condition, why };
        let word = |key| text_at(condition, &[key]).unwrap_or_default();
        let (kind, how, key) = (word("type"), word("condition"), word("key"));
        let value = at(condition, &["value"]);
        let negated = how == "!=";
        let (map_name, single) = match (kind, negated) {
            ("header", false) => ("headers", None),
            ("header", true) => ("withoutHeaders", None),
            ("query", false) => ("queryParams", None),
            ("path", false) => ("", Some("uri")),
            ("method", false) => ("", Some("method")),
            ("cookie", _) => return Err(stays("a TrafficLane matches headers, and no single cookie in them")),
            _ => return Err(stays("a TrafficLane can only ask headers not to be something")),
        };
        let string = comparison(how, value).ok_or_else(|| stays("a TrafficLane has no such string match"))?;
        let is_twice = match single {
            Some(single) => {
                let is_twice = http.iter().any(|(other, _)| *other == single);
                http.push((single, string));
                is_twice
            }
            None => {
                if !named.iter().any(|(other, _)| *other == map_name) {
                    named.push((map_name, Vec::new()));
                }
                let all = named.iter_mut().find(|(other, _)| *other == map_name);
                all.is_some_and(|(_, all)| {
                    let is_twice = all.iter().any(|(other, _)| other.eq_ignore_ascii_case(key));
                    all.push((key.to_owned(), string));
                    is_twice
                })
            }
        };
        if is_twice {
            return Err(stays("two conditions are on one part of the request, of which a map has room for one"));
        }
    }
    http.extend(named.into_iter().map(|(name, all)| (name, map(all))));
    let label = text_at(spec, &["trafficLabel"]).unwrap_or_default();
    let rules = map([
        ("traffic", map([("http", map(http))])),
        ("lane", map([("name", text(label))])),
        ("traceIdBaggage", text(LABEL_KEY)),
    ]);
    let selector = at(spec, &["selector"]).map(|selector| ("selector", texts(selector)));
    Ok(with_spec(document, "TrafficLane", map(selector.into_iter().chain([("rules", rules)]))))
}

/// What a value is compared with, as a string match.
fn comparison(how: &str, value: Option<&Node>) -> Option<Node> {
    let words = value?.as_text();
    match (how, words) {
        ("==" | "!=", Some(words)) => Some(map([("exact", text(words))])),
        ("^=", Some(words)) if !words.is_empty() => Some(map([("prefix", text(words))])),
        ("=~", Some(words)) if !words.is_empty() && words != "*" => Some(map([("regex", text(words))])),
        ("in", words) => {
            let values: Vec<String> = match words {
                Some(words) => words.split(',').map(|word| escaped(word.trim())).collect(),
                None => items(value?).iter().filter_map(Node::as_text).map(escaped).collect(),
            };
            Some(map([("regex", text(format!("(?:{})", values.join("|"))))]))
        }
        _ => None,
    }
}

/// The text as a regular expression that matches it and nothing else.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::escaped;
    use sergo::matcher::Pattern;

    #[test]
    fn an_escaped_text_matches_itself() {
        for text in ["a.b", "(x|y)*", "[a]{2}^$\\", "é+?"] {
            assert!(Pattern::new(&escaped(text)).unwrap().is_match(text), "{text}");
            assert!(!Pattern::new(&escaped(text)).unwrap().is_match(&format!("{text}x")));
        }
    }
}
