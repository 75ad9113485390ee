//! The session: what happens in, what is to be done out.

use super::backoff::{Backoff, LONGEST, Random};
use super::document::{Expected, cut};
use super::options::Options;
use super::saved::{Kept, Saved};
use super::state::{Phase, State, SubscriptionState};
use super::subscription::{Answer, Arrival, OnStream, Subscription};
use super::turn::{Input, Output};
use super::update::Update;
use super::wire::{self, Any, STRUCT_URL, SubscribeRequest, SubscribeRequestTarget, SubscribeResponse, code};
use crate::spec::code::Code;
use crate::spec::diagnostic::Diagnostic;
use crate::spec::node::Place;
use crate::time::{Span, Tick};
use prost::Message;
use serde_json::Value;
use serde_json::value::RawValue;

/// How long dialling may take.
pub const DIAL_PATIENCE: Span = Span::from_secs(20);
/// How long a control plane may be silent before it is asked for a sign.
pub const IDLE: Span = Span::from_secs(30);
/// How long it may take for the sign.
pub const PATIENCE: Span = Span::from_secs(15);
/// How long it may be silent where silence is no sign: the existing control plane
/// says nothing of what it does not have.
pub const SILENCE: Span = Span::from_secs(300);
/// The most subscriptions: kinds times apps.
pub const MAX_SUBSCRIPTIONS: usize = 1_000;
/// The most bytes of documents' texts, over all subscriptions.
pub const MAX_HELD: usize = 128 << 20;

/// The connection.
#[derive(Debug)]
enum Link {
    Waiting { until: Tick },
    Dialing { until: Tick, is_told: bool },
    Open(Open),
    Ended,
}

/// A stream that is there.
#[derive(Debug)]
struct Open {
    since: Tick,
    identifier: String,
    /// How many requests have been named.
    requests: u64,
    /// When the last message came.
    heard: Tick,
    /// Until when a sign must come that was asked for.
    sign: Option<Tick>,
    control_plane: String,
    /// Whether the control plane has been warned of.
    is_warned: bool,
}

/// A session of the OpenSergo transport. It does no I/O and cannot panic, and
/// what it holds is bounded by [`MAX_HELD`] and [`MAX_SUBSCRIPTIONS`].
#[derive(Debug)]
pub struct Session {
    options: Options,
    random: Random,
    backoff: Backoff,
    link: Link,
    /// The number of the last stream.
    stream: u64,
    /// The index of the address of the moment.
    address: usize,
    /// A stream to close, and why.
    to_close: Option<(u64, String)>,
    subscriptions: Vec<Subscription>,
    /// The app and kind of what is no longer wanted and has been asked for.
    leaving: Vec<(String, String)>,
    /// Whether there is something to apply.
    is_dirty: bool,
    /// Whether an update is being applied.
    is_applying: bool,
    /// Told with the next report.
    warnings: Vec<Diagnostic>,
    last_error: String,
    now: Tick,
}

impl Session {
    /// A session that dials at its first turn. The seed must be another in each
    /// process: it makes the stream's names and spreads the times of dialling.
    #[must_use]
    pub fn new(options: Options, seed: u64) -> Self {
        let mut session = Session {
            random: Random(seed),
            backoff: Backoff::default(),
            link: Link::Waiting { until: Tick(0) },
            stream: 0,
            address: 0,
            to_close: None,
            subscriptions: Vec::new(),
            leaving: Vec::new(),
            is_dirty: false,
            is_applying: false,
            warnings: Vec::new(),
            last_error: String::new(),
            now: Tick(0),
            options,
        };
        let (app, kinds) = (session.options.app.clone(), session.options.kinds.clone());
        for kind in &kinds {
            session.subscribe(&app, kind);
        }
        for service in session.options.services.clone() {
            for kind in kinds.iter().filter(|kind| !kind.starts_with("fault-tolerance.")) {
                session.subscribe(&service, kind);
            }
        }
        session
    }

    /// Subscribes to a kind for an app; whether it is subscribed to now, which it
    /// is not when there are [`MAX_SUBSCRIPTIONS`] already.
    pub fn subscribe(&mut self, app: &str, kind: &str) -> bool {
        if self.position(app, kind).is_some() {
            return true;
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return false;
        }
        let source = if app == self.options.app { kind.to_owned() } else { format!("{kind} for {app}") };
        self.leaving.retain(|(of, left)| of != app || left != kind);
        self.subscriptions.push(Subscription::new(app, kind, source));
        true
    }

    /// Ends a subscription; its documents leave the engine. Whether there was one.
    pub fn unsubscribe(&mut self, app: &str, kind: &str) -> bool {
        let Some(position) = self.position(app, kind) else { return false };
        let left = self.subscriptions.remove(position);
        self.is_dirty |= left.documents().next().is_some();
        if left.on_stream.request.is_some() && self.leaving.len() < MAX_SUBSCRIPTIONS {
            self.leaving.push((left.app, left.kind));
        }
        true
    }

    /// Ends the session: it closes its stream and dials no more. The rules in
    /// force stay.
    pub fn end(&mut self) {
        self.close("the session was ended");
        self.link = Link::Ended;
    }

    /// Takes in what has happened. Time never goes back: an earlier `now` counts
    /// as the last one.
    pub fn handle(&mut self, input: Input<'_>, now: Tick) {
        self.now = self.now.max(now);
        match input {
            Input::Time => {}
            Input::Connected { stream } if self.is_dialing(stream) => self.open(),
            Input::Received { stream, bytes } if stream == self.stream => {
                // Some clients do not say when a stream is there.
                if self.is_dialing(stream) {
                    self.open();
                }
                self.receive(bytes);
            }
            Input::Closed { stream, reason } if stream == self.stream => match self.link {
                Link::Dialing { .. } | Link::Open(_) => self.lose(format!("the stream was closed: {reason}")),
                Link::Waiting { .. } | Link::Ended => {}
            },
            Input::Connected { .. } | Input::Received { .. } | Input::Closed { .. } => {}
            Input::Applied(report) if self.is_applying => {
                self.is_applying = false;
                self.subscriptions.iter_mut().for_each(|subscription| subscription.settle(report));
            }
            Input::Applied(_) => {}
        }
        self.pass_time();
    }

    /// What is to be done next; ask until there is nothing.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some((stream, reason)) = self.to_close.take() {
            return Some(Output::Close { stream, reason });
        }
        if let Link::Dialing { is_told: is_told @ false, .. } = &mut self.link {
            *is_told = true;
            let address = self.options.addresses.get(self.address).cloned().unwrap_or_default();
            return Some(Output::Dial { stream: self.stream, address });
        }
        if let Some(request) = self.next_request() {
            return Some(Output::Send { stream: self.stream, bytes: request.encode_to_vec() });
        }
        if self.is_dirty && !self.is_applying {
            (self.is_dirty, self.is_applying) = (false, true);
            self.subscriptions.iter_mut().for_each(Subscription::begin);
            let warnings = std::mem::take(&mut self.warnings);
            return Some(Output::Apply(Update::of(&self.subscriptions, warnings)));
        }
        None
    }

    /// When to hand in the time at the latest; `None` is never.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        let of_link = match &self.link {
            Link::Waiting { .. } if self.options.addresses.is_empty() => None,
            Link::Waiting { until } | Link::Dialing { until, .. } => Some(*until),
            Link::Open(open) => Some(open.sign.unwrap_or_else(|| open.heard.after(IDLE))),
            Link::Ended => return None,
        };
        let again = self.subscriptions.iter().filter_map(|one| Some(one.on_stream.refused.as_ref()?.1));
        let again = if matches!(self.link, Link::Open(_)) { again.min() } else { None };
        of_link.into_iter().chain(again).min()
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> State {
        let (phase, open, dials_at) = match &self.link {
            Link::Waiting { until } => (Phase::Waiting, None, Some(*until)),
            Link::Dialing { .. } => (Phase::Dialing, None, None),
            Link::Open(open) => (Phase::Connected, Some(open), None),
            Link::Ended => (Phase::Ended, None, None),
        };
        let subscriptions = self.subscriptions.iter().map(|one| SubscriptionState {
            app: one.app.clone(),
            kind: one.kind.clone(),
            version: one.version,
            pushed_at: one.pushed_at,
            documents: one.documents().count(),
            is_answered: one.on_stream.is_answered,
            refused: one.on_stream.refused.as_ref().map(|(why, _)| why.clone()),
        });
        let are_answered = self.subscriptions.iter().all(|one| one.on_stream.is_answered);
        State {
            phase,
            address: self.options.addresses.get(self.address).cloned().unwrap_or_default(),
            identifier: open.map(|open| open.identifier.clone()).unwrap_or_default(),
            control_plane: open.map(|open| open.control_plane.clone()).unwrap_or_default(),
            connected_since: open.map(|open| open.since),
            dials_at,
            failures: self.backoff.failures(),
            last_push: self.subscriptions.iter().filter_map(|one| one.pushed_at).max(),
            last_error: self.last_error.clone(),
            is_synced: open.is_some() && are_answered && !self.is_dirty && !self.is_applying,
            subscriptions: subscriptions.collect(),
        }
    }

    /// The last good documents as a text with a checksum, for a file from which
    /// the next process can [`restore`](Session::restore) them.
    #[must_use]
    pub fn save(&self) -> String {
        let kept = self.subscriptions.iter().map(|one| Kept {
            app: one.app.clone(),
            kind: one.kind.clone(),
            documents: one.good().filter_map(|text| serde_json::from_str::<&RawValue>(text).ok()).collect(),
        });
        let (namespace, app) = (self.options.namespace.clone(), self.options.app.clone());
        Saved { namespace, app, subscriptions: kept.collect() }.to_text()
    }

    /// Holds the documents that an earlier session saved, until the control plane
    /// pushes others. Of subscriptions that have had a push nothing changes.
    ///
    /// # Errors
    /// A sentence that says what was found in the place of a whole text of the
    /// same namespace and app.
    pub fn restore(&mut self, text: &str) -> Result<(), String> {
        let saved = Saved::read(text)?;
        let Options { namespace, app, .. } = &self.options;
        if (&saved.namespace, &saved.app) != (namespace, app) {
            let found = format!("{:?} in {:?}", saved.app, saved.namespace);
            return Err(format!("found rules of the app {found}, expected those of {app:?} in {namespace:?}"));
        }
        for kept in saved.subscriptions {
            if let Some(position) = self.position(&kept.app, &kept.kind)
                && let Some(subscription) = self.subscriptions.get_mut(position)
                && subscription.pushed_at.is_none()
            {
                subscription.restore(kept.into_documents());
                self.is_dirty = true;
            }
        }
        Ok(())
    }

    fn position(&self, app: &str, kind: &str) -> Option<usize> {
        self.subscriptions.iter().position(|one| one.app == app && one.kind == kind)
    }

    fn is_dialing(&self, stream: u64) -> bool {
        stream == self.stream && matches!(self.link, Link::Dialing { is_told: true, .. })
    }

    /// A stream is there: everything is asked for anew, under a name of its own,
    /// since the existing control plane ignores a second stream of one name.
    fn open(&mut self) {
        let identifier = format!("sergo-{:016x}{:016x}", self.random.next(), self.random.next());
        self.link = Link::Open(Open {
            since: self.now,
            identifier,
            requests: 0,
            heard: self.now,
            sign: None,
            control_plane: String::new(),
            is_warned: false,
        });
    }

    /// The stream is no more: waits, then tries the next address.
    fn lose(&mut self, why: String) {
        self.last_error = why;
        if let Link::Open(open) = &self.link {
            self.backoff.ended(self.now.since(open.since));
        }
        self.address = self.address.saturating_add(1).checked_rem(self.options.addresses.len()).unwrap_or(0);
        self.subscriptions.iter_mut().for_each(|one| one.on_stream = OnStream::default());
        self.leaving.clear();
        self.link = Link::Waiting { until: self.now.after(self.backoff.pause(&mut self.random)) };
    }

    /// Has the stream closed that the host knows of.
    fn close(&mut self, why: &str) {
        if matches!(self.link, Link::Dialing { is_told: true, .. } | Link::Open(_)) {
            self.to_close = Some((self.stream, why.to_owned()));
        }
    }

    /// Gives the stream up.
    fn give_up(&mut self, why: String) {
        self.close(&why);
        self.lose(why);
    }

    fn pass_time(&mut self) {
        match &mut self.link {
            Link::Waiting { until } if *until <= self.now && !self.options.addresses.is_empty() => {
                self.stream = self.stream.saturating_add(1);
                self.link = Link::Dialing { until: self.now.after(DIAL_PATIENCE), is_told: false };
            }
            Link::Dialing { until, .. } if *until <= self.now => {
                self.give_up("dialling took too long".to_owned());
            }
            Link::Open(open) if open.sign.is_some_and(|until| until <= self.now) => {
                self.give_up("the control plane has fallen silent".to_owned());
            }
            Link::Open(open) => {
                if open.sign.is_none() && open.heard.after(IDLE) <= self.now {
                    self.ask_for_sign();
                }
                for one in &mut self.subscriptions {
                    if one.on_stream.refused.as_ref().is_some_and(|(_, at)| *at <= self.now) {
                        one.on_stream.refused = None;
                        one.on_stream.request = None;
                    }
                }
            }
            Link::Waiting { .. } | Link::Dialing { .. } | Link::Ended => {}
        }
    }

    /// The subscription to ask for again to see whether the control plane is still
    /// there: the one of the least bytes. None where it has been silent on any of
    /// them, since then silence is no sign.
    fn probe(&self) -> Option<usize> {
        if self.subscriptions.iter().any(|one| !one.on_stream.is_answered) {
            return None;
        }
        let served = self.subscriptions.iter().enumerate().filter(|(_, one)| one.on_stream.refused.is_none());
        served.min_by_key(|(_, one)| one.bytes()).map(|(position, _)| position)
    }

    /// Asks for one subscription again, as a ping; where that need not be answered,
    /// waits for long.
    fn ask_for_sign(&mut self) {
        let probe = self.probe();
        if let Some(subscription) = probe.and_then(|position| self.subscriptions.get_mut(position)) {
            subscription.on_stream.request = None;
        }
        if let Link::Open(open) = &mut self.link {
            let patience = if probe.is_some() { PATIENCE } else { SILENCE };
            open.sign = Some(self.now.after(patience));
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        let Link::Open(open) = &mut self.link else { return };
        let response = match wire::read_response(bytes) {
            Ok(response) => response,
            Err(found) => {
                // Whatever it was is missing now: a new stream brings it again.
                let lived = self.now.since(open.since);
                self.backoff.faulted(lived);
                return self.give_up(format!("the control plane sent {found}"));
            }
        };
        (open.heard, open.sign) = (self.now, None);
        if let Some(control_plane) = &response.control_plane {
            open.control_plane.clone_from(&control_plane.identifier);
        }
        if response.ack.is_empty() { self.take_push(response) } else { self.take_answer(&response) }
    }

    /// The answer to a request; only a bad one says something.
    fn take_answer(&mut self, response: &SubscribeResponse) {
        let Some(why) = failure(response) else { return };
        let request = Some(&response.response_id).filter(|request| !request.is_empty());
        let refused =
            self.subscriptions.iter_mut().find(|one| request.is_some() && one.on_stream.request.as_ref() == request);
        if let Some(refused) = refused {
            refuse(refused, &why, self.now);
        }
        self.last_error = why;
    }

    fn take_push(&mut self, response: SubscribeResponse) {
        let failure = failure(&response);
        let held = self.subscriptions.iter().fold(0, |sum: usize, one| sum.saturating_add(one.bytes()));
        let is_ours = response.namespace == self.options.namespace;
        let position = self.position(&response.app, &response.kind).filter(|_| is_ours);
        // One that was unsubscribed from a moment ago, say.
        let Some(subscription) = position.and_then(|position| self.subscriptions.get_mut(position)) else { return };
        let Link::Open(open) = &mut self.link else { return };
        if let Some(why) = failure {
            refuse(subscription, &why, self.now);
            self.last_error = why;
            return;
        }
        let Some(data) = response.data_with_version else {
            subscription.refuse(&response.response_id, code::BAD_DATA, "a push without data".to_owned());
            return;
        };
        if data.data.len() > wire::MAX_DOCUMENTS {
            let why = format!("{} documents, which is over {}", data.data.len(), wire::MAX_DOCUMENTS);
            subscription.refuse(&response.response_id, code::BAD_DATA, why);
            return;
        }
        if subscription.is_outdated(&open.control_plane, data.version) {
            let why = format!("version {}, where a later one has been pushed on this stream", data.version);
            subscription.refuse(&response.response_id, code::OUTDATED, why);
            return;
        }
        (subscription.on_stream.is_answered, subscription.on_stream.refused) = (true, None);
        let expected = Expected { namespace: &response.namespace, app: &response.app, kind: &response.kind };
        let arrival = Arrival {
            control_plane: open.control_plane.clone(),
            response: response.response_id,
            version: data.version,
            push: expected.read(&data.data),
        };
        let room = MAX_HELD.saturating_sub(held.saturating_sub(subscription.bytes()));
        self.is_dirty |= subscription.take(arrival, room, self.now);
        self.backoff.succeeded();
        if !open.is_warned
            && let Some((identity, field)) = subscription.unitless()
        {
            open.is_warned = true;
            let found = format!(
                "a duration without a unit from the control plane {:?}, which sends seconds, minutes and hours a \
                 hundred times too small",
                open.control_plane
            );
            let expected = "a unit with each duration; read as milliseconds";
            let (code, source) = (Code::MissingUnit, &subscription.source);
            let warning = Diagnostic::new(code, identity, source, field, Place::default(), &found, expected);
            // Those of streams before this one may still wait to be told.
            self.warnings.retain(|other| *other != warning);
            self.warnings.truncate(15);
            self.warnings.push(warning);
        }
    }

    /// What is next to be sent on the stream.
    fn next_request(&mut self) -> Option<SubscribeRequest> {
        let Link::Open(open) = &mut self.link else { return None };
        let request = |app: &str, kind: &str| SubscribeRequest {
            target: Some(SubscribeRequestTarget {
                namespace: self.options.namespace.clone(),
                app: app.to_owned(),
                labels: Vec::new(),
                kinds: vec![kind.to_owned()],
            }),
            identifier: open.identifier.clone(),
            ..SubscribeRequest::default()
        };
        let mut name = || {
            open.requests = open.requests.saturating_add(1);
            open.requests.to_string()
        };
        if let Some((app, kind)) = self.leaving.pop() {
            return Some(SubscribeRequest { op_type: wire::UNSUBSCRIBE, request_id: name(), ..request(&app, &kind) });
        }
        for Subscription { app, kind, on_stream, .. } in &mut self.subscriptions {
            if let Some(answer) = on_stream.answer.take() {
                return Some(answered(request(app, kind), answer));
            }
            if on_stream.request.is_none() {
                let mut asking = SubscribeRequest { request_id: name(), ..request(app, kind) };
                on_stream.request = Some(asking.request_id.clone());
                if let Some(target) = &mut asking.target {
                    let label = |(key, value): (&String, &String)| wire::SubscribeLabelKv {
                        key: key.clone(),
                        value: value.clone(),
                    };
                    target.labels = self.options.labels.iter().map(label).collect();
                }
                asking.attachments = if self.options.documents { vec![documents_please()] } else { Vec::new() };
                return Some(asking);
            }
        }
        None
    }
}

/// The answer to a push: it names the kind too, since the existing control plane
/// gives several pushes one name.
fn answered(request: SubscribeRequest, answer: Answer) -> SubscribeRequest {
    let request_id = answer.response.clone();
    let (response_ack, status) = answer.into_wire();
    SubscribeRequest { request_id, response_ack: response_ack.to_owned(), status: Some(status), ..request }
}

/// The attachment that asks for whole documents.
fn documents_please() -> Any {
    let fields = serde_json::Map::from_iter([("accept".to_owned(), Value::from("document"))]);
    Any { type_url: STRUCT_URL.to_owned(), value: super::structure::from_json(&fields).encode_to_vec() }
}

/// The control plane does not serve a subscription: what is in force stays, and
/// it is asked again later.
fn refuse(subscription: &mut Subscription, why: &str, now: Tick) {
    subscription.on_stream.is_answered = true;
    subscription.on_stream.refused = Some((why.to_owned(), now.after(LONGEST)));
}

/// Why a response is no good one, if it is none.
fn failure(response: &SubscribeResponse) -> Option<String> {
    let status = response.status.as_ref()?;
    match status.code {
        code::SUCCESS | code::SUCCESS_TOO => None,
        // Not said; a push is judged by its data.
        0 if response.ack != wire::NACK => None,
        other => {
            let kind = if response.kind.is_empty() { "a request" } else { response.kind.as_str() };
            let (kind, message) = (cut(kind, 200), cut(&status.message, 1_000));
            Some(format!("the control plane refused {kind} with code {other}: {message}"))
        }
    }
}
