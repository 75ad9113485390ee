//! The fields of `TrafficRouter` and `VirtualService`, of `VirtualWorkload` and
//! `DestinationRule`: one table for both sides, since each is the other's form.

use super::mend;
use super::shape::Shape::{Duration, ListOf, Map, MapOf, Match, Mended, Plain, Text};
use super::shape::{Shape, field, istio};

const NAMES: Shape = ListOf(&Text);
const TEXTS: Shape = MapOf(&Text);
const MATCHES: Shape = MapOf(&Match);

pub(super) const ROUTER: Shape = Mended(
    mend::router,
    &[
        field("hosts", NAMES),
        field("gateways", NAMES),
        field("http", ListOf(&HTTP)),
        field("tls", ListOf(&TLS)),
        field("tcp", ListOf(&TCP)),
        field("exportTo", NAMES),
    ],
);

pub(super) const HTTP: Shape = Mended(
    mend::route,
    &[
        field("name", Text),
        field("match", ListOf(&BLOCK)),
        field("route", ListOf(&WEIGHTED)),
        field("redirect", REDIRECT),
        field("directResponse", Map(&[field("status", Plain), field("body", BODY)])),
        field("delegate", Map(&[field("name", Text), field("namespace", Text)])),
        field("rewrite", REWRITE),
        field("timeout", Duration),
        field("retries", RETRIES),
        field("fault", FAULT),
        field("mirror", DESTINATION),
        field("mirrorPercentage", PERCENTAGE),
        field("mirrors", ListOf(&Map(&[field("destination", DESTINATION), field("percentage", PERCENTAGE)]))),
        field("corsPolicy", CORS),
        field("headers", HEADERS),
    ],
);

const BLOCK: Shape = Map(&[
    field("name", Text),
    field("statPrefix", Text),
    field("uri", Match),
    field("ignoreUriCase", Plain),
    field("scheme", Match),
    field("method", Match),
    field("authority", Match),
    field("headers", MATCHES),
    field("withoutHeaders", MATCHES),
    field("queryParams", MATCHES),
    field("port", Plain),
    field("sourceLabels", TEXTS),
    field("sourceNamespace", Text),
    field("gateways", NAMES),
]);

const DESTINATION: Shape = Mended(
    mend::destination,
    &[
        field("host", Text),
        field("subset", Text),
        field("port", Map(&[field("number", Plain)])),
        // Only a document of OpenSergo has it still here.
        field("fallback", Plain),
    ],
);
const WEIGHTED: Shape = Map(&[field("destination", DESTINATION), field("weight", Plain), field("headers", HEADERS)]);
const SIDE: Shape = Map(&[field("set", TEXTS), field("add", TEXTS), field("remove", NAMES)]);
const HEADERS: Shape = Map(&[field("request", SIDE), field("response", SIDE)]);
const PERCENTAGE: Shape = Map(&[field("value", Plain)]);
const REDIRECT: Shape = Map(&[
    field("uri", Text),
    field("authority", Text),
    field("scheme", Text),
    field("port", Plain),
    field("derivePort", Plain),
    field("redirectCode", Plain),
]);
const BODY: Shape = Mended(mend::body, &[field("string", Text), field("bytes", Text)]);
const REWRITE: Shape = Map(&[
    field("uri", Text),
    field("authority", Text),
    field("uriRegexRewrite", Map(&[field("match", Text), field("rewrite", Text)])),
]);
const RETRIES: Shape = Map(&[
    field("attempts", Plain),
    field("perTryTimeout", Duration),
    field("retryOn", Text),
    field("retryRemoteLocalities", Plain),
    field("retryIgnorePreviousHosts", Plain),
    field("backoff", Duration),
]);
const ABORT: Shape = Mended(
    mend::percent,
    &[
        field("httpStatus", Plain),
        field("grpcStatus", Text),
        field("http2Error", Text),
        field("percentage", PERCENTAGE),
    ],
);
const DELAY: Shape = Mended(
    mend::percent,
    &[field("fixedDelay", Duration), field("exponentialDelay", Duration), field("percentage", PERCENTAGE)],
);
const FAULT: Shape = Map(&[field("abort", ABORT), field("delay", DELAY)]);
const CORS: Shape = Mended(
    mend::cors,
    &[
        field("allowOrigins", ListOf(&Match)),
        field("allowMethods", NAMES),
        field("allowHeaders", NAMES),
        field("exposeHeaders", NAMES),
        field("maxAge", Duration),
        field("allowCredentials", Plain),
        field("unmatchedPreflights", Plain),
    ],
);

/// A route of connections has no headers to change.
const BACKEND: Shape = Map(&[field("destination", DESTINATION), field("weight", Plain)]);
/// Routes of connections, which ask for these fields before those of all.
macro_rules! connections {
    ($($asked:expr),*) => {
        Map(&[
            field(
                "match",
                ListOf(&Map(&[
                    $($asked,)*
                    field("destinationSubnets", NAMES),
                    field("sourceSubnet", Text),
                    field("port", Plain),
                    field("sourceLabels", TEXTS),
                    field("sourceNamespace", Text),
                    field("gateways", NAMES),
                ])),
            ),
            field("route", ListOf(&BACKEND)),
        ])
    };
}
const TLS: Shape = connections!(field("sniHosts", NAMES));
const TCP: Shape = connections!();

pub(super) const WORKLOAD: Shape = Mended(
    mend::workload,
    &[
        field("host", Text),
        field("trafficPolicy", POLICY),
        field("subsets", ListOf(&Map(&[field("name", Text), field("labels", TEXTS), field("trafficPolicy", POLICY)]))),
        field("exportTo", NAMES),
        istio("workloadSelector", "a rule is for all callers of its namespace: none can be selected by labels"),
    ],
);

const TLS_SETTINGS: &str = "the caller's client makes the connection, and its TLS settings are its own";

const POLICY: Shape = Map(&[
    field("loadBalancer", BALANCE),
    field("outlierDetection", OUTLIER),
    field("connectionPool", POOL),
    istio("tls", TLS_SETTINGS),
    istio("portLevelSettings", "the instances of a host have one policy, whatever the port"),
    istio("tunnel", "connections are not tunnelled"),
    istio("proxyProtocol", "the caller's client makes the connection"),
    istio("retryBudget", "retries are bounded by their attempts alone"),
]);

const BALANCE: Shape = Mended(
    mend::balance,
    &[
        field("simple", Plain),
        field("consistentHash", HASH),
        istio("localityLbSetting", "instances are chosen whatever their locality"),
        istio("warmupDurationSecs", "a new instance gets its whole share at once"),
        istio("warmup", "a new instance gets its whole share at once"),
    ],
);

const HASH: Shape = Mended(
    mend::hash,
    &[
        field("httpHeaderName", Text),
        field(
            "httpCookie",
            Map(&[
                field("name", Text),
                field("path", Text),
                field("ttl", Duration),
                istio("attributes", "no cookie is made for a request that has none"),
            ]),
        ),
        field("useSourceIp", Plain),
        field("httpQueryParameterName", Text),
        field("ringHash", Map(&[field("minimumRingSize", Plain)])),
        field("maglev", Map(&[field("tableSize", Plain)])),
    ],
);

const OUTLIER: Shape = Mended(
    mend::outlier,
    &[
        field("splitExternalLocalOriginErrors", Plain),
        field("consecutiveLocalOriginFailures", Plain),
        field("consecutiveGatewayErrors", Plain),
        field("consecutive5xxErrors", Plain),
        field("interval", Duration),
        field("baseEjectionTime", Duration),
        field("maxEjectionPercent", Plain),
        field("minHealthPercent", Plain),
    ],
);

const KEEPALIVE: Shape = Map(&[field("probes", Plain), field("time", Duration), field("interval", Duration)]);
const POOL: Shape = Map(&[
    field(
        "tcp",
        Map(&[
            field("maxConnections", Plain),
            field("connectTimeout", Duration),
            field("maxConnectionDuration", Duration),
            field("idleTimeout", Duration),
            field("tcpKeepalive", KEEPALIVE),
        ]),
    ),
    field(
        "http",
        Map(&[
            field("http1MaxPendingRequests", Plain),
            field("http2MaxRequests", Plain),
            field("maxRequestsPerConnection", Plain),
            field("maxRetries", Plain),
            field("idleTimeout", Duration),
            field("h2UpgradePolicy", Plain),
            field("useClientProtocol", Plain),
            field("maxConcurrentStreams", Plain),
        ]),
    ),
]);
