//! The cold answers as JSON: the same shape in every language.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sergo::decide::Block;
use sergo::policy::Mirror;
use sergo::{Answer, Code, Directions, Instance};
use std::collections::BTreeMap;

/// A block's names: `{"strategy": kind, "name", "rule", "fallback": {"status",
/// "body", "headers": [[name, value]]} | null}`.
#[must_use]
pub fn block(block: &Block) -> String {
    let fallback = block.fallback.as_ref().map(
        |fallback| serde_json::json!({"status": fallback.status, "body": fallback.body, "headers": fallback.headers}),
    );
    serde_json::json!({
        "strategy": block.strategy.as_str(),
        "name": &*block.strategy_name,
        "rule": &*block.rule,
        "fallback": fallback,
    })
    .to_string()
}

/// A route's answer. For a destination: `{"route": text | null, "destination":
/// {"host", "subset": text | null, "port": number | null}, "fallback": bool,
/// "timeout": duration | null, "retries", "headers", "corsPolicy", "varies":
/// bool}`; for a redirect: `{"route", "headers", "corsPolicy", "varies": true}`;
/// for a response of the rule's own: `{"route", "directResponse", "headers",
/// "corsPolicy", "varies": false}`; for nothing: `{"empty": {"host", "subset":
/// text | null}}`. `retries`, `headers` and the rest are shaped as in the
/// document, `headers` and `corsPolicy` null where there are none. What `varies`
/// has more to it, which [`directions`] tells for each request.
#[must_use]
pub fn answer(answer: &Answer) -> String {
    answer_value(answer).to_string()
}

/// The answer for one request: that of [`answer`], and where they apply also
/// `"rewrite": {"uri", "authority"}`, `"redirect": {"uri", "authority", "scheme",
/// "port", "redirectCode"}`, `"fault": {"abort", "delay"}` and `"mirror":
/// [{"destination", "percentage": {"value"}}]`, worked out and drawn.
#[must_use]
pub fn directions(directions: &Directions) -> String {
    let mut value = answer_value(&directions.answer);
    let effects = &directions.effects;
    if let Some(map) = value.as_object_mut() {
        let rewrite = effects.rewrite.as_ref().map(|rewrite| json!(rewrite));
        let redirect = effects.redirect.as_ref().map(|redirect| json!(redirect));
        let fault = (!effects.fault.is_empty()).then(|| json!(effects.fault));
        let mirror = (!effects.mirrors.is_empty()).then(|| effects.mirrors.iter().map(mirror).collect());
        for (key, value) in [("rewrite", rewrite), ("redirect", redirect), ("fault", fault), ("mirror", mirror)] {
            map.extend(value.map(|value| (key.to_owned(), value)));
        }
    }
    value.to_string()
}

fn answer_value(answer: &Answer) -> Value {
    let (route, policy) = match answer {
        Answer::To { route, policy, .. }
        | Answer::Redirect { route, policy, .. }
        | Answer::Respond { route, policy, .. } => (route, policy),
        Answer::Empty { host, subset } => return json!({"empty": {"host": host, "subset": subset}}),
    };
    let mut value = json!({
        "route": route,
        "headers": (!policy.headers.is_empty()).then_some(&policy.headers),
        "corsPolicy": policy.cors,
        "varies": answer.varies(),
    });
    if let Answer::To { destination, fallback, .. } = answer {
        value["destination"] = place(&destination.host, &destination.subset, destination.port);
        value["fallback"] = json!(fallback);
        value["timeout"] = json!(policy.timeout.map(|timeout| timeout.to_string()));
        value["retries"] = json!(policy.retries);
    }
    if let Answer::Respond { response, .. } = answer {
        value["directResponse"] = json!(**response);
    }
    value
}

fn mirror(mirror: &Mirror) -> Value {
    json!({"destination": place(&mirror.host, &mirror.subset, mirror.port), "percentage": mirror.percentage})
}

fn place(host: &str, subset: &Option<String>, port: Option<u16>) -> Value {
    json!({"host": host, "subset": subset, "port": port})
}

/// A value of the core as JSON: a report, events, figures.
#[must_use]
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// An instance as discovery hands it over: `{"id", "labels" ({}), "healthy"
/// (true), "weight" (1), "zone" (null)}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstanceText {
    id: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default = "yes")]
    healthy: bool,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default)]
    zone: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

/// Reads a JSON list of instances.
///
/// # Errors
/// [`Code::Argument`] for anything else.
pub fn instances(json: &str) -> Result<Vec<Instance>, Code> {
    let list: Vec<InstanceText> = serde_json::from_str(json).map_err(|_| Code::Argument)?;
    Ok(list
        .into_iter()
        .map(|InstanceText { id, labels, healthy, weight, zone }| Instance { id, labels, healthy, weight, zone })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sergo::policy::{Percentage, Policy};
    use sergo::{Destination, Effects, Span};
    use std::sync::Arc;

    #[test]
    fn directions_are_shaped_as_in_the_document() {
        let policy = Policy { mirrors: vec![copy()], timeout: Some(Span::from_millis(1500)), ..Policy::default() };
        let destination = Destination { host: "shop".into(), subset: None, port: Some(80) };
        let answer = Answer::To { route: None, destination, fallback: true, policy: Arc::new(policy) };
        let plain: Value = serde_json::from_str(&super::answer(&answer)).unwrap();
        assert_eq!(plain["destination"], json!({"host": "shop", "subset": null, "port": 80}));
        assert_eq!((&plain["timeout"], &plain["varies"]), (&json!("1500ms"), &json!(true)));
        assert_eq!(plain["retries"]["attempts"], 2);
        assert_eq!(plain.get("mirror"), None);
        let effects = Effects { mirrors: vec![copy()], ..Effects::default() };
        let whole: Value =
            serde_json::from_str(&directions(&Directions { answer: Arc::new(answer), effects })).unwrap();
        let mirror =
            json!([{"destination": {"host": "copy", "subset": "v1", "port": null}, "percentage": {"value": 100.0}}]);
        assert_eq!((&whole["mirror"], whole.get("rewrite")), (&mirror, None));
    }

    fn copy() -> Mirror {
        Mirror { host: "copy".into(), subset: Some("v1".into()), port: None, percentage: Percentage::ALL }
    }

    #[test]
    fn instances_have_defaults_and_no_unknown_fields() {
        let read = instances(r#"[{"id": "a"}, {"id": "b", "healthy": false, "labels": {"version": "v2"}}]"#).unwrap();
        assert!(read[0].healthy && read[0].weight == 1);
        assert_eq!(read[1].labels["version"], "v2");
        assert!(instances(r#"[{"id": "a", "colour": 1}]"#).is_err());
    }
}
