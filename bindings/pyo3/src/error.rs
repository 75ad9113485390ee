//! What goes wrong, as Python sees it: `sergo.SergoError` and `sergo.Blocked`,
//! which the package itself defines.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use sergo::Code;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The module that defines the exceptions.
const ERRORS: &str = "sergo._errors";

/// Runs `call`. A panic in it becomes a `SergoError`: pyo3 would make it a
/// `PanicException`, which no `except Exception` catches.
#[inline]
pub(crate) fn stopped<T>(call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err(raise(Code::Panicked)))
}

/// The exception for a code of the border.
#[cold]
pub(crate) fn raise(code: Code) -> PyErr {
    sergo_error(code, code.sentence())
}

/// The exception for an argument that is out of its bounds.
#[cold]
pub(crate) fn argument(message: &str) -> PyErr {
    sergo_error(Code::Argument, message)
}

/// Closed is as good as given back.
pub(crate) fn done(given_back: Result<(), Code>) -> PyResult<()> {
    match given_back {
        Ok(()) | Err(Code::Closed) => Ok(()),
        Err(code) => Err(raise(code)),
    }
}

fn sergo_error(code: Code, message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    Python::attach(|py| match CLASS.import(py, ERRORS, "SergoError") {
        Ok(class) => PyErr::from_type(class.clone(), (code.word(), message.to_owned())),
        Err(error) => error,
    })
}

/// `sergo.Blocked` with the decision that it stands for.
pub(crate) fn blocked(py: Python<'_>, decision: Py<PyAny>) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match CLASS.import(py, ERRORS, "Blocked") {
        Ok(class) => PyErr::from_type(class.clone(), (decision,)),
        Err(error) => error,
    }
}

/// Panics inside the border, on purpose: what a test sees instead is a
/// `SergoError`.
#[cfg(feature = "test-panic")]
#[pyfunction]
pub(crate) fn _panic_on_purpose(engine: &Bound<'_, crate::engine::Engine>) -> PyResult<()> {
    stopped(|| sergo_border::call::panic_on_purpose(engine.get().handle()).map_err(raise))
}
