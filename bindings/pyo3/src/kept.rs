//! What a key of the engine stands for, looked up once and then kept.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept; then all are forgotten and looked up again.
const MOST: usize = 10_000;

/// Values by key: ids of the engine, most often. A key always stands for the same
/// value, or whoever asks sees whether it still does.
///
/// The lock is never held while Python code runs, and never while the thread is
/// detached from the interpreter: a fork finds it open.
pub(crate) struct Kept<K, T>(Mutex<HashMap<K, Arc<T>, RandomState>>);

impl<K: Eq + Hash, T> Kept<K, T> {
    pub(crate) fn new() -> Self {
        Kept(Mutex::new(HashMap::default()))
    }

    pub(crate) fn get(&self, key: &K) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn put(&self, key: K, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What is forgotten goes after the lock: a finalizer may call back.
        let forgotten = if map.len() >= MOST { std::mem::take(&mut *map) } else { HashMap::default() };
        let replaced = map.insert(key, value.clone());
        drop(map);
        drop((forgotten, replaced));
        value
    }
}
