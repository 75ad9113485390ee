//! The access log of nginx: `combined`, `common`, and either with the time that
//! the request took behind it.

use super::access::{failed, field, inbound, requested};
use super::moment::{common, seconds};
use super::{Line, quoted};
use sergo::Span;

/// What the time that a request took is called where it has a name.
const NAMES: [&str; 2] = ["rt=", "request_time="];

pub(super) fn read(line: &str) -> Result<Line<'_>, String> {
    let next = |rest, what| field(rest).ok_or_else(|| format!("there is no {what}"));
    let (_, rest) = next(line, "address")?;
    let (_, rest) = next(rest, "identity")?;
    // A user's name may have blanks in it.
    let bracket = rest.find('[').ok_or("there is no time like [21/Nov/2026:10:00:00 +0100]")?;
    let (time, rest) = next(&rest[bracket..], "end of the time")?;
    let end = common(time).ok_or_else(|| format!("{} is no time like 21/Nov/2026:10:00:00 +0100", quoted(time)))?;
    let (request, rest) = next(rest, "request line")?;
    let resource = requested(request)?;
    let (status, rest) = next(rest, "status code")?;
    let error = failed(status)?;
    let (_, rest) = next(rest, "number of bytes")?;
    let duration = taken(rest);
    // It is written when the request has ended.
    let start = end.saturating_sub_unsigned(duration.map_or(0, Span::nanos));
    Ok(inbound(start, duration, resource, error))
}

/// The time that the request took: a field of this name, or else the first that
/// is a decimal number of seconds.
fn taken(mut rest: &str) -> Option<Span> {
    let mut found = None;
    while let Some((field, behind)) = field(rest) {
        rest = behind;
        if let Some(named) = NAMES.iter().find_map(|name| field.strip_prefix(name)) {
            return seconds(named.trim_matches('"'));
        }
        if found.is_none() && field.contains('.') {
            found = seconds(field);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMBINED: &str = r#"1.2.3.4 - - [01/Jan/1970:00:01:00 +0000] "GET /foo?a=1 HTTP/2.0" 502 157 "-" "a b""#;

    fn of(line: &str) -> (i64, Option<Span>) {
        let line = read(line).unwrap();
        (line.start, line.duration)
    }

    #[test]
    fn the_common_fields() {
        let line = read(COMBINED).unwrap();
        assert_eq!((line.start, line.duration, line.error), (60_000_000_000, None, true));
        assert_eq!(line.resource.as_deref(), Some("GET:/foo"));
        let common = COMBINED.split(" \"-\"").next().unwrap().replace("- -", "- john doe");
        assert_eq!(of(&common), (60_000_000_000, None));
    }

    #[test]
    fn the_time_taken_is_before_the_time_written() {
        let taken = (57_500_000_000, Some(Span::from_millis(2500)));
        for behind in ["2.500", "\"2.500\"", "\"-\" rt=2.5 uct=\"0.1\"", "0.1 request_time=2.500", "1.2.3.4 7 2.500"] {
            assert_eq!(of(&format!("{COMBINED} {behind}")), taken, "{behind}");
        }
        assert_eq!(of(&format!("{COMBINED} -")).1, None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", "there is no address"),
            ("a b c", "there is no time like [21/Nov/2026:10:00:00 +0100]"),
            ("a - - [noon] x", "\"noon\" is no time like 21/Nov/2026:10:00:00 +0100"),
            (r#"a - - [01/Jan/1970:00:01:00 +0000] "-" 400 0"#, "\"-\" is no request line like GET /foo HTTP/1.1"),
            (r#"a - - [01/Jan/1970:00:01:00 +0000] "GET / HTTP/1.1" x 0"#, "\"x\" is no status code"),
        ];
        for (line, message) in cases {
            assert_eq!(read(line).unwrap_err(), message, "{line}");
        }
    }
}
