//! The routes of a router: those that are never reached, weights, and what is
//! done to no request.

use super::implied::takes;
use super::{Documents, Good, Told, at};
use crate::policy::Abort;
use crate::route::condition::MESH;
use crate::spec::code::Code;
use crate::spec::traffic_router::{HttpMatch, HttpRoute, RouteAction, TrafficRouter, WeightedDestination};

/// How many blocks of earlier routes each is compared with.
const COMPARED: usize = 512;
/// Shares that add up to no more than this are relative: 1 and 3, 9 and 1.
const SMALL: u64 = 20;

pub(super) fn lint(documents: &Documents<'_>, told: &mut Told) {
    for router in &documents.routers {
        unreachable(*router, told);
        // A RouterRule has its targets and matches elsewhere.
        if router.document.kind == "RouterRule" {
            continue;
        }
        for route in &router.document.http {
            let path = format!("spec.http[{}]", route.position);
            if let RouteAction::Forward(destinations) = &route.action {
                let position = route.position.to_string();
                weights(*router, destinations, &path, &["spec", "http", &position], told);
            }
            nobody(*router, route, &path, told);
        }
        for (protocol, routes) in [("tls", &router.document.tls), ("tcp", &router.document.tcp)] {
            for (i, route) in routes.iter().enumerate() {
                let keys = ["spec", protocol, &i.to_string()];
                weights(*router, &route.route, &format!("spec.{protocol}[{i}]"), &keys, told);
            }
        }
    }
}

/// Tells of routes all of whose requests earlier ones take.
fn unreachable(router: Good<'_, TrafficRouter>, told: &mut Told) {
    let TrafficRouter { http, gateways, .. } = router.document;
    let every = [HttpMatch::default()];
    let blocks = |route: &HttpRoute| if route.matches.is_empty() { every.to_vec() } else { route.matches.clone() };
    let mesh = [MESH.to_owned()];
    let reach = |block: &HttpMatch| match (block.gateways.as_slice(), gateways.as_slice()) {
        ([], []) => mesh.to_vec(),
        ([], own) | (own, _) => own.to_vec(),
    };
    // What a delegate takes is known only beside the other router.
    let mut earlier: Vec<(usize, HttpMatch, Vec<String>)> = Vec::new();
    for route in http {
        let is_whole = |block: &HttpMatch| {
            let gateways = reach(block);
            let mut wide = earlier.iter().take(COMPARED);
            wide.find(|(_, wide, reach)| takes(wide, reach, block, &gateways)).map(|(position, ..)| *position)
        };
        let all = blocks(route);
        let takers: Option<Vec<usize>> = all.iter().map(is_whole).collect();
        if let Some(mut takers) = takers
            && takers.iter().all(|taker| *taker != route.position)
        {
            takers.sort_unstable();
            takers.dedup();
            let names: Vec<String> = takers.iter().map(|taker| format!("spec.http[{taker}]")).collect();
            let found = format!("a route all of whose requests {} takes before it", names.join(" or "));
            let expected = "the narrower route first";
            told.tell(
                router.reading,
                Code::UnreachableRoute,
                &format!("spec.http[{}]", route.position),
                &found,
                expected,
            );
        }
        // Behind a catch-all every route is told of already.
        if route.is_catch_all() {
            return;
        }
        if !matches!(route.action, RouteAction::Delegate(_)) {
            earlier.extend(all.into_iter().map(|block| {
                let reach = reach(&block);
                (route.position, block, reach)
            }));
        }
    }
}

fn weights(
    router: Good<'_, TrafficRouter>,
    destinations: &[WeightedDestination],
    path: &str,
    keys: &[&str],
    told: &mut Told,
) {
    let written = |j: usize| {
        let index = j.to_string();
        let keys: Vec<&str> = keys.iter().copied().chain(["route", &index, "weight"]).collect();
        at(router.reading, &keys).is_some_and(|node| !node.is_null())
    };
    let code = Code::OddWeights;
    if let [only] = destinations {
        if only.weight != 100 && written(0) {
            let found = format!("{} for the only destination, which gets every request", only.weight);
            let expected = "another destination for the rest, or no weight";
            told.tell(router.reading, code, &format!("{path}.route[0].weight"), &found, expected);
        }
        return;
    }
    let total: u64 = destinations.iter().map(|to| u64::from(to.weight)).fold(0, u64::saturating_add);
    for (j, _) in destinations.iter().enumerate().filter(|(_, to)| to.weight == 0) {
        if !written(j) {
            let left = 100u64.saturating_sub(total);
            let found = "a destination without a weight beside others that have one: it gets nothing";
            let expected = match left {
                0 => "a weight".to_owned(),
                left => format!("a weight, such as the {left} that are left to 100"),
            };
            told.tell(router.reading, code, &format!("{path}.route[{j}].weight"), found, &expected);
            return;
        }
    }
    let is_even = destinations.windows(2).all(|pair| matches!(pair, [a, b] if a.weight == b.weight));
    if total > SMALL && !matches!(total, 100 | 1000 | 10_000) && !is_even {
        let shares = destinations.iter().map(|to| share(to.weight, total)).collect::<Vec<_>>().join(", ");
        let found = format!("weights that add up to {total}: they are relative, which makes {shares}");
        told.tell(router.reading, code, &format!("{path}.route"), &found, "weights that add up to 100");
    }
}

/// A share in percent, with one decimal.
fn share(weight: u32, total: u64) -> String {
    let tenths = u64::from(weight).saturating_mul(1000).saturating_add(total / 2).checked_div(total).unwrap_or(0);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Tells of faults and mirrors for no request at all.
fn nobody(router: Good<'_, TrafficRouter>, route: &HttpRoute, path: &str, told: &mut Told) {
    let mut tell = |field: String, found: &str| {
        told.tell(router.reading, Code::NoEffect, &field, found, "a percentage over 0, such as percentage: {value: 5}");
    };
    let fault = &route.policy.fault;
    if fault.abort.as_ref().map(Abort::percentage).is_some_and(|share| share.value() <= 0.0) {
        tell(format!("{path}.fault.abort.percentage"), "an abort of 0% of the requests, as without a percentage");
    }
    if fault.delay.as_ref().is_some_and(|delay| delay.percentage.value() <= 0.0) {
        tell(format!("{path}.fault.delay.percentage"), "a delay of 0% of the requests, as without a percentage");
    }
    for (k, mirror) in route.policy.mirrors.iter().enumerate() {
        if mirror.percentage.value() <= 0.0 {
            let field = match route.has_one_mirror {
                true => format!("{path}.mirrorPercentage"),
                false => format!("{path}.mirrors[{k}].percentage"),
            };
            tell(field, "a mirror of 0% of the requests");
        }
    }
}
