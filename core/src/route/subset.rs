//! The subsets of a host: which instances each name means, and which of those a
//! request's lane may go to.

use super::pool::{Endpoint, Heed, Pool};
use super::workload::{LANE_LABEL, Workload, lane_of};
use super::{Instance, fleet::Map};
use crate::policy::{Balance, TrafficPolicy};
use crate::sync::Arc;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The labels that name a subset which no document defines: the first of them
/// that any instance of the host bears with the subset's name.
pub const SUBSET_LABELS: [&str; 3] = ["version", "subset", LANE_LABEL];

/// Instances that a destination names, by their lanes.
#[derive(Debug)]
pub(super) struct Subset {
    all: Pool,
    /// Those of no lane; `None` where all are.
    unlabelled: Option<Pool>,
    lanes: Map<Pool>,
}

impl Subset {
    /// These instances, healthy or not. Turns go on from `before`.
    pub(super) fn new(members: &[Arc<Endpoint>], policy: &TrafficPolicy, before: Option<&Subset>) -> Subset {
        let balance = policy.balance.clone().unwrap_or(Balance::LeastRequest);
        let all = Pool::new(members, &balance, before.map(|before| &before.all));
        let mut by_lane: HashMap<&str, Vec<Arc<Endpoint>>, FixedState> = HashMap::default();
        let mut unlabelled = Vec::new();
        for endpoint in members {
            match lane_of(&endpoint.instance.labels) {
                Some(lane) => by_lane.entry(lane).or_default().push(Arc::clone(endpoint)),
                None => unlabelled.push(Arc::clone(endpoint)),
            }
        }
        let lanes = by_lane.iter().map(|(lane, members)| {
            let earlier = before.and_then(|before| before.lanes.get(*lane));
            ((*lane).into(), Pool::new(members, &balance, earlier))
        });
        let lanes: Map<Pool> = lanes.collect();
        let earlier = before.and_then(|before| before.unlabelled.as_ref());
        let unlabelled = (!lanes.is_empty()).then(|| Pool::new(&unlabelled, &balance, earlier));
        Subset { all, unlabelled, lanes }
    }

    /// The instances that a request of this lane may go to; `None` where there are
    /// none.
    pub(super) fn pool<'c>(&self, colour: impl FnOnce() -> Option<Cow<'c, str>>, heed: Heed) -> Option<&Pool> {
        let serving = |pool: &&Pool| pool.serves(heed);
        match &self.unlabelled {
            None => Some(&self.all).filter(serving),
            Some(unlabelled) => match colour() {
                Some(colour) => {
                    let own = self.lanes.get(&*colour).filter(serving);
                    own.or_else(|| Some(unlabelled).filter(serving))
                }
                None => Some(unlabelled).filter(serving).or_else(|| Some(&self.all).filter(serving)),
            },
        }
    }
}

/// The subsets of a host's instances, by name: those of its document, and those
/// that labels name. Turns go on from `before`.
pub(super) fn subsets(endpoints: &[Arc<Endpoint>], said: &Workload, before: Option<&Map<Subset>>) -> Map<Subset> {
    let mut subsets: Map<Subset> = Map::default();
    let earlier = |name: &str| before.and_then(|before| before.get(name));
    for plan in &said.subsets {
        let members: Vec<_> =
            endpoints.iter().filter(|endpoint| bears(&endpoint.instance, plan.labels.iter())).cloned().collect();
        let subset = || Subset::new(&members, &plan.policy, earlier(&plan.name));
        subsets.entry(plan.name.clone()).or_insert_with(subset);
    }
    for label in SUBSET_LABELS {
        let names: BTreeSet<&str> =
            endpoints.iter().filter_map(|endpoint| endpoint.instance.labels.get(label)).map(String::as_str).collect();
        let mut members: HashMap<&str, Vec<Arc<Endpoint>>, FixedState> = HashMap::default();
        for endpoint in endpoints {
            if let Some(value) = endpoint.instance.labels.get(label) {
                members.entry(value).or_default().push(Arc::clone(endpoint));
            }
        }
        for name in names {
            // A document, and an earlier label that bears the name, decide alone.
            let members = members.get(name).map(Vec::as_slice).unwrap_or_default();
            subsets.entry(name.into()).or_insert_with(|| Subset::new(members, &said.policy, earlier(name)));
        }
    }
    subsets
}

/// Whether an instance bears all of these labels.
pub(super) fn bears<'l>(instance: &Instance, mut labels: impl Iterator<Item = (&'l String, &'l String)>) -> bool {
    labels.all(|(key, value)| instance.labels.get(key) == Some(value))
}
