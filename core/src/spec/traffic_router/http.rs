//! Reading `spec.http[i]`.

use super::{HttpRoute, WeightedDestination, destination, matches, not_enforced};
use crate::spec::reader::Field;

/// What a route can do beside sending the request on.
const NOT_ENFORCED: [&str; 14] = [
    "redirect",
    "delegate",
    "directResponse",
    "rewrite",
    "timeout",
    "retries",
    "fault",
    "mirror",
    "mirrorPercent",
    "mirror_percent",
    "mirrorPercentage",
    "mirrors",
    "corsPolicy",
    "headers",
];

/// Reads one route.
pub(super) fn route(field: &Field<'_>, namespace: &str) -> Option<HttpRoute> {
    let mut entry = field.object()?;
    let name = entry.take("name").filled("a name");
    let blocks = entry.take("match").list().unwrap_or_default();
    let matches = blocks.iter().filter_map(matches::block).collect();
    for key in NOT_ENFORCED {
        not_enforced(&entry.take(key));
    }
    let list = entry.take("route").required();
    let route: Vec<WeightedDestination> = list
        .filled_list("a list of destinations")
        .unwrap_or_default()
        .iter()
        .filter_map(|field| weighted(field, namespace))
        .collect();
    if route.len() > 1 && route.iter().all(|to| to.weight == 0) {
        list.mistake("several destinations, none of which has a weight", "a weight over 0 for at least one of them");
    }
    entry.finish();
    Some(HttpRoute { name, matches, route })
}

fn weighted(field: &Field<'_>, namespace: &str) -> Option<WeightedDestination> {
    let mut entry = field.object()?;
    let destination = destination::read(&entry.take("destination").required(), namespace);
    let weight = entry.take("weight").integer(0..=i32::MAX as u64).unwrap_or(0);
    not_enforced(&entry.take("headers"));
    entry.finish();
    Some(WeightedDestination { destination: destination?, weight: u32::try_from(weight).unwrap_or(0) })
}
