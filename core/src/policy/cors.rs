//! `corsPolicy`.

use crate::matcher::Text;
use crate::time::Span;
use serde::Serialize;

/// Which other origins may read the responses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CorsPolicy {
    /// The origins that may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<Text>,
    /// The methods that they may use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    /// The headers that they may send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    /// The headers that they may read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// How long a browser may keep what a preflight said.
    #[serde(serialize_with = "super::some_span", skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// Whether credentials may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    /// What becomes of preflights from other origins: `FORWARD` or `IGNORE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmatched_preflights: Option<String>,
}
