//! The instances of each host as rules group them: which subsets and lanes can
//! serve, and which instance is chosen.

use super::Instance;
use super::discovery::Record;
use super::pool::{Endpoint, Heed, Pool};
use super::subset::{SUBSET_LABELS, Subset, bears, subsets};
use super::workload::{LabelGiver, Workload, Workloads, give_label};
use crate::stat::health::{CallOutcome, Health};
use crate::sync::{Arc, lock};
use crate::time::Tick;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::borrow::Cow;

pub(super) type Map<V> = HashMap<Box<str>, V, FixedState>;

/// The instances of all hosts that discovery named, under one version of the
/// rules.
#[derive(Debug, Default)]
pub struct Fleet(Map<Arc<Host>>);

/// The instances of a host.
#[derive(Debug)]
pub struct Host {
    endpoints: Map<Arc<Endpoint>>,
    numbers: HashMap<u64, Arc<Endpoint>, FixedState>,
    whole: Subset,
    subsets: Map<Subset>,
    min_health_percent: u32,
    record: Arc<Record>,
    /// What rules said of it, to see whether they still do.
    workload: Option<Arc<Workload>>,
    givers: Vec<LabelGiver>,
}

impl Fleet {
    pub(super) fn new(hosts: Map<Arc<Host>>) -> Fleet {
        Fleet(hosts)
    }

    /// Whether discovery has named no host at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn hosts(&self) -> &Map<Arc<Host>> {
        &self.0
    }

    /// A host in its [shortest form](crate::matcher::HostName); `None` where
    /// discovery has not named it.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.0.get(name).map(|host| &**host)
    }

    /// Whether the host, or the subset of it, has an instance that a request of
    /// this lane may go to at `now`. A host that discovery has not named is not
    /// judged: it serves.
    #[must_use]
    pub fn serves<'c>(
        &self,
        host: &str,
        subset: Option<&str>,
        colour: impl FnOnce() -> Option<Cow<'c, str>>,
        now: Tick,
    ) -> bool {
        let Some(host) = self.0.get(host) else { return true };
        host.pool(subset, colour, now).is_some()
    }
}

impl Host {
    /// The instances that a request of this lane may go to at `now`, with a
    /// subset where one is named; `None` where there are none. Whether ejections
    /// count is told with them.
    pub(super) fn pool<'c>(
        &self,
        subset: Option<&str>,
        colour: impl FnOnce() -> Option<Cow<'c, str>>,
        now: Tick,
    ) -> Option<(&Pool, Heed)> {
        let subset = match subset {
            None => &self.whole,
            Some(name) => self.subsets.get(name)?,
        };
        let heed = Heed(self.heeds_ejections(now).then_some(now));
        subset.pool(colour, heed).map(|pool| (pool, heed))
    }

    /// The instances of the host, or of the subset of it, healthy or not, by id,
    /// and whether a request of this lane may go to each at `now`.
    pub(super) fn members<'c>(
        &self,
        subset: Option<&str>,
        colour: impl FnOnce() -> Option<Cow<'c, str>>,
        now: Tick,
    ) -> Vec<(&Arc<Endpoint>, bool)> {
        let open: HashSet<u64, FixedState> = self
            .pool(subset, colour, now)
            .into_iter()
            .flat_map(|(pool, heed)| pool.open(heed))
            .map(|endpoint| endpoint.health.number())
            .collect();
        let label = SUBSET_LABELS.iter().find(|label| {
            self.endpoints.values().any(|own| own.instance.labels.get(**label).map(String::as_str) == subset)
        });
        let plans = self.workload.as_ref().map(|workload| workload.subsets.as_slice()).unwrap_or_default();
        let plan = plans.iter().find(|plan| Some(&*plan.name) == subset);
        let is_member = |endpoint: &&Arc<Endpoint>| match (subset, plan, label) {
            (None, ..) => true,
            (Some(_), Some(plan), _) => bears(&endpoint.instance, plan.labels.iter()),
            (Some(name), None, Some(label)) => endpoint.instance.labels.get(*label).is_some_and(|own| own == name),
            (Some(_), None, None) => false,
        };
        let mut members: Vec<_> = self.endpoints.values().filter(is_member).collect();
        members.sort_unstable_by(|one, other| one.instance.id.cmp(&other.instance.id));
        members.into_iter().map(|endpoint| (endpoint, open.contains(&endpoint.health.number()))).collect()
    }

    /// Whether there are ejections, and few enough to be heeded.
    fn heeds_ejections(&self, now: Tick) -> bool {
        if !self.record.has_ejections(now) {
            return false;
        }
        let healthy =
            self.endpoints.values().filter(|endpoint| endpoint.instance.healthy && !endpoint.health.is_ejected(now));
        self.min_health_percent == 0
            || share_is(healthy.count(), self.endpoints.len()) >= f64::from(self.min_health_percent)
    }

    /// The instance of an id.
    pub(crate) fn endpoint(&self, id: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(id)
    }

    /// The instance of a [number](Health::number).
    pub(crate) fn numbered(&self, number: u64) -> Option<&Arc<Endpoint>> {
        self.numbers.get(&number)
    }

    /// Takes what came of a call to an instance; ejects it when it has failed
    /// too often.
    pub(crate) fn report(&self, endpoint: &Endpoint, outcome: CallOutcome, now: Tick) {
        endpoint.health.end();
        let Some(outlier) = &endpoint.outlier else { return };
        if !endpoint.health.count(outcome, outlier, now) {
            return;
        }
        let _settling = lock(&self.record.ejecting);
        let instances = self.endpoints.len();
        let ejected = self.endpoints.values().filter(|endpoint| endpoint.health.is_ejected(now)).count();
        let more = ejected.saturating_add(1);
        let few_enough = ejected == 0 || share_is(more, instances) <= f64::from(outlier.max_ejection_percent);
        if more < instances && few_enough {
            self.record.note(endpoint.health.eject(outlier, now));
        }
    }

    /// The ids of the instances that are ejected at `now`, sorted.
    #[must_use]
    pub fn ejected(&self, now: Tick) -> Vec<String> {
        let ejected = self.endpoints.values().filter(|endpoint| endpoint.health.is_ejected(now));
        let mut ids: Vec<String> = ejected.map(|endpoint| endpoint.instance.id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn is_as(&self, workload: Option<&Arc<Workload>>, givers: &[LabelGiver]) -> bool {
        self.workload.as_ref() == workload && self.givers == givers
    }
}

/// A part of the whole, in percent.
fn share_is(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

/// Groups the instances of a host as rules say. Turns go on from `before`.
pub(super) fn build(
    name: &str,
    instances: &[Instance],
    health: &dyn Fn(&str) -> Arc<Health>,
    record: &Arc<Record>,
    workloads: &Workloads,
    before: Option<&Host>,
) -> Host {
    let workload = workloads.of(name);
    let nothing = Workload::default();
    let said = workload.map_or(&nothing, |workload| &**workload);
    let app = name.split('.').next().unwrap_or_default();
    let endpoints: Vec<Arc<Endpoint>> = instances
        .iter()
        .map(|instance| {
            let mut instance = instance.clone();
            give_label(workloads.givers(), &mut instance.labels, app);
            let own = said.subsets.iter().find(|subset| bears(&instance, subset.labels.iter()));
            let outlier = own.map_or(&said.policy, |subset| &subset.policy).outlier;
            let health = health(&instance.id);
            if outlier.is_none() {
                health.forget();
            }
            Arc::new(Endpoint { instance, health, outlier })
        })
        .collect();
    Host {
        whole: Subset::new(&endpoints, &said.policy, before.map(|before| &before.whole)),
        subsets: subsets(&endpoints, said, before.map(|before| &before.subsets)),
        min_health_percent: said.policy.outlier.map_or(0, |outlier| outlier.min_health_percent),
        record: Arc::clone(record),
        workload: workload.cloned(),
        givers: workloads.givers().to_vec(),
        numbers: endpoints.iter().map(|endpoint| (endpoint.health.number(), Arc::clone(endpoint))).collect(),
        endpoints: endpoints.into_iter().map(|endpoint| (endpoint.instance.id.as_str().into(), endpoint)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Outlier, TrafficPolicy};
    use crate::route::Discovery;
    use crate::route::workload::SubsetPlan;
    use std::collections::BTreeMap;

    fn instance(id: &str, labels: &[(&str, &str)], healthy: bool) -> Instance {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Instance { id: id.into(), labels, healthy, weight: 1, zone: None }
    }

    fn fleet(instances: &[Instance]) -> Fleet {
        fleet_under(&Workloads::default(), instances)
    }

    fn fleet_under(workloads: &Workloads, instances: &[Instance]) -> Fleet {
        let mut discovery = Discovery::default();
        discovery.set("a", instances.to_vec());
        discovery.fleet(workloads, &Fleet::default())
    }

    fn workloads(policy: TrafficPolicy, subsets: Vec<SubsetPlan>) -> Workloads {
        let pattern = crate::matcher::HostPattern::read("a", "default").unwrap();
        Workloads::new(vec![(pattern, Workload { policy, subsets })], vec![], "default")
    }

    fn fail(host: &Host, id: &str) {
        host.report(host.endpoint(id).unwrap(), CallOutcome::Error, Tick(0));
    }

    fn serves(fleet: &Fleet, host: &str, subset: Option<&str>, colour: Option<&str>) -> bool {
        fleet.serves(host, subset, || colour.map(Cow::Borrowed), Tick(0))
    }

    #[test]
    fn an_unknown_host_is_not_judged() {
        assert!(serves(&Fleet::default(), "a", Some("v1"), None));
        assert!(!serves(&fleet(&[]), "a", None, None));
        assert!(serves(&fleet(&[]), "b", None, None));
        assert!(serves(&fleet(&[instance("1", &[], true)]), "a", None, None));
    }

    #[test]
    fn the_first_label_that_bears_the_name_decides() {
        let known = fleet(&[
            instance("1", &[("version", "v1")], false),
            instance("2", &[("subset", "v1")], true),
            instance("3", &[("traffic.opensergo.io/label", "gray")], true),
            instance("4", &[("subset", "blue")], false),
            instance("5", &[("subset", "blue")], true),
        ]);
        assert!(!serves(&known, "a", Some("v1"), None), "version bears v1, so subset is not asked");
        assert!(serves(&known, "a", Some("gray"), None));
        assert!(serves(&known, "a", Some("blue"), None));
        assert!(!serves(&known, "a", Some("red"), None));
        assert!(serves(&known, "a", None, None));
    }

    #[test]
    fn a_document_decides_what_its_subsets_are() {
        let labels = BTreeMap::from([("tag".to_owned(), "x".to_owned()), ("zone".to_owned(), "a".to_owned())]);
        let plan = SubsetPlan { name: "v1".into(), labels, policy: TrafficPolicy::default() };
        let workloads = workloads(TrafficPolicy::default(), vec![plan]);
        let version = instance("1", &[("version", "v1"), ("tag", "x")], true);
        assert!(!serves(&fleet_under(&workloads, std::slice::from_ref(&version)), "a", Some("v1"), None));
        let tagged = instance("2", &[("zone", "a"), ("tag", "x")], true);
        assert!(serves(&fleet_under(&workloads, &[version, tagged]), "a", Some("v1"), None));
    }

    #[test]
    fn a_colour_never_goes_to_another_lane() {
        let gray = instance("1", &[("traffic.opensergo.io/label", "gray")], true);
        let plain = instance("2", &[], true);
        let lanes = fleet(std::slice::from_ref(&gray));
        assert!(serves(&lanes, "a", None, Some("gray")) && !serves(&lanes, "a", None, Some("blue")));
        assert!(serves(&lanes, "a", None, None), "an uncoloured request goes to all where none is without a label");
        assert!(serves(&fleet(&[gray, plain]), "a", None, Some("blue")));
    }

    #[test]
    fn few_enough_are_ejected_and_never_the_last() {
        let policy = |percent| TrafficPolicy {
            outlier: Some(Outlier { server_errors: 1, max_ejection_percent: percent, ..Outlier::default() }),
            ..TrafficPolicy::default()
        };
        let instances: Vec<Instance> = (0..4).map(|n| instance(&n.to_string(), &[], true)).collect();
        let ejected = |percent, count: usize| {
            let fleet = fleet_under(&workloads(policy(percent), vec![]), &instances[..count]);
            let host = fleet.host("a").unwrap();
            (0..count).for_each(|n| fail(host, &n.to_string()));
            host.ejected(Tick(0)).len()
        };
        assert_eq!([ejected(10, 4), ejected(50, 4), ejected(74, 4), ejected(75, 4), ejected(100, 4)], [1, 2, 2, 3, 3]);
        assert_eq!([ejected(0, 2), ejected(100, 2), ejected(100, 1)], [1, 1, 0]);
    }

    #[test]
    fn too_many_ejections_are_not_heeded() {
        let outlier =
            Outlier { server_errors: 1, max_ejection_percent: 100, min_health_percent: 50, ..Outlier::default() };
        let policy = TrafficPolicy { outlier: Some(outlier), ..TrafficPolicy::default() };
        let instances: Vec<Instance> = (0..4).map(|n| instance(&n.to_string(), &[], true)).collect();
        let fleet = fleet_under(&workloads(policy, vec![]), &instances);
        let host = fleet.host("a").unwrap();
        (0..2).for_each(|n| fail(host, &n.to_string()));
        assert!(host.heeds_ejections(Tick(0)));
        fail(host, "2");
        assert!(!host.heeds_ejections(Tick(0)));
        assert_eq!(host.ejected(Tick(0)), ["0", "1", "2"]);
    }

    #[test]
    fn ejections_outlive_discovery_and_rules() {
        let policy = |errors| TrafficPolicy {
            outlier: Some(Outlier { server_errors: errors, ..Outlier::default() }),
            ..TrafficPolicy::default()
        };
        let all = [instance("1", &[], true), instance("2", &[], true)];
        let mut discovery = Discovery::default();
        discovery.set("a", all.to_vec());
        let fleet = discovery.fleet(&workloads(policy(1), vec![]), &Fleet::default());
        fail(fleet.host("a").unwrap(), "1");
        discovery.update("a", vec![], &["1"]);
        assert!(discovery.fleet(&workloads(policy(1), vec![]), &fleet).host("a").is_some());
        discovery.update("a", vec![all[0].clone()], &[]);
        let fleet = discovery.fleet(&workloads(policy(2), vec![]), &Fleet::default());
        assert_eq!(fleet.host("a").unwrap().ejected(Tick(0)), ["1"]);
        let fleet = discovery.fleet(&Workloads::default(), &fleet);
        assert!(fleet.host("a").unwrap().ejected(Tick(0)).is_empty(), "no rule judges it");
    }
}
