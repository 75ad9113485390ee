//! One subscription: what has come for it, what of it is in force, and what is
//! still to be said about it on the stream of the moment.

use super::document::{Document, Push, Refusal, cut};
use super::wire::{self, ACK, NACK, code};
use crate::compile::report::Report;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::yaml;
use crate::sync::Arc;
use crate::time::Tick;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};

/// The most diagnostics in an answer, and the most bytes that their sentences
/// have; the message says how many there are.
const MAX_DETAILS: usize = 32;
const MAX_DETAIL_BYTES: usize = 64 << 10;

/// One kind for one app.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) app: String,
    /// As on the wire: `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    pub(super) kind: String,
    /// What reports call its documents' source.
    pub(super) source: String,
    /// What came last; `None` before the first push.
    push: Option<Push>,
    /// Documents of earlier pushes that stay: the last good versions of what was
    /// refused, and everything that a refused one without a name may be.
    kept: Vec<Document>,
    /// The last version of each document in force that the engine took.
    good: BTreeMap<Identity, Arc<str>>,
    /// Whether it is still to be applied.
    is_new: bool,
    /// What the last push came to; `None` before it has been applied.
    verdict: Option<Verdict>,
    /// The version of the last push, on whichever stream.
    pub(super) version: Option<i64>,
    /// When it came.
    pub(super) pushed_at: Option<Tick>,
    /// What there is on the stream of the moment.
    pub(super) on_stream: OnStream,
}

/// What belongs to one stream and ends with it.
#[derive(Debug, Default)]
pub(super) struct OnStream {
    /// The name of the request that asked for it; `None` is still to ask.
    pub(super) request: Option<String>,
    /// Whether anything has come for it.
    pub(super) is_answered: bool,
    /// Why the control plane does not serve it, and when to ask again.
    pub(super) refused: Option<(String, Tick)>,
    /// The control plane and version of the last push that counted.
    version: Option<(String, i64)>,
    /// The name of the last push that counted.
    response: Option<String>,
    /// The push that is being applied.
    judged: Option<String>,
    /// What the control plane is to be told.
    pub(super) answer: Option<Answer>,
}

/// What a push came to.
#[derive(Clone, Debug, PartialEq)]
struct Verdict(i32, String, Vec<Diagnostic>);

/// The answer to a push.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) response: String,
    verdict: Verdict,
}

impl Answer {
    fn refuse(response: &str, code: i32, why: String) -> Answer {
        Answer { response: response.to_owned(), verdict: Verdict(code, why, Vec::new()) }
    }

    /// Whether it is good, and the status that says so.
    pub(super) fn into_wire(self) -> (&'static str, wire::Status) {
        let Verdict(code, message, diagnostics) = self.verdict;
        let details = diagnostics.iter().filter_map(|diagnostic| {
            let serde_json::Value::Object(fields) = serde_json::to_value(diagnostic).ok()? else { return None };
            let value = super::structure::from_json(&fields).encode_to_vec();
            Some(wire::Any { type_url: wire::STRUCT_URL.to_owned(), value })
        });
        let status = wire::Status { code, message, details: details.collect() };
        (if code == code::SUCCESS { ACK } else { NACK }, status)
    }
}

/// A push as it came, with its outside.
pub(super) struct Arrival {
    pub(super) control_plane: String,
    pub(super) response: String,
    pub(super) version: i64,
    pub(super) push: Push,
}

impl Subscription {
    /// To a kind for an app; `source` is what reports call it.
    pub(super) fn new(app: &str, kind: &str, source: String) -> Self {
        Subscription {
            app: app.to_owned(),
            kind: kind.to_owned(),
            source,
            push: None,
            kept: Vec::new(),
            good: BTreeMap::new(),
            is_new: false,
            verdict: None,
            version: None,
            pushed_at: None,
            on_stream: OnStream::default(),
        }
    }

    /// Holds documents from before the process began.
    pub(super) fn restore(&mut self, documents: Vec<Document>) {
        self.good = documents.iter().map(|document| (document.identity.clone(), document.text.clone())).collect();
        self.push = Some(Push { documents, ..Push::default() });
        self.is_new = true;
    }

    /// The documents in force, as far as the session knows.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.push.iter().flat_map(|push| &push.documents).chain(&self.kept)
    }

    /// How many of them are of earlier pushes.
    pub(super) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// What of the last push is no document.
    pub(super) fn refused(&self) -> impl Iterator<Item = &Refusal> {
        self.push.iter().flat_map(|push| &push.refused)
    }

    /// The bytes of its documents' texts.
    pub(super) fn bytes(&self) -> usize {
        bytes(self.documents())
    }

    /// Whether this push is older than what the same control plane has pushed on
    /// this stream. Versions of other streams say nothing: they start again with
    /// the control plane.
    pub(super) fn is_outdated(&self, control_plane: &str, version: i64) -> bool {
        matches!(&self.on_stream.version, Some((of, last)) if of == control_plane && version < *last)
    }

    /// Says no to a push that changes nothing.
    pub(super) fn refuse(&mut self, response: &str, code: i32, why: String) {
        self.on_stream.answer = Some(Answer::refuse(response, code, why));
    }

    /// Takes a push, of which `room` bytes may be kept; whether there is
    /// something to apply.
    pub(super) fn take(&mut self, arrival: Arrival, room: usize, now: Tick) -> bool {
        let Arrival { control_plane, response, version, push } = arrival;
        if self.push.as_ref() == Some(&push) {
            self.count(control_plane, response.clone(), version, now);
            match self.verdict.clone() {
                Some(verdict) => self.on_stream.answer = Some(Answer { response, verdict }),
                None if self.is_new => {}
                // It is being applied.
                None => self.on_stream.judged = Some(response),
            }
            return false;
        }
        let kept = self.kept_beside(&push);
        let size = bytes(push.documents.iter().chain(&kept));
        let count = push.documents.len().saturating_add(kept.len());
        if size > room.min(yaml::MAX_BYTES) || count > wire::MAX_DOCUMENTS {
            let why = format!("{count} documents of {size} bytes with the last good ones: too many to hold");
            self.refuse(&response, code::BAD_DATA, why);
            return false;
        }
        self.count(control_plane, response, version, now);
        (self.push, self.kept, self.verdict) = (Some(push), kept, None);
        self.is_new = true;
        true
    }

    fn count(&mut self, control_plane: String, response: String, version: i64, now: Tick) {
        (self.version, self.pushed_at) = (Some(version), Some(now));
        self.on_stream.version = Some((control_plane, version));
        self.on_stream.response = Some(response);
        self.on_stream.answer = None;
    }

    /// What of the documents so far stays beside this push.
    fn kept_beside(&self, push: &Push) -> Vec<Document> {
        if push.refused.is_empty() {
            return Vec::new();
        }
        let named: BTreeSet<&Identity> = push.documents.iter().map(|document| &document.identity).collect();
        let refused: BTreeSet<&Identity> = push.refused.iter().map(|refusal| &refusal.identity).collect();
        let has_nameless = refused.iter().any(|identity| identity.name.is_empty());
        let stays = |document: &&Document| {
            !named.contains(&document.identity) && (has_nameless || refused.contains(&document.identity))
        };
        self.documents().filter(stays).cloned().collect()
    }

    /// The first duration of the last push that has no unit.
    pub(super) fn unitless(&self) -> Option<&(Identity, &'static str)> {
        self.push.as_ref()?.unitless.as_ref()
    }

    /// What is there is about to be applied.
    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.is_new) {
            self.on_stream.judged = self.on_stream.response.clone();
        }
    }

    /// What is there has been applied: the verdict is told where it is awaited,
    /// and where it is another than before, since a push of another kind can
    /// change what this one comes to.
    pub(super) fn settle(&mut self, report: &Report) {
        let rejected: Vec<&Diagnostic> = report.rejected.iter().filter(|one| one.source == self.source).collect();
        let judged = self.on_stream.judged.take();
        if self.is_new {
            // A push that came meanwhile has a verdict of its own to come.
            return;
        }
        self.remember_good(&rejected);
        let verdict = verdict(&rejected);
        let has_changed = self.verdict.as_ref().is_some_and(|before| *before != verdict);
        let again = || self.on_stream.response.clone().filter(|_| has_changed);
        if let Some(response) = judged.or_else(again) {
            self.on_stream.answer = Some(Answer { response, verdict: verdict.clone() });
        }
        self.verdict = Some(verdict);
    }

    fn remember_good(&mut self, rejected: &[&Diagnostic]) {
        let bad: BTreeSet<(&str, &str)> = rejected.iter().map(|one| (&*one.namespace, &*one.name)).collect();
        let good = self.documents().filter_map(|Document { identity, text }| {
            let is_bad = bad.contains(&(&*identity.namespace, &*identity.name));
            let text = if is_bad { self.good.get(identity)? } else { text };
            Some((identity.clone(), text.clone()))
        });
        self.good = good.collect();
    }

    /// The last good version of each document.
    pub(super) fn good(&self) -> impl Iterator<Item = &Arc<str>> {
        self.good.values()
    }
}

fn bytes<'d>(documents: impl Iterator<Item = &'d Document>) -> usize {
    // Each stands between two lines of its own.
    documents.fold(0, |sum: usize, document| sum.saturating_add(document.text.len()).saturating_add(8))
}

fn verdict(rejected: &[&Diagnostic]) -> Verdict {
    let Some(first) = rejected.first() else { return Verdict(code::SUCCESS, String::new(), Vec::new()) };
    let message = match rejected.len().saturating_sub(1) {
        0 => cut(&first.message, 2_000),
        others => format!("{} (and {others} more)", cut(&first.message, 2_000)),
    };
    let mut bytes = 0usize;
    let details = rejected.iter().take(MAX_DETAILS).take_while(|one| {
        bytes = bytes.saturating_add(one.message.len());
        bytes <= MAX_DETAIL_BYTES
    });
    let details = details.map(|one| (*one).clone()).collect();
    Verdict(code::BAD_DATA, message, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, text: &str) -> Document {
        let identity = Identity { kind: "K".into(), namespace: "default".into(), name: name.into() };
        Document { identity, text: text.into() }
    }

    fn push(documents: &[(&str, &str)], refused: &[&str]) -> Push {
        let expected = super::super::document::Expected { namespace: "default", app: "a", kind: "g/v/TrafficRouter" };
        let refused = refused.iter().map(|name| {
            // A configuration that has only this name.
            let mut value = vec![0x0a, name.len() as u8];
            value.extend(name.bytes());
            let type_url = super::super::envoy::ROUTE_CONFIGURATION.to_owned();
            let mut refusal = expected.read(&[wire::Any { type_url, value }]).refused.remove(0);
            refusal.identity.kind = "K".into();
            refusal
        });
        let documents = documents.iter().map(|(name, text)| document(name, text)).collect();
        Push { documents, refused: refused.collect(), unitless: None }
    }

    fn arrive(subscription: &mut Subscription, version: i64, push: Push) -> bool {
        let arrival = Arrival { control_plane: "cp".into(), response: version.to_string(), version, push };
        subscription.take(arrival, usize::MAX, Tick(0))
    }

    fn texts(subscription: &Subscription) -> Vec<&str> {
        subscription.documents().map(|document| &*document.text).collect()
    }

    fn rejecting(name: &str) -> Report {
        let identity = Identity { kind: "K".into(), namespace: "default".into(), name: name.into() };
        let place = crate::spec::node::Place::default();
        let rejected =
            vec![Diagnostic::new(crate::spec::code::Code::BadValue, &identity, "s", "spec", place, "a", "b")];
        Report { rejected, ..Report::default() }
    }

    #[test]
    fn what_is_refused_keeps_its_last_version() {
        let mut subscription = Subscription::new("a", "K", "s".into());
        assert!(arrive(&mut subscription, 1, push(&[("a", "a1"), ("b", "b1"), ("c", "c1")], &[])));
        assert!(arrive(&mut subscription, 2, push(&[("a", "a2")], &["b"])));
        assert_eq!(texts(&subscription), ["a2", "b1"]);
        assert!(arrive(&mut subscription, 3, push(&[("c", "c3")], &[""])));
        assert_eq!(texts(&subscription), ["c3", "a2", "b1"], "nobody knows which the nameless one is");
        assert!(arrive(&mut subscription, 4, push(&[], &[])));
        assert_eq!(texts(&subscription), Vec::<&str>::new());
    }

    #[test]
    fn what_the_engine_refuses_is_saved_as_it_was() {
        let mut subscription = Subscription::new("a", "K", "s".into());
        arrive(&mut subscription, 1, push(&[("a", "a1"), ("b", "b1")], &[]));
        subscription.begin();
        subscription.settle(&Report::default());
        arrive(&mut subscription, 2, push(&[("a", "a2"), ("b", "b2"), ("c", "c2")], &[]));
        subscription.begin();
        subscription.settle(&rejecting("a"));
        assert_eq!(subscription.good().map(|text| &**text).collect::<Vec<_>>(), ["a1", "b2", "c2"]);
        arrive(&mut subscription, 3, push(&[("b", "b3")], &[]));
        subscription.begin();
        subscription.settle(&Report::default());
        assert_eq!(subscription.good().map(|text| &**text).collect::<Vec<_>>(), ["b3"]);
    }

    #[test]
    fn an_answer_comes_with_the_verdict_and_again_when_it_changes() {
        let mut subscription = Subscription::new("a", "K", "s".into());
        let answer = |subscription: &mut Subscription, report: &Report| {
            subscription.begin();
            subscription.settle(report);
            let answer = subscription.on_stream.answer.take()?;
            Some((answer.response.clone(), answer.into_wire().1.code))
        };
        arrive(&mut subscription, 1, push(&[("a", "a1")], &[]));
        assert_eq!(answer(&mut subscription, &Report::default()), Some(("1".into(), 1)));
        assert_eq!(answer(&mut subscription, &Report::default()), None);
        assert_eq!(answer(&mut subscription, &rejecting("a")), Some(("1".into(), 4001)));
        assert!(!arrive(&mut subscription, 1, push(&[("a", "a1")], &[])), "the same again");
        let again = subscription.on_stream.answer.take().unwrap();
        assert_eq!(again.into_wire().1.code, 4001);
    }

    #[test]
    fn versions_are_compared_within_one_stream_and_control_plane() {
        let mut subscription = Subscription::new("a", "K", "s".into());
        arrive(&mut subscription, 5, push(&[], &[]));
        assert!(subscription.is_outdated("cp", 4) && !subscription.is_outdated("cp", 5));
        assert!(!subscription.is_outdated("other", 4));
        subscription.on_stream = OnStream::default();
        assert!(!subscription.is_outdated("cp", 4));
    }

    #[test]
    fn what_stays_is_bounded() {
        let mut subscription = Subscription::new("a", "K", "s".into());
        let arrival = |version, text: &str| Arrival {
            control_plane: "cp".into(),
            response: "r".into(),
            version,
            push: push(&[("a", text)], &[]),
        };
        assert!(subscription.take(arrival(1, "short"), 100, Tick(0)));
        assert!(!subscription.take(arrival(2, &"long".repeat(100)), 100, Tick(0)));
        assert_eq!(texts(&subscription), ["short"]);
        assert_eq!(subscription.on_stream.answer.take().unwrap().into_wire().0, NACK);
    }
}
