//! What one entry would be answered.

use super::audience::Audience;
use crate::print::pretty;
use clap::Args;
use sergo::{Ask, Direction, Engine, Tick};

/// The entry that was asked about on the command line.
#[derive(Args)]
#[command(next_help_heading = "One entry")]
pub(crate) struct Entering {
    /// The resource, as it is entered: GET:/foo
    #[arg(long, conflicts_with = "question")]
    pub(crate) resource: Option<String>,
    /// What the entry costs
    #[arg(long, default_value_t = 1, requires = "resource", value_parser = clap::value_parser!(u32).range(1..))]
    cost: u32,
    /// It is a call that the app makes, not one that it serves
    #[arg(long, requires = "resource")]
    outbound: bool,
}

/// The most names to propose, and how like each must be.
const MOST: usize = 3;
const LIKE: f64 = 0.6;

/// Explains the entry to an engine that has only just begun.
pub(crate) fn explain(engine: &Engine, resource: &str, asked: &Entering, audience: &Audience, json: bool) -> String {
    let direction = if asked.outbound { Direction::Outbound } else { Direction::Inbound };
    let explanation = engine.explain(resource, Ask { cost: asked.cost, direction }, Tick(0));
    if json {
        return pretty(&explanation);
    }
    let nearest = match explanation.governed {
        true => String::new(),
        false => nearest(engine, resource),
    };
    format!("{explanation}\n\n{nearest}{}", audience.as_of())
}

/// The names in rules that the resource could have been meant as.
fn nearest(engine: &Engine, resource: &str) -> String {
    let figures = engine.figures();
    let path = |name: &str| name.split_once(":/").map_or(name.to_owned(), |(_, path)| format!("/{path}"));
    let likeness = |name: &str| {
        let whole = strsim::normalized_damerau_levenshtein(resource, name);
        whole.max(strsim::normalized_damerau_levenshtein(&path(resource), &path(name)))
    };
    let names = figures.resources.iter().map(|of| (likeness(&of.resource), &*of.resource));
    let mut names: Vec<_> = names.filter(|(likeness, _)| *likeness >= LIKE).collect();
    names.sort_by(|one, other| other.0.total_cmp(&one.0));
    match names.iter().take(MOST).map(|(_, name)| *name).collect::<Vec<_>>().as_slice() {
        [] => match figures.resources.len() {
            0 => "No rule names any resource.\n\n".to_owned(),
            _ => "No rule names one like it: without --resource, all are listed.\n\n".to_owned(),
        },
        names => format!("Rules name ones like it: {}\n\n", names.join(", ")),
    }
}
