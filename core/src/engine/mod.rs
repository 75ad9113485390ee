//! The engine: rules in, decisions out.

mod check;
mod entry;
mod route;
mod seen;

pub use check::{Advised, advise, check};
pub use seen::{Seen, View};

use crate::compile::label::label;
use crate::compile::lower::lower;
use crate::compile::report::Report;
use crate::compile::resolve::Whose;
use crate::compile::route::{Lowered, route};
use crate::compile::served::{Serves, unserved};
use crate::compile::workload::workloads;
use crate::compile::{Past, Traffic, compile};
use crate::route::Discovery;
use crate::route::workload::{APP_LABEL, give_label};
use crate::snapshot::Snapshot;
use crate::spec::document::{self, Reading};
use crate::spec::known::Known;
use crate::stat::State;
use crate::stat::event::Event;
use crate::sync::{Arc, AtomicU64, Ordering, Swap, lock};
use crate::time::Tick;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Whose rules an engine enforces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The namespace; rules of others do nothing here.
    pub namespace: String,
    /// The app; rules for others do nothing here.
    pub app: String,
    /// The labels of the workload that the engine runs in.
    pub labels: BTreeMap<String, String>,
}

impl Config {
    /// The app in the namespace `default`, without labels.
    #[must_use]
    pub fn new(app: impl Into<String>) -> Self {
        Config { namespace: "default".into(), app: app.into(), labels: BTreeMap::new() }
    }
}

/// A text with rule documents and the name to call it by in a report: a file's
/// path, say. The name may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// What the report calls it.
    pub name: &'a str,
    /// YAML, perhaps of several documents, or JSON.
    pub text: &'a str,
}

/// Decides for one app in one process. All calls take `&self` and may come from
/// any thread; entering, exiting and routing take no lock.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    /// Held while rules are applied, one push at a time.
    last: Mutex<Last>,
    snapshot: Swap<Snapshot>,
    /// How often the snapshot or its fleet was replaced.
    changes: AtomicU64,
    state: Arc<State>,
    /// What discovery told; held while the fleet changes. Rules are locked first.
    discovery: Mutex<Discovery>,
}

/// What is left of the pushes so far.
#[derive(Debug, Default)]
struct Last {
    /// The last good documents.
    past: Past,
    /// The documents of the last push.
    known: Known,
    /// Its routers.
    lowered: Lowered,
}

impl Engine {
    /// An engine without rules: everything passes.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Engine {
            snapshot: Swap::new(Snapshot::empty(config.labels.clone())),
            config,
            last: Mutex::default(),
            changes: AtomicU64::new(0),
            state: Arc::default(),
            discovery: Mutex::default(),
        }
    }

    /// Whose rules it enforces.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Replaces all rules by the documents of `sources`, as one push. A bad
    /// document keeps its last good version in force and takes no other with
    /// it; the report says what was wrong and what would be right.
    pub fn apply(&self, sources: &[Source<'_>]) -> Report {
        let mut last = lock(&self.last);
        let mut known = Known::default();
        let push = read(sources, &last.known, &mut known);
        let Config { namespace, app, labels } = &self.config;
        let mut compiled = compile(Whose::Engine { namespace, app, labels }, std::mem::take(&mut last.past), push);
        let previous = self.snapshot.load_full();
        let version = previous.version.saturating_add(1);
        let decide = lower(&compiled.rules, &previous.decide, version);
        let nothing = Traffic::default();
        let traffic = compiled.traffic.get(namespace).unwrap_or(&nothing);
        let (route, mut shadowed) = route(&traffic.routers, namespace, version, &previous.route, &mut last.lowered);
        let (workloads, doubles) = workloads(&traffic.workloads, &traffic.workload_labels, namespace);
        shadowed.extend(doubles);
        let mut own = labels.clone();
        give_label(workloads.givers(), &mut own, labels.get(APP_LABEL).unwrap_or(app));
        let label = label(&traffic.lanes, &traffic.traffic_labels, app, &own);
        let discovery = lock(&self.discovery);
        let fleet = discovery.fleet(&workloads, &previous.fleet.load());
        // No ejection lasts that long: health alone counts.
        let serves = |host: &str, subset: Option<&str>| fleet.serves(host, subset, || None, Tick(u64::MAX));
        let serves = (!fleet.is_empty()).then_some(&serves as &Serves<'_>);
        let alone = unserved(traffic, &workloads, namespace, serves);
        let fleet = Swap::new(fleet);
        self.snapshot.store(Arc::new(Snapshot { version, decide, route, label, workloads, labels: own, fleet }));
        self.changes.fetch_add(1, Ordering::AcqRel);
        drop(discovery);
        self.state.events.push(Event::RulesApplied { version });
        last.past = std::mem::take(&mut compiled.past);
        last.known = known;
        compiled.into_report(version, shadowed, alone)
    }

    /// The version of the rules in force, 0 before the first.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.snapshot.load().version
    }
}

/// Reads the documents of all sources, in order: those that are not known from
/// before.
fn read<'s>(sources: &[Source<'s>], before: &Known, now: &mut Known) -> Vec<Reading<'s>> {
    let mut readings = Vec::new();
    for source in sources {
        document::read_again(source.name, source.text, before, now, &mut readings);
    }
    readings
}
