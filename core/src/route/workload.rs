//! What rules say of instances: the subsets of a host, how they are balanced and
//! judged, and the labels that workloads are given.

use super::hosts::Hosts;
use crate::matcher::HostPattern;
use crate::policy::{ConnectionPool, TrafficPolicy};
use crate::sync::Arc;
use std::collections::BTreeMap;

/// The label by which a workload is of a lane.
pub const LANE_LABEL: &str = "traffic.opensergo.io/label";
/// The same in a service registry, where [`LANE_LABEL`] is not borne.
pub const REGISTRY_LABEL: &str = "OpenSergo-Label";
/// The label that names a workload's app.
pub const APP_LABEL: &str = "app";

/// What the `VirtualWorkload` of a host says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// `trafficPolicy`.
    pub policy: TrafficPolicy,
    /// `subsets`, in order.
    pub subsets: Vec<SubsetPlan>,
}

/// A subset of a host's instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsetPlan {
    /// Its name.
    pub name: Box<str>,
    /// The labels that its instances bear, all of them.
    pub labels: BTreeMap<String, String>,
    /// Its policy, what it leaves open filled in by the host's.
    pub policy: TrafficPolicy,
}

/// Gives a label to workloads that have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelGiver {
    /// The labels that the workload bears, all of them.
    pub selector: BTreeMap<String, String>,
    /// The label that it is given.
    pub label: String,
}

/// What rules say of all instances, in one version of the rules.
#[derive(Debug, Default)]
pub struct Workloads {
    hosts: Hosts,
    list: Vec<Arc<Workload>>,
    givers: Vec<LabelGiver>,
}

impl Workloads {
    /// These workloads, each with the hosts that it is about, the first one
    /// where two are about one; and the givers of labels in order.
    #[must_use]
    pub fn new(workloads: Vec<(HostPattern, Workload)>, givers: Vec<LabelGiver>, namespace: &str) -> Workloads {
        let mut hosts = Hosts::new(namespace);
        let mut list = Vec::with_capacity(workloads.len());
        for (pattern, workload) in workloads {
            hosts.add(pattern, list.len());
            list.push(Arc::new(workload));
        }
        Workloads { hosts, list, givers }
    }

    /// Whether nothing is said of any host.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is said of a host.
    #[must_use]
    pub fn of(&self, host: &str) -> Option<&Arc<Workload>> {
        self.list.get(self.hosts.find(host)?)
    }

    /// The limits for connections to a host, or to a subset of it.
    #[must_use]
    pub fn connections(&self, host: &str, subset: Option<&str>) -> Option<&ConnectionPool> {
        let workload = self.of(host)?;
        let plan = subset.and_then(|name| workload.subsets.iter().find(|plan| *plan.name == *name));
        plan.map_or(&workload.policy, |plan| &plan.policy).connections.as_ref()
    }

    /// The givers of labels, in order.
    #[must_use]
    pub fn givers(&self) -> &[LabelGiver] {
        &self.givers
    }
}

/// Gives a workload without a label the first one that it is selected for. One
/// without an `app` is that of `app`.
pub fn give_label(givers: &[LabelGiver], labels: &mut BTreeMap<String, String>, app: &str) {
    if lane_of(labels).is_some() {
        return;
    }
    let bears = |(key, value): (&String, &String)| match labels.get(key) {
        Some(own) => own == value,
        None => key == APP_LABEL && value == app,
    };
    if let Some(giver) = givers.iter().find(|giver| giver.selector.iter().all(bears)) {
        labels.insert(LANE_LABEL.to_owned(), giver.label.clone());
    }
}

/// The lane that a workload with these labels is of.
#[must_use]
pub fn lane_of(labels: &BTreeMap<String, String>) -> Option<&str> {
    let borne = |label| labels.get(label).map(String::as_str).filter(|value| !value.is_empty());
    borne(LANE_LABEL).or_else(|| borne(REGISTRY_LABEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_label_is_given_to_those_that_have_none() {
        let giver = |pairs: &[(&str, &str)], label: &str| LabelGiver { selector: labels(pairs), label: label.into() };
        let givers = [giver(&[("app", "cart"), ("db", "a")], "gray"), giver(&[("app", "cart")], "blue")];
        let given = |pairs: &[(&str, &str)]| {
            let mut labels = labels(pairs);
            give_label(&givers, &mut labels, "cart");
            lane_of(&labels).map(str::to_owned)
        };
        assert_eq!(given(&[("db", "a")]).as_deref(), Some("gray"));
        assert_eq!(given(&[("db", "b")]).as_deref(), Some("blue"));
        assert_eq!(given(&[("app", "shop")]), None);
        assert_eq!(given(&[("OpenSergo-Label", "red")]).as_deref(), Some("red"));
        assert_eq!(given(&[(LANE_LABEL, "red"), ("OpenSergo-Label", "pink")]).as_deref(), Some("red"));
        assert_eq!(given(&[(LANE_LABEL, ""), ("app", "x")]), None);
    }
}
