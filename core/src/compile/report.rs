//! What loading rules came to, in full: nothing is dropped silently.

use serde::Serialize;
use std::fmt;

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
}

impl Report {
    /// The report as JSON: the form in which it crosses to other languages.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// One thing that is wrong with one field of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The document's kind; empty where it could not be read.
    pub kind: String,
    /// The document's namespace; empty where it could not be read.
    pub namespace: String,
    /// The document's name; empty where it could not be read.
    pub name: String,
    /// The path from the document's root, as in `spec.targets[0].targetResourceName`.
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What would be right.
    pub expected: String,
    /// The whole sentence: document, field, what was found, what would be right.
    pub message: String,
    /// The name of the source that the document came from; may be empty.
    pub source: String,
    /// The line in the source, from 1; 0 is unknown.
    pub line: u32,
    /// The column in the line, from 1; 0 is unknown.
    pub column: u32,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A rule that takes effect when what it names arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The waiting document's kind.
    pub kind: String,
    /// The waiting document's namespace.
    pub namespace: String,
    /// The waiting document's name.
    pub name: String,
    /// The name that is missing.
    pub missing: String,
    /// The whole sentence.
    pub message: String,
}
