//! Answers in the shape in which they cross to other languages: that of the
//! `TrafficRouter` they come from.

use super::{Answer, Destination, Directions, Effects, Pick};
use crate::policy::{Mirror, Policy};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// A destination: `{"route", "destination": {"host", "subset", "port"},
/// "fallback", "timeout", "retries", "headers", "corsPolicy", "varies"}`. A
/// redirect: `{"route", "headers", "corsPolicy", "varies": true}`. A response of
/// the rule's own: `{"route", "directResponse", "headers", "corsPolicy",
/// "varies": false}`. Nothing: `{"empty": {"host", "subset"}}`. What there is
/// none of is null.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries(self, &mut map)?;
        map.end()
    }
}

/// The answer, and where they apply `"rewrite"`, `"redirect"`, `"fault"` and
/// `"mirror": [{"destination", "percentage"}]`.
impl Serialize for Directions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries(&self.answer, &mut map)?;
        effects(&self.effects, &mut map)?;
        map.end()
    }
}

/// The directions, and `"instance"`: the id of the one that was chosen, or null.
impl Serialize for Pick {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entries(&self.directions.answer, &mut map)?;
        effects(&self.directions.effects, &mut map)?;
        map.serialize_entry("instance", &self.endpoint.as_ref().map(|endpoint| &*endpoint.instance.id))?;
        map.serialize_entry("number", &self.endpoint.as_ref().map(|endpoint| endpoint.health.number()))?;
        map.end()
    }
}

fn effects<M: SerializeMap>(effects: &Effects, map: &mut M) -> Result<(), M::Error> {
    if let Some(rewrite) = &effects.rewrite {
        map.serialize_entry("rewrite", rewrite)?;
    }
    if let Some(redirect) = &effects.redirect {
        map.serialize_entry("redirect", redirect)?;
    }
    if !effects.fault.is_empty() {
        map.serialize_entry("fault", &effects.fault)?;
    }
    if !effects.mirrors.is_empty() {
        map.serialize_entry("mirror", &effects.mirrors)?;
    }
    Ok(())
}

fn entries<M: SerializeMap>(answer: &Answer, map: &mut M) -> Result<(), M::Error> {
    let (route, policy) = match answer {
        Answer::To { route, policy, .. }
        | Answer::Redirect { route, policy, .. }
        | Answer::Respond { route, policy, .. } => (route, policy),
        Answer::Empty { host, subset } => {
            return map.serialize_entry("empty", &Empty { host, subset: subset.as_deref() });
        }
    };
    map.serialize_entry("route", route)?;
    if let Answer::To { destination, fallback, .. } = answer {
        map.serialize_entry("destination", destination)?;
        map.serialize_entry("fallback", fallback)?;
        let Policy { timeout, retries, .. } = &**policy;
        map.serialize_entry("timeout", &timeout.map(|timeout| timeout.to_string()))?;
        map.serialize_entry("retries", retries)?;
    }
    if let Answer::Respond { response, .. } = answer {
        map.serialize_entry("directResponse", &**response)?;
    }
    map.serialize_entry("headers", &(!policy.headers.is_empty()).then_some(&policy.headers))?;
    map.serialize_entry("corsPolicy", &policy.cors)?;
    map.serialize_entry("varies", &answer.varies())
}

#[derive(Serialize)]
struct Empty<'a> {
    host: &'a str,
    subset: Option<&'a str>,
}

impl Serialize for Mirror {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let destination = Destination { host: self.host.clone(), subset: self.subset.clone(), port: self.port };
        let mut shape = serializer.serialize_struct("Mirror", 2)?;
        shape.serialize_field("destination", &destination)?;
        shape.serialize_field("percentage", &self.percentage)?;
        shape.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Percentage;
    use crate::sync::Arc;
    use crate::time::Span;
    use serde_json::{Value, json};

    fn copy() -> Mirror {
        Mirror { host: "copy".into(), subset: Some("v1".into()), port: None, percentage: Percentage::ALL }
    }

    fn shape(value: &impl Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    #[test]
    fn directions_are_shaped_as_in_the_document() {
        let policy = Policy { mirrors: vec![copy()], timeout: Some(Span::from_millis(1500)), ..Policy::default() };
        let destination = Destination { host: "shop".into(), subset: None, port: Some(80) };
        let answer = Arc::new(Answer::To { route: None, destination, fallback: true, policy: Arc::new(policy) });
        let plain = json!({
            "route": null,
            "destination": {"host": "shop", "subset": null, "port": 80},
            "fallback": true,
            "timeout": "1500ms",
            "retries": {"attempts": 2, "retryOn": crate::policy::DEFAULT_RETRY_ON},
            "headers": null,
            "corsPolicy": null,
            "varies": true,
        });
        assert_eq!(shape(&*answer), plain);
        let effects = Effects { mirrors: vec![copy()], ..Effects::default() };
        let mut whole = plain;
        whole["mirror"] =
            json!([{"destination": {"host": "copy", "subset": "v1", "port": null}, "percentage": {"value": 100.0}}]);
        let directions = Directions { answer, effects };
        assert_eq!(shape(&directions), whole);
        whole["instance"] = Value::Null;
        whole["number"] = Value::Null;
        assert_eq!(shape(&Pick { directions, endpoint: None }), whole);
    }

    #[test]
    fn nothing_says_what_was_empty() {
        let empty = Answer::Empty { host: "shop".into(), subset: Some("v1".into()) };
        assert_eq!(shape(&empty), json!({"empty": {"host": "shop", "subset": "v1"}}));
    }
}
