//! Codes on the command line: those that are denied, and what each means.

use super::finding::Findings;
use super::show;
use crate::files::File;
use sergo::spec::code::{Code, Page, Severity};
use sergo::spec::reader::nearest;
use std::fmt::Write;

/// What counts as an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Warnings,
    One(Code),
}

impl Denied {
    pub(crate) fn includes(self, code: Code) -> bool {
        match self {
            Denied::Warnings => true,
            Denied::One(denied) => denied == code,
        }
    }
}

/// Reads what is denied.
///
/// # Errors
/// What would be right.
pub(crate) fn denied(word: &str) -> Result<Denied, String> {
    if word == "warnings" {
        return Ok(Denied::Warnings);
    }
    Code::find(word).map(Denied::One).ok_or_else(|| unknown(word))
}

/// The code that a word is most like.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    nearest(word, &Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>())
}

fn unknown(word: &str) -> String {
    match meant(word) {
        Some(near) => format!("there is no code {word:?}: did you mean {near}?"),
        None => format!("there is no code {word:?}: `sergo check --explain all` lists them"),
    }
}

/// What a code means, or the list of all.
///
/// # Errors
/// That there is no such code, and what was most likely meant.
pub(crate) fn explain(word: &str, is_terminal: bool) -> Result<String, String> {
    if word == "all" {
        return Ok(list());
    }
    // A code may come as it is shown: `error[unknown-field]`.
    let bare = word.split_once('[').map_or(word, |(_, rest)| rest.trim_end_matches(']'));
    let code = Code::find(bare).ok_or_else(|| unknown(bare))?;
    let Page { title, explanation, wrong, right } = code.page();
    let kind = code.severity().as_str();
    let files = [File { name: "example.yaml".to_owned(), text: wrong.to_owned() }];
    let findings = Findings::of(&files, &[]);
    let said: Vec<_> = findings.told.into_iter().filter(|finding| finding.told.code == code).collect();
    let said = show::all(&files, &said, is_terminal);
    Ok(format!(
        "{kind}[{code}]: {title}\n\n{explanation}\n\nFor example:\n\n{}\nof which is said:\n\n{}\nMended:\n\n{}",
        indented(wrong),
        indented(said.trim_end()),
        indented(right)
    ))
}

fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (severity, head) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings")] {
        let _ = writeln!(text, "{head}");
        for code in Code::ALL.iter().filter(|code| code.severity() == severity) {
            let _ = writeln!(text, "  {:width$}  {}", code.as_str(), code.page().title);
        }
        text.push('\n');
    }
    text.push_str("`sergo check --explain CODE` says more of each.\n");
    text
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") });
    lines.collect()
}
