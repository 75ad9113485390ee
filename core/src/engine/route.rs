//! Routing, and what discovery knows.

use super::Engine;
use crate::matcher::HostName;
use crate::route::condition::Home;
use crate::route::{Answer, AnswerId, Connection, Directions, Instance, Request, Rolls};
use crate::sync::Arc;

impl Engine {
    /// Where the request goes: the id of an [`Answer`], or `None` when no route
    /// says.
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>) -> Option<AnswerId> {
        self.snapshot.load().route.route(request, rolls, self.home(), &self.discovery)
    }

    /// Where the request goes, and all that is done with it on the way: what
    /// [`Engine::route`] answers for the same request and rolls, with the
    /// rewrite or redirect worked out and the faults and mirrors drawn. It
    /// allocates; a host that only needs a destination asks `route`, and asks
    /// here when the [answer varies](Answer::varies).
    pub fn direct(&self, request: &Request<'_>, rolls: &mut Rolls<'_>) -> Option<Directions> {
        self.snapshot.load().route.direct(request, rolls, self.home(), &self.discovery)
    }

    /// Where a connection goes, by the TLS and TCP routes: the id of an
    /// [`Answer`], or `None` when no route says.
    pub fn connect(&self, connection: &Connection<'_>, rolls: &mut Rolls<'_>) -> Option<AnswerId> {
        self.snapshot.load().route.connect(connection, rolls, self.home(), &self.discovery)
    }

    /// The answer behind an id; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn answer(&self, id: AnswerId) -> Option<Arc<Answer>> {
        self.snapshot.load().route.answer(id)
    }

    /// What discovery knows of a host, replacing what it knew. Every name of the
    /// host will do; a port is cut off.
    pub fn set_instances(&self, host: &str, instances: Vec<Instance>) {
        self.discovery.set(HostName::new(host, &self.config.namespace).as_str(), &instances);
    }

    fn home(&self) -> Home<'_> {
        Home { namespace: &self.config.namespace, labels: &self.config.labels }
    }
}
