//! The ids of resource names, so that a request's name is hashed by Python, once,
//! and never copied.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// So many names are kept; then all are forgotten and resolved again.
const MOST: usize = 10_000;

/// Names longer than this many bytes are resolved each time: no rule names them.
const LONGEST: usize = 1024;

/// Ids by name, those of names that no rule governs included: they too go stale
/// when a rule comes to name another resource.
pub(crate) struct Names(Py<PyDict>);

impl Names {
    pub(crate) fn new(py: Python<'_>) -> Self {
        Names(PyDict::new(py).unbind())
    }

    #[inline]
    pub(crate) fn get(&self, name: &Bound<'_, PyString>) -> PyResult<Option<u64>> {
        match self.0.bind(name.py()).get_item(name)? {
            Some(id) => id.extract().map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn put(&self, name: &Bound<'_, PyString>, length: usize, id: u64) -> PyResult<()> {
        if length > LONGEST {
            return Ok(());
        }
        let names = self.0.bind(name.py());
        if names.len() >= MOST {
            names.clear();
        }
        names.set_item(name, id)
    }

    /// Forgets all: when one id is stale, every id is.
    pub(crate) fn clear(&self, py: Python<'_>) {
        self.0.bind(py).clear();
    }
}
