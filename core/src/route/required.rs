//! What a host's routes look at, so that nothing else need be handed over.

use super::Table;
use super::condition::Condition;
use super::rule::Routes;
use super::workload::Workloads;
use crate::policy::{Balance, HashOn};
use serde::Serialize;
use std::collections::BTreeSet;

/// The parts of a request, beside its host, method, path and scheme, that are
/// looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Required {
    /// The version of the rules that this holds for.
    pub version: u64,
    /// The headers, in lower case and sorted.
    pub headers: BTreeSet<String>,
    /// The query parameters, sorted.
    pub parameters: BTreeSet<String>,
}

impl Table {
    /// Adds what the routes of a host look at, and the balance of its own
    /// instances and of those that its routes lead to.
    pub fn required(&self, host: &str, workloads: &Workloads, required: &mut Required) {
        let mut balances = |host: &str| {
            let Some(workload) = workloads.of(host) else { return };
            let policies = std::iter::once(&workload.policy).chain(workload.subsets.iter().map(|plan| &plan.policy));
            for policy in policies {
                match &policy.balance {
                    Some(Balance::ConsistentHash { on: HashOn::Header(name), .. }) => {
                        required.headers.insert(name.to_string());
                    }
                    Some(Balance::ConsistentHash { on: HashOn::Cookie(_), .. }) => {
                        required.headers.insert("cookie".to_owned());
                    }
                    Some(Balance::ConsistentHash { on: HashOn::Query(name), .. }) => {
                        required.parameters.insert(name.to_string());
                    }
                    _ => {}
                }
            }
        };
        let Some(router) = self.router(host) else { return balances(host) };
        let routes = || std::iter::once(&router.http).chain(&router.rpc);
        routes().flat_map(destinations).for_each(&mut balances);
        let conditions =
            routes().flat_map(Routes::rules).flat_map(|rule| &rule.blocks).flat_map(|block| &block.conditions);
        conditions
            .for_each(|condition: &Condition| condition.required(&mut required.headers, &mut required.parameters));
    }
}

fn destinations(routes: &Routes) -> impl Iterator<Item = &str> {
    let splits = routes.rules().iter().filter_map(|rule| match &rule.action {
        super::rule::Action::Split(split) => Some(split),
        super::rule::Action::Answer(_) => None,
    });
    splits.flat_map(super::split::Split::chains).flat_map(|chain| &chain.stops).map(|stop| &*stop.host)
}
