//! What has no message, and why.

use crate::kit::{FAULT_TOLERANCE, TRAFFIC, document, router};
use serde_json::{Value, json};
use sergo_control_plane::upstream::{message, payload};

fn refused(document: &Value) -> String {
    let kind = document["kind"].as_str().unwrap();
    assert_eq!(payload(kind, document, "default"), None);
    message(kind, document, "default").unwrap_err().to_string()
}

#[test]
fn most_kinds_have_no_message() {
    let action = document(FAULT_TOLERANCE, "HttpRequestFallbackAction", "a", json!({}));
    assert_eq!(message("HttpRequestFallbackAction", &action, "default"), Ok(None));
    assert_eq!(message("VirtualWorkload", &Value::Null, "default"), Ok(None));
}

#[test]
fn a_bad_document_says_what_its_report_says() {
    let limit = document(FAULT_TOLERANCE, "RateLimitStrategy", "l", json!({"threshold": "ten", "statDuration": "1s"}));
    assert!(refused(&limit).contains("spec.threshold"), "{}", refused(&limit));
    let nameless = json!({"apiVersion": FAULT_TOLERANCE, "kind": "RateLimitStrategy", "spec": limit["spec"]});
    assert!(refused(&nameless).contains("metadata.name"), "{}", refused(&nameless));
    assert!(refused(&json!({"kind": "RateLimitStrategy"})).contains("no document"));
    let other = document(TRAFFIC, "TrafficRouter", "r", json!({}));
    assert!(message("RateLimitStrategy", &other, "default").is_err());
}

#[test]
fn what_a_message_cannot_say_is_not_left_out() {
    let to = json!([{"destination": {"host": "shop"}}]);
    let delegate = json!({"hosts": ["shop"], "http": [{"delegate": {"name": "other"}}]});
    let subset = json!({"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop", "subset": "a|b"}}]}]});
    let twice = json!({"method": {"exact": "GET"}, "headers": {":method": {"prefix": "G"}}});
    let twice = json!({"hosts": ["shop"], "http": [{"match": [twice], "route": to}]});
    let pseudo = json!({"hosts": ["shop"], "http": [{"match": [{"headers": {":port": {}}}], "route": to}]});
    let tcp = json!({"hosts": ["shop"], "tcp": [{"route": to}]});
    for (spec, field) in [
        (delegate, "spec.http[0].delegate"),
        (subset, "spec.http[0].route[0].destination.subset"),
        (twice, "spec.http[0].match[0]"),
        (pseudo, "spec.http[0].match[0]"),
        (tcp, "spec.tcp"),
        (json!({"http": [{"route": to}]}), "spec.hosts"),
    ] {
        let why = refused(&router(spec));
        assert!(why.starts_with(&format!("{field}: ")), "{why}");
    }
    let selected = json!({
        "selector": {"app": "demo", "zone": "a"},
        "targets": [{"targetResourceName": "/a"}], "strategies": [{"name": "s"}],
    });
    let rule = document(FAULT_TOLERANCE, "FaultToleranceRule", "r", selected);
    assert!(refused(&rule).starts_with("spec.selector.zone: "));
}
