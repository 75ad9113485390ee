//! What an entry would be answered, and why: a look that changes nothing.

use super::gate::{Act, Gate};
use super::overload::Protection;
use super::table::Table;
use super::{Ask, Direction, why};
use crate::stat::State;
use crate::stat::event::BreakerState;
use crate::time::{Span, Tick};
use serde::Serialize;

/// What an entry to a resource would be answered at one moment, and why. Its
/// text form is for people to read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The resource that was asked about.
    pub resource: String,
    /// Whether a rule names it. Overload protections ask every inbound entry,
    /// also to resources that no rule names.
    pub governed: bool,
    /// The answer: that of the first gate that blocks, else a wait where there
    /// is one.
    pub answer: Verdict,
    /// For a wait: the longest, in nanoseconds.
    pub wait: Option<Span>,
    /// For a block: after how many nanoseconds the gate that blocks would let
    /// the same entry pass, where that is known.
    pub retry_after: Option<Span>,
    /// Every gate that applies, in the order in which they are asked.
    pub gates: Vec<GateExplanation>,
}

/// What one gate would answer by itself, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GateExplanation {
    /// The target as the rule writes it; empty for an overload protection, which
    /// stands before the instance as a whole.
    pub target: String,
    /// The strategy's kind, as in its document.
    pub kind: &'static str,
    /// The strategy's name.
    pub strategy: String,
    /// The name of the rule that a block is reported under.
    pub rule: String,
    /// The answer.
    pub answer: Verdict,
    /// For a wait: how long, in nanoseconds.
    pub wait: Option<Span>,
    /// For a block: after how many nanoseconds the same entry would pass, where
    /// that is known.
    pub retry_after: Option<Span>,
    /// The state of a circuit breaker; `None` for other kinds.
    pub state: Option<BreakerState>,
    /// The limit: the threshold of a rate limit, the most in flight, the share
    /// of bad calls at which a breaker opens, the queue's timeout in
    /// nanoseconds, the figure of the system at which protection begins.
    pub limit: Option<Amount>,
    /// What stands against the limit, in the same unit: admitted in the window,
    /// in flight, the share of bad calls, the wait at the queue's end, the
    /// figure of the system. `None` where it is not known: a figure that nobody
    /// gave, a share of no calls.
    pub used: Option<Amount>,
    /// Why, in a sentence with the figures.
    pub why: String,
}

/// What is answered, without the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It may go on at once.
    Pass,
    /// It may go on after a wait.
    Wait,
    /// It may not go on.
    Block,
}

/// A number as it is counted: whole, or a share or measured figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// A count, or nanoseconds.
    Whole(u64),
    /// A share from 0 to 1, or a load.
    Part(f64),
}

/// What is seen of a gate.
pub(super) struct Sight {
    /// The wait, zero for none; or the block, and until when if that is known.
    pub(super) answer: Result<Span, Option<Span>>,
    pub(super) state: Option<BreakerState>,
    pub(super) limit: Amount,
    pub(super) used: Option<Amount>,
    pub(super) why: String,
}

impl Table {
    /// What an entry to the resource would be answered at `now`, and why. It
    /// changes nothing: [`enter`](Self::enter) at the same moment answers the same.
    #[must_use]
    pub fn explain(&self, state: &State, resource: &str, ask: Ask, now: Tick) -> Explanation {
        let cost = u64::from(ask.cost.max(1));
        let target = self.find(resource).and_then(|index| self.targets.get(index as usize));
        let mut gates = Vec::new();
        if ask.direction == Direction::Inbound {
            for protection in self.protections.iter().filter(|protection| protection.is_asked) {
                gates.extend(self.explained("", protection.block, protection.look(state, now)));
            }
        }
        if let Some(target) = target {
            for gate in (0..target.count()).filter_map(|position| self.asked(target, position)) {
                let name = self.targets.get(gate.target as usize).map_or("", |target| &target.name);
                gates.extend(self.explained(name, gate.block, gate.look(cost, now)));
            }
        }
        let blocks = gates.iter().find(|gate| gate.answer == Verdict::Block);
        let wait = if blocks.is_none() { gates.iter().filter_map(|gate| gate.wait).max() } else { None };
        Explanation {
            resource: resource.to_owned(),
            governed: target.is_some(),
            answer: blocks.map_or(if wait.is_some() { Verdict::Wait } else { Verdict::Pass }, |gate| gate.answer),
            wait,
            retry_after: blocks.and_then(|gate| gate.retry_after),
            gates,
        }
    }

    fn explained(&self, target: &str, block: u32, sight: Sight) -> Option<GateExplanation> {
        let called = self.called(block)?;
        let Sight { answer, state, limit, used, why } = sight;
        let (verdict, wait, retry_after) = match answer {
            Ok(Span::ZERO) => (Verdict::Pass, None, None),
            Ok(wait) => (Verdict::Wait, Some(wait), None),
            Err(retry_after) => (Verdict::Block, None, retry_after),
        };
        Some(GateExplanation {
            target: target.to_owned(),
            kind: called.strategy.as_str(),
            strategy: called.strategy_name.as_ref().to_owned(),
            rule: called.rule.as_ref().to_owned(),
            answer: verdict,
            wait,
            retry_after,
            state,
            limit: Some(limit),
            used,
            why,
        })
    }
}

impl Protection {
    fn look(&self, state: &State, now: Tick) -> Sight {
        let load = state.instance.load();
        let used = self.figure.of(&load);
        let may_block = self.would_observe(&load, now);
        let room = (may_block && self.adapts).then(|| (state.instance.in_flight(), state.instance.proven(now)));
        let blocks = may_block && room.is_none_or(|(in_flight, most)| in_flight > most);
        Sight {
            answer: if blocks { Err(None) } else { Ok(Span::ZERO) },
            state: None,
            limit: Amount::Part(self.threshold),
            used: used.map(Amount::Part),
            why: why::overload(self.figure, used, self.threshold, room),
        }
    }
}

impl Gate {
    fn look(&self, cost: u64, now: Tick) -> Sight {
        match &self.act {
            Act::Concurrency { most, gauge } => {
                let used = gauge.read();
                let passes = used.checked_add(cost).is_some_and(|sum| sum <= *most);
                Sight {
                    answer: if passes { Ok(Span::ZERO) } else { Err(None) },
                    state: None,
                    limit: Amount::Whole(*most),
                    used: Some(Amount::Whole(used)),
                    why: why::concurrency(used, *most, cost),
                }
            }
            Act::Breaker(breaker) => {
                let (state, blocks) = breaker.circuit.would_ask(breaker.limits.recovery, now);
                let seen = breaker.window.read(breaker.window.life(), now);
                let share = (seen.total > 0).then(|| seen.bad as f64 / seen.total as f64);
                Sight {
                    answer: blocks.map_or(Ok(Span::ZERO), |span| Err(Some(span))),
                    state: Some(state),
                    limit: Amount::Part(breaker.limits.ratio.as_f64()),
                    used: share.map(Amount::Part),
                    why: why::breaker(breaker, state, blocks, seen),
                }
            }
            Act::Rate { threshold, admitted } => {
                let answer = self.act.spend(cost, now, false);
                let used = admitted.held(now);
                Sight {
                    answer,
                    state: None,
                    limit: Amount::Whole(*threshold),
                    used: Some(Amount::Whole(used)),
                    why: why::rate(answer, used, *threshold, admitted.window(), cost),
                }
            }
            Act::Pacing { interval, timeout, pace } => {
                let answer = self.act.spend(cost, now, false);
                let wait = pace.wait(now);
                Sight {
                    answer,
                    state: None,
                    limit: Amount::Whole(timeout.nanos()),
                    used: Some(Amount::Whole(wait.nanos())),
                    why: why::pacing(answer, wait, *interval, *timeout, cost),
                }
            }
        }
    }
}
