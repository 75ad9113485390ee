//! `sergo check`: every mistake of every file at once.

use crate::files::{self, File};
use crate::show::{Finding, Shower};
use annotate_snippets::Level;
use sergo::{Report, Source};
use std::io::{self, Write};
use std::path::PathBuf;

/// Checks the files of these paths; true when there is no mistake.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) fn check(paths: &[PathBuf]) -> Result<bool, String> {
    let files = files::read(paths)?;
    let sources: Vec<Source<'_>> = files.iter().map(|file| Source { name: &file.name, text: &file.text }).collect();
    let report = sergo::check(&sources);
    match show(&files, &report) {
        // Nobody reads on, as under `| head`: what was found still counts.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("can't write the report: {error}")),
        _ => Ok(report.rejected.is_empty()),
    }
}

fn show(files: &[File], report: &Report) -> io::Result<()> {
    let shower = Shower::new(files);
    let errors = report.rejected.iter().map(|diagnostic| Finding::diagnostic(Level::ERROR, diagnostic));
    let warnings = report.warnings.iter().chain(&report.shadowed);
    let warnings = warnings.map(|diagnostic| Finding::diagnostic(Level::WARNING, diagnostic));
    let mut findings: Vec<_> = errors.chain(warnings).chain(report.waiting.iter().map(Finding::waiting)).collect();
    findings.sort_by_key(|finding| shower.order(finding));
    let mut out = io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{}\n", shower.show(finding))?;
    }
    writeln!(out, "{}", summary(files.len(), report))
}

fn summary(files: usize, report: &Report) -> String {
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let warnings = [report.warnings.len(), report.shadowed.len(), report.waiting.len()].into_iter().sum();
    [
        count(files, "file"),
        count(report.accepted, "good document"),
        count(report.rejected.len(), "error"),
        count(warnings, "warning"),
    ]
    .join(", ")
}
