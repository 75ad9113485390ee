package io.sergo;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Limits that a rule sets for connections to a host, named as in its {@code connectionPool}: for
 * the caller's own client to keep. What is empty the rule leaves open.
 *
 * @param tcp limits of connections
 * @param http limits of requests
 */
public record ConnectionPool(Tcp tcp, Http http) {
    static ConnectionPool of(Value value) {
        return new ConnectionPool(Tcp.of(value.at("tcp")), Http.of(value.at("http")));
    }

    /**
     * Limits of connections.
     *
     * @param maxConnections the most connections
     * @param connectTimeout how long connecting may take
     * @param maxConnectionDuration how long a connection may live
     * @param idleTimeout how long a connection may be idle
     * @param tcpKeepalive when and how often an idle connection is probed
     */
    public record Tcp(
            OptionalInt maxConnections,
            Optional<Duration> connectTimeout,
            Optional<Duration> maxConnectionDuration,
            Optional<Duration> idleTimeout,
            Optional<Keepalive> tcpKeepalive) {
        static Tcp of(Value value) {
            return new Tcp(
                    value.at("maxConnections").optionalInt(),
                    value.at("connectTimeout").optionalSpan(),
                    value.at("maxConnectionDuration").optionalSpan(),
                    value.at("idleTimeout").optionalSpan(),
                    value.at("tcpKeepalive").optional(Keepalive::of));
        }
    }

    /**
     * When and how often an idle connection is probed.
     *
     * @param probes how many probes go unanswered before the connection is given up
     * @param time how long a connection is idle before the first probe
     * @param interval the time between probes
     */
    public record Keepalive(
            OptionalInt probes, Optional<Duration> time, Optional<Duration> interval) {
        static Keepalive of(Value value) {
            return new Keepalive(
                    value.at("probes").optionalInt(),
                    value.at("time").optionalSpan(),
                    value.at("interval").optionalSpan());
        }
    }

    /**
     * Limits of requests.
     *
     * @param http1MaxPendingRequests the most requests that wait for a connection
     * @param http2MaxRequests the most requests in flight
     * @param maxRequestsPerConnection the most requests on one connection; 0 is no limit
     * @param maxRetries the most retries in flight
     * @param idleTimeout how long a connection may be without requests
     * @param h2UpgradePolicy {@code DEFAULT}, {@code DO_NOT_UPGRADE} or {@code UPGRADE}
     * @param useClientProtocol whether the client's protocol is kept
     * @param maxConcurrentStreams the most streams on one HTTP/2 connection
     */
    public record Http(
            OptionalInt http1MaxPendingRequests,
            OptionalInt http2MaxRequests,
            OptionalInt maxRequestsPerConnection,
            OptionalInt maxRetries,
            Optional<Duration> idleTimeout,
            Optional<String> h2UpgradePolicy,
            Optional<Boolean> useClientProtocol,
            OptionalInt maxConcurrentStreams) {
        static Http of(Value value) {
            return new Http(
                    value.at("http1MaxPendingRequests").optionalInt(),
                    value.at("http2MaxRequests").optionalInt(),
                    value.at("maxRequestsPerConnection").optionalInt(),
                    value.at("maxRetries").optionalInt(),
                    value.at("idleTimeout").optionalSpan(),
                    value.at("h2UpgradePolicy").optionalText(),
                    value.at("useClientProtocol").optionalFlag(),
                    value.at("maxConcurrentStreams").optionalInt());
        }
    }
}
