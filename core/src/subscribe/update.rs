//! What a session asks its host to apply.

use super::subscription::Subscription;
use crate::compile::report::Report;
use crate::engine::{Engine, Source};
use crate::spec::diagnostic::Diagnostic;
use std::collections::BTreeSet;

/// All documents that a session holds, to take the place of all that the engine
/// has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// One source for each subscription that has documents.
    pub sources: Vec<Text>,
    /// What came that is no document: mistakes of the report.
    pub refused: Vec<Diagnostic>,
    /// What is most likely not meant.
    pub warnings: Vec<Diagnostic>,
    /// How many of the documents are last good versions, which a report does not
    /// count.
    pub kept: usize,
}

/// A source of documents: what reports call it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The kind, and the app where it is another than the engine's.
    pub name: String,
    /// JSON documents, one on each second line.
    pub text: String,
}

impl Update {
    /// Of what these subscriptions hold. A document that two of them have, as
    /// routers that are pushed for several apps, counts once.
    pub(super) fn of(subscriptions: &[Subscription], warnings: Vec<Diagnostic>) -> Update {
        let mut update = Update { warnings, ..Update::default() };
        let mut elsewhere = BTreeSet::new();
        for subscription in subscriptions {
            let mut text = String::new();
            for document in subscription.documents().filter(|document| !elsewhere.contains(&document.identity)) {
                text.extend(["---\n", &document.text, "\n"]);
            }
            elsewhere.extend(subscription.documents().map(|document| &document.identity));
            if !text.is_empty() {
                update.sources.push(Text { name: subscription.source.clone(), text });
            }
            update.kept = update.kept.saturating_add(subscription.kept());
            update.refused.extend(subscription.refused().map(|refusal| refusal.diagnostic(&subscription.source)));
        }
        update
    }

    /// Applies it as one push. The report is the engine's, with what could not
    /// become a document beside the mistakes.
    #[must_use]
    pub fn apply(&self, engine: &Engine) -> Report {
        let sources: Vec<Source<'_>> =
            self.sources.iter().map(|source| Source { name: &source.name, text: &source.text }).collect();
        let mut report = engine.apply(&sources);
        report.accepted = report.accepted.saturating_sub(self.kept);
        report.rejected.extend_from_slice(&self.refused);
        report.warnings.extend_from_slice(&self.warnings);
        report
    }
}
