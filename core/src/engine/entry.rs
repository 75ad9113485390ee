//! Entering and leaving, and what was counted.

use super::Engine;
use crate::decide::{Ask, Block, BlockId, Decision, Explanation, Outcome, Permit, ResourceId};
use crate::error::Code;
use crate::stat::event::{BreakerState, Event};
use crate::stat::figures::Figures;
use crate::stat::instance::SystemLoad;
use crate::sync::Arc;
use crate::time::Tick;

impl Engine {
    /// Resolves a resource's name, once, for [`Engine::enter_id`].
    #[must_use]
    pub fn resolve(&self, resource: &str) -> ResourceId {
        self.snapshot.load().decide.resolve(resource)
    }

    /// Asks to enter the resource at `now`.
    pub fn enter(&self, resource: &str, ask: Ask, now: Tick) -> Decision {
        self.snapshot.load().decide.enter(&self.state, self.state.instance.common(), resource, ask, now)
    }

    /// Asks to enter a resource that was resolved before.
    ///
    /// # Errors
    /// [`Code::Stale`] when the set of governed names has changed since:
    /// resolve the name again.
    pub fn enter_id(&self, resource: ResourceId, ask: Ask, now: Tick) -> Result<Decision, Code> {
        self.snapshot.load().decide.enter_id(&self.state, self.state.instance.common(), resource, ask, now)
    }

    /// What the resource would be answered at `now`, and why: every gate with its
    /// figures. It changes nothing; asked to enter at the same moment, the engine
    /// answers the same.
    #[must_use]
    pub fn explain(&self, resource: &str, ask: Ask, now: Tick) -> Explanation {
        self.snapshot.load().decide.explain(&self.state, resource, ask, now)
    }

    /// Gives a permit back and closes it; a closed one does nothing.
    pub fn exit(&self, permit: &mut Permit, outcome: Outcome, now: Tick) {
        self.snapshot.load().decide.exit(&self.state, self.state.instance.common(), permit, outcome, now);
    }

    /// Gives a permit back whose call never began, since its wait was cancelled,
    /// say, and closes it; a closed one does nothing. Nothing is in flight any
    /// more, no breaker judges by it, and where it was a probe the next entry may
    /// probe. What rate limits and queues admitted stays spent.
    pub fn cancel(&self, permit: &mut Permit, now: Tick) {
        self.snapshot.load().decide.cancel(&self.state, permit, now);
    }

    /// The names behind a block; `None` when eight versions of the rules have
    /// come since.
    #[must_use]
    pub fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        self.snapshot.load().decide.block(id)
    }

    /// The state of the breaker that `strategy` is for `target`, both as the
    /// rules write them.
    #[must_use]
    pub fn breaker_state(&self, target: &str, strategy: &str) -> Option<BreakerState> {
        self.snapshot.load().decide.breaker_state(target, strategy)
    }

    /// Whether the rules in force look at the system's figures: while they
    /// don't, nobody needs to measure them.
    #[must_use]
    pub fn needs_system_load(&self) -> bool {
        self.snapshot.load().decide.needs_system_load()
    }

    /// Takes the system's figures as they are at `now`, until the next call.
    /// What is `None`, or no number, is unknown.
    pub fn set_system_load(&self, load: SystemLoad, now: Tick) {
        self.snapshot.load().decide.set_system_load(&self.state, load, now);
    }

    /// What happened since the last call, oldest first. At most the newest
    /// 1,024 events are kept.
    pub fn drain_events(&self) -> Vec<Event> {
        self.state.events.drain()
    }

    /// The counters of this moment.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.snapshot.load().decide.figures(&self.state)
    }
}
