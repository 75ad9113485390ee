//! The cold answers as JSON: the same shape in every language.

use serde::{Deserialize, Serialize};
use sergo::decide::Block;
use sergo::{Answer, Code, Instance};
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

/// A route's answer: `{"route": text | null, "destination": {"host", "subset":
/// text | null, "port": number | null}, "fallback": bool}`, or `{"empty":
/// {"host", "subset": text | null}}`.
#[must_use]
pub fn answer(answer: &Answer) -> String {
    match answer {
        Answer::To { route, destination, fallback } => serde_json::json!({
            "route": route,
            "destination": {"host": destination.host, "subset": destination.subset, "port": destination.port},
            "fallback": fallback,
        }),
        Answer::Empty { host, subset } => serde_json::json!({"empty": {"host": host, "subset": subset}}),
    }
    .to_string()
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

    #[test]
    fn instances_have_defaults_and_no_unknown_fields() {
        let read = instances(r#"[{"id": "a"}, {"id": "b", "healthy": false, "labels": {"version": "v2"}}]"#).unwrap();
        assert!(read[0].healthy && read[0].weight == 1);
        assert_eq!(read[1].labels["version"], "v2");
        assert!(instances(r#"[{"id": "a", "colour": 1}]"#).is_err());
    }
}
