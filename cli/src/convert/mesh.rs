//! Documents for Istio: routers have to know of lanes, and rules of hosts of what
//! routers go to.

use super::conversion::{Converted, Origin};
use super::lane::{self, Colour};
use super::loss::{Fate, LEFT_OUT};
use super::shape::Side;
use super::tree::{self, at, map, text};
use super::work::{Input, Work, losses, same};
use super::{istio, older, subsets};
use sergo::matcher::HostName;
use sergo::spec::node::Node;
use std::collections::BTreeSet;

impl Work<'_> {
    pub(super) fn istio(&mut self, inputs: &[Input<'_>]) {
        let good: Vec<(usize, &Input<'_>)> =
            inputs.iter().enumerate().filter(|(_, input)| !self.refuses(input)).collect();
        // Lanes first, for routers have to know of them.
        let mut lanes = Vec::new();
        for (index, input) in &good {
            let kind = tree::kind(input.node);
            let mut losses = losses(input);
            let lane = match kind {
                "TrafficLane" | "TrafficLabelRule" => older::current(input.node, &mut losses)
                    .or_else(|| (kind == "TrafficLane").then(|| input.node.clone())),
                "WorkloadLabelRule" => {
                    self.given.extend(lane::given(input.node, &mut losses));
                    None
                }
                _ => continue,
            };
            match lane.as_ref().and_then(Colour::of) {
                Some(colour) => {
                    self.colours.insert(colour);
                    lanes.extend(lane.map(|lane| (kind != "TrafficLane", lane, *index)));
                }
                None if kind == "TrafficLabelRule" => {
                    losses.list.iter_mut().for_each(|loss| "the whole rule is left out".clone_into(&mut loss.becomes));
                }
                None => {}
            }
            self.keep(*index, losses);
        }
        let routed = self.routers(&good);
        // What nobody routes is routed by lane alone.
        if !self.colours.is_empty() {
            self.unrouted(&good, &routed);
        }
        // The first lane by name goes first, and lanes before label rules.
        lanes.sort_by(|(older, lane, _), (other, than, _)| (older, tree::name(lane)).cmp(&(other, tree::name(than))));
        for (priority, (_, lane, index)) in lanes.iter().enumerate() {
            let Some(input) = inputs.get(*index) else { continue };
            let mut losses = losses(input);
            for filter in lane::filters(lane, input.node, priority, &mut losses) {
                self.push(Some(*index), filter);
            }
            self.keep(*index, losses);
        }
        self.define_subsets();
    }

    /// Converts routers and workloads; the hosts that have a router.
    fn routers(&mut self, good: &[(usize, &Input<'_>)]) -> BTreeSet<(String, String)> {
        let mut routed = BTreeSet::new();
        for (index, input) in good {
            let mut losses = losses(input);
            let newer = match tree::kind(input.node) {
                "RouterRule" | "VirtualWorkloads" => older::current(input.node, &mut losses),
                _ => None,
            };
            let node = newer.as_ref().unwrap_or(input.node);
            let place = input.node.place;
            let namespace = tree::namespace(node).to_owned();
            let colours: Vec<Colour> =
                self.colours.iter().filter(|colour| colour.namespace == namespace).cloned().collect();
            match (input.origin, tree::kind(node)) {
                // A fallback is OpenSergo's, whatever the document is called.
                (Some(Origin::Opensergo), "TrafficRouter") | (Some(Origin::Istio), "VirtualService")
                    if input.origin == Some(Origin::Opensergo) || has_fallback(node) =>
                {
                    routed.extend(hosts(node).map(|host| (namespace.clone(), host)));
                    match istio::router(Side::Istio, node, &mut losses, &mut self.clusters, &colours) {
                        Some((node, filter)) => {
                            self.push(Some(*index), node);
                            filter.into_iter().for_each(|filter| self.push(Some(*index), filter));
                        }
                        None => losses.whole(Fate::Lost, place, LEFT_OUT, "it has no spec"),
                    }
                }
                (Some(Origin::Opensergo), "VirtualWorkload") => {
                    let converted = istio::workload(Side::Istio, node, &mut losses, &mut self.clusters);
                    self.converted(*index, converted, place, &mut losses);
                }
                (Some(Origin::Istio), kind) => {
                    if kind == "VirtualService" {
                        routed.extend(hosts(node).map(|host| (namespace.clone(), host)));
                    }
                    self.push(Some(*index), same(node));
                }
                (Some(Origin::Sentinel), _) => {
                    let why = "Istio has nothing like Sentinel's rules: --to opensergo converts them";
                    losses.whole(Fate::Lost, place, LEFT_OUT, why);
                }
                (_, "TrafficLane" | "TrafficLabelRule" | "WorkloadLabelRule") => continue,
                // Why it stays has been told.
                (_, "RouterRule") => {
                    losses.list.iter_mut().for_each(|loss| "the whole rule is left out".clone_into(&mut loss.becomes));
                }
                (_, kind) => losses.whole(Fate::Lost, place, LEFT_OUT, unlike(kind)),
            }
            self.keep(*index, losses);
        }
        routed
    }

    /// Routers for hosts of workloads that have none.
    fn unrouted(&mut self, good: &[(usize, &Input<'_>)], routed: &BTreeSet<(String, String)>) {
        for (index, input) in good {
            let namespace = tree::namespace(input.node).to_owned();
            let colours: Vec<Colour> =
                self.colours.iter().filter(|colour| colour.namespace == namespace).cloned().collect();
            let host = match tree::kind(input.node) {
                "VirtualWorkload" => tree::text_at(input.node, &["spec", "host"]),
                "VirtualWorkloads" => tree::text_at(input.node, &["spec", "selector", "app"]),
                _ => None,
            };
            let Some(host) = host.filter(|host| !host.contains('*') && !colours.is_empty()) else { continue };
            let short = short(host, &namespace);
            if routed.contains(&(namespace.clone(), short)) {
                continue;
            }
            let route = map([("route", tree::list([map([("destination", map([("host", text(host))]))])]))]);
            let spec = map([("hosts", tree::list([text(host)])), ("http", tree::list([route]))]);
            let mut metadata = map([("name", text(format!("{}-lanes", tree::name(input.node))))]);
            istio::copy_namespace(input.node, &mut metadata);
            let router = tree::document(istio::TRAFFIC, "TrafficRouter", metadata, spec);
            let mut losses = losses(input);
            let converted = istio::router(Side::Istio, &router, &mut losses, &mut self.clusters, &colours);
            for loss in &mut losses.list {
                // The router is nobody's writing: what is lost is lost of the workload.
                (loss.field, loss.was, loss.line, loss.column) =
                    (String::new(), String::new(), input.node.place.line, input.node.place.column);
            }
            if let Some((node, filter)) = converted {
                self.push(Some(*index), node);
                filter.into_iter().for_each(|filter| self.push(Some(*index), filter));
            }
            self.keep(*index, losses);
        }
    }

    fn define_subsets(&mut self) {
        let is_rule = |document: &Converted| tree::kind(&document.node) == "DestinationRule";
        let mut indices: Vec<usize> = Vec::new();
        let mut rules: Vec<Node> = Vec::new();
        for (index, document) in self.done.documents.iter().enumerate().filter(|(_, document)| is_rule(document)) {
            indices.push(index);
            rules.push(document.node.clone());
        }
        let added = subsets::complete(&mut rules, &self.clusters, &self.given);
        let mut rules = rules.into_iter();
        for index in indices {
            if let (Some(document), Some(rule)) = (self.done.documents.get_mut(index), rules.next()) {
                document.node = rule;
            }
        }
        rules.for_each(|rule| self.push(None, rule));
        for subsets::Added { reference, mut losses, place, labels } in added {
            let becomes = format!("the subset {:?} of {:?} with the labels {labels}", reference.subset, reference.host);
            let why = "no VirtualWorkload defines it, and Istio does not find instances by the label that they happen \
                       to bear: look whether `version` is the one";
            losses.whole(Fate::Changed, place, &becomes, why);
            self.done.losses.append(&mut losses.list);
        }
    }
}

fn short(host: &str, namespace: &str) -> String {
    HostName::new(host, namespace).as_str().to_owned()
}

/// The hosts of a router, each in its shortest form.
fn hosts(router: &Node) -> impl Iterator<Item = String> {
    let namespace = tree::namespace(router);
    let hosts = at(router, &["spec", "hosts"]).map(tree::items).unwrap_or_default();
    hosts.iter().filter_map(Node::as_text).map(move |host| short(host, namespace))
}

fn has_fallback(node: &Node) -> bool {
    let in_map = tree::entries(node).iter().any(|entry| {
        entry.key == "destination" && at(&entry.node, &["fallback"]).is_some() || has_fallback(&entry.node)
    });
    in_map || tree::items(node).iter().any(has_fallback)
}

/// Why Istio has nothing like this kind.
fn unlike(kind: &str) -> &'static str {
    match kind {
        "FaultToleranceRule" | "RateLimitStrategy" | "ThrottlingStrategy" | "ConcurrencyLimitStrategy" => {
            "Istio has no resources: what it limits are connections and ports, not what an application names"
        }
        "CircuitBreakerStrategy" => "Istio's outlierDetection ejects instances; it opens for no resource",
        "AdaptiveOverloadProtectionStrategy" => "Istio does not shed load by the figures of the instance",
        "HttpRequestFallbackAction" => "Istio answers what is blocked by itself",
        _ => "Istio has nothing like it",
    }
}
