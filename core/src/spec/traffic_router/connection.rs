//! Reading `spec.tls[i]` and `spec.tcp[i]`: routes of connections.

use super::{ConnectionMatch, ConnectionRoute, http, matches};
use crate::matcher::{HostPattern, Subnet};
use crate::spec::code::Code;
use crate::spec::reader::Field;

/// Reads a route. One of TLS must say for which names it is.
pub(super) fn route(
    field: &Field<'_>,
    is_tls: bool,
    hosts: &[HostPattern],
    namespace: &str,
) -> Option<ConnectionRoute> {
    let mut entry = field.object()?;
    let blocks = entry.take("match");
    let blocks = if is_tls { blocks.required().filled_list("a list of matches") } else { blocks.list() };
    let read = |field: &Field<'_>| block(field, is_tls, hosts, namespace);
    let matches = blocks.unwrap_or_default().iter().filter_map(read).collect();
    let route = http::destinations(&entry.take("route").required(), namespace);
    entry.finish();
    Some(ConnectionRoute { matches, route })
}

fn block(field: &Field<'_>, is_tls: bool, hosts: &[HostPattern], namespace: &str) -> Option<ConnectionMatch> {
    let mut entry = field.object()?;
    let mut sni_hosts = Vec::new();
    if is_tls {
        for item in entry.take("sniHosts").required().filled_list("a list of names").unwrap_or_default() {
            let pattern = item.read(Code::BadHost, "a host name, perhaps with a `*` at one end", |name, _| {
                HostPattern::read(name, namespace)
            });
            if pattern.as_ref().is_some_and(|pattern| !hosts.iter().any(|host| host.includes(pattern))) {
                item.wrong(Code::BadHost, "a name that is among the router's hosts");
            }
            sni_hosts.extend(pattern);
        }
    }
    let subnets = entry.take("destinationSubnets").list().unwrap_or_default();
    let destination_subnets = subnets.iter().filter_map(subnet).collect();
    let source = entry.take("sourceSubnet");
    let source_subnet = if source.is_present() { subnet(&source) } else { None };
    let port = entry.take("port").integer(1..=65535).and_then(|port| u16::try_from(port).ok());
    let source_labels = entry.take("sourceLabels");
    let source_labels = if source_labels.is_present() { source_labels.texts() } else { None };
    let source_namespace = entry.take("sourceNamespace").filled("a namespace");
    let gateways = matches::names(&entry.take("gateways"), "the name of a gateway");
    entry.finish();
    Some(ConnectionMatch {
        sni_hosts,
        destination_subnets,
        source_subnet,
        port,
        source_labels: source_labels.unwrap_or_default().into_iter().collect(),
        source_namespace,
        gateways,
    })
}

fn subnet(field: &Field<'_>) -> Option<Subnet> {
    field.read(Code::BadValue, "an address or a range of them, as in 10.1.0.0/16", |text, _| Subnet::read(text))
}
