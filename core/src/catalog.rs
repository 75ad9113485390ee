//! The last good version of every document, by kind, namespace and name.

use crate::name::StrategyKind;
use crate::spec::code::Code;
use crate::spec::diagnostic::Identity;
use crate::spec::document::{Document, Outcome, Reading};
use crate::sync::Arc;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};

type Entries = BTreeMap<Arc<Identity>, Entry>;

/// The documents in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    entries: Entries,
    /// Which documents the last push was of, in its order, where all of them were
    /// good: then these are the entries, and no others.
    push: Option<Vec<Arc<Identity>>>,
}

/// A document in force.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What it says.
    pub(crate) document: Document,
    /// For a rule: the kind that each strategy which it names without one was
    /// last found to be, by the strategy's name.
    pub(crate) kinds: BTreeMap<String, StrategyKind>,
}

/// What was in force before a push and is not as it was.
#[derive(Debug)]
pub(crate) struct Replaced {
    entries: Entries,
    /// Whether that is all there was. Else the push names the same documents as
    /// the one before, all of them good, and these are the ones that changed.
    is_all: bool,
}

impl Catalog {
    /// What is in force after this push, and what was before: its good documents,
    /// the last good version of its bad ones, and of what it does not name
    /// everything while it has a document that nobody can name, nothing otherwise.
    /// The later of two documents of one name is made bad.
    pub(crate) fn after(self, push: &mut [Reading<'_>]) -> (Catalog, Replaced) {
        if self.is_of(push) {
            return self.with_changes(push);
        }
        reject_duplicates(push);
        let has_nameless = push.iter().any(|reading| reading.is_nameless);
        let mut next = if has_nameless { self.entries.clone() } else { Entries::default() };
        for reading in &*push {
            let last_good = || self.entries.get(&reading.identity);
            let entry = match &reading.outcome {
                Outcome::Good(document) => Some(Entry::after(last_good(), document)),
                // A second document of one name leaves the first alone.
                Outcome::Bad if next.contains_key(&reading.identity) => None,
                Outcome::Bad => last_good().cloned(),
                Outcome::Unknown => None,
            };
            if let Some(entry) = entry {
                next.insert(Arc::clone(&reading.identity), entry);
            }
        }
        let replaced = Replaced { entries: self.entries, is_all: true };
        (Catalog { entries: next, push: None }, replaced)
    }

    /// Whether a push is of the same documents as the last one, all of both good.
    fn is_of(&self, push: &[Reading<'_>]) -> bool {
        let is_it = |(own, reading): (&Arc<Identity>, &Reading<'_>)| {
            let same = Arc::ptr_eq(own, &reading.identity) || *own == reading.identity;
            same && matches!(reading.outcome, Outcome::Good(_))
        };
        self.push.as_ref().is_some_and(|own| own.len() == push.len() && own.iter().zip(push).all(is_it))
    }

    /// The same for such a push: what was not read again is as it was.
    fn with_changes(mut self, push: &[Reading<'_>]) -> (Catalog, Replaced) {
        let mut replaced = Entries::default();
        let read = self.push.iter().flatten().zip(push).filter(|(own, reading)| !Arc::ptr_eq(own, &reading.identity));
        for (_, reading) in read {
            if let Outcome::Good(document) = &reading.outcome
                && let Some(entry) = self.entries.get_mut(&reading.identity)
            {
                let next = Entry::after(Some(&*entry), document);
                replaced.insert(Arc::clone(&reading.identity), std::mem::replace(entry, next));
            }
        }
        (self, Replaced { entries: replaced, is_all: false })
    }

    /// Puts the version of before back in the place of a document that turned
    /// out bad.
    pub(crate) fn restore(&mut self, identity: &Identity, before: &Replaced) {
        match before.entries.get(identity) {
            Some(entry) => {
                self.entries.insert(Arc::new(identity.clone()), entry.clone());
            }
            None if before.is_all => {
                self.entries.remove(identity);
            }
            None => {}
        }
    }

    /// Notes which documents the push was of from which this has come.
    pub(crate) fn note(&mut self, push: &[Reading<'_>]) {
        let are_good = push.iter().all(|reading| matches!(reading.outcome, Outcome::Good(_)));
        self.push = are_good.then(|| push.iter().map(|reading| Arc::clone(&reading.identity)).collect());
    }

    /// All documents, in the order of kind, namespace and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<Identity>, &Entry)> {
        self.entries.iter()
    }

    /// The document of this identity.
    pub(crate) fn get(&self, identity: &Identity) -> Option<&Entry> {
        self.entries.get(identity)
    }

    /// Remembers what the strategies of a rule were found to be.
    pub(crate) fn remember(&mut self, rule: &Identity, kinds: BTreeMap<String, StrategyKind>) {
        if let Some(entry) = self.entries.get_mut(rule) {
            entry.kinds = kinds;
        }
    }
}

impl Entry {
    /// This document, in the place of `before`.
    fn after(before: Option<&Entry>, document: &Document) -> Entry {
        let kinds = match document {
            Document::Rule(_) => before.map(|entry| entry.kinds.clone()).unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        Entry { document: document.clone(), kinds }
    }
}

impl Replaced {
    /// Where the push names the same documents as the one before, all of them
    /// good: the namespaces and names of those that changed. `None` where documents
    /// may have come or gone.
    pub(crate) fn names(&self) -> Option<BTreeSet<(&str, &str)>> {
        let names = self.entries.keys().map(|identity| (identity.namespace.as_str(), identity.name.as_str()));
        (!self.is_all).then(|| names.collect())
    }
}

/// Makes the later of two documents with one kind, namespace and name bad.
fn reject_duplicates(push: &mut [Reading<'_>]) {
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
