//! Findings as one JSON object.

use super::finding::{Finding, Findings};
use crate::print::pretty;
use serde::Serialize;
use sergo::Diagnostic;

/// All of it.
#[derive(Serialize)]
struct Answer<'f> {
    files: usize,
    /// The good documents.
    accepted: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<One<'f>>,
    /// Warnings that documents allow.
    allowed: Vec<One<'f>>,
}

/// A finding: its diagnostic, and what is known besides.
#[derive(Serialize)]
struct One<'f> {
    severity: &'static str,
    #[serde(flatten)]
    told: &'f Diagnostic,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'f str>,
}

pub(super) fn text(findings: &Findings) -> String {
    pretty(&Answer {
        files: findings.files,
        accepted: findings.accepted,
        errors: findings.errors(),
        warnings: findings.warnings(),
        findings: findings.told.iter().map(one).collect(),
        allowed: findings.allowed.iter().map(one).collect(),
    })
}

fn one(finding: &Finding) -> One<'_> {
    One {
        severity: finding.severity.as_str(),
        told: &finding.told,
        help: finding.help.as_deref(),
        template: finding.template.as_deref(),
    }
}
