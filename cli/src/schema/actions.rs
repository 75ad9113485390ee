//! What is done with a request beside routing it: redirects, rewrites, retries,
//! faults, mirrors, headers and CORS.

use super::matches::text_match;
use super::routes::destination;
use super::scalar::{
    FIELD_NAME, boolean, duration, duration_over_zero, filled, like, none, percent, port, text, whole, words,
};
use super::shape::{Shape, list, map};
use serde_json::json;
use sergo::policy::GRPC_STATUS;
use sergo::spec::traffic_router::RETRY_ON;

/// `redirect`.
pub(super) fn redirect() -> Shape {
    let parts = ["uri", "authority", "scheme", "port", "derivePort"].map(|part| json!({"required": [part]}));
    map("Answers with a redirect; at least one of uri, authority, scheme, port")
        .usual(
            "uri",
            filled("The path to go to, in the place of the whole path or of the prefix that matched").example("/new/"),
        )
        .more("authority", filled("The host to go to").example("{app}.example.com"))
        .more("scheme", words("The scheme to go to", &["http", "https"]).example("https"))
        .more("port", port("The port to go to; not beside derivePort").example(443))
        .silent(
            "derivePort",
            words(
                "The port to go to: that of the scheme, or that of the request",
                &["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"],
            ),
        )
        .usual("redirectCode", whole("The status code, 300 to 399", 300, Some(399)).default(301))
        .apart("port", &["derivePort"])
        .rule(json!({"anyOf": parts}), "at least one of uri, authority, scheme, port")
}

/// `directResponse`.
pub(super) fn direct_response() -> Shape {
    let body = map("The body; empty without it")
        .usual("string", text("The body as text").example("Closed for today."))
        .silent("bytes", none("A mistake here: string instead"));
    map("Answers by itself, without asking anybody")
        .required("status", whole("The status code, 200 to 599", 200, Some(599)).example(503))
        .usual("body", body)
}

/// `rewrite`.
pub(super) fn rewrite() -> Shape {
    let regex = map("A path by regular expression, in the place of uri")
        .required("match", filled("A regular expression of RE2").example("^/api/v1/(.*)$"))
        .required("rewrite", text(r"What stands in the place of what matched; \1 is the first group").example(r"/\1"));
    let parts = ["uri", "uriRegexRewrite", "authority"].map(|part| json!({"required": [part]}));
    map("Changes the request before it is sent on")
        .usual("uri", filled("The path, in the place of the whole path or of the prefix that matched").example("/"))
        .silent("uriRegexRewrite", regex)
        .more("authority", filled("The host").example("{app}.example.com"))
        .apart("uri", &["uriRegexRewrite"])
        .rule(json!({"anyOf": parts}), "at least one of uri, uriRegexRewrite, authority")
}

/// The status codes that HTTP has, from the first to the last of each range.
const STATUS: [(u16, u16); 12] = [
    (100, 103),
    (200, 208),
    (226, 226),
    (300, 305),
    (307, 308),
    (400, 418),
    (421, 426),
    (428, 429),
    (431, 431),
    (451, 451),
    (500, 508),
    (510, 511),
];

/// `retries`.
pub(super) fn retries() -> Shape {
    let status: Vec<u16> = STATUS.into_iter().flat_map(|(first, last)| first..=last).collect();
    let texts: Vec<String> = status.iter().map(u16::to_string).collect();
    let word = format!("({}|{})", RETRY_ON.join("|"), texts.join("|"));
    let about = format!("On what it is tried again, with commas between: status codes, and {}", RETRY_ON.join(", "));
    let on = like(
        &about,
        &format!("^({word}(,{word})*)?$"),
        "conditions and status codes with commas between them, as in 5xx,connect-failure,503",
    )
    .only(&["string", "integer"])
    .keyword("if", json!({"type": "integer"}))
    .keyword("then", json!({"enum": status}));
    let settings = ["perTryTimeout", "retryOn", "retryRemoteLocalities"].map(|part| json!({"required": [part]}));
    map("How often it is tried again; without it, twice on connect-failure, refused-stream, \
                 unavailable, cancelled and retriable-status-codes")
    .usual("attempts", whole("How many times more, 0 for never", 0, Some(2_147_483_647)).example(2))
    .usual(
        "perTryTimeout",
        duration("The longest that each try may take; without it, what the whole request may").example("2s"),
    )
    .usual("retryOn", on.example("connect-failure,refused-stream,503"))
    .more("backoff", duration("The wait before a try, at least").example("25ms"))
    .silent("retryRemoteLocalities", boolean("Whether other localities are tried"))
    .silent("retryIgnorePreviousHosts", boolean("Whether an instance that has been tried may be tried again"))
    .rule(
        json!({
            "if": {"anyOf": settings},
            "then": {"required": ["attempts"], "properties": {"attempts": {"minimum": 1}}},
        }),
        "attempts of at least 1, or nothing beside them",
    )
}

fn percentage(about: &str, example: u32) -> Shape {
    map(about).usual("value", percent("In percent, 0 to 100; fractions count").example(example))
}

/// `fault`.
pub(super) fn fault() -> Shape {
    let share = |shape: Shape| {
        shape
            .usual("percentage", percentage("The share of requests; without it none", 1))
            .silent("percent", percent("The older form of percentage.value"))
    };
    let abort = map("Answers some requests with an error")
        .usual("httpStatus", whole("The status code, 200 to 599; not beside grpcStatus", 200, Some(599)).example(503))
        .silent("grpcStatus", words("The status of gRPC", &GRPC_STATUS))
        .silent("http2Error", none("A mistake here: httpStatus or grpcStatus instead"))
        .apart("httpStatus", &["grpcStatus"]);
    let delay = map("Delays some requests")
        .required("fixedDelay", duration_over_zero("By how long, over zero").example("200ms"))
        .silent("exponentialDelay", none("A mistake here: fixedDelay instead"));
    map("Faults on purpose, for tests")
        .usual("abort", share(abort))
        .usual("delay", share(delay))
        .rule(json!({"anyOf": [{"required": ["abort"]}, {"required": ["delay"]}]}), "abort, delay or both")
}

/// The mirrors of a route, in each of their forms.
pub(super) fn mirrors(shape: Shape) -> Shape {
    let all = || percentage("The share of requests; without it all", 10);
    let mirror = map("").required("destination", destination(0)).usual("percentage", all());
    shape
        .aside("mirrors", list("Where copies of requests are sent, whose answers nobody waits for", mirror))
        .silent("mirror", destination(0).about("One mirror, without a list"))
        .silent("mirrorPercentage", percentage("The share of requests that goes to mirror; without it all", 10))
        .silent("mirrorPercent", percent("The older form of mirrorPercentage.value"))
        .apart("mirror", &["mirrors"])
}

/// `headers`.
pub(super) fn headers(about: &str) -> Shape {
    let pairs = |about: &str, name: &str, value: &str| {
        map(about)
            .others(like("", r"^[^\r\n\u0000]*$", "a value without line breaks"))
            .keyword("propertyNames", json!({"pattern": FIELD_NAME}))
            .example(json!({name: value}))
    };
    let name = like("", FIELD_NAME, "the name of a header");
    let changes = |about: &str| {
        map(about)
            .usual(
                "remove",
                list("Names of headers to take away, which is done first", name.clone()).example(json!(["x-debug"])),
            )
            .usual("set", pairs("Headers to set, in the place of those of that name", "x-lane", "v1"))
            .usual("add", pairs("Headers to add to those of that name, which is done last", "x-seen-by", "sergo"))
    };
    map(about).usual("request", changes("Of the request")).usual("response", changes("Of the response"))
}

/// `corsPolicy`.
pub(super) fn cors() -> Shape {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];
    map("Which pages of other origins may ask")
        .usual("allowOrigins", list("Their origins", text_match("")).example(json!([{"exact": "https://example.com"}])))
        .silent("allowOrigin", list("The older form of allowOrigins: exact ones", filled("")))
        .usual(
            "allowMethods",
            list("The methods that they may use", words("", &methods)).example(json!(["GET", "POST"])),
        )
        .usual("allowHeaders", list("The headers that they may send", filled("")).example(json!(["content-type"])))
        .usual("exposeHeaders", list("The headers that they may read", filled("")).example(json!(["x-request-id"])))
        .usual("maxAge", duration("How long a browser may remember that").example("1h"))
        .usual("allowCredentials", boolean("Whether they may send cookies").example(true))
        .silent(
            "unmatchedPreflights",
            words("What becomes of a preflight of another origin", &["UNSPECIFIED", "FORWARD", "IGNORE"]),
        )
}
