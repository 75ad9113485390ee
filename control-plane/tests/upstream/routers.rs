//! Routers of every sort, drawn from few words so that requests meet them.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

pub(crate) const HOSTS: [&str; 8] = [
    "shop",
    "shop.default",
    "shop.default.svc.cluster.local",
    "shop.other.svc.cluster.local",
    "www.shop.com",
    "*.shop.com",
    "www.*",
    "*",
];
pub(crate) const VALUES: [&str; 5] = ["a", "ab", "abc", "b", ""];
pub(crate) const PATHS: [&str; 6] = ["/", "/a", "/a/b", "/A/b", "/ab", "/b"];
pub(crate) const NAMES: [&str; 3] = ["x", "y", "X-Z"];

/// An object of the fields that are there.
fn object<const N: usize>(fields: [(&'static str, BoxedStrategy<Option<Value>>); N]) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| {
            let fields = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            Value::Object(fields.collect())
        })
        .boxed()
}

/// A field that is there one time in `odds`.
fn maybe(odds: u32, strategy: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    prop::option::weighted(1.0 / f64::from(odds), strategy).boxed()
}

fn always(strategy: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    strategy.prop_map(Some).boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(values).prop_map(Value::from).boxed()
}

fn number(values: std::ops::Range<u32>) -> BoxedStrategy<Value> {
    values.prop_map(Value::from).boxed()
}

fn list(item: BoxedStrategy<Value>, size: std::ops::Range<usize>) -> BoxedStrategy<Value> {
    prop::collection::vec(item, size).prop_map(Value::from).boxed()
}

fn map(
    names: &'static [&'static str],
    value: BoxedStrategy<Value>,
    size: std::ops::Range<usize>,
) -> BoxedStrategy<Value> {
    prop::collection::btree_map(select(names), value, size)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into())
        .boxed()
}

/// A string match, with an exact empty text only where it may be.
fn text(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop_oneof![
        3 => select(values).prop_map(|value| json!({"exact": value})),
        2 => select(values).prop_map(|value| json!({"prefix": if value.is_empty() { "b" } else { value }})),
        2 => select(&["a.*", "a|ab", "/a.*", "[ab]+", ".*", "(?i)/A.*"][..]).prop_map(|value| json!({"regex": value})),
    ]
    .boxed()
}

fn named() -> BoxedStrategy<Value> {
    prop_oneof![5 => text(&VALUES), 1 => Just(json!({})), 1 => Just(json!({"regex": "*"}))].boxed()
}

fn uri() -> BoxedStrategy<Value> {
    prop_oneof![text(&PATHS), Just(json!({"prefix": ""}))].boxed()
}

fn block() -> BoxedStrategy<Value> {
    object([
        ("uri", maybe(2, uri())),
        ("ignoreUriCase", maybe(3, any::<bool>().prop_map(Value::from))),
        ("method", maybe(5, text(&["GET", "POST", "P"]))),
        ("scheme", maybe(8, text(&["http", "https"]))),
        ("authority", maybe(8, text(&["shop", "shop:80", "www"]))),
        ("headers", maybe(3, map(&["x", "y", "X-Z", ":method", ":path", ":authority"], named(), 0..3))),
        ("withoutHeaders", maybe(5, map(&["x", "y", "X-Z", ":scheme", ":path"], named(), 0..3))),
        ("queryParams", maybe(5, map(&NAMES, named(), 0..3))),
        ("port", maybe(8, select(&[80, 8080][..]).prop_map(Value::from))),
        ("sourceLabels", maybe(8, map(&["app", "version"], one_of(&["a", "b"]), 0..3))),
        ("sourceNamespace", maybe(8, one_of(&["default", "other"]))),
        ("gateways", maybe(8, list(one_of(&["mesh", "edge", "default/edge"]), 0..3))),
        ("name", maybe(8, one_of(&["n"]))),
    ])
}

fn port() -> BoxedStrategy<Value> {
    select(&[80, 8080][..]).prop_map(|number| json!({"number": number})).boxed()
}

const DESTINATIONS: [&str; 5] =
    ["shop", "other", "shop.other.svc.cluster.local", "www.shop.com", "shop.default.svc.cluster.local"];

/// A destination with a chain of fallbacks that never comes back.
fn destination() -> BoxedStrategy<Value> {
    let subset = prop::option::of(select(&["v1", "v2"][..]));
    let link = object([("host", maybe(2, one_of(&DESTINATIONS[1..4])))]);
    (select(&DESTINATIONS[..]), subset, prop::option::of(port()), prop::collection::vec(link, 0..4))
        .prop_map(|(host, subset, port, links)| {
            let nested = links.into_iter().enumerate().rev().fold(None, |behind: Option<Value>, (i, mut link)| {
                // Each has a subset of its own, so it is always another place.
                link["subset"] = format!("f{i}").into();
                if let Some(behind) = behind {
                    link["fallback"] = behind;
                }
                Some(link)
            });
            let fields = [
                ("host", Some(host.into())),
                ("subset", subset.map(Value::from)),
                ("port", port),
                ("fallback", nested),
            ];
            let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(fields.collect())
        })
        .boxed()
}

fn changes() -> BoxedStrategy<Value> {
    let value = || one_of(&["1", "100%", "%%", "a b", ""]);
    object([
        ("set", maybe(2, map(&["x", "X-A"], value(), 0..3))),
        ("add", maybe(2, map(&["x", "X-B"], value(), 0..3))),
        ("remove", maybe(2, list(one_of(&NAMES), 0..3))),
    ])
}

fn headers() -> BoxedStrategy<Value> {
    object([("request", maybe(2, changes())), ("response", maybe(2, changes()))])
}

fn forward() -> BoxedStrategy<Value> {
    let to = (destination(), 1..10u32, maybe(4, headers())).prop_map(|(destination, weight, headers)| {
        let mut to = json!({"destination": destination, "weight": weight});
        if let Some(headers) = headers {
            to["headers"] = headers;
        }
        to
    });
    let zero = destination().prop_map(|destination| json!({"destination": destination, "weight": 0}));
    (prop::collection::vec(to, 1..4), prop::option::weighted(0.2, zero))
        .prop_map(|(mut route, zero)| {
            route.extend(zero);
            route.into()
        })
        .boxed()
}

fn duration() -> BoxedStrategy<Value> {
    one_of(&["1s", "1500ms", "250us", "2h", "7ns"])
}

fn percentage() -> BoxedStrategy<Value> {
    select(&[0.0, 0.5, 12.25, 33.3, 99.9999, 100.0][..]).prop_map(|value| json!({"value": value})).boxed()
}

fn retries() -> BoxedStrategy<Value> {
    let some = object([
        ("attempts", always(number(1..5))),
        ("perTryTimeout", maybe(2, duration())),
        ("retryOn", maybe(2, one_of(&["5xx", "5xx,503", "503,504", "retriable-status-codes,connect-failure", ""]))),
        ("retryRemoteLocalities", maybe(3, Just(Value::from(true)))),
        ("retryIgnorePreviousHosts", maybe(3, Just(Value::from(true)))),
        ("backoff", maybe(3, duration())),
    ]);
    prop_oneof![4 => some, 1 => Just(json!({"attempts": 0}))].boxed()
}

fn rewrite() -> BoxedStrategy<Value> {
    prop_oneof![
        object([("uri", always(one_of(&["/new", "/"]))), ("authority", maybe(2, one_of(&["new.com"])))]),
        object([
            ("uriRegexRewrite", always(Just(json!({"match": "/(a)(b)?", "rewrite": r"/\2-\1"})))),
            ("authority", maybe(2, one_of(&["new.com"])))
        ]),
        Just(json!({"authority": "new.com"})),
    ]
    .boxed()
}

fn fault() -> BoxedStrategy<Value> {
    let abort = prop_oneof![
        percentage().prop_map(|percentage| json!({"httpStatus": 503, "percentage": percentage})),
        percentage().prop_map(|percentage| json!({"grpcStatus": "UNAVAILABLE", "percentage": percentage})),
        Just(json!({"grpcStatus": "OK"})),
    ];
    let delay = (duration(), percentage())
        .prop_map(|(delay, percentage)| json!({"fixedDelay": delay, "percentage": percentage}));
    prop_oneof![
        (abort.clone(), delay.clone()).prop_map(|(abort, delay)| json!({"abort": abort, "delay": delay})),
        abort.prop_map(|abort| json!({"abort": abort})),
        delay.prop_map(|delay| json!({"delay": delay})),
    ]
    .boxed()
}

fn cors() -> BoxedStrategy<Value> {
    object([
        ("allowOrigins", maybe(2, list(text(&["https://a", "https://b"]), 0..3))),
        ("allowMethods", maybe(2, list(one_of(&["GET", "POST", "*"]), 0..3))),
        ("allowHeaders", maybe(2, list(one_of(&["X-A", "X-B"]), 0..3))),
        ("exposeHeaders", maybe(2, list(one_of(&["X-A", "X-B"]), 0..3))),
        ("maxAge", maybe(2, one_of(&["1s", "24h"]))),
        ("allowCredentials", maybe(2, any::<bool>().prop_map(Value::from))),
        ("unmatchedPreflights", maybe(2, one_of(&["FORWARD", "IGNORE"]))),
    ])
}

fn mirrors() -> BoxedStrategy<Value> {
    let to = object([("host", always(one_of(&DESTINATIONS))), ("subset", maybe(2, one_of(&["v1"])))]);
    list(object([("destination", always(to)), ("percentage", maybe(2, percentage()))]), 1..3)
}

fn redirect() -> BoxedStrategy<Value> {
    let port =
        prop_oneof![Just(json!({"port": 8443})), Just(json!({"derivePort": "FROM_PROTOCOL_DEFAULT"})), Just(json!({}))];
    let rest = object([
        ("uri", maybe(2, one_of(&["/new"]))),
        ("authority", always(one_of(&["new.com"]))),
        ("scheme", maybe(2, one_of(&["http", "https"]))),
        ("redirectCode", maybe(2, select(&[301, 302, 303, 307, 308, 300][..]).prop_map(Value::from))),
    ]);
    (port, rest)
        .prop_map(|(mut redirect, rest)| {
            redirect.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            redirect
        })
        .boxed()
}

fn entry() -> BoxedStrategy<Value> {
    let every = object([
        ("name", maybe(2, one_of(&["one", "two"]))),
        ("match", maybe(4, list(block(), 0..4)).prop_map(|blocks| Some(blocks.unwrap_or_else(|| json!([])))).boxed()),
        ("headers", maybe(4, headers())),
        ("corsPolicy", maybe(5, cors())),
    ]);
    let sent = object([
        ("route", always(forward())),
        ("timeout", maybe(3, prop_oneof![duration(), Just(json!("0s"))])),
        ("retries", maybe(3, retries())),
        ("rewrite", maybe(3, rewrite())),
        ("fault", maybe(4, fault())),
        ("mirrors", maybe(4, mirrors())),
    ]);
    let response = object([("status", always(number(200..205))), ("body", maybe(2, Just(json!({"string": "100 %"}))))]);
    let action = prop_oneof![
        4 => sent,
        1 => redirect().prop_map(|redirect| json!({"redirect": redirect})),
        1 => response.prop_map(|response| json!({"directResponse": response})),
    ];
    (every, action)
        .prop_map(|(mut entry, action)| {
            entry.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
            entry
        })
        .boxed()
}

/// The `spec` of a router.
pub(crate) fn spec() -> BoxedStrategy<Value> {
    object([
        ("hosts", always(list(one_of(&HOSTS), 1..3))),
        ("gateways", maybe(8, list(one_of(&["mesh", "edge"]), 0..3))),
        ("http", always(list(entry(), 1..5))),
    ])
}
