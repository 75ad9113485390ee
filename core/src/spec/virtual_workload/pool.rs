//! Reading `connectionPool`.

use crate::policy::ConnectionPool;
use crate::policy::workload::{HttpPool, Keepalive, TcpPool};
use crate::spec::reader::{Field, Object};

/// Reads `connectionPool`.
pub(super) fn read(field: &Field<'_>) -> Option<ConnectionPool> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let (tcp, http) = (entry.take("tcp"), entry.take("http"));
    entry.finish();
    Some(ConnectionPool { tcp: read_tcp(&tcp).unwrap_or_default(), http: read_http(&http).unwrap_or_default() })
}

fn read_tcp(field: &Field<'_>) -> Option<TcpPool> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let pool = TcpPool {
        max_connections: limit(&mut entry, "maxConnections"),
        connect_timeout: entry.take("connectTimeout").duration(),
        max_connection_duration: entry.take("maxConnectionDuration").duration(),
        idle_timeout: entry.take("idleTimeout").duration(),
        tcp_keepalive: keepalive(&entry.take("tcpKeepalive")),
    };
    entry.finish();
    Some(pool)
}

fn keepalive(field: &Field<'_>) -> Option<Keepalive> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let probes = limit(&mut entry, "probes");
    let keepalive =
        Keepalive { probes, time: entry.take("time").duration(), interval: entry.take("interval").duration() };
    entry.finish();
    Some(keepalive)
}

fn read_http(field: &Field<'_>) -> Option<HttpPool> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let upgrades = ["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"].map(|word| (word, word));
    let pool = HttpPool {
        http1_max_pending_requests: limit(&mut entry, "http1MaxPendingRequests"),
        http2_max_requests: limit(&mut entry, "http2MaxRequests"),
        max_requests_per_connection: limit(&mut entry, "maxRequestsPerConnection"),
        max_retries: limit(&mut entry, "maxRetries"),
        idle_timeout: entry.take("idleTimeout").duration(),
        h2_upgrade_policy: entry.take("h2UpgradePolicy").one_of(&upgrades).map(str::to_owned),
        use_client_protocol: entry.take("useClientProtocol").boolean(),
        max_concurrent_streams: limit(&mut entry, "maxConcurrentStreams"),
    };
    entry.finish();
    Some(pool)
}

fn limit(entry: &mut Object<'_>, key: &'static str) -> Option<u32> {
    entry.take(key).integer(0..=i32::MAX as u64).and_then(|limit| u32::try_from(limit).ok())
}
