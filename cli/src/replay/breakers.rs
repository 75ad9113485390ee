//! The states of circuit breakers over time.

use sergo::stat::event::{BreakerState, Event};
use sergo::{Engine, StrategyKind, Tick};

/// The most changes of one breaker that are kept.
const MOST: usize = 10_000;

/// All circuit breakers that rules make, those that never changed included.
#[derive(Default)]
pub(crate) struct Breakers(pub(crate) Vec<Breaker>);

/// One of them.
pub(crate) struct Breaker {
    /// As the rule writes it.
    pub(crate) target: String,
    pub(crate) strategy: String,
    /// The first changes, in order.
    pub(crate) changes: Vec<Change>,
    /// How many changes there were.
    pub(crate) changed: u64,
    /// How often it opened from closed.
    pub(crate) opened: u64,
    state: BreakerState,
    since: Tick,
    /// How long it was not closed, until the last change.
    not_closed: u64,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) at: Tick,
    pub(crate) from: BreakerState,
    pub(crate) to: BreakerState,
    /// By how many calls it opened, and how many of them were bad.
    pub(crate) judged: Option<(u64, u64)>,
}

impl Breakers {
    /// The breakers of an engine that has just begun: all are closed.
    pub(super) fn new(engine: &Engine) -> Self {
        let kind = StrategyKind::CircuitBreaker.as_str();
        let of = |target: String, strategy: String| Breaker {
            target,
            strategy,
            changes: Vec::new(),
            changed: 0,
            opened: 0,
            state: BreakerState::Closed,
            since: Tick(0),
            not_closed: 0,
        };
        let mut breakers = Vec::new();
        for figures in engine.figures().resources {
            let strategies = figures.strategies.into_iter().filter(|strategy| strategy.kind == kind);
            breakers.extend(strategies.map(|strategy| of(figures.resource.clone(), strategy.strategy)));
        }
        Breakers(breakers)
    }

    /// Takes what the engine has to tell of what happened at `now`.
    pub(super) fn note(&mut self, engine: &Engine, now: Tick) {
        for event in engine.drain_events() {
            if let Event::Breaker { resource, strategy, from, to, total, bad } = event
                && let Some(breaker) =
                    self.0.iter_mut().find(|breaker| breaker.target == resource && breaker.strategy == strategy)
            {
                breaker.note(Change { at: now, from, to, judged: total.zip(bad) });
            }
        }
    }
}

impl Breaker {
    fn note(&mut self, change: Change) {
        self.not_closed = self.not_closed(change.at);
        (self.state, self.since) = (change.to, change.at);
        self.changed += 1;
        self.opened += u64::from(change.from == BreakerState::Closed);
        if self.changes.len() < MOST {
            self.changes.push(change);
        }
    }

    /// How long it was open or half-open until `end`, in nanoseconds.
    pub(crate) fn not_closed(&self, end: Tick) -> u64 {
        let last = if self.state == BreakerState::Closed { 0 } else { end.since(self.since).nanos() };
        self.not_closed + last
    }

    /// From when to when it was in which state, until `end`. Of a breaker that
    /// changed too often, as far as that is known.
    pub(crate) fn bands(&self, end: Tick) -> impl Iterator<Item = (Tick, Tick, BreakerState)> {
        let ends = self.changes.iter().map(|change| change.at);
        let last = if self.changed > self.changes.len() as u64 { None } else { Some(end) };
        let begins = [(Tick(0), BreakerState::Closed)].into_iter();
        let begins = begins.chain(self.changes.iter().map(|change| (change.at, change.to)));
        begins.zip(ends.chain(last)).map(|((from, state), to)| (from, to, state))
    }
}

/// The word for a state.
pub(crate) fn word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
    }
}
