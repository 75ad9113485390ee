//! What loading rules came to, in full: nothing is dropped silently.

use crate::spec::code::Code;
use crate::spec::diagnostic::Diagnostic;
use serde::Serialize;

/// The answer to [`Engine::apply`](crate::Engine::apply).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of the rules now in force, counted from 1.
    pub version: u64,
    /// The valid documents of this push: those that wait and those for other
    /// apps included; unknown kinds and last good versions not.
    pub accepted: usize,
    /// The mistakes; of a document with any, the last good version stays.
    pub rejected: Vec<Diagnostic>,
    /// What valid rules still miss, one entry per missing reference.
    pub waiting: Vec<Waiting>,
    /// What is most likely not meant: unknown fields, unknown kinds.
    pub warnings: Vec<Diagnostic>,
    /// Routes that can never be reached, and why.
    pub shadowed: Vec<Diagnostic>,
    /// Destinations that nothing serves: subsets that are not among those
    /// defined for their host, hosts of which discovery knows no healthy
    /// instance.
    pub unserved: Vec<Diagnostic>,
}

impl Report {
    /// The report as JSON: the form in which it crosses to other languages.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A rule that takes effect when what it names arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What kind of mistake it would be, if it stayed so: `dangling-reference`.
    pub code: Code,
    /// The waiting document's kind.
    pub kind: String,
    /// The waiting document's namespace.
    pub namespace: String,
    /// The waiting document's name.
    pub name: String,
    /// The path of the reference, as in `spec.strategies[0].name`.
    pub field: String,
    /// The name that is missing.
    pub missing: String,
    /// The whole sentence.
    pub message: String,
    /// The name of the source that the document came from; empty where it came
    /// in an earlier push.
    pub source: String,
    /// The line in the source, from 1; 0 is unknown.
    pub line: u32,
    /// The column in the line, in characters from 1; 0 is unknown.
    pub column: u32,
}
