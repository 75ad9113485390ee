//! Destinations, and their fallbacks as Envoy's aggregate clusters.
//!
//! Istio has no fallback for a destination. Envoy has clusters that stand for a
//! list of others, of which the first that is healthy gets the request. So a
//! destination with a fallback becomes a destination of its own subset, for which
//! an `EnvoyFilter` adds such a cluster under the name that Istio gives to it:
//! the routes stay as they are, weights and all.

use super::lane::Colour;
use super::loss::{LEFT_OUT, Losses};
use super::shape::{Routing, Side};
use super::tree::{self, at, bare, find, items, list, map, put, take, text, text_at, whole};
use sergo::matcher::HostName;
use sergo::spec::diagnostic::Identity;
use sergo::spec::node::{Entry, Node, Place, Value};
use std::collections::{BTreeMap, BTreeSet};

const AGGREGATE: &str = "envoy.clusters.aggregate";
const CONFIG: &str = "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig";

/// A destination that a document names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) namespace: String,
    /// In its shortest form.
    pub(super) host: String,
    pub(super) subset: String,
}

/// The document that names a destination, and where.
#[derive(Clone, Debug)]
pub(super) struct Referrer {
    pub(super) identity: Identity,
    pub(super) source: String,
    pub(super) place: Place,
}

/// An aggregate cluster that an `EnvoyFilter` of the input adds.
#[derive(Debug)]
struct Aggregate {
    members: Vec<String>,
    is_used: bool,
}

/// The destinations of all documents.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    /// The port of destinations that say none.
    pub(super) port: Option<u16>,
    /// The namespaces that documents are in.
    pub(super) namespaces: BTreeSet<String>,
    /// All destinations with a subset that documents of OpenSergo name, each with
    /// the first document that does.
    pub(super) references: BTreeMap<Reference, Referrer>,
    /// The parts of subsets that are of a lane: each with the subset, which may be
    /// empty, and the lane.
    pub(super) lanes: BTreeMap<Reference, (String, String)>,
    aggregates: BTreeMap<(String, String), Aggregate>,
    /// Of the document that is converted now.
    namespace: String,
    refusal: Option<&'static str>,
    added: BTreeMap<String, Vec<String>>,
}

/// A link of a chain of fallbacks.
struct Link {
    host: String,
    subset: String,
    port: Option<u64>,
}

impl Clusters {
    /// Begins with a document; `spec` is that of a router.
    pub(super) fn begin(&mut self, namespace: &str, spec: Option<&Node>) {
        namespace.clone_into(&mut self.namespace);
        self.added.clear();
        let gateways = spec.and_then(|spec| at(spec, &["gateways"])).map(items).unwrap_or_default();
        let is_mesh = gateways.iter().all(|gateway| gateway.as_text() == Some("mesh"));
        self.refusal = (!is_mesh).then_some(
            "it needs an EnvoyFilter, which would be in the namespace of the router and not of its gateways",
        );
    }

    /// Ends with the document: the patches that its fallbacks need.
    pub(super) fn end(&mut self) -> Vec<Node> {
        let added = std::mem::take(&mut self.added);
        added.into_iter().map(|(name, members)| patch(&name, members)).collect()
    }

    /// Learns of the lane's parts of the subsets that a route goes to.
    pub(super) fn enter(&mut self, colour: &Colour, route: &Node) {
        for weighted in at(route, &["route"]).map(items).unwrap_or_default() {
            let Some(host) = text_at(weighted, &["destination", "host"]) else { continue };
            let base = text_at(weighted, &["destination", "subset"]).unwrap_or_default();
            let host = HostName::new(host, &self.namespace).as_str().to_owned();
            let subset = colour.subset(base);
            let part = Reference { namespace: self.namespace.clone(), host, subset };
            self.lanes.insert(part, (base.to_owned(), colour.lane.clone()));
        }
    }

    fn cluster(&self, link: &Link) -> Option<String> {
        let host = HostName::new(&link.host, &self.namespace);
        let full = host.full(&self.namespace).unwrap_or_else(|| host.as_str().to_owned());
        Some(format!("outbound|{}|{}|{full}", link.port?, link.subset))
    }

    fn refer(&mut self, host: &str, subset: &str, losses: &Losses, place: Place) {
        if !subset.is_empty() {
            let host = HostName::new(host, &self.namespace).as_str().to_owned();
            let reference = Reference { namespace: self.namespace.clone(), host, subset: subset.to_owned() };
            self.references.entry(reference).or_insert_with(|| losses.referrer(place));
        }
    }

    /// The chain behind a destination, itself first.
    fn chain(&mut self, first: Link, fallback: &Node, losses: &Losses) -> Vec<Link> {
        let mut chain = vec![first];
        let mut next = Some(fallback);
        while let (Some(node), Some(before)) = (next, chain.last()) {
            let own = text_at(node, &["host"]).map(str::to_owned);
            // A port belongs to its host.
            let port = if own.is_none() { before.port } else { self.port.map(u64::from) };
            let host = own.unwrap_or_else(|| before.host.clone());
            let subset = text_at(node, &["subset"]).unwrap_or_default().to_owned();
            self.refer(&host, &subset, losses, node.place);
            chain.push(Link { host, subset, port });
            next = at(node, &["fallback"]);
        }
        chain
    }

    fn for_istio(&mut self, losses: &mut Losses, entries: &mut Vec<Entry>, path: &str) {
        let Some(host) = find(entries, "host").cloned() else { return };
        let subset = find(entries, "subset").and_then(Node::as_text).unwrap_or_default().to_owned();
        let written = find(entries, "port").and_then(|port| at(port, &["number"])).and_then(whole);
        let fallback = take(entries, "fallback");
        let name = host.as_text().unwrap_or_default().to_owned();
        self.refer(&name, &subset, losses, host.place);
        put(entries, "host", self.host(host));
        let Some(fallback) = fallback else { return };
        let path = format!("{path}.fallback");
        if let Some(why) = self.refusal {
            return losses.lost(&path, &fallback, LEFT_OUT, why);
        }
        let port = written.or(self.port.map(u64::from));
        let chain = self.chain(Link { host: name, subset, port }, &fallback, losses);
        let members: Option<Vec<String>> = chain.iter().map(|link| self.cluster(link)).collect();
        let (Some(members), Some([first, second])) = (members, chain.get(..2)) else {
            let why = "Envoy names a cluster by its port: write `port: {number: ..}` at the destination, or give \
                       --port for those that have none";
            return losses.lost(&path, &fallback, LEFT_OUT, why);
        };
        let or = if second.subset.is_empty() { &second.host } else { &second.subset };
        let first_name = if first.subset.is_empty() { "any" } else { &first.subset };
        let subset = self.free_subset(&tree::word(&format!("{first_name}-or-{or}")), first, &members);
        if written.is_none()
            && let Some(port) = port
        {
            put(entries, "port", map([("number", bare(port))]));
        }
        put(entries, "subset", text(&subset));
        let becomes = format!("the subset {subset:?}, an aggregate cluster that the EnvoyFilter adds");
        let why = "Envoy goes over to the fallback by and by, from where under 72 % of the instances are healthy";
        losses.changed(&path, &fallback, &becomes, why);
    }

    /// A name for the subset of a chain, another one for another chain; the
    /// cluster of that name is added.
    fn free_subset(&mut self, name: &str, first: &Link, members: &[String]) -> String {
        let mut subset = name.to_owned();
        for number in 2.. {
            let link = Link { host: first.host.clone(), subset: subset.clone(), port: first.port };
            let cluster = self.cluster(&link).unwrap_or_default();
            let is_free = self.added.get(&cluster).is_none_or(|others| others == members);
            let reference = HostName::new(&first.host, &self.namespace).as_str().to_owned();
            let is_taken = self.references.contains_key(&Reference {
                namespace: self.namespace.clone(),
                host: reference,
                subset: subset.clone(),
            });
            if is_free && !is_taken {
                self.added.insert(cluster, members.to_vec());
                break;
            }
            subset = format!("{name}-{number}");
        }
        subset
    }

    /// Learns the aggregate clusters of an `EnvoyFilter`; the patches that are
    /// something else, with their indices.
    pub(super) fn learn<'n>(&mut self, filter: &'n Node) -> Vec<(usize, &'n Node)> {
        let patches = at(filter, &["spec", "configPatches"]).map(items).unwrap_or_default();
        let mut others = Vec::new();
        for (index, patch) in patches.iter().enumerate() {
            let value = at(patch, &["patch", "value"]);
            let is_aggregate = text_at(patch, &["applyTo"]) == Some("CLUSTER")
                && text_at(patch, &["patch", "operation"]) == Some("ADD")
                && value.is_some_and(|value| text_at(value, &["cluster_type", "name"]) == Some(AGGREGATE));
            let name = value.and_then(|value| text_at(value, &["name"]));
            let members = value.and_then(|value| at(value, &["cluster_type", "typed_config", "clusters"])).map(items);
            let members: Option<Vec<String>> = members.map(|members| {
                members
                    .iter()
                    .filter_map(Node::as_text)
                    .filter(|name| parts(name).is_some())
                    .map(str::to_owned)
                    .collect()
            });
            match (name, members) {
                (Some(name), Some(members)) if is_aggregate && members.len() > 1 && parts(name).is_some() => {
                    let key = (tree::namespace(filter).to_owned(), name.to_owned());
                    self.aggregates.insert(key, Aggregate { members, is_used: false });
                }
                _ => others.push((index, patch)),
            }
        }
        others
    }

    /// Whether a destination goes to the aggregate cluster that this patch adds.
    pub(super) fn is_used(&self, filter: &Node, patch: &Node) -> bool {
        let name = text_at(patch, &["patch", "value", "name"]).unwrap_or_default().to_owned();
        self.aggregates.get(&(tree::namespace(filter).to_owned(), name)).is_some_and(|aggregate| aggregate.is_used)
    }

    fn for_opensergo(&mut self, entries: &mut Vec<Entry>) {
        let host = find(entries, "host").and_then(Node::as_text).unwrap_or_default().to_owned();
        let subset = find(entries, "subset").and_then(Node::as_text).unwrap_or_default().to_owned();
        let port = find(entries, "port").and_then(|port| at(port, &["number"])).and_then(whole);
        let Some(name) = self.cluster(&Link { host: host.clone(), subset, port }) else { return };
        let Some(aggregate) = self.aggregates.get_mut(&(self.namespace.clone(), name)) else { return };
        aggregate.is_used = true;
        let members: Vec<_> = aggregate.members.iter().filter_map(|name| parts(name)).collect();
        let Some((first, rest)) = members.split_first() else { return };
        let short = |full: &str| HostName::new(full, &self.namespace).as_str().to_owned();
        if short(first.2) != short(&host) {
            put(entries, "host", text(first.2));
        }
        entries.retain(|entry| entry.key != "subset");
        if !first.1.is_empty() {
            entries.insert(1.min(entries.len()), tree::entry("subset", text(first.1)));
        }
        let mut before = short(first.2);
        let mut links = Vec::new();
        for (_, subset, host) in rest {
            let mut link = Vec::new();
            if short(host) != before {
                before = short(host);
                link.push(("host", text(*host)));
            }
            if !subset.is_empty() {
                link.push(("subset", text(*subset)));
            }
            links.push(link);
        }
        let mut fallback: Option<Node> = None;
        for mut link in links.into_iter().rev() {
            link.extend(fallback.take().map(|inner| ("fallback", inner)));
            fallback = Some(map(link));
        }
        if let Some(fallback) = fallback {
            put(entries, "fallback", fallback);
        }
    }
}

/// Port, subset and host in the name of a cluster.
fn parts(cluster: &str) -> Option<(&str, &str, &str)> {
    let mut parts = cluster.strip_prefix("outbound|")?.splitn(3, '|');
    let parts = (parts.next()?, parts.next()?, parts.next()?);
    (!parts.2.is_empty()).then_some(parts)
}

fn patch(name: &str, members: Vec<String>) -> Node {
    let clusters = list(members.into_iter().map(text));
    let config = map([("@type", text(CONFIG)), ("clusters", clusters)]);
    let value = map([
        ("name", text(name)),
        ("connect_timeout", bare("5s")),
        ("lb_policy", text("CLUSTER_PROVIDED")),
        ("cluster_type", map([("name", text(AGGREGATE)), ("typed_config", config)])),
    ]);
    map([
        ("applyTo", text("CLUSTER")),
        ("match", map([("context", text("SIDECAR_OUTBOUND"))])),
        ("patch", map([("operation", text("ADD")), ("value", value)])),
    ])
}

impl Routing for Clusters {
    fn destination(&mut self, to: Side, losses: &mut Losses, entries: &mut Vec<Entry>, path: &str) {
        match to {
            Side::Istio => self.for_istio(losses, entries, path),
            Side::OpenSergo => self.for_opensergo(entries),
        }
    }

    /// Istio takes every host with a dot for a whole name. `name.ns` is only
    /// written out where documents are in that namespace: else it could as well
    /// be a name outside, as `example.com` is.
    fn host(&self, host: Node) -> Node {
        let Some(name) = host.as_text() else { return host };
        let is_service = |rest: &str| rest.split_once('.').is_some_and(|(name, ns)| !name.is_empty() && !ns.is_empty());
        let full = match name.split_once('.') {
            _ if name.contains('*') => None,
            Some((_, namespace)) if self.namespaces.contains(namespace) => Some(format!("{name}.svc.cluster.local")),
            _ if name.strip_suffix(".svc").is_some_and(is_service) => Some(format!("{name}.cluster.local")),
            _ => None,
        };
        match full {
            Some(text) => Node::new(Value::Scalar { text, quoted: true }, host.place),
            None => host,
        }
    }
}
