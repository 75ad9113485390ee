//! `retries`.

use crate::time::Span;
use serde::Serialize;

/// On what a call is made again when the rule does not say.
pub const DEFAULT_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

/// How often and on what a call is made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    /// The most retries; 0 is none.
    pub attempts: u32,
    /// The timeout of each attempt.
    #[serde(serialize_with = "super::some_span", skip_serializing_if = "Option::is_none")]
    pub per_try_timeout: Option<Span>,
    /// The conditions and status codes, with commas between them; empty where
    /// there are no retries.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub retry_on: String,
    /// Whether other localities are tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_remote_localities: Option<bool>,
    /// Whether hosts that were tried are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ignore_previous_hosts: Option<bool>,
    /// The least wait between attempts.
    #[serde(serialize_with = "super::some_span", skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Span>,
}

impl Default for Retries {
    /// Two on [`DEFAULT_RETRY_ON`].
    fn default() -> Self {
        Retries {
            attempts: 2,
            per_try_timeout: None,
            retry_on: DEFAULT_RETRY_ON.into(),
            retry_remote_localities: None,
            retry_ignore_previous_hosts: None,
            backoff: None,
        }
    }
}
