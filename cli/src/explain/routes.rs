//! Where one request would go.

use super::audience::Audience;
use super::request::Requesting;
use crate::print::pretty;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use sergo::policy::Retries;
use sergo::route::{Destination, Effects, RouteExplanation, RouteMiss, Way};
use sergo::{Answer, CallOutcome, Directions, Engine, Pick, Request, Rolls, Tick};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Beside the request: what is known of where it may go.
#[derive(Args)]
#[command(next_help_heading = "Its instance")]
pub(crate) struct Picking {
    /// The instances of hosts, in YAML or JSON: {HOST: [{id, labels, healthy, weight, zone}]}
    #[arg(long, value_name = "FILE", requires = "route", conflicts_with = "label")]
    pub(crate) instances: Option<PathBuf>,
    /// The random number from 0 to 1 to pick with; several are used in the order destination, abort, delay, each mirror, instance
    #[arg(long = "roll", value_name = "NUMBER", value_parser = roll, requires = "route", conflicts_with = "label")]
    rolls: Vec<f64>,
}

fn roll(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a roll is a number of at least 0 and below 1")?;
    if (0.0..1.0).contains(&number) {
        Ok(number)
    } else {
        Err("a roll is a number of at least 0 and below 1".to_owned())
    }
}

/// Where the request goes, and by which route.
#[derive(Serialize)]
struct Told {
    /// The kind and name of the host's router.
    router: Option<String>,
    /// The index of the route that matches.
    position: Option<usize>,
    /// The routes before it, and why they do not.
    misses: Vec<RouteMiss>,
    ways: Vec<Going>,
    /// What the request with this key or roll gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    picked: Option<Picked>,
}

/// One of the ways that the request may go.
#[derive(Serialize)]
struct Going {
    /// How many of all requests like it go so, from 0 to 1.
    share: f64,
    /// The destination and its fallbacks, and their instances.
    #[serde(flatten)]
    way: Option<Stops>,
    /// Of the requests that go so, the share that each instance gets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    instances: BTreeMap<String, f64>,
    /// What is done with it. Faults and mirrors stand here with their
    /// percentages, not drawn.
    #[serde(flatten)]
    directions: Directions,
}

#[derive(Serialize)]
struct Stops {
    stops: Vec<sergo::route::WayStop>,
    taken: Option<usize>,
}

/// Where one request goes.
#[derive(Serialize)]
struct Picked {
    destination: Option<Destination>,
    instance: Option<String>,
    #[serde(skip)]
    text: String,
}

/// How many numbers the shares of instances are found by.
const ROLLS: u32 = 10_000;

/// Explains where the request goes.
pub(crate) fn explain(engine: &Engine, asked: &Requesting, how: &Picking, audience: &Audience, json: bool) -> String {
    asked.with(|request| explain_request(engine, request, how, audience, json))
}

fn explain_request(engine: &Engine, request: &Request<'_>, how: &Picking, audience: &Audience, json: bool) -> String {
    let explanation = engine.explain_route(request, &mut Rolls::given(&how.rolls), Tick(0));
    let reasons = explanation.reasons();
    let RouteExplanation { router, misses, position, directions, ways, .. } = explanation;
    let anyone = Request { hash: None, ..*request };
    let has_instances = how.instances.is_some();
    let goings = match (&router, directions) {
        (None, _) => whole(engine, &anyone).into_iter().collect(),
        (Some(_), None) => Vec::new(),
        (Some(_), Some(directions)) if ways.is_empty() => {
            vec![Going { share: 1.0, way: None, instances: BTreeMap::new(), directions }]
        }
        (Some(_), Some(_)) => goings(engine, &anyone, ways, has_instances),
    };
    let picked = (!how.rolls.is_empty() || request.hash.is_some()).then(|| picked(engine, request, how));
    if json {
        return pretty(&Told { router, position, misses, ways: goings, picked });
    }
    let head = match request.rpc {
        Some(rpc) => format!("the call {}.{} to {}", rpc.service, rpc.method, request.host),
        None => format!("{} {}{}", request.method, request.host, request.path),
    };
    let mut text: String = goings.iter().map(|going| told(going, has_instances)).collect();
    if goings.is_empty() {
        text += "  nowhere: no route is for it\n";
    }
    let picked = picked.map(|picked| format!("\n  {}\n", picked.text)).unwrap_or_default();
    let hosts = if router.is_none() { audience.nearest_hosts(request.host) } else { String::new() };
    let namespace = &audience.config.namespace;
    let known = match &how.instances {
        Some(path) => format!(", with the instances of {}", path.display()),
        None if router.is_none() => String::new(),
        None => ". Which instances there are is not known here:\n\
                 every host and subset counts as having some, so no fallback is taken"
            .to_owned(),
    };
    format!("{head}\n\n{text}{picked}\n{reasons}{hosts}\nBy the routers of the namespace {namespace}{known}.\n")
}

/// The ways of a route, with what is done on each.
fn goings(engine: &Engine, request: &Request<'_>, ways: Vec<Way>, has_instances: bool) -> Vec<Going> {
    let mut before = 0.0;
    let going = |Way { share, stops, taken }: Way| {
        let roll = before + share / 2.0;
        before += share;
        let mut directions = engine.direct(request, &mut Rolls::given(&[roll]), Tick(0))?;
        if let Answer::To { policy, .. } = &*directions.answer {
            let (fault, mirrors) = (policy.fault.clone(), policy.mirrors.clone());
            directions.effects = Effects { fault, mirrors, ..directions.effects };
        }
        let is_alone = share >= 1.0;
        let instances =
            if has_instances { instances(engine, request, (!is_alone).then_some(roll)) } else { BTreeMap::new() };
        Some(Going { share, way: Some(Stops { stops, taken }), instances, directions })
    };
    ways.into_iter().filter_map(going).collect()
}

/// The way to a host that no router names, but of which instances are known.
fn whole(engine: &Engine, request: &Request<'_>) -> Option<Going> {
    let directions = pick(engine, request, &[])?.directions;
    Some(Going { share: 1.0, way: None, instances: instances(engine, request, None), directions })
}

/// The share that each instance gets of the requests that go the way of a roll.
fn instances(engine: &Engine, request: &Request<'_>, way: Option<f64>) -> BTreeMap<String, f64> {
    let mut shares = BTreeMap::new();
    for number in 0..ROLLS {
        let last = (f64::from(number) + 0.5) / f64::from(ROLLS);
        let rolls: Vec<f64> = way.into_iter().chain([last]).collect();
        if let Some(endpoint) = pick(engine, request, &rolls).and_then(|pick| pick.endpoint) {
            *shares.entry(endpoint.instance.id.clone()).or_insert(0.0) += 1.0 / f64::from(ROLLS);
        }
    }
    shares
}

/// Picks as for a request that is over at once, so that none is in flight when
/// the next one is asked about.
fn pick(engine: &Engine, request: &Request<'_>, rolls: &[f64]) -> Option<Pick> {
    let pick = engine.pick(request, &mut Rolls::given(rolls), Tick(0))?;
    if let (Some(endpoint), Answer::To { destination, .. }) = (&pick.endpoint, &*pick.directions.answer) {
        engine.report(&destination.host, &endpoint.instance.id, CallOutcome::Cancelled, Tick(0));
    }
    Some(pick)
}

/// Where the request goes with the key or roll that was given.
fn picked(engine: &Engine, request: &Request<'_>, how: &Picking) -> Picked {
    let by = match (request.hash, how.rolls.as_slice()) {
        (Some(key), _) => format!("the key {key}"),
        (None, [roll]) => format!("the roll {roll}"),
        (None, rolls) => format!("the rolls {}", rolls.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")),
    };
    let pick = pick(engine, request, &how.rolls);
    let instance = pick.as_ref().and_then(|pick| pick.endpoint.as_ref()).map(|endpoint| endpoint.instance.id.clone());
    let answer = pick.map(|pick| pick.directions.answer);
    let destination = match answer.as_deref() {
        Some(Answer::To { destination, .. }) => Some(destination.clone()),
        _ => None,
    };
    let place = answer.map_or_else(|| "nowhere".to_owned(), |answer| answer.to_string());
    let whom = instance.as_ref().map(|id| format!(", to the instance {id}")).unwrap_or_default();
    Picked { destination, text: format!("With {by}: {place}{whom}"), instance }
}

/// A way in words: where to, then a line for each thing that is done.
fn told(going: &Going, has_instances: bool) -> String {
    let answer = &*going.directions.answer;
    let mut text = format!("  {:>6}  {answer}\n", percent(going.share));
    if let Some(stops) = &going.way {
        text += &if has_instances { stops_told(stops, &going.instances) } else { fallbacks_told(stops) };
    } else {
        let shares = going.instances.iter().map(|(id, share)| format!("            {id}  {}\n", percent(*share)));
        text.extend(shares);
    }
    let Ok(Value::Object(parts)) = serde_json::to_value(&going.directions) else { return text };
    let is_default = |key: &str| key == "retries" && has_default_retries(answer);
    let said = ["route", "destination", "fallback", "varies", "empty"];
    for (key, value) in parts.iter().filter(|(key, _)| !said.contains(&&***key) && !is_default(key)) {
        match value {
            Value::Null => {}
            Value::String(value) => text += &format!("          {key}: {value}\n"),
            value => text += &format!("          {key}: {value}\n"),
        }
    }
    text
}

/// The chain of fallbacks, where instances are not known.
fn fallbacks_told(Stops { stops, .. }: &Stops) -> String {
    let fallbacks: Vec<String> = stops.iter().skip(1).map(|stop| place(&stop.destination)).collect();
    if fallbacks.is_empty() {
        return String::new();
    }
    format!("          if that has no healthy instance: to {}\n", fallbacks.join("; if that has none: to "))
}

/// The destination and its fallbacks with their instances.
fn stops_told(Stops { stops, taken }: &Stops, shares: &BTreeMap<String, f64>) -> String {
    let mut text = String::new();
    for (number, stop) in stops.iter().enumerate() {
        let is_taken = *taken == Some(number);
        let role = if number == 0 { "destination" } else { "fallback" };
        text += &format!(
            "          {role} {}: {stop}{}\n",
            place(&stop.destination),
            if is_taken { "  <- taken" } else { "" }
        );
        let width = stop.instances.iter().map(|instance| instance.id.chars().count()).max().unwrap_or(0);
        for instance in &stop.instances {
            let share = is_taken.then(|| percent(shares.get(&instance.id).copied().unwrap_or(0.0)));
            let end = instance.barred.clone().or(share).unwrap_or_default();
            let line = format!("            {:width$}  weight {}  {end}", instance.id, instance.weight);
            text += &format!("{}\n", line.trim_end());
        }
    }
    text
}

fn place(Destination { host, subset, port }: &Destination) -> String {
    let subset = subset.as_ref().map(|subset| format!(", subset {subset}")).unwrap_or_default();
    let port = port.map(|port| format!(", port {port}")).unwrap_or_default();
    format!("{host}{subset}{port}")
}

fn percent(share: f64) -> String {
    let percent = format!("{:.2}", share * 100.0);
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

fn has_default_retries(answer: &Answer) -> bool {
    matches!(answer, Answer::To { policy, .. } if policy.retries == Retries::default())
}
