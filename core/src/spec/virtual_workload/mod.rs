//! `VirtualWorkload`: the subsets of a host and how its instances are chosen
//! among and judged. Istio's `DestinationRule` is read as one, and each of the
//! older `VirtualWorkloads` as well.

mod balance;
mod older;
mod outlier;
mod pool;

pub(super) use older::selected_app;

use super::Meta;
use super::code::Code;
use super::reader::{Field, Object};
use crate::matcher::HostPattern;
use crate::policy::TrafficPolicy;
use std::collections::BTreeMap;

/// What is said of the instances of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualWorkload {
    /// Its metadata.
    pub meta: Meta,
    /// `VirtualWorkload`, or the kind that is read as one.
    pub kind: &'static str,
    /// `spec.host`, as written: a [`HostPattern`].
    pub host: String,
    /// The path of the host, for diagnostics.
    pub host_path: &'static str,
    /// `spec.trafficPolicy`.
    pub policy: TrafficPolicy,
    /// `spec.subsets`, in order.
    pub subsets: Vec<Subset>,
}

/// `spec.subsets[i]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    /// `name`.
    pub name: String,
    /// `labels`; none at all are borne by every instance.
    pub labels: BTreeMap<String, String>,
    /// `trafficPolicy`, which goes before the host's.
    pub policy: TrafficPolicy,
}

const HOST: &str = "the name of a host, perhaps with a `*` at one end, without port";

impl VirtualWorkload {
    /// Reads the `spec` of a `VirtualWorkload` or a `DestinationRule`. What is
    /// wrong is noted; the workload is good when nothing was.
    #[must_use]
    pub fn read(kind: &'static str, meta: &Meta, mut spec: Object<'_>) -> VirtualWorkload {
        let host = spec
            .take("host")
            .required()
            .read(Code::BadHost, HOST, |host, _| HostPattern::read(host, &meta.namespace).map(|_| host.to_owned()));
        let policy = policy(&spec.take("trafficPolicy"));
        let subsets = subsets(&spec.take("subsets"));
        for key in ["exportTo", "workloadSelector"] {
            let field = spec.take(key);
            if field.is_present() {
                field.tell(
                    Code::NoEffect,
                    "a field that does nothing here",
                    "the rule in the namespaces that it is for",
                );
            }
        }
        spec.finish();
        let host = host.unwrap_or_default();
        VirtualWorkload { meta: meta.clone(), kind, host, host_path: "spec.host", policy, subsets }
    }
}

fn subsets(field: &Field<'_>) -> Vec<Subset> {
    let mut subsets: Vec<Subset> = Vec::new();
    for item in field.list().unwrap_or_default() {
        let Some(mut entry) = item.object() else { continue };
        let name = entry.take("name").required();
        let read = name.filled("the name of a subset");
        let labels = entry.take("labels");
        let labels = if labels.is_present() { labels.texts().unwrap_or_default() } else { Vec::new() };
        let policy = policy(&entry.take("trafficPolicy"));
        entry.finish();
        let Some(read) = read else { continue };
        if subsets.iter().any(|subset| subset.name == read) {
            name.tell(
                Code::DuplicateName,
                &format!("{read:?}, which an earlier subset is called already"),
                "a name of its own",
            );
            continue;
        }
        subsets.push(Subset { name: read, labels: labels.into_iter().collect(), policy });
    }
    subsets
}

/// Reads a `trafficPolicy`.
fn policy(field: &Field<'_>) -> TrafficPolicy {
    if !field.is_present() {
        return TrafficPolicy::default();
    }
    let Some(mut entry) = field.object() else { return TrafficPolicy::default() };
    let policy = TrafficPolicy {
        balance: balance::read(&entry.take("loadBalancer")),
        outlier: outlier::read(&entry.take("outlierDetection")),
        connections: pool::read(&entry.take("connectionPool")),
    };
    for key in ["portLevelSettings", "tls", "tunnel", "proxyProtocol", "retryBudget"] {
        let other = entry.take(key);
        if other.is_present() {
            other.tell(
                Code::NoEffect,
                "a field that does nothing here",
                "loadBalancer, outlierDetection and connectionPool",
            );
        }
    }
    entry.finish();
    policy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::workload::{MAGLEV_PLACES, RING_POINTS};
    use crate::policy::{Balance, HashLayout, HashOn, Outlier};
    use crate::spec::diagnostic::Identity;
    use crate::spec::reader::Notes;
    use crate::spec::yaml;
    use crate::time::Span;

    fn read(spec: &str) -> (VirtualWorkload, Vec<String>) {
        let node = yaml::documents(spec).remove(0).unwrap();
        let notes = Notes::new(Identity::default(), "");
        let meta = Meta { namespace: "default".into(), name: "w".into(), ..Meta::default() };
        let workload = VirtualWorkload::read("VirtualWorkload", &meta, Object::root(&node, &notes).unwrap());
        let (errors, warnings) = notes.into_parts();
        (workload, errors.into_iter().chain(warnings).map(|diagnostic| diagnostic.field).collect())
    }

    fn balance(text: &str) -> Option<Balance> {
        let (workload, told) = read(&format!("host: a\ntrafficPolicy: {{loadBalancer: {text}}}"));
        assert_eq!(told, Vec::<String>::new(), "{text}");
        workload.policy.balance
    }

    #[test]
    fn a_balance_is_simple_or_a_hash() {
        assert_eq!(balance("{simple: ROUND_ROBIN}"), Some(Balance::RoundRobin));
        assert_eq!(balance("{simple: LEAST_CONN}"), Some(Balance::LeastRequest));
        assert_eq!(balance("{simple: UNSPECIFIED}"), None);
        let hash = |on, layout| Some(Balance::ConsistentHash { on, layout });
        assert_eq!(
            balance("{consistentHash: {httpHeaderName: X-User}}"),
            hash(HashOn::Header("x-user".into()), HashLayout::Ring(RING_POINTS))
        );
        assert_eq!(
            balance("{consistentHash: {httpCookie: {name: u, ttl: 0s}, maglev: {}}}"),
            hash(HashOn::Cookie("u".into()), HashLayout::Maglev(MAGLEV_PLACES))
        );
        let ring = HashLayout::Ring(std::num::NonZeroU32::new(64).unwrap());
        assert_eq!(
            balance("{consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 64}}}"),
            hash(HashOn::SourceIp, ring)
        );
        assert_eq!(
            balance("{consistentHash: {httpQueryParameterName: q, minimumRingSize: 64}}"),
            hash(HashOn::Query("q".into()), ring)
        );
    }

    #[test]
    fn an_outlier_has_defaults() {
        let (workload, told) = read("host: a\ntrafficPolicy: {outlierDetection: {}}");
        assert_eq!((workload.policy.outlier, told.len()), (Some(Outlier::default()), 0));
        let (workload, _) = read(
            "host: a\ntrafficPolicy: {outlierDetection: {splitExternalLocalOriginErrors: true, interval: 1s, consecutive5xxErrors: 0}}",
        );
        let outlier =
            Outlier { server_errors: 0, local_errors: Some(5), interval: Span::from_secs(1), ..Outlier::default() };
        assert_eq!(workload.policy.outlier, Some(outlier));
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        let policy = |text: &str| format!("host: a\ntrafficPolicy: {{{text}}}");
        for (spec, field) in [
            ("{}".into(), "host"),
            ("host: 'a b'".into(), "host"),
            ("host: a\nsubsets: [{labels: {}}]".into(), "subsets[0].name"),
            ("host: a\nsubsets: [{name: x}, {name: x}]".into(), "subsets[1].name"),
            ("host: a\nsubsets: [{name: x, labels: {a: {}}}]".into(), "subsets[0].labels.a"),
            (policy("loadBalancer: {simple: FASTEST}"), "trafficPolicy.loadBalancer.simple"),
            (
                policy("loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}"),
                "trafficPolicy.loadBalancer",
            ),
            (policy("loadBalancer: {consistentHash: {}}"), "trafficPolicy.loadBalancer.consistentHash"),
            (
                policy("loadBalancer: {consistentHash: {useSourceIp: true, httpHeaderName: a}}"),
                "trafficPolicy.loadBalancer.consistentHash",
            ),
            (
                policy("loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 100}}}"),
                "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            ),
            (
                policy("loadBalancer: {consistentHash: {useSourceIp: true, maglev: {}, ringHash: {}}}"),
                "trafficPolicy.loadBalancer.consistentHash",
            ),
            (
                policy("loadBalancer: {consistentHash: {httpCookie: {ttl: 1s}}}"),
                "trafficPolicy.loadBalancer.consistentHash.httpCookie.name",
            ),
            (
                policy("outlierDetection: {consecutiveLocalOriginFailures: 3}"),
                "trafficPolicy.outlierDetection.consecutiveLocalOriginFailures",
            ),
            (
                policy("outlierDetection: {maxEjectionPercent: 101}"),
                "trafficPolicy.outlierDetection.maxEjectionPercent",
            ),
            (policy("outlierDetection: {interval: 0s}"), "trafficPolicy.outlierDetection.interval"),
            (
                policy("outlierDetection: {consecutiveErrors: 1, consecutive5xxErrors: 2}"),
                "trafficPolicy.outlierDetection.consecutiveErrors",
            ),
            (policy("connectionPool: {tcp: {maxConnections: -1}}"), "trafficPolicy.connectionPool.tcp.maxConnections"),
            (
                policy("connectionPool: {http: {h2UpgradePolicy: MAYBE}}"),
                "trafficPolicy.connectionPool.http.h2UpgradePolicy",
            ),
            (policy("tls: {mode: DISABLE}"), "trafficPolicy.tls"),
        ] {
            assert_eq!(read(&spec).1, [field], "{spec}");
        }
    }
}
