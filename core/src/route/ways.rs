//! The ways that a request may go: the destinations that share it, the fallbacks
//! of each, and the instances that could take it.

use super::pool::Endpoint;
use super::rule::{Action, Router, Rule};
use super::split::{Chain, Stop};
use super::workload::lane_of;
use super::{Answer, Destination, Moment, Request};
use serde::Serialize;
use std::fmt;

/// How many instances of a host or subset are told of.
const MAX_INSTANCES: usize = 1000;

/// One of the destinations that share the requests of a route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// Its share of all requests, from 0 to 1.
    pub share: f64,
    /// The destination and its fallbacks, in the order in which they are looked
    /// at.
    pub stops: Vec<WayStop>,
    /// The index of the stop that requests go to; `None` where none of them has
    /// an instance.
    pub taken: Option<usize>,
}

/// A destination or fallback, and who could serve there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WayStop {
    /// Where, as the rule writes it.
    pub destination: Destination,
    /// Whether discovery has named the host. One that it has not is not judged.
    pub known: bool,
    /// Whether the request may go there.
    pub serves: bool,
    /// Its instances by id, the first 1,000 of them.
    pub instances: Vec<Candidate>,
}

/// An instance that could take the request, or why it can't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its weight among its like.
    pub weight: u32,
    /// Its zone.
    pub zone: Option<String>,
    /// Why the request can't go there: `unhealthy`, `ejected`, `no weight`, `of
    /// the lane gray`, `of no lane`; `None` where it can.
    pub barred: Option<String>,
}

/// `1 of 3 instances can take it`.
impl fmt::Display for WayStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.instances.iter().filter(|instance| instance.barred.is_none()).count();
        match (self.known, self.instances.len()) {
            (false, _) => f.write_str("its instances are not known, so it counts as having some"),
            (true, 0) => f.write_str("it has no instances"),
            (true, 1) => {
                f.write_str(if open == 1 { "its one instance can take it" } else { "its one instance can't take it" })
            }
            (true, all) if open == all => write!(f, "all of its {all} instances can take it"),
            (true, all) => write!(
                f,
                "{} of {all} instances can take it",
                if open == 0 { "none".to_owned() } else { open.to_string() }
            ),
        }
    }
}

/// The ways of a request that goes by this route; none where the route itself
/// answers.
pub(super) fn ways(router: &Router, rule: &Rule, request: &Request<'_>, moment: &Moment<'_>) -> Vec<Way> {
    let Action::Split(split) = &rule.action else { return Vec::new() };
    let way = |(share, chain): (f64, &Chain)| {
        let numbers = chain.first..;
        let stops = chain.stops.iter().zip(numbers).map(|(stop, number)| {
            let destination = match router.answer(number).map(|answer| &**answer) {
                Some(Answer::To { destination, .. }) => destination.clone(),
                _ => Destination::default(),
            };
            look(stop, destination, request, moment)
        });
        let stops: Vec<WayStop> = stops.collect();
        Way { share, taken: stops.iter().position(|stop| stop.serves), stops }
    };
    split.shares().map(way).collect()
}

fn look(stop: &Stop, destination: Destination, request: &Request<'_>, moment: &Moment<'_>) -> WayStop {
    let subset = stop.subset.as_deref();
    let Some(host) = moment.fleet.host(&stop.host) else {
        return WayStop { destination, known: false, serves: true, instances: Vec::new() };
    };
    let members = host.members(subset, || moment.colour(request), moment.now);
    let serves = members.iter().any(|(_, may_serve)| *may_serve);
    let heaviest = members.iter().map(|(member, _)| member.instance.weight).max().unwrap_or(0);
    let candidate = |(member, may_serve): &(&crate::sync::Arc<Endpoint>, bool)| Candidate {
        id: member.instance.id.clone(),
        weight: member.instance.weight,
        zone: member.instance.zone.clone(),
        barred: (!may_serve).then(|| bar(member, heaviest, moment)),
    };
    WayStop { destination, known: true, serves, instances: members.iter().take(MAX_INSTANCES).map(candidate).collect() }
}

/// Why a request can't go to an instance.
fn bar(endpoint: &Endpoint, heaviest: u32, moment: &Moment<'_>) -> String {
    if !endpoint.instance.healthy {
        return "unhealthy".to_owned();
    }
    if endpoint.health.is_ejected(moment.now) {
        return "ejected".to_owned();
    }
    if endpoint.instance.weight == 0 && heaviest > 0 {
        return "no weight".to_owned();
    }
    match lane_of(&endpoint.instance.labels) {
        Some(lane) => format!("of the lane {lane}"),
        None => "of no lane".to_owned(),
    }
}
