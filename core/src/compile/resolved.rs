//! Rules with their names resolved: what the documents of this app come to.

use crate::decide::Fallback;
use crate::name::StrategyKind;
use crate::spec::fault_tolerance::StrategyRef;
use crate::spec::strategy::StrategySpec;
use crate::sync::Arc;

/// A fault-tolerance rule of this app, with what it names looked up.
#[derive(Clone, Debug)]
pub struct ResolvedRule {
    /// The rule's name.
    pub name: Arc<str>,
    /// Its targets, in order: those of its document.
    pub targets: Arc<[Arc<str>]>,
    /// Its strategies that are there, each with its position in the rule.
    pub strategies: Vec<ResolvedStrategy>,
    /// The strategies that are not there. Their statistics live on.
    pub missing: Vec<StrategyRef>,
    /// The response to what it blocks.
    pub fallback: Option<Arc<Fallback>>,
}

/// A strategy of a rule.
#[derive(Clone, Debug)]
pub struct ResolvedStrategy {
    /// The index in the rule's `strategies`.
    pub position: usize,
    /// Its kind.
    pub kind: StrategyKind,
    /// Its name.
    pub name: Arc<str>,
    /// What it asks for.
    pub spec: Arc<StrategySpec>,
}
