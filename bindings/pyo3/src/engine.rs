//! The engine, as far as a request touches it; `sergo.Engine` adds the rest.

use crate::block::{BlockedDecision, Gate};
use crate::entry::Entry;
use crate::error::{blocked, raise, stopped};
use crate::headers;
use crate::kept::Kept;
use crate::names::Names;
use crate::random;
use crate::route::{self, AskedConnection, AskedRequest, Known, Source};
use crate::text::{Cost, Direction, Labels, Port, Roll, Text, utf8};
use pyo3::prelude::*;
use pyo3::types::PyString;
use sergo::{Code, Config, Rolls};
use sergo_border::call::{self, Entered};
use sergo_border::{NOW, close, open};
use std::sync::Arc;

/// The engine without what Python adds: make a `sergo.Engine`.
#[pyclass(frozen, subclass, module = "sergo._sergo")]
pub(crate) struct Engine {
    handle: u64,
    clock: Option<Py<PyAny>>,
    names: Names,
    gates: Kept<Gate>,
    answers: Kept<Known>,
}

impl Engine {
    pub(crate) fn handle(&self) -> u64 {
        self.handle
    }

    /// The time that the engine's own clock says, or [`NOW`] without one.
    #[inline]
    pub(crate) fn now(&self, py: Python<'_>) -> PyResult<u64> {
        match &self.clock {
            None => Ok(NOW),
            Some(clock) => clock.call0(py)?.extract(py),
        }
    }

    #[inline]
    fn ask(&self, resource: &Bound<'_, PyString>, cost: &Cost, direction: Direction) -> PyResult<Entered> {
        let py = resource.py();
        let now = self.now(py)?;
        let outbound = direction == Direction::Outbound;
        if let Some(id) = self.names.get(resource)? {
            match call::enter(self.handle, id, cost.0, outbound, now) {
                Err(Code::Stale) => self.names.clear(py),
                answer => return answer.map_err(raise),
            }
        }
        let name = utf8(resource)?;
        let id = call::resolve(self.handle, &name).map_err(raise)?;
        self.names.put(resource, name.len(), id)?;
        call::enter_name(self.handle, &name, cost.0, outbound, now).map_err(raise)
    }

    fn block(&self, py: Python<'_>, entered: &Entered) -> PyResult<BlockedDecision> {
        let gate = match self.gates.get(entered.block) {
            Some(gate) => gate,
            None => match Gate::describe(py, self.handle, entered.block)? {
                Some(gate) => self.gates.put(entered.block, gate),
                None => Arc::new(Gate::nameless(py, entered.blocked_by)),
            },
        };
        Ok(BlockedDecision::new(gate, entered))
    }
}

/// The numbers that the caller brings, or random ones.
fn rolls(given: Option<&Roll>) -> Rolls<'_> {
    given.map_or_else(|| Rolls::seeded(random::seed()), |roll| Rolls::given(&roll.0))
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (app, namespace = None, labels = None, clock = None))]
    #[pyo3(text_signature = "(app, namespace='default', labels=None, clock=None)")]
    fn new(
        py: Python<'_>,
        app: Text,
        namespace: Option<Text>,
        labels: Option<Labels>,
        clock: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        stopped(|| {
            let mut config = Config::new(app.as_str());
            if let Some(namespace) = namespace {
                config.namespace = namespace.as_str().to_owned();
            }
            config.labels = labels.map(|labels| labels.0).unwrap_or_default();
            let handle = open(config).map_err(raise)?;
            Ok(Engine { handle, clock, names: Names::new(py), gates: Kept::new(), answers: Kept::new() })
        })
    }

    /// Asks to enter and answers with a value: an `Entry` for a pass, else a
    /// `BlockedDecision`. It never sleeps: wait `entry.wait` seconds first.
    #[pyo3(signature = (resource, cost = Cost::ONE, direction = Direction::Inbound))]
    #[pyo3(text_signature = "($self, resource, cost=1, direction='inbound')")]
    fn decide<'py>(
        slf: &Bound<'py, Self>,
        resource: &Bound<'py, PyString>,
        cost: Cost,
        direction: Direction,
    ) -> PyResult<Bound<'py, PyAny>> {
        stopped(|| {
            let (py, engine) = (slf.py(), slf.get());
            let entered = engine.ask(resource, &cost, direction)?;
            if entered.blocked_by == 0 {
                Ok(Bound::new(py, Entry::new(slf.clone().unbind(), &entered))?.into_any())
            } else {
                Ok(Bound::new(py, engine.block(py, &entered)?)?.into_any())
            }
        })
    }

    /// Enters: gives an open `Entry`, after sleeping where the rules space entries
    /// out, or raises `Blocked`.
    #[pyo3(signature = (resource, cost = Cost::ONE, direction = Direction::Inbound))]
    #[pyo3(text_signature = "($self, resource, cost=1, direction='inbound')")]
    fn enter<'py>(
        slf: &Bound<'py, Self>,
        resource: &Bound<'py, PyString>,
        cost: Cost,
        direction: Direction,
    ) -> PyResult<Bound<'py, Entry>> {
        stopped(|| {
            let (py, engine) = (slf.py(), slf.get());
            let entered = engine.ask(resource, &cost, direction)?;
            if entered.blocked_by != 0 {
                let decision = Bound::new(py, engine.block(py, &entered)?)?;
                return Err(blocked(py, decision.into_any().unbind()));
            }
            let entry = Bound::new(py, Entry::new(slf.clone().unbind(), &entered))?;
            if entered.wait > 0 {
                let slept = py.import("time")?.call_method1("sleep", (entered.wait as f64 / 1e9,));
                // Ctrl-C while it waits: the entry goes back, not to the caller.
                if let Err(error) = slept {
                    let _ = entry.get().withdraw(py)?;
                    return Err(error);
                }
            }
            Ok(entry)
        })
    }

    /// Where a request goes, and what is done with it on the way: a `Routing`.
    ///
    /// `headers` is a mapping of names, in any case, to a value or several, or an
    /// iterable of pairs. `roll` is a number of 0 up to 1, or several, instead of
    /// random ones; the same `hash` always gets the same pick, without a roll.
    #[pyo3(signature = (host, *, method = None, path = None, scheme = None, port = None, headers = None,
        client = None, source_labels = None, source_namespace = None, source_gateway = None, roll = None, hash = None))]
    #[pyo3(text_signature = "($self, host, *, method='GET', path='/', scheme='http', port=None, headers=None, \
        client=None, source_labels=None, source_namespace=None, source_gateway=None, roll=None, hash=None)")]
    #[expect(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn route(
        &self,
        py: Python<'_>,
        host: Text,
        method: Option<Text>,
        path: Option<Text>,
        scheme: Option<Text>,
        port: Option<Port>,
        headers: Option<&Bound<'_, PyAny>>,
        client: Option<Text>,
        source_labels: Option<Labels>,
        source_namespace: Option<Text>,
        source_gateway: Option<Text>,
        roll: Option<Roll>,
        hash: Option<Text>,
    ) -> PyResult<Py<PyAny>> {
        stopped(|| {
            let source = Source { labels: source_labels, namespace: source_namespace, gateway: source_gateway };
            let asked = AskedRequest { host, method, path, scheme, port, client, source, hash };
            headers::read(headers, |headers| {
                route::request(py, self.handle, &self.answers, &asked.with(headers), &rolls(roll.as_ref()))
            })
        })
    }

    /// Where a connection goes, by the TLS and TCP routes: a `Routing`.
    #[pyo3(signature = (host, *, port = None, sni = None, address = None, client = None, source_labels = None,
        source_namespace = None, source_gateway = None, roll = None, hash = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of one Python call")]
    fn connect(
        &self,
        py: Python<'_>,
        host: Text,
        port: Option<Port>,
        sni: Option<Text>,
        address: Option<Text>,
        client: Option<Text>,
        source_labels: Option<Labels>,
        source_namespace: Option<Text>,
        source_gateway: Option<Text>,
        roll: Option<Roll>,
        hash: Option<Text>,
    ) -> PyResult<Py<PyAny>> {
        stopped(|| {
            let source = Source { labels: source_labels, namespace: source_namespace, gateway: source_gateway };
            let asked = AskedConnection { host, port, sni, address, client, source, hash };
            route::connection(py, self.handle, &self.answers, &asked.connection(), &rolls(roll.as_ref()))
        })
    }

    /// The version of the rules in force, 0 before the first.
    #[getter]
    fn version(&self) -> PyResult<u64> {
        stopped(|| call::version(self.handle).map_err(raise))
    }

    /// Tells how loaded the system is, until the next call; what is None is unknown.
    #[pyo3(signature = (*, cpu = None, load1 = None, memory = None))]
    fn set_system_load(
        &self,
        py: Python<'_>,
        cpu: Option<f64>,
        load1: Option<f64>,
        memory: Option<f64>,
    ) -> PyResult<()> {
        stopped(|| {
            let [cpu, load1, memory] = [cpu, load1, memory].map(|figure| figure.unwrap_or(f64::NAN));
            call::set_system_load(self.handle, cpu, load1, memory, self.now(py)?).map_err(raise)
        })
    }

    /// Whether the rules in force look at the system's load: while they don't,
    /// nobody needs to measure it.
    #[getter]
    fn needs_system_load(&self) -> PyResult<bool> {
        stopped(|| call::needs_system_load(self.handle).map_err(raise))
    }

    /// The state of the breaker that a strategy is for a target, both as the rules
    /// write them: "closed", "open", "half-open", or None.
    fn breaker_state(&self, target: Text, strategy: Text) -> PyResult<Option<String>> {
        stopped(|| {
            let state = call::breaker_state(self.handle, target.as_str(), strategy.as_str()).map_err(raise)?;
            Ok(if state.is_empty() { None } else { Some(state) })
        })
    }

    /// Closes the engine. Closing it again does nothing; every other use of it is a
    /// `SergoError` from now on.
    fn close(&self) -> PyResult<()> {
        stopped(|| match close(self.handle) {
            Ok(()) | Err(Code::Closed) => Ok(()),
            Err(code) => Err(raise(code)),
        })
    }

    /// Replaces all rules by named texts, as one push; the report as JSON.
    fn _apply(&self, py: Python<'_>, sources: Vec<(Text, Text)>) -> PyResult<String> {
        stopped(|| {
            let handle = self.handle;
            let applied = py.detach(|| {
                let sources: Vec<_> = sources
                    .iter()
                    .map(|(name, text)| sergo::Source { name: name.as_str(), text: text.as_str() })
                    .collect();
                call::apply(handle, &sources)
            });
            applied.map_err(raise)
        })
    }

    /// Takes what discovery knows of a host, as JSON.
    fn _set_instances(&self, host: Text, json: Text) -> PyResult<()> {
        stopped(|| call::set_instances(self.handle, host.as_str(), json.as_str()).map_err(raise))
    }

    /// The events since the last call, as JSON.
    fn _drain_events(&self) -> PyResult<String> {
        stopped(|| call::drain_events(self.handle).map_err(raise))
    }

    /// What an entry would be answered, and why, as JSON.
    fn _explain(&self, py: Python<'_>, resource: Text, cost: Cost, direction: Direction) -> PyResult<String> {
        stopped(|| {
            let outbound = direction == Direction::Outbound;
            call::explain(self.handle, resource.as_str(), cost.0, outbound, self.now(py)?).map_err(raise)
        })
    }

    /// Takes a sample of the system's load.
    fn _sample_system(&self, py: Python<'_>) -> PyResult<()> {
        stopped(|| {
            let (handle, now) = (self.handle, self.now(py)?);
            py.detach(|| call::sample_system(handle, now)).map_err(raise)
        })
    }

    /// The counters, as JSON.
    fn _figures(&self) -> PyResult<String> {
        stopped(|| call::figures(self.handle).map_err(raise))
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.clock)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Closed already, most often; a panic must not leave a finalizer either.
        let _ = stopped(|| close(self.handle).map_err(raise));
    }
}
