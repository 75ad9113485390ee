//! A pick: where a request goes, down to the instance.

use crate::engine::Engine;
use crate::error::{argument, done, raise, stopped};
use crate::kept::Kept;
use crate::request::AskedRequest;
use crate::route::{Known, known, nowhere};
use crate::text::utf8;
use pyo3::exceptions::{PyConnectionError, PyException, PyTimeoutError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyType};
use sergo::matcher::host::split_port;
use sergo::route::{Answer, Destination, Endpoint};
use sergo::{CallOutcome, Code};
use sergo_border::handle::with_view;
use sergo_border::{text, with};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pyo3::import_exception!(socket, gaierror);

/// What came of a call, from its word.
pub(crate) struct CameOf(pub(crate) CallOutcome);

impl<'a, 'py> FromPyObject<'a, 'py> for CameOf {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(CameOf(match utf8(&*object.cast::<PyString>()?)?.as_ref() {
            "success" => CallOutcome::Success,
            "error" => CallOutcome::Error,
            "gateway-error" => CallOutcome::GatewayError,
            "local-error" => CallOutcome::LocalError,
            "cancelled" => CallOutcome::Cancelled,
            found => {
                return Err(argument(&format!(
                    "outcome: found {found:?}, expected \"success\", \"error\", \"gateway-error\", \"local-error\" \
                     or \"cancelled\""
                )));
            }
        }))
    }
}

/// An instance as Python's own value, as long as discovery says the same of it.
pub(crate) struct KnownInstance {
    endpoint: Arc<Endpoint>,
    instance: Py<PyAny>,
}

impl KnownInstance {
    fn of(py: Python<'_>, kept: &Kept<u64, KnownInstance>, endpoint: &Arc<Endpoint>) -> PyResult<Arc<KnownInstance>> {
        let number = endpoint.health.number();
        if let Some(known) = kept.get(&number).filter(|known| Arc::ptr_eq(&known.endpoint, endpoint)) {
            return Ok(known);
        }
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let class = CLASS.import(py, "sergo._discovery", "Instance")?;
        let told = &endpoint.instance;
        let labels = PyDict::new(py);
        told.labels.iter().try_for_each(|(name, value)| labels.set_item(name, value))?;
        let labels = PyMappingProxy::new(py, labels.as_mapping());
        let instance = class.call1((&told.id, labels, told.healthy, told.weight, &told.zone))?.unbind();
        Ok(kept.put(number, KnownInstance { endpoint: endpoint.clone(), instance }))
    }
}

/// Hosts that no router names, each with the port that is asked for.
pub(crate) type Hosts = Kept<(String, Option<u16>), Known>;

/// An instance that a request is in flight on. Dropped before a `Pick` has it, the
/// request has never been.
struct Claim(Option<Arc<Endpoint>>);

impl Claim {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(endpoint) = self.0.take() {
            endpoint.health.end();
        }
    }
}

/// Where a request goes, down to the instance, on which it counts as in flight
/// until `report`, or until the end of its `with` block.
#[pyclass(frozen, module = "sergo")]
pub(crate) struct Pick {
    engine: Py<Engine>,
    known: Arc<Known>,
    instance: Option<Arc<KnownInstance>>,
    open: AtomicBool,
}

impl Pick {
    /// Asks the engine, which counts the request as in flight.
    pub(crate) fn ask(engine: &Bound<'_, Engine>, asked: &AskedRequest<'_>) -> PyResult<Pick> {
        let (py, own) = (engine.py(), engine.get());
        let now = own.now(py)?;
        let (known, claim) = asked.ask(|request, rolls| {
            // Twice, since new rules may come between the answer and its description.
            for _ in 0..2 {
                let rolls = || rolls.clone();
                let picked =
                    with_view(own.handle(), |host, view| Ok(view.pick_id(request, &mut rolls(), host.tick(now))));
                let Some(picked) = picked.map_err(raise)? else {
                    let pick = with(own.handle(), |host| Ok(host.engine().pick(request, &mut rolls(), host.tick(now))));
                    let Some(pick) = pick.map_err(raise)? else { return Ok((nowhere(py, own)?, Claim(None))) };
                    let claim = Claim(pick.endpoint.clone());
                    return Ok((Arc::new(Known::read(py, &text::json(&pick))?), claim));
                };
                let claim = Claim(Some(picked.endpoint));
                let known = match picked.answer {
                    Some(id) => known(py, own, id.0)?,
                    None => Some(host(py, &own.hosts, asked)?),
                };
                if let Some(known) = known {
                    return Ok((known, claim));
                }
            }
            Err(raise(Code::Stale))
        })?;
        let instance = claim.0.as_ref().map(|endpoint| KnownInstance::of(py, &own.instances, endpoint)).transpose()?;
        claim.keep();
        Ok(Pick { engine: engine.clone().unbind(), known, open: AtomicBool::new(instance.is_some()), instance })
    }

    /// Reports, the first time that it is called.
    fn end(&self, py: Python<'_>, outcome: CallOutcome) -> PyResult<Result<(), Code>> {
        let (Some(instance), Some(host_name)) = (&self.instance, &self.known.host) else { return Ok(Ok(())) };
        let engine = self.engine.get();
        let now = engine.now(py)?;
        if !self.open.swap(false, Ordering::AcqRel) {
            return Ok(Ok(()));
        }
        Ok(with_view(engine.handle(), |host, view| {
            view.report_id(host_name, instance.endpoint.health.number(), outcome, host.tick(now));
            Ok(())
        }))
    }
}

/// A host that no router names, as a destination.
fn host(py: Python<'_>, kept: &Hosts, asked: &AskedRequest<'_>) -> PyResult<Arc<Known>> {
    let (name, port) = split_port(asked.host());
    let key = (name.to_owned(), asked.port().or(port));
    if let Some(known) = kept.get(&key) {
        return Ok(known);
    }
    let destination = Destination { host: name.to_owned(), subset: None, port: key.1 };
    let answer = Answer::To { route: None, destination, fallback: false, policy: Arc::default() };
    let known = Known::read(py, &text::answer(&answer))?;
    Ok(kept.put(key, known))
}

/// What an exception says of a call.
fn came_of(exception: &Bound<'_, PyAny>) -> CallOutcome {
    if exception.is_none() {
        CallOutcome::Success
    } else if !exception.is_instance_of::<PyException>() {
        CallOutcome::Cancelled
    } else if exception.is_instance_of::<PyConnectionError>()
        || exception.is_instance_of::<PyTimeoutError>()
        || exception.is_instance_of::<gaierror>()
    {
        CallOutcome::LocalError
    } else {
        CallOutcome::Error
    }
}

#[pymethods]
impl Pick {
    /// Where the request goes and what is done with it on the way, as
    /// `engine.route` says it.
    #[getter]
    fn routing(&self, py: Python<'_>) -> Py<PyAny> {
        self.known.routing.clone_ref(py)
    }

    /// The destination, or None.
    #[getter]
    fn destination<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.known.routing.bind(py).getattr("destination")
    }

    /// The instance, or None where discovery has not named the host, and where the
    /// request goes nowhere.
    #[getter]
    fn instance(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.instance.as_ref().map(|known| known.instance.clone_ref(py))
    }

    /// Tells what came of the call. Telling again does nothing, nor does it where
    /// there is no instance.
    #[pyo3(signature = (outcome = CameOf(CallOutcome::Success)))]
    #[pyo3(text_signature = "($self, outcome='success')")]
    fn report(&self, py: Python<'_>, outcome: CameOf) -> PyResult<()> {
        stopped(|| done(self.end(py, outcome.0)?))
    }

    fn __bool__(&self) -> bool {
        self.known.host.is_some()
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Reports by what the block came to, where nothing was reported in it.
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        stopped(|| self.end(py, came_of(value)).map(|_| ()))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let instance = self
            .instance(py)
            .map_or_else(|| Ok("None".to_owned()), |it| it.bind(py).getattr("id")?.repr().map(|id| id.to_string()))?;
        Ok(format!("<sergo.Pick {} instance={instance}>", self.destination(py)?.repr()?))
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.engine)
    }
}
