//! Routing, lanes, and what discovery knows.

use super::Engine;
use crate::label::Label;
use crate::matcher::HostName;
use crate::policy::ConnectionPool;
use crate::route::{
    Answer, AnswerId, Connection, Directions, Host, Instance, Moment, Pick, PickedId, Request, Required, Rolls,
    RouteExplanation,
};
use crate::snapshot::Snapshot;
use crate::stat::health::CallOutcome;
use crate::sync::{Arc, Ordering, lock};
use crate::time::Tick;

impl Engine {
    /// Where the request goes at `now`: the id of an [`Answer`], or `None` when
    /// no route says.
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<AnswerId> {
        self.at(now, |snapshot, moment| snapshot.route.route(request, rolls, moment))
    }

    /// Where the request goes, and all that is done with it on the way: what
    /// [`Engine::route`] answers for the same request and rolls, with the
    /// rewrite or redirect worked out and the faults and mirrors drawn. It
    /// allocates; a host that only needs a destination asks `route`, and asks
    /// here when the [answer varies](Answer::varies).
    pub fn direct(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<Directions> {
        self.at(now, |snapshot, moment| snapshot.route.direct(request, rolls, moment))
    }

    /// As [`Engine::direct`], and which instance takes the request: it counts as
    /// in flight there until [`Engine::report`]. A host that no router names is
    /// chosen among as a whole; `None` where there is no route, or neither a
    /// router nor instances of the host.
    pub fn pick(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<Pick> {
        let pick = self.at(now, |snapshot, moment| snapshot.route.pick(request, rolls, moment))?;
        if let Some(endpoint) = &pick.endpoint {
            endpoint.health.begin();
        }
        Some(pick)
    }

    /// As [`Engine::pick`] where that is no more than a destination and an
    /// instance, without allocating while nothing is ejected. `None` where it is
    /// anything else: then nothing has been counted, and `pick` tells for the same
    /// rolls.
    pub fn pick_id(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<PickedId> {
        self.at_once(|view| view.pick_id(request, rolls, now))
    }

    /// Takes what came of a call to an instance of a host that
    /// [`Engine::pick`] gave. An instance that is gone is none.
    pub fn report(&self, host: &str, instance: &str, outcome: CallOutcome, now: Tick) {
        self.of_host(host, |host| host.endpoint(instance).map(|endpoint| host.report(endpoint, outcome, now)));
    }

    /// The same, with the instance's [number](crate::stat::health::Health::number).
    pub fn report_id(&self, host: &str, number: u64, outcome: CallOutcome, now: Tick) {
        self.at_once(|view| view.report_id(host, number, outcome, now));
    }

    /// The instance of a host with this
    /// [number](crate::stat::health::Health::number); `None` where it is gone.
    #[must_use]
    pub fn instance(&self, host: &str, number: u64) -> Option<Instance> {
        self.of_host(host, |host| host.numbered(number).map(|endpoint| endpoint.instance.clone()))
    }

    fn of_host<T>(&self, host: &str, ask: impl FnOnce(&Host) -> Option<T>) -> Option<T> {
        self.at_once(|view| view.of_host(host, ask))
    }

    /// The ids of a host's instances that are ejected at `now`, sorted.
    #[must_use]
    pub fn ejected(&self, host: &str, now: Tick) -> Vec<String> {
        self.of_host(host, |host| Some(host.ejected(now))).unwrap_or_default()
    }

    /// The limits that rules set for connections to a host, or to a subset of
    /// it; `None` where they set none. The caller's framework keeps them.
    #[must_use]
    pub fn connection_pool(&self, host: &str, subset: Option<&str>) -> Option<ConnectionPool> {
        self.snapshot.load().workloads.connections(host, subset).cloned()
    }

    /// Where a connection goes at `now`, by the TLS and TCP routes: the id of an
    /// [`Answer`], or `None` when no route says.
    pub fn connect(&self, connection: &Connection<'_>, rolls: &mut Rolls<'_>, now: Tick) -> Option<AnswerId> {
        self.at(now, |snapshot, moment| snapshot.route.connect(connection, rolls, moment))
    }

    /// Which route the request goes by at `now`, and why none of those before it
    /// does. It changes nothing.
    #[must_use]
    pub fn explain_route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>, now: Tick) -> RouteExplanation {
        self.at(now, |snapshot, moment| snapshot.route.explain(request, rolls, moment))
    }

    /// Which headers and query parameters of a request to the host are looked at
    /// by [`Engine::route`] and [`Engine::pick`]: no others need be handed over.
    #[must_use]
    pub fn required(&self, host: &str) -> Required {
        let snapshot = self.snapshot.load();
        let mut required = Required { version: snapshot.version, ..Required::default() };
        snapshot.route.required(host, &snapshot.workloads, &mut required);
        required.headers.extend(snapshot.label.keys().headers().map(str::to_owned));
        required
    }

    /// The same for [`Engine::label`].
    #[must_use]
    pub fn required_to_label(&self) -> Required {
        let snapshot = self.snapshot.load();
        let mut required = Required { version: snapshot.version, ..Required::default() };
        snapshot.label.required(&mut required.headers, &mut required.parameters);
        required
    }

    /// The answer behind an id; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn answer(&self, id: AnswerId) -> Option<Arc<Answer>> {
        self.snapshot.load().route.answer(id)
    }

    /// The lane of a request that comes in, to be carried on to all calls that
    /// are made for it: the one that it carries, where `trust` says that it is
    /// to be believed, else the one that rules give it. Its host is not looked
    /// at.
    #[must_use]
    pub fn label(&self, request: &Request<'_>, trust: bool) -> Option<Label> {
        self.at(Tick(0), |snapshot, moment| snapshot.label.label(request, moment.home, trust))
    }

    /// What discovery knows of a host, replacing what it knew. Every name of the
    /// host will do; a port is cut off. Of several instances with one id the
    /// last counts.
    pub fn set_instances(&self, host: &str, instances: Vec<Instance>) {
        self.change(host, |discovery, host| discovery.set(host, instances));
    }

    /// What has changed of a host: instances that are new or take the place of
    /// those with their ids, and the ids of those that are gone.
    pub fn update_instances(&self, host: &str, changed: Vec<Instance>, gone: &[&str]) {
        self.change(host, |discovery, host| discovery.update(host, changed, gone));
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut crate::route::Discovery, &str)) {
        let name = HostName::new(host, &self.config.namespace);
        let mut discovery = lock(&self.discovery);
        change(&mut discovery, name.as_str());
        let snapshot = self.snapshot.load();
        let fleet = discovery.fleet_with(name.as_str(), &snapshot.workloads, &snapshot.fleet.load());
        snapshot.fleet.store(Arc::new(fleet));
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Asks with all that is known at a moment.
    fn at<T>(&self, now: Tick, ask: impl FnOnce(&Snapshot, &Moment<'_>) -> T) -> T {
        self.at_once(|view| view.at(now, ask))
    }
}
