//! Checking rules without an engine.

use super::{Source, read};
use crate::catalog::Catalog;
use crate::compile::compile;
use crate::compile::report::Report;
use crate::compile::resolve::Whose;
use crate::compile::route::{Lowered, route};
use crate::compile::served::unserved;
use crate::compile::workload::workloads;
use crate::route::Table;
use crate::spec::known::Known;

/// What loading these sources as one push would report, were every namespace
/// and every app the engine's own. The version is 0.
#[must_use]
pub fn check(sources: &[Source<'_>]) -> Report {
    let compiled =
        compile(Whose::Everyones, &Catalog::default(), read(sources, &Known::default(), &mut Known::default()));
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
