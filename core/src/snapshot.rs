//! The whole that one version of the rules compiles to.

use crate::label;
use crate::route::workload::Workloads;
use crate::route::{Fleet, Table};
use crate::sync::Swap;
use std::collections::BTreeMap;

/// Everything that a request looks at. It never changes, but for what discovery
/// tells while it is in force.
#[derive(Debug)]
pub struct Snapshot {
    /// Counted from 1; 0 is the empty snapshot before the first rules.
    pub version: u64,
    /// Which gates ask which resource.
    pub decide: crate::decide::Table,
    /// Which routes serve which host.
    pub route: Table,
    /// Which lane a request is of.
    pub label: label::Table,
    /// What is said of instances.
    pub workloads: Workloads,
    /// The labels of the engine's own workload, with the one that rules give it.
    pub labels: BTreeMap<String, String>,
    /// The instances that discovery named, grouped as `workloads` says.
    pub fleet: Swap<Fleet>,
}

impl Snapshot {
    /// The snapshot before the first rules, for a workload with these labels.
    #[must_use]
    pub fn empty(labels: BTreeMap<String, String>) -> Self {
        Snapshot {
            version: 0,
            decide: crate::decide::Table::default(),
            route: Table::default(),
            label: label::Table::default(),
            workloads: Workloads::default(),
            labels,
            fleet: Swap::new(Fleet::default()),
        }
    }
}
