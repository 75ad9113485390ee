//! The ids of resource names, so that a request's name is hashed by Python, once,
//! and never copied.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// So many names are kept; then all are forgotten and resolved again.
const MOST: usize = 10_000;

/// Ids by name. Only names that rules govern are kept: others have no id that
/// could become stale, so keeping them would hide a rule that comes later.
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

    pub(crate) fn put(&self, name: &Bound<'_, PyString>, id: u64) -> PyResult<()> {
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
