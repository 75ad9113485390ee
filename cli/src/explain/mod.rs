//! `sergo explain`: what the rules of some files do, and why.

pub(crate) mod audience;
mod entry;
mod resources;
mod routes;

use crate::check::{self, show};
use crate::files::{self, File};
use crate::print::print;
use audience::{Audience, Whom};
use clap::Args;
use sergo::{Engine, Source};
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sergo explain rules/
  sergo explain rules/ --resource GET:/foo
  sergo explain rules/ --resource GET:/foo --cost 3 --json
  sergo explain rules/ --resource GET:/foo --app foo-app --label version=v2
  sergo explain rules/ --route --host shop --path /cart -H 'tag: v2'";

/// Explains what the rules of files do, and why.
///
/// With --resource: which rules apply to an entry, in which order their gates
/// are asked, and what each would answer. With --route: where a request goes,
/// and what is done with it. With neither: every resource that rules govern.
///
/// The core itself is asked, as by a service that has only just started.
/// Mistakes in the files are shown as by `sergo check`, on the standard error
/// output; what is left is explained. The exit code is 0 when there is no
/// mistake, 1 when there is one, and 2 when a path can't be read or it is not
/// clear for whom to explain.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    entry: entry::Entering,
    #[command(flatten)]
    request: routes::Requesting,
    #[command(flatten)]
    audience: Whom,
}

/// Explains; true when the files have no mistake.
///
/// # Errors
/// A sentence that says which path can't be read, or what is to be asked for.
pub(crate) fn explain(arguments: Arguments) -> Result<bool, String> {
    let Arguments { paths, json, entry, request, audience } = arguments;
    let files = files::read(&paths)?;
    let report = check::report(&files);
    let findings = show::findings(&files, &report, stderr().is_terminal());
    // Where nobody can be told, the exit code still tells.
    let _ = stderr().write_all(findings.as_bytes());
    let audience = Audience::find(audience, &files)?;
    let engine = Engine::new(audience.config.clone());
    let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
    engine.apply(&sources);
    print(&if request.is_asked() {
        routes::explain(&engine, &request, &audience, json)
    } else if let Some(resource) = &entry.resource {
        entry::explain(&engine, resource, &entry, &audience, json)
    } else {
        resources::list(&engine, &audience, json)
    })?;
    Ok(report.rejected.is_empty())
}
