//! All documents of the rule files, and what of them each subscription gets.

use crate::document::{Document, Form};
use crate::files::File;
use serde_json::Value;
use sergo::spec::diagnostic::Identity;
use sergo::spec::document;
use sergo::{Report, Source};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) app: String,
    /// As on the wire: `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    pub(crate) kind: String,
    pub(crate) form: Form,
}

/// The documents of all files.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    files: Vec<Read>,
    /// By kind, in the order of the files.
    documents: HashMap<String, Vec<Arc<Document>>>,
    /// Those that the core refuses.
    rejected: BTreeSet<Identity>,
    /// The last good version of each document, for clients that cannot judge.
    good: HashMap<Identity, Arc<Document>>,
    /// What the core says of all of them.
    pub(crate) report: Report,
    /// How many there are.
    pub(crate) count: usize,
}

/// A file as it was read.
#[derive(Debug)]
struct Read {
    file: File,
    documents: Vec<Arc<Document>>,
    /// Whether something in it cannot be pushed, and nobody knows what it is.
    is_damaged: bool,
}

impl Read {
    fn new(file: File) -> Read {
        let readings = document::read(&file.name, &file.text);
        let documents: Vec<_> = readings.iter().filter_map(Document::of).map(Arc::new).collect();
        let is_damaged = documents.len() < readings.len();
        Read { file, documents, is_damaged }
    }
}

impl Catalog {
    /// What these files hold. Of a file that is damaged, half-written say, what it
    /// held before stays.
    pub(crate) fn after(&self, files: Vec<File>) -> Catalog {
        let sources: Vec<Source<'_>> = files.iter().map(|file| Source { name: &file.name, text: &file.text }).collect();
        let report = sergo::check(&sources);
        let before: HashMap<&str, &Read> = self.files.iter().map(|read| (&*read.file.name, read)).collect();
        let mut files: Vec<Read> = files
            .into_iter()
            .map(|file| match before.get(&*file.name).filter(|before| before.file == file && !before.is_damaged) {
                Some(before) => Read { file, documents: before.documents.clone(), is_damaged: false },
                None => Read::new(file),
            })
            .collect();
        let named: HashSet<Identity> =
            files.iter().flat_map(|read| &read.documents).map(|document| document.identity.clone()).collect();
        for read in files.iter_mut().filter(|read| read.is_damaged) {
            let before = before.get(&*read.file.name).into_iter().flat_map(|before| &before.documents);
            read.documents.extend(before.filter(|document| !named.contains(&document.identity)).cloned());
        }
        let rejected = report.rejected.iter().map(|one| Identity {
            kind: one.kind.clone(),
            namespace: one.namespace.clone(),
            name: one.name.clone(),
        });
        let mut catalog = Catalog { rejected: rejected.collect(), report, ..Catalog::default() };
        for document in files.iter().flat_map(|read| &read.documents) {
            let identity = &document.identity;
            let is_good = document.is_good && !catalog.rejected.contains(identity);
            let good = if is_good { Some(document) } else { self.good.get(identity) };
            if let Some(good) = good {
                catalog.good.entry(identity.clone()).or_insert_with(|| good.clone());
            }
            catalog.documents.entry(identity.kind.clone()).or_default().push(document.clone());
            catalog.count = catalog.count.saturating_add(1);
        }
        catalog.files = files;
        catalog
    }

    /// The names of the files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|read| &*read.file.name)
    }

    /// All documents.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.files.iter().flat_map(|read| &read.documents).map(Arc::as_ref)
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Arc<Document>> {
        self.documents.get(kind).into_iter().flatten()
    }

    /// What a subscription gets, in the order of the files.
    pub(crate) fn select(&self, key: &Key) -> Vec<Arc<Document>> {
        let Key { namespace, app, kind, form } = key;
        let name = kind.rsplit('/').next().unwrap_or_default();
        let is_ours = |document: &&Arc<Document>| {
            document.is_of(kind) && document.identity.namespace == *namespace && document.is_for(app, *form)
        };
        match form {
            Form::Message => {
                let mut seen = HashSet::new();
                let ours = self.of_kind(name).filter(is_ours).filter(|one| seen.insert(&one.identity));
                ours.filter_map(|document| self.good.get(&document.identity)).cloned().collect()
            }
            Form::Document => {
                let wanted = self.wanted(namespace, app);
                let delegates = self.delegates(namespace);
                let is_delegate = |document: &Document| {
                    let Identity { namespace, name, .. } = &document.identity;
                    document.is_of(kind) && delegates.contains(&(namespace.as_str(), name.as_str()))
                };
                let is_wanted = |document: &&Arc<Document>| match &wanted {
                    Some(wanted) => {
                        !document.is_part() || document.is_for_all_or(app) || wanted.contains(document.name())
                    }
                    None => true,
                };
                let all = self.of_kind(name);
                all.filter(|one| is_ours(one) && is_wanted(one) || is_delegate(one)).cloned().collect()
            }
        }
    }

    /// The names of strategies and actions that the rules for this app have; `None`
    /// where that is not clear, since one of them is bad and an earlier version of
    /// it, with other names, may be in force.
    fn wanted(&self, namespace: &str, app: &str) -> Option<HashSet<&str>> {
        let mut names = HashSet::new();
        for rule in self.of_kind("FaultToleranceRule") {
            if rule.identity.namespace != namespace || !rule.is_for(app, Form::Document) {
                continue;
            }
            if !rule.is_good || self.rejected.contains(&rule.identity) {
                return None;
            }
            let strategies = rule.value.pointer("/spec/strategies").and_then(Value::as_array);
            let strategies = strategies.into_iter().flatten();
            names.extend(strategies.filter_map(|strategy| strategy.get("name")?.as_str()));
            let action = rule.value.pointer("/spec/fallbackAction");
            names.extend(action.and_then(|action| action.as_str().or_else(|| action.get("name")?.as_str())));
        }
        Some(names)
    }

    /// The routers of other namespaces that routers of this one delegate to.
    fn delegates(&self, namespace: &str) -> HashSet<(&str, &str)> {
        let routers = ["TrafficRouter", "VirtualService"].into_iter().flat_map(|kind| self.of_kind(kind));
        let ours = routers.filter(|router| router.identity.namespace == namespace);
        ours.flat_map(|router| router.delegates()).filter(|(of, _)| *of != namespace).collect()
    }
}
