//! One document of a source: which it is, and what it says.

use super::Meta;
use super::code::Code;
use super::diagnostic::{Diagnostic, Identity};
use super::fault_tolerance::{FaultToleranceRule, HttpRequestFallbackAction};
use super::kind::{self, Kind};
use super::known::{Kept, Known, Print};
use super::lane::{TrafficLabelRule, TrafficLane, WorkloadLabelRule};
use super::node::{Node, Place, Value};
use super::reader::{Field, Notes, Object};
use super::strategy::Strategy;
use super::traffic_router::TrafficRouter;
use super::virtual_workload::VirtualWorkload;
use super::yaml::{self, Piece, Unreadable};
use super::{fault_tolerance, strategy};
use crate::sync::Arc;
use std::cell::OnceCell;
use std::rc::Rc;

/// A good document of a kind that this version enforces.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// `FaultToleranceRule`.
    Rule(Arc<FaultToleranceRule>),
    /// Any of the strategies.
    Strategy(Arc<Strategy>),
    /// `HttpRequestFallbackAction`.
    Action(Arc<HttpRequestFallbackAction>),
    /// `TrafficRouter`, or what is read as one.
    Router(Arc<TrafficRouter>),
    /// `VirtualWorkload`, or what is read as one.
    Workload(Arc<VirtualWorkload>),
    /// `TrafficLane`.
    Lane(Arc<TrafficLane>),
    /// `TrafficLabelRule`.
    TrafficLabel(Arc<TrafficLabelRule>),
    /// `WorkloadLabelRule`.
    WorkloadLabel(Arc<WorkloadLabelRule>),
}

/// A document as it was read.
#[derive(Debug)]
pub struct Reading<'s> {
    /// Which document it is; empty where that could not be read.
    pub identity: Arc<Identity>,
    /// The name of its source.
    pub source: &'s str,
    /// What it came to.
    pub outcome: Outcome,
    /// Its mistakes.
    pub errors: Vec<Diagnostic>,
    /// What is most likely not meant.
    pub warnings: Vec<Diagnostic>,
    /// Whether it is bad, and nobody can say which document it is.
    pub is_nameless: bool,
    /// The piece of the source that it stands in, and which of the documents
    /// there it is; `None` where the source has no pieces.
    origin: Option<(Rc<Origin<'s>>, usize)>,
}

/// A piece of a source, parsed once more when it is asked where something stands:
/// that is seldom, and trees are large.
#[derive(Debug)]
struct Origin<'s> {
    piece: Piece<'s>,
    documents: OnceCell<Vec<Node>>,
}

impl Origin<'_> {
    fn document(&self, index: usize) -> Option<&Node> {
        self.documents.get_or_init(|| flat(self.piece.documents().unwrap_or_default())).get(index)
    }
}

/// What a document came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is good.
    Good(Document),
    /// It has mistakes.
    Bad,
    /// Its kind is none that this version enforces, and it does nothing.
    Unknown,
}

impl<'s> Reading<'s> {
    /// As it stands in the source; `None` where that is no YAML or JSON.
    #[must_use]
    pub fn node(&self) -> Option<&Node> {
        self.origin.as_ref().and_then(|(origin, index)| origin.document(*index))
    }

    /// Makes it bad for a mistake that shows only beside other documents.
    pub fn reject(&mut self, code: Code, field: &str, found: &str, expected: &str) {
        let place = self.place(field);
        self.errors.push(Diagnostic::new(code, &self.identity, self.source, field, place, found, expected));
        self.outcome = Outcome::Bad;
    }

    /// Where the field of this path is, or else the nearest around it.
    #[must_use]
    pub fn place(&self, field: &str) -> Place {
        let origin = self.origin.as_ref();
        let Some(mut node) = origin.and_then(|(origin, index)| origin.document(*index)) else {
            return Place::default();
        };
        let mut place = node.place;
        for step in field.split(['.', '[']) {
            let next = match (&node.value, step.strip_suffix(']')) {
                (Value::List(items), Some(index)) => {
                    index.parse().ok().and_then(|index: usize| items.get(index)).map(|item| (item, item.place))
                }
                (Value::Map(entries), None) => entries
                    .iter()
                    .find(|entry| entry.key == step)
                    .map(|entry| (&entry.node, if entry.node.is_null() { entry.place } else { entry.node.place })),
                _ => None,
            };
            let Some((inner, at)) = next else { break };
            (node, place) = (inner, at);
        }
        place
    }
}

/// Reads all documents of a source.
#[must_use]
pub fn read<'s>(source: &'s str, text: &'s str) -> Vec<Reading<'s>> {
    let mut readings = Vec::new();
    read_again(source, text, &Known::default(), &mut Known::default(), &mut readings);
    readings
}

/// Reads all documents of a source but for those that are known from before, and
/// makes the good ones known from now on.
pub fn read_again<'s>(
    source: &'s str,
    text: &'s str,
    before: &Known,
    now: &mut Known,
    readings: &mut Vec<Reading<'s>>,
) {
    let pieces = match yaml::pieces(text) {
        Ok(pieces) => pieces,
        Err(unreadable) => return readings.push(no_document(source, &unreadable, None)),
    };
    readings.reserve(pieces.len());
    for piece in pieces {
        let origin = Rc::new(Origin { piece, documents: OnceCell::new() });
        let print = Print::of(piece.text);
        if let Some(kept) = before.get(source, &piece, print) {
            readings.extend(kept.iter().enumerate().map(|(index, kept)| kept.reading(source, index, &origin)));
            now.put(print, kept);
            continue;
        }
        let first = readings.len();
        match piece.documents() {
            Ok(nodes) => {
                let read =
                    |(index, node): (usize, &Node)| read_document(source, node, Some((Rc::clone(&origin), index)));
                readings.extend(flat(nodes).iter().enumerate().map(read));
                now.learn(&piece, print, readings.get(first..).unwrap_or_default());
            }
            Err(unreadable) => readings.push(no_document(source, &unreadable, Some((origin, 0)))),
        }
    }
}

fn no_document<'s>(source: &'s str, unreadable: &Unreadable, origin: Option<(Rc<Origin<'s>>, usize)>) -> Reading<'s> {
    let notes = Notes::new(Identity::default(), source);
    notes.tell(unreadable.code, "", unreadable.place, &unreadable.found, unreadable.expected);
    finish(source, notes, Outcome::Bad, origin)
}

/// The documents, and each item of a list of documents in its place.
fn flat(nodes: Vec<Node>) -> Vec<Node> {
    let mut flattened = Vec::with_capacity(nodes.len());
    nodes.into_iter().for_each(|node| flatten(node, &mut flattened));
    flattened
}

fn flatten(mut node: Node, flattened: &mut Vec<Node>) {
    match take_items(&mut node) {
        // A document is at most yaml::MAX_DEPTH deep, and so is this.
        Some(items) => items.into_iter().filter(|item| !item.is_null()).for_each(|item| flatten(item, flattened)),
        None => flattened.push(node),
    }
}

/// The items of a `List`, or of a list of one kind, as `kubectl` writes them.
fn take_items(node: &mut Node) -> Option<Vec<Node>> {
    let is_list = node.get("kind").and_then(Node::as_text).is_some_and(|kind| kind.ends_with("List"));
    let Value::Map(entries) = &mut node.value else { return None };
    let items = entries.iter_mut().find(|entry| is_list && entry.key == "items")?;
    match &mut items.node.value {
        Value::List(items) => Some(std::mem::take(items)),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

fn finish<'s>(source: &'s str, notes: Notes, outcome: Outcome, origin: Option<(Rc<Origin<'s>>, usize)>) -> Reading<'s> {
    let identity = notes.identity().clone();
    let (errors, warnings) = notes.into_parts();
    let says_which =
        |error: &Diagnostic| matches!(&*error.field, "metadata" | "metadata.name" | "metadata.namespace" | "items");
    let is_nameless = outcome == Outcome::Bad && (identity.kind.is_empty() || errors.iter().any(says_which));
    Reading { identity: Arc::new(identity), source, outcome, errors, warnings, is_nameless, origin }
}

impl Kept {
    fn reading<'s>(&self, source: &'s str, index: usize, origin: &Rc<Origin<'s>>) -> Reading<'s> {
        Reading {
            identity: Arc::clone(&self.identity),
            source,
            outcome: Outcome::Good(self.document.clone()),
            errors: Vec::new(),
            warnings: self.warnings.as_ref().map(|warnings| warnings.list.clone()).unwrap_or_default(),
            is_nameless: false,
            origin: Some((Rc::clone(origin), index)),
        }
    }
}

fn read_document<'s>(source: &'s str, node: &Node, origin: Option<(Rc<Origin<'s>>, usize)>) -> Reading<'s> {
    let notes = Notes::new(identify(node), source);
    let outcome = match Object::root(node, &notes) {
        Some(root) => read_object(root),
        None => Outcome::Bad,
    };
    finish(source, notes, outcome, origin)
}

/// Which document it says that it is, before anything is judged.
fn identify(node: &Node) -> Identity {
    let text = |node: Option<&Node>| node.and_then(Node::as_text).unwrap_or_default().to_owned();
    let kind = text(node.get("kind"));
    let metadata = |key| text(node.get("metadata").and_then(|metadata| metadata.get(key)));
    let namespace = match metadata("namespace") {
        none if none.is_empty() && !kind.is_empty() => "default".to_owned(),
        namespace => namespace,
    };
    Identity { name: metadata("name"), namespace, kind }
}

fn read_object(mut root: Object<'_>) -> Outcome {
    let (api_version, kind) = (root.take("apiVersion"), root.take("kind"));
    let (metadata, spec) = (root.take("metadata"), root.take("spec"));
    root.skip(&["status"]);
    let text = |field: &Field<'_>| field.node().and_then(Node::as_text).unwrap_or_default().to_owned();
    if text(&kind) == "List" {
        // One with a list of items has been taken apart before.
        let _ = root.take("items").required().list();
        return Outcome::Bad;
    }
    let known = match kind::find(&text(&api_version), &text(&kind)) {
        Ok(known) => known,
        Err(unknown) => {
            kind.tell(unknown.code, &unknown.found, &unknown.expected);
            return Outcome::Unknown;
        }
    };
    let notes = spec.notes();
    let meta = read_meta(&metadata);
    let spec = spec.required().object();
    root.finish();
    let Some(spec) = spec else { return Outcome::Bad };
    let document = match known {
        Kind::Rule => fault_tolerance::read_rule(meta, spec).map(|rule| Document::Rule(Arc::new(rule))),
        Kind::Action => fault_tolerance::read_action(meta, spec).map(|action| Document::Action(Arc::new(action))),
        Kind::Strategy(kind) => strategy::read(kind, meta, spec).map(|strategy| Document::Strategy(Arc::new(strategy))),
        Kind::Router(kind) => Some(Document::Router(Arc::new(TrafficRouter::read(kind, &meta, spec)))),
        Kind::OlderRouter => Some(Document::Router(Arc::new(TrafficRouter::read_older(&meta, spec)))),
        Kind::Workload(kind) => Some(Document::Workload(Arc::new(VirtualWorkload::read(kind, &meta, spec)))),
        Kind::OlderWorkload => Some(Document::Workload(Arc::new(VirtualWorkload::read_older(&meta, spec)))),
        Kind::Lane => TrafficLane::read(meta, spec).map(|lane| Document::Lane(Arc::new(lane))),
        Kind::TrafficLabel => TrafficLabelRule::read(meta, spec).map(|rule| Document::TrafficLabel(Arc::new(rule))),
        Kind::WorkloadLabel => WorkloadLabelRule::read(meta, spec).map(|rule| Document::WorkloadLabel(Arc::new(rule))),
    };
    match document {
        Some(document) if !notes.has_errors() => Outcome::Good(document),
        _ => Outcome::Bad,
    }
}

/// What Kubernetes keeps in metadata and has no meaning here.
pub const OTHER_METADATA: [&str; 12] = [
    "annotations",
    "clusterName",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// What is missing is noted and left empty, so that the rest can be read and all
/// mistakes are told at once.
fn read_meta(field: &Field<'_>) -> Meta {
    let default = "default".to_owned();
    if !field.is_present() {
        field.notes().tell(Code::MissingField, "metadata.name", field.place(), "nothing", NAME);
    }
    let Some(mut metadata) = field.object() else { return Meta { namespace: default, ..Meta::default() } };
    let name = metadata.take("name").required().filled(NAME).unwrap_or_default();
    let namespace = metadata.take("namespace").text().filter(|namespace| !namespace.is_empty()).unwrap_or(default);
    let labels = metadata.take("labels").map().unwrap_or_default();
    let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value.text().unwrap_or_default())).collect();
    let creation_timestamp = metadata.take("creationTimestamp").text().unwrap_or_default();
    metadata.skip(&OTHER_METADATA);
    metadata.finish();
    Meta { namespace, name, labels, creation_timestamp }
}

const NAME: &str = "the name of the document";
