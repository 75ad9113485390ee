//! `sergo check`: every mistake of every file at once.

pub(crate) mod show;

use crate::files::{self, File};
use crate::print::print;
use clap::Args;
use sergo::{Report, Source};
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sergo check rules/
  helm template shop | sergo check -";

/// Checks rule files and shows every mistake in its place.
///
/// All documents count as one push, for every app and namespace. The exit
/// code is 0 when there is no mistake, 1 when there is one, and 2 when a path
/// can't be read.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

/// Checks the files of these paths; true when there is no mistake.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) fn check(arguments: &Arguments) -> Result<bool, String> {
    let files = files::read(&arguments.paths)?;
    let report = report(&files);
    let findings = show::findings(&files, &report, stdout().is_terminal());
    print(&format!("{findings}{}\n", summary(files.len(), &report)))?;
    Ok(report.rejected.is_empty())
}

/// What is wrong with these files, taken as one push for everybody.
pub(crate) fn report(files: &[File]) -> Report {
    let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
    sergo::check(&sources)
}

fn summary(files: usize, report: &Report) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let warnings =
        [report.warnings.len(), report.shadowed.len(), report.unserved.len(), report.waiting.len()].into_iter().sum();
    [
        count(files, "file"),
        count(report.accepted, "good document"),
        count(report.rejected.len(), "error"),
        count(warnings, "warning"),
    ]
    .join(", ")
}
