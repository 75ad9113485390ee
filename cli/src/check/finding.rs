//! What there is to be told of some files, in one list.

use super::allow::Allowances;
use super::codes::Denied;
use crate::files::File;
use sergo::spec::code::{Code, Severity};
use sergo::{Advised, Diagnostic, Report, Source, Waiting};
use std::collections::HashMap;

/// Something to be told about a place in a file.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    /// What is wrong; a reference that waits is told likewise.
    pub(crate) told: Diagnostic,
    /// What helps besides.
    pub(crate) help: Option<String>,
    /// The template that a document was rendered from, as Helm says it.
    pub(crate) template: Option<String>,
    /// Whether its document allows it.
    pub(crate) is_allowed: bool,
}

/// What is told of some files, in the order of its places.
pub(crate) struct Findings {
    pub(crate) told: Vec<Finding>,
    /// What documents allow.
    pub(crate) allowed: Vec<Finding>,
    pub(crate) files: usize,
    pub(crate) accepted: usize,
}

impl Finding {
    pub(crate) fn new(told: Diagnostic) -> Self {
        Finding { severity: told.code.severity(), told, help: None, template: None, is_allowed: false }
    }

    fn waiting(waiting: Waiting, meant: Option<String>) -> Self {
        let Waiting { code, kind, namespace, name, field, missing, message, source, line, column } = waiting;
        let told = Diagnostic {
            code,
            kind,
            namespace,
            name,
            field,
            found: format!("{missing:?}, which is not there yet"),
            expected: "the name of something that is there".to_owned(),
            message,
            source,
            line,
            column,
        };
        Finding { help: meant.map(|name| format!("did you mean {name:?}?")), ..Finding::new(told) }
    }

    /// Its sentence in two: what was found, and what would be right.
    pub(crate) fn parts(&self) -> (&str, Option<&str>) {
        let message = self.told.message.as_str();
        let remedy = message.strip_suffix(self.told.expected.as_str());
        match remedy.and_then(|found| found.strip_suffix(", expected ")) {
            Some(found) => (found, Some(self.told.expected.as_str())),
            None => (message, None),
        }
    }
}

/// All that a report finds.
pub(crate) fn all_of(report: Report, advice: Vec<Diagnostic>, meant: Vec<Option<String>>) -> Vec<Finding> {
    let Report { rejected, warnings, shadowed, unserved, waiting, .. } = report;
    let diagnostics = rejected.into_iter().chain(warnings).chain(shadowed).chain(unserved).chain(advice);
    let meant = meant.into_iter().chain(std::iter::repeat(None));
    let waiting = waiting.into_iter().zip(meant).map(|(waiting, meant)| Finding::waiting(waiting, meant));
    diagnostics.map(Finding::new).chain(waiting).collect()
}

/// Puts findings in the order of the files and of the places in them.
pub(crate) fn sort(files: &[File], findings: &mut [Finding]) {
    let places: HashMap<&str, usize> = files.iter().zip(0..).map(|(file, index)| (file.name.as_str(), index)).collect();
    findings.sort_by_key(|finding| {
        (places.get(finding.told.source.as_str()).copied(), finding.told.line, finding.told.column)
    });
}

impl Findings {
    /// Checks these files as one push for everybody.
    pub(crate) fn of(files: &[File], deny: &[Denied]) -> Self {
        let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
        let Advised { report, advice, meant } = sergo::advise(&sources);
        let accepted = report.accepted;
        let mut all = all_of(report, advice, meant);
        let mut allowances = Allowances::of(files);
        for finding in &mut all {
            finding.template = allowances.template(&finding.told).map(str::to_owned);
            finding.is_allowed = allowances.allows(&finding.told);
        }
        all.extend(allowances.into_findings());
        for finding in &mut all {
            if deny.iter().any(|denied| denied.includes(finding.told.code)) {
                finding.severity = Severity::Error;
            }
        }
        sort(files, &mut all);
        let (allowed, told) = all.into_iter().partition(|finding| finding.is_allowed);
        Findings { told, allowed, files: files.len(), accepted }
    }

    pub(crate) fn errors(&self) -> usize {
        self.told.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    pub(crate) fn warnings(&self) -> usize {
        self.told.len().saturating_sub(self.errors())
    }

    /// The code to be explained first: an error's, if there is one.
    pub(crate) fn first_code(&self) -> Option<Code> {
        let errors = self.told.iter().find(|finding| finding.severity == Severity::Error);
        errors.or(self.told.first()).map(|finding| finding.told.code)
    }

    /// What it came to, in a line.
    pub(crate) fn summary(&self) -> String {
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let mut parts = vec![
            count(self.files, "file"),
            count(self.accepted, "good document"),
            count(self.errors(), "error"),
            count(self.warnings(), "warning"),
        ];
        if !self.allowed.is_empty() {
            parts.push(format!("{} allowed", self.allowed.len()));
        }
        parts.join(", ")
    }
}
