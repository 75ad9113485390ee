//! A session with a control plane; `sergo._control_plane` owns its socket.

use crate::engine::Engine;
use crate::error::{raise, stopped};
use crate::text::Text;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use sergo_border::session::{self, Step};

/// A session that sets an engine's rules. It takes no lock over Python code, and
/// lets other threads run while it applies rules.
#[pyclass(frozen, module = "sergo._sergo")]
pub(crate) struct Session(u64);

#[pymethods]
impl Session {
    #[new]
    fn new(engine: &Bound<'_, Engine>, options: Text, seed: u64) -> PyResult<Self> {
        stopped(|| session::open(engine.get().handle(), options.as_str(), seed).map(Session).map_err(raise))
    }

    /// The stream can be sent on.
    fn connected(&self, stream: u64) -> PyResult<()> {
        stopped(|| session::connected(self.0, stream).map_err(raise))
    }

    /// A whole message has come.
    fn received(&self, py: Python<'_>, stream: u64, message: &[u8]) -> PyResult<()> {
        stopped(|| py.detach(|| session::received(self.0, stream, message)).map_err(raise))
    }

    /// The stream has come to an end, or could not be opened.
    fn closed(&self, stream: u64, reason: Text) -> PyResult<()> {
        stopped(|| session::closed(self.0, stream, reason.as_str()).map_err(raise))
    }

    /// Nothing but that time has passed.
    fn time(&self) -> PyResult<()> {
        stopped(|| session::time(self.0).map_err(raise))
    }

    /// What is to be done next: `("dial", stream, address)`, `("send", stream,
    /// bytes)`, `("close", stream, reason)`, `("applied", 0, report)`, or None.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, u64, Bound<'py, PyAny>)>> {
        stopped(|| {
            let text = |text: String| PyString::new(py, &text).into_any();
            Ok(match py.detach(|| session::poll(self.0)).map_err(raise)? {
                None => None,
                Some(Step::Dial { stream, address }) => Some(("dial", stream, text(address))),
                Some(Step::Send { stream, bytes }) => Some(("send", stream, PyBytes::new(py, &bytes).into_any())),
                Some(Step::Close { stream, reason }) => Some(("close", stream, text(reason))),
                Some(Step::Applied { report }) => Some(("applied", 0, text(report))),
            })
        })
    }

    /// After how many seconds it wants to be told of the time; None is never.
    fn wait(&self) -> PyResult<Option<f64>> {
        stopped(|| {
            let nanos = session::wait(self.0).map_err(raise)?;
            Ok((nanos != u64::MAX).then_some(nanos as f64 / 1e9))
        })
    }

    /// The state, as JSON.
    fn state(&self) -> PyResult<String> {
        stopped(|| session::state(self.0).map_err(raise))
    }

    /// The last good documents, for `restore`.
    fn save(&self, py: Python<'_>) -> PyResult<String> {
        stopped(|| py.detach(|| session::save(self.0)).map_err(raise))
    }

    /// Takes saved documents, for the next `poll`; why it does not, or nothing.
    fn restore(&self, py: Python<'_>, text: Text) -> PyResult<String> {
        stopped(|| py.detach(|| session::restore(self.0, text.as_str())).map_err(raise))
    }

    /// Subscribes to a kind for an app.
    fn subscribe(&self, app: Text, kind: Text) -> PyResult<bool> {
        stopped(|| session::subscribe(self.0, app.as_str(), kind.as_str()).map_err(raise))
    }

    /// Ends a subscription.
    fn unsubscribe(&self, app: Text, kind: Text) -> PyResult<bool> {
        stopped(|| session::unsubscribe(self.0, app.as_str(), kind.as_str()).map_err(raise))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = stopped(|| session::close(self.0).map_err(raise));
    }
}

/// The message by which a process reports its services; both texts are JSON.
#[pyfunction]
pub(crate) fn metadata<'py>(py: Python<'py>, app: Text, node: Text, services: Text) -> PyResult<Bound<'py, PyBytes>> {
    stopped(|| {
        let message = sergo_border::metadata::metadata(app.as_str(), node.as_str(), services.as_str());
        Ok(PyBytes::new(py, &message.map_err(raise)?))
    })
}
