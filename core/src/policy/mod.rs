//! What a route asks to be done with a request beside sending it on: plain
//! data, in the shape and under the names that a `TrafficRouter` gives it. The
//! caller's framework acts on it.

mod cors;
mod fault;
mod headers;
mod redirect;
mod retries;
mod rewrite;
pub mod workload;

pub use cors::CorsPolicy;
pub use fault::{Abort, Delay, Fault, GRPC_STATUS, Percentage};
pub use headers::{HeaderChanges, Headers};
pub use redirect::{DirectResponse, Redirect, RedirectPort, Redirected};
pub use retries::{DEFAULT_RETRY_ON, Retries};
pub use rewrite::{Rewrite, Rewritten, UriRewrite};
pub use workload::{Balance, ConnectionPool, HashLayout, HashOn, Outlier, TrafficPolicy};

use crate::time::Span;
use serde::Serializer;

/// What holds for every request of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `timeout`; `None` is none.
    pub timeout: Option<Span>,
    /// `retries`.
    pub retries: Retries,
    /// `headers`, the destination's and the route's merged.
    pub headers: Headers,
    /// `corsPolicy`.
    pub cors: Option<CorsPolicy>,
    /// `rewrite`, to be worked out for each request.
    pub rewrite: Option<Rewrite>,
    /// `fault`, to be drawn for each request.
    pub fault: Fault,
    /// `mirrors`, to be drawn for each request.
    pub mirrors: Vec<Mirror>,
}

/// A destination that gets a copy of some requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The host, as the rule writes it.
    pub host: String,
    /// The subset.
    pub subset: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// How many requests are copied; all when absent.
    pub percentage: Percentage,
}

/// A span in the form in which rules write one.
fn span<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(span)
}

/// As [`span`], where there may be none.
fn some_span<S: Serializer>(value: &Option<Span>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => span(value, serializer),
        None => serializer.serialize_none(),
    }
}
