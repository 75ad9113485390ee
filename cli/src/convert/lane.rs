//! Lanes in Istio.
//!
//! Two things make a lane. Requests that come in get the lane's header: a sidecar
//! does that with an `EnvoyFilter`, whose matcher asks what the lane asks and
//! whose action adds the header where there is none. And requests that bear the
//! header go to instances of the lane: each route gets one before it that asks for
//! the header too, to a subset of the instances that bear the lane's label.

use super::istio::copy_namespace;
use super::loss::{Fate, Losses};
use super::tree::{self, at, bare, document, entries, items, list, map, put, text, text_at, word};
use sergo::matcher::{Pattern, baggage};
use sergo::spec::node::{Node, Value};

/// The header of lanes that name none.
const KEY: &str = "x-opensergo-traffic";
/// The label of instances of a lane.
pub(super) const LABEL: &str = "traffic.opensergo.io/label";

/// A lane and the header that it travels in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Colour {
    pub(super) namespace: String,
    pub(super) key: String,
    pub(super) lane: String,
}

impl Colour {
    /// Of a `TrafficLane`.
    pub(super) fn of(lane: &Node) -> Option<Colour> {
        let rules = at(lane, &["spec", "rules"])?;
        Some(Colour {
            namespace: tree::namespace(lane).to_owned(),
            key: text_at(rules, &["traceIdBaggage"]).unwrap_or(KEY).to_owned(),
            lane: text_at(rules, &["lane", "name"])?.to_owned(),
        })
    }

    /// The name of the lane's part of a subset.
    pub(super) fn subset(&self, base: &str) -> String {
        if base.is_empty() { word(&self.lane) } else { word(&format!("{base}-{}", self.lane)) }
    }

    /// The route for requests of this lane, as a `TrafficRouter` would have it;
    /// `None` where nothing is sent on, or it asks for the header already.
    pub(super) fn route(&self, route: &Node) -> Option<Node> {
        let mut route = route.clone();
        let to = tree::entries_mut(&mut route)?;
        let asked = map([("exact", text(&self.lane))]);
        let mut blocks = tree::find(to, "match").map(items).unwrap_or_default().to_vec();
        if blocks.is_empty() {
            blocks.push(map([] as [(&str, Node); 0]));
        }
        for block in &mut blocks {
            let mut headers = at(block, &["headers"]).cloned().unwrap_or_else(|| map([] as [(&str, Node); 0]));
            if entries(&headers).iter().any(|header| header.key.eq_ignore_ascii_case(&self.key)) {
                return None;
            }
            put(tree::entries_mut(&mut headers)?, &self.key, asked.clone());
            put(tree::entries_mut(block)?, "headers", headers);
        }
        match to.iter_mut().find(|entry| entry.key == "match") {
            Some(entry) => entry.node = list(blocks),
            None => to.insert(0, tree::entry("match", list(blocks))),
        }
        let name =
            tree::find(to, "name").and_then(Node::as_text).map(|name| text(format!("{name}-{}", word(&self.lane))));
        let Value::List(destinations) = &mut to.iter_mut().find(|entry| entry.key == "route")?.node.value else {
            return None;
        };
        for weighted in destinations {
            let destination = tree::entries_mut(weighted)?.iter_mut().find(|entry| entry.key == "destination")?;
            let destination = tree::entries_mut(&mut destination.node)?;
            let base = tree::find(destination, "subset").and_then(Node::as_text).unwrap_or_default().to_owned();
            // Where the lane has no instance: to those that are of none.
            let mut behind = Vec::new();
            if !base.is_empty() {
                behind.push(("subset", text(&base)));
            }
            behind.extend(tree::take(destination, "fallback").map(|fallback| ("fallback", fallback)));
            put(destination, "subset", text(self.subset(&base)));
            put(destination, "fallback", map(behind));
        }
        if let Some(name) = name {
            put(to, "name", name);
        }
        Some(route)
    }
}

/// The filters that give requests the lane's header; `written` is what the lane
/// was written as.
pub(super) fn filters(lane: &Node, written: &Node, priority: usize, losses: &mut Losses) -> Vec<Node> {
    let Some((colour, rules)) = Colour::of(lane).zip(at(lane, &["spec", "rules"])) else { return Vec::new() };
    losses.whole(
        Fate::Changed,
        written.place,
        &format!("an EnvoyFilter that adds the header {}, and routes that ask for it", colour.key),
        "a sidecar does not know which call it is that another one belongs to: the application has to pass the header \
         on, and a colour that is only in `baggage` is not routed by",
    );
    let label = at(written, &["spec", "trafficLabel"]).map(|label| ("spec.trafficLabel", label));
    let name = || at(written, &["spec", "rules", "lane", "name"]).map(|name| ("spec.rules.lane.name", name));
    if let Some((field, node)) = label.or_else(name) {
        losses.lost(
            field,
            node,
            "requests without a label reach instances of the lane as well",
            "a subset cannot ask for a label to be missing; give the others one, and ask for that",
        );
    }
    let own = at(lane, &["spec", "selector"]).map(labels).unwrap_or_default();
    let own = match text_at(lane, &["metadata", "labels", "app"]).filter(|app| !app.is_empty()) {
        Some(app) if !own.iter().any(|(key, _)| key == "app") => {
            own.into_iter().chain([("app".to_owned(), app.to_owned())]).collect()
        }
        _ => own,
    };
    let mut filters = Vec::new();
    let http = at(rules, &["traffic", "http"]);
    if let Some(http) = http {
        let blocks = if matches!(http.value, Value::List(_)) { items(http) } else { std::slice::from_ref(http) };
        let asked = any(blocks.iter().map(block).collect());
        filters.push(filter(lane, "inbound", priority, &own, &colour, asked));
    }
    if let Some(selector) = at(rules, &["workload", "selector"]) {
        let mut all = own;
        all.extend(labels(selector).into_iter().filter(|(key, _)| key != "app"));
        if let Some((_, app)) = labels(selector).into_iter().find(|(key, _)| key == "app") {
            // Two different apps select no workload.
            match all.iter().find(|(key, _)| key == "app") {
                Some((_, other)) if *other != app => return filters,
                Some(_) => {}
                None => all.push(("app".to_owned(), app)),
            }
        }
        filters.push(filter(lane, "workload", priority, &all, &colour, None));
    }
    filters
}

fn labels(node: &Node) -> Vec<(String, String)> {
    let label = |entry: &sergo::spec::node::Entry| Some((entry.key.clone(), entry.node.as_text()?.to_owned()));
    entries(node).iter().filter_map(label).collect()
}

const COMPOSITE: &str = "type.googleapis.com/envoy.extensions.filters.http.composite.v3";
const MATCHING: &str = "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher";
const MUTATION: &str = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
const INPUT: &str = "type.googleapis.com/envoy.type.matcher.v3";

fn typed(name: &str, kind: &str, rest: Vec<(&str, Node)>) -> Node {
    let config = map([("@type", text(kind))].into_iter().chain(rest));
    map([("name", text(name)), ("typed_config", config)])
}

fn filter(
    lane: &Node,
    suffix: &str,
    priority: usize,
    selector: &[(String, String)],
    colour: &Colour,
    asked: Option<Node>,
) -> Node {
    // A colour that came in stays, whichever way it came.
    let member = format!(r"(?:.*,)?\s*{}\s*=.*", escaped(&colour.key));
    let baggage_has = single(header("baggage"), regex(&member));
    let is_new = not(baggage_has);
    let predicate = all(asked.into_iter().chain([is_new]).collect());
    let carried = baggage::merge("", &colour.key, &colour.lane);
    let append = |key: &str, value: &str, action: &str| {
        // `%` begins a command of Envoy's formats.
        let header = map([("key", text(key)), ("value", text(value.replace('%', "%%")))]);
        map([("append", map([("header", header), ("append_action", text(action))]))])
    };
    let mutations = list([
        append(&colour.key, &colour.lane, "ADD_IF_ABSENT"),
        append("baggage", &carried, "APPEND_IF_EXISTS_OR_ADD"),
    ]);
    let mutation = typed(
        "envoy.filters.http.header_mutation",
        MUTATION,
        vec![("mutations", map([("request_mutations", mutations)]))],
    );
    let action = typed("sergo.lane", &format!("{COMPOSITE}.ExecuteFilterAction"), vec![("typed_config", mutation)]);
    // Where the header is there already, nothing is added to the baggage either.
    let predicate = all(vec![not(single(header(&colour.key), regex("(?s).*"))), predicate.unwrap_or_else(always)]);
    let matcher = map([("predicate", predicate.unwrap_or_else(always)), ("on_match", map([("action", action)]))]);
    let value = typed(
        &format!("sergo.{suffix}.{}", tree::name(lane)),
        MATCHING,
        vec![
            ("extension_config", typed("envoy.filters.http.composite", &format!("{COMPOSITE}.Composite"), vec![])),
            ("xds_matcher", map([("matcher_list", map([("matchers", list([matcher]))]))])),
        ],
    );
    let router = map([("name", text("envoy.filters.http.router"))]);
    let manager = map([("name", text("envoy.filters.network.http_connection_manager")), ("subFilter", router)]);
    let listener = map([("filterChain", map([("filter", manager)]))]);
    let patch = map([
        ("applyTo", text("HTTP_FILTER")),
        ("match", map([("context", text("SIDECAR_INBOUND")), ("listener", listener)])),
        ("patch", map([("operation", text("INSERT_BEFORE")), ("value", value)])),
    ]);
    let mut spec = Vec::new();
    if !selector.is_empty() {
        let labels = map(selector.iter().map(|(key, value)| (key.clone(), text(value))));
        spec.push(("workloadSelector", map([("labels", labels)])));
    }
    spec.push(("priority", bare(priority)));
    spec.push(("configPatches", list([patch])));
    let mut metadata = map([("name", text(format!("{}-{suffix}", tree::name(lane))))]);
    copy_namespace(lane, &mut metadata);
    document("networking.istio.io/v1alpha3", "EnvoyFilter", metadata, map(spec))
}

fn header(name: &str) -> Node {
    let config = vec![("header_name", text(name.to_ascii_lowercase()))];
    typed("request-header", &format!("{INPUT}.HttpRequestHeaderMatchInput"), config)
}

fn query(name: &str) -> Node {
    typed("query-parameter", &format!("{INPUT}.HttpRequestQueryParamMatchInput"), vec![("query_param", text(name))])
}

fn single(input: Node, value: Node) -> Node {
    map([("single_predicate", map([("input", input), ("value_match", value)]))])
}

fn not(predicate: Node) -> Node {
    map([("not_matcher", predicate)])
}

fn always() -> Node {
    single(header(":method"), regex(".*"))
}

fn all(predicates: Vec<Node>) -> Option<Node> {
    joined("and_matcher", predicates)
}

fn any(predicates: Vec<Option<Node>>) -> Option<Node> {
    // A block that asks for nothing lets everything in.
    joined("or_matcher", predicates.into_iter().collect::<Option<Vec<Node>>>()?)
}

fn joined(how: &str, mut predicates: Vec<Node>) -> Option<Node> {
    match predicates.len() {
        0 | 1 => predicates.pop(),
        _ => Some(map([(how, map([("predicate", list(predicates))]))])),
    }
}

fn regex(pattern: &str) -> Node {
    let engine = map([] as [(&str, Node); 0]);
    map([("safe_regex", map([("google_re2", engine), ("regex", text(pattern))]))])
}

/// The text as a regular expression.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| (!c.is_alphanumeric() && c.is_ascii()).then_some('\\').into_iter().chain([c])).collect()
}

/// What a string match asks of a value; without a form it need only be there.
fn value(node: &Node) -> Node {
    match entries(node).first().map(|form| (form.key.as_str(), form.node.as_text().unwrap_or_default())) {
        Some(("exact", words)) => map([("exact", text(words))]),
        Some(("prefix", words)) => map([("prefix", text(words))]),
        Some(("regex", words)) if words != "*" => regex(words),
        _ => regex("(?s).*"),
    }
}

/// What a block asks, all together; `None` is nothing.
fn block(block: &Node) -> Option<Node> {
    let ignores_case = text_at(block, &["ignoreUriCase"]) == Some("true");
    let mut asked = Vec::new();
    for entry in entries(block).iter().filter(|entry| !entry.node.is_null()) {
        let named = |input: fn(&str) -> Node| {
            entries(&entry.node).iter().map(move |named| single(input(&named.key), value(&named.node)))
        };
        match entry.key.as_str() {
            "uri" => asked.push(single(header(":path"), path(&entry.node, ignores_case))),
            "method" | "scheme" | "authority" => {
                asked.push(single(header(&format!(":{}", entry.key)), value(&entry.node)));
            }
            "headers" => asked.extend(named(header)),
            "queryParams" => asked.extend(named(query)),
            "withoutHeaders" => {
                for named in entries(&entry.node) {
                    let form = entries(&named.node).first().map(|form| (form.key.as_str(), form.node.as_text()));
                    asked.push(not(single(header(&named.key), value(&named.node))));
                    // A missing header counts as the empty value.
                    if let Some(("regex", Some(words))) = form
                        && Pattern::new(words).is_ok_and(|pattern| pattern.is_match(""))
                    {
                        asked.push(single(header(&named.key), regex("(?s).*")));
                    }
                }
            }
            _ => {}
        }
    }
    all(asked)
}

/// What is asked of the path, which Envoy has with its query.
fn path(uri: &Node, ignores_case: bool) -> Node {
    let case = if ignores_case { "(?i)" } else { "" };
    match entries(uri).first().map(|form| (form.key.as_str(), form.node.as_text().unwrap_or_default())) {
        Some(("exact", words)) => regex(&format!(r"{case}{}(?:\?.*)?", escaped(words))),
        Some(("prefix", words)) => regex(&format!("{case}{}.*", escaped(words))),
        Some(("regex", words)) => regex(&format!(r"(?:{words})(?:\?.*)?")),
        _ => regex(".*"),
    }
}

/// The labels that a `WorkloadLabelRule` gives a lane to: its app, if it says
/// one, and the others.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) namespace: String,
    pub(super) app: Option<String>,
    pub(super) lane: String,
    pub(super) labels: Vec<(String, String)>,
}

pub(super) fn given(rule: &Node, losses: &mut Losses) -> Option<Given> {
    let spec = rule.get("spec")?;
    let mut labels = labels(at(spec, &["selector"])?);
    let app = labels.iter().position(|(key, _)| key == "app").map(|index| labels.remove(index).1);
    let lane = at(spec, &["workloadLabels"]).map(items)?.first()?.as_text()?.to_owned();
    let becomes = "the labels of its selector in the subsets of the lane";
    losses.whole(Fate::Changed, rule.place, becomes, "in Istio a workload has only the labels that it bears");
    Some(Given { namespace: tree::namespace(rule).to_owned(), app, lane, labels })
}
