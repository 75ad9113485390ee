//! What the access logs of servers have in common.

use super::Line;
use sergo::{Direction, Span, SystemLoad};

/// A field of an access log, and what comes behind it.
///
/// Fields are parted by blanks; one in quotes or square brackets may have
/// blanks in it, and comes without them.
pub(super) fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let first = text.chars().next()?;
    let end = match first {
        '"' => end_of_quote(text.get(1..)?)?,
        '[' => text.get(1..)?.find(']')?,
        _ => {
            let (field, rest) = text.split_once(' ').unwrap_or((text, ""));
            return Some((field, rest));
        }
    };
    Some((text.get(1..)?.get(..end)?, text.get(1..)?.get(end..)?.get(1..)?))
}

/// Where a quoted text ends: at the first quote that no backslash stands before.
fn end_of_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    })
}

/// The resource of a request line, `GET /foo?a=b HTTP/1.1`.
///
/// # Errors
/// What was found.
pub(super) fn requested(line: &str) -> Result<String, String> {
    let mut words = line.split(' ');
    let found = (|| resource(words.next()?, words.next()?))();
    found.ok_or_else(|| format!("{} is no request line like GET /foo HTTP/1.1", super::quoted(line)))
}

/// A request's name, as the packages' adapters have it: `GET:/foo`, without the
/// query. `None` where the two are no method and no path.
pub(super) fn resource(method: &str, target: &str) -> Option<String> {
    let path = match target.split_once("://") {
        // In the form that proxies are asked in: http://shop/foo.
        Some((_, behind)) if !target.starts_with('/') => behind.find('/').map_or("/", |slash| &behind[slash..]),
        _ => target,
    };
    let path = path.split(['?', '#']).next()?;
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    (is_method && path.starts_with('/')).then(|| format!("{method}:{path}"))
}

/// A status code; 5xx is an error, as for the packages' adapters.
///
/// # Errors
/// What was found.
pub(super) fn failed(status: &str) -> Result<bool, String> {
    let status: u16 = status.parse().map_err(|_| format!("{} is no status code", super::quoted(status)))?;
    Ok((500..600).contains(&status))
}

/// A request that came in, which is all that such a log tells of.
pub(super) fn inbound(start: i64, duration: Option<Span>, resource: String, error: bool) -> Line<'static> {
    Line {
        start,
        duration,
        resource: Some(resource.into()),
        error,
        cost: 1,
        direction: Direction::Inbound,
        load: SystemLoad::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_words_quotes_and_brackets() {
        let mut rest = r#"::1 - [a b]  "c \" d" "" x"#;
        let mut fields = Vec::new();
        while let Some((one, behind)) = field(rest) {
            fields.push(one);
            rest = behind;
        }
        assert_eq!(fields, ["::1", "-", "a b", r#"c \" d"#, "", "x"]);
        assert_eq!((field("\"no end"), field("[no end"), field("  ")), (None, None, None));
    }

    #[test]
    fn resources_are_methods_and_paths() {
        assert_eq!(requested("GET /foo?a=b HTTP/1.1").as_deref(), Ok("GET:/foo"));
        assert_eq!(requested("GET http://shop/foo HTTP/1.1").as_deref(), Ok("GET:/foo"));
        assert_eq!(requested("GET http://shop HTTP/1.1").as_deref(), Ok("GET:/"));
        assert_eq!(requested("GET /to/http://x HTTP/1.1").as_deref(), Ok("GET:/to/http://x"));
        assert_eq!(requested("\\x16\\x03").unwrap_err(), "\"\\x16\\x03\" is no request line like GET /foo HTTP/1.1");
        assert!(requested("-").is_err());
        assert_eq!((failed("499"), failed("503")), (Ok(false), Ok(true)));
    }
}
