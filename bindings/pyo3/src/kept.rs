//! What an id of the engine stands for, looked up once and then kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept; then all are forgotten and looked up again.
const MOST: usize = 10_000;

/// Values by id. An id always stands for the same value, so nothing here goes
/// out of date.
///
/// The lock is never held while Python code runs, and never while the thread is
/// detached from the interpreter: a fork finds it open.
pub(crate) struct Kept<T>(Mutex<HashMap<u64, Arc<T>>>);

impl<T> Kept<T> {
    pub(crate) fn new() -> Self {
        Kept(Mutex::new(HashMap::new()))
    }

    pub(crate) fn get(&self, id: u64) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(crate) fn put(&self, id: u64, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is forgotten goes after the lock: a finalizer may call back.
        let forgotten = if map.len() >= MOST { std::mem::take(&mut *map) } else { HashMap::new() };
        map.insert(id, value.clone());
        drop(map);
        drop(forgotten);
        value
    }
}
