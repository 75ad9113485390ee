//! Reading `spec.http[i]`.

use super::{
    Delegate, HttpRoute, RouteAction, WeightedDestination, action, cors, destination, headers, matches, resilience,
};
use crate::policy::Policy;
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};

/// Reads one route.
pub(super) fn route(position: usize, field: &Field<'_>, namespace: &str) -> Option<HttpRoute> {
    let mut entry = field.object()?;
    let name = entry.take("name").filled("a name");
    let blocks = entry.take("match").list().unwrap_or_default();
    let matches = blocks.iter().filter_map(matches::block).collect();
    let policy = Policy {
        timeout: resilience::timeout(&entry.take("timeout")),
        retries: resilience::retries(&entry.take("retries")),
        headers: headers::read(&entry.take("headers")),
        cors: cors::read(&entry.take("corsPolicy")),
        rewrite: action::rewrite(&entry.take("rewrite")),
        fault: resilience::fault(&entry.take("fault")),
        mirrors: resilience::mirrors(&mut entry, namespace),
    };
    let has_one_mirror = entry.take("mirror").is_present();
    let action = route_action(&mut entry, namespace);
    entry.finish();
    Some(HttpRoute { position, name, matches, action: action?, policy, has_one_mirror })
}

/// Reads what becomes of the request: one of `route`, `redirect` and
/// `directResponse`, of which the latter two send nothing on.
fn route_action(entry: &mut Object<'_>, namespace: &str) -> Option<RouteAction> {
    let [redirect, response] = ["redirect", "directResponse"].map(|key| entry.take(key));
    let delegated = entry.take("delegate");
    if delegated.is_present() {
        let beside = ["route", "redirect", "directResponse"].into_iter().find(|key| entry.take(key).is_present());
        if let Some(beside) = beside {
            entry.wrong(
                Code::ConflictingFields,
                &format!("delegate beside {beside}"),
                "delegate alone: the other router says what becomes of it",
            );
        }
        return delegate(&delegated, namespace).map(RouteAction::Delegate);
    }
    let route = entry.take("route");
    let answers =
        [("redirect", &redirect), ("directResponse", &response)].into_iter().filter(|(_, field)| field.is_present());
    let answers: Vec<&str> = answers.map(|(key, _)| key).collect();
    let sent = ["route", "fault", "rewrite"].into_iter().filter(|key| entry.take(key).is_present());
    let sent: Vec<&str> = sent.collect();
    match (answers.as_slice(), sent.as_slice()) {
        ([], _) => {}
        ([_], []) => {}
        ([answer], [beside, ..]) => entry.wrong(
            Code::ConflictingFields,
            &format!("{answer} beside {beside}"),
            &format!("{answer} alone: such a request is sent nowhere"),
        ),
        _ => entry.wrong(Code::ConflictingFields, "redirect beside directResponse", "one of them"),
    }
    let redirected = action::redirect(&redirect).map(RouteAction::Redirect);
    let responded = action::direct_response(&response).map(RouteAction::Respond);
    if answers.is_empty() || route.is_present() {
        return Some(RouteAction::Forward(destinations(&route.required(), namespace)));
    }
    redirected.or(responded)
}

fn delegate(field: &Field<'_>, namespace: &str) -> Option<Delegate> {
    let mut entry = field.object()?;
    let name = entry.take("name").required().filled("the name of a TrafficRouter");
    let other = entry.take("namespace").filled("a namespace");
    entry.finish();
    Some(Delegate { name: name?, namespace: other.unwrap_or_else(|| namespace.to_owned()) })
}

/// Reads weighted destinations.
pub(super) fn destinations(list: &Field<'_>, namespace: &str) -> Vec<WeightedDestination> {
    let items = list.filled_list("a list of destinations").unwrap_or_default();
    let route: Vec<WeightedDestination> = items.iter().filter_map(|field| weighted(field, namespace)).collect();
    if route.len() > 1 && route.iter().all(|to| to.weight == 0) {
        list.tell(
            Code::ZeroWeights,
            "several destinations, none of which has a weight",
            "a weight over 0 for at least one of them",
        );
    }
    route
}

fn weighted(field: &Field<'_>, namespace: &str) -> Option<WeightedDestination> {
    let mut entry = field.object()?;
    let destination = destination::read(&entry.take("destination").required(), namespace);
    let weight = entry.take("weight").integer(0..=i32::MAX as u64).unwrap_or(0);
    let headers = headers::read(&entry.take("headers"));
    entry.finish();
    Some(WeightedDestination { destination: destination?, weight: u32::try_from(weight).unwrap_or(0), headers })
}
