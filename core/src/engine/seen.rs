//! Asking by what was seen before: who asks again and again keeps the rules and
//! instances that were in force, and pays one load to learn that they still are,
//! where looking them up anew writes to what all threads share.
//!
//! Nothing is decided here: each call means what the engine's of the same name means.
//! What was seen must never be asked once a change of it has been counted, nor for
//! another engine than the one that it was seen of.

use super::Engine;
use crate::decide::{Ask, Decision, Outcome, Permit, ResourceId};
use crate::error::Code;
use crate::matcher::HostName;
use crate::route::condition::Home;
use crate::route::{AnswerId, Fleet, Host, Moment, PickedId, Request, Rolls};
use crate::snapshot::Snapshot;
use crate::stat::State;
use crate::stat::health::CallOutcome;
use crate::stat::instance::Owned;
use crate::stat::share::Counter;
use crate::sync::{Arc, Ordering};
use crate::time::Tick;
use std::marker::PhantomData;

/// The rules and the instances that somebody saw last, to ask the engine again
/// without an atomic write: while nothing has changed since, one load tells so.
///
/// To be kept by one thread. What has been replaced since stays in memory until
/// it is used again or dropped.
#[derive(Debug, Default)]
pub struct Seen(Option<Sight>);

/// What was seen, and of which engine.
#[derive(Debug)]
struct Sight {
    state: Arc<State>,
    changes: u64,
    snapshot: Arc<Snapshot>,
    fleet: Arc<Fleet>,
    /// Where what it enters and exits is counted; `None`: with that of others.
    owned: Option<Owned>,
}

impl Drop for Sight {
    fn drop(&mut self) {
        if let Some(owned) = self.owned.take() {
            self.state.instance.disown(owned);
        }
    }
}

/// An engine by the rules and the instances of one moment: its hot calls, with
/// the meaning that they have there. It stays on its thread.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    engine: &'a Engine,
    snapshot: &'a Snapshot,
    fleet: &'a Fleet,
    owned: Option<&'a Owned>,
    stays: PhantomData<*const ()>,
}

impl Engine {
    /// The engine by the rules and instances now in force, which `seen` remembers
    /// for the next time.
    #[inline]
    pub fn see<'a>(&'a self, seen: &'a mut Seen) -> View<'a> {
        // Counted after each change, hence read before what has changed.
        let changes = self.changes.load(Ordering::Acquire);
        let is_current = |sight: &Sight| sight.changes == changes && Arc::ptr_eq(&sight.state, &self.state);
        if !seen.0.as_ref().is_some_and(is_current) {
            seen.0 = None;
        }
        let Sight { snapshot, fleet, owned, .. } = seen.0.get_or_insert_with(|| self.look(changes));
        View { engine: self, snapshot, fleet, owned: owned.as_ref(), stays: PhantomData }
    }

    #[cold]
    fn look(&self, changes: u64) -> Sight {
        let snapshot = self.snapshot.load_full();
        let fleet = snapshot.fleet.load_full();
        Sight { owned: self.state.instance.own(), state: Arc::clone(&self.state), changes, snapshot, fleet }
    }

    /// Asks by what is in force at this moment.
    pub(super) fn at_once<T>(&self, ask: impl FnOnce(View<'_>) -> T) -> T {
        let snapshot = self.snapshot.load();
        let fleet = snapshot.fleet.load();
        ask(View { engine: self, snapshot: &snapshot, fleet: &fleet, owned: None, stays: PhantomData })
    }
}

impl View<'_> {
    /// Where this thread counts the instance, made when it first does.
    fn counter(&self) -> Counter<'_> {
        self.engine.state.instance.counter(self.owned)
    }

    /// The version of the rules, 0 before the first.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.snapshot.version
    }

    /// As [`Engine::resolve`].
    #[must_use]
    pub fn resolve(&self, resource: &str) -> ResourceId {
        self.snapshot.decide.resolve(resource)
    }

    /// As [`Engine::enter`].
    pub fn enter(&self, resource: &str, ask: Ask, now: Tick) -> Decision {
        self.snapshot.decide.enter(&self.engine.state, self.counter(), resource, ask, now)
    }

    /// As [`Engine::enter_id`].
    ///
    /// # Errors
    /// Those of [`Engine::enter_id`].
    pub fn enter_id(&self, resource: ResourceId, ask: Ask, now: Tick) -> Result<Decision, Code> {
        self.snapshot.decide.enter_id(&self.engine.state, self.counter(), resource, ask, now)
    }

    /// As [`Engine::exit`].
    pub fn exit(&self, permit: &mut Permit, outcome: Outcome, now: Tick) {
        self.snapshot.decide.exit(&self.engine.state, self.counter(), permit, outcome, now);
    }

    /// As [`Engine::route`].
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<AnswerId> {
        self.at(now, |snapshot, moment| snapshot.route.route(request, rolls, moment))
    }

    /// As [`Engine::pick_id`].
    pub fn pick_id(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<PickedId> {
        let picked = self.at(now, |snapshot, moment| snapshot.route.pick_id(request, rolls, moment))?;
        picked.endpoint.health.begin();
        Some(picked)
    }

    /// As [`Engine::report_id`].
    pub fn report_id(&self, host: &str, number: u64, outcome: CallOutcome, now: Tick) {
        self.of_host(host, |host| host.numbered(number).map(|endpoint| host.report(endpoint, outcome, now)));
    }

    pub(super) fn of_host<T>(&self, host: &str, ask: impl FnOnce(&Host) -> Option<T>) -> Option<T> {
        let name = HostName::new(host, &self.engine.config.namespace);
        self.fleet.host(name.as_str()).and_then(ask)
    }

    /// Asks with all that is known at a moment.
    pub(super) fn at<T>(&self, now: Tick, ask: impl FnOnce(&Snapshot, &Moment<'_>) -> T) -> T {
        let home = Home { namespace: &self.engine.config.namespace, labels: &self.snapshot.labels };
        let moment = Moment { home, fleet: self.fleet, colours: self.snapshot.label.keys(), now };
        ask(self.snapshot, &moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Config, Source};
    use crate::route::Instance;
    use std::collections::BTreeMap;

    const LIMIT: &str = "
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: none}
spec: {threshold: 0, statDuration: 1s}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule}
spec: {targets: [{targetResourceName: foo}], strategies: [{name: none}]}";

    fn passes(engine: &Engine, seen: &mut Seen) -> bool {
        matches!(engine.see(seen).enter("foo", Ask::default(), Tick(0)), Decision::Pass(_))
    }

    #[test]
    fn new_rules_are_seen_at_the_next_call() {
        let engine = Engine::new(Config::new("app"));
        let mut seen = Seen::default();
        assert!(passes(&engine, &mut seen));
        engine.apply(&[Source { name: "", text: LIMIT }]);
        assert!(!passes(&engine, &mut seen) && !passes(&engine, &mut seen));
        assert_eq!(engine.see(&mut seen).version(), 1);
        engine.apply(&[]);
        assert!(passes(&engine, &mut seen));
    }

    #[test]
    fn so_are_new_instances() {
        let engine = Engine::new(Config::new("app"));
        let mut seen = Seen::default();
        let mut picks = |engine: &Engine| {
            let request = Request::new("shop");
            engine.see(&mut seen).pick_id(&request, &mut Rolls::seeded(1), Tick(0)).is_some()
        };
        assert!(!picks(&engine));
        let instance = Instance { id: "a:1".into(), labels: BTreeMap::new(), healthy: true, weight: 1, zone: None };
        engine.set_instances("shop", vec![instance]);
        assert!(picks(&engine));
        engine.update_instances("shop", Vec::new(), &["a:1"]);
        assert!(!picks(&engine));
    }

    #[test]
    fn what_was_seen_of_one_engine_is_nothing_to_another() {
        let (one, other) = (Engine::new(Config::new("app")), Engine::new(Config::new("app")));
        one.apply(&[Source { name: "", text: LIMIT }]);
        other.apply(&[]);
        let mut seen = Seen::default();
        assert!(!passes(&one, &mut seen));
        assert!(passes(&other, &mut seen));
        assert!(!passes(&one, &mut seen));
    }
}
