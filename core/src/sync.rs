//! What threads share: the atomics, and [`Swap`], the one cell through which
//! rules reach requests. Under `--cfg loom` the same names are loom's.

#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

pub use std::sync::{Arc, OnceLock};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value that many threads read while one replaces it whole. A read takes no
/// lock and waits for no writer.
#[derive(Debug)]
pub struct Swap<T>(arc_swap::ArcSwap<T>);

impl<T> Swap<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        Self(arc_swap::ArcSwap::from_pointee(value))
    }

    /// The value of this moment, kept alive by the guard.
    pub fn load(&self) -> arc_swap::Guard<Arc<T>> {
        self.0.load()
    }

    /// The value of this moment, to keep for longer than a call.
    pub fn load_full(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Puts `value` in its place; readers see the old one or the new one.
    pub fn store(&self, value: Arc<T>) {
        self.0.store(value);
    }
}

/// Locks without the chance of a panic: a poisoned lock is taken all the same,
/// since every writer here leaves its value whole at each step.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value on cache lines of its own: what other threads write next to it
/// doesn't slow it down. Two lines of 64 bytes, since they are fetched in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Padded<T>(pub T);
