//! What was written: one type per kind of document, as its author means it,
//! with names still unresolved.
//!
//! Nothing here knows how a rule is enforced; [`crate::compile`] lowers these
//! types into plans.

pub mod code;
pub mod diagnostic;
pub mod document;
pub mod fault_tolerance;
mod json;
pub mod kind;
pub mod known;
pub mod lane;
pub mod node;
pub mod notes;
pub mod quantity;
pub mod reader;
pub mod strategy;
pub mod traffic_router;
pub mod virtual_workload;
pub mod yaml;

use std::collections::BTreeMap;

/// The parts of a document's `metadata` that have a meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// `metadata.namespace`, `default` when absent.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.creationTimestamp` as written, empty when absent: it orders
    /// two routers of one host.
    pub creation_timestamp: String,
}
