//! The cold answers as JSON: the same shape in every language.

use serde::{Deserialize, Serialize};
use sergo::decide::Block;
use sergo::route::Caller;
use sergo::{Answer, Code, Connection, Directions, Instance};
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
    json(answer)
}

/// The answer for one request: that of [`answer`], and where they apply also
/// `"rewrite": {"uri", "authority"}`, `"redirect": {"uri", "authority", "scheme",
/// "port", "redirectCode"}`, `"fault": {"abort", "delay"}` and `"mirror":
/// [{"destination", "percentage": {"value"}}]`, worked out and drawn.
#[must_use]
pub fn directions(directions: &Directions) -> String {
    json(directions)
}

/// An explanation as an [`Explanation`](sergo::Explanation), a
/// [`RouteExplanation`](sergo::RouteExplanation) or a
/// [`LabelExplanation`](sergo::LabelExplanation) is serialized, with `text` beside it: the
/// same for people to read, so that it reads alike in every language.
#[must_use]
pub fn explanation<T: Serialize + ToString>(explanation: &T) -> String {
    #[derive(Serialize)]
    struct WithText<'a, T> {
        #[serde(flatten)]
        explanation: &'a T,
        text: String,
    }
    json(&WithText { explanation, text: explanation.to_string() })
}

/// A value of the core as JSON: a report, events, figures.
#[must_use]
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// An instance as discovery handed it over, with the labels that rules give it:
/// `{"id", "labels", "healthy", "weight", "zone": text | null}`.
#[must_use]
pub fn instance(instance: &Instance) -> String {
    json(instance)
}

/// Reads a JSON list of instances, each `{"id", "labels" ({}), "healthy" (true),
/// "weight" (1), "zone" (null)}`.
///
/// # Errors
/// [`Code::Argument`] for anything else.
pub fn instances(json: &str) -> Result<Vec<Instance>, Code> {
    serde_json::from_str(json).map_err(|_| Code::Argument)
}

/// Reads a JSON list of ids.
///
/// # Errors
/// [`Code::Argument`] for anything else.
pub fn ids(json: &str) -> Result<Vec<String>, Code> {
    serde_json::from_str(json).map_err(|_| Code::Argument)
}

/// A connection: `{"host", "port", "sni", "address", "client", "hash", "source":
/// {"labels", "namespace", "gateway"}}`, all but the host null or absent where
/// unknown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connecting {
    host: String,
    port: Option<u16>,
    sni: Option<String>,
    address: Option<String>,
    client: Option<String>,
    hash: Option<String>,
    source: Option<SourceText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    labels: Option<BTreeMap<String, String>>,
    namespace: Option<String>,
    gateway: Option<String>,
}

/// Reads a connection.
///
/// # Errors
/// [`Code::Argument`] for anything else.
pub fn connecting(json: &str) -> Result<Connecting, Code> {
    serde_json::from_str(json).map_err(|_| Code::Argument)
}

impl Connecting {
    /// As the engine takes it.
    #[must_use]
    pub fn connection(&self) -> Connection<'_> {
        let source = self.source.as_ref();
        Connection {
            port: self.port,
            sni: self.sni.as_deref(),
            address: self.address.as_deref(),
            client: self.client.as_deref(),
            caller: Caller {
                labels: source.and_then(|source| source.labels.as_ref()),
                namespace: source.and_then(|source| source.namespace.as_deref()),
                gateway: source.and_then(|source| source.gateway.as_deref()),
            },
            hash: self.hash.as_deref(),
            ..Connection::new(&self.host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use sergo::{Ask, Config, Engine, Request, Rolls, Tick};

    #[test]
    fn instances_have_defaults_and_no_unknown_fields() {
        let read = instances(r#"[{"id": "a"}, {"id": "b", "healthy": false, "labels": {"version": "v2"}}]"#).unwrap();
        assert!(read[0].healthy && read[0].weight == 1);
        assert_eq!(read[1].labels["version"], "v2");
        assert!(instances(r#"[{"id": "a", "colour": 1}]"#).is_err());
    }

    #[test]
    fn an_explanation_brings_its_text() {
        let engine = Engine::new(Config::new("demo-app"));
        has_text(&engine.explain("GET:/foo", Ask::default(), Tick(0)));
        has_text(&engine.explain_label(&Request::new("a"), true));
        has_text(&engine.explain_route(&Request::new("a"), &mut Rolls::given(&[]), Tick(0)));
    }

    #[track_caller]
    fn has_text(explained: &(impl Serialize + ToString)) {
        let told = explanation(explained);
        let json: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(json["text"], explained.to_string());
        let mut plain = serde_json::to_value(explained).unwrap();
        plain["text"] = json["text"].clone();
        assert_eq!(json, plain);
        assert_eq!(told.matches("\"text\":").count(), 1, "{told}");
    }

    #[test]
    fn a_connection_needs_only_a_host() {
        let read =
            connecting(r#"{"host": "db", "port": 5432, "sni": null, "source": {"labels": {"a": "b"}}}"#).unwrap();
        let connection = read.connection();
        assert_eq!((connection.host, connection.port, connection.sni), ("db", Some(5432), None));
        assert_eq!(connection.caller.labels.unwrap()["a"], "b");
        for bad in ["{}", r#"{"host": 1}"#, r#"{"host": "db", "port": 70000}"#, r#"{"host": "db", "colour": 1}"#, ""] {
            assert!(matches!(connecting(bad), Err(Code::Argument)), "{bad}");
        }
    }
}
