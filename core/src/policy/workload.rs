//! How a host's instances are chosen among and judged: what a
//! `VirtualWorkload` asks for in its `trafficPolicy`.

use crate::time::Span;
use serde::Serialize;
use std::num::NonZeroU32;

/// `trafficPolicy`, of a host or of a subset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficPolicy {
    /// `loadBalancer`; absent is [`Balance::LeastRequest`].
    pub balance: Option<Balance>,
    /// `outlierDetection`; absent ejects nothing.
    pub outlier: Option<Outlier>,
    /// `connectionPool`.
    pub connections: Option<ConnectionPool>,
}

/// How one of several instances is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Of two drawn ones, the one with less in flight for its weight.
    #[default]
    LeastRequest,
    /// One after the other, by weight.
    RoundRobin,
    /// Drawn, by weight.
    Random,
    /// By a part of the request: the same part, the same instance.
    ConsistentHash {
        /// Which part.
        on: HashOn,
        /// How keys are laid out over instances.
        layout: HashLayout,
    },
}

/// The part of a request that a consistent hash is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashOn {
    /// `httpHeaderName`, in lower case.
    Header(Box<str>),
    /// `httpCookie.name`.
    Cookie(Box<str>),
    /// `useSourceIp`.
    SourceIp,
    /// `httpQueryParameterName`.
    Query(Box<str>),
}

/// How keys are laid out over instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashLayout {
    /// `ringHash`: so many points on a ring for an instance of weight 1.
    Ring(NonZeroU32),
    /// `maglev`: a table of so many places, a prime.
    Maglev(NonZeroU32),
}

/// The points of a ring per instance where the rule does not say: Istio's
/// `minimumRingSize`.
pub const RING_POINTS: NonZeroU32 = NonZeroU32::new(1024).unwrap();
/// The most points that an instance can be given.
pub const MAX_RING_POINTS: u32 = 16_384;
/// The places of a Maglev table where the rule does not say.
pub const MAGLEV_PLACES: NonZeroU32 = NonZeroU32::new(65_537).unwrap();
/// The largest Maglev table.
pub const MAX_MAGLEV_PLACES: u32 = 5_000_011;

impl Default for HashLayout {
    fn default() -> Self {
        HashLayout::Ring(RING_POINTS)
    }
}

/// `outlierDetection`: when an instance that keeps failing is left out for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlier {
    /// `consecutive5xxErrors`: so many in a row; 0 is off.
    pub server_errors: u32,
    /// `consecutiveGatewayErrors`: so many in a row; 0 is off.
    pub gateway_errors: u32,
    /// `consecutiveLocalOriginFailures`, where `splitExternalLocalOriginErrors`
    /// counts them by themselves; 0 is off.
    pub local_errors: Option<u32>,
    /// `interval`: how long an instance must be in use for one ejection to be
    /// forgotten.
    pub interval: Span,
    /// `baseEjectionTime`.
    pub base_ejection: Span,
    /// `maxEjectionPercent`, 0 to 100.
    pub max_ejection_percent: u32,
    /// `minHealthPercent`, 0 to 100.
    pub min_health_percent: u32,
}

/// The longest ejection.
pub const MAX_EJECTION: Span = Span::from_secs(300);

impl Default for Outlier {
    fn default() -> Self {
        Outlier {
            server_errors: 5,
            gateway_errors: 0,
            local_errors: None,
            interval: Span::from_secs(10),
            base_ejection: Span::from_secs(30),
            max_ejection_percent: 10,
            min_health_percent: 0,
        }
    }
}

/// `connectionPool`: limits that the caller's framework keeps. What is `None`
/// the rule leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionPool {
    /// Limits of connections.
    pub tcp: TcpPool,
    /// Limits of requests.
    pub http: HttpPool,
}

/// `connectionPool.tcp`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcpPool {
    /// The most connections.
    pub max_connections: Option<u32>,
    /// How long connecting may take.
    #[serde(serialize_with = "super::some_span")]
    pub connect_timeout: Option<Span>,
    /// How long a connection may live.
    #[serde(serialize_with = "super::some_span")]
    pub max_connection_duration: Option<Span>,
    /// How long a connection may be idle.
    #[serde(serialize_with = "super::some_span")]
    pub idle_timeout: Option<Span>,
    /// When and how often an idle connection is probed.
    pub tcp_keepalive: Option<Keepalive>,
}

/// `connectionPool.tcp.tcpKeepalive`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Keepalive {
    /// How many probes go unanswered before the connection is given up.
    pub probes: Option<u32>,
    /// How long a connection is idle before the first probe.
    #[serde(serialize_with = "super::some_span")]
    pub time: Option<Span>,
    /// The time between probes.
    #[serde(serialize_with = "super::some_span")]
    pub interval: Option<Span>,
}

/// `connectionPool.http`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpPool {
    /// The most requests that wait for a connection.
    pub http1_max_pending_requests: Option<u32>,
    /// The most requests in flight.
    pub http2_max_requests: Option<u32>,
    /// The most requests on one connection; 0 is no limit.
    pub max_requests_per_connection: Option<u32>,
    /// The most retries in flight.
    pub max_retries: Option<u32>,
    /// How long a connection may be without requests.
    #[serde(serialize_with = "super::some_span")]
    pub idle_timeout: Option<Span>,
    /// `DEFAULT`, `DO_NOT_UPGRADE` or `UPGRADE`.
    pub h2_upgrade_policy: Option<String>,
    /// Whether the client's protocol is kept.
    pub use_client_protocol: Option<bool>,
    /// The most streams on one HTTP/2 connection.
    pub max_concurrent_streams: Option<u32>,
}

impl TrafficPolicy {
    /// The policy of a subset of a host with this one: what the subset leaves
    /// open is the host's.
    #[must_use]
    pub fn within(&self, host: &TrafficPolicy) -> TrafficPolicy {
        TrafficPolicy {
            balance: self.balance.clone().or_else(|| host.balance.clone()),
            outlier: self.outlier.or(host.outlier),
            connections: self.connections.clone().or_else(|| host.connections.clone()),
        }
    }
}
