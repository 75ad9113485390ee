//! What is right and most likely not meant: what one document says by itself,
//! and what several say beside each other. Only who asks for advice is told;
//! loading rules reports none of it.

mod gates;
mod implied;
mod lanes;
mod limits;
mod matching;
mod routes;
mod targets;
mod timeouts;
mod unused;

use crate::spec::code::Code;
use crate::spec::diagnostic::Diagnostic;
use crate::spec::document::{Document, Outcome, Reading};
use crate::spec::fault_tolerance::{FaultToleranceRule, HttpRequestFallbackAction};
use crate::spec::lane::{TrafficLabelRule, TrafficLane};
use crate::spec::node::{Node, Value};
use crate::spec::strategy::Strategy;
use crate::spec::traffic_router::TrafficRouter;
use std::collections::BTreeSet;

/// What there is to be told of the documents of a push.
pub(crate) fn lint(push: &[Reading<'_>]) -> Vec<Diagnostic> {
    let documents = Documents::of(push);
    let mut told = Told::default();
    limits::lint(&documents, &mut told);
    targets::lint(&documents, &mut told);
    gates::lint(&documents, &mut told);
    unused::lint(&documents, &mut told);
    routes::lint(&documents, &mut told);
    matching::lint(&documents, &mut told);
    timeouts::lint(&documents, &mut told);
    lanes::lint(&documents, &mut told);
    told.diagnostics
}

/// A good document, and where it was read.
#[derive(Debug)]
struct Good<'a, T> {
    reading: &'a Reading<'a>,
    document: &'a T,
}

// A derive would ask the same of the document.
impl<T> Clone for Good<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Good<'_, T> {}

/// The documents of a push, by kind.
#[derive(Debug, Default)]
struct Documents<'a> {
    rules: Vec<Good<'a, FaultToleranceRule>>,
    strategies: Vec<Good<'a, Strategy>>,
    actions: Vec<Good<'a, HttpRequestFallbackAction>>,
    routers: Vec<Good<'a, TrafficRouter>>,
    lanes: Vec<Good<'a, TrafficLane>>,
    labels: Vec<Good<'a, TrafficLabelRule>>,
    /// The namespaces that have a rule which can't be read whole, and `None`
    /// where nobody knows which.
    unread: BTreeSet<Option<&'a str>>,
}

impl<'a> Documents<'a> {
    fn of(push: &'a [Reading<'a>]) -> Self {
        let mut documents = Documents::default();
        for reading in push {
            let document = match &reading.outcome {
                Outcome::Good(document) => document,
                Outcome::Bad => {
                    let namespace = (!reading.identity.kind.is_empty()).then_some(&*reading.identity.namespace);
                    documents.unread.insert(namespace);
                    continue;
                }
                Outcome::Unknown => continue,
            };
            match document {
                Document::Rule(document) => documents.rules.push(Good { reading, document }),
                Document::Strategy(document) => documents.strategies.push(Good { reading, document }),
                Document::Action(document) => documents.actions.push(Good { reading, document }),
                Document::Router(document) => documents.routers.push(Good { reading, document }),
                Document::Lane(document) => documents.lanes.push(Good { reading, document }),
                Document::TrafficLabel(document) => documents.labels.push(Good { reading, document }),
                Document::Workload(_) | Document::WorkloadLabel(_) => {}
            }
        }
        documents
    }
}

/// What is told, each path of a document once for a code.
#[derive(Debug, Default)]
struct Told {
    diagnostics: Vec<Diagnostic>,
    seen: BTreeSet<(usize, Code, String)>,
}

impl Told {
    /// Tells that what stands at this path is most likely not meant.
    fn tell(&mut self, reading: &Reading<'_>, code: Code, field: &str, found: &str, expected: &str) {
        let document = std::ptr::from_ref(reading).addr();
        if self.seen.insert((document, code, field.to_owned())) {
            let place = reading.place(field);
            let diagnostic = Diagnostic::new(code, &reading.identity, reading.source, field, place, found, expected);
            self.diagnostics.push(diagnostic);
        }
    }
}

/// What a document says at a path of keys, as it is written.
fn at<'r>(reading: &'r Reading<'_>, path: &[&str]) -> Option<&'r Node> {
    path.iter().try_fold(reading.node()?, |node, key| match &node.value {
        Value::List(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    })
}

/// Whether everyone for whom the second rule is has the first as well.
fn includes(
    app: Option<&str>,
    selector: &std::collections::BTreeMap<String, String>,
    other_app: Option<&str>,
    other_selector: &std::collections::BTreeMap<String, String>,
) -> bool {
    (app.is_none() || app == other_app) && selector.iter().all(|(key, value)| other_selector.get(key) == Some(value))
}
