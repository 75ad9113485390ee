//! What discovery knows: the instances of each host, and which subsets of them
//! can serve.

use super::Instance;
use crate::sync::{Arc, Loaded, Swap, lock};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::fmt;
use std::sync::Mutex;

/// The labels that name a subset which no document defines: the first of them
/// that any instance of the host bears with the subset's name.
pub const SUBSET_LABELS: [&str; 3] = ["version", "subset", "traffic.opensergo.io/label"];

/// What discovery knows of each host's instances; outlives a reload.
pub struct Discovery {
    known: Swap<Instances>,
    writer: Mutex<()>,
}

/// The instances of all hosts that discovery named, at one moment.
#[derive(Debug, Default)]
pub struct Instances(HashMap<Box<str>, Arc<Host>, FixedState>);

#[derive(Debug)]
struct Host {
    /// Whether any instance is healthy.
    healthy: bool,
    /// For each subset that instances name by their labels, whether any of its
    /// instances is healthy.
    subsets: HashMap<Box<str>, bool, FixedState>,
}

impl Discovery {
    /// What is known at this moment.
    pub fn load(&self) -> Loaded<Instances> {
        self.known.load()
    }

    /// Replaces what is known of the host, given in its
    /// [shortest form](crate::matcher::HostName).
    pub fn set(&self, host: &str, instances: &[Instance]) {
        let host_known = Arc::new(Host::new(instances));
        let _writer = lock(&self.writer);
        let mut known = self.known.load().0.clone();
        known.insert(host.into(), host_known);
        self.known.store(Arc::new(Instances(known)));
    }
}

impl Default for Discovery {
    fn default() -> Self {
        Discovery { known: Swap::new(Instances::default()), writer: Mutex::new(()) }
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").field("known", &*self.known.load()).finish_non_exhaustive()
    }
}

impl Instances {
    /// Whether the host, or the subset of it, has a healthy instance. A host
    /// that discovery has not named is not judged: it serves.
    #[must_use]
    pub fn serves(&self, host: &str, subset: Option<&str>) -> bool {
        let Some(host) = self.0.get(host) else { return true };
        match subset {
            None => host.healthy,
            Some(subset) => host.subsets.get(subset).copied().unwrap_or(false),
        }
    }
}

impl Host {
    fn new(instances: &[Instance]) -> Host {
        let mut subsets: HashMap<Box<str>, bool, FixedState> = HashMap::default();
        for label in SUBSET_LABELS {
            let mut borne: HashMap<&str, bool, FixedState> = HashMap::default();
            for instance in instances {
                if let Some(value) = instance.labels.get(label) {
                    *borne.entry(value).or_default() |= instance.healthy;
                }
            }
            for (value, healthy) in borne {
                // An earlier label that bears the name decides alone.
                subsets.entry(value.into()).or_insert(healthy);
            }
        }
        Host { healthy: instances.iter().any(|instance| instance.healthy), subsets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(id: &str, labels: &[(&str, &str)], healthy: bool) -> Instance {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Instance { id: id.into(), labels, healthy, weight: 1, zone: None }
    }

    #[test]
    fn an_unknown_host_is_not_judged() {
        let discovery = Discovery::default();
        assert!(discovery.load().serves("a", Some("v1")));
        discovery.set("a", &[]);
        assert!(!discovery.load().serves("a", None));
        assert!(discovery.load().serves("b", None));
        discovery.set("a", &[instance("1", &[], true)]);
        assert!(discovery.load().serves("a", None));
    }

    #[test]
    fn the_first_label_that_bears_the_name_decides() {
        let discovery = Discovery::default();
        discovery.set(
            "a",
            &[
                instance("1", &[("version", "v1")], false),
                instance("2", &[("subset", "v1")], true),
                instance("3", &[("traffic.opensergo.io/label", "gray")], true),
                instance("4", &[("subset", "blue")], false),
                instance("5", &[("subset", "blue")], true),
            ],
        );
        let known = discovery.load();
        assert!(!known.serves("a", Some("v1")), "version bears v1, so subset is not asked");
        assert!(known.serves("a", Some("gray")));
        assert!(known.serves("a", Some("blue")));
        assert!(!known.serves("a", Some("red")));
        assert!(known.serves("a", None));
    }
}
