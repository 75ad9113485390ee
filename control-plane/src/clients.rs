//! Who is connected.

use crate::access::Rights;
use crate::conversation::{Conversation, Subscription};
use crate::document::Form;
use crate::event::{Who, moment};
use crate::refusal::Refusal;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::Notify;
use tonic::Status;

/// A stream.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: u64,
    /// Where it connected from.
    pub(crate) address: String,
    /// What it may see; `None` is everything.
    pub(crate) rights: Option<Rights>,
    /// Whether it has shown a certificate.
    is_certified: bool,
    since: SystemTime,
    conversation: Mutex<Conversation>,
    /// Something has happened that may be a reason to send.
    pub(crate) wake: Notify,
    /// Why the stream is to end.
    ending: Mutex<Option<Ending>>,
    bytes: AtomicU64,
}

/// How a stream ends.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The client has gone.
    Left,
    /// It is ended from here.
    From(Status),
}

impl Client {
    /// What has been said.
    pub(crate) fn conversation(&self) -> MutexGuard<'_, Conversation> {
        self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the stream end; the first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ending);
        self.wake.notify_one();
    }

    /// Why it is to end.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts what is sent.
    pub(crate) fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// For logs.
    pub(crate) fn who(&self) -> Who {
        let identifier = self.conversation().identifier.clone();
        Who { id: self.id, identifier, address: self.address.clone() }
    }
}

/// All streams.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    next: AtomicU64,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    by_id: BTreeMap<u64, Arc<Client>>,
    /// Of each token and identifier the newest stream.
    by_name: HashMap<(String, String), u64>,
}

impl Clients {
    /// A new stream; `None` where there are too many.
    pub(crate) fn open(
        &self,
        address: String,
        rights: Option<Rights>,
        is_certified: bool,
        most: usize,
    ) -> Option<Arc<Client>> {
        let mut all = self.lock();
        if all.by_id.len() >= most {
            return None;
        }
        let client = Arc::new(Client {
            id: self.next.fetch_add(1, Relaxed).saturating_add(1),
            address,
            rights,
            is_certified,
            since: SystemTime::now(),
            conversation: Mutex::default(),
            wake: Notify::new(),
            ending: Mutex::default(),
            bytes: AtomicU64::new(0),
        });
        all.by_id.insert(client.id, client.clone());
        Some(client)
    }

    /// The stream has a name now: an older one of this name is let go, since its
    /// client has come back before its end was noticed.
    pub(crate) fn name(&self, client: &Client, identifier: &str) {
        let name =
            (client.rights.as_ref().map_or_else(String::new, |rights| rights.name.clone()), identifier.to_owned());
        let mut all = self.lock();
        let before = all.by_name.insert(name, client.id);
        let replaced = before.filter(|id| *id != client.id).and_then(|id| all.by_id.get(&id).cloned());
        drop(all);
        if let Some(replaced) = replaced {
            replaced.end(Ending::From(Status::aborted("a newer stream of this identifier took its place")));
        }
    }

    /// The stream is no more.
    pub(crate) fn close(&self, client: &Client) {
        let mut all = self.lock();
        all.by_id.remove(&client.id);
        all.by_name.retain(|_, id| *id != client.id);
    }

    /// All streams, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.lock().by_id.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client, to be looked at.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    #[serde(flatten)]
    who: Who,
    /// What the token is called that it came with.
    token: Option<String>,
    certificate: bool,
    #[serde(serialize_with = "moment")]
    connected_at: SystemTime,
    labels: BTreeMap<String, String>,
    bytes_sent: u64,
    subscriptions: Vec<ShownSubscription>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSubscription {
    namespace: String,
    app: String,
    kind: String,
    form: Form,
    /// How many documents it was pushed.
    documents: Option<usize>,
    /// The version that was pushed last.
    pushed: Option<i64>,
    /// Whether that is still to be answered.
    unanswered: bool,
    /// The version that the client took last.
    acknowledged: Option<i64>,
    #[serde(serialize_with = "maybe")]
    acknowledged_at: Option<SystemTime>,
    /// Why it refused the push that it answered last.
    refused: Option<Refusal>,
}

fn maybe<S: serde::Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

impl Shown {
    pub(crate) fn of(client: &Client) -> Shown {
        let who = client.who();
        let conversation = client.conversation();
        let subscription = |one: &Subscription| ShownSubscription {
            namespace: one.key.namespace.clone(),
            app: one.key.app.clone(),
            kind: one.key.kind.clone(),
            form: one.key.form,
            documents: one.pushed.as_ref().map(|set| set.count),
            pushed: one.pushed.as_ref().map(|set| set.version),
            unanswered: one.is_unanswered(),
            acknowledged: one.acknowledged.map(|(version, _)| version),
            acknowledged_at: one.acknowledged.map(|(_, at)| at),
            refused: one.refused.clone(),
        };
        Shown {
            who,
            token: client.rights.as_ref().map(|rights| rights.name.clone()),
            certificate: client.is_certified,
            connected_at: client.since,
            labels: conversation.labels.clone(),
            bytes_sent: client.bytes.load(Relaxed),
            subscriptions: conversation.subscriptions.iter().map(subscription).collect(),
        }
    }
}
