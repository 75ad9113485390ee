//! From the payloads of a push to the texts of documents, each guarded.

use super::envoy::{self, ROUTE_CONFIGURATION};
use super::wire::Any;
use super::{payload, structure};
use crate::spec::code::Code;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::node::Place;
use crate::sync::Arc;
use prost::Message;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The largest document on the wire, in bytes: what Kubernetes stores, and to
/// spare.
pub const MAX_DOCUMENT: usize = 2 << 20;

/// A document: which it is, and its text as JSON on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) identity: Identity,
    pub(super) text: Arc<str>,
}

/// Why a payload is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Which document it would be; without a name where nobody can tell.
    pub(super) identity: Identity,
    field: String,
    found: String,
    expected: String,
}

/// What is wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The document's name; empty where it could not be read.
    pub(super) name: String,
    /// The path of the field that it would be.
    pub(super) field: String,
    /// What was found.
    pub(super) found: String,
    /// What would be right.
    pub(super) expected: String,
}

impl Misfit {
    /// Of a document that has no name.
    fn nameless(field: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Misfit { name: String::new(), field: field.to_owned(), found: found.into(), expected: expected.into() }
    }
}

impl Refusal {
    /// In the words of a report.
    pub(super) fn diagnostic(&self, source: &str) -> Diagnostic {
        Diagnostic::new(
            Code::BadValue,
            &self.identity,
            source,
            &self.field,
            Place::default(),
            &self.found,
            &self.expected,
        )
    }
}

/// What a push holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Push {
    pub(super) documents: Vec<Document>,
    pub(super) refused: Vec<Refusal>,
    /// The first document with a duration that lacks its unit, and its field.
    pub(super) unitless: Option<(Identity, &'static str)>,
}

/// What is subscribed to, and what a push therefore holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) namespace: &'e str,
    pub(super) app: &'e str,
    /// As on the wire: `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    pub(super) kind: &'e str,
}

impl Expected<'_> {
    /// The version of the API and the bare kind.
    fn split(&self) -> (&str, &str) {
        self.kind.rsplit_once('/').unwrap_or(("", self.kind))
    }

    /// Reads all payloads of a push.
    pub(super) fn read(&self, data: &[Any]) -> Push {
        let mut push = Push::default();
        // Rules whose names are made of what they say: two of one name are one.
        let mut unnamed = BTreeSet::new();
        for any in data {
            match self.read_one(any, &mut push.unitless) {
                Ok((document, is_named)) if is_named || unnamed.insert(document.identity.name.clone()) => {
                    push.documents.push(document);
                }
                Ok(_) => {}
                Err(misfit) => push.refused.push(self.refusal(misfit)),
            }
        }
        push
    }

    /// Reads one payload; beside it, whether it has a name of its own.
    fn read_one(&self, any: &Any, unitless: &mut Option<(Identity, &'static str)>) -> Result<(Document, bool), Misfit> {
        let message = any.type_url.rsplit('/').next().unwrap_or_default();
        let size = any.value.len();
        if size > MAX_DOCUMENT {
            return Err(Misfit::nameless("", format!("{size} bytes"), format!("at most {MAX_DOCUMENT} in a document")));
        }
        if message == "google.protobuf.Struct" {
            return self.read_struct(&any.value).map(|document| (document, true));
        }
        let (_, kind) = self.split();
        let said = if matches!(kind, "TrafficRouter" | "VirtualService") && message == ROUTE_CONFIGURATION {
            let router = envoy::read(&any.value, self.namespace);
            router.map(|(name, spec)| payload::Said { name, spec, unitless: None })?
        } else if message.strip_prefix(payload::PACKAGE) == Some(kind)
            && let Some(said) = payload::read(kind, &any.value)
        {
            said.map_err(|error| Misfit::nameless("", format!("bytes that are no message ({error})"), message))?
        } else {
            return Err(Misfit::nameless("", format!("a payload of the type {:?}", any.type_url), self.expected()));
        };
        self.document(said, unitless)
    }

    /// What a payload of this kind may be.
    fn expected(&self) -> String {
        format!("a document (google.protobuf.Struct) or the message of {}", self.kind)
    }

    fn refusal(&self, misfit: Misfit) -> Refusal {
        let namespace = if misfit.name.is_empty() { String::new() } else { self.namespace.to_owned() };
        let identity = Identity { kind: self.split().1.to_owned(), namespace, name: misfit.name };
        // What a payload says is told only so far.
        let [field, found, expected] = [misfit.field, misfit.found, misfit.expected].map(|text| cut(&text, 200));
        Refusal { identity, field, found, expected }
    }

    /// A whole document as it is, once it is clear which it is.
    fn read_struct(&self, bytes: &[u8]) -> Result<Document, Misfit> {
        let value = prost_types::Struct::decode(bytes).map(structure::to_json).map_err(|error| {
            Misfit::nameless("", format!("bytes that are no google.protobuf.Struct ({error})"), self.expected())
        })?;
        let identity = self.identify(&value)?;
        Ok(Document { identity, text: value.to_string().into() })
    }

    fn identify(&self, value: &Value) -> Result<Identity, Misfit> {
        let (_, kind) = self.split();
        let wrong = |field: &str, found: Option<&Value>, expected: &str| {
            Misfit::nameless(field, found.map_or_else(|| "nothing".to_owned(), ToString::to_string), expected)
        };
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        };
        let own = value.get("kind");
        if own.and_then(Value::as_str) != Some(kind) {
            return Err(wrong("kind", own, &format!("{kind:?}, the kind of the push")));
        }
        let name = value.pointer("/metadata/name");
        let Some(own_name) = name.and_then(text).filter(|name| !name.is_empty()) else {
            return Err(wrong("metadata.name", name, "the name of the document"));
        };
        let namespace = match value.pointer("/metadata/namespace") {
            None | Some(Value::Null) => String::new(),
            Some(namespace) => {
                text(namespace).ok_or_else(|| wrong("metadata.namespace", Some(namespace), "a namespace"))?
            }
        };
        let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
        Ok(Identity { kind: kind.to_owned(), namespace, name: own_name })
    }

    /// What a message says, as the document that a file would have.
    fn document(
        &self,
        said: payload::Said,
        unitless: &mut Option<(Identity, &'static str)>,
    ) -> Result<(Document, bool), Misfit> {
        let (api_version, kind) = self.split();
        let is_named = !said.name.is_empty() || kind != "FaultToleranceRule";
        let name = if is_named { said.name } else { made_name(&said.spec) };
        if name.is_empty() {
            return Err(Misfit::nameless("metadata.name", "nothing", "the name of the document"));
        }
        let identity = Identity { kind: kind.to_owned(), namespace: self.namespace.to_owned(), name };
        if let Some(field) = said.unitless {
            unitless.get_or_insert_with(|| (identity.clone(), field));
        }
        let mut document = Map::new();
        document.insert("apiVersion".into(), api_version.into());
        document.insert("kind".into(), kind.into());
        // An object belongs to the app that it is pushed for.
        let labels = json!({"app": self.app});
        let metadata = json!({"name": identity.name, "namespace": self.namespace, "labels": labels});
        document.insert("metadata".into(), metadata);
        document.insert("spec".into(), said.spec);
        Ok((Document { identity, text: Value::Object(document).to_string().into() }, is_named))
    }
}

/// The beginning of a text: this many characters of it.
pub(super) fn cut(text: &str, shown: usize) -> String {
    match text.char_indices().nth(shown) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A name for a rule that has none: the same for what says the same.
fn made_name(spec: &Value) -> String {
    format!("unnamed-{:016x}", fingerprint(spec.to_string().as_bytes()))
}

/// FNV-1a: the same in every version and on every machine.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Config, Engine, Source};
    use crate::subscribe::payload::{CircuitBreakerStrategy, FaultToleranceRule, RateLimitStrategy, TargetRef};
    use crate::subscribe::wire::STRUCT_URL;

    fn expected(kind: &str) -> Expected<'_> {
        Expected { namespace: "default", app: "demo", kind }
    }

    const LIMIT: &str = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy";
    const RULE: &str = "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule";

    fn upstream<M: Message>(kind: &str, message: &M) -> Any {
        let type_url = format!("type.googleapis.com/{}{kind}", payload::PACKAGE);
        Any { type_url, value: message.encode_to_vec() }
    }

    fn whole(document: &Value) -> Any {
        let value = structure::from_json(document.as_object().unwrap()).encode_to_vec();
        Any { type_url: STRUCT_URL.into(), value }
    }

    fn refused(kind: &str, any: &Any) -> (String, String) {
        let push = expected(kind).read(std::slice::from_ref(any));
        assert!(push.documents.is_empty());
        (push.refused[0].identity.name.clone(), push.refused[0].field.clone())
    }

    #[test]
    fn a_message_becomes_the_document_that_a_file_has() {
        let limit = RateLimitStrategy { name: "l".into(), threshold: 3, stat_duration: 1, ..Default::default() };
        let push = expected(LIMIT).read(&[upstream("RateLimitStrategy", &limit)]);
        let text = &push.documents[0].text;
        let engine = Engine::new(Config::new("demo"));
        let report = engine.apply(&[Source { name: "", text }]);
        assert_eq!((report.accepted, report.warnings.len(), report.rejected.len()), (1, 0, 0), "{text} {report:?}");
        assert!(text.contains(r#""labels":{"app":"demo"}"#), "{text}");
    }

    #[test]
    fn a_rule_without_a_name_gets_one_that_stays() {
        let rule = |target: &str| {
            let targets = vec![TargetRef { target_resource_name: target.into() }];
            upstream("FaultToleranceRule", &FaultToleranceRule { targets, ..Default::default() })
        };
        let names = |data: &[Any]| -> Vec<String> {
            expected(RULE).read(data).documents.into_iter().map(|document| document.identity.name).collect()
        };
        let both = names(&[rule("a"), rule("b"), rule("a")]);
        assert_eq!(both.len(), 2);
        assert_eq!(names(&[rule("b")]), both[1..]);
        assert_eq!(both[0], "unnamed-26ff2447037ad76f");
    }

    #[test]
    fn a_whole_document_stays_as_it_is() {
        let document = json!({"apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "RateLimitStrategy",
            "metadata": {"name": "l", "namespace": "prod"}, "spec": {"threshold": 10, "x": 0.5}});
        let push = expected(LIMIT).read(&[whole(&document)]);
        assert_eq!(serde_json::from_str::<Value>(&push.documents[0].text).unwrap(), document);
        assert_eq!(push.documents[0].identity.to_string(), "RateLimitStrategy \"l\" in prod");
    }

    #[test]
    fn what_is_no_document_is_refused_and_takes_no_other_with_it() {
        let nobody = |field: &str| (String::new(), field.to_owned());
        assert_eq!(refused(LIMIT, &whole(&json!({"kind": "FaultToleranceRule"}))), nobody("kind"));
        assert_eq!(refused(LIMIT, &whole(&json!({"kind": "RateLimitStrategy"}))), nobody("metadata.name"));
        let odd = json!({"kind": "RateLimitStrategy", "metadata": {"name": "a", "namespace": []}});
        assert_eq!(refused(LIMIT, &whole(&odd)), nobody("metadata.namespace"));
        assert_eq!(
            refused(LIMIT, &upstream("RateLimitStrategy", &RateLimitStrategy::default())),
            nobody("metadata.name")
        );
        assert_eq!(refused(LIMIT, &upstream("FaultToleranceRule", &FaultToleranceRule::default())), nobody(""));
        assert_eq!(refused(LIMIT, &Any { type_url: STRUCT_URL.into(), value: vec![0xff] }), nobody(""));
        assert_eq!(refused(LIMIT, &Any { type_url: STRUCT_URL.into(), value: vec![0; MAX_DOCUMENT + 1] }), nobody(""));
        let router = "traffic.opensergo.io/v1alpha1/TrafficRouter";
        let configuration = Any { type_url: ROUTE_CONFIGURATION.into(), value: b"\x0a\x01r".to_vec() };
        assert_eq!(refused(router, &configuration), ("r".to_owned(), "spec.hosts".to_owned()));
    }

    #[test]
    fn the_first_duration_without_a_unit_is_remembered() {
        let breaker = CircuitBreakerStrategy { name: "b".into(), ..Default::default() };
        let kind = "fault-tolerance.opensergo.io/v1alpha1/CircuitBreakerStrategy";
        let push = expected(kind).read(&[upstream("CircuitBreakerStrategy", &breaker)]);
        let (identity, field) = push.unitless.unwrap();
        assert_eq!((identity.name.as_str(), field), ("b", "spec.statDuration"));
    }
}
