//! The documents of a conversion, one after the other.

use super::clusters::Clusters;
use super::conversion::{Conversion, Converted, Options, Origin, Target};
use super::lane::{Colour, Given};
use super::loss::{Fate, LEFT_OUT, Loss, Losses};
use super::sentinel::{self, Wanted};
use super::shape::Side;
use super::tree::{self, at, map};
use super::{istio, older, write};
use sergo::spec::document::{Outcome, Reading};
use sergo::spec::node::{Node, Place};
use sergo::{Diagnostic, Source};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A document of the input.
pub(super) struct Input<'r> {
    pub(super) node: &'r Node,
    pub(super) reading: &'r Reading<'r>,
    pub(super) origin: Option<Origin>,
    pub(super) mistakes: Vec<Diagnostic>,
}

/// What is done so far.
pub(super) struct Work<'o> {
    options: &'o Options<'o>,
    pub(super) done: Conversion,
    pub(super) clusters: Clusters,
    pub(super) colours: BTreeSet<Colour>,
    pub(super) given: Vec<Given>,
    /// `EnvoyFilter`s, whose patches may turn out to be fallbacks: with the number
    /// of the input, and the patches that are something else.
    filters: Vec<usize>,
    names: HashSet<String>,
    /// Whether there are lanes of the current generation.
    has_lanes: bool,
}

impl<'o> Work<'o> {
    pub(super) fn new(options: &'o Options<'o>) -> Self {
        let mut clusters = Clusters::default();
        clusters.port = options.port;
        let (colours, names) = (BTreeSet::new(), HashSet::new());
        Work {
            options,
            done: Conversion::default(),
            clusters,
            colours,
            given: Vec::new(),
            filters: Vec::new(),
            names,
            has_lanes: false,
        }
    }

    pub(super) fn convert(&mut self, inputs: &[Input<'_>]) {
        for input in inputs {
            self.clusters.namespaces.insert(tree::namespace(input.node).to_owned());
            // Names of documents that are there already are not given again.
            self.names.insert(tree::name(input.node).to_owned());
            self.has_lanes |= tree::kind(input.node) == "TrafficLane";
            if tree::kind(input.node) == "EnvoyFilter" && self.options.to == Target::Opensergo {
                self.clusters.learn(input.node);
            }
        }
        match self.options.to {
            Target::Istio => self.istio(inputs),
            Target::Opensergo => self.each(inputs, Work::opensergo),
            Target::Current => self.each(inputs, Work::current),
        }
    }

    fn each(&mut self, inputs: &[Input<'_>], convert: fn(&mut Self, usize, &Input<'_>, &mut Losses)) {
        for (index, input) in inputs.iter().enumerate() {
            if self.refuses(input) {
                continue;
            }
            let mut losses = losses(input);
            convert(self, index, input, &mut losses);
            self.keep(index, losses);
        }
    }

    /// Whether there is nothing to convert in it; noted why.
    pub(super) fn refuses(&mut self, input: &Input<'_>) -> bool {
        match (input.origin, &input.reading.outcome) {
            // What is wrong for one side may be put right for the other.
            (Some(Origin::Istio | Origin::Sentinel), _) => false,
            (None, Outcome::Bad) => {
                self.done.mistakes.extend(input.reading.errors.iter().cloned());
                true
            }
            (None | Some(Origin::Opensergo), Outcome::Unknown) => {
                let mut losses = losses(input);
                let why = input.reading.warnings.first().map_or("its kind is unknown", |warning| &warning.message);
                losses.whole(Fate::Lost, input.node.place, LEFT_OUT, why);
                self.done.losses.append(&mut losses.list);
                true
            }
            (None | Some(Origin::Opensergo), _) => {
                self.done.mistakes.extend(input.mistakes.iter().cloned());
                !input.mistakes.is_empty() || input.reading.outcome == Outcome::Bad
            }
        }
    }

    pub(super) fn push(&mut self, index: Option<usize>, node: Node) {
        self.done.documents.push(Converted { node, input: index, comments: Vec::new() });
    }

    /// Keeps the losses of an input, and says them above what it has become.
    pub(super) fn keep(&mut self, index: usize, mut losses: Losses) {
        let comments: Vec<String> = losses.list.iter().map(Loss::comment).collect();
        if let Some(document) = self.done.documents.iter_mut().find(|document| document.input == Some(index)) {
            document.comments.extend(comments);
        }
        self.done.losses.append(&mut losses.list);
    }

    fn opensergo(&mut self, index: usize, input: &Input<'_>, losses: &mut Losses) {
        let (node, place) = (input.node, input.node.place);
        match (input.origin, tree::kind(node)) {
            (Some(Origin::Istio), "VirtualService") => {
                let converted = istio::router(Side::OpenSergo, node, losses, &mut self.clusters, &[]);
                self.converted(index, converted.map(|(node, _)| node), place, losses);
            }
            (Some(Origin::Istio), "DestinationRule") => {
                let converted = istio::workload(Side::OpenSergo, node, losses, &mut self.clusters);
                self.converted(index, converted, place, losses);
            }
            (Some(Origin::Istio), "EnvoyFilter") => self.filters.push(index),
            (Some(Origin::Istio), kind) => {
                losses.whole(Fate::Lost, place, LEFT_OUT, &format!("OpenSergo has nothing like a {kind}"));
            }
            (Some(Origin::Sentinel), _) => {
                let Options { app, namespace, rules, .. } = *self.options;
                let wanted = Wanted { app, namespace };
                for (documents, mut losses) in
                    sentinel::rules(node, input.reading.source, rules, wanted, &mut self.names)
                {
                    let first = self.done.documents.len();
                    documents.into_iter().for_each(|node| self.push(Some(index), node));
                    if let Some(document) = self.done.documents.get_mut(first) {
                        document.comments.extend(losses.list.iter().map(Loss::comment));
                    }
                    self.done.losses.append(&mut losses.list);
                }
            }
            _ => self.push(Some(index), same(node)),
        }
    }

    pub(super) fn converted(&mut self, index: usize, converted: Option<Node>, place: Place, losses: &mut Losses) {
        match converted {
            Some(node) => self.push(Some(index), node),
            None => losses.whole(Fate::Lost, place, LEFT_OUT, "it has no spec"),
        }
    }

    fn current(&mut self, index: usize, input: &Input<'_>, losses: &mut Losses) {
        if input.origin == Some(Origin::Sentinel) {
            let why = "Sentinel's rules are no older generation: --to opensergo converts them";
            return losses.whole(Fate::Lost, input.node.place, LEFT_OUT, why);
        }
        let newer = older::current(input.node, losses);
        if newer.is_some() && tree::kind(input.node) == "TrafficLabelRule" && self.has_lanes {
            let why = "of lanes the first by name that matches counts; label rules came behind all lanes";
            losses.whole(Fate::Changed, input.node.place, "a lane among the others", why);
        }
        self.push(Some(index), same(newer.as_ref().unwrap_or(input.node)));
    }

    /// What is left of `EnvoyFilter`s, and what cannot stand as it is.
    pub(super) fn finish(mut self, inputs: &[Input<'_>]) -> Conversion {
        for index in std::mem::take(&mut self.filters) {
            let Some(input) = inputs.get(index) else { continue };
            let mut losses = losses(input);
            let patches = at(input.node, &["spec", "configPatches"]).map(tree::items).unwrap_or_default();
            for (number, patch) in patches.iter().enumerate() {
                if !self.clusters.is_used(input.node, patch) {
                    let why = "a patch of Envoy's configuration has no meaning for those who are no Envoy";
                    losses.lost(&format!("spec.configPatches[{number}]"), patch, LEFT_OUT, why);
                }
            }
            self.done.losses.append(&mut losses.list);
        }
        if self.options.to != Target::Istio {
            self.drop_bad(inputs);
        }
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for document in std::mem::take(&mut self.done.documents) {
            let (kind, namespace, name) = document.identity();
            if seen.insert((kind.to_owned(), namespace.to_owned(), name.to_owned())) {
                kept.push(document);
                continue;
            }
            let why = format!("another document has become a {kind} of this name before it");
            if let Some(input) = document.input.and_then(|index| inputs.get(index)) {
                let mut losses = losses(input);
                losses.whole(Fate::Lost, input.node.place, LEFT_OUT, &why);
                self.done.losses.append(&mut losses.list);
            }
        }
        self.done.documents = kept;
        self.done
    }

    /// Leaves out what the core would not take, with the mistakes of what it comes
    /// from.
    fn drop_bad(&mut self, inputs: &[Input<'_>]) {
        let texts: Vec<(String, String)> = self
            .done
            .documents
            .iter()
            .enumerate()
            .map(|(number, document)| (number.to_string(), write::yaml(&document.node)))
            .collect();
        let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
        let mut bad: BTreeMap<usize, Vec<Diagnostic>> = BTreeMap::new();
        for mistake in sergo::check(&sources).rejected {
            if let Ok(number) = mistake.source.parse() {
                bad.entry(number).or_default().push(mistake);
            }
        }
        // Of two that have come to one name the second is told below.
        let is_double = |mistake: &Diagnostic| mistake.field == "metadata.name" && mistake.found.contains("earlier");
        bad.retain(|_, mistakes| !mistakes.iter().all(is_double));
        for (number, mistakes) in bad.iter().rev() {
            if *number >= self.done.documents.len() {
                continue;
            }
            let document = self.done.documents.remove(*number);
            let Some(input) = document.input.and_then(|index| inputs.get(index)) else { continue };
            if input.mistakes.is_empty() {
                let Place { line, column } = input.node.place;
                let source = input.reading.source.to_owned();
                let here =
                    |mistake: &Diagnostic| Diagnostic { source: source.clone(), line, column, ..mistake.clone() };
                self.done.mistakes.extend(mistakes.iter().map(here));
            } else {
                self.done.mistakes.extend(input.mistakes.iter().cloned());
            }
        }
    }
}

pub(super) fn losses(input: &Input<'_>) -> Losses {
    Losses::new((*input.reading.identity).clone(), input.reading.source)
}

/// The document as it is, with what authors write of its metadata.
pub(super) fn same(document: &Node) -> Node {
    let entries = tree::entries(document).iter().filter(|entry| entry.key != "status" && !entry.node.is_null());
    map(entries.map(|entry| match entry.key.as_str() {
        "metadata" => (entry.key.clone(), istio::metadata(document)),
        _ => (entry.key.clone(), entry.node.clone()),
    }))
}
