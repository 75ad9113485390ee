//! `rewrite`: another path and host for the destination.

use crate::matcher::regex::Substitution;
use serde::Serialize;

/// How a request is changed before it is sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What becomes of the path.
    pub uri: Option<UriRewrite>,
    /// The host that the destination sees.
    pub authority: Option<String>,
}

/// What becomes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UriRewrite {
    /// `uri`: takes the place of the prefix that matched, or of the whole path
    /// where an exact text or a pattern did.
    Uri(String),
    /// `uriRegexRewrite`: each part that the pattern matches is replaced.
    Regex(Substitution),
}

/// A rewrite worked out for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rewritten {
    /// The path without its query, if it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The host, if it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

impl Rewrite {
    /// The rewrite of a path without its query, of which the first `matched`
    /// bytes are what the route's prefix matched; `None` is all of it.
    #[must_use]
    pub fn apply(&self, path: &str, matched: Option<usize>) -> Rewritten {
        let uri = self.uri.as_ref().map(|rewrite| match rewrite {
            UriRewrite::Uri(uri) => {
                let rest = matched.and_then(|matched| path.get(matched..)).unwrap_or_default();
                [uri, rest].concat()
            }
            UriRewrite::Regex(substitution) => substitution.apply(path),
        });
        Rewritten { uri, authority: self.authority.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(uri: &str, path: &str, matched: Option<usize>) -> String {
        let rewrite = Rewrite { uri: Some(UriRewrite::Uri(uri.into())), authority: None };
        rewrite.apply(path, matched).uri.unwrap()
    }

    #[test]
    fn the_matched_prefix_is_replaced() {
        assert_eq!(rewritten("/v2", "/api/users", Some(4)), "/v2/users");
        assert_eq!(rewritten("/v2", "/api/users", None), "/v2");
        assert_eq!(rewritten("/", "/api", Some(4)), "/");
    }

    #[test]
    fn a_regex_fills_its_back_references() {
        let substitution = Substitution::new("^/users/([^/]+)/(.*)$", r"/u/\2/\1").unwrap();
        let rewrite = Rewrite { uri: Some(UriRewrite::Regex(substitution)), authority: Some("b".into()) };
        let expected = Rewritten { uri: Some("/u/cart/7".into()), authority: Some("b".into()) };
        assert_eq!(rewrite.apply("/users/7/cart", Some(1)), expected);
    }
}
