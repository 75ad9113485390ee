//! What is told of one document while it is read.

use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, Identity};
use super::node::Place;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What is noted while one document is read.
#[derive(Debug)]
pub struct Notes {
    identity: Identity,
    source: String,
    errors: RefCell<Told>,
    warnings: RefCell<Told>,
}

/// Diagnostics, one for each path.
#[derive(Debug, Default)]
struct Told {
    paths: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Notes {
    /// For the document of this identity in the source of this name.
    #[must_use]
    pub fn new(identity: Identity, source: &str) -> Self {
        Notes { identity, source: source.to_owned(), errors: RefCell::default(), warnings: RefCell::default() }
    }

    /// The document that they are about.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name of its source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Notes a mistake, or what is most likely not meant, as the code has it. Of
    /// several of one severity at one path the first is kept.
    pub fn tell(&self, code: Code, field: &str, place: Place, found: &str, expected: &str) {
        let told = match code.severity() {
            Severity::Error => &self.errors,
            Severity::Warning => &self.warnings,
        };
        let mut told = told.borrow_mut();
        if told.paths.insert(field.to_owned()) {
            let diagnostic = Diagnostic::new(code, &self.identity, &self.source, field, place, found, expected);
            told.diagnostics.push(diagnostic);
        }
    }

    /// Whether a mistake has been noted.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.borrow().diagnostics.is_empty()
    }

    /// The mistakes and the warnings.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        (self.errors.into_inner().diagnostics, self.warnings.into_inner().diagnostics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_twice() {
        let notes = Notes::new(Identity::default(), "a.yaml");
        notes.tell(Code::UnknownField, "spec.x", Place::default(), "one", "another");
        assert!(!notes.has_errors());
        notes.tell(Code::WrongType, "spec.x", Place::default(), "first", "right");
        notes.tell(Code::WrongType, "spec.x", Place::default(), "second", "right");
        notes.tell(Code::WrongType, "spec.y", Place::default(), "third", "right");
        let (errors, warnings) = notes.into_parts();
        let found: Vec<_> = errors.iter().map(|error| error.found.as_str()).collect();
        assert_eq!((found, warnings.len()), (vec!["first", "third"], 1));
    }
}
