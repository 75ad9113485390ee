//! Rules without documents, and a plane that decides by them.

use sergo::compile::lower::lower;
use sergo::compile::resolved::{ResolvedRule, ResolvedStrategy};
use sergo::decide::Table;
use sergo::ratio::Ratio;
use sergo::spec::fault_tolerance::StrategyRef;
use sergo::spec::strategy::{Bad, CircuitBreaker, ConcurrencyLimit, LimitMode, RateLimit, StrategySpec, Throttling};
use sergo::stat::State;
use sergo::sync::{Arc, Swap};
use sergo::{Ask, Decision, Direction, Outcome, Permit, Span, Tick};
use std::sync::Mutex;

/// What an engine is without documents.
pub(crate) struct Plane {
    pub(crate) table: Swap<Table>,
    pub(crate) state: State,
    version: Mutex<u64>,
}

impl Plane {
    pub(crate) fn new(rules: &[ResolvedRule]) -> Plane {
        let plane = Plane { table: Swap::new(Table::default()), state: State::default(), version: Mutex::new(0) };
        plane.load(rules);
        plane
    }

    pub(crate) fn load(&self, rules: &[ResolvedRule]) {
        let mut version = self.version.lock().unwrap();
        *version += 1;
        self.table.store(Arc::new(lower(rules, &self.table.load_full(), *version)));
    }

    pub(crate) fn enter(&self, resource: &str, cost: u32, now: u64) -> Answer {
        let ask = Ask { cost, direction: Direction::Inbound };
        match self.table.load().enter(&self.state, self.state.instance.common(), resource, ask, Tick(now)) {
            Decision::Pass(permit) => Answer::Pass(0, permit),
            Decision::Wait(wait, permit) => Answer::Pass(wait.nanos(), permit),
            Decision::Block(blocked) => {
                let names = self.table.load().block(blocked.id).unwrap();
                Answer::Block(names.strategy_name.to_string(), blocked.retry_after.map(Span::nanos))
            }
        }
    }

    pub(crate) fn exit(&self, permit: &mut Permit, error: bool, now: u64) {
        self.table.load().exit(&self.state, self.state.instance.common(), permit, Outcome { error }, Tick(now));
    }

    /// All that decides, bit for bit.
    pub(crate) fn bits(&self) -> String {
        format!("{:?} {:?}", self.table.load(), self.state.instance)
    }
}

#[derive(Debug)]
pub(crate) enum Answer {
    /// After this wait.
    Pass(u64, Permit),
    /// By the strategy of this name, with retryAfter.
    Block(String, Option<u64>),
}

impl Answer {
    pub(crate) fn passed(&self) -> bool {
        matches!(self, Answer::Pass(..))
    }
}

pub(crate) fn rate(threshold: u64, window: u64) -> StrategySpec {
    StrategySpec::RateLimit(RateLimit { threshold, stat_duration: Span(window), limit_mode: LimitMode::Local })
}

pub(crate) fn pacing(interval: u64, timeout: u64) -> StrategySpec {
    StrategySpec::Throttling(Throttling { min_interval: Span(interval), queue_timeout: Span(timeout) })
}

pub(crate) fn concurrency(most: u64) -> StrategySpec {
    StrategySpec::ConcurrencyLimit(ConcurrencyLimit { max_concurrency: most, limit_mode: LimitMode::Local })
}

pub(crate) fn breaker(bad: Bad, percent: u64, window: u64, recovery: u64, least: u64) -> StrategySpec {
    StrategySpec::CircuitBreaker(CircuitBreaker {
        bad,
        trigger_ratio: Ratio::new(percent, 100).unwrap(),
        stat_duration: Span(window),
        recovery_timeout: Span(recovery),
        min_request_amount: least,
    })
}

/// A rule; a strategy without a spec is missing.
pub(crate) fn rule(name: &str, targets: &[&str], strategies: &[(&str, Option<StrategySpec>)]) -> ResolvedRule {
    let mut rule = ResolvedRule {
        name: name.into(),
        targets: targets.iter().map(|target| Arc::from(*target)).collect(),
        strategies: Vec::new(),
        missing: Vec::new(),
        fallback: None,
    };
    for (position, (name, spec)) in strategies.iter().enumerate() {
        match spec {
            Some(spec) => rule.strategies.push(ResolvedStrategy {
                position,
                kind: spec.kind(),
                name: Arc::from(*name),
                spec: Arc::new(spec.clone()),
            }),
            None => rule.missing.push(StrategyRef { name: (*name).to_owned(), kind: None }),
        }
    }
    rule
}
