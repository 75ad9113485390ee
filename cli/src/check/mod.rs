//! `sergo check`: every mistake of every file at once.

mod allow;
mod codes;
mod finding;
mod github;
mod json;
mod sarif;
pub(crate) mod show;

use crate::files::{self, File};
use crate::print::print;
use clap::{Args, ValueEnum};
use codes::Denied;
use finding::Findings;
use sergo::{Report, Source};
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sergo check rules/
  helm template shop | sergo check -
  sergo check --deny warnings rules/
  sergo check --format sarif rules/ > sergo.sarif
  sergo check --explain unknown-field

A warning that is meant can be allowed for one document by a comment in it:
  # sergo: allow unused-document";

/// Checks rule files and shows every mistake in its place.
///
/// All documents count as one push, for every app and namespace. Errors are
/// what keeps a document from taking effect; warnings are what is most likely
/// not meant. The exit code is 0 when there is no error, 1 when there is one,
/// and 2 when a path can't be read.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files, folders (every .yaml, .yml and .json file below, but for hidden ones), or - for the standard input
    #[arg(required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// How to answer
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Warnings that count as errors: "warnings" for all of them, or codes with commas between them
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = codes::denied)]
    deny: Vec<Denied>,
    /// Says what a code means, with an example and how it is mended; "all" lists every code
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format", "deny"])]
    explain: Option<String>,
}

/// How the findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: each finding with its line, in colour on a terminal
    Human,
    /// One object with all findings
    Json,
    /// Commands of GitHub's workflows, which become annotations
    Github,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
}

/// Checks the files of these paths; true when there is no mistake.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) fn check(arguments: &Arguments) -> Result<bool, String> {
    if let Some(word) = &arguments.explain {
        print(&codes::explain(word, stdout().is_terminal())?)?;
        return Ok(true);
    }
    let files = files::read(&arguments.paths)?;
    let findings = Findings::of(&files, &arguments.deny);
    print(&text(&files, &findings, arguments.format, stdout().is_terminal()))?;
    Ok(findings.errors() == 0)
}

fn text(files: &[File], findings: &Findings, format: Format, is_terminal: bool) -> String {
    match format {
        Format::Human => {
            let shown = show::all(files, &findings.told, is_terminal);
            let why = findings.first_code().map(|code| format!("`sergo check --explain {code}` says more.\n"));
            format!("{shown}{}\n{}", findings.summary(), why.unwrap_or_default())
        }
        Format::Json => json::text(findings),
        Format::Github => github::text(findings),
        Format::Sarif => sarif::text(files, findings),
    }
}

/// All that is said of a text that somebody gives, in every format.
pub(crate) fn every_format(text_of_rules: &str) -> Vec<String> {
    let files = [File { name: "rules.yaml".to_owned(), text: text_of_rules.to_owned() }];
    let findings = Findings::of(&files, &[]);
    let formats = Format::value_variants().iter();
    formats.map(|format| text(&files, &findings, *format, *format == Format::Human)).collect()
}

/// What is wrong with these files, taken as one push for everybody.
pub(crate) fn report(files: &[File]) -> Report {
    let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
    sergo::check(&sources)
}
