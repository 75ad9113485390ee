//! Entering and leaving, and what was counted.

use super::Engine;
use crate::decide::{Ask, Block, BlockId, Decision, Outcome, Permit, ResourceId};
use crate::error::Code;
use crate::stat::event::{BreakerState, Event};
use crate::stat::figures::Figures;
use crate::sync::Arc;
use crate::time::Tick;

impl Engine {
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
