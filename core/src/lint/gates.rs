//! The gates of a target beside each other: limits that never decide, responses
//! that are never given, breakers that never see enough.

use super::{Documents, Good, Told, includes};
use crate::name::StrategyKind;
use crate::spec::code::Code;
use crate::spec::fault_tolerance::{FaultToleranceRule, StrategyRef};
use crate::spec::strategy::{RateLimit, Strategy, StrategySpec, Throttling};
use std::collections::BTreeMap;

/// How many gates of a target each is compared with: who has more has other
/// worries, and the work stays small.
const COMPARED: usize = 64;

/// A strategy that a rule puts on a target.
#[derive(Clone, Copy)]
struct Gate<'a> {
    rule: Good<'a, FaultToleranceRule>,
    /// Its index in the rule's strategies.
    position: usize,
    strategy: &'a Strategy,
}

type Strategies<'a> = BTreeMap<(&'a str, StrategyKind, &'a str), &'a Strategy>;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    let strategies = documents.strategies.iter().map(|strategy| {
        let strategy = strategy.document;
        ((&*strategy.meta.namespace, strategy.spec.kind(), &*strategy.meta.name), strategy)
    });
    let strategies: Strategies<'_> = strategies.collect();
    let mut rules = documents.rules.clone();
    rules.sort_by(|a, b| a.document.meta.name.cmp(&b.document.meta.name));
    let mut targets: BTreeMap<(&str, &str), Vec<Gate<'_>>> = BTreeMap::new();
    for rule in rules {
        let namespace = rule.document.meta.namespace.as_str();
        for target in &*rule.document.targets {
            let gates = targets.entry((namespace, target)).or_default();
            for (position, named) in rule.document.strategies.iter().enumerate() {
                let strategy = find(&strategies, namespace, named);
                gates.extend(strategy.map(|strategy| Gate { rule, position, strategy }));
            }
        }
    }
    for ((namespace, target), gates) in &targets {
        // `/foo` is `GET:/foo` as well.
        let path = target.split_once(':').map(|(_, path)| path).filter(|path| path.starts_with('/'));
        let wider = path.and_then(|path| targets.get(&(*namespace, path))).map_or(&[][..], Vec::as_slice);
        for gate in gates {
            let others = || gates.iter().take(COMPARED).chain(wider.iter().take(COMPARED));
            overruled(gate, target, others(), told);
            unanswered(gate, target, gates.iter().take(COMPARED), told);
            starved(gate, target, others(), told);
        }
    }
}

fn find<'a>(strategies: &Strategies<'a>, namespace: &str, named: &StrategyRef) -> Option<&'a Strategy> {
    let kinds = StrategyKind::ALL.into_iter().filter(|kind| named.kind.is_none_or(|named| named == *kind));
    kinds.filter_map(|kind| strategies.get(&(namespace, kind, &named.name)).copied()).next()
}

impl Gate<'_> {
    fn name(&self) -> String {
        format!("{} {:?}", self.strategy.spec.kind(), self.strategy.meta.name)
    }

    fn is_same(&self, other: &Gate<'_>) -> bool {
        std::ptr::eq(self.strategy, other.strategy)
    }

    /// Whether everyone who has the other has this one as well.
    fn includes(&self, other: &Gate<'_>) -> bool {
        let (rule, other) = (self.rule.document, other.rule.document);
        includes(rule.app.as_deref(), &rule.selector, other.app.as_deref(), &other.selector)
    }

    /// Whether it comes before the other where neither is stricter.
    fn is_before(&self, other: &Gate<'_>) -> bool {
        let key = |gate: &Gate<'_>| (gate.rule.document.meta.name.clone(), gate.position);
        key(self) < key(other)
    }

    fn path(&self) -> String {
        format!("spec.strategies[{}].name", self.position)
    }
}

/// Tells of a limit beside which a stricter one stands, so that it never decides.
fn overruled<'g>(gate: &Gate<'_>, target: &str, others: impl Iterator<Item = &'g Gate<'g>>, told: &mut Told) {
    for other in others {
        let stricter = is_within(&other.strategy.spec, &gate.strategy.spec);
        let equal = stricter && is_within(&gate.strategy.spec, &other.strategy.spec);
        if other.is_same(gate) || !stricter || !other.includes(gate) || equal && !other.is_before(gate) {
            continue;
        }
        let found = format!(
            "{} ({}), which never decides on {target:?}: {} of {} is {} ({})",
            gate.name(),
            figures(&gate.strategy.spec),
            other.name(),
            other.rule.reading.identity,
            if equal { "the same" } else { "stricter" },
            figures(&other.strategy.spec)
        );
        told.tell(gate.rule.reading, Code::FightingRules, &gate.path(), &found, "one of the two on this target");
        return;
    }
}

/// Whether whatever passes the first limit passes the second.
fn is_within(first: &StrategySpec, second: &StrategySpec) -> bool {
    match (first, second) {
        (StrategySpec::RateLimit(first), StrategySpec::RateLimit(second)) => {
            most_in(first, second.stat_duration.nanos()) <= u128::from(second.threshold)
        }
        (StrategySpec::ConcurrencyLimit(first), StrategySpec::ConcurrencyLimit(second)) => {
            first.max_concurrency <= second.max_concurrency
        }
        (StrategySpec::Throttling(first), StrategySpec::Throttling(second)) => {
            first.min_interval >= second.min_interval && first.queue_timeout <= second.queue_timeout
        }
        _ => false,
    }
}

/// The most that a rate limit lets through in any window of this length.
fn most_in(limit: &RateLimit, window: u64) -> u128 {
    let windows = u128::from(window).div_ceil(u128::from(limit.stat_duration.nanos().max(1)));
    u128::from(limit.threshold).saturating_mul(windows)
}

/// What a limit is, in short.
fn figures(spec: &StrategySpec) -> String {
    match spec {
        StrategySpec::RateLimit(limit) => format!("{} per {}", limit.threshold, limit.stat_duration),
        StrategySpec::ConcurrencyLimit(limit) => format!("{} at once", limit.max_concurrency),
        StrategySpec::Throttling(Throttling { min_interval, queue_timeout }) => {
            format!("one per {min_interval}, waiting up to {queue_timeout}")
        }
        StrategySpec::CircuitBreaker(_) | StrategySpec::AdaptiveOverloadProtection(_) => String::new(),
    }
}

/// Tells of a response that is never given, since an earlier rule has the same
/// gate and is the one that is reported.
fn unanswered<'g>(gate: &Gate<'_>, target: &str, others: impl Iterator<Item = &'g Gate<'g>>, told: &mut Told) {
    let rule = gate.rule.document;
    for other in others {
        let first = other.rule.document;
        let is_other = other.is_same(gate) && !std::ptr::eq(first, rule) && other.is_before(gate);
        if !is_other || !other.includes(gate) || first.fallback == rule.fallback {
            continue;
        }
        let response = |fallback: &Option<String>| match fallback {
            Some(name) => format!("{name:?}"),
            None => "no fallbackAction".to_owned(),
        };
        let found = format!(
            "{}, which is never the response to what {} blocks on {target:?}: {} has it too, comes first, and has {}",
            response(&rule.fallback),
            gate.name(),
            other.rule.reading.identity,
            response(&first.fallback)
        );
        let field = if rule.fallback.is_some() { "spec.fallbackAction" } else { &gate.path() };
        told.tell(
            gate.rule.reading,
            Code::FightingRules,
            field,
            &found,
            "the same in both rules, or a strategy of its own",
        );
        return;
    }
}

/// Tells of a breaker that never sees as many requests as it judges by, since a
/// limit lets fewer through.
fn starved<'g>(gate: &Gate<'_>, target: &str, others: impl Iterator<Item = &'g Gate<'g>>, told: &mut Told) {
    let StrategySpec::CircuitBreaker(breaker) = &*gate.strategy.spec else { return };
    let window = breaker.stat_duration;
    for other in others {
        let most = match &*other.strategy.spec {
            StrategySpec::RateLimit(limit) => most_in(limit, window.nanos()),
            StrategySpec::Throttling(throttling) if throttling.min_interval.nanos() > 0 => {
                u128::from(window.nanos()).div_ceil(u128::from(throttling.min_interval.nanos()))
            }
            _ => continue,
        };
        if most >= u128::from(breaker.min_request_amount) || !other.includes(gate) {
            continue;
        }
        let found = format!(
            "{}, which judges by {} requests in {window} or more, where {} lets at most {most} through on {target:?}",
            gate.name(),
            breaker.min_request_amount,
            other.name()
        );
        let expected = format!("a minRequestAmount of at most {most}, or a longer statDuration");
        told.tell(gate.rule.reading, Code::NeverTrips, &gate.path(), &found, &expected);
        return;
    }
}
