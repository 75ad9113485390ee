//! `FaultToleranceRule`, the strategies and `HttpRequestFallbackAction`.

use super::scalar::{
    TOKEN, anything, duration, duration_over_zero, filled, like, meant, number, ratio, text, texts, whole, words,
};
use super::shape::{Shape, filled_list, list, map};
use serde_json::json;
use sergo::name::StrategyKind;

/// For which app, and for which of its instances.
pub(super) fn selector() -> Shape {
    texts("Whom it is for: instances that bear all of these labels. Without it, every app of the namespace")
        .usual("app", filled("The app; the same as metadata.labels.app, where both are there").example("{app}"))
}

/// `FaultToleranceRule`.
pub(super) fn rule() -> Shape {
    let kinds: Vec<&str> = StrategyKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let target = filled(
        "The resource, 1 to 1024 bytes. One that begins with / is met with every HTTP method before it, as GET:/cart",
    )
    .keyword("maxLength", json!(1024))
    .example("/cart");
    let strategy = map("").required("name", filled("The strategy's name").example("{name}-limit")).usual(
        "kind",
        words("The strategy's kind; may be left out while no other kind has one of that name", &kinds)
            .example("RateLimitStrategy"),
    );
    let action = text("The HttpRequestFallbackAction that answers what is blocked: its name, or name and kind; without one, HTTP adapters answer 429")
        .keyword("minLength", json!(1))
        .or(map("")
            .required("name", filled("The action's name"))
            .silent("kind", words("The action's kind", &["HttpRequestFallbackAction"])))
        .example("{name}-answer");
    map("Which resources are governed by which strategies")
        .usual("selector", selector())
        .required(
            "targets",
            filled_list(
                "What is governed. Each target has a count of its own in every strategy",
                map("").required("targetResourceName", target),
            ),
        )
        .required("strategies", filled_list("What it is governed by. All of them must let a request pass", strategy))
        .more("fallbackAction", action)
}

/// The window that a statistic is of, under either of its names.
fn stat_duration(shape: Shape, about: &str, example: &str) -> Shape {
    shape
        .usual("statDuration", duration_over_zero(about).example(example))
        .never_null("statDuration")
        .silent(
            "statDurationSeconds",
            whole("statDuration as a whole number of seconds; only one of the two", 1, Some(18_446_744_073)),
        )
        .rule(
            json!({"oneOf": [{"required": ["statDuration"]}, {"required": ["statDurationSeconds"]}]}),
            "exactly one of statDuration and statDurationSeconds",
        )
}

fn limit_mode(modes: &[(&str, &str)]) -> Shape {
    meant("Where it is counted", modes).default("Local")
}

const LOCAL: (&str, &str) = ("Local", "in each process by itself");
const GLOBAL: (&str, &str) = ("Global", "over all processes, which counts as Local while there is no shared backend");
const EITHER: (&str, &str) =
    ("GlobalToLocal", "as Global, and as Local when the backend is away; counts as Local, too");

/// `RateLimitStrategy`.
pub(super) fn rate_limit() -> Shape {
    let shape = map("At most so many requests in any window of time")
        .usual(
            "metricType",
            words(
                "What is counted: requests, each by its cost, which is 1 unless the caller says otherwise",
                &["RequestAmount"],
            )
            .default("RequestAmount"),
        )
        .usual("limitMode", limit_mode(&[LOCAL, GLOBAL, EITHER]))
        .required(
            "threshold",
            number(
                "The most requests in any window of statDuration, 0 or more; of a fraction the whole part counts",
                0,
                None,
            )
            .example(100),
        );
    stat_duration(shape, "The length of the window, over zero: threshold is per this, not per second", "1s")
}

/// `ThrottlingStrategy`.
pub(super) fn throttling() -> Shape {
    map("Requests one after the other at a steady pace, waiting in a queue for their turn")
        .required(
            "minIntervalOfRequests",
            duration("The least time between two requests; 20ms are 50 a second, 0 is no limit").example("20ms"),
        )
        .required(
            "queueTimeout",
            duration("The longest wait; who would wait longer is blocked at once; 0 is no queue").example("500ms"),
        )
}

/// `ConcurrencyLimitStrategy`.
pub(super) fn concurrency_limit() -> Shape {
    map("At most so many requests at once")
        .required(
            "maxConcurrency",
            whole("The most requests that have begun and not ended, 0 or more; 0 blocks everything", 0, None)
                .example(8),
        )
        .usual("limitMode", limit_mode(&[LOCAL, GLOBAL]))
}

const NEEDS_RT: &str = "SlowRequestRatio needs slowConditions.maxAllowedRt, a duration";

/// `CircuitBreakerStrategy`.
pub(super) fn circuit_breaker() -> Shape {
    let slow = map("What counts as slow; needed for SlowRequestRatio")
        .usual("maxAllowedRt", duration("A response that takes longer than this is slow").example("500ms"));
    let errors = map("What counts as an error; every error does, whatever stands here").silent(
        "errorType",
        anything("Filters nothing yet").keyword("deprecationMessage", json!("it filters nothing yet")),
    );
    let shape = map("No requests to what mostly fails or is slow, until a probe has come back well")
        .required(
            "strategy",
            meant(
                "What is bad",
                &[
                    ("SlowRequestRatio", "a response slower than slowConditions.maxAllowedRt"),
                    ("ErrorRequestRatio", "an error"),
                ],
            )
            .example("SlowRequestRatio"),
        )
        .required("triggerRatio", ratio("The share of bad responses that opens it, reached or passed").example("50%"))
        .required(
            "minRequestAmount",
            whole("The fewest responses in the window that it judges by, at least 1", 1, None).example(20),
        );
    stat_duration(shape, "The window that responses are counted in, over zero", "30s")
        .required(
            "recoveryTimeout",
            duration_over_zero("How long it stays open before one request may probe, over zero").example("5s"),
        )
        .usual("slowConditions", slow)
        .silent("errorConditions", errors)
        .given(json!({
            "if": {"properties": {"strategy": {"const": "SlowRequestRatio"}}, "required": ["strategy"]},
            "then": {
                "required": ["slowConditions"],
                "errorMessage": NEEDS_RT,
                "properties": {"slowConditions": {
                    "type": "object",
                    "required": ["maxAllowedRt"],
                    "errorMessage": NEEDS_RT,
                    "properties": {"maxAllowedRt": {"type": ["string", "integer"], "errorMessage": NEEDS_RT}},
                }},
            },
        }))
}

/// `AdaptiveOverloadProtectionStrategy`.
pub(super) fn overload() -> Shape {
    let load = json!({
        "if": {"properties": {"metricType": {"const": "SystemLoad"}}, "required": ["metricType"]},
        "then": {"properties": {"triggerThreshold": {"type": "number", "errorMessage": "a load, as a number"}}},
        "else": {"properties": {"triggerThreshold": {"maximum": 1}}},
    });
    map("Inbound requests are turned away while the machine has too much to do")
        .required(
            "metricType",
            meant(
                "The figure that is watched",
                &[
                    ("CpuPercentage", "the processors' use, of the container where there is one"),
                    ("SystemLoad", "the load average of one minute"),
                    ("MemoryPercentage", "the memory in use"),
                ],
            )
            .example("CpuPercentage"),
        )
        .required(
            "triggerThreshold",
            ratio("From which value on it acts; for SystemLoad a load of 0 or more instead")
                .without("maximum")
                .example("80%"),
        )
        .required(
            "adaptiveStrategy",
            meant(
                "What it does then",
                &[
                    ("NONE", "blocks every inbound request"),
                    ("BBR", "blocks what is more than has been seen to get through"),
                ],
            )
            .example("BBR"),
        )
        .given(load)
}

/// `HttpRequestFallbackAction`.
pub(super) fn action() -> Shape {
    let name = like("The header's name", TOKEN, "the name of an HTTP header").example("X-Reason");
    let value = || {
        like(
            "The header's value, on one line",
            r"^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]*$",
            "the value of an HTTP header, on one line",
        )
        .example("busy")
    };
    let mut headers = list(
        "Headers beside those of the adapter: a list of key and value, or a map",
        map("").required("key", name).required("value", value()),
    )
    .or(map("").others(value()).keyword("propertyNames", json!({"pattern": TOKEN})));
    headers.example = None;
    let response =
        map("The answer, exactly as it is sent; Retry-After is added where it is known and not among the headers")
            .usual("responseStatusCode", whole("The status code, 200 to 599", 200, Some(599)).default(429))
            .usual(
                "responseContentBody",
                text("The body; empty without it").example("Too many requests, please try again later."),
            )
            .more("responseAdditionalHeaders", headers);
    map("What a blocked HTTP request is answered")
        .usual(
            "behavior",
            words("What is done; there is this only", &["ReturnProvidedResponse"]).default("ReturnProvidedResponse"),
        )
        .usual("behaviorDesc", response)
}
