//! What clients say to a control plane: frames, requests and answers in any order.

use arbitrary::{Arbitrary, Unstructured};
use prost::Message;
use sergo::subscribe::structure;
use sergo::subscribe::wire::{
    ACK, Any, NACK, STRUCT_URL, Status, SubscribeLabelKv, SubscribeRequest, SubscribeRequestTarget, SubscribeResponse,
    read_response,
};
use sergo_control_plane::Limits;
use sergo_control_plane::offline::{Offline, Peer};
use std::collections::BTreeMap;

/// The most steps of an input.
const MOST_STEPS: usize = 100;
const SUBSCRIPTIONS: usize = 5;
const STREAMS: usize = 3;
/// How many answers may wait to be read, as `docs/control-plane.md` says.
const ANSWERS: usize = 256;
const LABELS: usize = 64;

const TOKENS: &str = "tokens:
- {name: one, token: the-token-of-the-first, namespaces: [default]}
- {name: all, token: the-token-of-them-all, namespaces: ['*']}
";
const BEARERS: [&str; 3] = ["Bearer the-token-of-the-first", "Bearer the-token-of-them-all", "Bearer of-bad-news"];
const NAMESPACES: [&str; 4] = ["default", "", "secret", "a/b"];
const APPS: [&str; 3] = ["demo", "", "other"];
const KINDS: [&str; 6] = [
    "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy",
    "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule",
    "traffic.opensergo.io/v1alpha1/TrafficRouter",
    "a/b/c",
    "//",
    "",
];

/// One thing that happens.
#[derive(Arbitrary, Debug)]
enum Step {
    /// A stream is opened in this place, whatever was there.
    Open { place: u8, bearer: u8 },
    /// These bytes are said, whatever they are.
    Bytes(u8, Vec<u8>),
    /// A request is made; cut short or with a bit turned, where that is said.
    Ask(u8, Asked, Option<Bent>),
    /// A push is answered: one of the last ones that were read.
    Answer { place: u8, push: u8, nack: bool, code: i16, bent: Option<Bent> },
    /// This many messages are read.
    Read { place: u8, count: u8 },
    /// A request is made again and again without reading.
    Flood { place: u8, times: u16 },
    /// The rules are others.
    Rules(u8),
}

#[derive(Arbitrary, Debug)]
struct Asked {
    has_target: bool,
    namespace: u8,
    app: u8,
    kinds: Vec<u8>,
    /// The name of one more kind.
    kind: Option<String>,
    labels: Vec<(String, u8)>,
    operation: u8,
    documents: bool,
    attachment: Option<Vec<u8>>,
    identifier: u8,
    request: String,
}

#[derive(Arbitrary, Debug)]
struct Bent {
    at: u16,
    bit: u8,
    is_cut: bool,
}

/// Reads steps from the bytes and takes them. Whatever they are:
///
/// - nothing panics, and what is kept of a client is bounded;
/// - what is read is a push, of a namespace that the token sees and with a version
///   that does not fall, or an answer to a request;
/// - once all is read, everybody has the newest state, and there is no more to read;
/// - a stream that goes wrong ends alone, with a status.
pub fn clients(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let limits = Limits { subscriptions: SUBSCRIPTIONS, streams: STREAMS, ..Limits::default() };
    let has_tokens: bool = input.arbitrary().unwrap_or_default();
    let plane = Offline::new(limits, has_tokens.then_some(TOKENS)).unwrap();
    let mut run = Run { plane, has_tokens, streams: Default::default() };
    run.plane.serve(&rules(0));
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        run.step(step);
    }
    run.end();
}

struct Run {
    plane: Offline,
    has_tokens: bool,
    streams: [Option<Stream>; STREAMS],
}

/// A stream, and what has come on it.
struct Stream {
    peer: Peer,
    /// Whether its token sees every namespace.
    sees_all: bool,
    /// What the last pushes were called.
    pushes: Vec<String>,
    /// Of each subscription the newest version.
    versions: BTreeMap<(String, String, String), i64>,
}

fn of<'a>(names: &[&'a str], number: u8) -> &'a str {
    names[usize::from(number) % names.len()]
}

fn rules(threshold: u8) -> String {
    // Every fourth is a mistake.
    let threshold = if threshold % 4 == 3 { "many".to_owned() } else { threshold.to_string() };
    ["default", "secret"]
        .map(|namespace| {
            format!(
                "apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {{name: limit, namespace: {namespace}, labels: {{app: demo}}}}
spec: {{threshold: {threshold}, statDuration: 1s}}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {{name: rule, namespace: {namespace}}}
spec: {{targets: [{{targetResourceName: /foo}}], strategies: [{{name: limit}}]}}
"
            )
        })
        .join("---\n")
}

impl Run {
    fn step(&mut self, step: Step) {
        match step {
            Step::Open { place, bearer } => self.open(place, bearer),
            Step::Bytes(place, bytes) => self.say(place, &bytes),
            Step::Ask(place, asked, bent) => self.say(place, &bend(asked.request().encode_to_vec(), bent)),
            Step::Answer { place, push, nack, code, bent } => {
                let pushes = self.stream(place).map(|stream| stream.pushes.clone()).unwrap_or_default();
                let behind = usize::from(push) % pushes.len().max(1);
                let answer = SubscribeRequest {
                    response_ack: if nack { NACK } else { ACK }.to_owned(),
                    request_id: pushes.iter().rev().nth(behind).cloned().unwrap_or_default(),
                    status: Some(Status { code: code.into(), message: "m".repeat(behind), details: Vec::new() }),
                    ..SubscribeRequest::default()
                };
                self.say(place, &bend(answer.encode_to_vec(), bent));
            }
            Step::Read { place, count } => {
                for _ in 0..count {
                    self.stream(place).map(Stream::read);
                }
            }
            Step::Flood { place, times } => {
                let request = SubscribeRequest { request_id: "flood".into(), ..SubscribeRequest::default() };
                let bytes = request.encode_to_vec();
                if let Some(stream) = self.stream(place) {
                    (0..times % 300).for_each(|_| stream.peer.say(&bytes));
                    stream.look();
                }
            }
            Step::Rules(threshold) => self.plane.serve(&rules(threshold)),
        }
    }

    fn open(&mut self, place: u8, bearer: u8) {
        let slot = usize::from(place) % STREAMS;
        self.streams[slot] = None;
        let bearer = usize::from(bearer) % (BEARERS.len() + 1);
        let opened = self.plane.open(BEARERS.get(bearer).copied());
        assert_eq!(opened.is_ok(), !self.has_tokens || bearer < 2, "who comes in with {bearer}");
        let sees_all = !self.has_tokens || bearer == 1;
        self.streams[slot] =
            opened.ok().map(|peer| Stream { peer, sees_all, pushes: Vec::new(), versions: BTreeMap::new() });
    }

    fn stream(&mut self, place: u8) -> Option<&mut Stream> {
        self.streams[usize::from(place) % STREAMS].as_mut()
    }

    fn say(&mut self, place: u8, bytes: &[u8]) {
        if let Some(stream) = self.stream(place) {
            stream.peer.say(bytes);
            stream.look();
        }
    }

    fn end(mut self) {
        assert!(self.plane.metrics().ends_with('\n'));
        for stream in self.streams.iter_mut().flatten() {
            let most = ANSWERS + SUBSCRIPTIONS;
            let read = (0..=most).take_while(|_| stream.read()).count();
            assert!(read <= most, "there is always more to read");
            stream.look();
            let shown = stream.peer.shown();
            let is_alive = stream.peer.read().is_none();
            let subscriptions = shown["subscriptions"].as_array().unwrap();
            assert!(!is_alive || subscriptions.iter().all(|one| !one["pushed"].is_null()), "{shown}");
        }
    }
}

impl Asked {
    fn request(self) -> SubscribeRequest {
        let kinds = self.kinds.iter().map(|kind| of(&KINDS, *kind).to_owned()).chain(self.kind);
        let labels = self.labels.into_iter().map(|(key, value)| {
            let value = "v".repeat(usize::from(value) * 8);
            SubscribeLabelKv { key, value }
        });
        let target = SubscribeRequestTarget {
            namespace: of(&NAMESPACES, self.namespace).to_owned(),
            app: of(&APPS, self.app).to_owned(),
            labels: labels.collect(),
            kinds: kinds.collect(),
        };
        let accept = serde_json::json!({"accept": "document"});
        let wish = structure::from_json(accept.as_object().unwrap()).encode_to_vec();
        let attachments = self.documents.then_some(wish).into_iter().chain(self.attachment);
        SubscribeRequest {
            target: self.has_target.then_some(target),
            op_type: i32::from(self.operation % 3),
            attachments: attachments.map(|value| Any { type_url: STRUCT_URL.to_owned(), value }).collect(),
            identifier: "i".repeat(usize::from(self.identifier % 8) * 200),
            request_id: self.request,
            ..SubscribeRequest::default()
        }
    }
}

fn bend(mut bytes: Vec<u8>, bent: Option<Bent>) -> Vec<u8> {
    if let Some(Bent { at, bit, is_cut }) = bent
        && !bytes.is_empty()
    {
        let at = usize::from(at) % bytes.len();
        if is_cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << (bit % 8);
        }
    }
    bytes
}

impl Stream {
    /// What is kept is bounded, and what it may not see is not among it.
    fn look(&self) {
        let shown = self.peer.shown();
        let subscriptions = shown["subscriptions"].as_array().unwrap();
        assert!(subscriptions.len() <= SUBSCRIPTIONS && shown["labels"].as_object().unwrap().len() <= LABELS);
        assert!(shown["identifier"].as_str().unwrap().len() <= 1_024);
        assert!(self.sees_all || subscriptions.iter().all(|one| one["namespace"] == "default"), "{shown}");
    }

    /// Reads one message; whether there was one.
    fn read(&mut self) -> bool {
        let Some(Ok(bytes)) = self.peer.read() else { return false };
        let response = read_response(&bytes).expect("what is sent can be read");
        assert_eq!(response.control_plane.as_ref().unwrap().identifier, "sergo");
        if response.ack.is_empty() {
            self.push(response);
        } else {
            assert!(response.data_with_version.is_none());
            assert_eq!(response.ack == ACK, response.status.unwrap().code == 1);
        }
        true
    }

    fn push(&mut self, push: SubscribeResponse) {
        assert!(self.sees_all || push.namespace == "default", "{push:?}");
        let data = push.data_with_version.expect("so few documents can always be pushed");
        let key = (push.namespace, push.app, push.kind);
        let last = self.versions.insert(key, data.version);
        assert!(data.version >= last.unwrap_or(1), "{} after {last:?}", data.version);
        self.pushes.push(push.response_id);
    }
}
