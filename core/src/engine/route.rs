//! Routing, and what discovery knows.

use super::Engine;
use crate::route::{Answer, AnswerId, Instance, Request, Rolls};
use crate::sync::Arc;

impl Engine {
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
}
