//! The pyo3 binding of sergo.
