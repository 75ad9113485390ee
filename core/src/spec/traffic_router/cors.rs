//! Reading `corsPolicy`.

use super::matches;
use crate::matcher::Text;
use crate::policy::CorsPolicy;
use crate::spec::reader::Field;

const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

/// Reads the policy.
pub(super) fn read(field: &Field<'_>) -> Option<CorsPolicy> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let origins = entry.take("allowOrigins").list().unwrap_or_default();
    let mut allow_origins: Vec<Text> = origins.iter().filter_map(matches::text).collect();
    // The older form: a list of exact origins, heeded where the newer is absent.
    let exact = matches::names(&entry.take("allowOrigin"), "an origin");
    if allow_origins.is_empty() {
        allow_origins = exact.into_iter().map(|origin| Text::Exact(origin.into())).collect();
    }
    let methods = entry.take("allowMethods").list().unwrap_or_default();
    let words = METHODS.map(|method| (method, method));
    let allow_methods = methods.iter().filter_map(|item| item.one_of(&words)).map(str::to_owned).collect();
    let [allow_headers, expose_headers] =
        ["allowHeaders", "exposeHeaders"].map(|key| matches::names(&entry.take(key), "the name of a header"));
    let max_age = entry.take("maxAge").duration();
    let allow_credentials = entry.take("allowCredentials").boolean();
    let preflights = [("UNSPECIFIED", None), ("FORWARD", Some("FORWARD")), ("IGNORE", Some("IGNORE"))];
    let unmatched_preflights = entry.take("unmatchedPreflights").one_of(&preflights).flatten().map(str::to_owned);
    entry.finish();
    Some(CorsPolicy {
        allow_origins,
        allow_methods,
        allow_headers,
        expose_headers,
        max_age,
        allow_credentials,
        unmatched_preflights,
    })
}
