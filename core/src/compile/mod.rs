//! From what was written to what is enforced: specs and the previous snapshot
//! in, the next snapshot and a report out. The only place that sees both sides.

mod carry;
mod delegate;
pub mod label;
pub mod lower;
mod moment;
pub mod report;
pub mod resolve;
pub mod resolved;
pub mod route;
pub(crate) mod served;
#[cfg(test)]
mod tests;
pub mod workload;

use crate::catalog::Catalog;
use crate::spec::code::Code;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::document::{Document, Outcome, Reading};
use crate::spec::fault_tolerance::FaultToleranceRule;
use crate::spec::lane::{TrafficLabelRule, TrafficLane, WorkloadLabelRule};
use crate::spec::node::Place;
use crate::spec::traffic_router::TrafficRouter;
use crate::spec::virtual_workload::VirtualWorkload;
use crate::sync::Arc;
use report::Report;
use resolve::{Ambiguity, Resolver, Whose};
use resolved::ResolvedRule;
use std::collections::{BTreeMap, BTreeSet};

/// What a push comes to.
#[derive(Debug)]
pub(crate) struct Compiled<'s> {
    /// What the next push goes on from.
    pub(crate) past: Past,
    /// The rules of theirs, in the order of namespace and name.
    pub(crate) rules: Vec<Arc<ResolvedRule>>,
    /// What is said of traffic, by namespace.
    pub(crate) traffic: BTreeMap<String, Traffic>,
    /// What is to be told, but for the version and what routers shadow.
    report: Report,
    push: Vec<Reading<'s>>,
}

/// What a push leaves to the next one.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The documents in force.
    catalog: Catalog,
    /// For each of them in its order, the rule that it came to if it is one of
    /// theirs and found all that it names.
    found: Vec<Option<Arc<ResolvedRule>>>,
}

/// The documents of a namespace that are about where requests go, those of one
/// kind in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) routers: Vec<Arc<TrafficRouter>>,
    /// Those of this push as they are written, delegates in their places.
    pub(crate) written: Vec<Arc<TrafficRouter>>,
    pub(crate) workloads: Vec<Arc<VirtualWorkload>>,
    /// Those for this app.
    pub(crate) lanes: Vec<Arc<TrafficLane>>,
    /// Those for this app.
    pub(crate) traffic_labels: Vec<Arc<TrafficLabelRule>>,
    pub(crate) workload_labels: Vec<Arc<WorkloadLabelRule>>,
}

/// Compiles a push, which takes the place of everything in `past`. That is of the
/// same `whose`.
pub(crate) fn compile<'s>(whose: Whose<'_>, past: Past, mut push: Vec<Reading<'s>>) -> Compiled<'s> {
    let (mut catalog, before) = past.catalog.after(&mut push);
    for (index, ambiguous) in ambiguities(whose, &catalog, &push) {
        let Some(reading) = push.get_mut(index) else { continue };
        ambiguous.iter().for_each(|ambiguity| reject_ambiguity(reading, ambiguity));
        catalog.restore(&reading.identity, &before);
    }
    delegate::reject_misfits(&mut push, &mut catalog, &before);
    let accepted = good(&push).count();
    // Where a document is bad, an older version of it is in force, if any.
    let mut outdated: BTreeSet<&Identity> = BTreeSet::new();
    if accepted < push.len() {
        outdated.extend(push.iter().map(|reading| &*reading.identity));
        for reading in good(&push) {
            outdated.remove(&*reading.identity);
        }
    }
    let (mut rules, mut waiting) = (Vec::new(), Vec::new());
    let mut traffic: BTreeMap<String, Traffic> = BTreeMap::new();
    let mut known_kinds = Vec::new();
    let mut resolver = Resolver::new(whose, &catalog);
    // A rule finds what it found before where neither it nor any of that changed.
    let changed = before.names();
    let is_as_before = |rule: &FaultToleranceRule| {
        let names = [&rule.meta.name].into_iter().chain(rule.strategies.iter().map(|named| &named.name));
        let mut names = names.chain(&rule.fallback);
        changed.as_ref().is_some_and(|changed| !names.any(|name| changed.contains(&(&rule.meta.namespace, name))))
    };
    let mut found = Vec::with_capacity(past.found.len());
    for (index, (identity, entry)) in catalog.iter().enumerate() {
        let Document::Rule(rule) = &entry.document else {
            found.push(None);
            continue;
        };
        if let Some(Some(known)) = past.found.get(index)
            && is_as_before(rule)
        {
            rules.push(Arc::clone(known));
            found.push(Some(Arc::clone(known)));
            continue;
        }
        let Some(resolution) = resolver.resolve(entry) else {
            found.push(None);
            continue;
        };
        if !(resolution.kinds.is_empty() && entry.kinds.is_empty()) {
            known_kinds.push((Arc::clone(identity), resolution.kinds));
        }
        let rule = Arc::new(resolution.rule);
        let is_whole = resolution.waiting.is_empty() && resolution.ambiguous.is_empty();
        found.push(is_whole.then(|| Arc::clone(&rule)));
        rules.push(rule);
        if !outdated.contains(&**identity) {
            waiting.extend(resolution.waiting);
        }
    }
    for (identity, entry) in catalog.iter() {
        if matches!(entry.document, Document::Rule(_) | Document::Strategy(_) | Document::Action(_))
            || !whose.includes(&identity.namespace)
        {
            continue;
        }
        let traffic = match traffic.contains_key(&identity.namespace) {
            true => traffic.get_mut(&identity.namespace),
            false => Some(traffic.entry(identity.namespace.clone()).or_default()),
        };
        let Some(traffic) = traffic else { continue };
        match &entry.document {
            Document::Router(router) => {
                let expanded = delegate::expand(router, &catalog);
                traffic.routers.push(expanded.router);
                if !outdated.contains(&**identity) {
                    waiting.extend(expanded.waiting);
                    traffic.written.push(Arc::clone(router));
                }
            }
            Document::Workload(workload) => traffic.workloads.push(Arc::clone(workload)),
            Document::Lane(lane) if whose.selects(lane.app.as_deref(), &lane.selector) => {
                traffic.lanes.push(Arc::clone(lane));
            }
            Document::TrafficLabel(rule) if whose.selects(rule.app.as_deref(), &rule.selector) => {
                traffic.traffic_labels.push(Arc::clone(rule));
            }
            Document::WorkloadLabel(rule) => traffic.workload_labels.push(Arc::clone(rule)),
            _ => {}
        }
    }
    let report = Report {
        accepted,
        rejected: push.iter().flat_map(|reading| reading.errors.clone()).collect(),
        waiting,
        warnings: push.iter().flat_map(|reading| reading.warnings.clone()).collect(),
        ..Report::default()
    };
    drop(outdated);
    known_kinds.into_iter().for_each(|(rule, kinds)| catalog.remember(&rule, kinds));
    catalog.note(&push);
    Compiled { past: Past { catalog, found }, rules, traffic, report, push }
}

fn good<'p, 's>(push: &'p [Reading<'s>]) -> impl Iterator<Item = &'p Reading<'s>> {
    push.iter().filter(|reading| matches!(reading.outcome, Outcome::Good(_)))
}

/// The rules of this push, by their index, that name a strategy of which there
/// are several.
fn ambiguities(whose: Whose<'_>, catalog: &Catalog, push: &[Reading<'_>]) -> Vec<(usize, Vec<Ambiguity>)> {
    let mut resolver = Resolver::new(whose, catalog);
    // A strategy that is named with its kind is one alone.
    let may_be = |reading: &Reading<'_>| match &reading.outcome {
        Outcome::Good(Document::Rule(rule)) => rule.strategies.iter().any(|named| named.kind.is_none()),
        _ => false,
    };
    let resolved = push.iter().enumerate().filter(|(_, reading)| may_be(reading));
    let resolved = resolved
        .filter_map(|(index, reading)| Some((index, resolver.resolve(catalog.get(&reading.identity)?)?.ambiguous)));
    resolved.filter(|(_, ambiguous)| !ambiguous.is_empty()).collect()
}

fn reject_ambiguity(reading: &mut Reading<'_>, ambiguity: &Ambiguity) {
    let kinds = ambiguity.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" and ");
    let field = format!("spec.strategies[{}].kind", ambiguity.position);
    let found = format!("nothing, where there is a {kinds} of the name {:?}", ambiguity.name);
    reading.reject(Code::AmbiguousStrategy, &field, &found, "the kind that is meant");
}

impl<'s> Compiled<'s> {
    /// The documents of the push, good and bad.
    pub(crate) fn push(&self) -> &[Reading<'s>] {
        &self.push
    }

    /// The report, with the routes that can never be reached and the
    /// destinations that nothing serves. What is told of a good document is put
    /// to its place in the source.
    pub(crate) fn into_report(mut self, version: u64, shadowed: Vec<Diagnostic>, unserved: Vec<Diagnostic>) -> Report {
        self.report.shadowed = shadowed;
        self.report.unserved = unserved;
        self.report.version = version;
        let Report { shadowed, unserved, waiting, .. } = &mut self.report;
        if shadowed.is_empty() && unserved.is_empty() && waiting.is_empty() {
            return self.report;
        }
        let good: BTreeMap<_, _> = good(&self.push).map(|reading| (key(&reading.identity), reading)).collect();
        for told in shadowed.iter_mut().chain(unserved) {
            if let Some(reading) = good.get(&(&*told.kind, &*told.namespace, &*told.name)) {
                Place { line: told.line, column: told.column } = reading.place(&told.field);
                reading.source.clone_into(&mut told.source);
            }
        }
        for told in waiting {
            if let Some(reading) = good.get(&(&*told.kind, &*told.namespace, &*told.name)) {
                Place { line: told.line, column: told.column } = reading.place(&told.field);
                reading.source.clone_into(&mut told.source);
            }
        }
        self.report
    }
}

fn key(identity: &Identity) -> (&str, &str, &str) {
    (&identity.kind, &identity.namespace, &identity.name)
}
