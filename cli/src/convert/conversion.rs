//! All documents of some sources, converted.

use super::loss::{Fate, Loss};
use super::sentinel::{self, SentinelRules};
use super::work::{Input, Work};
use super::{tree, write};
use sergo::spec::document::{Reading, read};
use sergo::spec::node::{Node, Value};
use sergo::{Diagnostic, Source};

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
    pub(super) input: Option<usize>,
    pub(super) comments: Vec<String>,
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

/// Converts all documents of the sources. Whatever they are, nothing panics, and
/// what cannot be converted is told.
#[must_use]
pub fn conversion(sources: &[Source<'_>], options: &Options<'_>) -> Conversion {
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
