//! The last good version of every document, by kind, namespace and name.

use crate::name::StrategyKind;
use crate::spec::code::Code;
use crate::spec::diagnostic::Identity;
use crate::spec::document::{Document, Outcome, Reading};
use crate::sync::Arc;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::BTreeMap;

/// The documents in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog(BTreeMap<Arc<Identity>, Entry>);

/// A document in force.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it says.
    pub(crate) document: Document,
    /// For a rule: the kind that each strategy which it names without one was
    /// last found to be, by the strategy's name.
    pub(crate) kinds: BTreeMap<String, StrategyKind>,
}

impl Catalog {
    /// What is in force after this push: its good documents, the last good
    /// version of its bad ones, and of what it does not name everything while it
    /// has a document that nobody can name, nothing otherwise.
    pub(crate) fn after(&self, push: &[Reading<'_>]) -> Catalog {
        let has_nameless = push.iter().any(|reading| reading.is_nameless);
        let mut next = if has_nameless { self.clone() } else { Catalog::default() };
        for reading in push {
            let last_good = || self.0.get(&reading.identity);
            let entry = match &reading.outcome {
                Outcome::Good(document @ Document::Rule(_)) => {
                    let kinds = last_good().map(|entry| entry.kinds.clone()).unwrap_or_default();
                    Some(Entry { document: document.clone(), kinds })
                }
                Outcome::Good(document) => Some(Entry { document: document.clone(), kinds: BTreeMap::new() }),
                // A second document of one name leaves the first alone.
                Outcome::Bad if next.0.contains_key(&reading.identity) => None,
                Outcome::Bad => last_good().cloned(),
                Outcome::Unknown => None,
            };
            if let Some(entry) = entry {
                next.0.insert(Arc::clone(&reading.identity), entry);
            }
        }
        next
    }

    /// Puts the version of before back in the place of a document that turned
    /// out bad.
    pub(crate) fn restore(&mut self, identity: &Identity, before: &Catalog) {
        match before.0.get(identity) {
            Some(entry) => self.0.insert(Arc::new(identity.clone()), entry.clone()),
            None => self.0.remove(identity),
        };
    }

    /// All documents, in the order of kind, namespace and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<Identity>, &Entry)> {
        self.0.iter()
    }

    /// The document of this identity.
    pub(crate) fn get(&self, identity: &Identity) -> Option<&Entry> {
        self.0.get(identity)
    }

    /// Remembers what the strategies of a rule were found to be.
    pub(crate) fn remember(&mut self, rule: &Identity, kinds: BTreeMap<String, StrategyKind>) {
        if let Some(entry) = self.0.get_mut(rule) {
            entry.kinds = kinds;
        }
    }
}

/// Makes the later of two documents with one kind, namespace and name bad.
pub(crate) fn reject_duplicates(push: &mut [Reading<'_>]) {
    let mut seen: HashSet<Arc<Identity>, FixedState> =
        HashSet::with_capacity_and_hasher(push.len(), FixedState::default());
    for reading in push {
        if matches!(reading.outcome, Outcome::Unknown)
            || reading.is_nameless
            || seen.insert(Arc::clone(&reading.identity))
        {
            continue;
        }
        let found =
            format!("{:?}, which an earlier {} is called already", reading.identity.name, reading.identity.kind);
        reading.reject(Code::DuplicateDocument, "metadata.name", &found, "a name of its own");
    }
}
