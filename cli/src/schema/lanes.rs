//! `TrafficLane`, `TrafficLabelRule` and `WorkloadLabelRule`.

use super::flow::selector;
use super::matches::{header_key, older_block};
use super::scalar::{filled, label, meant, text, texts};
use super::shape::{Shape, filled_list, map};
use serde_json::json;

fn labels(about: &str) -> Shape {
    texts(about).keyword("minProperties", json!(1)).example(json!({"version": "gray"}))
}

/// `TrafficLane`.
pub(super) fn lane() -> Shape {
    let http = filled_list("Requests of which one of these blocks holds", older_block()).or(older_block());
    let rules = map("Which requests take it, and what it is called")
        .usual("traffic", map("Requests by what they carry").required("http", http))
        .aside(
            "workload",
            map("Every request of some callers").required("selector", labels("The labels that they bear, all of them")),
        )
        .required(
            "lane",
            map("The lane").required(
                "name",
                label("Its name: instances of that label serve it, where there are none those without a label")
                    .example("gray"),
            ),
        )
        .more(
            "traceIdBaggage",
            header_key("The header that carries the lane's name from service to service, 1 to 256 characters")
                .default("x-opensergo-traffic"),
        )
        .rule(json!({"anyOf": [{"required": ["traffic"]}, {"required": ["workload"]}]}), "traffic, workload or both");
    map("Requests that stay in a lane of their own from service to service")
        .usual("selector", selector())
        .required("rules", rules)
}

/// `TrafficLabelRule`.
pub(super) fn traffic_label() -> Shape {
    const KEY: &str = "a header, query or cookie needs its name, as key";
    let named = ["header", "query", "cookie"];
    let scalars = ["string", "number", "boolean"];
    let condition = map("")
        .required(
            "type",
            meant(
                "What is looked at",
                &[
                    ("header", "a header"),
                    ("path", "the path"),
                    ("query", "a parameter of the query"),
                    ("cookie", "a cookie"),
                    ("method", "the method"),
                ],
            )
            .example("header"),
        )
        .usual("key", filled("The name of the header, parameter or cookie").example("x-user-type"))
        .required(
            "condition",
            meant(
                "How it compares",
                &[
                    ("==", "it is the value"),
                    ("!=", "it is not, or is missing"),
                    ("=~", "the value is a regular expression of RE2 that all of it matches"),
                    ("in", "it is in a list, or in a text with commas"),
                    ("^=", "it begins with the value"),
                ],
            )
            .example("=="),
        )
        .required("value", text("What it is compared with").or(filled_list("", text(""))).example("tester"))
        .given(json!({
            "if": {"properties": {"type": {"enum": named}}, "required": ["type"]},
            "then": {
                "required": ["key"],
                "errorMessage": KEY,
                "properties": {"key": {"type": scalars, "errorMessage": KEY}},
            },
        }))
        .given(json!({
            "if": {"properties": {"condition": {"enum": ["==", "!=", "=~", "^="]}}, "required": ["condition"]},
            "then": {"properties": {"value": {"type": scalars, "errorMessage": "a list is for the condition `in`"}}},
        }));
    map("Which requests get a label")
        .usual("selector", selector())
        .required("trafficLabel", label("The label that they get, without control characters").example("gray"))
        .required("match", filled_list("What is asked of a request, all of it", condition))
}

/// `WorkloadLabelRule`.
pub(super) fn workload_label() -> Shape {
    map("Which instances get a label, where they have none")
        .required(
            "selector",
            labels("The labels that they bear, all of them").example(json!({"app": "{app}", "version": "gray"})),
        )
        .required(
            "workloadLabels",
            filled_list("The label that they get: the first of these", label("")).example(json!(["gray"])),
        )
}
