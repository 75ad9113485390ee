//! The system's word that files have changed, where it is Linux: descriptors and
//! numbers for `sergo._watching`, which waits and reads with what Python itself has.

use pyo3::prelude::*;
use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;
use std::io;
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::path::PathBuf;

/// Everything that can change what a look at a folder finds, or what its files hold.
const CHANGES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// What Python raises: the subclass of `OSError` for the number.
fn raise(errno: Errno) -> PyErr {
    io::Error::from(errno).into()
}

/// A descriptor that events can be read from without waiting; the caller's to close.
#[pyfunction]
pub(crate) fn inotify() -> PyResult<RawFd> {
    Ok(init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(raise)?.into_raw_fd())
}

/// Watches a folder: the number that events will have. Two paths of one folder have one.
#[pyfunction]
pub(crate) fn inotify_watch(descriptor: RawFd, path: PathBuf) -> PyResult<i32> {
    // SAFETY: borrowed for this call; one that has been closed is an error of the system's.
    let inotify = unsafe { BorrowedFd::borrow_raw(descriptor) };
    add_watch(inotify, path, CHANGES).map_err(raise)
}

/// Watches a folder no more; that it is gone already does not matter.
#[pyfunction]
pub(crate) fn inotify_forget(descriptor: RawFd, number: i32) {
    // SAFETY: as above.
    let inotify = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let _ = remove_watch(inotify, number);
}
