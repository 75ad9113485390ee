//! What a conversion could not keep, or keeps in another way.

use super::clusters::Referrer;
use super::write;
use serde::Serialize;
use sergo::spec::diagnostic::Identity;
use sergo::spec::node::{Node, Place};
use std::fmt;

/// How much of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It does not survive.
    Lost,
    /// It survives in another form, which may decide otherwise at its edges.
    Changed,
}

/// Something that did not survive as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// How much of it is left.
    pub fate: Fate,
    /// The document's kind; `FlowRule` and the like for Sentinel's rules.
    pub kind: String,
    /// Its namespace; empty where it has none.
    pub namespace: String,
    /// Its name; of a Sentinel rule, its resource.
    pub name: String,
    /// The path from the document's root; empty is the whole document.
    pub field: String,
    /// What it was.
    pub was: String,
    /// What becomes of it.
    pub becomes: String,
    /// Why.
    pub why: String,
    /// The source that it stands in.
    pub source: String,
    /// The line, from 1; 0 is unknown.
    pub line: u32,
    /// The column, in characters from 1; 0 is unknown.
    pub column: u32,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Lost => "lost",
            Fate::Changed => "changed",
        };
        let identity = self.identity();
        let field = if self.field.is_empty() { String::new() } else { format!(", {}", calm(&self.field)) };
        writeln!(f, "{fate}: {}{field}", calm(&identity.to_string()))?;
        match (self.source.as_str(), self.line) {
            ("", _) => {}
            (source, 0) => writeln!(f, "  --> {}", calm(source))?,
            (source, line) => writeln!(f, "  --> {}:{line}:{}", calm(source), self.column)?,
        }
        if !self.was.is_empty() {
            writeln!(f, "  was:  {}", calm(&self.was))?;
        }
        writeln!(f, "  now:  {}", calm(&self.becomes))?;
        writeln!(f, "  why:  {}", calm(&self.why))
    }
}

impl Loss {
    pub(super) fn identity(&self) -> Identity {
        Identity { kind: self.kind.clone(), namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// One line, for a comment in the output.
    pub(super) fn comment(&self) -> String {
        let fate = if self.fate == Fate::Lost { "lost" } else { "changed" };
        let field = if self.field.is_empty() { &self.kind } else { &self.field };
        calm(&format!("# {fate}: {field}: {}: {}", self.becomes, self.why))
    }
}

/// The text in one line, without control characters: it may come from anybody,
/// and goes to a terminal.
pub(super) fn calm(text: &str) -> String {
    let is_bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if is_bad(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// The longest value that is shown, in characters.
const SHOWN: usize = 100;

/// A value in one line, cut where it is long.
pub(super) fn shown(node: &Node) -> String {
    let text = write::flow(node);
    if text.chars().count() <= SHOWN {
        return text;
    }
    text.chars().take(SHOWN).chain("...".chars()).collect()
}

/// The losses of one document, as they are found.
#[derive(Debug)]
pub(super) struct Losses {
    identity: Identity,
    source: String,
    pub(super) list: Vec<Loss>,
}

impl Losses {
    pub(super) fn new(identity: Identity, source: &str) -> Losses {
        Losses { identity, source: source.to_owned(), list: Vec::new() }
    }

    pub(super) fn referrer(&self, place: Place) -> Referrer {
        Referrer { identity: self.identity.clone(), source: self.source.clone(), place }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.identity.namespace
    }

    /// Notes that this does not survive.
    pub(super) fn lost(&mut self, field: &str, node: &Node, becomes: &str, why: &str) {
        self.note(Fate::Lost, field, node.place, shown(node), becomes, why);
    }

    /// Notes that this survives in another way.
    pub(super) fn changed(&mut self, field: &str, node: &Node, becomes: &str, why: &str) {
        self.note(Fate::Changed, field, node.place, shown(node), becomes, why);
    }

    /// Notes what becomes of the document as a whole.
    pub(super) fn whole(&mut self, fate: Fate, place: Place, becomes: &str, why: &str) {
        self.note(fate, "", place, String::new(), becomes, why);
    }

    fn note(&mut self, fate: Fate, field: &str, place: Place, was: String, becomes: &str, why: &str) {
        let Identity { kind, namespace, name } = self.identity.clone();
        self.list.push(Loss {
            fate,
            kind,
            namespace,
            name,
            field: field.to_owned(),
            was,
            becomes: becomes.to_owned(),
            why: why.to_owned(),
            source: self.source.clone(),
            line: place.line,
            column: place.column,
        });
    }
}

/// What becomes of most that does not survive.
pub(super) const LEFT_OUT: &str = "left out";
