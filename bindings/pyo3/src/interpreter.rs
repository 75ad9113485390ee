//! One interpreter per process: classes are kept in statics, and those of one that has
//! ended would be used by another. Python itself does not ask before 3.12, and PyO3 not
//! of a module like this.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicI64, Ordering};

/// No interpreter has this number.
const NOBODY: i64 = -1;

/// The number of the one that runs, which lives as long as its process.
#[cfg(not(windows))]
fn current() -> i64 {
    // SAFETY: called while the module is made, by a thread that is attached.
    unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) }
}

/// Where Python 3.9 cannot be asked, each that comes counts as another.
#[cfg(windows)]
fn current() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// Fails in any other interpreter than the first that asks.
pub(crate) fn first_only() -> PyResult<()> {
    static FIRST: AtomicI64 = AtomicI64::new(NOBODY);
    let current = current();
    match FIRST.compare_exchange(NOBODY, current, Ordering::Relaxed, Ordering::Relaxed) {
        Err(first) if first != current => Err(PyImportError::new_err(
            "sergo is used by another interpreter of this process, and does not work in subinterpreters: \
             use processes or threads (with mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
        )),
        _ => Ok(()),
    }
}
