//! A control plane without a network, for who feeds it what no client would say.

use crate::access::Access;
use crate::clients::{Client, Ending, Shown};
use crate::files::File;
use crate::options::{Limits, Looking};
use crate::plane::Plane;
use crate::stream;
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use tonic::Status;

/// A control plane without a network and files.
pub struct Offline(Arc<Plane>);

impl Offline {
    /// One that serves nothing yet, to who has one of these tokens; `None` is to
    /// everybody.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the tokens.
    pub fn new(limits: Limits, tokens: Option<&str>) -> Result<Offline, String> {
        let plane =
            Plane::new("sergo".to_owned(), limits, Looking::default(), Arc::new(|event| drop(event.to_string())));
        if let Some(tokens) = tokens {
            plane.admit(Access::parse(tokens)?);
        }
        Ok(Offline(Arc::new(plane)))
    }

    /// From now on the rules are what this file holds.
    pub fn serve(&self, text: &str) {
        self.0.serve(vec![File { name: "rules.yaml".to_owned(), text: text.into() }]);
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// The status that turns a stranger away, or one too many.
    pub fn open(&self, authorization: Option<&str>) -> Result<Peer, Box<Status>> {
        let rights = self.0.access.borrow().admit(authorization)?;
        let client = self.0.clients.open("nowhere".to_owned(), rights, false, self.0.limits.streams);
        let client = client.ok_or_else(|| Box::new(Status::resource_exhausted("too many streams")))?;
        Ok(Peer { plane: self.0.clone(), client })
    }

    /// What `/metrics` says.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.counts.text(&self.0.gauges())
    }
}

/// The client's end of a stream, which ends with it.
pub struct Peer {
    plane: Arc<Plane>,
    client: Arc<Client>,
}

impl Peer {
    /// Says something; nothing is heard of a stream that has ended.
    pub fn say(&self, bytes: &[u8]) {
        if self.client.ending().is_none()
            && let Err(status) = stream::heard(&self.plane, &self.client, Bytes::copy_from_slice(bytes))
        {
            self.client.end(Ending::From(status));
        }
    }

    /// Reads what is there to be read: a message, or the status that the stream
    /// ended with.
    pub fn read(&self) -> Option<Result<Vec<u8>, Status>> {
        if let Some(Ending::From(status)) = self.client.ending() {
            return Some(Err(status));
        }
        let snapshot = self.plane.snapshot.borrow().clone();
        let frame = stream::next(&self.plane, &self.client, &snapshot)?;
        let mut bytes = frame.head;
        bytes.extend_from_slice(frame.data.as_deref().unwrap_or_default());
        Some(Ok(bytes))
    }

    /// What `/v1/clients` says of it.
    ///
    /// # Panics
    /// Where that is no JSON.
    #[must_use]
    pub fn shown(&self) -> Value {
        serde_json::to_value(Shown::of(&self.client)).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.plane.clients.close(&self.client);
    }
}
