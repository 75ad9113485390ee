//! What discovery told, and what has happened to the instances that it named.

use super::fleet::{Fleet, Host};
use super::workload::Workloads;
use super::{Instance, fleet};
use crate::stat::health::Health;
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::time::Tick;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How many instances of a host that are gone are remembered, lest one that
/// comes back has forgotten that it was ejected.
pub const MAX_GONE: usize = 1024;

/// The instances of all hosts that discovery named, each host under the
/// [shortest form](crate::matcher::HostName) of its name.
#[derive(Debug, Default)]
pub struct Discovery {
    hosts: BTreeMap<Box<str>, Known>,
    /// How many instances have been numbered.
    numbered: u64,
}

/// What is known of a host.
#[derive(Debug, Default)]
struct Known {
    instances: Vec<Instance>,
    record: Arc<Record>,
    healths: HashMap<Box<str>, Arc<Health>, FixedState>,
}

/// What has happened to a host as a whole.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The tick at which the last ejection is over.
    ejections_until: AtomicU64,
    /// Held while it is settled whether one more may be ejected.
    pub(super) ejecting: Mutex<()>,
}

impl Record {
    /// Whether any instance may be ejected at `now`.
    pub(super) fn has_ejections(&self, now: Tick) -> bool {
        now.0 < self.ejections_until.load(Ordering::Relaxed)
    }

    /// Notes that an instance is ejected until then.
    pub(super) fn note(&self, until: Tick) {
        self.ejections_until.fetch_max(until.0, Ordering::Relaxed);
    }
}

impl Discovery {
    /// Replaces what is known of a host. Of several instances with one id the
    /// last counts.
    pub fn set(&mut self, host: &str, instances: Vec<Instance>) {
        self.hosts.entry(host.into()).or_default().instances.clear();
        self.update(host, instances, &[]);
    }

    /// Puts instances in the place of those with the same id, or beside them,
    /// and takes those with the ids `gone` away.
    pub fn update(&mut self, host: &str, changed: Vec<Instance>, gone: &[&str]) {
        let known = self.hosts.entry(host.into()).or_default();
        known.instances.retain(|instance| !gone.contains(&instance.id.as_str()));
        let mut places: HashMap<String, usize, FixedState> =
            known.instances.iter().enumerate().map(|(place, instance)| (instance.id.clone(), place)).collect();
        for instance in changed {
            match places.get(&instance.id).and_then(|place| known.instances.get_mut(*place)) {
                Some(same) => *same = instance,
                None => {
                    places.insert(instance.id.clone(), known.instances.len());
                    known.instances.push(instance);
                }
            }
        }
        known.remember(&mut self.numbered);
    }

    /// The fleet after a change of this host alone.
    #[must_use]
    pub fn fleet_with(&self, host: &str, workloads: &Workloads, before: &Fleet) -> Fleet {
        let mut hosts = before.hosts().clone();
        if let Some(known) = self.hosts.get(host) {
            let built = known.build(host, workloads, hosts.get(host).map(|host| &**host));
            hosts.insert(host.into(), Arc::new(built));
        }
        Fleet::new(hosts)
    }

    /// The fleet under these rules. A host of which they say what they said
    /// before is taken over from `before`.
    #[must_use]
    pub fn fleet(&self, workloads: &Workloads, before: &Fleet) -> Fleet {
        let hosts = self.hosts.iter().map(|(name, known)| {
            let earlier = before.hosts().get(name);
            let same = earlier.filter(|host| host.is_as(workloads.of(name), workloads.givers()));
            let host =
                same.map_or_else(|| Arc::new(known.build(name, workloads, earlier.map(|host| &**host))), Arc::clone);
            (name.clone(), host)
        });
        Fleet::new(hosts.collect())
    }
}

impl Known {
    /// Sees to it that there is a record for each instance, and for some of
    /// those that are gone.
    fn remember(&mut self, numbered: &mut u64) {
        for instance in &self.instances {
            if !self.healths.contains_key(instance.id.as_str()) {
                *numbered = numbered.saturating_add(1);
                self.healths.insert(instance.id.as_str().into(), Arc::new(Health::numbered(*numbered)));
            }
        }
        let here: HashMap<&str, (), FixedState> =
            self.instances.iter().map(|instance| (instance.id.as_str(), ())).collect();
        let mut gone = 0usize;
        self.healths.retain(|id, health| {
            here.contains_key(&**id) || {
                gone = gone.saturating_add(1);
                gone <= MAX_GONE && !health.is_blank()
            }
        });
    }

    fn build(&self, name: &str, workloads: &Workloads, before: Option<&Host>) -> Host {
        let health = |id: &str| self.healths.get(id).cloned().unwrap_or_default();
        fleet::build(name, &self.instances, &health, &self.record, workloads, before)
    }
}
