//! Traces: which requests came when, in one of the formats that they are kept in.

mod access;
mod envoy;
mod json;
mod lines;
mod moment;
mod nginx;

pub use lines::Lines;
pub(crate) use lines::Unreadable;
pub(crate) use moment::CALENDAR;

use super::words::harmless;
use clap::ValueEnum;
use sergo::{Direction, Span, SystemLoad};
use std::borrow::Cow;

/// What one line of a trace says.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// When it began, in nanoseconds since 1970, or since whenever the trace
    /// counts from.
    pub start: i64,
    /// How long it took; `None` where the trace doesn't say.
    pub duration: Option<Span>,
    /// What was asked for; `None` where the line only tells the system's load.
    pub resource: Option<Cow<'a, str>>,
    /// Whether it failed.
    pub error: bool,
    /// What it costs, at least 1.
    pub cost: u32,
    /// Which way it went.
    pub direction: Direction,
    /// The system's figures as they were then, where the trace tells them.
    pub load: SystemLoad,
}

/// What the lines of a trace look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line: {"time": 1.5, "resource": "GET:/foo", "duration": 0.02, "error": false}
    Json,
    /// The access log of nginx: combined or common, perhaps with $request_time behind it
    Nginx,
    /// The access log of Envoy, in its default format or Istio's
    Envoy,
}

impl Format {
    /// Reads one line.
    ///
    /// # Errors
    /// A sentence that says what was found and what would be right.
    pub fn read(self, line: &str) -> Result<Line<'_>, String> {
        match self {
            Format::Json => json::read(line),
            Format::Nginx => nginx::read(line),
            Format::Envoy => envoy::read(line),
        }
    }

    /// The format that most of these lines are in; `None` where none can be read.
    #[must_use]
    pub fn detect(lines: &[&str]) -> Option<Format> {
        let readable = |format: Format| lines.iter().filter(|line| format.read(line.trim_ascii()).is_ok()).count();
        let counted = Format::value_variants().iter().map(|format| (readable(*format), *format));
        // Of several with as many, the first: `max_by_key` alone takes the last.
        counted.rev().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0).map(|(_, format)| format)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Nginx => "nginx",
            Format::Envoy => "envoy",
        }
    }

    /// Whether its times are whole seconds, whatever came within them.
    pub(crate) const fn has_whole_seconds(self) -> bool {
        matches!(self, Format::Nginx)
    }
}

/// A text out of a trace, for a message: short, and without what a terminal would obey.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let dots = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("\"{}{dots}\"", harmless(&text.chars().take(MOST).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"time": 1, "resource": "a"}"#;
    const NGINX: &str = r#"::1 - - [21/Nov/2026:10:00:00 +0000] "GET /foo?a=b HTTP/1.1" 200 12 "-" "curl/8""#;
    const ENVOY: &str = r#"[2026-11-21T10:00:00.310Z] "GET /foo HTTP/1.1" 200 - 0 135 24 23 "-" "curl" "1" "a" "b""#;

    #[test]
    fn the_first_lines_tell_the_format() {
        assert_eq!(Format::detect(&["#", JSON, JSON]), Some(Format::Json));
        assert_eq!(Format::detect(&[NGINX, "what"]), Some(Format::Nginx));
        assert_eq!(Format::detect(&[ENVOY]), Some(Format::Envoy));
        assert_eq!(Format::detect(&["what"]), None);
        assert_eq!(Format::detect(&[]), None);
    }

    #[test]
    fn what_a_message_repeats_is_short_and_harmless() {
        assert_eq!(quoted("a\u{1b}[2J"), "\"a\\u{1b}[2J\"");
        assert_eq!(quoted(&"é".repeat(61)), format!("\"{}…\"", "é".repeat(60)));
    }
}
