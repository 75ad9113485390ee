//! Control planes: one that is correct, and what the existing one does instead.

use crate::kit::Item;
use prost::Message;
use sergo::subscribe::wire::{
    ControlPlaneDesc, DataWithVersion, STRUCT_URL, Status, SubscribeRequest, SubscribeResponse, UNSUBSCRIBE,
};
use std::collections::{BTreeMap, BTreeSet};

/// What the existing control plane gets wrong; none of it is a correct one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Quirks {
    /// Knows no whole documents.
    pub(crate) upstream: bool,
    /// Does not push an empty set to who subscribes.
    pub(crate) silent: bool,
    /// Versions begin at 1 with each process.
    pub(crate) restarts_versions: bool,
    /// Ignores a stream whose identifier it has had before.
    pub(crate) ignores_known: bool,
    /// Reads UNSUBSCRIBE as SUBSCRIBE.
    pub(crate) never_unsubscribes: bool,
    /// A change is pushed with the code 200 and without a name.
    pub(crate) nameless_changes: bool,
}

impl Quirks {
    /// All of them, as they are.
    pub(crate) const EXISTING: Quirks = Quirks {
        upstream: true,
        silent: true,
        restarts_versions: true,
        ignores_known: true,
        never_unsubscribes: true,
        nameless_changes: true,
    };
}

#[derive(Debug, Default)]
struct Stream {
    identifier: String,
    documents: bool,
    subscribed: BTreeSet<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Plane {
    pub(crate) quirks: Quirks,
    pub(crate) identifier: String,
    /// By kind, then name.
    pub(crate) items: BTreeMap<String, BTreeMap<String, Item>>,
    versions: BTreeMap<String, i64>,
    streams: BTreeMap<u64, Stream>,
    /// Every identifier that it has seen.
    pub(crate) identifiers: Vec<String>,
    /// The answers to its pushes, by stream.
    pub(crate) answers: Vec<SubscribeRequest>,
    /// The requests, other than answers.
    pub(crate) requests: Vec<SubscribeRequest>,
    /// Kinds that it cannot watch.
    pub(crate) unwatched: BTreeSet<String>,
    pushes: u64,
}

impl Plane {
    pub(crate) fn new(quirks: Quirks) -> Plane {
        Plane {
            quirks,
            identifier: "osg-test".into(),
            items: BTreeMap::new(),
            versions: BTreeMap::new(),
            streams: BTreeMap::new(),
            identifiers: Vec::new(),
            answers: Vec::new(),
            requests: Vec::new(),
            unwatched: BTreeSet::new(),
            pushes: 0,
        }
    }

    /// A new process: all streams are gone.
    pub(crate) fn restart(&mut self) {
        self.streams.clear();
        self.identifiers.clear();
        if self.quirks.restarts_versions {
            self.versions.clear();
        }
    }

    pub(crate) fn close(&mut self, stream: u64) {
        self.streams.remove(&stream);
    }

    /// Puts a document in its place, or takes it away; the pushes for it.
    pub(crate) fn set(&mut self, kind: &str, name: &str, item: Option<Item>) -> Vec<(u64, Vec<u8>)> {
        let items = self.items.entry(kind.into()).or_default();
        match item {
            Some(item) => items.insert(name.into(), item),
            None => items.remove(name),
        };
        *self.versions.entry(kind.into()).or_insert(1) += 1;
        let subscribed: Vec<(u64, String)> = self
            .streams
            .iter()
            .flat_map(|(stream, one)| one.subscribed.iter().map(|(app, kind)| (*stream, app.clone(), kind.clone())))
            .filter(|(_, _, subscribed)| subscribed == kind)
            .map(|(stream, app, _)| (stream, app))
            .collect();
        let name = if self.quirks.nameless_changes { Some(String::new()) } else { None };
        subscribed.into_iter().map(|(stream, app)| (stream, self.push(stream, &app, kind, name.clone()))).collect()
    }

    fn push(&mut self, stream: u64, app: &str, kind: &str, name: Option<String>) -> Vec<u8> {
        self.pushes += 1;
        let documents = self.streams[&stream].documents && !self.quirks.upstream;
        let items = self.items.get(kind);
        let data = items.into_iter().flatten().filter_map(|(_, item)| item.any(documents)).collect();
        let code = if name.as_deref() == Some("") { 200 } else { 1 };
        self.response(app, kind, code, Some(data), name.unwrap_or_else(|| format!("push-{}", self.pushes)))
    }

    pub(crate) fn response(
        &self,
        app: &str,
        kind: &str,
        code: i32,
        data: Option<Vec<sergo::subscribe::wire::Any>>,
        response_id: String,
    ) -> Vec<u8> {
        let version = self.versions.get(kind).copied().unwrap_or(0);
        SubscribeResponse {
            status: Some(Status { code, message: "as the model has it".into(), details: Vec::new() }),
            ack: String::new(),
            namespace: "default".into(),
            app: app.into(),
            kind: kind.into(),
            data_with_version: data.map(|data| DataWithVersion { data, version }),
            control_plane: Some(ControlPlaneDesc { identifier: self.identifier.clone() }),
            response_id,
        }
        .encode_to_vec()
    }

    /// What it answers to a message.
    pub(crate) fn receive(&mut self, number: u64, bytes: &[u8]) -> Vec<Vec<u8>> {
        let request = SubscribeRequest::decode(bytes).unwrap();
        if !request.response_ack.is_empty() {
            self.answers.push(request);
            return Vec::new();
        }
        self.requests.push(request.clone());
        let target = request.target.unwrap();
        if !self.streams.contains_key(&number) {
            if self.quirks.ignores_known && self.identifiers.contains(&request.identifier) {
                return Vec::new();
            }
            self.identifiers.push(request.identifier.clone());
        }
        let stream = self.streams.entry(number).or_default();
        stream.identifier = request.identifier;
        stream.documents = request.attachments.iter().any(|any| any.type_url == STRUCT_URL);
        let mut pushes = Vec::new();
        for kind in target.kinds {
            let key = (target.app.clone(), kind.clone());
            let stream = self.streams.get_mut(&number).unwrap();
            if request.op_type == UNSUBSCRIBE && !self.quirks.never_unsubscribes {
                stream.subscribed.remove(&key);
                continue;
            }
            if self.unwatched.contains(&kind) {
                pushes.push(self.response(&target.app, &kind, 500, None, request.request_id.clone()));
                continue;
            }
            stream.subscribed.insert(key);
            self.versions.entry(kind.clone()).or_insert(1);
            let is_empty = self.items.get(&kind).is_none_or(BTreeMap::is_empty);
            if !(is_empty && self.quirks.silent) {
                let name = self.quirks.nameless_changes.then(|| request.request_id.clone());
                pushes.push(self.push(number, &target.app, &kind, name));
            }
        }
        pushes
    }
}
