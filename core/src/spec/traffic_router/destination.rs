//! Reading a `destination` and the chain of its fallbacks.

use super::{Destination, Fallback, MAX_FALLBACKS};
use crate::matcher::{HostName, HostPattern};
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};

/// Reads a destination.
pub(super) fn read(field: &Field<'_>, namespace: &str) -> Option<Destination> {
    let mut entry = field.object()?;
    let host = host(&entry.take("host").required()).unwrap_or_default();
    let subset = subset(&mut entry);
    let port = port(&entry.take("port"));
    let mut destination = Destination { host, subset, port, fallbacks: Vec::new() };
    fallbacks(&mut destination, entry.take("fallback"), namespace);
    entry.finish();
    Some(destination)
}

/// Follows the chain, each link with the host of the one before where it names
/// none of its own.
fn fallbacks(destination: &mut Destination, mut field: Field<'_>, namespace: &str) {
    let place =
        |host: &str, subset: &Option<String>| (HostName::new(host, namespace).as_str().to_owned(), subset.clone());
    let mut seen = vec![place(&destination.host, &destination.subset)];
    let (mut host_before, mut port_before) = (destination.host.clone(), destination.port);
    while field.is_present() {
        if destination.fallbacks.len() == MAX_FALLBACKS {
            field.tell(
                Code::FallbackLoop,
                "one fallback more",
                &format!("at most {MAX_FALLBACKS} fallbacks in a chain"),
            );
            return;
        }
        let Some(mut entry) = field.object() else { return };
        let own_host = host(&entry.take("host"));
        let subset = subset(&mut entry);
        // A port belongs to its host.
        let port = if own_host.is_none() { port_before } else { None };
        let host = own_host.unwrap_or(host_before);
        let here = place(&host, &subset);
        if seen.contains(&here) {
            let subset = subset.map_or_else(String::new, |subset| format!(", subset {subset:?}"));
            let found = format!("a fallback to {host:?}{subset}, where the chain has been before");
            field.tell(Code::FallbackLoop, &found, "another host or subset: a chain of fallbacks must not come back");
            return;
        }
        seen.push(here);
        destination.fallbacks.push(Fallback { host: host.clone(), subset, port });
        (host_before, port_before) = (host, port);
        field = entry.take("fallback");
        entry.finish();
    }
}

fn host(field: &Field<'_>) -> Option<String> {
    field.read(Code::BadHost, "the name of one host, without `*` and port", |host, _| {
        matches!(HostPattern::read(host, ""), Some(HostPattern::Exact(_))).then(|| host.to_owned())
    })
}

fn subset(entry: &mut Object<'_>) -> Option<String> {
    entry.take("subset").filled("the name of a subset")
}

/// Reads `port: {number}`.
fn port(field: &Field<'_>) -> Option<u16> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let number = entry.take("number").required().integer(1..=65535);
    entry.finish();
    number.and_then(|number| u16::try_from(number).ok())
}
