//! Whose rule it is, and what the names in it stand for.

use super::report::Waiting;
use super::resolved::{ResolvedRule, ResolvedStrategy};
use crate::catalog::{Catalog, Entry};
use crate::decide::Fallback;
use crate::name::StrategyKind;
use crate::spec::code::Code;
use crate::spec::diagnostic::Identity;
use crate::spec::document::Document;
use crate::spec::fault_tolerance::{ACTION, FaultToleranceRule, StrategyRef};
use crate::spec::strategy::StrategySpec;
use crate::sync::Arc;
use std::collections::BTreeMap;

/// Whom rules are compiled for.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Nobody in particular: every rule is looked at, and none is enforced.
    Everyones,
    /// An engine.
    Engine {
        /// Its namespace.
        namespace: &'a str,
        /// Its app.
        app: &'a str,
        /// The labels of its workload.
        labels: &'a BTreeMap<String, String>,
    },
}

impl Whose<'_> {
    /// Whether documents of this namespace are theirs.
    pub(super) fn includes(self, namespace: &str) -> bool {
        match self {
            Whose::Everyones => true,
            Whose::Engine { namespace: own, .. } => own == namespace,
        }
    }

    /// Whether a rule of their namespace is for this app and these labels.
    pub(super) fn selects(self, wanted: Option<&str>, selector: &BTreeMap<String, String>) -> bool {
        let Whose::Engine { app, labels, .. } = self else { return true };
        wanted.is_none_or(|wanted| wanted == app) && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    }

    /// Whether the rule is theirs.
    fn has(self, rule: &FaultToleranceRule) -> bool {
        self.includes(&rule.meta.namespace) && self.selects(rule.app.as_deref(), &rule.selector)
    }
}

/// A strategy that a rule names without a kind and that there are several of.
#[derive(Debug)]
pub(super) struct Ambiguity {
    /// The index in the rule's strategies.
    pub(super) position: usize,
    /// The strategy's name.
    pub(super) name: String,
    /// The kinds that have it.
    pub(super) kinds: Vec<StrategyKind>,
}

/// A rule with its names looked up.
#[derive(Debug)]
pub(super) struct Resolution {
    pub(super) rule: ResolvedRule,
    /// What each strategy named without a kind was found to be, also earlier.
    pub(super) kinds: BTreeMap<String, StrategyKind>,
    /// The names that are missing.
    pub(super) waiting: Vec<Waiting>,
    /// The names that are there more than once. Here they stand for what they
    /// stood for before.
    pub(super) ambiguous: Vec<Ambiguity>,
}

/// Looks names up in a catalog.
pub(super) struct Resolver<'c> {
    whose: Whose<'c>,
    catalog: &'c Catalog,
    /// One response for all rules that name the same action.
    fallbacks: BTreeMap<Identity, Arc<Fallback>>,
}

impl<'c> Resolver<'c> {
    pub(super) fn new(whose: Whose<'c>, catalog: &'c Catalog) -> Self {
        Resolver { whose, catalog, fallbacks: BTreeMap::new() }
    }

    /// The rule of this entry; `None` when it is no rule, or not theirs.
    pub(super) fn resolve(&mut self, entry: &Entry) -> Option<Resolution> {
        let Document::Rule(rule) = &entry.document else { return None };
        if !self.whose.has(rule) {
            return None;
        }
        let namespace = &rule.meta.namespace;
        let mut kinds = entry.kinds.clone();
        let (mut strategies, mut missing) = (Vec::new(), Vec::new());
        let (mut waiting, mut ambiguous) = (Vec::new(), Vec::new());
        for (position, wanted) in rule.strategies.iter().enumerate() {
            let known = kinds.get(&wanted.name).copied();
            let found = self.candidates(namespace, wanted);
            let chosen = match found.as_slice() {
                [] => {
                    let kind = wanted.kind.map_or("strategy", StrategyKind::as_str);
                    waiting.push(wait(rule, format!("spec.strategies[{position}].name"), kind, &wanted.name));
                    None
                }
                [only] => Some(only),
                several => {
                    let kinds = several.iter().map(|(kind, _)| *kind).collect();
                    ambiguous.push(Ambiguity { position, name: wanted.name.clone(), kinds });
                    several.iter().find(|(kind, _)| Some(*kind) == known)
                }
            };
            let Some((kind, spec)) = chosen else {
                missing.push(StrategyRef { name: wanted.name.clone(), kind: wanted.kind.or(known) });
                continue;
            };
            if wanted.kind.is_none() {
                kinds.insert(wanted.name.clone(), *kind);
            }
            let name = Arc::from(wanted.name.as_str());
            strategies.push(ResolvedStrategy { position, kind: *kind, name, spec: Arc::clone(spec) });
        }
        let fallback = rule.fallback.as_ref().and_then(|name| {
            let fallback = self.fallback(namespace, name);
            if fallback.is_none() {
                waiting.push(wait(rule, "spec.fallbackAction".to_owned(), ACTION, name));
            }
            fallback
        });
        let targets = Arc::clone(&rule.targets);
        let rule = ResolvedRule { name: Arc::from(rule.meta.name.as_str()), targets, strategies, missing, fallback };
        Some(Resolution { rule, kinds, waiting, ambiguous })
    }

    /// The strategies that a reference may mean.
    fn candidates(&self, namespace: &str, wanted: &StrategyRef) -> Vec<(StrategyKind, &'c Arc<StrategySpec>)> {
        let kinds = StrategyKind::ALL.into_iter().filter(|kind| wanted.kind.is_none_or(|wanted| wanted == *kind));
        let found = kinds.filter_map(|kind| match &self.get(kind.as_str(), namespace, &wanted.name)?.document {
            Document::Strategy(strategy) => Some((kind, &strategy.spec)),
            _ => None,
        });
        found.collect()
    }

    fn fallback(&mut self, namespace: &str, name: &str) -> Option<Arc<Fallback>> {
        let key = identity(ACTION, namespace, name);
        if let Some(fallback) = self.fallbacks.get(&key) {
            return Some(Arc::clone(fallback));
        }
        let Document::Action(action) = &self.catalog.get(&key)?.document else { return None };
        let (body, headers) = (action.body.clone(), action.headers.clone());
        let fallback = Arc::new(Fallback { status: action.status, body, headers });
        self.fallbacks.insert(key, Arc::clone(&fallback));
        Some(fallback)
    }

    fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&'c Entry> {
        self.catalog.get(&identity(kind, namespace, name))
    }
}

fn identity(kind: &str, namespace: &str, name: &str) -> Identity {
    Identity { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
}

fn wait(rule: &FaultToleranceRule, field: String, kind: &str, name: &str) -> Waiting {
    let identity = identity("FaultToleranceRule", &rule.meta.namespace, &rule.meta.name);
    let message = format!("{identity}, {field}: waits for the {kind} {name:?}, which is not there yet");
    let Identity { kind, namespace, name: waiting } = identity;
    let (code, missing) = (Code::DanglingReference, name.to_owned());
    Waiting { code, kind, namespace, name: waiting, field, missing, message, ..Waiting::default() }
}
