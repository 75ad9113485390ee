//! The documents that a template needs, or that need it, to do something.

use super::template::Template;
use crate::schema::kinds::Kind;
use serde_json::{Value, json};

/// What goes with the template, each as a document of its own.
pub(super) fn of(template: &Template<'_>) -> Vec<String> {
    let with = |kind: &str, about: &str, name: &str, spec: Value| {
        Kind::find(kind).map(|kind| template.companion(about, kind, name, &spec)).ok()
    };
    let limit = || {
        with(
            "RateLimitStrategy",
            "The strategy that the rule names.",
            "{name}-limit",
            json!({"threshold": 100, "statDuration": "1s"}),
        )
    };
    let subsets = |kind: &str| {
        let subset = |name: &str| json!({"name": name, "labels": {"version": name}});
        let spec = json!({"host": "{app}", "subsets": [subset("v1"), subset("v2")]});
        with(kind, "The subsets that the routes send to.", "{name}-subsets", spec)
    };
    let rule = |strategy: Value, action: Option<&str>| {
        let mut spec = json!({
            "selector": {"app": "{app}"},
            "targets": [{"targetResourceName": "/cart"}],
            "strategies": [strategy],
        });
        if let (Some(spec), Some(action)) = (spec.as_object_mut(), action) {
            spec.insert("fallbackAction".to_owned(), action.into());
        }
        spec
    };
    let documents = match template.kind.name {
        "FaultToleranceRule" => {
            let answer = || {
                with(
                    "HttpRequestFallbackAction",
                    "The action that the rule names.",
                    "{name}-answer",
                    json!({"behaviorDesc": {"responseStatusCode": 429, "responseContentBody": "Too many requests."}}),
                )
            };
            vec![limit(), template.is_full.then(answer).flatten()]
        }
        "HttpRequestFallbackAction" => {
            let strategy = json!({"name": "{name}-limit", "kind": "RateLimitStrategy"});
            let about = "A rule that names it: an action does nothing by itself.";
            vec![with("FaultToleranceRule", about, "{name}-rule", rule(strategy, Some("{name}"))), limit()]
        }
        kind if kind.ends_with("Strategy") => {
            let about = "A rule that names it: a strategy does nothing by itself.";
            let strategy = json!({"name": "{name}", "kind": kind});
            vec![with("FaultToleranceRule", about, "{name}-rule", rule(strategy, None))]
        }
        "TrafficRouter" => vec![subsets("VirtualWorkload")],
        "VirtualService" => vec![subsets("DestinationRule")],
        "RouterRule" => {
            let group = |name: &str| json!({"name": name, "selector": {"version": name}});
            let spec = json!({"selector": {"app": "{app}"}, "virtualWorkload": [group("v1"), group("v2")]});
            vec![with("VirtualWorkloads", "The groups that the routes send to.", "{name}-groups", spec)]
        }
        _ => Vec::new(),
    };
    documents.into_iter().flatten().collect()
}
