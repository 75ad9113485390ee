//! The messages of `envoy.config.route.v3` that say what a TrafficRouter says,
//! with the numbers of Envoy's fields, for both sides of the stream.
//!
//! Of a choice (`oneof`) each member is optional by itself. A condition stays
//! bytes inside of what it belongs to, so that a reader sees which of its fields
//! it does not know.

use super::matching::{FractionalPercent, RegexMatchAndSubstitute};
use crate::subscribe::wire::Any;
use prost::Message;
use prost_types::Duration;
use std::collections::BTreeMap;

/// A router.
#[derive(Clone, PartialEq, Message)]
pub struct RouteConfiguration {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// One, with all of its hosts.
    #[prost(message, repeated, tag = "2")]
    pub virtual_hosts: Vec<VirtualHost>,
}

/// The routes of some hosts.
#[derive(Clone, PartialEq, Message)]
pub struct VirtualHost {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The hosts.
    #[prost(string, repeated, tag = "2")]
    pub domains: Vec<String>,
    /// The routes, the first that matches counts.
    #[prost(message, repeated, tag = "3")]
    pub routes: Vec<Route>,
}

/// One route: a match block, and what becomes of the request.
#[derive(Clone, PartialEq, Message)]
pub struct Route {
    /// `match`: a [`RouteMatch`](super::matching::RouteMatch).
    #[prost(bytes = "vec", tag = "1")]
    pub matches: Vec<u8>,
    /// It is sent on.
    #[prost(message, optional, tag = "2")]
    pub route: Option<RouteAction>,
    /// The caller is sent elsewhere.
    #[prost(message, optional, tag = "3")]
    pub redirect: Option<RedirectAction>,
    /// It is answered.
    #[prost(message, optional, tag = "7")]
    pub direct_response: Option<DirectResponseAction>,
    /// Headers that the request gets.
    #[prost(message, repeated, tag = "9")]
    pub request_headers_to_add: Vec<HeaderValueOption>,
    /// Headers that the response gets.
    #[prost(message, repeated, tag = "10")]
    pub response_headers_to_add: Vec<HeaderValueOption>,
    /// Headers that the response loses.
    #[prost(string, repeated, tag = "11")]
    pub response_headers_to_remove: Vec<String>,
    /// Headers that the request loses.
    #[prost(string, repeated, tag = "12")]
    pub request_headers_to_remove: Vec<String>,
    /// What filters do, by their names.
    #[prost(btree_map = "string, message", tag = "13")]
    pub typed_per_filter_config: BTreeMap<String, Any>,
    /// Its name.
    #[prost(string, tag = "14")]
    pub name: String,
}

/// Where a request is sent, and how.
#[derive(Clone, PartialEq, Message)]
pub struct RouteAction {
    /// To one cluster.
    #[prost(string, optional, tag = "1")]
    pub cluster: Option<String>,
    /// To one of several.
    #[prost(message, optional, tag = "3")]
    pub weighted_clusters: Option<WeightedCluster>,
    /// To where a plugin says.
    #[prost(message, optional, tag = "39")]
    pub inline_cluster_specifier_plugin: Option<ClusterSpecifierPlugin>,
    /// What takes the place of the prefix that matched.
    #[prost(string, tag = "5")]
    pub prefix_rewrite: String,
    /// The host that the destination sees.
    #[prost(string, optional, tag = "6")]
    pub host_rewrite_literal: Option<String>,
    /// The timeout; zero is none.
    #[prost(message, optional, tag = "8")]
    pub timeout: Option<Duration>,
    /// The retries.
    #[prost(message, optional, tag = "9")]
    pub retry_policy: Option<RetryPolicy>,
    /// Who gets a copy.
    #[prost(message, repeated, tag = "30")]
    pub request_mirror_policies: Vec<RequestMirrorPolicy>,
    /// What becomes of the path.
    #[prost(message, optional, tag = "32")]
    pub regex_rewrite: Option<RegexMatchAndSubstitute>,
}

/// Clusters by weight.
#[derive(Clone, PartialEq, Message)]
pub struct WeightedCluster {
    /// Each of them.
    #[prost(message, repeated, tag = "1")]
    pub clusters: Vec<ClusterWeight>,
}

/// One of several clusters.
#[derive(Clone, PartialEq, Message)]
pub struct ClusterWeight {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its weight.
    #[prost(message, optional, tag = "2")]
    pub weight: Option<u32>,
    /// Headers that the request gets.
    #[prost(message, repeated, tag = "4")]
    pub request_headers_to_add: Vec<HeaderValueOption>,
    /// Headers that the response gets.
    #[prost(message, repeated, tag = "5")]
    pub response_headers_to_add: Vec<HeaderValueOption>,
    /// Headers that the response loses.
    #[prost(string, repeated, tag = "6")]
    pub response_headers_to_remove: Vec<String>,
    /// Headers that the request loses.
    #[prost(string, repeated, tag = "9")]
    pub request_headers_to_remove: Vec<String>,
    /// What filters do, by their names; its fallback is told here.
    #[prost(btree_map = "string, message", tag = "10")]
    pub typed_per_filter_config: BTreeMap<String, Any>,
}

/// A plugin that says which cluster.
#[derive(Clone, PartialEq, Message)]
pub struct ClusterSpecifierPlugin {
    /// Which plugin, and what it is told.
    #[prost(message, optional, tag = "1")]
    pub extension: Option<TypedExtensionConfig>,
}

/// An extension by its name.
#[derive(Clone, PartialEq, Message)]
pub struct TypedExtensionConfig {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is told.
    #[prost(message, optional, tag = "2")]
    pub typed_config: Option<Any>,
}

/// `io.opensergo.proto.router.v1.ClusterFallbackConfig_ClusterConfig`: a cluster
/// and what comes into its place when it is empty.
#[derive(Clone, PartialEq, Message)]
pub struct ClusterFallback {
    /// The cluster.
    #[prost(string, tag = "1")]
    pub routing_cluster: String,
    /// Its fallback.
    #[prost(string, tag = "2")]
    pub fallback_cluster: String,
    /// The fallbacks of the fallback, in order: a field of our own, which others
    /// skip.
    #[prost(string, repeated, tag = "3")]
    pub further_clusters: Vec<String>,
}

/// How often and on what a call is made again.
#[derive(Clone, PartialEq, Message)]
pub struct RetryPolicy {
    /// The conditions, with commas between them.
    #[prost(string, tag = "1")]
    pub retry_on: String,
    /// The most retries; 1 when absent.
    #[prost(message, optional, tag = "2")]
    pub num_retries: Option<u32>,
    /// The timeout of each attempt.
    #[prost(message, optional, tag = "3")]
    pub per_try_timeout: Option<Duration>,
    /// Which localities are tried.
    #[prost(message, optional, tag = "4")]
    pub retry_priority: Option<RetryExtension>,
    /// Which hosts are left out.
    #[prost(message, repeated, tag = "5")]
    pub retry_host_predicate: Vec<RetryExtension>,
    /// How often another host is looked for.
    #[prost(int64, tag = "6")]
    pub host_selection_retry_max_attempts: i64,
    /// The status codes of `retriable-status-codes`.
    #[prost(uint32, repeated, tag = "7")]
    pub retriable_status_codes: Vec<u32>,
    /// The wait between attempts.
    #[prost(message, optional, tag = "8")]
    pub retry_back_off: Option<RetryBackOff>,
}

/// `RetryPriority` and `RetryHostPredicate`.
#[derive(Clone, PartialEq, Message)]
pub struct RetryExtension {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is told.
    #[prost(message, optional, tag = "3")]
    pub typed_config: Option<Any>,
}

/// `PreviousPrioritiesConfig`: other localities are tried.
#[derive(Clone, PartialEq, Message)]
pub struct PreviousPriorities {
    /// After how many attempts.
    #[prost(int32, tag = "1")]
    pub update_frequency: i32,
}

/// The wait between attempts.
#[derive(Clone, PartialEq, Message)]
pub struct RetryBackOff {
    /// The least.
    #[prost(message, optional, tag = "1")]
    pub base_interval: Option<Duration>,
}

/// A cluster that gets a copy of some requests.
#[derive(Clone, PartialEq, Message)]
pub struct RequestMirrorPolicy {
    /// Its name.
    #[prost(string, tag = "1")]
    pub cluster: String,
    /// How many requests; all when absent.
    #[prost(message, optional, tag = "3")]
    pub runtime_fraction: Option<RuntimeFraction>,
}

/// `RuntimeFractionalPercent`.
#[derive(Clone, PartialEq, Message)]
pub struct RuntimeFraction {
    /// The share.
    #[prost(message, optional, tag = "1")]
    pub default_value: Option<FractionalPercent>,
}

/// Where the caller is sent.
#[derive(Clone, PartialEq, Message)]
pub struct RedirectAction {
    /// The host.
    #[prost(string, tag = "1")]
    pub host_redirect: String,
    /// The path.
    #[prost(string, optional, tag = "2")]
    pub path_redirect: Option<String>,
    /// Which status code: 0 to 4 are 301, 302, 303, 307, 308.
    #[prost(int32, tag = "3")]
    pub response_code: i32,
    /// To https.
    #[prost(bool, optional, tag = "4")]
    pub https_redirect: Option<bool>,
    /// What takes the place of the prefix that matched.
    #[prost(string, optional, tag = "5")]
    pub prefix_rewrite: Option<String>,
    /// The scheme.
    #[prost(string, optional, tag = "7")]
    pub scheme_redirect: Option<String>,
    /// The port; 0 is not said.
    #[prost(uint32, tag = "8")]
    pub port_redirect: u32,
    /// What becomes of the path.
    #[prost(message, optional, tag = "9")]
    pub regex_rewrite: Option<RegexMatchAndSubstitute>,
}

/// The status codes that [`RedirectAction`] numbers.
pub const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// An answer.
#[derive(Clone, PartialEq, Message)]
pub struct DirectResponseAction {
    /// The status code.
    #[prost(uint32, tag = "1")]
    pub status: u32,
    /// The body.
    #[prost(message, optional, tag = "2")]
    pub body: Option<DataSource>,
}

/// Where a text is.
#[derive(Clone, PartialEq, Message)]
pub struct DataSource {
    /// Here, as bytes.
    #[prost(bytes = "vec", optional, tag = "2")]
    pub inline_bytes: Option<Vec<u8>>,
    /// Here.
    #[prost(string, optional, tag = "3")]
    pub inline_string: Option<String>,
}

/// A header that is added or set.
#[derive(Clone, PartialEq, Message)]
pub struct HeaderValueOption {
    /// The header.
    #[prost(message, optional, tag = "1")]
    pub header: Option<HeaderValue>,
    /// How it was said before there was an action: whether it is added.
    #[prost(message, optional, tag = "2")]
    pub append: Option<bool>,
    /// [`ADD`], [`SET`] or another.
    #[prost(int32, tag = "3")]
    pub append_action: i32,
    /// Whether an empty value is one.
    #[prost(bool, tag = "4")]
    pub keep_empty_value: bool,
}

/// `APPEND_IF_EXISTS_OR_ADD`.
pub const ADD: i32 = 0;
/// `OVERWRITE_IF_EXISTS_OR_ADD`.
pub const SET: i32 = 2;

/// A header. Its value is a format: `%%` is a percent sign.
#[derive(Clone, PartialEq, Message)]
pub struct HeaderValue {
    /// Its name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}
