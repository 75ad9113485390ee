//! Open, close, and the rules.

use crate::code::{answer, run, sergo_code};
use crate::text::{free, list, map, one, sergo_pair, sergo_str, sergo_text};
use sergo_border::{call, with};
use sergo_core::{Config, Report, Source};

/// Whose rules an engine enforces. All zero but the app is enough.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_config {
    /// The app; rules for others do nothing here.
    pub app: sergo_str,
    /// The namespace; `default` when absent.
    pub namespace_: sergo_str,
    /// The labels of the workload that the engine runs in.
    pub labels: *const sergo_pair,
    /// How many.
    pub label_count: usize,
}

/// A text with rule documents.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_source {
    /// What the report calls it, a file's path, say; may be absent.
    pub name: sergo_str,
    /// YAML, perhaps of several documents, or JSON.
    pub text: sergo_str,
}

/// What loading rules came to. Free it with `sergo_report_free`.
#[repr(C)]
#[derive(Debug, Default)]
pub struct sergo_report {
    /// The version of the rules now in force, counted from 1.
    pub version: u64,
    /// The valid documents.
    pub accepted: usize,
    /// The mistakes; of a document with any, the last good version stays in force.
    pub rejected: usize,
    /// What valid rules still miss; they take effect fully when it arrives.
    pub waiting: usize,
    /// What is most likely not meant: unknown fields, unknown kinds.
    pub warnings: usize,
    /// Routes that can never be reached.
    pub shadowed: usize,
    /// Destinations that nothing serves: undefined subsets, and hosts of which
    /// discovery knows nobody healthy.
    pub unserved: usize,
    /// All of these for people: a line each, as in `rejected: rules.yaml:3:5: ...`.
    pub lines: sergo_text,
    /// All of these for programs: JSON with `version`, `accepted`, and the lists
    /// `rejected`, `warnings`, `shadowed`, `unserved` (of `kind`, `namespace`, `name`,
    /// `field`, `found`, `expected`, `message`, `source`, `line`, `column`, `code`) and
    /// `waiting` (likewise, with `missing` in the place of `found` and `expected`).
    pub json: sergo_text,
}

/// Makes an engine without rules, in which everything passes, and puts its handle
/// into `engine`: a plain number, never 0, that all threads may use at once. Close
/// it with `sergo_close`.
///
/// SERGO_FULL when 4,096 are open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_open(config: *const sergo_config, engine: *mut u64) -> sergo_code {
    let open = || {
        // SAFETY: the caller's config lives through the call.
        let (app, namespace, labels) = unsafe {
            let config = one(config)?;
            (config.app.get()?, config.namespace_.option()?, map(config.labels, config.label_count)?)
        };
        let namespace = namespace.unwrap_or("default").to_owned();
        sergo_border::open(Config { namespace, app: app.to_owned(), labels })
    };
    // SAFETY: as the caller vouches for `engine`.
    unsafe { answer(engine, open) }
}

/// Closes an engine and frees what it holds. Calls of other threads that are under
/// way end as they would have; later ones answer SERGO_CLOSED, a second close too.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_close(engine: u64) -> sergo_code {
    run(|| sergo_border::close(engine))
}

/// Replaces all rules by the documents of `count` sources, as one push; none at
/// all unloads everything. A bad document is no error of this call: the report
/// says what is wrong with it, its last good version stays in force, and the other
/// documents are not held up. What has been counted goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_apply(
    engine: u64,
    sources: *const sergo_source,
    count: usize,
    report: *mut sergo_report,
) -> sergo_code {
    let apply = || {
        // SAFETY: the caller's sources live through the call.
        let sources = unsafe { list(sources, count) }?;
        let sources = sources.iter().map(|source| {
            // SAFETY: so do their texts.
            unsafe { Ok(Source { name: source.name.option()?.unwrap_or(""), text: source.text.get()? }) }
        });
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        with(engine, |host| Ok(flatten(&host.engine().apply(&sources))))
    };
    // SAFETY: as the caller vouches for `report`.
    unsafe { answer(report, apply) }
}

/// Frees a report's texts and makes it all zero: freeing it again is harmless, and
/// so is `NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_report_free(report: *mut sergo_report) {
    if report.is_null() || !report.is_aligned() {
        return;
    }
    // SAFETY: a report that the caller owns.
    let mut report = unsafe { report.replace(sergo_report::default()) };
    // SAFETY: so are its texts.
    unsafe {
        free(&raw mut report.lines);
        free(&raw mut report.json);
    }
}

/// The version of the rules in force, 0 before the first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_rules_version(engine: u64, version: *mut u64) -> sergo_code {
    // SAFETY: as the caller vouches for `version`.
    unsafe { answer(version, || call::version(engine)) }
}

fn flatten(report: &Report) -> sergo_report {
    sergo_report {
        version: report.version,
        accepted: report.accepted,
        rejected: report.rejected.len(),
        waiting: report.waiting.len(),
        warnings: report.warnings.len(),
        shadowed: report.shadowed.len(),
        unserved: report.unserved.len(),
        lines: sergo_text::own(lines(report)),
        json: sergo_text::own(report.to_json()),
    }
}

/// The report as people read it, the worst first; a place where it is known.
fn lines(report: &Report) -> String {
    let mut lines = String::new();
    let mut line = |what: &str, place: &str, message: &str| {
        for part in [what, ": ", place, message, "\n"] {
            lines.push_str(part);
        }
    };
    let lists = [
        ("rejected", &report.rejected),
        ("warning", &report.warnings),
        ("shadowed", &report.shadowed),
        ("unserved", &report.unserved),
    ];
    for (what, list) in lists {
        for diagnostic in list {
            line(what, &place(&diagnostic.source, diagnostic.line, diagnostic.column), &diagnostic.message);
        }
    }
    for waiting in &report.waiting {
        line("waiting", &place(&waiting.source, waiting.line, waiting.column), &waiting.message);
    }
    lines
}

fn place(source: &str, line: u32, column: u32) -> String {
    match (source, line) {
        ("", 0) => String::new(),
        ("", line) => format!("{line}:{column}: "),
        (source, 0) => format!("{source}: "),
        (source, line) => format!("{source}:{line}:{column}: "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sergo_core::{Diagnostic, Waiting};

    #[test]
    fn every_diagnostic_is_a_line() {
        let diagnostic = |source: &str, line| Diagnostic {
            message: "bad".into(),
            source: source.into(),
            line,
            column: 5,
            ..Diagnostic::default()
        };
        let report = Report {
            rejected: vec![diagnostic("a.yaml", 3), diagnostic("", 3)],
            warnings: vec![diagnostic("a.yaml", 0)],
            shadowed: vec![diagnostic("", 0)],
            unserved: vec![diagnostic("c.yaml", 1)],
            waiting: vec![Waiting { message: "patience".into(), source: "b.yaml".into(), ..Waiting::default() }],
            ..Report::default()
        };
        assert_eq!(
            lines(&report),
            "rejected: a.yaml:3:5: bad\nrejected: 3:5: bad\nwarning: a.yaml: bad\nshadowed: bad\n\
             unserved: c.yaml:1:5: bad\nwaiting: b.yaml: patience\n"
        );
    }
}
