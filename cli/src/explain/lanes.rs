//! Which lane one request is of.

use super::audience::Audience;
use super::request::Requesting;
use crate::print::pretty;
use clap::Args;
use sergo::Engine;

/// How the lane of a request was asked about.
#[derive(Args)]
#[command(next_help_heading = "Its lane")]
pub(crate) struct Labelling {
    /// The lane that it comes with is not believed, as at the edge
    #[arg(long, requires = "label", conflicts_with_all = ["route", "resource"])]
    untrusted: bool,
}

/// Explains the lane of the request.
pub(crate) fn explain(engine: &Engine, asked: &Requesting, how: &Labelling, audience: &Audience, json: bool) -> String {
    let explanation = asked.with(|request| engine.explain_label(request, !how.untrusted));
    if json {
        return pretty(&explanation);
    }
    format!("{} {}\n\n{explanation}\n{}", asked.method, asked.whole_path(), audience.who())
}
