//! Asking where requests and connections go, and the answer as a
//! `sergo.Routing`.

use crate::error::raise;
use crate::kept::Kept;
use crate::text::{Labels, Port, Text};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use sergo::route::Caller;
use sergo::{AnswerId, Code, Connection, Engine, Headers, Request, Rolls, Tick};
use sergo_border::{call, text as json};
use std::sync::Arc;

/// What an id stands for, as Python's own value.
pub(crate) struct Known {
    /// A `sergo.Routing`.
    routing: Py<PyAny>,
    /// Whether there is more to it, worked out or drawn for each request.
    varies: bool,
}

impl Known {
    /// Reads an answer's JSON, in Python, where the dataclasses are.
    fn read(py: Python<'_>, text: &str) -> PyResult<Known> {
        static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let read = READ.import(py, "sergo._routing", "from_json")?;
        let (routing, varies) = read.call1((text,))?.extract()?;
        Ok(Known { routing, varies })
    }
}

/// Who calls, where it is not the engine itself.
pub(crate) struct Source {
    pub(crate) labels: Option<Labels>,
    pub(crate) namespace: Option<Text>,
    pub(crate) gateway: Option<Text>,
}

impl Source {
    fn caller(&self) -> Caller<'_> {
        let (namespace, gateway) = (text(self.namespace.as_ref()), text(self.gateway.as_ref()));
        Caller { labels: self.labels.as_ref().map(|labels| &labels.0), namespace, gateway }
    }
}

/// What a caller of `route` says of the request, headers aside.
pub(crate) struct AskedRequest {
    pub(crate) host: Text,
    pub(crate) method: Option<Text>,
    pub(crate) path: Option<Text>,
    pub(crate) scheme: Option<Text>,
    pub(crate) port: Option<Port>,
    pub(crate) client: Option<Text>,
    pub(crate) source: Source,
    pub(crate) hash: Option<Text>,
}

impl AskedRequest {
    /// The request with these headers.
    pub(crate) fn with<'a>(&'a self, headers: &'a dyn Headers) -> Request<'a> {
        Request {
            host: self.host.as_str(),
            method: text(self.method.as_ref()).unwrap_or("GET"),
            path: text(self.path.as_ref()).unwrap_or("/"),
            scheme: text(self.scheme.as_ref()).unwrap_or("http"),
            port: self.port.as_ref().map(|port| port.0),
            headers,
            client: text(self.client.as_ref()),
            caller: self.source.caller(),
            hash: text(self.hash.as_ref()),
            rpc: None,
        }
    }
}

/// What a caller of `connect` says of the connection.
pub(crate) struct AskedConnection {
    pub(crate) host: Text,
    pub(crate) port: Option<Port>,
    pub(crate) sni: Option<Text>,
    pub(crate) address: Option<Text>,
    pub(crate) client: Option<Text>,
    pub(crate) source: Source,
    pub(crate) hash: Option<Text>,
}

impl AskedConnection {
    /// The connection.
    pub(crate) fn connection(&self) -> Connection<'_> {
        Connection {
            host: self.host.as_str(),
            port: self.port.as_ref().map(|port| port.0),
            sni: text(self.sni.as_ref()),
            address: text(self.address.as_ref()),
            client: text(self.client.as_ref()),
            caller: self.source.caller(),
            hash: text(self.hash.as_ref()),
        }
    }
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str)
}

/// Where a request goes. Each time that the engine is asked, it is asked by the
/// same rolls.
pub(crate) fn request(
    py: Python<'_>,
    handle: u64,
    kept: &Kept<Known>,
    request: &Request<'_>,
    rolls: &Rolls<'_>,
) -> PyResult<Py<PyAny>> {
    let answer = answer(py, handle, kept, |engine, now| engine.route(request, &mut rolls.clone(), now))?;
    if !answer.varies {
        return Ok(answer.routing.clone_ref(py));
    }
    let directions = sergo_border::with(handle, |host| {
        let directions = host.engine().direct(request, &mut rolls.clone(), host.moment());
        Ok(directions.map_or(NOWHERE.to_owned(), |directions| json::directions(&directions)))
    });
    Ok(Known::read(py, &directions.map_err(raise)?)?.routing)
}

/// Where a connection goes.
pub(crate) fn connection(
    py: Python<'_>,
    handle: u64,
    kept: &Kept<Known>,
    connection: &Connection<'_>,
    rolls: &Rolls<'_>,
) -> PyResult<Py<PyAny>> {
    let answer = answer(py, handle, kept, |engine, now| engine.connect(connection, &mut rolls.clone(), now))?;
    Ok(answer.routing.clone_ref(py))
}

/// What no rule has an answer to: a `sergo.Routing` without anything.
const NOWHERE: &str = "{}";

fn answer(
    py: Python<'_>,
    handle: u64,
    kept: &Kept<Known>,
    ask: impl Fn(&Engine, Tick) -> Option<AnswerId>,
) -> PyResult<Arc<Known>> {
    // Twice, since new rules may come between the answer and its description.
    for _ in 0..2 {
        let id = sergo_border::with(handle, |host| Ok(ask(host.engine(), host.moment()).map_or(0, |id| id.0)))
            .map_err(raise)?;
        if let Some(known) = kept.get(id) {
            return Ok(known);
        }
        let described = if id == 0 { Ok(NOWHERE.to_owned()) } else { call::answer(handle, id) };
        match described {
            Ok(text) => return Ok(kept.put(id, Known::read(py, &text)?)),
            Err(Code::Stale) => {}
            Err(code) => return Err(raise(code)),
        }
    }
    Err(raise(Code::Stale))
}
