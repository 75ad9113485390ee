//! Routing, and what discovery knows.

use super::Engine;
use crate::matcher::HostName;
use crate::route::condition::Home;
use crate::route::{Answer, AnswerId, Instance, Request, Rolls};
use crate::sync::Arc;

impl Engine {
    /// Where the request goes: the id of an [`Answer`], or `None` when no route
    /// says.
    pub fn route(&self, request: &Request<'_>, rolls: &mut Rolls<'_>) -> Option<AnswerId> {
        self.snapshot.load().route.route(request, rolls, self.home(), &self.discovery)
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
