//! Times that an earlier one cuts off.

use super::limits::unitless;
use super::{Documents, Told};
use crate::matcher::{HostName, Text};
use crate::spec::code::Code;
use crate::spec::strategy::{Bad, StrategySpec};
use crate::spec::traffic_router::{HttpMatch, HttpRoute, TrafficRouter};
use crate::time::Span;
use std::collections::BTreeMap;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    for router in documents.routers.iter().filter(|router| router.document.kind != "RouterRule") {
        for route in &router.document.http {
            let Some(timeout) = route.policy.timeout else { continue };
            let path = format!("spec.http[{}]", route.position);
            let position = route.position.to_string();
            if timeout < Span::from_millis(100)
                && unitless(router.reading, &["spec", "http", &position, "timeout"], told)
            {
                continue;
            }
            let mut tell = |field: &str, what: &str, time: Option<Span>| {
                if let Some(time) = time.filter(|time| *time > timeout) {
                    let found = format!("{what} of {time}, where the route's timeout of {timeout} is over before");
                    let expected = format!("less than the {timeout} that a request may take");
                    told.tell(router.reading, Code::LateTimeout, &format!("{path}.{field}"), &found, &expected);
                }
            };
            tell("retries.perTryTimeout", "a time for each try", route.policy.retries.per_try_timeout);
            let delay = route.policy.fault.delay.as_ref().map(|delay| delay.fixed_delay);
            tell("fault.delay.fixedDelay", "a delay", delay);
        }
    }
    rules(documents, told);
}

/// Tells of breakers and queues of an app whose routes end a request before.
fn rules(documents: &Documents<'_>, told: &mut Told) {
    let mut routers: BTreeMap<(&str, String), &TrafficRouter> = BTreeMap::new();
    for router in documents.routers.iter().map(|router| router.document) {
        for host in &router.hosts {
            let name = HostName::new(host, &router.meta.namespace).as_str().to_owned();
            routers.entry((&router.meta.namespace, name)).or_insert(router);
        }
    }
    if routers.is_empty() {
        return;
    }
    let strategies: BTreeMap<_, _> = documents
        .strategies
        .iter()
        .map(|strategy| ((&*strategy.document.meta.namespace, &*strategy.document.meta.name), strategy.document))
        .collect();
    for rule in &documents.rules {
        let document = rule.document;
        let namespace = document.meta.namespace.as_str();
        let Some(app) = &document.app else { continue };
        let Some(router) = routers.get(&(namespace, app.to_ascii_lowercase())) else { continue };
        let ends = document.targets.iter().filter_map(|target| {
            let route = route_of(router, target)?;
            Some((target, route.position, route.policy.timeout?))
        });
        let Some((target, position, timeout)) = ends.min_by_key(|(.., timeout)| *timeout) else { continue };
        for (i, named) in document.strategies.iter().enumerate() {
            let Some(strategy) = strategies.get(&(namespace, &*named.name)) else { continue };
            let (what, time) = match &*strategy.spec {
                StrategySpec::CircuitBreaker(breaker) => match breaker.bad {
                    Bad::SlowerThan(time) => ("for which only what takes longer is slow", time),
                    Bad::Error => continue,
                },
                StrategySpec::Throttling(throttling) => ("which lets a request wait as long", throttling.queue_timeout),
                _ => continue,
            };
            if time < timeout || named.kind.is_some_and(|kind| kind != strategy.spec.kind()) {
                continue;
            }
            let found = format!(
                "{} {:?} with {time}, {what}, where {} {:?} ends {target:?} after {timeout} (spec.http[{position}].timeout)",
                strategy.spec.kind(),
                named.name,
                router.kind,
                router.meta.name
            );
            let expected = format!("less than {timeout} in the strategy, or a longer timeout");
            told.tell(rule.reading, Code::LateTimeout, &format!("spec.strategies[{i}].name"), &found, &expected);
        }
    }
}

/// The first route that takes requests of this name whatever else they are.
fn route_of<'r>(router: &'r TrafficRouter, target: &str) -> Option<&'r HttpRoute> {
    let (method, path) = match target.split_once(':') {
        Some((method, path)) => (Some(method), path),
        None => (None, target),
    };
    let takes = |block: &HttpMatch| {
        let uri = block.uri.as_ref().is_none_or(|uri| match uri {
            Text::Exact(exact) => **exact == *path,
            Text::Prefix(prefix) => path.starts_with(&**prefix),
            Text::Regex(pattern) => pattern.is_match(path),
        });
        let of_method = match (&block.method, method) {
            (None, _) => true,
            (Some(text), Some(method)) => text.matches(method),
            (Some(_), None) => false,
        };
        let rest = HttpMatch { uri: None, method: None, ..block.clone() };
        uri && of_method && rest.is_catch_all()
    };
    let mut routes = router.http.iter().filter(|_| path.starts_with('/'));
    routes.find(|route| route.matches.is_empty() || route.matches.iter().any(takes))
}
