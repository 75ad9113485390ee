//! Checking rules without an engine.

use super::{Source, read};
use crate::compile::report::Report;
use crate::compile::resolve::Whose;
use crate::compile::route::{Lowered, route};
use crate::compile::served::unserved;
use crate::compile::workload::workloads;
use crate::compile::{Compiled, Past, compile};
use crate::lint::{Names, lint};
use crate::route::Table;
use crate::spec::diagnostic::Diagnostic;
use crate::spec::known::Known;

/// What loading these sources as one push would report, were every namespace
/// and every app the engine's own. The version is 0.
#[must_use]
pub fn check(sources: &[Source<'_>]) -> Report {
    report(everyones(sources))
}

/// What there is to be said of rules before they are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advised {
    /// What [`check`] answers.
    pub report: Report,
    /// What an operator should know beside that: what is right, and most likely
    /// not meant when documents are seen beside each other. Warnings all.
    pub advice: Vec<Diagnostic>,
    /// For each that waits, in the order of the report, the name that was most
    /// likely meant, if any is like it.
    pub meant: Vec<Option<String>>,
}

/// As [`check`], with what an operator should know beside the report of a load.
#[must_use]
pub fn advise(sources: &[Source<'_>]) -> Advised {
    let compiled = everyones(sources);
    let (advice, names) = (lint(compiled.push()), Names::of(compiled.push()));
    let report = report(compiled);
    let meant = report.waiting.iter().map(|waiting| names.nearest(waiting)).collect();
    Advised { report, advice, meant }
}

fn everyones<'s>(sources: &[Source<'s>]) -> Compiled<'s> {
    compile(Whose::Everyones, Past::default(), read(sources, &Known::default(), &mut Known::default()))
}

fn report(compiled: Compiled<'_>) -> Report {
    let (mut shadowed, mut alone) = (Vec::new(), Vec::new());
    for (namespace, traffic) in &compiled.traffic {
        shadowed.extend(route(&traffic.routers, namespace, 1, &Table::default(), &mut Lowered::default()).1);
        let (workloads, doubles) = workloads(&traffic.workloads, &traffic.workload_labels, namespace);
        shadowed.extend(doubles);
        // Nobody has said which instances there are.
        alone.extend(unserved(traffic, &workloads, namespace, None));
    }
    compiled.into_report(0, shadowed, alone)
}
