//! What is said on one stream, without I/O: requests and answers in, pushes out.
//!
//! Nothing is queued for a client: each subscription remembers what it was
//! pushed last, and what is next is found when the client can take it. A slow
//! reader gets the newest state, and holds up nobody.

use crate::catalog::Key;
use crate::document::Form;
use crate::frame::Frame;
use crate::refusal::Refusal;
use crate::snapshot::{Set, Snapshot};
use prost::Message;
use sergo::subscribe::wire::{
    ACK, ControlPlaneDesc, NACK, STRUCT_URL, Status, SubscribeRequest, SubscribeRequestTarget, SubscribeResponse,
    UNSUBSCRIBE, code,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The most answers to requests that wait to be sent.
const MAX_ANSWERS: usize = 256;
/// The longest name that a client may use, in bytes.
const MAX_NAME: usize = 1_024;
/// The most labels of a client that are kept.
const MAX_LABELS: usize = 64;
/// How many pushes of a subscription are remembered until they are answered.
const MAX_UNANSWERED: usize = 4;

/// A stream's client, and what it is subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The client's name for the stream.
    pub(crate) identifier: String,
    /// The labels of its workload.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) subscriptions: Vec<Subscription>,
    answers: VecDeque<SubscribeResponse>,
    /// How many pushes have been named.
    pushes: u64,
    /// The subscription that is looked at first: each has its turn.
    turn: usize,
}

/// One kind for one app.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) key: Key,
    /// Whether it has been asked for since it was pushed.
    is_asked: bool,
    /// What was pushed last.
    pub(crate) pushed: Option<Arc<Set>>,
    /// The last pushes, the newest behind.
    pushes: VecDeque<Push>,
    /// The version that the client took last, and when.
    pub(crate) acknowledged: Option<(i64, SystemTime)>,
    /// Why it refused what it answered last.
    pub(crate) refused: Option<Refusal>,
}

#[derive(Debug)]
struct Push {
    response: String,
    version: i64,
    at: Instant,
    is_answered: bool,
}

/// What a message of a client came to.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A subscription began, ended, or was asked for again.
    Request,
    /// A request was refused, and why.
    Bad(String),
    /// A push was taken, after so long.
    Acknowledged(Duration),
    /// A push was refused: which subscription, and why.
    Refused(Key, Refusal),
    /// The answer to a push that is no longer known.
    Stray,
}

/// What a client may do.
pub(crate) struct Rights<'r> {
    /// Whether it may see a namespace; else a sentence that says no.
    pub(crate) sees: &'r dyn Fn(&str) -> Result<(), String>,
    /// The most subscriptions.
    pub(crate) subscriptions: usize,
}

impl Conversation {
    /// Takes a message of the client.
    ///
    /// # Errors
    /// Why the stream must end: the client does not read its answers.
    pub(crate) fn hear(&mut self, request: SubscribeRequest, rights: &Rights<'_>) -> Result<Heard, String> {
        if self.identifier.is_empty() && request.identifier.len() <= MAX_NAME {
            self.identifier.clone_from(&request.identifier);
        }
        if !request.response_ack.is_empty() {
            return Ok(self.hear_answer(request));
        }
        let SubscribeRequest { target, op_type, attachments, request_id, .. } = request;
        let asks_for_documents =
            attachments.iter().any(|any| any.type_url == STRUCT_URL && accepts_documents(&any.value));
        let form = if asks_for_documents { Form::Document } else { Form::Message };
        let heard = match self.subscribe(target, op_type == UNSUBSCRIBE, form, rights) {
            Ok(()) if op_type != UNSUBSCRIBE => return Ok(Heard::Request),
            Ok(()) => (code::SUCCESS, String::new(), Heard::Request),
            Err(why) => (code::BAD_REQUEST, why.clone(), Heard::Bad(why)),
        };
        let (code, message, heard) = heard;
        if self.answers.len() >= MAX_ANSWERS {
            return Err(format!("{MAX_ANSWERS} answers wait to be read"));
        }
        let ack = if code == code::SUCCESS { ACK } else { NACK };
        self.answers.push_back(SubscribeResponse {
            status: Some(Status { code, message, details: Vec::new() }),
            ack: ack.to_owned(),
            response_id: cut(&request_id, MAX_NAME),
            ..SubscribeResponse::default()
        });
        Ok(heard)
    }

    /// # Errors
    /// A sentence that says what is wrong with the request.
    fn subscribe(
        &mut self,
        target: Option<SubscribeRequestTarget>,
        ends: bool,
        form: Form,
        rights: &Rights<'_>,
    ) -> Result<(), String> {
        let SubscribeRequestTarget { namespace, app, labels, kinds } = target.ok_or("a request without a target")?;
        let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
        if let Some(long) = kinds.iter().chain([&namespace, &app]).find(|name| name.len() > MAX_NAME) {
            return Err(format!("a name of {} bytes, which is over {MAX_NAME}", long.len()));
        }
        if kinds.is_empty() {
            return Err("a request without kinds".to_owned());
        }
        if let Some(kind) = kinds.iter().find(|kind| !is_kind(kind)) {
            return Err(format!("the kind {kind:?}; one is written as traffic.opensergo.io/v1alpha1/TrafficRouter"));
        }
        (rights.sees)(&namespace)?;
        for kind in kinds {
            let position = self
                .subscriptions
                .iter()
                .position(|one| (&one.key.namespace, &one.key.app, &one.key.kind) == (&namespace, &app, &kind));
            match position {
                Some(position) if ends => {
                    self.subscriptions.remove(position);
                }
                None if ends => {}
                Some(position) => {
                    if let Some(subscription) = self.subscriptions.get_mut(position) {
                        subscription.key.form = form;
                        subscription.is_asked = true;
                    }
                }
                None if self.subscriptions.len() >= rights.subscriptions => {
                    return Err(format!("more than {} subscriptions on one stream", rights.subscriptions));
                }
                None => {
                    let key = Key { namespace: namespace.clone(), app: app.clone(), kind, form };
                    self.subscriptions.push(Subscription {
                        key,
                        is_asked: true,
                        pushed: None,
                        pushes: VecDeque::new(),
                        acknowledged: None,
                        refused: None,
                    });
                }
            }
        }
        let labels = labels.into_iter().filter(|label| label.key.len().max(label.value.len()) <= MAX_NAME);
        self.labels.extend(labels.take(MAX_LABELS).map(|label| (label.key, label.value)));
        while self.labels.len() > MAX_LABELS {
            self.labels.pop_last();
        }
        Ok(())
    }

    /// What a client says of a push. Existing clients say ACK also where the status
    /// is an error.
    fn hear_answer(&mut self, request: SubscribeRequest) -> Heard {
        let found = self.subscriptions.iter_mut().find_map(|subscription| {
            let push = subscription.pushes.iter().position(|push| push.response == request.request_id)?;
            Some((subscription, push))
        });
        let Some((subscription, position)) = found else { return Heard::Stray };
        let Some(push) = subscription.pushes.get_mut(position) else { return Heard::Stray };
        push.is_answered = true;
        let (version, took) = (push.version, push.at.elapsed());
        let status = request.status.unwrap_or_default();
        let is_good = request.response_ack != NACK && matches!(status.code, 0 | code::SUCCESS | code::SUCCESS_TOO);
        // What came before it will not be answered any more.
        subscription.pushes.drain(..position);
        if is_good {
            subscription.acknowledged = Some((version, SystemTime::now()));
            subscription.refused = None;
            return Heard::Acknowledged(took);
        }
        let refusal = Refusal::new(version, status);
        subscription.refused = Some(refusal.clone());
        Heard::Refused(subscription.key.clone(), refusal)
    }

    /// What is to be sent next: the answer to a request, or the newest state of a
    /// subscription that the client has not been pushed.
    pub(crate) fn next(&mut self, snapshot: &Snapshot, name: &str) -> Option<Frame> {
        let control_plane = || Some(ControlPlaneDesc { identifier: name.to_owned() });
        if let Some(answer) = self.answers.pop_front() {
            let answer = SubscribeResponse { control_plane: control_plane(), ..answer };
            return Some(Frame { head: answer.encode_to_vec(), ..Frame::default() });
        }
        let count = self.subscriptions.len();
        for step in 0..count {
            let position = self.turn.wrapping_add(step) % count;
            let Some(subscription) = self.subscriptions.get_mut(position) else { continue };
            let set = snapshot.set(&subscription.key);
            let is_same = subscription.pushed.as_ref().is_some_and(|pushed| Arc::ptr_eq(pushed, &set));
            if is_same && !subscription.is_asked {
                continue;
            }
            self.turn = position.wrapping_add(1);
            self.pushes = self.pushes.saturating_add(1);
            return Some(subscription.push(set, self.pushes.to_string(), control_plane()));
        }
        None
    }
}

impl Subscription {
    fn push(&mut self, set: Arc<Set>, response: String, control_plane: Option<ControlPlaneDesc>) -> Frame {
        let (data, status) = match &set.data {
            Ok(data) => (Some(data.clone()), Status { code: code::SUCCESS, ..Status::default() }),
            Err(why) => (None, Status { code: code::NOT_WATCHED, message: why.clone(), ..Status::default() }),
        };
        let push = SubscribeResponse {
            status: Some(status),
            namespace: self.key.namespace.clone(),
            app: self.key.app.clone(),
            kind: self.key.kind.clone(),
            control_plane,
            response_id: response.clone(),
            ..SubscribeResponse::default()
        };
        if self.pushes.len() >= MAX_UNANSWERED {
            self.pushes.pop_front();
        }
        self.pushes.push_back(Push { response, version: set.version, at: Instant::now(), is_answered: false });
        self.is_asked = false;
        self.pushed = Some(set);
        Frame { head: push.encode_to_vec(), data }
    }

    /// Whether the client has still to answer what it was pushed last.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.pushes.back().is_some_and(|push| !push.is_answered)
    }
}

/// Whether an attachment says `{"accept": "document"}`.
fn accepts_documents(bytes: &[u8]) -> bool {
    let wanted = Some(prost_types::value::Kind::StringValue("document".to_owned()));
    prost_types::Struct::decode(bytes)
        .is_ok_and(|attachment| attachment.fields.get("accept").is_some_and(|accept| accept.kind == wanted))
}

/// Group, version and name.
fn is_kind(kind: &str) -> bool {
    kind.split('/').count() == 3 && kind.split('/').all(|part| !part.is_empty())
}

/// The beginning of a text: at most this many bytes of it.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
