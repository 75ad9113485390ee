//! What the host may want to hear of, kept until it asks.

use crate::sync::lock;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Mutex;

/// How many events are kept.
const MOST: usize = 1024;

/// Events until they are drained; of too many the oldest are dropped. They are
/// rare, so a lock is no burden.
#[derive(Debug, Default)]
pub struct Events(Mutex<VecDeque<Event>>);

impl Events {
    /// Adds an event.
    pub fn push(&self, event: Event) {
        let mut events = lock(&self.0);
        if events.len() >= MOST {
            events.pop_front();
        }
        events.push_back(event);
    }

    /// Takes all events, oldest first.
    pub fn drain(&self) -> Vec<Event> {
        std::mem::take(&mut *lock(&self.0)).into()
    }
}

/// Something that happened, for [`Engine::drain_events`](crate::Engine::drain_events).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// A circuit breaker changed its state.
    Breaker {
        /// The target as the rule writes it.
        resource: String,
        /// The strategy's name.
        strategy: String,
        /// The state that it left.
        from: BreakerState,
        /// The state that it is in.
        to: BreakerState,
        /// For closed to open: the completions that it judged by.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        /// For closed to open: how many of them were bad.
        #[serde(skip_serializing_if = "Option::is_none")]
        bad: Option<u64>,
    },
    /// New rules are in force.
    RulesApplied {
        /// The version of the rules, counted from 1.
        version: u64,
    },
    /// A resource was blocked for the first time after a calm.
    FirstBlock {
        /// The target as the rule writes it.
        resource: String,
        /// The strategy's name.
        strategy: String,
    },
}

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Entries pass.
    Closed,
    /// Entries are blocked.
    Open,
    /// One entry probes, all others are blocked.
    HalfOpen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_the_oldest_are_dropped() {
        let events = Events::default();
        for version in 0..MOST as u64 + 2 {
            events.push(Event::RulesApplied { version });
        }
        let drained = events.drain();
        assert_eq!((drained.len(), &drained[0]), (MOST, &Event::RulesApplied { version: 2 }));
        assert!(events.drain().is_empty());
    }
}
