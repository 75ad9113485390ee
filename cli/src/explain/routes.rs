//! Where one request would go.

use super::audience::Audience;
use crate::print::pretty;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use sergo::policy::Retries;
use sergo::route::{Effects, RouteExplanation, RouteMiss};
use sergo::{Answer, Directions, Engine, Request, Rolls, Tick};

/// The request that was asked about on the command line.
#[derive(Args)]
#[command(next_help_heading = "One request")]
pub(crate) struct Requesting {
    /// Explain where a request goes
    #[arg(long, requires = "host")]
    route: bool,
    /// The host that it calls
    #[arg(long, requires = "route")]
    host: Option<String>,
    /// Its path, perhaps with a query
    #[arg(long, default_value = "/", requires = "route")]
    path: String,
    /// Its method
    #[arg(long, default_value = "GET", requires = "route")]
    method: String,
    /// One of its headers; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header, requires = "route")]
    headers: Vec<(String, String)>,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl Requesting {
    pub(crate) fn is_asked(&self) -> bool {
        self.route
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
    ways: Vec<Way>,
}

/// One of the ways that the request may go.
#[derive(Serialize)]
struct Way {
    /// How many of all requests like it go so, from 0 to 1.
    share: f64,
    /// What is done with it. Faults and mirrors stand here with their
    /// percentages, not drawn.
    #[serde(flatten)]
    directions: Directions,
}

/// How many numbers shares are found by: evenly spread, so that a share is right
/// to a hundredth of a percent.
const ROLLS: u32 = 10_000;

/// Explains where the request goes.
pub(crate) fn explain(engine: &Engine, asked: &Requesting, audience: &Audience, json: bool) -> String {
    let host = asked.host.as_deref().unwrap_or_default();
    let headers: Vec<(&str, &str)> = asked.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let headers = headers.as_slice();
    let request = Request { path: &asked.path, method: &asked.method, headers: &headers, ..Request::new(host) };
    let explanation = engine.explain_route(&request, &mut Rolls::given(&[]), Tick(0));
    let ways = ways(engine, &request);
    if json {
        let RouteExplanation { router, misses, position, .. } = explanation;
        return pretty(&Told { router, position, misses, ways });
    }
    let head = format!("{} {host}{}", asked.method, asked.path);
    let text = match ways.as_slice() {
        [] => "  nowhere: no route is for it\n".to_owned(),
        ways => ways.iter().map(told).collect(),
    };
    let reasons = explanation.reasons();
    let namespace = &audience.config.namespace;
    format!(
        "{head}\n\n{text}\n{reasons}\nBy the routers of the namespace {namespace}. Which instances there are is not known here:\n\
         every host and subset counts as having some, so no fallback is taken.\n"
    )
}

fn ways(engine: &Engine, request: &Request<'_>) -> Vec<Way> {
    let mut found: Vec<(_, f64, u32)> = Vec::new();
    for number in 0..ROLLS {
        let roll = (f64::from(number) + 0.5) / f64::from(ROLLS);
        let Some(id) = engine.route(request, &mut Rolls::given(&[roll]), Tick(0)) else { continue };
        match found.iter_mut().find(|(known, ..)| *known == id) {
            Some((.., count)) => *count += 1,
            None => found.push((id, roll, 1)),
        }
    }
    let way = |(_, roll, count): (_, f64, u32)| {
        let mut directions = engine.direct(request, &mut Rolls::given(&[roll]), Tick(0))?;
        if let Answer::To { policy, .. } = &*directions.answer {
            let (fault, mirrors) = (policy.fault.clone(), policy.mirrors.clone());
            directions.effects = Effects { fault, mirrors, ..directions.effects };
        }
        Some(Way { share: f64::from(count) / f64::from(ROLLS), directions })
    };
    found.into_iter().filter_map(way).collect()
}

/// A way in words: where to, then a line for each thing that is done.
fn told(way: &Way) -> String {
    let percent = format!("{:.2}", way.share * 100.0);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let answer = &*way.directions.answer;
    let mut text = format!("  {percent:>5}%  {answer}\n");
    let Ok(Value::Object(parts)) = serde_json::to_value(&way.directions) else { return text };
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

fn has_default_retries(answer: &Answer) -> bool {
    matches!(answer, Answer::To { policy, .. } if policy.retries == Retries::default())
}
