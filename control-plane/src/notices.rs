//! What the system tells of changes to files, where it does.

use crate::places::Places;
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::mem::take;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Watches some places, until it is dropped.
pub(crate) struct Notices {
    heard: Arc<Heard>,
    /// Or why the system tells nothing.
    watcher: Mutex<Result<RecommendedWatcher, String>>,
    /// The most folders to watch.
    most: usize,
}

/// What the system's thread writes down.
#[derive(Default)]
struct Heard {
    told: Notify,
    places: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    places: Places,
    /// Folders that are no longer what they were when they were watched.
    lost: HashSet<PathBuf>,
    /// Whether some of what happened was not told.
    is_incomplete: bool,
}

impl Notices {
    pub(crate) fn new(most: usize) -> Notices {
        let heard = Arc::new(Heard::default());
        let hearing = heard.clone();
        let watcher = notify::recommended_watcher(move |event| hearing.hear(event));
        let watcher = Mutex::new(watcher.map_err(|error| error.to_string()));
        Notices { heard, watcher, most }
    }

    /// Waits until something may have changed.
    pub(crate) async fn told(&self) {
        self.heard.told.notified().await;
    }

    /// Why the system tells nothing.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.watcher().as_ref().err().cloned()
    }

    /// Watches these places and no others; whether there are new ones, of which
    /// nothing was heard before. It can take a moment.
    pub(crate) fn watch(&self, mut places: Places) -> bool {
        let mut held = self.watcher();
        let Ok(watcher) = held.as_mut() else { return false };
        if places.len() > self.most {
            *held = Err(format!("{} folders are more than the {} to watch", places.len(), self.most));
            return false;
        }
        let (before, lost) = {
            let mut watched = self.heard.lock();
            let lost = match take(&mut watched.is_incomplete) {
                true => watched.places.folders().cloned().collect(),
                false => take(&mut watched.lost),
            };
            // What happens from the moment on that they are watched is heard.
            (std::mem::replace(&mut watched.places, places.clone()), lost)
        };
        // The system's thread answers these, and may be waiting for the lock to tell.
        for folder in before.folders().filter(|folder| !places.contains(folder) || lost.contains(*folder)) {
            // It may be gone, and its watch with it.
            let _ = watcher.unwatch(folder);
        }
        let is_new = |folder: &&PathBuf| !before.contains(folder) || lost.contains(*folder);
        let new: Vec<PathBuf> = places.folders().filter(is_new).cloned().collect();
        let mut has_new = false;
        for folder in new {
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => has_new = true,
                Err(error) if is_exhausted(&error.kind) => {
                    *held = Err(error.to_string());
                    return false;
                }
                // Gone meanwhile, or not to be looked into: tried again at the next look.
                Err(_) => places.remove(&folder),
            }
        }
        self.heard.lock().places = places;
        has_new
    }

    fn watcher(&self) -> MutexGuard<'_, Result<RecommendedWatcher, String>> {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the system has no more watches to give.
fn is_exhausted(kind: &ErrorKind) -> bool {
    const EMFILE: i32 = 24;
    match kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => cfg!(unix) && error.raw_os_error() == Some(EMFILE),
        _ => false,
    }
}

impl Heard {
    fn hear(&self, event: notify::Result<Event>) {
        let mut watched = self.lock();
        let matters = match event {
            Ok(event) if event.need_rescan() => {
                watched.is_incomplete = true;
                true
            }
            // Looking is no change: it would never end.
            Ok(Event { kind: EventKind::Access(kind), .. }) if kind != AccessKind::Close(AccessMode::Write) => false,
            Ok(Event { kind, paths, .. }) => {
                if matches!(kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
                {
                    let lost: Vec<_> = paths.iter().filter(|path| watched.places.contains(path)).cloned().collect();
                    watched.lost.extend(lost);
                }
                paths.iter().any(|path| watched.places.concern(path))
            }
            Err(_) => {
                watched.is_incomplete = true;
                true
            }
        };
        if matters {
            self.told.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
