//! One stream: what the client says is heard in a task of its own, and what it is
//! sent is found when it can take it.

use crate::clients::{Client, Ending};
use crate::conversation::{Heard, Rights};
use crate::counts::add;
use crate::event::Event;
use crate::frame::Frame;
use crate::plane::Plane;
use crate::snapshot::Snapshot;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use prost::Message;
use sergo::subscribe::wire::{SubscribeRequest, code};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tonic::{Status, Streaming};

/// What a stream sends, until it ends.
pub(crate) fn open(
    plane: Arc<Plane>,
    client: Arc<Client>,
    requests: Streaming<Bytes>,
) -> impl Stream<Item = Result<Frame, Status>> + Send {
    let hearing = tokio::spawn(hear(plane.clone(), client.clone(), requests));
    let snapshots = plane.snapshot.subscribe();
    let open = Open { plane, client, hearing };
    unfold(Some((open, snapshots)), |state| async {
        let (open, mut snapshots) = state?;
        loop {
            match open.client.ending() {
                Some(Ending::Left) => return None,
                Some(Ending::From(status)) => return Some((Err(status), None)),
                None => {}
            }
            let snapshot = snapshots.borrow_and_update().clone();
            if let Some(frame) = next(&open.plane, &open.client, &snapshot) {
                return Some((Ok(frame), Some((open, snapshots))));
            }
            drop(snapshot);
            tokio::select! {
                () = open.client.wake.notified() => {}
                // The plane lives as long as this, so there is always a sender.
                _ = snapshots.changed() => {}
            }
        }
    })
}

/// Ends with the stream, however that ends.
struct Open {
    plane: Arc<Plane>,
    client: Arc<Client>,
    hearing: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.hearing.abort();
        self.plane.clients.close(&self.client);
        let message = match self.client.ending() {
            Some(Ending::From(status)) => Some(status.message().to_owned()),
            Some(Ending::Left) | None => None,
        };
        self.plane.log(&Event::Disconnected { client: self.client.who(), message });
    }
}

/// Takes what the client says until it has no more to say.
async fn hear(plane: Arc<Plane>, client: Arc<Client>, mut requests: Streaming<Bytes>) {
    let ending = loop {
        let bytes = match requests.message().await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => break Ending::Left,
            // A message that is too large, or a stream that broke off.
            Err(status) if status.code() == tonic::Code::OutOfRange => break Ending::From(status),
            Err(_) => break Ending::Left,
        };
        if let Err(status) = heard(&plane, &client, bytes) {
            break Ending::From(status);
        }
    };
    client.end(ending);
}

/// Takes one message of the client.
///
/// # Errors
/// The status that the stream must end with.
pub(crate) fn heard(plane: &Plane, client: &Client, bytes: Bytes) -> Result<(), Status> {
    let request = SubscribeRequest::decode(bytes)
        .map_err(|error| Status::invalid_argument(format!("found bytes that are no SubscribeRequest ({error})")))?;
    take(plane, client, request).map_err(Status::resource_exhausted)?;
    client.wake.notify_one();
    Ok(())
}

/// What the client is to be sent next, if there is anything.
pub(crate) fn next(plane: &Plane, client: &Client, snapshot: &Snapshot) -> Option<Frame> {
    let frame = client.conversation().next(snapshot, &plane.name)?;
    let bytes = frame.len() as u64;
    client.count(bytes);
    add(&plane.counts.bytes, bytes);
    add(&plane.counts.pushes, u64::from(frame.data.is_some()));
    Some(frame)
}

/// # Errors
/// Why the stream must end.
fn take(plane: &Plane, client: &Client, request: SubscribeRequest) -> Result<(), String> {
    let sees = |namespace: &str| match &client.rights {
        Some(rights) if !rights.see(namespace) => {
            Err(format!("the token {} may not see the namespace {namespace}", rights.name))
        }
        _ => Ok(()),
    };
    let rights = Rights { sees: &sees, subscriptions: plane.limits.subscriptions };
    let mut conversation = client.conversation();
    let (was_named, had) = (!conversation.identifier.is_empty(), conversation.subscriptions.len());
    let heard = conversation.hear(request, &rights)?;
    let identifier = conversation.identifier.clone();
    let first = conversation.subscriptions.first().filter(|_| had == 0).map(|first| first.key.clone());
    drop(conversation);
    if !was_named && !identifier.is_empty() {
        plane.clients.name(client, &identifier);
    }
    if let Some(key) = first {
        plane.log(&Event::Connected { client: client.who(), namespace: key.namespace, app: key.app });
    }
    match heard {
        Heard::Request | Heard::Stray => {}
        Heard::Acknowledged(took) => plane.counts.acknowledged.add(took),
        Heard::Bad(message) => {
            add(&plane.counts.bad_requests, 1);
            plane.log(&Event::BadRequest { client: client.who(), message });
        }
        Heard::Refused(key, refusal) => {
            // An older push, overtaken by a newer one, is no trouble.
            if refusal.code != code::OUTDATED {
                add(&plane.counts.refused, 1);
                let (namespace, app, kind) = (key.namespace, key.app, key.kind);
                plane.log(&Event::Refused { client: client.who(), namespace, app, kind, refusal });
            }
        }
    }
    Ok(())
}
