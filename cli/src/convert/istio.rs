//! `TrafficRouter` and `VirtualWorkload` for `VirtualService` and
//! `DestinationRule`, and back.

use super::clusters::Clusters;
use super::fields;
use super::lane::Colour;
use super::loss::{Fate, Losses};
use super::shape::{Side, Walk};
use super::tree::{self, entry, list, map, put, text};
use sergo::spec::diagnostic::Identity;
use sergo::spec::node::{Entry, Node, Value};

pub(super) const NETWORKING: &str = "networking.istio.io/v1";
pub(super) const TRAFFIC: &str = "traffic.opensergo.io/v1alpha1";

/// The document on the other side, and the `EnvoyFilter` that it needs.
pub(super) fn router(
    to: Side,
    document: &Node,
    losses: &mut Losses,
    clusters: &mut Clusters,
    colours: &[Colour],
) -> Option<(Node, Option<Node>)> {
    let written = document.get("spec")?;
    clusters.begin(tree::namespace(document), Some(written));
    let mut spec = Walk { to, losses, routing: clusters }.copy(&fields::ROUTER, written, "spec")?;
    if !colours.is_empty() {
        add_lanes(written, &mut spec, losses, clusters, colours);
    }
    let patches = clusters.end();
    let metadata = metadata(document);
    let (api_version, kind) = match to {
        Side::Istio => (NETWORKING, "VirtualService"),
        Side::OpenSergo => (TRAFFIC, "TrafficRouter"),
    };
    let filter = (!patches.is_empty()).then(|| {
        if let Value::Map(entries) = &mut spec.value {
            // Elsewhere nobody knows the clusters that the filter adds.
            put(entries, "exportTo", list([text(".")]));
        }
        let mut metadata = map([("name", text(format!("{}-fallback", tree::name(document))))]);
        copy_namespace(document, &mut metadata);
        tree::document("networking.istio.io/v1alpha3", "EnvoyFilter", metadata, map([("configPatches", list(patches))]))
    });
    Some((tree::document(api_version, kind, metadata, spec), filter))
}

/// Before each route those of the lanes, in the order of their names.
fn add_lanes(written: &Node, spec: &mut Node, losses: &mut Losses, clusters: &mut Clusters, colours: &[Colour]) {
    let routes = tree::at(written, &["http"]).map(tree::items).unwrap_or_default();
    let converted = tree::entries_mut(spec).and_then(|spec| spec.iter_mut().find(|entry| entry.key == "http"));
    let Some(converted) = converted.and_then(|http| tree::items_mut(&mut http.node)) else { return };
    let mut all = Vec::new();
    let routes = routes.iter().enumerate().filter(|(_, route)| !route.is_null());
    for ((index, route), converted) in routes.zip(std::mem::take(converted)) {
        for colour in colours {
            let Some(lane) = colour.route(route) else { continue };
            clusters.enter(colour, route);
            // What is lost of the route is lost of each of its copies, and told once.
            let mut copies = Losses::new(Identity::default(), "");
            all.extend(Walk { to: Side::Istio, losses: &mut copies, routing: clusters }.copy(&fields::HTTP, &lane, ""));
            if copies.list.iter().any(|loss| loss.fate == Fate::Lost && loss.field.ends_with(".fallback")) {
                let becomes = format!("a request of the lane {:?} fails where the lane has no instance", colour.lane);
                let why = "going on to instances of no lane needs the port: write `port: {number: ..}` at the \
                           destination, or give --port";
                losses.lost(&format!("spec.http[{index}].route"), route, &becomes, why);
            }
        }
        all.push(converted);
    }
    *converted = all;
}

/// The document on the other side.
pub(super) fn workload(to: Side, document: &Node, losses: &mut Losses, clusters: &mut Clusters) -> Option<Node> {
    clusters.begin(tree::namespace(document), None);
    let spec = Walk { to, losses, routing: clusters }.copy(&fields::WORKLOAD, document.get("spec")?, "spec")?;
    let (api_version, kind) = match to {
        Side::Istio => (NETWORKING, "DestinationRule"),
        Side::OpenSergo => (TRAFFIC, "VirtualWorkload"),
    };
    Some(tree::document(api_version, kind, metadata(document), spec))
}

/// What authors write of a document's metadata; the rest is its cluster's.
pub(super) fn metadata(document: &Node) -> Node {
    const OWN: [&str; 5] = ["name", "namespace", "creationTimestamp", "labels", "annotations"];
    const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let Some(metadata) = document.get("metadata") else { return map([] as [(&str, Node); 0]) };
    let mut own = Vec::new();
    for key in OWN {
        let Some(node) = metadata.get(key).filter(|node| !node.is_null()) else { continue };
        let node = match &node.value {
            Value::Scalar { text: words, .. } => text(words),
            Value::Map(entries) => {
                let texts =
                    entries.iter().filter(|entry| entry.key != APPLIED).map(|entry| match entry.node.as_text() {
                        Some(words) => (entry.key.clone(), text(words)),
                        None => (entry.key.clone(), entry.node.clone()),
                    });
                map(texts)
            }
            _ => node.clone(),
        };
        if !matches!(&node.value, Value::Map(entries) if entries.is_empty()) {
            own.push(entry(key, node));
        }
    }
    Node::new(Value::Map(own), metadata.place)
}

/// The document's namespace, where it says one.
pub(super) fn copy_namespace(document: &Node, metadata: &mut Node) {
    let namespace = tree::text_at(document, &["metadata", "namespace"]).filter(|namespace| !namespace.is_empty());
    if let (Some(namespace), Some(entries)) = (namespace, tree::entries_mut(metadata)) {
        entries.push(Entry { ..entry("namespace", text(namespace)) });
    }
}
