//! The engine, as far as a request touches it; `sergo.Engine` adds the rest.

use crate::block::{BlockedDecision, Gate};
use crate::entry::Entry;
use crate::error::{blocked, raise, stopped};
use crate::kept::Kept;
use crate::names::Names;
use crate::pick::{CameOf, Hosts, KnownInstance, Pick};
use crate::request::{AskedConnection, AskedRequest, AskedRpc, Source};
use crate::route::{self, Known};
use crate::text::{Cost, Direction, Labels, Port, Roll, Text, utf8};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};
use sergo::{Code, Config};
use sergo_border::call::{self, Entered};
use sergo_border::{NOW, close, open, text, with};
use std::sync::Arc;

/// The engine without what Python adds: make a `sergo.Engine`.
#[pyclass(frozen, subclass, module = "sergo._sergo")]
pub(crate) struct Engine {
    handle: u64,
    clock: Option<Py<PyAny>>,
    names: Names,
    gates: Kept<u64, Gate>,
    pub(crate) answers: Kept<u64, Known>,
    pub(crate) hosts: Hosts,
    pub(crate) instances: Kept<u64, KnownInstance>,
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
        let gate = match self.gates.get(&entered.block) {
            Some(gate) => gate,
            None => match Gate::describe(py, self.handle, entered.block)? {
                Some(gate) => self.gates.put(entered.block, gate),
                None => Arc::new(Gate::nameless(py, entered.blocked_by)),
            },
        };
        Ok(BlockedDecision::new(gate, entered))
    }
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
            Ok(Engine {
                handle,
                clock,
                names: Names::new(py),
                gates: Kept::new(),
                answers: Kept::new(),
                hosts: Kept::new(),
                instances: Kept::new(),
            })
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
    #[pyo3(signature = (host, *, method = None, path = None, scheme = None, port = None, headers = None, client = None,
        source_labels = None, source_namespace = None, source_gateway = None, rpc = None, roll = None, hash = None))]
    #[pyo3(text_signature = "($self, host, *, method='GET', path='/', scheme='http', port=None, headers=None, \
        client=None, source_labels=None, source_namespace=None, source_gateway=None, rpc=None, roll=None, hash=None)")]
    #[expect(clippy::too_many_arguments, reason = "keywords of one Python call, which a dict of would cost more")]
    fn route<'py>(
        &self,
        py: Python<'py>,
        host: Text,
        method: Option<Text>,
        path: Option<Text>,
        scheme: Option<Text>,
        port: Option<Port>,
        headers: Option<Bound<'py, PyAny>>,
        client: Option<Text>,
        source_labels: Option<Labels>,
        source_namespace: Option<Text>,
        source_gateway: Option<Text>,
        rpc: Option<AskedRpc>,
        roll: Option<Roll>,
        hash: Option<Text>,
    ) -> PyResult<Py<PyAny>> {
        stopped(|| {
            let source = Source { labels: source_labels, namespace: source_namespace, gateway: source_gateway };
            let asked = AskedRequest { host, method, path, scheme, port, headers, client, source, rpc, roll, hash };
            route::request(py, self, &asked)
        })
    }

    /// Where a request goes, as `route` says it, and which instance takes it: a
    /// `Pick`, on whose instance it counts as in flight until it is reported.
    #[pyo3(signature = (host, *, method = None, path = None, scheme = None, port = None, headers = None, client = None,
        source_labels = None, source_namespace = None, source_gateway = None, rpc = None, roll = None, hash = None))]
    #[pyo3(text_signature = "($self, host, *, method='GET', path='/', scheme='http', port=None, headers=None, \
        client=None, source_labels=None, source_namespace=None, source_gateway=None, rpc=None, roll=None, hash=None)")]
    #[expect(clippy::too_many_arguments, reason = "keywords of one Python call, which a dict of would cost more")]
    fn pick<'py>(
        slf: &Bound<'py, Self>,
        host: Text,
        method: Option<Text>,
        path: Option<Text>,
        scheme: Option<Text>,
        port: Option<Port>,
        headers: Option<Bound<'py, PyAny>>,
        client: Option<Text>,
        source_labels: Option<Labels>,
        source_namespace: Option<Text>,
        source_gateway: Option<Text>,
        rpc: Option<AskedRpc>,
        roll: Option<Roll>,
        hash: Option<Text>,
    ) -> PyResult<Pick> {
        stopped(|| {
            let source = Source { labels: source_labels, namespace: source_namespace, gateway: source_gateway };
            let asked = AskedRequest { host, method, path, scheme, port, headers, client, source, rpc, roll, hash };
            Pick::ask(slf, &asked)
        })
    }

    /// Tells what came of a call to an instance of a host: "success", "error",
    /// "gateway-error", "local-error" or "cancelled".
    fn report(&self, py: Python<'_>, host: Text, instance: Text, outcome: CameOf) -> PyResult<()> {
        stopped(|| {
            let now = self.now(py)?;
            let told = with(self.handle, |engine| {
                engine.engine().report(host.as_str(), instance.as_str(), outcome.0, engine.tick(now));
                Ok(())
            });
            told.map_err(raise)
        })
    }

    /// The lane of a request that comes in, a `Label`, or None. Where `trust` is
    /// false the lane that it carries is not believed.
    #[pyo3(signature = (*, trust = true, **request))]
    #[pyo3(text_signature = "($self, *, method='GET', path='/', scheme='http', port=None, headers=None, client=None, \
        source_labels=None, source_namespace=None, source_gateway=None, rpc=None, trust=True)")]
    fn label<'py>(
        &self,
        py: Python<'py>,
        trust: bool,
        request: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        stopped(|| {
            let asked = AskedRequest::read(Text::default(), request)?;
            let label = asked
                .ask(|request, _| with(self.handle, |host| Ok(host.engine().label(request, trust))).map_err(raise))?;
            let class = CLASS.import(py, "sergo._lanes", "Label")?;
            label.map(|label| class.call1((label.lane, label.key))).transpose()
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
            route::connection(py, self, &asked, roll.as_ref())
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

    /// Takes what has changed of a host, as JSON.
    fn _update_instances(&self, host: Text, changed: Text, gone: Text) -> PyResult<()> {
        stopped(|| call::update_instances(self.handle, host.as_str(), changed.as_str(), gone.as_str()).map_err(raise))
    }

    /// The ids of the instances of a host that are ejected, as JSON.
    fn _ejected(&self, py: Python<'_>, host: Text) -> PyResult<String> {
        stopped(|| call::ejected(self.handle, host.as_str(), self.now(py)?).map_err(raise))
    }

    /// What the routes of a host look at, or for an empty host `label`, as JSON.
    fn _required(&self, host: Text) -> PyResult<String> {
        stopped(|| call::required(self.handle, host.as_str()).map_err(raise))
    }

    /// The limits for connections to a host, as JSON; empty for none.
    fn _connection_pool(&self, host: Text, subset: Option<Text>) -> PyResult<String> {
        stopped(|| {
            let subset = subset.as_ref().map(Text::as_str);
            call::connection_pool(self.handle, host.as_str(), subset).map_err(raise)
        })
    }

    /// Which route a request goes by, and why none before it does, as JSON.
    #[pyo3(signature = (host, **request))]
    fn _explain_route(&self, py: Python<'_>, host: Text, request: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
        stopped(|| {
            let now = self.now(py)?;
            AskedRequest::read(host, request)?.ask(|request, rolls| {
                let explained = with(self.handle, |host| {
                    let tick = host.tick(now);
                    Ok(text::explanation(&host.engine().explain_route(request, &mut rolls.clone(), tick)))
                });
                explained.map_err(raise)
            })
        })
    }

    /// Which lane `label` says that a request is of, and why, as JSON.
    #[pyo3(signature = (*, trust = true, **request))]
    fn _explain_label(&self, trust: bool, request: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
        stopped(|| {
            AskedRequest::read(Text::default(), request)?.ask(|request, _| {
                let explained =
                    with(self.handle, |host| Ok(text::explanation(&host.engine().explain_label(request, trust))));
                explained.map_err(raise)
            })
        })
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
