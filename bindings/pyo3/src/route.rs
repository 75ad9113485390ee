//! Asking where a request goes, and the answer as a `sergo.Routing`.

use crate::text::{Port, Text};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use sergo::route::Caller;
use sergo::{Answer, AnswerId, Code, Destination, Headers, Request, Rolls};
use std::collections::BTreeMap;

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
    /// The id of the answer, 0 for none.
    pub(crate) fn route(&self, handle: u64, headers: &dyn Headers, rolls: &mut Rolls<'_>) -> Result<u64, Code> {
        let request = Request {
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
        };
        sergo_border::with(handle, |host| Ok(host.engine().route(&request, rolls).map_or(0, |id| id.0)))
    }
}

/// What an id of [`Asked::route`] stands for, as a `sergo.Routing`.
pub(crate) fn routing(py: Python<'_>, handle: u64, id: u64) -> Result<PyResult<Py<PyAny>>, Code> {
    if id == 0 {
        return Ok(make(py, None));
    }
    let answer = sergo_border::with(handle, |host| host.engine().answer(AnswerId(id)).ok_or(Code::Stale))?;
    Ok(make(py, Some(&answer)))
}

fn make(py: Python<'_>, answer: Option<&Answer>) -> PyResult<Py<PyAny>> {
    static ROUTING: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = ROUTING.import(py, "sergo._routing", "Routing")?;
    let routing = match answer {
        None => class.call0()?,
        Some(Answer::To { route, destination, fallback }) => {
            class.call1((route.as_deref(), place(py, destination)?, *fallback, py.None()))?
        }
        Some(Answer::Empty { host, subset }) => {
            let empty = Destination { host: host.clone(), subset: subset.clone(), port: None };
            class.call1((py.None(), py.None(), false, place(py, &empty)?))?
        }
    };
    Ok(routing.unbind())
}

fn place(py: Python<'_>, destination: &Destination) -> PyResult<Py<PyAny>> {
    static DESTINATION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DESTINATION.import(py, "sergo._routing", "Destination")?;
    Ok(class.call1((&destination.host, destination.subset.as_deref(), destination.port))?.unbind())
}
