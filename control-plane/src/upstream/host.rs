//! Hosts and clusters by their full names.

use super::{Unsaid, unsaid};
use sergo::subscribe::envoy::CLUSTER_DOMAIN;

/// The full name of a host that a rule of this namespace writes. As the existing
/// control plane has it, the namespace stands behind every name, outside ones and
/// `*` included, but for those that are full already.
pub(super) fn full(host: &str, namespace: &str) -> String {
    if host.contains('*') {
        return [host, ".", namespace, CLUSTER_DOMAIN].concat();
    }
    let is_service = |name: &str| name.split('.').count() == 2;
    if host.strip_suffix(CLUSTER_DOMAIN).is_some_and(is_service) {
        return host.to_owned();
    }
    if let Some(name) = host.strip_suffix(".svc").filter(|name| is_service(name)) {
        return [name, CLUSTER_DOMAIN].concat();
    }
    match host.strip_suffix(namespace).and_then(|name| name.strip_suffix('.')) {
        Some(name) if !name.is_empty() && !name.contains('.') => [host, CLUSTER_DOMAIN].concat(),
        _ => [host, ".", namespace, CLUSTER_DOMAIN].concat(),
    }
}

/// The name of the cluster of a destination.
pub(super) fn cluster(
    host: &str,
    subset: Option<&str>,
    port: Option<u16>,
    namespace: &str,
    field: &str,
) -> Result<String, Unsaid> {
    let subset = subset.unwrap_or_default();
    if subset.contains('|') {
        return unsaid(format!("{field}.subset"), format!("the subset {subset:?}, with a `|` in its name"));
    }
    let port = port.map_or_else(String::new, |port| port.to_string());
    Ok(["outbound|", &port, "|", subset, "|", &full(host, namespace)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_service_has_one_full_name() {
        for (host, expected) in [
            ("shop", "shop.default.svc.cluster.local"),
            ("shop.default", "shop.default.svc.cluster.local"),
            ("shop.default.svc", "shop.default.svc.cluster.local"),
            ("shop.default.svc.cluster.local", "shop.default.svc.cluster.local"),
            ("shop.other.svc", "shop.other.svc.cluster.local"),
            ("shop.other.svc.cluster.local", "shop.other.svc.cluster.local"),
            ("www.shop.com", "www.shop.com.default.svc.cluster.local"),
            ("a.b.c.svc.cluster.local", "a.b.c.svc.cluster.local.default.svc.cluster.local"),
            ("default", "default.default.svc.cluster.local"),
            ("*", "*.default.svc.cluster.local"),
            ("*.default.svc.cluster.local", "*.default.svc.cluster.local.default.svc.cluster.local"),
            ("www.*", "www.*.default.svc.cluster.local"),
        ] {
            assert_eq!(full(host, "default"), expected);
        }
    }

    #[test]
    fn a_cluster_names_what_the_destination_does() {
        let named = |subset, port| cluster("shop", subset, port, "prod", "f").unwrap();
        assert_eq!(named(None, None), "outbound|||shop.prod.svc.cluster.local");
        assert_eq!(named(Some("v1"), Some(80)), "outbound|80|v1|shop.prod.svc.cluster.local");
        assert!(cluster("shop", Some("a|b"), None, "prod", "f").is_err());
    }
}
