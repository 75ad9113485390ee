//! What is said of workloads, in the form in which instances are grouped by it.

use super::moment::order;
use crate::matcher::HostPattern;
use crate::route::workload::{LabelGiver, SubsetPlan, Workload, Workloads};
use crate::spec::code::Code;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::lane::WorkloadLabelRule;
use crate::spec::node::Place;
use crate::spec::virtual_workload::VirtualWorkload;
use crate::sync::Arc;
use std::collections::BTreeMap;

/// The workloads of one namespace, and those of them that do nothing because an
/// earlier one is about the same host.
#[must_use]
pub fn workloads(
    documents: &[Arc<VirtualWorkload>],
    labels: &[Arc<WorkloadLabelRule>],
    namespace: &str,
) -> (Workloads, Vec<Diagnostic>) {
    let mut ordered: Vec<&VirtualWorkload> = documents.iter().map(|document| &**document).collect();
    ordered.sort_by(|a, b| order(&a.meta).cmp(&order(&b.meta)));
    let mut taken: BTreeMap<HostPattern, &VirtualWorkload> = BTreeMap::new();
    let (mut lowered, mut shadowed) = (Vec::new(), Vec::new());
    for document in ordered {
        let Some(pattern) = HostPattern::read(&document.host, namespace) else { continue };
        if let Some(first) = taken.get(&pattern) {
            shadowed.push(second(document, first));
            continue;
        }
        taken.insert(pattern.clone(), document);
        lowered.push((pattern, lower(document)));
    }
    // Documents come in the order of their names.
    let givers = labels.iter().map(|rule| LabelGiver { selector: rule.selector.clone(), label: rule.label.clone() });
    (Workloads::new(lowered, givers.collect(), namespace), shadowed)
}

fn second(document: &VirtualWorkload, first: &VirtualWorkload) -> Diagnostic {
    let meta = &document.meta;
    let identity = Identity { kind: document.kind.into(), namespace: meta.namespace.clone(), name: meta.name.clone() };
    let found = format!("{:?}, which {} {:?} is about already", document.host, first.kind, first.meta.name);
    let expected = "a host that no earlier one is about: the first by creationTimestamp, then by name, counts";
    Diagnostic::new(Code::ShadowedHost, &identity, "", document.host_path, Place::default(), &found, expected)
}

fn lower(document: &VirtualWorkload) -> Workload {
    let policy = document.policy.clone();
    let subsets = document.subsets.iter().map(|subset| SubsetPlan {
        name: subset.name.as_str().into(),
        labels: subset.labels.clone(),
        policy: subset.policy.within(&policy),
    });
    Workload { subsets: subsets.collect(), policy }
}
