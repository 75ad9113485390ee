//! Reading `redirect`, `directResponse` and `rewrite`.

use crate::matcher::regex::Substitution;
use crate::policy::{DirectResponse, Redirect, RedirectPort, Rewrite, UriRewrite};
use crate::spec::code::Code;
use crate::spec::reader::Field;

/// Reads `redirect`.
pub(super) fn redirect(field: &Field<'_>) -> Option<Redirect> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    if !["uri", "authority", "scheme", "port", "derivePort"].into_iter().any(|key| entry.take(key).is_present()) {
        entry.wrong(
            Code::MissingField,
            "a redirect to where the request came from",
            "at least one of uri, authority, scheme, port",
        );
    }
    let uri = entry.take("uri").filled("a path");
    let authority = entry.take("authority").filled("a host");
    let scheme = entry.take("scheme").one_of(&[("http", "http"), ("https", "https")]).map(str::to_owned);
    let (number, derived) = (entry.take("port"), entry.take("derivePort"));
    if number.is_present() && derived.is_present() {
        entry.wrong(Code::ConflictingFields, "port beside derivePort", "one of them");
    }
    let words = [("FROM_PROTOCOL_DEFAULT", RedirectPort::OfScheme), ("FROM_REQUEST_PORT", RedirectPort::OfRequest)];
    let derived = derived.one_of(&words);
    let number = number.integer(1..=65535).and_then(|port| u16::try_from(port).ok());
    let port = number.map(RedirectPort::Number).or(derived);
    let code = entry.take("redirectCode");
    let code = code.read(Code::OutOfRange, "a status code from 300 to 399", |text, quoted| {
        text.parse().ok().filter(|code| !quoted && (300..400).contains(code))
    });
    entry.finish();
    Some(Redirect { uri, authority, port, scheme, code: code.unwrap_or(301) })
}

/// Reads `directResponse`.
pub(super) fn direct_response(field: &Field<'_>) -> Option<DirectResponse> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let status = entry.take("status").required().integer(200..=599);
    let body = entry.take("body");
    let body = if body.is_present() { body.object() } else { None };
    let body = body.and_then(|mut body| {
        let (string, bytes) = (body.take("string"), body.take("bytes"));
        if bytes.is_present() {
            bytes.tell(Code::UnsupportedField, "a body of bytes", "`string`: a body that is text");
        }
        let string = string.text();
        body.finish();
        string
    });
    entry.finish();
    Some(DirectResponse { status: status.and_then(|status| u16::try_from(status).ok())?, body })
}

/// Reads `rewrite`.
pub(super) fn rewrite(field: &Field<'_>) -> Option<Rewrite> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let uri = entry.take("uri");
    let authority = entry.take("authority").filled("a host");
    let regex = entry.take("uriRegexRewrite");
    match (uri.is_present(), regex.is_present(), authority.is_some()) {
        (true, true, _) => entry.wrong(Code::ConflictingFields, "uri beside uriRegexRewrite", "one of them"),
        (false, false, false) => {
            entry.wrong(Code::MissingField, "a rewrite of nothing", "at least one of uri, uriRegexRewrite, authority")
        }
        _ => {}
    }
    let substitution = if regex.is_present() { substitution(&regex).map(UriRewrite::Regex) } else { None };
    let uri = uri.filled("a path").map(UriRewrite::Uri).or(substitution);
    entry.finish();
    Some(Rewrite { uri, authority })
}

/// Reads `uriRegexRewrite: {match, rewrite}`.
fn substitution(field: &Field<'_>) -> Option<Substitution> {
    let mut entry = field.object()?;
    let (pattern_field, replacement_field) = (entry.take("match").required(), entry.take("rewrite").required());
    let pattern = pattern_field.filled("a regular expression");
    let replacement = replacement_field.text();
    entry.finish();
    let (pattern, replacement) = (pattern?, replacement?);
    match Substitution::new(&pattern, &replacement) {
        Ok(substitution) => Some(substitution),
        Err((in_replacement, mistake)) => {
            let (at, what, text) = if in_replacement {
                (replacement_field, "the replacement", replacement)
            } else {
                (pattern_field, "the regular expression", pattern)
            };
            at.tell(
                Code::BadRegex,
                &format!("{what} {text:?} with {} at character {}", mistake.found, mistake.at),
                &mistake.expected,
            );
            None
        }
    }
}
