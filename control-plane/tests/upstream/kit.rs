//! Documents and engines that get them, as they are or over the wire.

use prost::Message;
use prost_types::Any;
use serde_json::{Value, json};
use sergo::subscribe::wire::{DataWithVersion, Status, SubscribeResponse};
use sergo::subscribe::{Input, Options, Output, Session, Update};
use sergo::{Config, Engine, Report, Source, Tick};

pub(crate) const FAULT_TOLERANCE: &str = "fault-tolerance.opensergo.io/v1alpha1";
pub(crate) const TRAFFIC: &str = "traffic.opensergo.io/v1alpha1";

pub(crate) fn document(api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

pub(crate) fn router(spec: Value) -> Value {
    document(TRAFFIC, "TrafficRouter", "shop", spec)
}

/// The message of a document, which must have one.
pub(crate) fn message(document: &Value) -> Any {
    let kind = document["kind"].as_str().unwrap();
    sergo_control_plane::upstream::message(kind, document, "default").unwrap().unwrap()
}

/// An engine that has read the documents as files have them.
pub(crate) fn from_files(documents: &[Value]) -> (Engine, Report) {
    let engine = Engine::new(Config::new("demo"));
    let text: String = documents.iter().map(|document| format!("---\n{document}\n")).collect();
    let report = engine.apply(&[Source { name: "", text: &text }]);
    (engine, report)
}

/// An engine that has got them as messages, all of one kind.
pub(crate) fn from_messages(kind: &str, data: Vec<Any>) -> (Engine, Report) {
    let engine = Engine::new(Config::new("demo"));
    let report = update(&engine, kind, data).apply(&engine);
    (engine, report)
}

/// What a session makes of a push of messages, all of one kind.
pub(crate) fn update(engine: &Engine, kind: &str, data: Vec<Any>) -> Update {
    let kinds = vec![kind.to_owned()];
    let mut session =
        Session::new(Options { addresses: vec!["one".into()], kinds, ..Options::new(engine.config()) }, 1);
    let mut now = 0;
    let stream = loop {
        session.handle(Input::Time, Tick(now));
        match session.poll() {
            Some(Output::Dial { stream, .. }) => break stream,
            Some(_) => {}
            None => now = session.deadline().unwrap().0,
        }
    };
    session.handle(Input::Connected { stream }, Tick(now));
    while session.poll().is_some() {}
    let push = SubscribeResponse {
        status: Some(Status { code: 1, ..Status::default() }),
        namespace: "default".into(),
        app: "demo".into(),
        kind: kind.into(),
        data_with_version: Some(DataWithVersion { data, version: 1 }),
        response_id: "push".into(),
        ..SubscribeResponse::default()
    };
    session.handle(Input::Received { stream, bytes: &push.encode_to_vec() }, Tick(now));
    let update = std::iter::from_fn(|| session.poll()).find_map(|output| match output {
        Output::Apply(update) => Some(update),
        _ => None,
    });
    update.unwrap()
}
