//! Routers that delegate routes to other routers: the other's routes stand in
//! the place of the entry, one level deep.

use super::report::Waiting;
use crate::catalog::{Catalog, Replaced};
use crate::matcher::Text;
use crate::policy::Retries;
use crate::spec::code::Code;
use crate::spec::diagnostic::Identity;
use crate::spec::document::{Document, Outcome, Reading};
use crate::spec::traffic_router::{Delegate, HttpMatch, HttpRoute, RouteAction, TrafficRouter};
use crate::sync::Arc;
use std::collections::BTreeMap;

/// The kinds of router that others delegate to.
const KINDS: [&str; 2] = ["TrafficRouter", "VirtualService"];

/// A router with the routes of others in their places.
#[derive(Debug)]
pub(super) struct Expanded {
    /// The router, without any delegate left.
    pub(super) router: Arc<TrafficRouter>,
    /// What it waits for.
    pub(super) waiting: Vec<Waiting>,
    /// The entries that cannot be combined, and why.
    pub(super) conflicts: Vec<(usize, String)>,
}

/// Puts the routes of other routers in their places. What is missing or cannot
/// be combined is left out.
pub(super) fn expand(root: &Arc<TrafficRouter>, catalog: &Catalog) -> Expanded {
    let (mut waiting, mut conflicts) = (Vec::new(), Vec::new());
    if root.http.iter().all(|route| !matches!(route.action, RouteAction::Delegate(_))) {
        return Expanded { router: Arc::clone(root), waiting, conflicts };
    }
    let mut http = Vec::new();
    for (i, entry) in root.http.iter().enumerate() {
        let RouteAction::Delegate(delegate) = &entry.action else {
            http.push(entry.clone());
            continue;
        };
        let Some(other) = find(delegate, catalog) else {
            waiting.push(wait(root, i, delegate));
            continue;
        };
        match other.http.iter().map(|route| combine(entry, route)).collect::<Result<Vec<_>, _>>() {
            Ok(routes) => http.extend(routes),
            Err(reason) => conflicts.push((i, format!("{} {:?}, {reason}", other.kind, other.meta.name))),
        }
    }
    Expanded { router: Arc::new(TrafficRouter { http, ..(**root).clone() }), waiting, conflicts }
}

fn find<'c>(delegate: &Delegate, catalog: &'c Catalog) -> Option<&'c Arc<TrafficRouter>> {
    KINDS.into_iter().find_map(|kind| {
        let (namespace, name) = (delegate.namespace.clone(), delegate.name.clone());
        match &catalog.get(&Identity { kind: kind.to_owned(), namespace, name })?.document {
            Document::Router(router) => Some(router),
            _ => None,
        }
    })
}

fn wait(root: &TrafficRouter, i: usize, delegate: &Delegate) -> Waiting {
    let (namespace, name) = (root.meta.namespace.clone(), root.meta.name.clone());
    let identity = Identity { kind: root.kind.into(), namespace, name };
    let field = format!("spec.http[{i}].delegate.name");
    let message =
        format!("{identity}, {field}: waits for the {} {:?}, which is not there yet", root.kind, delegate.name);
    let Identity { kind, namespace, name } = identity;
    let (code, missing) = (Code::DanglingReference, delegate.name.clone());
    Waiting { code, kind, namespace, name, field, missing, message, ..Waiting::default() }
}

/// Rejects the good routers of this push that no request can reach as they are:
/// those without hosts that nobody delegates to, and those that delegate what
/// cannot be combined. The catalog gets back what it had of them `before`.
pub(super) fn reject_misfits(push: &mut [Reading<'_>], catalog: &mut Catalog, before: &Replaced) {
    let routers = catalog.iter().filter_map(|(_, entry)| match &entry.document {
        Document::Router(router) => Some(router),
        _ => None,
    });
    let named: Vec<Delegate> = routers
        .flat_map(|router| &router.http)
        .filter_map(|route| match &route.action {
            RouteAction::Delegate(delegate) => Some(delegate.clone()),
            _ => None,
        })
        .collect();
    for reading in push.iter_mut() {
        let Outcome::Good(Document::Router(router)) = &reading.outcome else { continue };
        let is_named = || {
            named
                .iter()
                .any(|delegate| delegate.name == router.meta.name && delegate.namespace == router.meta.namespace)
        };
        let homeless = router.hosts.is_empty() && !is_named();
        let conflicts = expand(router, catalog).conflicts;
        if homeless {
            let expected = "a list of hosts, or a router that delegates to this one";
            reading.reject(Code::MissingField, "spec.hosts", "no hosts", expected);
        }
        for (i, reason) in &conflicts {
            let expected = "routes that the entry can be combined with";
            reading.reject(Code::BadDelegate, &format!("spec.http[{i}].delegate"), reason, expected);
        }
        if homeless || !conflicts.is_empty() {
            catalog.restore(&reading.identity, before);
        }
    }
}

/// The route of another router in the place of the entry: both must match, and
/// what the route leaves open is the entry's.
fn combine(entry: &HttpRoute, route: &HttpRoute) -> Result<HttpRoute, String> {
    let whose = format!("spec.http[{}]", route.position);
    if matches!(route.action, RouteAction::Delegate(_)) {
        return Err(format!("{whose}, which delegates again"));
    }
    let mut matches = Vec::new();
    for (inner, block) in blocks(&route.matches).iter().enumerate() {
        let combined: Vec<Result<HttpMatch, &str>> =
            blocks(&entry.matches).iter().map(|outer| both(outer, block)).collect();
        let wrong = combined.iter().find_map(|combined| combined.as_ref().err().copied());
        let possible: Vec<HttpMatch> = combined.into_iter().flatten().collect();
        if possible.is_empty() {
            return Err(format!("{whose}.match[{inner}], whose {} contradicts the entry's", wrong.unwrap_or("match")));
        }
        matches.extend(possible);
    }
    let mut policy = route.policy.clone();
    let outer = &entry.policy;
    policy.timeout = policy.timeout.or(outer.timeout);
    if policy.retries == Retries::default() {
        policy.retries.clone_from(&outer.retries);
    }
    policy.headers = policy.headers.over(&outer.headers);
    policy.cors = policy.cors.or_else(|| outer.cors.clone());
    policy.rewrite = policy.rewrite.or_else(|| outer.rewrite.clone());
    if policy.fault.is_empty() {
        policy.fault.clone_from(&outer.fault);
    }
    if policy.mirrors.is_empty() {
        policy.mirrors.clone_from(&outer.mirrors);
    }
    let name = route.name.clone().or_else(|| entry.name.clone());
    Ok(HttpRoute {
        position: entry.position,
        name,
        matches,
        action: route.action.clone(),
        policy,
        has_one_mirror: false,
    })
}

fn blocks(matches: &[HttpMatch]) -> Vec<HttpMatch> {
    if matches.is_empty() { vec![HttpMatch::default()] } else { matches.to_vec() }
}

/// One block that holds where both do; the field that contradicts where none
/// can be written.
fn both(outer: &HttpMatch, inner: &HttpMatch) -> Result<HttpMatch, &'static str> {
    let folded = outer.ignore_uri_case && outer.uri.is_some();
    let two_cases = outer.uri.is_some() && inner.uri.is_some() && outer.ignore_uri_case != inner.ignore_uri_case;
    if two_cases {
        return Err("ignoreUriCase");
    }
    let gateways = match (outer.gateways.as_slice(), inner.gateways.as_slice()) {
        ([], gateways) | (gateways, []) => gateways.to_vec(),
        (outer, inner) => inner.iter().filter(|gateway| outer.contains(gateway)).cloned().collect(),
    };
    if gateways.is_empty() && !(outer.gateways.is_empty() && inner.gateways.is_empty()) {
        return Err("gateways");
    }
    let mut source_labels = outer.source_labels.clone();
    for (key, value) in &inner.source_labels {
        if source_labels.insert(key.clone(), value.clone()).is_some_and(|before| before != *value) {
            return Err("sourceLabels");
        }
    }
    let fold = folded || inner.ignore_uri_case;
    Ok(HttpMatch {
        uri: narrower(outer.uri.as_ref(), inner.uri.as_ref(), fold).ok_or("uri")?,
        ignore_uri_case: fold,
        scheme: narrower(outer.scheme.as_ref(), inner.scheme.as_ref(), false).ok_or("scheme")?,
        method: narrower(outer.method.as_ref(), inner.method.as_ref(), false).ok_or("method")?,
        authority: narrower(outer.authority.as_ref(), inner.authority.as_ref(), false).ok_or("authority")?,
        headers: named(&outer.headers, &inner.headers, true).ok_or("headers")?,
        // Nothing that two headers must not be contradicts.
        without_headers: outer.without_headers.iter().chain(&inner.without_headers).cloned().collect(),
        query_params: named(&outer.query_params, &inner.query_params, false).ok_or("queryParams")?,
        port: same(outer.port, inner.port).ok_or("port")?,
        source_labels,
        source_namespace: same(outer.source_namespace.clone(), inner.source_namespace.clone())
            .ok_or("sourceNamespace")?,
        gateways,
        // What only older kinds ask for, which do not delegate.
        ..HttpMatch::default()
    })
}

fn same<T: PartialEq>(outer: Option<T>, inner: Option<T>) -> Option<Option<T>> {
    match (outer, inner) {
        (Some(outer), Some(inner)) => (outer == inner).then_some(Some(inner)),
        (outer, inner) => Some(outer.or(inner)),
    }
}

type Named = Vec<(String, Option<Text>)>;

fn named(outer: &Named, inner: &Named, ignore_case: bool) -> Option<Named> {
    let mut all: BTreeMap<String, (String, Option<Text>)> = BTreeMap::new();
    for (name, text) in outer.iter().chain(inner) {
        let key = if ignore_case { name.to_ascii_lowercase() } else { name.clone() };
        let text = match all.get(&key) {
            Some((_, before)) => narrower(before.as_ref(), text.as_ref(), false)?,
            None => text.clone(),
        };
        all.insert(key, (name.clone(), text));
    }
    Some(all.into_values().collect())
}

/// The text that matches where both do; `None` where nothing does, or where a
/// regular expression stands beside another text.
fn narrower(outer: Option<&Text>, inner: Option<&Text>, fold: bool) -> Option<Option<Text>> {
    let (Some(outer), Some(inner)) = (outer, inner) else { return Some(outer.or(inner).cloned()) };
    let matches = |text: &Text, value: &str| if fold { text.matches_ignoring_case(value) } else { text.matches(value) };
    match (outer, inner) {
        (Text::Exact(exact), _) if !matches!(inner, Text::Regex(_)) && matches(inner, exact) => {
            Some(Some(outer.clone()))
        }
        (_, Text::Exact(exact)) if !matches!(outer, Text::Regex(_)) && matches(outer, exact) => {
            Some(Some(inner.clone()))
        }
        (Text::Prefix(prefix), Text::Prefix(_)) if matches(inner, prefix) => Some(Some(outer.clone())),
        (Text::Prefix(_), Text::Prefix(prefix)) if matches(outer, prefix) => Some(Some(inner.clone())),
        (Text::Regex(_), Text::Regex(_)) if outer == inner => Some(Some(inner.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Pattern;

    fn uri(text: Text) -> HttpMatch {
        HttpMatch { uri: Some(text), ..HttpMatch::default() }
    }

    #[test]
    fn the_narrower_of_two_texts_is_taken() {
        let prefix = |text: &str| Text::Prefix(text.into());
        let exact = |text: &str| Text::Exact(text.into());
        let uris = |outer, inner| both(&uri(outer), &uri(inner)).map(|block| block.uri.unwrap());
        assert_eq!(uris(prefix("/a"), prefix("/a/b")), Ok(prefix("/a/b")));
        assert_eq!(uris(prefix("/a/b"), prefix("/a")), Ok(prefix("/a/b")));
        assert_eq!(uris(prefix("/a"), exact("/a/b")), Ok(exact("/a/b")));
        assert_eq!(uris(exact("/a"), exact("/a")), Ok(exact("/a")));
        assert_eq!(uris(prefix("/a"), prefix("/b")), Err("uri"));
        assert_eq!(uris(exact("/a"), exact("/b")), Err("uri"));
        let regex = Text::Regex(Pattern::new("/a.*").unwrap());
        assert_eq!(uris(regex.clone(), prefix("/a")), Err("uri"));
        assert_eq!(uris(regex.clone(), regex.clone()), Ok(regex));
    }

    #[test]
    fn what_one_side_leaves_open_is_the_others() {
        let outer = HttpMatch { port: Some(80), headers: vec![("Tag".into(), None)], ..HttpMatch::default() };
        let tag = Some(Text::Exact("v2".into()));
        let inner = HttpMatch { headers: vec![("tag".into(), tag.clone())], ..uri(Text::Prefix("/a".into())) };
        let block = both(&outer, &inner).unwrap();
        assert_eq!((block.port, block.headers), (Some(80), vec![("tag".to_owned(), tag)]));
        assert_eq!(both(&outer, &HttpMatch { port: Some(81), ..HttpMatch::default() }), Err("port"));
    }
}
