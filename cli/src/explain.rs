//! `sergo explain`: what the rules of some files do, and why.

use crate::audience::{Audience, Whom};
use crate::files::{self, File};
use crate::print::print;
use crate::{check, entry, resources, routes, show};
use clap::Args;
use serde::Serialize;
use sergo::{Engine, Source};
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

/// What is to be explained.
#[derive(Args)]
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

/// A value as JSON that people can read too.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
