//! An entry that passed, open until it exits.

use crate::engine::Engine;
use crate::error::{done, stopped};
use pyo3::prelude::*;
use sergo::{Code, Permit};
use sergo_border::call::{self, Entered};
use std::sync::atomic::{AtomicBool, Ordering};

/// An entry that passed. It is open until `exit`, or until the end of its `with`
/// block, where an exception counts as an error.
///
/// `engine.enter` has waited already when it gives one out. `engine.decide` never
/// waits: the caller waits `wait` seconds first.
#[pyclass(frozen, module = "sergo")]
pub(crate) struct Entry {
    engine: Py<Engine>,
    permit: [u64; Permit::WORDS],
    wait: u64,
    open: AtomicBool,
}

impl Entry {
    pub(crate) fn new(engine: Py<Engine>, entered: &Entered) -> Self {
        Entry { engine, permit: entered.permit, wait: entered.wait, open: AtomicBool::new(true) }
    }

    /// Gives the permit back after the call.
    pub(crate) fn leave(&self, py: Python<'_>, error: bool) -> PyResult<Result<(), Code>> {
        self.give_back(py, |engine, permit, now| call::exit(engine, permit, error, now))
    }

    /// Gives the permit back without a call.
    pub(crate) fn withdraw(&self, py: Python<'_>) -> PyResult<Result<(), Code>> {
        self.give_back(py, call::cancel)
    }

    /// Gives the permit back, the first time that it is called. The clock is read
    /// before: should it fail, the permit can still be given back.
    #[inline]
    fn give_back(
        &self,
        py: Python<'_>,
        back: impl FnOnce(u64, [u64; Permit::WORDS], u64) -> Result<(), Code>,
    ) -> PyResult<Result<(), Code>> {
        let engine = self.engine.get();
        if !self.open.load(Ordering::Acquire) {
            return Ok(Ok(()));
        }
        let now = engine.now(py)?;
        if !self.open.swap(false, Ordering::AcqRel) {
            return Ok(Ok(()));
        }
        Ok(back(engine.handle(), self.permit, now))
    }
}

#[pymethods]
impl Entry {
    /// Always true: a `BlockedDecision` says false.
    #[getter]
    fn passed(&self) -> bool {
        true
    }

    /// How many seconds to wait before going on; 0.0 is not at all.
    #[getter]
    fn wait(&self) -> f64 {
        self.wait as f64 / 1e9
    }

    /// How many nanoseconds to wait before going on; 0 is not at all.
    #[getter]
    fn wait_ns(&self) -> u64 {
        self.wait
    }

    /// Leaves; `error` says whether the call failed. Leaving again does nothing,
    /// nor does leaving an engine that is closed.
    #[pyo3(signature = (error = false))]
    fn exit(&self, py: Python<'_>, error: bool) -> PyResult<()> {
        stopped(|| done(self.leave(py, error)?))
    }

    /// Leaves without a call having begun, because its wait was broken off: it
    /// counts as none, and a breaker does not judge by it. Leaving again does
    /// nothing.
    fn cancel(&self, py: Python<'_>) -> PyResult<()> {
        stopped(|| done(self.withdraw(py)?))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Leaves, and never replaces what the block itself came to: that sergo has
    /// failed, the next entry says.
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        stopped(|| self.leave(py, !kind.is_none()).map(|_| ()))
    }

    fn __repr__(&self) -> String {
        let state = if self.open.load(Ordering::Acquire) { "open" } else { "exited" };
        format!("<sergo.Entry {state}, wait={:?}>", self.wait())
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.engine)
    }
}
