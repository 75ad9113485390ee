//! The engine: rules in, decisions out.

use crate::compile::report::Report;
use crate::decide::{Ask, Block, BlockId, Decision, Outcome, Permit, ResourceId};
use crate::error::Code;
use crate::route::{Answer, AnswerId, Instance, Request, Rolls};
use crate::snapshot::Snapshot;
use crate::stat::event::{BreakerState, Event};
use crate::stat::figures::Figures;
use crate::sync::{Arc, Swap};
use crate::time::Tick;
use std::collections::BTreeMap;

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
    snapshot: Swap<Snapshot>,
}

impl Engine {
    /// An engine without rules: everything passes.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Engine { config, snapshot: Swap::new(Snapshot::default()) }
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
        let _ = sources;
        Report::default()
    }

    /// The version of the rules in force, 0 before the first.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.snapshot.load().version
    }

    /// Resolves a resource's name, once, for [`Engine::enter_id`].
    #[must_use]
    pub fn resolve(&self, resource: &str) -> ResourceId {
        let _ = resource;
        ResourceId(0)
    }

    /// Asks to enter the resource at `now`.
    pub fn enter(&self, resource: &str, ask: Ask, now: Tick) -> Decision {
        let _ = (resource, ask, now);
        Decision::Pass(Permit::closed())
    }

    /// Asks to enter a resource that was resolved before.
    ///
    /// # Errors
    /// [`Code::Stale`] when the set of governed names has changed since:
    /// resolve the name again.
    pub fn enter_id(&self, resource: ResourceId, ask: Ask, now: Tick) -> Result<Decision, Code> {
        let _ = (resource, ask, now);
        Ok(Decision::Pass(Permit::closed()))
    }

    /// Gives a permit back and closes it; a closed one does nothing.
    pub fn exit(&self, permit: &mut Permit, outcome: Outcome, now: Tick) {
        let _ = (outcome, now);
        *permit = Permit::closed();
    }

    /// The names behind a block; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        let _ = id;
        None
    }

    /// The state of the breaker that `strategy` is for `target`, both as the
    /// rules write them.
    #[must_use]
    pub fn breaker_state(&self, target: &str, strategy: &str) -> Option<BreakerState> {
        let _ = (target, strategy);
        None
    }

    /// Where the request goes: the id of an [`Answer`], or `None` when no route
    /// says.
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>) -> Option<AnswerId> {
        let _ = (request, rolls);
        None
    }

    /// The answer behind an id; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn answer(&self, id: AnswerId) -> Option<Arc<Answer>> {
        let _ = id;
        None
    }

    /// What discovery knows of a host, replacing what it knew.
    pub fn set_instances(&self, host: &str, instances: Vec<Instance>) {
        let _ = (host, instances);
    }

    /// What happened since the last call, oldest first. At most the newest
    /// 1,024 events are kept.
    pub fn drain_events(&self) -> Vec<Event> {
        Vec::new()
    }

    /// The counters of this moment.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { version: self.version(), resources: Vec::new() }
    }
}
