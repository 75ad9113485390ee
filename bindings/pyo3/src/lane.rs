//! Lanes, as they go on to the next call.

use crate::error::stopped;
use crate::text::Text;
use pyo3::prelude::*;
use sergo_border::call;

/// The `baggage` header of the next call: that of the one that came in, and the
/// lane under its key.
#[pyfunction]
pub(crate) fn baggage(incoming: Text, key: Text, lane: Text) -> PyResult<String> {
    stopped(|| Ok(call::baggage(incoming.as_str(), key.as_str(), lane.as_str())))
}
