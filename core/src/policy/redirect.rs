//! `redirect` and `directResponse`: answers that need no destination.

use crate::matcher::host;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Sends the caller elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The path, in the place of the request's.
    pub uri: Option<String>,
    /// The host, in the place of the request's.
    pub authority: Option<String>,
    /// The port.
    pub port: Option<RedirectPort>,
    /// The scheme, in the place of the request's.
    pub scheme: Option<String>,
    /// The status code; 301 when absent.
    pub code: u16,
}

/// The port of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectPort {
    /// `port`.
    Number(u16),
    /// `derivePort: FROM_PROTOCOL_DEFAULT`: that of the scheme.
    OfScheme,
    /// `derivePort: FROM_REQUEST_PORT`: that of the request.
    OfRequest,
}

/// A redirect worked out for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redirected {
    /// The path without a query.
    pub uri: String,
    /// The host; with a port only where the request's own stays.
    pub authority: String,
    /// The scheme.
    pub scheme: String,
    /// The port, where the rule decides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The status code.
    pub redirect_code: u16,
}

impl Redirect {
    /// The redirect of a request, its path without query.
    #[must_use]
    pub fn apply(&self, host: &str, path: &str, scheme: &str, port: Option<u16>) -> Redirected {
        let scheme = self.scheme.as_deref().unwrap_or(scheme);
        let port = match self.port {
            None => None,
            Some(RedirectPort::Number(number)) => Some(number),
            Some(RedirectPort::OfScheme) => Some(if scheme == "https" { 443 } else { 80 }),
            Some(RedirectPort::OfRequest) => port.or_else(|| host::split_port(host).1),
        };
        let own_host = if port.is_some() { host::without_port(host) } else { host };
        Redirected {
            uri: self.uri.as_deref().unwrap_or(path).to_owned(),
            authority: self.authority.as_deref().unwrap_or(own_host).to_owned(),
            scheme: scheme.to_owned(),
            port,
            redirect_code: self.code,
        }
    }
}

/// An answer that the rule gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectResponse {
    /// The status code.
    pub status: u16,
    /// The body, if there is one.
    pub body: Option<String>,
}

impl Serialize for DirectResponse {
    /// `{"status": 503, "body": {"string": "..."}}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        if let Some(body) = &self.body {
            map.serialize_entry("body", &std::collections::BTreeMap::from([("string", body)]))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_redirect_leaves_open_is_the_requests() {
        let mut redirect =
            Redirect { uri: None, authority: Some("new.com".into()), port: None, scheme: None, code: 302 };
        let to = |redirect: &Redirect| {
            let to = redirect.apply("old.com:8080", "/a", "http", None);
            format!("{} {} {} {:?} {}", to.uri, to.authority, to.scheme, to.port, to.redirect_code)
        };
        assert_eq!(to(&redirect), "/a new.com http None 302");
        redirect = Redirect { authority: None, scheme: Some("https".into()), ..redirect };
        assert_eq!(to(&redirect), "/a old.com:8080 https None 302");
        redirect.port = Some(RedirectPort::OfScheme);
        assert_eq!(to(&redirect), "/a old.com https Some(443) 302");
        redirect.port = Some(RedirectPort::OfRequest);
        assert_eq!(to(&redirect), "/a old.com https Some(8080) 302");
    }
}
