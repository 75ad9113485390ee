//! `# sergo: allow CODE, CODE` in a document: which of its warnings are meant.

use super::codes::meant;
use super::finding::Finding;
use crate::files::File;
use sergo::Diagnostic;
use sergo::spec::code::{Code, Severity};
use sergo::spec::diagnostic::Identity;
use sergo::spec::node::Place;
use sergo::spec::yaml::pieces;
use std::collections::HashMap;

/// What the documents of some files allow, and what they were rendered from.
pub(crate) struct Allowances<'f> {
    /// The pieces of each file in order, by its name.
    pieces: HashMap<&'f str, Vec<Piece<'f>>>,
    /// What is wrong with allowances.
    wrong: Vec<Diagnostic>,
}

/// A document with its comments, or a list of documents in one.
struct Piece<'f> {
    /// The line that it begins in.
    line: u32,
    template: Option<&'f str>,
    allowed: Vec<Allowed>,
}

struct Allowed {
    code: Code,
    place: Place,
    is_needed: bool,
}

impl<'f> Allowances<'f> {
    pub(crate) fn of(files: &'f [File]) -> Self {
        let mut allowances = Allowances { pieces: HashMap::new(), wrong: Vec::new() };
        for file in files {
            // Most files have no such comment, and need not be looked through.
            if !file.text.contains("sergo:") && !file.text.contains("# Source:") {
                continue;
            }
            let pieces = pieces(&file.text).unwrap_or_default();
            let read =
                pieces.iter().map(|piece| allowances.piece(&file.name, piece.text, piece.lines_before)).collect();
            allowances.pieces.insert(&file.name, read);
        }
        allowances
    }

    fn piece(&mut self, source: &str, text: &'f str, lines_before: u32) -> Piece<'f> {
        let mut piece = Piece { line: lines_before.saturating_add(1), template: None, allowed: Vec::new() };
        for (line, number) in text.lines().zip(piece.line..) {
            let Some(comment) = line.trim_start().strip_prefix('#').map(str::trim) else { continue };
            if let Some(template) = comment.strip_prefix("Source:") {
                piece.template = Some(template.trim()).filter(|template| !template.is_empty());
            }
            let words = comment.strip_prefix("sergo:").map(str::trim_start).and_then(|rest| rest.strip_prefix("allow"));
            let Some(words) = words.filter(|words| words.starts_with([' ', '\t'])) else { continue };
            for word in words.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
                let before = line.len().saturating_sub(line_from(line, word).len());
                let column = line.get(..before).unwrap_or_default().chars().count().saturating_add(1);
                let place = Place { line: number, column: u32::try_from(column).unwrap_or(0) };
                match judge(word) {
                    Ok(code) => piece.allowed.push(Allowed { code, place, is_needed: false }),
                    Err((found, expected)) => self.wrong(Code::BadAllow, source, place, &found, &expected),
                }
            }
        }
        piece
    }

    fn wrong(&mut self, code: Code, source: &str, place: Place, found: &str, expected: &str) {
        self.wrong.push(Diagnostic::new(code, &Identity::default(), source, "", place, found, expected));
    }

    fn piece_of(&mut self, told: &Diagnostic) -> Option<&mut Piece<'f>> {
        let pieces = self.pieces.get_mut(told.source.as_str())?;
        let index = pieces.partition_point(|piece| piece.line <= told.line).checked_sub(1)?;
        pieces.get_mut(index)
    }

    /// What the document that it is about was rendered from.
    pub(crate) fn template(&mut self, told: &Diagnostic) -> Option<&'f str> {
        self.piece_of(told)?.template
    }

    /// Whether the document that it is about allows it.
    pub(crate) fn allows(&mut self, told: &Diagnostic) -> bool {
        let Some(piece) = self.piece_of(told) else { return false };
        let mut is_allowed = false;
        for allowed in piece.allowed.iter_mut().filter(|allowed| allowed.code == told.code) {
            (allowed.is_needed, is_allowed) = (true, true);
        }
        is_allowed
    }

    /// What is wrong with the allowances themselves, once all else was asked for.
    pub(crate) fn into_findings(mut self) -> impl Iterator<Item = Finding> {
        for (source, pieces) in std::mem::take(&mut self.pieces) {
            for needless in pieces.iter().flat_map(|piece| &piece.allowed).filter(|allowed| !allowed.is_needed) {
                let found = format!("an allowance of {}, of which the document has none", needless.code);
                self.wrong(Code::NeedlessAllow, source, needless.place, &found, "no such allowance");
            }
        }
        self.wrong.into_iter().map(Finding::new)
    }
}

/// The rest of a line from a word of it on.
fn line_from<'l>(line: &'l str, word: &str) -> &'l str {
    let words = line.find("allow").and_then(|at| line.get(at.saturating_add("allow".len())..)).unwrap_or_default();
    let mut rest = words;
    while let Some(at) = rest.find(word) {
        let from = rest.get(at..).unwrap_or_default();
        let ends =
            from.get(word.len()..).is_none_or(|behind| behind.is_empty() || behind.starts_with([',', ' ', '\t', '\r']));
        let begins = rest.get(..at).is_none_or(|before| before.is_empty() || before.ends_with([',', ' ', '\t']));
        if begins && ends {
            return from;
        }
        rest = from.get(word.len()..).unwrap_or_default();
    }
    ""
}

/// The code that a word allows; else what is wrong, and what would be right.
fn judge(word: &str) -> Result<Code, (String, String)> {
    let Some(code) = Code::find(word) else {
        let expected = match meant(word) {
            Some(near) => format!("\"{near}\": did you mean that?"),
            None => "a code, as `sergo check --explain all` lists them".to_owned(),
        };
        return Err((format!("an allowance of {word:?}, which is no code"), expected));
    };
    match code.severity() {
        Severity::Warning => Ok(code),
        Severity::Error => {
            let found = format!("an allowance of {code}, which is an error: the document would not take effect");
            Err((found, "the mistake mended: only warnings can be allowed".to_owned()))
        }
    }
}
