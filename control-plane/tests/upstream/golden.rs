//! Routers byte for byte. What stands in `golden/*.message.json` is the message in
//! protobuf's JSON form; `golden/make.py` makes the bytes of it with the classes
//! that Envoy publishes, which know nothing of ours.

use crate::kit::message;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn is_as_envoy_writes_it(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upstream/golden");
    let read = |extension: &str| fs::read_to_string(folder.join(format!("{name}.{extension}"))).unwrap();
    let document: Value = serde_json::from_str(&read("document.json")).unwrap();
    let namespace = document["metadata"]["namespace"].as_str().unwrap_or("default");
    let kind = document["kind"].as_str().unwrap();
    let any = sergo_control_plane::upstream::message(kind, &document, namespace).unwrap().unwrap();
    assert_eq!(any.type_url, "type.googleapis.com/envoy.config.route.v3.RouteConfiguration");
    let bytes: String = any.value.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected: String = read("hex").split_whitespace().collect();
    assert_eq!(bytes, expected, "{name}");
}

#[test]
fn conditions() {
    is_as_envoy_writes_it("conditions");
}

#[test]
fn effects() {
    is_as_envoy_writes_it("effects");
}

#[test]
fn the_same_document_is_the_same_bytes() {
    let document = crate::kit::router(serde_json::json!({
        "hosts": ["shop"],
        "http": [{"corsPolicy": {}, "fault": {"abort": {"httpStatus": 500}}, "route": [{"destination": {"host": "shop"}}]}],
    }));
    assert_eq!(message(&document), message(&document));
}
