//! What has to be put right before a map is copied: older names of fields, and
//! what only one side knows.

use super::loss::LEFT_OUT;
use super::shape::{Side, Walk};
use super::tree::{entries, entry, find, items, list, map, put, rename, take, text};
use sergo::matcher::HostName;
use sergo::spec::node::{Entry, Node, Value};

pub(super) fn router(walk: &mut Walk<'_>, spec: &mut Vec<Entry>, path: &str) {
    export(walk, spec, path);
    let in_mesh = match find(spec, "gateways").map(items) {
        None | Some([]) => true,
        Some(gateways) => gateways.iter().any(|gateway| gateway.as_text() == Some("mesh")),
    };
    if walk.to == Side::OpenSergo {
        return;
    }
    let Some(Entry { node: Node { value: Value::List(hosts), .. }, .. }) =
        spec.iter_mut().find(|entry| entry.key == "hosts")
    else {
        return;
    };
    let mut kept: Vec<Node> = Vec::new();
    for (index, host) in hosts.drain(..).enumerate() {
        let (name, path) = (host.as_text().unwrap_or_default(), format!("{path}.hosts[{index}]"));
        if name == "*" && in_mesh {
            let why = "for calls within the mesh Istio refuses a router of all hosts";
            walk.losses.lost(&path, &host, LEFT_OUT, why);
        } else if name.len() > 1 && name.ends_with('*') {
            walk.losses.lost(&path, &host, LEFT_OUT, "Istio knows a `*` only at the beginning of a host");
        } else {
            let host = walk.routing.host(host);
            // Two names of one host are one to Istio, which takes each once.
            let namespace = walk.losses.namespace();
            let is_same = |other: &Node| {
                let [one, other] = [&host, other].map(|host| host.as_text().unwrap_or_default());
                HostName::new(one, namespace) == HostName::new(other, namespace)
            };
            if !kept.iter().any(is_same) {
                kept.push(host);
            }
        }
    }
    *hosts = kept;
}

/// A rule of OpenSergo is for its namespace.
fn export(walk: &mut Walk<'_>, spec: &mut Vec<Entry>, path: &str) {
    if walk.to == Side::Istio {
        return;
    }
    let Some(export) = take(spec, "exportTo") else { return };
    let own = walk.losses.namespace().to_owned();
    let is_own = |item: &Node| matches!(item.as_text(), Some("." | "*")) || item.as_text() == Some(&own);
    if !items(&export).iter().all(is_own) {
        let why = "a rule is for the engines of its namespace; put it into the others as well";
        walk.losses.lost(&format!("{path}.exportTo"), &export, LEFT_OUT, why);
    }
}

pub(super) fn route(walk: &mut Walk<'_>, route: &mut Vec<Entry>, path: &str) {
    older_percent(route, "mirrorPercent", "mirrorPercentage");
    if walk.to == Side::Istio {
        return;
    }
    // What OpenSergo does not know of faults takes the fault with it: half of one
    // would be another.
    let Some(fault) = route.iter_mut().find(|entry| entry.key == "fault") else { return };
    let Value::Map(parts) = &mut fault.node.value else { return };
    for (part, key, why) in [
        ("abort", "http2Error", "a request is aborted by a status, not by an error of HTTP/2"),
        ("delay", "exponentialDelay", "a delay is fixed"),
    ] {
        let beside = ["httpStatus", "grpcStatus", "fixedDelay"];
        let Some(node) = find(parts, part) else { continue };
        let Some(unknown) = find(entries(node), key) else { continue };
        let path = format!("{path}.fault.{part}");
        if entries(node).iter().any(|entry| beside.contains(&entry.key.as_str())) {
            walk.losses.lost(&format!("{path}.{key}"), unknown, LEFT_OUT, why);
            if let Some(Entry { node: Node { value: Value::Map(parts), .. }, .. }) =
                parts.iter_mut().find(|entry| entry.key == part)
            {
                parts.retain(|entry| entry.key != key);
            }
        } else {
            walk.losses.lost(&path, node, LEFT_OUT, why);
            parts.retain(|entry| entry.key != part);
        }
    }
    if parts.is_empty() {
        route.retain(|entry| entry.key != "fault");
    }
}

/// `percent` as a number beside what it belongs to, for `percentage: {value}`.
fn older_percent(entries: &mut Vec<Entry>, older: &str, newer: &str) {
    if let Some(percent) = take(entries, older)
        && find(entries, newer).is_none()
    {
        put(entries, newer, map([("value", percent)]));
    }
}

pub(super) fn percent(_: &mut Walk<'_>, fault: &mut Vec<Entry>, _: &str) {
    older_percent(fault, "percent", "percentage");
}

pub(super) fn destination(walk: &mut Walk<'_>, destination: &mut Vec<Entry>, path: &str) {
    walk.routing.destination(walk.to, walk.losses, destination, path);
}

pub(super) fn body(walk: &mut Walk<'_>, body: &mut Vec<Entry>, path: &str) {
    if walk.to == Side::Istio {
        return;
    }
    let Some(bytes) = take(body, "bytes") else { return };
    match bytes.as_text().and_then(decoded) {
        Some(string) => put(body, "string", text(string)),
        None => walk.losses.lost(
            &format!("{path}.bytes"),
            &bytes,
            "an empty body",
            "a body is text, and these bytes are none",
        ),
    }
}

/// Base64 of UTF-8 text.
fn decoded(base64: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in base64.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte.checked_sub(b'A')?,
            b'a'..=b'z' => byte.checked_sub(b'a')?.checked_add(26)?,
            b'0'..=b'9' => byte.checked_sub(b'0')?.checked_add(52)?,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\n' | b'\r' => continue,
            _ => return None,
        };
        bits = bits << 6 & 0xfff | u32::from(six);
        count = count.checked_add(6)?;
        if count >= 8 {
            count = count.checked_sub(8)?;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn cors(walk: &mut Walk<'_>, cors: &mut Vec<Entry>, path: &str) {
    let Some(older) = take(cors, "allowOrigin") else { return };
    if find(cors, "allowOrigins").is_some() {
        let why = "allowOrigins stands beside it, and is what counts";
        return walk.losses.lost(&format!("{path}.allowOrigin"), &older, LEFT_OUT, why);
    }
    let origins = items(&older).iter().map(|origin| map([("exact", origin.clone())]));
    put(cors, "allowOrigins", list(origins));
}

pub(super) fn workload(walk: &mut Walk<'_>, spec: &mut Vec<Entry>, path: &str) {
    export(walk, spec, path);
    if walk.to == Side::OpenSergo {
        return;
    }
    if let Some(host) = find(spec, "host").cloned() {
        if host.as_text().is_some_and(|host| host.len() > 1 && host.ends_with('*')) {
            let why = "Istio knows a `*` only at the beginning of a host";
            walk.losses.lost(&format!("{path}.host"), &host, "a host that Istio refuses", why);
        }
        put(spec, "host", walk.routing.host(host));
    }
}

pub(super) fn balance(walk: &mut Walk<'_>, balance: &mut Vec<Entry>, path: &str) {
    let Some(simple) = find(balance, "simple").cloned() else { return };
    match simple.as_text() {
        Some("LEAST_CONN") => {
            put(
                balance,
                "simple",
                Node::new(Value::Scalar { text: "LEAST_REQUEST".into(), quoted: false }, simple.place),
            );
        }
        Some("UNSPECIFIED") => balance.retain(|entry| entry.key != "simple"),
        Some("PASSTHROUGH") if walk.to == Side::OpenSergo => {
            let why = "an instance is always chosen among those that are known";
            walk.losses.lost(&format!("{path}.simple"), &simple, LEFT_OUT, why);
            balance.retain(|entry| entry.key != "simple");
        }
        _ => {}
    }
}

pub(super) fn hash(_: &mut Walk<'_>, hash: &mut Vec<Entry>, _: &str) {
    if let Some(size) = take(hash, "minimumRingSize")
        && find(hash, "maglev").is_none()
        && find(hash, "ringHash").is_none_or(|ring| find(entries(ring), "minimumRingSize").is_none())
    {
        put(hash, "ringHash", map([entry_of("minimumRingSize", size)]));
    }
}

fn entry_of(key: &'static str, node: Node) -> (&'static str, Node) {
    (key, entry(key, node).node)
}

pub(super) fn outlier(walk: &mut Walk<'_>, outlier: &mut Vec<Entry>, path: &str) {
    rename(outlier, "consecutiveErrors", "consecutive5xxErrors");
    let splits = find(outlier, "splitExternalLocalOriginErrors").is_some_and(|split| split.as_text() == Some("true"));
    if walk.to == Side::OpenSergo
        && !splits
        && let Some(count) = take(outlier, "consecutiveLocalOriginFailures")
    {
        let why = "it counts only beside splitExternalLocalOriginErrors: true, for Istio as well";
        walk.losses.lost(&format!("{path}.consecutiveLocalOriginFailures"), &count, LEFT_OUT, why);
    }
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn bytes_that_are_text_are_read() {
        assert_eq!(decoded("aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(decoded("aGk").as_deref(), Some("hi"));
        assert_eq!(decoded("").as_deref(), Some(""));
        assert_eq!((decoded("/////w=="), decoded("a b")), (None, None));
    }
}
