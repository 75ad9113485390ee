//! One mistake in one document, told so that its author can mend it.

use super::code::Code;
use super::node::Place;
use serde::Serialize;
use std::fmt;

/// One thing that is wrong with one field of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub code: Code,
    /// The document's kind; empty where it could not be read.
    pub kind: String,
    /// The document's namespace; empty where it could not be read.
    pub namespace: String,
    /// The document's name; empty where it could not be read.
    pub name: String,
    /// The path from the document's root, as in `spec.targets[0].targetResourceName`.
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What would be right.
    pub expected: String,
    /// The whole sentence: document, field, what was found, what would be right.
    pub message: String,
    /// The name of the source that the document came from; may be empty.
    pub source: String,
    /// The line in the source, from 1; 0 is unknown.
    pub line: u32,
    /// The column in the line, in characters from 1; 0 is unknown.
    pub column: u32,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Which document a diagnostic is about, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Its kind; empty where it could not be read.
    pub kind: String,
    /// Its namespace; empty where it could not be read.
    pub namespace: String,
    /// Its name; empty where it could not be read.
    pub name: String,
}

impl fmt::Display for Identity {
    /// `RateLimitStrategy "limit-foo" in prod`; the namespace `default` goes
    /// without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind.as_str(), self.name.as_str()) {
            ("", "") => return f.write_str("a document"),
            ("", name) => write!(f, "the document {name:?}")?,
            (kind, "") => write!(f, "{kind} without a name")?,
            (kind, name) => write!(f, "{kind} {name:?}")?,
        }
        match self.namespace.as_str() {
            "" | "default" => Ok(()),
            namespace => write!(f, " in {namespace}"),
        }
    }
}

impl Diagnostic {
    /// What is wrong at `field`: what was found there and what would be right.
    /// An empty field is the document as a whole.
    #[must_use]
    pub fn new(
        code: Code,
        identity: &Identity,
        source: &str,
        field: &str,
        place: Place,
        found: &str,
        expected: &str,
    ) -> Self {
        let message = match field {
            "" => format!("{identity}: found {found}, expected {expected}"),
            _ => format!("{identity}, {field}: found {found}, expected {expected}"),
        };
        Diagnostic {
            code,
            kind: identity.kind.clone(),
            namespace: identity.namespace.clone(),
            name: identity.name.clone(),
            field: field.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
            message,
            source: source.to_owned(),
            line: place.line,
            column: place.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_document_field_found_and_remedy() {
        let identity = Identity { kind: "RateLimitStrategy".into(), namespace: "default".into(), name: "foo".into() };
        let place = Place { line: 7, column: 14 };
        let diagnostic = Diagnostic::new(
            Code::WrongType,
            &identity,
            "a.yaml",
            "spec.threshold",
            place,
            "\"ten\" (text)",
            "a number",
        );
        assert_eq!(
            diagnostic.to_string(),
            r#"RateLimitStrategy "foo", spec.threshold: found "ten" (text), expected a number"#
        );
        assert_eq!((diagnostic.line, diagnostic.column), (7, 14));
    }

    #[test]
    fn an_identity_says_what_is_known() {
        let identity = |kind: &str, namespace: &str, name: &str| {
            Identity { kind: kind.into(), namespace: namespace.into(), name: name.into() }.to_string()
        };
        assert_eq!(identity("", "", ""), "a document");
        assert_eq!(identity("TrafficRouter", "default", ""), "TrafficRouter without a name");
        assert_eq!(identity("TrafficRouter", "prod", "r"), "TrafficRouter \"r\" in prod");
    }
}
