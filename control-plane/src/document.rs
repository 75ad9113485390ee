//! One document: for whom it is, and its two forms on the wire.

use crate::json;
use crate::upstream::{self, Unsaid};
use bytes::Bytes;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::Value;
use sergo::spec::diagnostic::Identity;
use sergo::spec::document::{Outcome, Reading};
use sergo::subscribe::structure;
use sergo::subscribe::wire::{Any, STRUCT_URL};
use std::sync::OnceLock;

/// The kinds that are for one app where they name one; strategies, actions and
/// routes are for every app of their namespace.
const OF_AN_APP: [&str; 3] = ["FaultToleranceRule", "TrafficLane", "TrafficLabelRule"];

/// How a client gets documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Whole.
    Document,
    /// As the messages of the existing control plane, where a kind has one.
    Message,
}

/// A document that can be pushed, good or bad.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) identity: Identity,
    /// The group of its API: `traffic.opensergo.io`.
    group: String,
    /// The app that its labels name.
    label: Option<String>,
    /// The app that its selector names.
    selected: Option<String>,
    pub(crate) value: Value,
    /// Whether it is good by itself.
    pub(crate) is_good: bool,
    whole: OnceLock<Bytes>,
    message: OnceLock<Option<Bytes>>,
}

impl Document {
    /// What a reading holds; `None` where it cannot be pushed: it is no YAML, or
    /// says no kind.
    pub(crate) fn of(reading: &Reading) -> Option<Document> {
        let value = json::from_node(reading.node()?)?;
        let text = |path: &str| match value.pointer(path) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        if reading.identity.kind.is_empty() {
            return None;
        }
        let api_version = text("/apiVersion").unwrap_or_default();
        Some(Document {
            group: api_version.split_once('/').map_or("", |(group, _)| group).to_owned(),
            label: text("/metadata/labels/app"),
            selected: text("/spec/selector/app"),
            identity: Identity::clone(&reading.identity),
            is_good: reading.outcome != Outcome::Bad,
            value,
            whole: OnceLock::new(),
            message: OnceLock::new(),
        })
    }

    /// Whether it is of this kind, as `traffic.opensergo.io/v1alpha1/TrafficRouter`:
    /// of whichever version.
    pub(crate) fn is_of(&self, kind: &str) -> bool {
        let (group, name) = (kind.split('/').next().unwrap_or_default(), kind.rsplit('/').next().unwrap_or_default());
        self.identity.kind == name && self.group == group
    }

    /// Whether it means something to this app of its namespace. What is asked for
    /// as messages belongs to the app in its labels, whatever it is.
    pub(crate) fn is_for(&self, app: &str, form: Form) -> bool {
        let is_of_an_app = OF_AN_APP.contains(&self.identity.kind.as_str());
        match (&self.selected, form) {
            // Where the two differ it is a mistake, told to both.
            (Some(selected), _) if is_of_an_app => selected == app || self.label.as_deref() == Some(app),
            (_, Form::Document) if !is_of_an_app => true,
            _ => self.is_for_all_or(app),
        }
    }

    /// Whether it does nothing but where a rule names it: a strategy, an action.
    pub(crate) fn is_part(&self) -> bool {
        self.group == "fault-tolerance.opensergo.io" && self.identity.kind != "FaultToleranceRule"
    }

    /// Whether its labels name no other app.
    pub(crate) fn is_for_all_or(&self, app: &str) -> bool {
        self.label.as_deref().is_none_or(|label| label == app)
    }

    /// The app that it names.
    pub(crate) fn app(&self) -> Option<&str> {
        self.selected.as_deref().or(self.label.as_deref())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.identity.name
    }

    /// The routers that it delegates to, by namespace and name.
    pub(crate) fn delegates(&self) -> impl Iterator<Item = (&str, &str)> {
        let http = self.value.pointer("/spec/http").and_then(Value::as_array);
        http.into_iter().flatten().filter_map(|entry| {
            let delegate = entry.get("delegate")?;
            let namespace = delegate.get("namespace").and_then(Value::as_str).filter(|namespace| !namespace.is_empty());
            Some((namespace.unwrap_or(&self.identity.namespace), delegate.get("name")?.as_str()?))
        })
    }

    /// An entry of `DataWithVersion.data`, ready for the wire. `None` is a document
    /// of a kind that has a message, which cannot say what this one says: a client
    /// that knows only messages would refuse the whole push for it.
    pub(crate) fn entry(&self, form: Form) -> Option<Bytes> {
        match form {
            Form::Document => Some(self.whole.get_or_init(|| entry(&self.whole())).clone()),
            Form::Message => self.message.get_or_init(|| Some(entry(&self.message().ok()?))).clone(),
        }
    }

    /// Why clients that know only messages do not get it.
    pub(crate) fn unsaid(&self) -> Option<String> {
        self.message().err().map(|unsaid| unsaid.to_string())
    }

    fn message(&self) -> Result<Any, Unsaid> {
        let Identity { kind, namespace, .. } = &self.identity;
        Ok(upstream::message(kind, &self.value, namespace)?.unwrap_or_else(|| self.whole()))
    }

    fn whole(&self) -> Any {
        let nothing = serde_json::Map::new();
        let fields = self.value.as_object().unwrap_or(&nothing);
        Any { type_url: STRUCT_URL.to_owned(), value: structure::from_json(fields).encode_to_vec() }
    }
}

fn entry(any: &Any) -> Bytes {
    let mut bytes = Vec::with_capacity(any.encoded_len() + 8);
    encode_key(1, WireType::LengthDelimited, &mut bytes);
    encode_varint(any.encoded_len() as u64, &mut bytes);
    bytes.extend(any.encode_to_vec());
    bytes.into()
}
