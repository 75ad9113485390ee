//! The messages of Envoy that ask something of a request, and those of its
//! filters.

use crate::subscribe::wire::Any;
use prost::Message;
use prost_types::Duration;

/// A match block: all of it must hold.
#[derive(Clone, PartialEq, Message)]
pub struct RouteMatch {
    /// The path begins with this.
    #[prost(string, optional, tag = "1")]
    pub prefix: Option<String>,
    /// The path is this.
    #[prost(string, optional, tag = "2")]
    pub path: Option<String>,
    /// Whether a path and a prefix have case; they do when absent.
    #[prost(message, optional, tag = "4")]
    pub case_sensitive: Option<bool>,
    /// Each a [`HeaderMatcher`].
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub headers: Vec<Vec<u8>>,
    /// Each a [`QueryParameterMatcher`].
    #[prost(bytes = "vec", repeated, tag = "7")]
    pub query_parameters: Vec<Vec<u8>>,
    /// The whole path matches this.
    #[prost(message, optional, tag = "10")]
    pub safe_regex: Option<RegexMatcher>,
}

impl RouteMatch {
    /// The fields that are understood.
    pub(super) const FIELDS: &[u32] = &[1, 2, 4, 6, 7, 10];
}

/// A regular expression of RE2, for the whole of a value.
#[derive(Clone, PartialEq, Message)]
pub struct RegexMatcher {
    /// The expression.
    #[prost(string, tag = "2")]
    pub regex: String,
}

/// A regular expression and what takes the place of its matches.
#[derive(Clone, PartialEq, Message)]
pub struct RegexMatchAndSubstitute {
    /// The expression.
    #[prost(message, optional, tag = "1")]
    pub pattern: Option<RegexMatcher>,
    /// What takes its place, with `\1` for a group.
    #[prost(string, tag = "2")]
    pub substitution: String,
}

/// What is asked of a header. Without any form it need only be there.
#[derive(Clone, PartialEq, Message)]
pub struct HeaderMatcher {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// It is this.
    #[prost(string, optional, tag = "4")]
    pub exact_match: Option<String>,
    /// It is there, or it is missing.
    #[prost(bool, optional, tag = "7")]
    pub present_match: Option<bool>,
    /// The opposite is asked for.
    #[prost(bool, tag = "8")]
    pub invert_match: bool,
    /// It begins with this.
    #[prost(string, optional, tag = "9")]
    pub prefix_match: Option<String>,
    /// It matches this.
    #[prost(message, optional, tag = "11")]
    pub safe_regex_match: Option<RegexMatcher>,
    /// A [`StringMatcher`].
    #[prost(bytes = "vec", optional, tag = "13")]
    pub string_match: Option<Vec<u8>>,
    /// Whether a missing header is an empty one. Else it matches nothing, also
    /// where the opposite is asked for.
    #[prost(bool, tag = "14")]
    pub treat_missing_header_as_empty: bool,
}

impl HeaderMatcher {
    /// The fields that are understood.
    pub(super) const FIELDS: &[u32] = &[1, 4, 7, 8, 9, 11, 13, 14];
}

/// What is asked of a query parameter. Without any form it need only be there.
#[derive(Clone, PartialEq, Message)]
pub struct QueryParameterMatcher {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A [`StringMatcher`].
    #[prost(bytes = "vec", optional, tag = "5")]
    pub string_match: Option<Vec<u8>>,
    /// It is there.
    #[prost(bool, optional, tag = "6")]
    pub present_match: Option<bool>,
}

impl QueryParameterMatcher {
    /// The fields that are understood.
    pub(super) const FIELDS: &[u32] = &[1, 5, 6];
}

/// What is asked of a text.
#[derive(Clone, PartialEq, Message)]
pub struct StringMatcher {
    /// It is this.
    #[prost(string, optional, tag = "1")]
    pub exact: Option<String>,
    /// It begins with this.
    #[prost(string, optional, tag = "2")]
    pub prefix: Option<String>,
    /// It matches this.
    #[prost(message, optional, tag = "5")]
    pub safe_regex: Option<RegexMatcher>,
}

impl StringMatcher {
    /// The fields that are understood.
    pub(super) const FIELDS: &[u32] = &[1, 2, 5];
}

/// A share of requests.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct FractionalPercent {
    /// How many.
    #[prost(uint32, tag = "1")]
    pub numerator: u32,
    /// Of how many: 0 a hundred, 1 ten thousand, 2 a million.
    #[prost(int32, tag = "2")]
    pub denominator: i32,
}

/// What the numbers of [`FractionalPercent::denominator`] stand for.
pub const DENOMINATORS: [u32; 3] = [100, 10_000, 1_000_000];

/// The name of the filter that [`HttpFault`] is for.
pub const FAULT_FILTER: &str = "envoy.filters.http.fault";
/// The name of the message [`HttpFault`].
pub const HTTP_FAULT: &str = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/// What is done on purpose to some requests.
#[derive(Clone, PartialEq, Message)]
pub struct HttpFault {
    /// They are held up.
    #[prost(message, optional, tag = "1")]
    pub delay: Option<FaultDelay>,
    /// They end with an error.
    #[prost(message, optional, tag = "2")]
    pub abort: Option<FaultAbort>,
}

/// How long requests are held up.
#[derive(Clone, PartialEq, Message)]
pub struct FaultDelay {
    /// As long.
    #[prost(message, optional, tag = "3")]
    pub fixed_delay: Option<Duration>,
    /// How many requests.
    #[prost(message, optional, tag = "4")]
    pub percentage: Option<FractionalPercent>,
}

/// With what error requests end.
#[derive(Clone, PartialEq, Message)]
pub struct FaultAbort {
    /// A status code of HTTP.
    #[prost(uint32, optional, tag = "2")]
    pub http_status: Option<u32>,
    /// How many requests.
    #[prost(message, optional, tag = "3")]
    pub percentage: Option<FractionalPercent>,
    /// A status code of gRPC.
    #[prost(uint32, optional, tag = "5")]
    pub grpc_status: Option<u32>,
}

/// The name of the filter that [`CorsPolicy`] is for.
pub const CORS_FILTER: &str = "envoy.filters.http.cors";
/// The name of the message [`CorsPolicy`].
pub const CORS_POLICY: &str = "envoy.extensions.filters.http.cors.v3.CorsPolicy";

/// Which other origins may read the responses.
#[derive(Clone, PartialEq, Message)]
pub struct CorsPolicy {
    /// The origins, each a [`StringMatcher`].
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub allow_origin_string_match: Vec<Vec<u8>>,
    /// The methods, with commas between them.
    #[prost(string, tag = "2")]
    pub allow_methods: String,
    /// The headers that may be sent.
    #[prost(string, tag = "3")]
    pub allow_headers: String,
    /// The headers that may be read.
    #[prost(string, tag = "4")]
    pub expose_headers: String,
    /// For how many seconds a preflight holds, as text.
    #[prost(string, tag = "5")]
    pub max_age: String,
    /// Whether credentials may be sent.
    #[prost(message, optional, tag = "6")]
    pub allow_credentials: Option<bool>,
    /// Whether preflights of other origins are sent on.
    #[prost(message, optional, tag = "10")]
    pub forward_not_matching_preflights: Option<bool>,
}

/// A message as an [`Any`], by its full name.
#[must_use]
pub fn any(name: &str, message: &impl Message) -> Any {
    Any { type_url: ["type.googleapis.com/", name].concat(), value: message.encode_to_vec() }
}
