//! The circuit breaker: what is bad, when it opens, and what a probe decides.

use crate::ratio::Ratio;
use crate::stat::circuit::Eras;
use crate::stat::circuit::{Circuit, Hold, Reply, Stage};
use crate::stat::event::BreakerState;
use crate::stat::window::{Completions, Window};
use crate::sync::Arc;
use crate::time::{Span, Tick};

/// A breaker of one target.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    /// Its limits, shared by all targets of the strategy.
    pub(crate) limits: Arc<Limits>,
    /// Its state.
    pub(crate) circuit: Arc<Circuit>,
    /// The completions of the last while.
    pub(crate) window: Arc<Window>,
}

/// When a breaker opens and closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A response time over this is bad; `None`: an error is.
    pub(crate) slower_than: Option<Span>,
    /// The share of bad completions that opens it.
    pub(crate) ratio: Ratio,
    /// The fewest completions that it judges by.
    pub(crate) least: u64,
    /// How long it stays open, and how long a probe's lease is.
    pub(crate) recovery: Span,
}

impl Limits {
    /// Whether both count the same as bad, if perhaps at other times.
    pub(crate) fn measures_as(&self, other: &Limits) -> bool {
        self.slower_than.is_some() == other.slower_than.is_some()
    }
}

/// A change of state that is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What it was.
    pub(crate) from: BreakerState,
    /// What it is.
    pub(crate) to: BreakerState,
    /// For closed to open: what it was judged by.
    pub(crate) judged: Option<Completions>,
}

impl Breaker {
    /// Asks to enter.
    pub(crate) fn ask(&self, now: Tick) -> Reply {
        self.circuit.ask(self.limits.recovery, now)
    }

    /// Settles a probe whose whole entry has passed.
    pub(crate) fn settle(&self, hold: &Hold, lease: Tick, era: u64) -> Option<Change> {
        let from = self.circuit.settle(hold, lease, era);
        (from == BreakerState::Open).then_some(Change { from, to: BreakerState::HalfOpen, judged: None })
    }

    /// Gives a probe back.
    pub(crate) fn give_back(&self, hold: &Hold, now: Tick, eras: &Eras) -> Option<Change> {
        self.circuit.give_back(hold).map(|good| self.conclude(hold, good, now, eras))
    }

    /// Counts or decides by the exit of a permit of this era.
    pub(crate) fn exit(&self, era: u64, rt: Span, error: bool, now: Tick, eras: &Eras) -> Option<Change> {
        let bad = self.limits.slower_than.map_or(error, |longest| rt > longest);
        // The life before the state: what is closed and closed again between
        // the two is then another life.
        let life = self.window.life();
        match self.circuit.exit(era, !bad) {
            Stage::Nothing => None,
            Stage::Decide(hold) => Some(self.conclude(&hold, !bad, now, eras)),
            Stage::Count(closed) => {
                let seen = self.window.add(life, bad, now)?;
                let reached = seen.total >= self.limits.least && self.limits.ratio.is_reached_by(seen.bad, seen.total);
                (reached && self.circuit.open(closed, now, eras)).then_some(Change {
                    from: BreakerState::Closed,
                    to: BreakerState::Open,
                    judged: Some(seen),
                })
            }
        }
    }

    /// The permit of this era ends without a verdict.
    pub(crate) fn cancel(&self, era: u64, now: Tick) {
        self.circuit.abandon(era, self.limits.recovery, now);
    }

    fn conclude(&self, hold: &Hold, good: bool, now: Tick, eras: &Eras) -> Change {
        if good {
            self.window.empty();
        }
        self.circuit.conclude(hold, good, now, eras);
        let to = if good { BreakerState::Closed } else { BreakerState::Open };
        Change { from: BreakerState::HalfOpen, to, judged: None }
    }
}
