//! Findings with the line that each is about, and the place in it underlined.

use super::finding::{Finding, all_of, sort};
use crate::files::File;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use sergo::Report;
use sergo::spec::code::Severity;
use std::borrow::Cow;
use std::collections::HashMap;
use std::env;
use std::ops::Range;

/// A line with more bytes is not shown: nobody wants to read it.
const LONGEST: usize = 2_000;

/// All that a report finds in the files, in the order of its places, each with
/// an empty line behind it. In colour for a terminal, unless `NO_COLOR` says
/// otherwise.
pub(crate) fn findings(files: &[File], report: &Report, is_terminal: bool) -> String {
    let mut findings = all_of(report.clone(), Vec::new(), Vec::new());
    sort(files, &mut findings);
    all(files, &findings, is_terminal)
}

/// These findings, each with an empty line behind it.
pub(crate) fn all(files: &[File], findings: &[Finding], is_terminal: bool) -> String {
    let is_plain = !is_terminal || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let renderer = if is_plain { Renderer::plain() } else { Renderer::styled() };
    let lines = Lines::of(files);
    findings.iter().map(|finding| show(finding, &lines, &renderer) + "\n\n").collect()
}

/// The lines of files.
pub(crate) struct Lines<'f>(HashMap<&'f str, Vec<&'f str>>);

impl<'f> Lines<'f> {
    pub(crate) fn of(files: &'f [File]) -> Self {
        Lines(files.iter().map(|file| (file.name.as_str(), file.text.lines().collect())).collect())
    }

    /// A line by its number from 1, if it is one that can be shown.
    pub(crate) fn get(&self, file: &str, line: u32) -> Option<&'f str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.0.get(file)?.get(index).copied().filter(|line| line.len() <= LONGEST)
    }
}

/// The finding with its line, if that is known.
fn show(finding: &Finding, lines: &Lines<'_>, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let told = &finding.told;
    let (found, expected) = finding.parts();
    let title = level.primary_title(clean(found)).id(told.code.as_str());
    let (line, column) = (told.line as usize, told.column as usize);
    let path = clean(&told.source);
    let mut group = match lines.get(&told.source, told.line) {
        Some(text) => {
            // Cleaning puts one character in the place of another.
            let text = clean(text);
            let span = word_at(&text, column);
            let snippet = Snippet::source(text).path(path).line_start(line);
            title.element(snippet.annotation(AnnotationKind::Primary.span(span)))
        }
        None if line > 0 => title.element(Origin::path(path).line(line).char_column(column)),
        None => title.element(Origin::path(path)),
    };
    if let Some(expected) = expected {
        group = group.element(Level::HELP.message(format!("expected {}", clean(expected))));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    if let Some(template) = &finding.template {
        group = group.element(Level::NOTE.message(format!("rendered from {}", clean(template))));
    }
    renderer.render(&[group])
}

/// The text without what a terminal would obey or show otherwise than it is, each
/// such character replaced by one that stands for it.
fn clean(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| {
        c != '\t' && c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(is_bad) { Cow::Owned(text.replace(is_bad, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The bytes of the key or value that begins at this column, counted in
/// characters from 1.
pub(super) fn word_at(line: &str, column: usize) -> Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(index, _)| index);
    let rest = line.get(start..).unwrap_or_default();
    let end = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            rest.get(1..).and_then(|inner| inner.find(quote)).map(|inner| inner.saturating_add(2))
        }
        Some('[' | '{') => None,
        _ => [": ", " #", ",", "]", "}"].iter().filter_map(|stop| rest.find(stop)).min(),
    };
    let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest).trim_end();
    // A key at the end of its line stands without its colon.
    let word = word.strip_suffix(':').unwrap_or(word);
    start..start.saturating_add(word.len().max(usize::from(!rest.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::word_at;

    fn word(line: &str, column: usize) -> &str {
        &line[word_at(line, column)]
    }

    #[test]
    fn the_key_or_value_is_underlined() {
        assert_eq!(word("  threshold: ten # words", 3), "threshold");
        assert_eq!(word("  threshold: ten # words", 14), "ten");
        assert_eq!(word("  statDuration: 5 min", 17), "5 min");
        assert_eq!(word("  a: 'x: y' # z", 6), "'x: y'");
        assert_eq!(word("spec:", 1), "spec");
        assert_eq!(word("{a: é, b: [1]}", 5), "é");
        assert_eq!(word("{a: é, b: [1]}", 8), "b");
        assert_eq!(word("  targets: [a, b]", 12), "[a, b]");
    }

    #[test]
    fn a_place_outside_the_line_underlines_nothing() {
        assert_eq!(word_at("ab", 9), 2..2);
        assert_eq!(word_at("", 1), 0..0);
        assert_eq!(word_at("ab", 0), 0..2);
    }
}
