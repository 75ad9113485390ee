//! A block as a value.

use crate::error::raise;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};
use sergo::{Block, BlockId, Code, Fallback, StrategyKind};
use sergo_border::call::Entered;
use std::sync::Arc;

/// The names behind a block's id, as Python's own text.
pub(crate) struct Gate {
    strategy: Py<PyString>,
    name: Py<PyString>,
    rule: Py<PyString>,
    fallback: Option<Py<PyAny>>,
}

impl Gate {
    /// Looks a block's names up.
    pub(crate) fn describe(py: Python<'_>, handle: u64, id: u64) -> PyResult<Option<Gate>> {
        let found = sergo_border::with(handle, |host| host.engine().block(BlockId(id)).ok_or(Code::Stale));
        match found {
            Ok(block) => Gate::from(py, &block).map(Some),
            Err(Code::Stale) => Ok(None),
            Err(code) => Err(raise(code)),
        }
    }

    fn from(py: Python<'_>, block: &Block) -> PyResult<Gate> {
        Ok(Gate {
            strategy: PyString::intern(py, block.strategy.as_str()).unbind(),
            name: PyString::new(py, &block.strategy_name).unbind(),
            rule: PyString::new(py, &block.rule).unbind(),
            fallback: block.fallback.as_ref().map(|fallback| response(py, fallback)).transpose()?,
        })
    }

    /// What the decision itself says, for a block whose names are no longer kept.
    pub(crate) fn nameless(py: Python<'_>, kind: u8) -> Gate {
        let strategy = StrategyKind::from_number(kind).map_or("", StrategyKind::as_str);
        let empty = || PyString::intern(py, "").unbind();
        Gate { strategy: PyString::intern(py, strategy).unbind(), name: empty(), rule: empty(), fallback: None }
    }
}

fn response(py: Python<'_>, fallback: &Fallback) -> PyResult<Py<PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let headers = PyTuple::new(py, &fallback.headers)?;
    let class = CLASS.import(py, "sergo._errors", "Fallback")?;
    Ok(class.call1((fallback.status, &fallback.body, headers))?.unbind())
}

/// The value form of a block: the entry may not go on, and has left no trace.
#[pyclass(frozen, module = "sergo")]
pub(crate) struct BlockedDecision {
    gate: Arc<Gate>,
    /// One more than the nanoseconds; 0 is unknown.
    retry_after_plus_one: u64,
}

impl BlockedDecision {
    pub(crate) fn new(gate: Arc<Gate>, entered: &Entered) -> Self {
        BlockedDecision { gate, retry_after_plus_one: entered.retry_after_plus_one }
    }

    /// All that it says, in the order of the arguments that make one.
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let fields = (self.strategy(py), self.name(py), self.rule(py), self.retry_after_ns(), self.fallback(py));
        fields.into_pyobject(py)
    }
}

#[pymethods]
impl BlockedDecision {
    #[new]
    #[pyo3(signature = (strategy, name, rule, retry_after_ns = None, fallback = None))]
    fn make(
        strategy: Py<PyString>,
        name: Py<PyString>,
        rule: Py<PyString>,
        retry_after_ns: Option<u64>,
        fallback: Option<Py<PyAny>>,
    ) -> Self {
        let retry_after_plus_one = retry_after_ns.map_or(0, |nanos| nanos.saturating_add(1));
        BlockedDecision { gate: Arc::new(Gate { strategy, name, rule, fallback }), retry_after_plus_one }
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<BlockedDecision>() {
            Ok(other) => self.fields(py)?.eq(other.get().fields(py)?),
            Err(_) => Ok(false),
        }
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.fields(py)?.hash()
    }

    /// What `pickle` and `copy` make another one from.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        Ok((py.get_type::<Self>(), self.fields(py)?))
    }

    /// Always false: an `Entry` says true.
    #[getter]
    fn passed(&self) -> bool {
        false
    }

    fn __bool__(&self) -> bool {
        false
    }

    /// The kind of the strategy that blocked, as in `RateLimitStrategy`.
    #[getter]
    fn strategy(&self, py: Python<'_>) -> Py<PyString> {
        self.gate.strategy.clone_ref(py)
    }

    /// The name of the strategy that blocked.
    #[getter]
    fn name(&self, py: Python<'_>) -> Py<PyString> {
        self.gate.name.clone_ref(py)
    }

    /// The name of the rule that blocked.
    #[getter]
    fn rule(&self, py: Python<'_>) -> Py<PyString> {
        self.gate.rule.clone_ref(py)
    }

    /// The response that the rule gives, a `Fallback`, or None.
    #[getter]
    fn fallback(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.gate.fallback.as_ref().map(|fallback| fallback.clone_ref(py))
    }

    /// After how many nanoseconds the same entry would pass this gate; None is
    /// unknown.
    #[getter]
    fn retry_after_ns(&self) -> Option<u64> {
        self.retry_after_plus_one.checked_sub(1)
    }

    /// After how many seconds the same entry would pass this gate; None is
    /// unknown.
    #[getter]
    fn retry_after(&self) -> Option<f64> {
        self.retry_after_ns().map(|nanos| nanos as f64 / 1e9)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let gate = &self.gate;
        let retry = self.retry_after().map_or("None".to_owned(), |seconds| format!("{seconds:?}"));
        format!(
            "BlockedDecision(strategy='{}', name='{}', rule='{}', retry_after={retry})",
            gate.strategy.bind(py),
            gate.name.bind(py),
            gate.rule.bind(py),
        )
    }
}
