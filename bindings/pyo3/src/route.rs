//! Asking where a request goes, and the answer as a `sergo.Routing`.

use crate::error::raise;
use crate::kept::Kept;
use crate::text::{Port, Text};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use sergo::route::Caller;
use sergo::{Code, Engine, Headers, Request, Rolls};
use sergo_border::{call, text as json};
use std::collections::BTreeMap;

/// What an id stands for, as Python's own value.
pub(crate) struct Known {
    /// A `sergo.Routing`.
    routing: Py<PyAny>,
    /// Whether there is more to it, worked out or drawn for each request.
    varies: bool,
}

/// What a caller of `route` says of the request, headers aside.
pub(crate) struct Asked {
    pub(crate) host: Text,
    pub(crate) method: Option<Text>,
    pub(crate) path: Option<Text>,
    pub(crate) scheme: Option<Text>,
    pub(crate) port: Option<Port>,
    pub(crate) client: Option<Text>,
    pub(crate) source_labels: Option<BTreeMap<String, String>>,
    pub(crate) source_namespace: Option<Text>,
    pub(crate) source_gateway: Option<Text>,
    pub(crate) hash: Option<Text>,
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str)
}

impl Asked {
    fn request<'a>(&'a self, headers: &'a dyn Headers) -> Request<'a> {
        Request {
            host: self.host.as_str(),
            method: text(self.method.as_ref()).unwrap_or("GET"),
            path: text(self.path.as_ref()).unwrap_or("/"),
            scheme: text(self.scheme.as_ref()).unwrap_or("http"),
            port: self.port.as_ref().map(|port| port.0),
            headers,
            client: text(self.client.as_ref()),
            caller: Caller {
                labels: self.source_labels.as_ref(),
                namespace: text(self.source_namespace.as_ref()),
                gateway: text(self.source_gateway.as_ref()),
            },
            hash: text(self.hash.as_ref()),
        }
    }

    /// Where this request goes, as a `sergo.Routing`. Every time that the engine
    /// is asked, it is asked by the same rolls.
    pub(crate) fn route(
        &self,
        py: Python<'_>,
        handle: u64,
        known: &Kept<Known>,
        headers: &dyn Headers,
        rolls: &Rolls<'_>,
    ) -> PyResult<Py<PyAny>> {
        let request = self.request(headers);
        // Twice, since new rules may come between the answer and its description.
        for _ in 0..2 {
            let id = sergo_border::with(handle, |host| {
                Ok(host.engine().route(&request, &mut rolls.clone()).map_or(0, |id| id.0))
            });
            let id = id.map_err(raise)?;
            let answer = match known.get(id) {
                Some(answer) => answer,
                None => match describe(handle, id) {
                    Ok(text) => known.put(id, Known::read(py, &text)?),
                    Err(Code::Stale) => continue,
                    Err(code) => return Err(raise(code)),
                },
            };
            if !answer.varies {
                return Ok(answer.routing.clone_ref(py));
            }
            let text = sergo_border::with(handle, |host| Ok(directions(host.engine(), &request, &mut rolls.clone())));
            return Ok(Known::read(py, &text.map_err(raise)?)?.routing);
        }
        Err(raise(Code::Stale))
    }
}

/// What no rule has an answer to: a `sergo.Routing` without anything.
const NOWHERE: &str = "{}";

fn describe(handle: u64, id: u64) -> Result<String, Code> {
    if id == 0 { Ok(NOWHERE.to_owned()) } else { call::answer(handle, id) }
}

fn directions(engine: &Engine, request: &Request<'_>, rolls: &mut Rolls<'_>) -> String {
    engine.direct(request, rolls).map_or(NOWHERE.to_owned(), |directions| json::directions(&directions))
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
