//! Findings with the line that each is about, and the place in it underlined.

use crate::files::File;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use sergo::{Diagnostic, Report, Waiting};
use std::collections::HashMap;
use std::env;
use std::ops::Range;

/// All that a report finds in the files, in the order of its places, each with
/// an empty line behind it. In colour for a terminal, unless `NO_COLOR` says
/// otherwise.
pub(crate) fn findings(files: &[File], report: &Report, is_terminal: bool) -> String {
    let shower = Shower::new(files, is_terminal);
    let errors = report.rejected.iter().map(|diagnostic| Finding::diagnostic(Level::ERROR, diagnostic));
    let warnings = report.warnings.iter().chain(&report.shadowed).chain(&report.unserved);
    let warnings = warnings.map(|diagnostic| Finding::diagnostic(Level::WARNING, diagnostic));
    let mut findings: Vec<_> = errors.chain(warnings).chain(report.waiting.iter().map(Finding::waiting)).collect();
    findings.sort_by_key(|finding| shower.order(finding));
    findings.iter().map(|finding| shower.show(finding) + "\n\n").collect()
}

/// Something to be told about a place in a file.
struct Finding<'a> {
    level: Level<'static>,
    message: &'a str,
    source: &'a str,
    /// From 1; 0 is unknown.
    line: u32,
    /// In characters from 1; 0 is unknown.
    column: u32,
}

impl<'a> Finding<'a> {
    fn diagnostic(level: Level<'static>, diagnostic: &'a Diagnostic) -> Self {
        let Diagnostic { message, source, line, column, .. } = diagnostic;
        Finding { level, message, source, line: *line, column: *column }
    }

    fn waiting(waiting: &'a Waiting) -> Self {
        let Waiting { message, source, line, column, .. } = waiting;
        Finding { level: Level::WARNING, message, source, line: *line, column: *column }
    }
}

/// Shows findings among the files that they are about.
struct Shower<'a> {
    /// The place among all files and the lines of each, by its name.
    files: HashMap<&'a str, (usize, Vec<&'a str>)>,
    renderer: Renderer,
}

impl<'a> Shower<'a> {
    fn new(files: &'a [File], is_terminal: bool) -> Self {
        let is_plain = !is_terminal || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let lines = |(index, file): (usize, &'a File)| (file.name.as_str(), (index, file.text.lines().collect()));
        let files = files.iter().enumerate().map(lines).collect();
        Shower { files, renderer: if is_plain { Renderer::plain() } else { Renderer::styled() } }
    }

    /// Where the finding stands among all others.
    fn order(&self, finding: &Finding<'_>) -> (Option<usize>, u32, u32) {
        (self.files.get(finding.source).map(|(index, _)| *index), finding.line, finding.column)
    }

    /// The finding with its line, if that is known.
    fn show(&self, finding: &Finding<'_>) -> String {
        let title = finding.level.clone().primary_title(finding.message);
        let (line, column) = (finding.line as usize, finding.column as usize);
        let file = self.files.get(finding.source);
        let text = file.and_then(|(_, lines)| lines.get(line.checked_sub(1)?).copied());
        let group = match text {
            Some(text) => title.element(
                Snippet::source(text)
                    .path(finding.source)
                    .line_start(line)
                    .annotation(AnnotationKind::Primary.span(word_at(text, column))),
            ),
            None => title.element(Origin::path(finding.source)),
        };
        self.renderer.render(&[group])
    }
}

/// The bytes of the key or value that begins at this column, counted in
/// characters from 1.
fn word_at(line: &str, column: usize) -> Range<usize> {
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
