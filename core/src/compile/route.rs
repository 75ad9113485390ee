//! Routers into the table that requests are routed by.

use super::moment::order;
use crate::matcher::Text;
use crate::matcher::{HostName, HostPattern};
use crate::policy::{Policy, Retries};
use crate::route::condition::{Condition, HeaderName, MESH, short_gateway};
use crate::route::rule::{Action, Block, Router, Routes, Rule};
use crate::route::split::{Chain, Split, Stop};
use crate::route::{Answer, Destination, Hosts, Table};
use crate::spec::code::Code;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::node::Place;
use crate::spec::traffic_router::{
    self as spec, ConnectionMatch, ConnectionRoute, HttpMatch, HttpRoute, RouteAction, TrafficRouter,
};
use crate::sync::Arc;
use std::collections::HashMap;

/// The routers of the last push in the form in which requests are routed by
/// them: one that has not changed is not lowered again.
#[derive(Debug, Default)]
pub struct Lowered {
    /// In the order in which they claim hosts.
    ones: Vec<One>,
    hosts: Arc<Hosts>,
}

/// A router in both of its forms.
#[derive(Debug)]
struct One {
    written: Arc<TrafficRouter>,
    router: Arc<Router>,
    /// Where it stood among the routers as they were handed in.
    index: usize,
    /// The hosts that are another's, and the routes that can never be reached.
    shadowed: Vec<Diagnostic>,
}

impl One {
    fn new(written: &Arc<TrafficRouter>, index: usize, namespace: &str) -> One {
        let router = Arc::new(Lowering { namespace, answers: Vec::new() }.router(written));
        One { written: Arc::clone(written), router, index, shadowed: Vec::new() }
    }
}

impl Lowered {
    /// Lowers those of these routers again that have changed, where they claim the
    /// hosts that they claimed before, in the same order; whether they do.
    fn update(&mut self, routers: &[Arc<TrafficRouter>], namespace: &str) -> bool {
        let claims_the_same = |one: &One| {
            routers.get(one.index).is_some_and(|router| {
                let before = &one.written;
                Arc::ptr_eq(router, before)
                    || (router.kind, &router.meta, &router.hosts) == (before.kind, &before.meta, &before.hosts)
            })
        };
        if self.ones.len() != routers.len() || !self.ones.iter().all(claims_the_same) {
            return false;
        }
        for one in &mut self.ones {
            let Some(router) = routers.get(one.index) else { continue };
            if !Arc::ptr_eq(router, &one.written) {
                let hosts = one.shadowed.iter().filter(|told| told.code == Code::ShadowedHost).cloned();
                let shadowed = hosts.chain(unreachable(router)).collect();
                *one = One { shadowed, ..One::new(router, one.index, namespace) };
            }
        }
        true
    }
}

/// The table of these routers, all of one namespace, and the routes that can
/// never be reached. The answers of `previous` stay known, and what is in
/// `lowered`, which is of that namespace, is not lowered again; then it has these
/// routers.
#[must_use]
pub fn route(
    routers: &[Arc<TrafficRouter>],
    namespace: &str,
    version: u64,
    previous: &Table,
    lowered: &mut Lowered,
) -> (Table, Vec<Diagnostic>) {
    if !lowered.update(routers, namespace) {
        *lowered = lower(routers, namespace, std::mem::take(lowered));
    }
    let shadowed = lowered.ones.iter().flat_map(|one| one.shadowed.iter().cloned()).collect();
    let placed = lowered.ones.iter().map(|one| Arc::clone(&one.router));
    (Table::new(Arc::clone(&lowered.hosts), placed, version, previous), shadowed)
}

/// Lowers these routers, but for those that were lowered `before`.
fn lower(routers: &[Arc<TrafficRouter>], namespace: &str, before: Lowered) -> Lowered {
    let mut ordered: Vec<_> = routers.iter().enumerate().map(|router| (order(&router.1.meta), router)).collect();
    ordered.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut taken: HashMap<HostPattern, &TrafficRouter, foldhash::fast::FixedState> = HashMap::default();
    // By address: what is kept here keeps its own.
    let known = before.ones.into_iter().map(|one| (Arc::as_ptr(&one.written).addr(), one));
    let mut known: HashMap<usize, One, foldhash::fast::FixedState> = known.collect();
    let mut hosts = Hosts::new(namespace);
    let mut ones = Vec::with_capacity(ordered.len());
    for (place, (_, (index, router))) in ordered.into_iter().enumerate() {
        let mut shadowed = Vec::new();
        for (i, host) in router.hosts.iter().enumerate() {
            let Some(pattern) = HostPattern::read(host, namespace) else { continue };
            let first = *taken.entry(pattern.clone()).or_insert(router);
            if std::ptr::eq(first, &**router) {
                hosts.add(pattern, place);
            } else {
                let found = format!("{host:?}, which {} {:?} routes already", first.kind, first.meta.name);
                let expected =
                    "a host that no earlier router has: the first by creationTimestamp, then by name, routes";
                let field = if router.kind == "RouterRule" { "spec.selector.app" } else { &format!("spec.hosts[{i}]") };
                shadowed.push(diagnostic(Code::ShadowedHost, router, field, &found, expected));
            }
        }
        shadowed.extend(unreachable(router));
        let one = known.remove(&Arc::as_ptr(router).addr()).unwrap_or_else(|| One::new(router, index, namespace));
        ones.push(One { index, shadowed, ..one });
    }
    Lowered { ones, hosts: Arc::new(hosts) }
}

fn diagnostic(code: Code, router: &TrafficRouter, field: &str, found: &str, expected: &str) -> Diagnostic {
    let meta = &router.meta;
    let identity = Identity { kind: router.kind.into(), namespace: meta.namespace.clone(), name: meta.name.clone() };
    Diagnostic::new(code, &identity, "", field, Place::default(), found, expected)
}

/// The routes behind a catch-all.
fn unreachable(router: &TrafficRouter) -> Vec<Diagnostic> {
    let mut routes = router.http.iter();
    let Some(catch_all) = routes.find(|route| route.is_catch_all()) else { return Vec::new() };
    let mut behind: Vec<usize> = routes.map(|route| route.position).collect();
    behind.retain(|position| *position != catch_all.position);
    behind.dedup();
    let found = format!("a route behind spec.http[{}], which matches every request", catch_all.position);
    let told = |position| {
        let (field, expected) = (format!("spec.http[{position}]"), "the route before it, or a match there");
        diagnostic(Code::ShadowedRoute, router, &field, &found, expected)
    };
    behind.into_iter().map(told).collect()
}

/// Lowers a router, collecting what it can answer.
struct Lowering<'a> {
    namespace: &'a str,
    answers: Vec<Arc<Answer>>,
}

impl Lowering<'_> {
    fn router(mut self, router: &TrafficRouter) -> Router {
        Router {
            document: format!("{} {:?}", router.kind, router.meta.name).into(),
            http: self.routes(router, &router.http),
            rpc: router.rpc.as_ref().map(|routes| self.routes(router, routes)),
            tls: Routes::new(
                router.tls.iter().enumerate().filter_map(|route| self.connection(router, route)).collect(),
            ),
            tcp: Routes::new(
                router.tcp.iter().enumerate().filter_map(|route| self.connection(router, route)).collect(),
            ),
            answers: self.answers.into(),
        }
    }

    fn routes(&mut self, router: &TrafficRouter, routes: &[HttpRoute]) -> Routes {
        Routes::new(routes.iter().filter_map(|route| self.rule(router, route)).collect())
    }

    fn connection(&mut self, router: &TrafficRouter, (position, route): (usize, &ConnectionRoute)) -> Option<Rule> {
        let every = [ConnectionMatch::default()];
        let matches = if route.matches.is_empty() { every.as_slice() } else { &route.matches };
        let blocks = matches.iter().map(|block| self.connection_block(router, block)).collect();
        // A connection is not made again for what happens on it.
        let retries = Retries { attempts: 0, retry_on: String::new(), ..Retries::default() };
        let policy = Arc::new(Policy { retries, ..Policy::default() });
        let chain = |to: &spec::WeightedDestination| (to.weight, self.chain(None, &to.destination, &policy));
        let split = Split::new(route.route.iter().map(chain).collect())?;
        Some(Rule { position, blocks, action: Action::Split(split) })
    }

    fn connection_block(&self, router: &TrafficRouter, block: &ConnectionMatch) -> Block {
        let mut conditions = vec![self.gateways(router, &block.gateways)];
        conditions.extend(block.port.map(Condition::Port));
        conditions.extend(block.source_namespace.as_deref().map(|namespace| Condition::Namespace(namespace.into())));
        if !block.source_labels.is_empty() {
            conditions.push(Condition::Labels(block.source_labels.clone()));
        }
        if !block.sni_hosts.is_empty() {
            conditions.push(Condition::Sni(block.sni_hosts.clone().into()));
        }
        if !block.destination_subnets.is_empty() {
            conditions.push(Condition::Address(block.destination_subnets.clone().into()));
        }
        conditions.extend(block.source_subnet.map(Condition::Client));
        conditions.sort_by_key(Condition::cost);
        Block { conditions, prefix: None }
    }

    fn gateways(&self, router: &TrafficRouter, own: &[String]) -> Condition {
        let gateways = if own.is_empty() { &router.gateways } else { own };
        let short = |gateway: &String| short_gateway(gateway, self.namespace).into();
        let mesh = || [MESH.into()].into();
        Condition::Gateways(if gateways.is_empty() { mesh() } else { gateways.iter().map(short).collect() })
    }

    fn rule(&mut self, router: &TrafficRouter, route: &HttpRoute) -> Option<Rule> {
        let every = [HttpMatch::default()];
        let matches = if route.matches.is_empty() { every.as_slice() } else { &route.matches };
        let blocks = matches.iter().map(|block| self.block(router, block)).collect();
        Some(Rule { position: route.position, blocks, action: self.action(route)? })
    }

    fn action(&mut self, route: &HttpRoute) -> Option<Action> {
        let policy = Arc::new(route.policy.clone());
        let name = route.name.clone();
        let answer = match &route.action {
            RouteAction::Forward(destinations) => {
                let chain = |to: &spec::WeightedDestination| {
                    let headers = route.policy.headers.over(&to.headers);
                    let policy = if to.headers.is_empty() {
                        Arc::clone(&policy)
                    } else {
                        Arc::new(Policy { headers, ..route.policy.clone() })
                    };
                    (to.weight, self.chain(route.name.as_ref(), &to.destination, &policy))
                };
                return Split::new(destinations.iter().map(chain).collect()).map(Action::Split);
            }
            // What is missing here is told as what the router waits for.
            RouteAction::Delegate(_) => return None,
            RouteAction::Redirect(redirect) => {
                Answer::Redirect { route: name, redirect: Arc::new(redirect.clone()), policy }
            }
            RouteAction::Respond(response) => {
                Answer::Respond { route: name, response: Arc::new(response.clone()), policy }
            }
        };
        let number = self.next_answer();
        self.answers.push(Arc::new(answer));
        Some(Action::Answer(number))
    }

    fn next_answer(&self) -> u32 {
        u32::try_from(self.answers.len()).unwrap_or(u32::MAX)
    }

    /// A destination and its fallbacks, with an answer for each and one for when
    /// all of them are empty.
    fn chain(&mut self, route: Option<&String>, to: &spec::Destination, policy: &Arc<Policy>) -> Chain {
        let first = self.next_answer();
        let picked = Destination { host: to.host.clone(), subset: to.subset.clone(), port: to.port };
        let fallbacks = to.fallbacks.iter().map(|fallback| Destination {
            host: fallback.host.clone(),
            subset: fallback.subset.clone(),
            port: fallback.port,
        });
        let destinations: Vec<Destination> = std::iter::once(picked).chain(fallbacks).collect();
        let stops = destinations
            .iter()
            .map(|destination| Stop {
                host: HostName::new(&destination.host, self.namespace).as_str().into(),
                subset: destination.subset.as_deref().map(Into::into),
            })
            .collect();
        let empty =
            destinations.last().map(|last| Answer::Empty { host: last.host.clone(), subset: last.subset.clone() });
        let answers = destinations.into_iter().enumerate().map(|(step, destination)| Answer::To {
            route: route.cloned(),
            destination,
            fallback: step > 0,
            policy: Arc::clone(policy),
        });
        self.answers.extend(answers.chain(empty).map(Arc::new));
        Chain { first, stops }
    }

    /// A match block's conditions, the cheapest first.
    fn block(&self, router: &TrafficRouter, block: &HttpMatch) -> Block {
        let mut conditions = conditions(block);
        conditions.push(self.gateways(router, &block.gateways));
        conditions.sort_by_key(Condition::cost);
        let prefix = match &block.uri {
            None => Some(1),
            Some(Text::Prefix(prefix)) => Some(prefix.len()),
            Some(Text::Exact(_) | Text::Regex(_)) => None,
        };
        Block { conditions, prefix }
    }
}

/// The conditions of a match block but for its gateways, the cheapest first.
pub(super) fn conditions(block: &HttpMatch) -> Vec<Condition> {
    let mut conditions = Vec::new();
    conditions.extend(block.port.map(Condition::Port));
    conditions.extend(block.method.clone().map(Condition::Method));
    conditions.extend(block.scheme.clone().map(Condition::Scheme));
    let path = if block.ignore_uri_case { Condition::PathIgnoringCase } else { Condition::Path };
    conditions.extend(block.uri.as_ref().filter(|uri| !HttpMatch::is_every_uri(uri)).cloned().map(path));
    conditions.extend(block.authority.clone().map(Condition::Authority));
    conditions.extend(block.source_namespace.as_deref().map(|namespace| Condition::Namespace(namespace.into())));
    if !block.source_labels.is_empty() {
        conditions.push(Condition::Labels(block.source_labels.clone()));
    }
    let named = |(name, text): &(String, _)| Condition::Header(HeaderName::new(name), Clone::clone(text));
    conditions.extend(block.headers.iter().map(named));
    let missing = |(name, text): &(String, _)| Condition::WithoutHeader(HeaderName::new(name), Clone::clone(text));
    conditions.extend(block.without_headers.iter().map(missing));
    conditions.extend(block.query_params.iter().map(|(key, text)| Condition::Query(key.as_str().into(), text.clone())));
    let label = |(key, text): &(String, _)| Condition::Label(key.as_str().into(), Clone::clone(text));
    conditions.extend(block.label_texts.iter().map(label));
    let rpc = &block.rpc;
    if !rpc.services.is_empty() {
        conditions.push(Condition::Service(rpc.services.clone().into()));
    }
    if !rpc.methods.is_empty() {
        conditions.push(Condition::RpcMethod(rpc.methods.clone().into()));
    }
    let attached = |(key, text): &(String, _)| Condition::Attachment(key.as_str().into(), Clone::clone(text));
    conditions.extend(rpc.attachments.iter().map(attached));
    conditions.sort_by_key(Condition::cost);
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::colour::ColourKeys;
    use crate::route::condition::Home;
    use crate::route::workload::Workloads;
    use crate::route::{Discovery, Fleet, Instance, Moment, Request, Rolls};
    use crate::spec::Meta;
    use crate::spec::reader::{Notes, Object};
    use crate::spec::yaml;
    use crate::time::Tick;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read(name: &str, spec: &str) -> (TrafficRouter, Vec<Diagnostic>) {
        let identity = Identity { kind: "TrafficRouter".into(), namespace: "default".into(), name: name.into() };
        let meta = Meta { namespace: "default".into(), name: name.into(), ..Meta::default() };
        let node = yaml::documents(spec).remove(0).unwrap();
        let notes = Notes::new(identity, "");
        let router = TrafficRouter::read("TrafficRouter", &meta, Object::root(&node, &notes).unwrap());
        let (errors, warnings) = notes.into_parts();
        (router, errors.into_iter().chain(warnings).collect())
    }

    fn router(name: &str, spec: &str) -> Arc<TrafficRouter> {
        let (router, told) = read(name, spec);
        assert_eq!(told, [], "{spec}");
        Arc::new(router)
    }

    fn table(routers: &[Arc<TrafficRouter>]) -> (Table, Vec<String>) {
        let (table, shadowed) = route(routers, "default", 1, &Table::default(), &mut Lowered::default());
        (table, shadowed.into_iter().map(|diagnostic| format!("{} {}", diagnostic.name, diagnostic.field)).collect())
    }

    fn asked(table: &Table, discovery: &Discovery, request: &Request<'_>, roll: f64) -> Option<Answer> {
        let home = Home { namespace: "default", labels: &BTreeMap::new() };
        let fleet = discovery.fleet(&Workloads::default(), &Fleet::default());
        let moment = Moment { home, fleet: &fleet, colours: &ColourKeys::default(), now: Tick(0) };
        let id = table.route(request, &mut Rolls::given(&[roll]), &moment)?;
        Some((*table.answer(id).unwrap()).clone())
    }

    fn subset(answer: Option<Answer>) -> String {
        match answer {
            None => "none".into(),
            Some(Answer::To { destination, fallback, .. }) => {
                format!(
                    "{}{}",
                    destination.subset.unwrap_or(destination.host),
                    if fallback { " (fallback)" } else { "" }
                )
            }
            Some(other @ (Answer::Redirect { .. } | Answer::Respond { .. })) => format!("{other:?}"),
            Some(Answer::Empty { host, subset }) => format!("empty {host} {}", subset.unwrap_or_default()),
        }
    }

    const SPLIT: &str = "
hosts: [shop]
http:
- match: [{headers: {tag: {exact: v2}}}, {method: {exact: POST}, uri: {prefix: /pay}}]
  name: tagged
  route:
  - destination: {host: shop, subset: v2, port: {number: 80}, fallback: {subset: v1, fallback: {host: spare}}}
- route:
  - {destination: {host: shop, subset: v1}, weight: 90}
  - {destination: {host: shop, subset: v2}, weight: 10}
";

    #[test]
    fn blocks_are_or_and_fields_in_one_are_and() {
        let (table, shadowed) = table(&[router("a", SPLIT)]);
        assert!(shadowed.is_empty());
        let discovery = Discovery::default();
        let to = |request: &Request<'_>| subset(asked(&table, &discovery, request, 0.0));
        let tagged: &[(&str, &str)] = &[("Tag", "v2")];
        assert_eq!(to(&Request { headers: &tagged, ..Request::new("shop") }), "v2");
        assert_eq!(to(&Request { method: "POST", path: "/pay?x", ..Request::new("shop") }), "v2");
        assert_eq!(to(&Request { method: "POST", ..Request::new("shop") }), "v1");
        assert_eq!(to(&Request { path: "/pay", ..Request::new("shop") }), "v1");
        assert_eq!(subset(asked(&table, &discovery, &Request::new("shop"), 0.95)), "v2");
        assert_eq!(to(&Request::new("other")), "none");
        let answer = asked(&table, &discovery, &Request { headers: &tagged, ..Request::new("shop") }, 0.0);
        let destination = Destination { host: "shop".into(), subset: Some("v2".into()), port: Some(80) };
        let policy = Arc::default();
        assert_eq!(answer, Some(Answer::To { route: Some("tagged".into()), destination, fallback: false, policy }));
    }

    #[test]
    fn an_empty_subset_goes_down_its_chain() {
        let (table, _) = table(&[router("a", SPLIT)]);
        let mut discovery = Discovery::default();
        let tagged: &[(&str, &str)] = &[("tag", "v2")];
        let to = |discovery: &Discovery| {
            subset(asked(&table, discovery, &Request { headers: &tagged, ..Request::new("shop") }, 0.0))
        };
        let instance = |version: &str, healthy| Instance {
            id: version.into(),
            labels: BTreeMap::from([("version".into(), version.into())]),
            healthy,
            weight: 1,
            zone: None,
        };
        discovery.set("shop", vec![instance("v1", true), instance("v2", false)]);
        assert_eq!(to(&discovery), "v1 (fallback)");
        discovery.set("shop", vec![instance("v1", false)]);
        assert_eq!(to(&discovery), "spare (fallback)");
        discovery.set("spare", vec![]);
        assert_eq!(to(&discovery), "empty spare ");
        discovery.set("shop", vec![instance("v2", true)]);
        assert_eq!(to(&discovery), "v2");
    }

    #[test]
    fn of_two_routers_on_a_host_the_earlier_routes() {
        let spec = |subset| {
            format!("hosts: [shop, {subset}]\nhttp: [{{route: [{{destination: {{host: shop, subset: {subset}}}}}]}}]")
        };
        let mut late = (*router("a", &spec("late"))).clone();
        late.meta.creation_timestamp = "2024-05-02T00:00:00Z".into();
        late.hosts = vec!["late".into(), "shop.default.svc".into()];
        let mut early = (*router("b", &spec("early"))).clone();
        early.meta.creation_timestamp = "2024-05-01T00:00:00Z".into();
        let (table, shadowed) = table(&[Arc::new(late), Arc::new(early)]);
        assert_eq!(shadowed, ["a spec.hosts[1]"]);
        let discovery = Discovery::default();
        assert_eq!(subset(asked(&table, &discovery, &Request::new("shop"), 0.0)), "early");
        assert_eq!(subset(asked(&table, &discovery, &Request::new("late"), 0.0)), "late");
    }

    #[test]
    fn what_stands_behind_a_catch_all_is_shadowed() {
        let to = "route: [{destination: {host: shop}}]";
        for catch_all in
            ["", "match: [{}], ", "match: [{port: 1}, {uri: {prefix: /}}], ", "match: [{uri: {regex: '.*'}}], "]
        {
            let spec = format!(
                "hosts: ['*']\nhttp: [{{match: [{{port: 1}}], {to}}}, {{{catch_all}{to}}}, {{{to}}}, {{{to}}}]"
            );
            assert_eq!(table(&[router("a", &spec)]).1, ["a spec.http[2]", "a spec.http[3]"], "{spec}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        let to = "route: [{destination: {host: a}}]";
        for (spec, field) in [
            (format!("hosts: ['']\nhttp: [{{{to}}}]"), "hosts[0]"),
            ("hosts: [a]".into(), "http"),
            ("hosts: [a]\nhttp: []".into(), "http"),
            (format!("hosts: [a, 'b*c']\nhttp: [{{{to}}}]"), "hosts[1]"),
            (format!("hosts: [a]\nhttp: [{{match: [{{uri: {{exact: a, prefix: b}}}}], {to}}}]"), "http[0].match[0].uri"),
            (format!("hosts: [a]\nhttp: [{{match: [{{uri: {{suffix: a}}}}], {to}}}]"), "http[0].match[0].uri"),
            (format!("hosts: [a]\nhttp: [{{match: [{{uri: /a}}], {to}}}]"), "http[0].match[0].uri"),
            (format!("hosts: [a]\nhttp: [{{match: [{{method: {{prefix: ''}}}}], {to}}}]"), "http[0].match[0].method.prefix"),
            (format!("hosts: [a]\nhttp: [{{match: [{{uri: {{regex: ''}}}}], {to}}}]"), "http[0].match[0].uri.regex"),
            (format!("hosts: [a]\nhttp: [{{match: [{{headers: {{x: {{regex: '('}}}}}}], {to}}}]"), "http[0].match[0].headers.x.regex"),
            (format!("hosts: [a]\nhttp: [{{match: [{{uri: {{regex: '*'}}}}], {to}}}]"), "http[0].match[0].uri.regex"),
            (format!("hosts: [a]\nhttp: [{{match: [{{port: 0}}], {to}}}]"), "http[0].match[0].port"),
            ("hosts: [a]\nhttp: [{name: x}]".into(), "http[0].route"),
            ("hosts: [a]\nhttp: [{route: [{}]}]".into(), "http[0].route[0].destination"),
            ("hosts: [a]\nhttp: [{route: [{destination: {subset: v1}}]}]".into(), "http[0].route[0].destination.host"),
            ("hosts: [a]\nhttp: [{route: [{destination: {host: '*.b'}}]}]".into(), "http[0].route[0].destination.host"),
            ("hosts: [a]\nhttp: [{route: [{destination: {host: a}, weight: -1}]}]".into(), "http[0].route[0].weight"),
            ("hosts: [a]\nhttp: [{route: [{destination: {host: a}}, {destination: {host: b}, weight: 0}]}]".into(), "http[0].route"),
            ("hosts: [a]\nhttp: [{route: [{destination: {host: a, subset: b, fallback: {subset: c, fallback: {host: a.default.svc, subset: b}}}}]}]".into(), "http[0].route[0].destination.fallback.fallback"),
            ("hosts: [a]\nhttp: [{route: [{destination: {host: a, fallback: {subset: b, fallback: {subset: c, fallback: {subset: d, fallback: {subset: e, fallback: {subset: f}}}}}}}]}]".into(), "http[0].route[0].destination.fallback.fallback.fallback.fallback.fallback"),
        ] {
            let told: Vec<String> = read("a", &spec).1.into_iter().map(|diagnostic| diagnostic.field).collect();
            assert!(told.contains(&field.to_owned()), "{spec}: {told:?}");
        }
    }

    #[test]
    fn a_regex_mistake_says_where_and_what() {
        let (_, told) =
            read("a", "hosts: [a]\nhttp: [{match: [{uri: {regex: '/a(?=b)'}}], route: [{destination: {host: a}}]}]");
        assert_eq!(
            told[0].message,
            "TrafficRouter \"a\", http[0].match[0].uri.regex: found the regular expression \"/a(?=b)\" with `(?=` at \
             character 3, expected one of `(?:`, `(?P<name>`, `(?<name>` and the flags i, m, s, U: RE2 does not look around"
        );
    }

    proptest! {
        #[test]
        fn no_document_and_no_request_panics(
            text in "hosts: \\[[a-c.*, ']{0,12}\\]\nhttp:\n- match: \\[\\{(uri|method|headers|port): .{0,24}\\}\\]\n  route: .{0,40}",
            host in "\\PC{0,12}",
            path in "\\PC{0,12}",
        ) {
            for node in yaml::documents(&text).into_iter().flatten() {
                let notes = Notes::new(Identity::default(), "");
                let Some(root) = Object::root(&node, &notes) else { continue };
                let router = TrafficRouter::read("TrafficRouter", &Meta::default(), root);
                let (table, _) = table(&[Arc::new(router)]);
                let _ = asked(&table, &Discovery::default(), &Request { path: &path, ..Request::new(&host) }, 0.5);
            }
        }
    }
}
