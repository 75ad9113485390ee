//! What can be seen of the gates from outside.

use super::gate::{Act, Gate};
use super::table::{Table, Target};
use crate::name::StrategyKind;
use crate::stat::State;
use crate::stat::event::BreakerState;
use crate::stat::figures::{Figures, ResourceFigures, StrategyFigures};
use crate::stat::tally::Blocks;

impl Table {
    /// The state of the breaker that `strategy` is for `target`, both as the
    /// rules write them.
    #[must_use]
    pub fn breaker_state(&self, target: &str, strategy: &str) -> Option<BreakerState> {
        match &self.gate(target, StrategyKind::CircuitBreaker, strategy)?.act {
            Act::Breaker(breaker) => Some(breaker.circuit.state()),
            _ => None,
        }
    }

    /// The counters of this moment.
    #[must_use]
    pub fn figures(&self, state: &State) -> Figures {
        Figures {
            version: self.version,
            in_flight: state.instance.in_flight(),
            resources: self.targets.iter().map(|target| self.figures_of(target)).collect(),
            instance: self
                .protections
                .iter()
                .filter_map(|protection| self.strategy(protection.block, &protection.blocks))
                .collect(),
        }
    }

    fn figures_of(&self, target: &Target) -> ResourceFigures {
        let gate = |gate: &Gate| self.strategy(gate.block, &gate.blocks);
        let mut figures = ResourceFigures {
            resource: target.name.as_ref().to_owned(),
            strategies: self.gates_of(target).iter().filter_map(gate).collect(),
            ..ResourceFigures::default()
        };
        if let Some(totals) = target.tally.totals() {
            let spread = totals.spread;
            figures.completed = spread.count;
            figures.cancelled = totals.cancelled;
            figures.errors = totals.errors;
            figures.waited = totals.waited;
            figures.passed = totals.passed;
            figures.blocked = totals.blocked;
            figures.in_flight = totals.passed.saturating_sub(spread.count).saturating_sub(totals.cancelled);
            figures.rt_sum_nanos = spread.sum;
            figures.rt_min_nanos = if spread.count == 0 { 0 } else { spread.least.nanos() };
            figures.rt_max_nanos = spread.most.nanos();
            figures.rt_p50_nanos = spread.percentile(50).nanos();
            figures.rt_p99_nanos = spread.percentile(99).nanos();
            figures.rt_histogram = spread.buckets.iter().map(|(bound, count)| (bound.nanos(), *count)).collect();
        }
        figures
    }

    fn strategy(&self, block: u32, blocks: &Blocks) -> Option<StrategyFigures> {
        self.called(block).map(|called| StrategyFigures {
            kind: called.strategy.as_str(),
            strategy: called.strategy_name.as_ref().to_owned(),
            blocked: blocks.count(),
        })
    }
}
