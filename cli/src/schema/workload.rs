//! `VirtualWorkload`, and `DestinationRule`, which is read as one.

use super::scalar::{
    anything, boolean, duration, duration_over_zero, filled, hosts, idle, percent, texts, whole, words,
};
use super::shape::{Shape, list, map};
use serde_json::json;

const COUNTS: Option<u64> = Some(4_294_967_295);
const SIZES: Option<u64> = Some(2_147_483_647);

/// `VirtualWorkload` and `DestinationRule`.
pub(super) fn workload() -> Shape {
    let subset = map("")
        .required("name", filled("What routes call it; no two of a host share one").example("v1"))
        .usual(
            "labels",
            texts("The labels that its instances bear, all of them; without it every instance")
                .example(json!({"version": "v1"})),
        )
        .silent("trafficPolicy", policy("Goes before the host's, part by part"));
    map("The subsets of a host, and how its instances are chosen among")
        .required(
            "host",
            hosts("The host: a service's name, as discovery knows it; a `*` may stand at one end").example("{app}"),
        )
        .usual(
            "subsets",
            list("Groups of its instances", subset).also(json!({"name": "v2", "labels": {"version": "v2"}})),
        )
        .usual("trafficPolicy", policy("How its instances are chosen among and judged"))
        .silent("exportTo", idle("a rule is for its own namespace"))
        .silent("workloadSelector", idle("a rule is for every app of its namespace"))
}

fn policy(about: &str) -> Shape {
    let shape = map(about)
        .usual("loadBalancer", balancer())
        .more("outlierDetection", outlier())
        .aside("connectionPool", pool());
    ["portLevelSettings", "tls", "tunnel", "proxyProtocol", "retryBudget"].into_iter().fold(shape, |shape, key| {
        shape.silent(key, idle("only loadBalancer, outlierDetection and connectionPool count"))
    })
}

fn balancer() -> Shape {
    let simple = words(
        "The way of choosing. LEAST_REQUEST: of two at random, the one with less in flight; ROUND_ROBIN: in turn; RANDOM: at random; each by weight",
        &["LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "LEAST_CONN", "UNSPECIFIED", "PASSTHROUGH"],
    );
    let shape = map("How an instance is chosen; simple or consistentHash")
        .usual("simple", simple.default("LEAST_REQUEST"))
        .aside("consistentHash", consistent())
        .apart("simple", &["consistentHash"]);
    ["localityLbSetting", "warmupDurationSecs", "warmup"]
        .into_iter()
        .fold(shape, |shape, key| shape.silent(key, idle("only simple and consistentHash count")))
}

fn consistent() -> Shape {
    let ring_size = || {
        whole("The points of each instance on the ring, 0 to 8388608; 0 is as many as by default", 0, Some(8_388_608))
    };
    let cookie = map("A cookie")
        .required("name", filled("The cookie's name").example("session"))
        .silent("path", anything("For who sets the cookie"))
        .silent("ttl", duration("For who sets the cookie"));
    let parts = json!([
        {"required": ["httpHeaderName"]},
        {"required": ["httpCookie"]},
        {"required": ["httpQueryParameterName"]},
        {"required": ["useSourceIp"], "properties": {"useSourceIp": {"const": true}}},
    ]);
    map("The same part of a request goes to the same instance; exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
        .usual("httpHeaderName", filled("The name of a header").example("x-user-id"))
        .silent("httpCookie", cookie)
        .silent("useSourceIp", boolean("Whether the caller's address is the part"))
        .silent("httpQueryParameterName", filled("The name of a query parameter"))
        .more("maglev", map("A table that is quick to look up; ringHash or maglev").more("tableSize", whole("Its places: a prime number, 2 to 5000011", 2, Some(5_000_011)).default(65_537)))
        .silent("ringHash", map("A ring, which is what there is by default; ringHash or maglev").usual("minimumRingSize", ring_size()))
        .silent("minimumRingSize", ring_size())
        .apart("ringHash", &["maglev"])
        .rule(json!({"if": {"type": "object"}, "then": {"oneOf": parts}}), "exactly one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
}

fn outlier() -> Shape {
    let split = json!({
        "if": {"required": ["consecutiveLocalOriginFailures"]},
        "then": {"required": ["splitExternalLocalOriginErrors"], "properties": {"splitExternalLocalOriginErrors": {"const": true}}},
    });
    map("Instances that fail are left alone for a while")
        .usual("consecutive5xxErrors", whole("After how many errors in a row; 0 is never", 0, COUNTS).default(5))
        .more("consecutiveGatewayErrors", whole("After how many 502, 503, 504 and failures to connect in a row; 0 is never", 0, COUNTS).default(0))
        .silent("consecutiveErrors", whole("The older name of consecutive5xxErrors", 0, COUNTS))
        .aside("splitExternalLocalOriginErrors", boolean("Whether failures to reach an instance are counted by themselves").example(true))
        .silent(
            "consecutiveLocalOriginFailures",
            whole("After how many failures to reach it in a row; needs splitExternalLocalOriginErrors: true; 5 without it", 0, COUNTS),
        )
        .usual("interval", duration_over_zero("How long an instance must do well for its ejections to count one less, over zero").default("10s"))
        .usual("baseEjectionTime", duration_over_zero("For how long, times how often in a row, 300s at most; over zero").default("30s"))
        .usual("maxEjectionPercent", percent("The most of a host's instances at once, in percent; one may always be, and never the last").only(&["integer"]).default(10))
        .more("minHealthPercent", percent("Ejections are not heeded while fewer than this share of the host's instances is well, in percent").only(&["integer"]).default(0))
        .apart("consecutiveErrors", &["consecutive5xxErrors"])
        .rule(split, "splitExternalLocalOriginErrors: true beside it, or no such count")
}

fn pool() -> Shape {
    let limit = |about: &str, example: u32| whole(about, 0, SIZES).example(example);
    let keepalive = map("Probes of idle connections")
        .usual("probes", limit("How many without an answer", 3))
        .usual("time", duration("The time before the first").example("2h"))
        .usual("interval", duration("The time between two").example("75s"));
    let tcp = map("Connections")
        .usual("maxConnections", limit("The most at once", 100))
        .usual("connectTimeout", duration("The longest that connecting may take").example("1s"))
        .usual("idleTimeout", duration("How long one may be idle").example("1h"))
        .silent("maxConnectionDuration", duration("How long one may last"))
        .silent("tcpKeepalive", keepalive);
    let http = map("Requests over them")
        .usual("http1MaxPendingRequests", limit("The most that wait for a connection", 1024))
        .usual("http2MaxRequests", limit("The most at once", 1024))
        .usual("maxRequestsPerConnection", limit("The most over one connection; 0 is no bound", 0))
        .usual("maxRetries", limit("The most that are tried again at once", 3))
        .usual("idleTimeout", duration("How long a connection without requests is kept").example("1h"))
        .silent("h2UpgradePolicy", words("Whether HTTP/1.1 becomes HTTP/2", &["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]))
        .silent("useClientProtocol", boolean("Whether the caller's protocol is kept"))
        .silent("maxConcurrentStreams", whole("The most streams of an HTTP/2 connection", 0, SIZES));
    map("What clients that pool connections are told").usual("tcp", tcp).usual("http", http)
}

/// `VirtualWorkloads`.
pub(super) fn older() -> Shape {
    let words = [
        "random",
        "roundrobin",
        "round_robin",
        "leastrequest",
        "least_request",
        "RANDOM",
        "ROUND_ROBIN",
        "LEAST_REQUEST",
    ];
    let group = map("")
        .required("name", filled("What routes call it").example("v1"))
        .required(
            "selector",
            texts("The labels that its instances bear, all of them").example(json!({"version": "v1"})),
        )
        .more("loadbalance", super::scalar::words("How an instance is chosen", &words).example("round_robin"))
        .silent("workloads", anything("What it is called where it runs"))
        .silent("target", anything("What it is called where it runs"))
        .silent("type", anything("What it is where it runs"))
        .silent("weight", anything("Routes say it"));
    map("The groups of an app's instances: the older form of VirtualWorkload")
        .required("selector", selected_app())
        .required(
            "virtualWorkload",
            super::shape::filled_list("The groups", group).also(json!({"name": "v2", "selector": {"version": "v2"}})),
        )
}

/// The app that a rule of the older kinds is about.
pub(super) fn selected_app() -> Shape {
    map("The app that the rule is about")
        .others(anything(""))
        .required("app", super::scalar::host("Its name: the host that callers name").example("{app}"))
}

/// `RouterRule`.
pub(super) fn router_rule() -> Shape {
    use super::matches::{older_block, rpc_block};
    use super::scalar::whole_or_text;
    let target = || {
        map("")
            .silent("workloads", anything("The name of the VirtualWorkloads document"))
            .required("name", filled("The group").example("v1"))
            .usual("weight", whole_or_text("Its share, in relation to the others'", COUNTS).example(90))
    };
    let targets = |about: &str| {
        list(about, target()).or(target()).keyword("minItems", json!(1)).also(json!({"name": "v2", "weight": 10}))
    };
    let routes = |about: &str, block: Shape| {
        let rule = map("What is asked, and where it goes then")
            .usual("match", list("One of these blocks must hold; without it, all", block.clone()).or(block))
            .required("targets", targets("Where it goes: a group, or several that share by weight"))
            .silent("name", anything("A name for logs"))
            .silent("modify", anything("Not done"));
        let route = map("")
            .usual("name", filled("What the route is called").example("canary"))
            .required("rule", rule)
            .more(
                "target",
                targets("Where all else goes, and this while a target has no healthy instance")
                    .example(json!({"name": "v1"})),
            )
            .silent("fallback", anything("Not done: target is the fallback"));
        list(about, route)
    };
    map("Where the requests to an app go: the older form of TrafficRouter")
        .required("selector", selected_app())
        .usual("http", routes("Routes of HTTP requests, asked in this order", older_block()))
        .never_null("http")
        .aside("rpc", routes("Routes of remote calls, asked in this order", rpc_block()))
        .silent("redis", idle("it is not routed"))
        .silent("db", idle("it is not routed"))
        .rule(json!({"anyOf": [{"required": ["http"]}, {"required": ["rpc"]}]}), "a list of routes, at http or at rpc")
}
