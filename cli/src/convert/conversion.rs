//! All documents of some sources, converted.

use super::clusters::Clusters;
use super::lane::{self, Colour, Given};
use super::loss::{Fate, LEFT_OUT, Loss, Losses};
use super::sentinel::{self, SentinelRules, Wanted};
use super::shape::Side;
use super::tree::{self, at, map, text};
use super::{istio, older, subsets, write};
use sergo::spec::document::{Outcome, Reading, read};
use sergo::spec::node::{Node, Place, Value};
use sergo::{Diagnostic, Source};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What documents are converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// Istio's VirtualService, DestinationRule and EnvoyFilter
    Istio,
    /// OpenSergo's documents, from Istio's or Sentinel's
    Opensergo,
    /// The current generation, from older ones
    Current,
}

/// Whose documents are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Origin {
    /// OpenSergo's
    Opensergo,
    /// Istio's
    Istio,
    /// Sentinel's rules in JSON
    Sentinel,
}

/// How documents are converted.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// What they are converted to.
    pub to: Target,
    /// Whose documents are taken; `None` takes all.
    pub from: Option<Origin>,
    /// The port of destinations that name none, where Istio needs one.
    pub port: Option<u16>,
    /// The app of rules that Sentinel's become.
    pub app: Option<&'o str>,
    /// The namespace of rules that Sentinel's become.
    pub namespace: Option<&'o str>,
    /// What Sentinel's rules are, where their fields do not say it.
    pub rules: Option<SentinelRules>,
}

impl Options<'_> {
    /// To this, with nothing else said.
    #[must_use]
    pub const fn to(to: Target) -> Self {
        Options { to, from: None, port: None, app: None, namespace: None, rules: None }
    }
}

/// A document that a conversion came to.
#[derive(Clone, Debug)]
pub struct Converted {
    pub(super) node: Node,
    /// The input that it comes from.
    input: Option<usize>,
    comments: Vec<String>,
}

impl Converted {
    /// Its kind, namespace and name.
    #[must_use]
    pub fn identity(&self) -> (&str, &str, &str) {
        (tree::kind(&self.node), tree::namespace(&self.node), tree::name(&self.node))
    }

    /// It as YAML, what was lost in comments above it.
    #[must_use]
    pub fn text(&self) -> String {
        let comments: String = self.comments.iter().map(|comment| comment.clone() + "\n").collect();
        comments + &write::yaml(&self.node)
    }

    /// It as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json(&self.node)
    }
}

/// What a conversion came to.
#[derive(Clone, Debug, Default)]
pub struct Conversion {
    /// The documents, in the order of those that they come from.
    pub documents: Vec<Converted>,
    /// What did not survive, or not as it was.
    pub losses: Vec<Loss>,
    /// The mistakes of documents that were not converted.
    pub mistakes: Vec<Diagnostic>,
    /// How many documents are none of these rules: other kinds of Kubernetes, and
    /// those of others than were asked for.
    pub others: usize,
}

impl Conversion {
    /// All documents as one YAML text.
    #[must_use]
    pub fn text(&self) -> String {
        self.documents.iter().map(Converted::text).collect::<Vec<_>>().join("---\n")
    }

    /// Whether something did not survive at all.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        self.losses.iter().any(|loss| loss.fate == Fate::Lost)
    }
}

/// A document of the input.
struct Input<'r> {
    node: &'r Node,
    reading: &'r Reading<'r>,
    origin: Option<Origin>,
    mistakes: Vec<Diagnostic>,
}

/// Converts all documents of the sources. Whatever they are, nothing panics, and
/// what cannot be converted is told.
#[must_use]
pub fn convert(sources: &[Source<'_>], options: &Options<'_>) -> Conversion {
    let readings: Vec<Reading<'_>> = sources.iter().flat_map(|source| read(source.name, source.text)).collect();
    let report = sergo::check(sources);
    let mut work = Work::new(options);
    let mut inputs = Vec::new();
    for reading in &readings {
        let Some(node) = reading.node() else {
            work.done.mistakes.extend(reading.errors.iter().cloned());
            continue;
        };
        let origin = origin(node);
        let is_wanted = options.from.is_none_or(|from| origin == Some(from));
        if origin.is_none() && is_other(node) || !is_wanted {
            work.done.others = work.done.others.saturating_add(1);
            continue;
        }
        let mistakes = report.rejected.iter().filter(|mistake| is_of(mistake, reading)).cloned().collect();
        inputs.push(Input { node, reading, origin, mistakes });
    }
    work.convert(&inputs);
    work.finish(&inputs)
}

/// Whether the mistake is one of this document. Of two with one name only the
/// place tells.
fn is_of(mistake: &Diagnostic, reading: &Reading<'_>) -> bool {
    let identity = &reading.identity;
    let is_same = mistake.source == reading.source
        && (&mistake.kind, &mistake.namespace, &mistake.name) == (&identity.kind, &identity.namespace, &identity.name);
    let place = reading.place(&mistake.field);
    is_same && (reading.errors.contains(mistake) || (place.line, place.column) == (mistake.line, mistake.column))
}

fn origin(node: &Node) -> Option<Origin> {
    let group = tree::text_at(node, &["apiVersion"]).and_then(|version| version.split('/').next());
    match (&node.value, group) {
        (_, Some(group)) if group.ends_with(".opensergo.io") => Some(Origin::Opensergo),
        (_, Some(group)) if group.ends_with(".istio.io") => Some(Origin::Istio),
        (Value::List(items), None) if items.is_empty() || items.iter().any(sentinel::is_rule) => Some(Origin::Sentinel),
        (Value::Map(_), None) if sentinel::is_rule(node) => Some(Origin::Sentinel),
        _ => None,
    }
}

/// Whether it is a document of Kubernetes that has nothing to do with rules.
fn is_other(node: &Node) -> bool {
    node.get("apiVersion").is_some() && node.get("kind").is_some()
}

/// What is done so far.
struct Work<'o> {
    options: &'o Options<'o>,
    done: Conversion,
    clusters: Clusters,
    colours: BTreeSet<Colour>,
    given: Vec<Given>,
    /// `EnvoyFilter`s, whose patches may turn out to be fallbacks: with the number
    /// of the input, and the patches that are something else.
    filters: Vec<usize>,
    names: HashSet<String>,
    /// Whether there are lanes of the current generation.
    has_lanes: bool,
}

impl<'o> Work<'o> {
    fn new(options: &'o Options<'o>) -> Self {
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

    fn convert(&mut self, inputs: &[Input<'_>]) {
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
    fn refuses(&mut self, input: &Input<'_>) -> bool {
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

    fn push(&mut self, index: Option<usize>, node: Node) {
        self.done.documents.push(Converted { node, input: index, comments: Vec::new() });
    }

    /// Keeps the losses of an input, and says them above what it has become.
    fn keep(&mut self, index: usize, mut losses: Losses) {
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

    fn converted(&mut self, index: usize, converted: Option<Node>, place: Place, losses: &mut Losses) {
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

    fn istio(&mut self, inputs: &[Input<'_>]) {
        let good: Vec<(usize, &Input<'_>)> =
            inputs.iter().enumerate().filter(|(_, input)| !self.refuses(input)).collect();
        // Lanes first, for routers have to know of them.
        let mut lanes = Vec::new();
        for (index, input) in &good {
            let kind = tree::kind(input.node);
            let mut losses = losses(input);
            let lane = match kind {
                "TrafficLane" | "TrafficLabelRule" => older::current(input.node, &mut losses)
                    .or_else(|| (kind == "TrafficLane").then(|| input.node.clone())),
                "WorkloadLabelRule" => {
                    self.given.extend(lane::given(input.node, &mut losses));
                    None
                }
                _ => continue,
            };
            match lane.as_ref().and_then(Colour::of) {
                Some(colour) => {
                    self.colours.insert(colour);
                    lanes.extend(lane.map(|lane| (kind != "TrafficLane", lane, *index)));
                }
                None if kind == "TrafficLabelRule" => {
                    losses.list.iter_mut().for_each(|loss| "the whole rule is left out".clone_into(&mut loss.becomes));
                }
                None => {}
            }
            self.keep(*index, losses);
        }
        let routed = self.routers(&good);
        // What nobody routes is routed by lane alone.
        if !self.colours.is_empty() {
            self.unrouted(&good, &routed);
        }
        // The first lane by name goes first, and lanes before label rules.
        lanes.sort_by(|(older, lane, _), (other, than, _)| (older, tree::name(lane)).cmp(&(other, tree::name(than))));
        for (priority, (_, lane, index)) in lanes.iter().enumerate() {
            let Some(input) = inputs.get(*index) else { continue };
            let mut losses = losses(input);
            for filter in lane::filters(lane, input.node, priority, &mut losses) {
                self.push(Some(*index), filter);
            }
            self.keep(*index, losses);
        }
        self.define_subsets();
    }

    /// Converts routers and workloads; the hosts that have a router.
    fn routers(&mut self, good: &[(usize, &Input<'_>)]) -> BTreeSet<(String, String)> {
        let mut routed = BTreeSet::new();
        for (index, input) in good {
            let mut losses = losses(input);
            let newer = match tree::kind(input.node) {
                "RouterRule" | "VirtualWorkloads" => older::current(input.node, &mut losses),
                _ => None,
            };
            let node = newer.as_ref().unwrap_or(input.node);
            let place = input.node.place;
            let namespace = tree::namespace(node).to_owned();
            let colours: Vec<Colour> =
                self.colours.iter().filter(|colour| colour.namespace == namespace).cloned().collect();
            match (input.origin, tree::kind(node)) {
                (Some(Origin::Opensergo), "TrafficRouter") => {
                    routed.extend(hosts(node).map(|host| (namespace.clone(), host)));
                    match istio::router(Side::Istio, node, &mut losses, &mut self.clusters, &colours) {
                        Some((node, filter)) => {
                            self.push(Some(*index), node);
                            filter.into_iter().for_each(|filter| self.push(Some(*index), filter));
                        }
                        None => losses.whole(Fate::Lost, place, LEFT_OUT, "it has no spec"),
                    }
                }
                (Some(Origin::Opensergo), "VirtualWorkload") => {
                    let converted = istio::workload(Side::Istio, node, &mut losses, &mut self.clusters);
                    self.converted(*index, converted, place, &mut losses);
                }
                (Some(Origin::Istio), kind) => {
                    if kind == "VirtualService" {
                        routed.extend(hosts(node).map(|host| (namespace.clone(), host)));
                    }
                    self.push(Some(*index), same(node));
                }
                (Some(Origin::Sentinel), _) => {
                    let why = "Istio has nothing like Sentinel's rules: --to opensergo converts them";
                    losses.whole(Fate::Lost, place, LEFT_OUT, why);
                }
                (_, "TrafficLane" | "TrafficLabelRule" | "WorkloadLabelRule") => continue,
                // Why it stays has been told.
                (_, "RouterRule") => {
                    losses.list.iter_mut().for_each(|loss| "the whole rule is left out".clone_into(&mut loss.becomes));
                }
                (_, kind) => losses.whole(Fate::Lost, place, LEFT_OUT, unlike(kind)),
            }
            self.keep(*index, losses);
        }
        routed
    }

    /// Routers for hosts of workloads that have none.
    fn unrouted(&mut self, good: &[(usize, &Input<'_>)], routed: &BTreeSet<(String, String)>) {
        for (index, input) in good {
            let namespace = tree::namespace(input.node).to_owned();
            let colours: Vec<Colour> =
                self.colours.iter().filter(|colour| colour.namespace == namespace).cloned().collect();
            let host = match tree::kind(input.node) {
                "VirtualWorkload" => tree::text_at(input.node, &["spec", "host"]),
                "VirtualWorkloads" => tree::text_at(input.node, &["spec", "selector", "app"]),
                _ => None,
            };
            let Some(host) = host.filter(|host| !host.contains('*') && !colours.is_empty()) else { continue };
            let short = short(host, &namespace);
            if routed.contains(&(namespace.clone(), short)) {
                continue;
            }
            let route = map([("route", tree::list([map([("destination", map([("host", text(host))]))])]))]);
            let spec = map([("hosts", tree::list([text(host)])), ("http", tree::list([route]))]);
            let mut metadata = map([("name", text(format!("{}-lanes", tree::name(input.node))))]);
            istio::copy_namespace(input.node, &mut metadata);
            let router = tree::document(istio::TRAFFIC, "TrafficRouter", metadata, spec);
            let mut losses = losses(input);
            let converted = istio::router(Side::Istio, &router, &mut losses, &mut self.clusters, &colours);
            for loss in &mut losses.list {
                // The router is nobody's writing: what is lost is lost of the workload.
                (loss.field, loss.was, loss.line, loss.column) =
                    (String::new(), String::new(), input.node.place.line, input.node.place.column);
            }
            if let Some((node, filter)) = converted {
                self.push(Some(*index), node);
                filter.into_iter().for_each(|filter| self.push(Some(*index), filter));
            }
            self.keep(*index, losses);
        }
    }

    fn define_subsets(&mut self) {
        let is_rule = |document: &Converted| tree::kind(&document.node) == "DestinationRule";
        let mut indices: Vec<usize> = Vec::new();
        let mut rules: Vec<Node> = Vec::new();
        for (index, document) in self.done.documents.iter().enumerate().filter(|(_, document)| is_rule(document)) {
            indices.push(index);
            rules.push(document.node.clone());
        }
        let added = subsets::complete(&mut rules, &self.clusters, &self.given);
        let mut rules = rules.into_iter();
        for index in indices {
            if let (Some(document), Some(rule)) = (self.done.documents.get_mut(index), rules.next()) {
                document.node = rule;
            }
        }
        rules.for_each(|rule| self.push(None, rule));
        for subsets::Added { reference, mut losses, place, labels } in added {
            let becomes = format!("the subset {:?} of {:?} with the labels {labels}", reference.subset, reference.host);
            let why = "no VirtualWorkload defines it, and Istio does not find instances by the label that they happen \
                       to bear: look whether `version` is the one";
            losses.whole(Fate::Changed, place, &becomes, why);
            self.done.losses.append(&mut losses.list);
        }
    }

    /// What is left of `EnvoyFilter`s, and what cannot stand as it is.
    fn finish(mut self, inputs: &[Input<'_>]) -> Conversion {
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

fn losses(input: &Input<'_>) -> Losses {
    Losses::new((*input.reading.identity).clone(), input.reading.source)
}

/// The document as it is, with what authors write of its metadata.
fn same(document: &Node) -> Node {
    let entries = tree::entries(document).iter().filter(|entry| entry.key != "status" && !entry.node.is_null());
    map(entries.map(|entry| match entry.key.as_str() {
        "metadata" => (entry.key.clone(), istio::metadata(document)),
        _ => (entry.key.clone(), entry.node.clone()),
    }))
}

fn short(host: &str, namespace: &str) -> String {
    sergo::matcher::HostName::new(host, namespace).as_str().to_owned()
}

/// The hosts of a router, each in its shortest form.
fn hosts(router: &Node) -> impl Iterator<Item = String> {
    let namespace = tree::namespace(router);
    let hosts = at(router, &["spec", "hosts"]).map(tree::items).unwrap_or_default();
    hosts.iter().filter_map(Node::as_text).map(move |host| short(host, namespace))
}

/// Why Istio has nothing like this kind.
fn unlike(kind: &str) -> &'static str {
    match kind {
        "FaultToleranceRule" | "RateLimitStrategy" | "ThrottlingStrategy" | "ConcurrencyLimitStrategy" => {
            "Istio has no resources: what it limits are connections and ports, not what an application names"
        }
        "CircuitBreakerStrategy" => "Istio's outlierDetection ejects instances; it opens for no resource",
        "AdaptiveOverloadProtectionStrategy" => "Istio does not shed load by the figures of the instance",
        "HttpRequestFallbackAction" => "Istio answers what is blocked by itself",
        _ => "Istio has nothing like it",
    }
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Scalar { text, quoted: true } => text.as_str().into(),
        Value::Scalar { text, quoted: false } => {
            let number: Option<serde_json::Value> = match text.as_str() {
                "true" => Some(true.into()),
                "false" => Some(false.into()),
                other => serde_json::from_str::<serde_json::Number>(other).ok().map(Into::into),
            };
            number.unwrap_or_else(|| text.as_str().into())
        }
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            serde_json::Value::Object(entries.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect())
        }
    }
}
