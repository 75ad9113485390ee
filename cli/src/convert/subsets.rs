//! The subsets that Istio has to know: one that no `DestinationRule` defines is
//! a cluster that Envoy does not have.

use super::clusters::{Clusters, Reference};
use super::istio::NETWORKING;
use super::lane::{Given, LABEL};
use super::loss::Losses;
use super::shape::Routing;
use super::tree::{self, at, document, entries_mut, find, items_mut, list, map, put, text, text_at, word};
use sergo::matcher::{HostName, HostPattern};
use sergo::spec::node::{Node, Place};
use std::collections::HashMap;

/// The label that Istio's own samples tell versions apart by.
const VERSION: &str = "version";

/// A subset that was written because something goes there.
pub(super) struct Added {
    pub(super) reference: Reference,
    /// Of the document that goes there, and where it says so.
    pub(super) losses: Losses,
    pub(super) place: Place,
    /// The labels of its instances.
    pub(super) labels: String,
}

/// Defines all subsets that are gone to, in the rules of their hosts or in new
/// ones; the subsets that nobody had defined.
pub(super) fn complete(rules: &mut Vec<Node>, clusters: &Clusters, given: &[Given]) -> Vec<Added> {
    let rules = &mut Rules::new(rules);
    let mut added = Vec::new();
    for (reference, referrer) in &clusters.references {
        if clusters.lanes.contains_key(reference) || labels_of(rules, reference, &reference.subset).is_some() {
            continue;
        }
        let labels = map([(VERSION, text(&reference.subset))]);
        let losses = Losses::new(referrer.identity.clone(), &referrer.source);
        let labels_shown = super::write::flow(&labels);
        added.push(Added { reference: reference.clone(), losses, place: referrer.place, labels: labels_shown });
        define(rules, clusters, reference, labels);
    }
    for (part, (base, lane)) in &clusters.lanes {
        let given = given.iter().find(|given| {
            let host = HostName::new(&part.host, &part.namespace);
            let is_of = |app: &String| host.as_str().split('.').next() == Some(app);
            given.namespace == part.namespace && given.lane == *lane && given.app.as_ref().is_none_or(is_of)
        });
        let own = match given {
            Some(given) if !given.labels.is_empty() => given.labels.clone(),
            _ => vec![(LABEL.to_owned(), lane.clone())],
        };
        let mut labels =
            labels_of(rules, part, base).filter(|_| !base.is_empty()).unwrap_or_else(|| map([] as [(&str, Node); 0]));
        if let Some(all) = entries_mut(&mut labels) {
            own.iter().for_each(|(key, value)| put(all, key, text(value)));
        }
        if labels_of(rules, part, &part.subset).is_none() {
            define(rules, clusters, part, labels);
        }
    }
    added
}

/// The rules, found by their hosts.
struct Rules<'r> {
    all: &'r mut Vec<Node>,
    /// Those about one host, by namespace and host.
    exact: HashMap<(String, String), usize>,
    /// Those about hosts with a star, in their order.
    starred: Vec<(String, HostPattern, usize)>,
}

impl<'r> Rules<'r> {
    fn new(all: &'r mut Vec<Node>) -> Self {
        let mut rules = Rules { exact: HashMap::new(), starred: Vec::new(), all };
        (0..rules.all.len()).for_each(|index| rules.learn(index));
        rules
    }

    fn learn(&mut self, index: usize) {
        let Some(rule) = self.all.get(index) else { return };
        let namespace = tree::namespace(rule).to_owned();
        let host = text_at(rule, &["spec", "host"]).unwrap_or_default();
        match HostPattern::read(host, &namespace) {
            Some(HostPattern::Exact(host)) => {
                self.exact.entry((namespace, host.into())).or_insert(index);
            }
            Some(pattern) => self.starred.push((namespace, pattern, index)),
            None => {}
        }
    }

    /// The rule about this host: one that names it goes before one with a star.
    fn of(&mut self, reference: &Reference) -> Option<&mut Node> {
        let Reference { namespace, host, .. } = reference;
        let exact = self.exact.get(&(namespace.clone(), host.clone())).copied();
        let name = HostName::new(host, namespace);
        let starred = || {
            let is_about =
                |(own, pattern, _): &&(String, HostPattern, usize)| own == namespace && pattern.matches(&name);
            self.starred.iter().find(is_about).map(|(_, _, index)| *index)
        };
        let index = exact.or_else(starred)?;
        self.all.get_mut(index)
    }
}

fn labels_of(rules: &mut Rules<'_>, reference: &Reference, subset: &str) -> Option<Node> {
    let rule = rules.of(reference)?;
    let subsets = at(rule, &["spec", "subsets"]).map(tree::items).unwrap_or_default();
    let found = subsets.iter().find(|other| text_at(other, &["name"]) == Some(subset))?;
    Some(at(found, &["labels"]).cloned().unwrap_or_else(|| map([] as [(&str, Node); 0])))
}

fn define(rules: &mut Rules<'_>, clusters: &Clusters, reference: &Reference, labels: Node) {
    let subset = map([("name", text(&reference.subset)), ("labels", labels)]);
    if let Some(rule) = rules.of(reference) {
        let spec = entries_mut(rule).and_then(|rule| rule.iter_mut().find(|entry| entry.key == "spec"));
        let Some(spec) = spec.and_then(|spec| entries_mut(&mut spec.node)) else { return };
        if find(spec, "subsets").is_none() {
            put(spec, "subsets", list([]));
        }
        let subsets = spec.iter_mut().find(|entry| entry.key == "subsets");
        if let Some(subsets) = subsets.and_then(|subsets| items_mut(&mut subsets.node)) {
            subsets.push(subset);
        }
        return;
    }
    let mut metadata = vec![("name", text(format!("{}-subsets", word(&reference.host))))];
    if reference.namespace != "default" {
        metadata.push(("namespace", text(&reference.namespace)));
    }
    let spec = map([("host", clusters.host(text(&reference.host))), ("subsets", list([subset]))]);
    rules.all.push(document(NETWORKING, "DestinationRule", map(metadata), spec));
    rules.learn(rules.all.len().saturating_sub(1));
}
