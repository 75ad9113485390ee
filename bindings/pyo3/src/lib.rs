//! The Python binding of sergo: the module `sergo._sergo`, whose classes the
//! package `sergo` (folder `python/`) completes.
//!
//! Only what a request touches is here: entering, exiting, routing, lanes. The cold
//! answers cross as JSON and become dataclasses in Python. Every call that runs
//! code of ours is [`stopped`](error::stopped), so that no panic leaves it.

mod block;
mod engine;
mod entry;
mod error;
mod headers;
#[cfg(target_os = "linux")]
mod inotify;
mod interpreter;
mod kept;
mod lane;
mod names;
mod pick;
mod random;
mod request;
mod route;
mod session;
mod text;

/// The part of sergo that is written in Rust.
#[pyo3::pymodule]
mod _sergo {
    #[pymodule_init]
    fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        crate::interpreter::first_only()
    }

    #[pymodule_export]
    use crate::block::BlockedDecision;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::entry::Entry;
    #[cfg(feature = "test-panic")]
    #[pymodule_export]
    use crate::error::_panic_on_purpose;
    #[cfg(target_os = "linux")]
    #[pymodule_export]
    use crate::inotify::{inotify, inotify_forget, inotify_watch};
    #[pymodule_export]
    use crate::lane::baggage;
    #[pymodule_export]
    use crate::pick::Pick;
    #[pymodule_export]
    use crate::random::reseed;
    #[pymodule_export]
    use crate::session::{Session, metadata};
}
