//! `FaultToleranceRule` and `HttpRequestFallbackAction`.

use super::Meta;
use crate::name::StrategyKind;
use std::collections::BTreeMap;

/// Which resources are governed by which strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultToleranceRule {
    /// Its metadata.
    pub meta: Meta,
    /// The one app that it is for; `None` is every app of the namespace.
    pub app: Option<String>,
    /// Workload labels that the engine must bear, all of them.
    pub selector: BTreeMap<String, String>,
    /// `spec.targets[].targetResourceName`, in order.
    pub targets: Vec<String>,
    /// `spec.strategies[]`, in order.
    pub strategies: Vec<StrategyRef>,
    /// `spec.fallbackAction`.
    pub fallback: Option<String>,
}

/// A strategy that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyRef {
    /// The strategy's name.
    pub name: String,
    /// Its kind; `None` is found by name over all kinds.
    pub kind: Option<StrategyKind>,
}

/// `HttpRequestFallbackAction` with `behavior: ReturnProvidedResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequestFallbackAction {
    /// Its metadata.
    pub meta: Meta,
    /// `responseStatusCode`, 429 when absent.
    pub status: u16,
    /// `responseContentBody`, empty when absent.
    pub body: String,
    /// `responseAdditionalHeaders`, as written and in order.
    pub headers: Vec<(String, String)>,
}
