//! Requests and connections, as a caller describes them in keywords.

use crate::headers;
use crate::random;
use crate::text::{Labels, Port, Roll, Text, utf8};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use sergo::route::{Caller, Rpc, RpcArgument};
use sergo::{Connection, Request, Rolls};

/// What a caller says of a request: the host, and what stands in keywords, which
/// `route`, `pick`, `label` and `explain_route` share. The latter two, which are asked
/// seldom, [read](AskedRequest::read) them from a dict.
#[derive(Default)]
pub(crate) struct AskedRequest<'py> {
    pub(crate) host: Text,
    pub(crate) method: Option<Text>,
    pub(crate) path: Option<Text>,
    pub(crate) scheme: Option<Text>,
    pub(crate) port: Option<Port>,
    pub(crate) headers: Option<Bound<'py, PyAny>>,
    pub(crate) client: Option<Text>,
    pub(crate) source: Source,
    pub(crate) rpc: Option<AskedRpc>,
    pub(crate) roll: Option<Roll>,
    pub(crate) hash: Option<Text>,
}

/// A `sergo.Rpc`.
#[derive(FromPyObject)]
pub(crate) struct AskedRpc {
    service: Text,
    method: Text,
    arguments: Vec<AskedArgument>,
    attachments: Labels,
}

/// A `sergo.RpcArgument`.
#[derive(FromPyObject)]
struct AskedArgument {
    #[pyo3(attribute("type"))]
    kind: Option<Text>,
    value: Option<Text>,
}

impl AskedArgument {
    fn argument(&self) -> RpcArgument<'_> {
        RpcArgument { kind: text(self.kind.as_ref()), value: text(self.value.as_ref()) }
    }
}

impl<'py> AskedRequest<'py> {
    /// Reads the keywords of a call. What is None is as if it were not there.
    pub(crate) fn read(host: Text, keywords: Option<&Bound<'py, PyDict>>) -> PyResult<Self> {
        let mut asked = AskedRequest { host, ..AskedRequest::default() };
        for (name, value) in keywords.into_iter().flatten() {
            if !value.is_none() {
                let name = name.cast_into::<PyString>()?;
                asked.take(&name, &value).map_err(|error| named(&name, error))?;
            }
        }
        Ok(asked)
    }

    fn take(&mut self, name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>) -> PyResult<()> {
        // The names of keywords are interned, most often: then they are told apart by
        // where they are.
        if self.take_interned(name, value)? {
            return Ok(());
        }
        let interned = PyString::intern(name.py(), &utf8(name)?);
        if self.take_interned(&interned, value)? {
            return Ok(());
        }
        Err(PyTypeError::new_err("there is no such keyword"))
    }

    /// Whether there is a keyword of this name.
    fn take_interned(&mut self, name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>) -> PyResult<bool> {
        macro_rules! take {
            ($($keyword:literal => $place:expr,)*) => {
                $(if name.is(intern!(name.py(), $keyword)) {
                    $place = value.extract()?;
                    return Ok(true);
                })*
            };
        }
        take! {
            "path" => self.path,
            "headers" => self.headers,
            "method" => self.method,
            "hash" => self.hash,
            "roll" => self.roll,
            "port" => self.port,
            "scheme" => self.scheme,
            "client" => self.client,
            "rpc" => self.rpc,
            "source_labels" => self.source.labels,
            "source_namespace" => self.source.namespace,
            "source_gateway" => self.source.gateway,
        }
        Ok(false)
    }

    /// The host that is called.
    pub(crate) fn host(&self) -> &str {
        self.host.as_str()
    }

    /// The port that is called, where it is known beside the host.
    pub(crate) fn port(&self) -> Option<u16> {
        self.port.as_ref().map(|port| port.0)
    }

    /// Calls `call` with the request, and the rolls to ask by: each time that the
    /// engine is asked, it is asked by the same.
    pub(crate) fn ask<T>(&self, call: impl FnOnce(&Request<'_>, &Rolls<'_>) -> PyResult<T>) -> PyResult<T> {
        let (mut arguments, mut attachments) = (Vec::new(), Vec::new());
        let rpc = self.rpc.as_ref().map(|rpc| {
            arguments.extend(rpc.arguments.iter().map(AskedArgument::argument));
            attachments.extend(rpc.attachments.0.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            Rpc {
                service: rpc.service.as_str(),
                method: rpc.method.as_str(),
                arguments: &arguments,
                attachments: &attachments,
            }
        });
        headers::read(self.headers.as_ref(), |headers| {
            let request = Request {
                host: self.host(),
                method: text(self.method.as_ref()).unwrap_or("GET"),
                path: text(self.path.as_ref()).unwrap_or("/"),
                scheme: text(self.scheme.as_ref()).unwrap_or("http"),
                port: self.port(),
                headers,
                client: text(self.client.as_ref()),
                caller: self.source.caller(),
                hash: text(self.hash.as_ref()),
                rpc,
            };
            call(&request, &rolls(self.roll.as_ref()))
        })
    }
}

/// Says which keyword is wrong.
fn named(name: &Bound<'_, PyString>, error: PyErr) -> PyErr {
    let py = name.py();
    if error.is_instance_of::<PyTypeError>(py) {
        PyTypeError::new_err(format!("keyword '{name}': {}", error.value(py)))
    } else {
        error
    }
}

/// Who calls, where it is not the engine itself.
#[derive(Default)]
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

/// The numbers that the caller brings, or random ones.
pub(crate) fn rolls(given: Option<&Roll>) -> Rolls<'_> {
    given.map_or_else(|| Rolls::seeded(random::seed()), |roll| Rolls::given(&roll.0))
}
