//! What threads share: the atomics, and [`Swap`], the one cell through which
//! rules reach requests. Under `--cfg loom` the same names are loom's.

#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

#[cfg(loom)]
pub use model::OnceLock;
pub use std::sync::Arc;
#[cfg(not(loom))]
pub use std::sync::OnceLock;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(loom)]
pub use model::{Loaded, Swap};
#[cfg(not(loom))]
pub use swap::{Loaded, Swap};

#[cfg(not(loom))]
mod swap {
    use super::Arc;

    /// A value that was loaded, kept alive.
    pub type Loaded<T> = arc_swap::Guard<Arc<T>>;

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
        pub fn load(&self) -> Loaded<T> {
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

#[cfg(loom)]
mod model {
    use super::{Arc, AtomicBool, Ordering};

    /// A value that was loaded, kept alive.
    pub type Loaded<T> = Arc<T>;

    /// A cell as the real one is seen from outside: a read gets the value of one
    /// moment. How `arc_swap` comes to that is its own proof.
    #[derive(Debug)]
    pub struct Swap<T>(loom::sync::Mutex<Arc<T>>);

    impl<T> Swap<T> {
        /// A cell that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(Arc::new(value)))
        }

        /// The value of this moment.
        pub fn load(&self) -> Loaded<T> {
            self.load_full()
        }

        /// The value of this moment, to keep for longer than a call.
        pub fn load_full(&self) -> Arc<T> {
            Arc::clone(&self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
        }

        /// Puts `value` in its place; readers see the old one or the new one.
        pub fn store(&self, value: Arc<T>) {
            *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = value;
        }
    }

    /// A `std::sync::OnceLock` whose order loom can see: it takes what one thread
    /// writes into a value for unknown to the others until a flag of its own says so.
    #[derive(Debug)]
    pub struct OnceLock<T> {
        value: std::sync::OnceLock<T>,
        is_set: AtomicBool,
        setting: loom::sync::Mutex<()>,
    }

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<T> OnceLock<T> {
        /// Without a value.
        pub fn new() -> Self {
            let (value, is_set) = (std::sync::OnceLock::new(), AtomicBool::new(false));
            OnceLock { value, is_set, setting: loom::sync::Mutex::new(()) }
        }

        /// The value, if there is one.
        pub fn get(&self) -> Option<&T> {
            if self.is_set.load(Ordering::Acquire) { self.value.get() } else { None }
        }

        /// The value, made if there is none.
        pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            if let Some(value) = self.get() {
                return value;
            }
            let _setting = self.setting.lock();
            let value = self.value.get_or_init(make);
            self.is_set.store(true, Ordering::Release);
            value
        }
    }
}
