//! What a session is told at its beginning.

use crate::engine::Config;
use crate::spec::kind;
use std::collections::BTreeMap;

/// To whom a session belongs and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where control planes listen, tried in turn; as the host writes addresses.
    pub addresses: Vec<String>,
    /// The namespace.
    pub namespace: String,
    /// The app.
    pub app: String,
    /// The labels of the workload.
    pub labels: BTreeMap<String, String>,
    /// The kinds, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    pub kinds: Vec<String>,
    /// The services that the app calls. The existing control plane files routing
    /// rules under the service that is called, so they are asked for there too.
    pub services: Vec<String>,
    /// Whether to ask for whole documents, which a control plane that knows none
    /// of it does not mind.
    pub documents: bool,
}

impl Options {
    /// For the engine's app and all kinds, still without an address.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut kinds: Vec<String> = kind::on_the_wire().collect();
        // What names others comes behind them, and has not to wait for them.
        kinds.sort_by_key(|kind| kind.ends_with("/FaultToleranceRule"));
        Options {
            addresses: Vec::new(),
            namespace: config.namespace.clone(),
            app: config.app.clone(),
            labels: config.labels.clone(),
            kinds,
            services: Vec::new(),
            documents: true,
        }
    }
}
