//! What is served at one moment.

use crate::catalog::{Catalog, Key};
use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};
use sergo::subscribe::wire::{MAX_DOCUMENTS, MAX_MESSAGE};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a push may weigh beside its documents.
const AROUND: usize = 16 << 10;

/// What a subscription gets: shared by all that get the same.
#[derive(Debug)]
pub(crate) struct Set {
    /// Since which version of the rules it is so.
    pub(crate) version: i64,
    /// How many documents it has.
    pub(crate) count: usize,
    /// The field `dataWithVersion`, ready for the wire; or why it cannot be sent.
    pub(crate) data: Result<Bytes, String>,
    /// The documents alone, in it.
    entries: Vec<Bytes>,
}

impl Set {
    fn new(entries: Vec<Bytes>, version: i64) -> Set {
        let count = entries.len();
        let size: usize = entries.iter().map(Bytes::len).sum();
        let data = if size > MAX_MESSAGE - AROUND || count > MAX_DOCUMENTS {
            let most = format!("at most {MAX_DOCUMENTS} and {} bytes", MAX_MESSAGE - AROUND);
            Err(format!("{count} documents of {size} bytes are too many to push: {most}"))
        } else {
            let mut versioned = Vec::new();
            encode_key(2, WireType::Varint, &mut versioned);
            encode_varint(version.cast_unsigned(), &mut versioned);
            let mut data = Vec::with_capacity(size + 2 * AROUND.min(64));
            encode_key(6, WireType::LengthDelimited, &mut data);
            encode_varint((size + versioned.len()) as u64, &mut data);
            entries.iter().for_each(|entry| data.extend_from_slice(entry));
            data.extend(versioned);
            Ok(data.into())
        };
        Set { version, count, data, entries }
    }
}

/// The rules of one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) version: i64,
    pub(crate) catalog: Catalog,
    /// When it was made.
    pub(crate) since: Option<SystemTime>,
    sets: Mutex<HashMap<Key, Arc<Set>>>,
}

impl Snapshot {
    /// The one after this, of these documents. A set that is the same in both
    /// keeps its version, and is not pushed again.
    pub(crate) fn next(&self, catalog: Catalog) -> Snapshot {
        let now = SystemTime::now();
        let next =
            Snapshot { version: version_after(self.version, now), catalog, since: Some(now), ..Snapshot::default() };
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Each stream holds what it has pushed; what nobody holds is not needed. The
        // two are this copy and the original.
        sets.retain(|_, set| Arc::strong_count(set) > 2);
        for (key, set) in &mut sets {
            let entries = next.entries(key);
            if entries != set.entries {
                *set = Arc::new(Set::new(entries, next.version));
            }
        }
        Snapshot { sets: Mutex::new(sets), ..next }
    }

    /// What this subscription gets.
    pub(crate) fn set(&self, key: &Key) -> Arc<Set> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = sets.get(key) {
            return set.clone();
        }
        let set = Arc::new(Set::new(self.entries(key), self.version));
        // What has been asked for once and is not held is made again when it is
        // asked for again: the number of names that clients can think of is endless.
        if sets.len() >= 1_000 {
            sets.retain(|_, set| Arc::strong_count(set) > 1);
        }
        sets.insert(key.clone(), set.clone());
        set
    }

    fn entries(&self, key: &Key) -> Vec<Bytes> {
        self.catalog.select(key).iter().filter_map(|document| document.entry(key.form)).collect()
    }
}

/// A version above the last one, also of the process before: the wall clock's
/// milliseconds, but for a clock that was set back.
fn version_after(last: i64, now: SystemTime) -> i64 {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(now).unwrap_or(i64::MAX).max(last.saturating_add(1))
}
