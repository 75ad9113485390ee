//! Engines behind plain numbers.

use crate::clock;
use crate::system::Sampler;
use arc_swap::{ArcSwapOption, Cache};
use sergo::{Code, Config, Engine, Seen, Tick, View};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// As a time argument: read the monotonic clock.
pub const NOW: u64 = u64::MAX;

/// How many engines can be open at once.
pub const MAX_ENGINES: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 12;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// A handle stays below 2⁵³, so that a JavaScript number carries it.
const GENERATION_MASK: u64 = (1 << (53 - INDEX_BITS)) - 1;
const CHUNK: usize = 64;

/// An engine in its place, with the clock that it is asked by.
#[derive(Debug)]
pub struct Host {
    engine: Engine,
    handle: u64,
    /// When it was made, on the [clock].
    born: u64,
    poisoned: AtomicBool,
    sampler: Sampler,
    /// The last moment that a caller named itself, plus one; 0 before the first.
    named: AtomicU64,
}

impl Host {
    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What samples the system's load for the engine.
    #[must_use]
    pub fn sampler(&self) -> &Sampler {
        &self.sampler
    }

    /// The moment that a caller names in nanoseconds since the engine was made,
    /// or this moment for [`NOW`].
    #[must_use]
    pub fn tick(&self, now: u64) -> Tick {
        if now == NOW {
            return Tick(clock::now().saturating_sub(self.born));
        }
        if self.named.load(Ordering::Relaxed) <= now {
            self.named.fetch_max(now.saturating_add(1), Ordering::Relaxed);
        }
        Tick(now)
    }

    /// The moment of a call that names none: this moment, or for an engine whose
    /// callers bring a clock of their own the last that they named.
    #[must_use]
    pub fn moment(&self) -> Tick {
        match self.named.load(Ordering::Relaxed).checked_sub(1) {
            None => self.tick(NOW),
            Some(named) => Tick(named),
        }
    }
}

type Place = ArcSwapOption<Host>;

/// Places are made a chunk at a time and never go away, so that looking one up
/// takes no lock.
static PLACES: [OnceLock<Box<[Place]>>; MAX_ENGINES / CHUNK] = [const { OnceLock::new() }; MAX_ENGINES / CHUNK];
static FREE: Mutex<Free> = Mutex::new(Free { used: 0, places: VecDeque::new() });

/// The places that a new engine can take: first those never used, then the one
/// that has been free for longest, so that old handles stay invalid for long.
struct Free {
    used: usize,
    places: VecDeque<(usize, u64)>,
}

fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place(index: usize) -> Option<&'static Place> {
    PLACES.get(index / CHUNK)?.get()?.get(index % CHUNK)
}

/// Makes an engine and gives its handle, which is never 0.
///
/// # Errors
/// [`Code::Full`] when [`MAX_ENGINES`] are open.
pub fn open(config: Config) -> Result<u64, Code> {
    let (index, generation) = {
        let mut free = free();
        if free.used < MAX_ENGINES {
            let index = free.used;
            free.used += 1;
            (index, 1)
        } else {
            free.places.pop_front().ok_or(Code::Full)?
        }
    };
    PLACES.get(index / CHUNK).ok_or(Code::Full)?.get_or_init(|| (0..CHUNK).map(|_| Place::empty()).collect());
    let handle = generation << INDEX_BITS | index as u64;
    let host = Host {
        engine: Engine::new(config),
        handle,
        born: clock::now(),
        poisoned: AtomicBool::new(false),
        sampler: Sampler::default(),
        named: AtomicU64::new(0),
    };
    place(index).ok_or(Code::Full)?.store(Some(Arc::new(host)));
    Ok(handle)
}

/// Closes an engine. Calls that are under way end as they would have; every
/// later use of the handle is [`Code::Closed`].
///
/// # Errors
/// [`Code::Closed`] when it is closed already, or was never made.
pub fn close(handle: u64) -> Result<(), Code> {
    let index = (handle & INDEX_MASK) as usize;
    let place = place(index).ok_or(Code::Closed)?;
    let held = place.load_full().filter(|host| host.handle == handle).ok_or(Code::Closed)?;
    let before = place.compare_and_swap(&held, None);
    if !before.as_ref().is_some_and(|host| Arc::ptr_eq(host, &held)) {
        return Err(Code::Closed);
    }
    let generation = ((handle >> INDEX_BITS) + 1) & GENERATION_MASK;
    free().places.push_back((index, generation.max(1)));
    let _ = KNOWN.try_with(|known| known.try_borrow_mut().map(|mut known| known[index % WAYS] = None));
    Ok(())
}

/// How many engines a thread knows at once.
const WAYS: usize = 4;

/// An engine as a thread saw it last.
struct Known {
    index: usize,
    place: Cache<&'static Place, Option<Arc<Host>>>,
    seen: Seen,
}

thread_local! {
    /// So that hot calls write nothing to find their engine and its rules. A
    /// thread that calls no more keeps what it saw last in memory: of at most
    /// `WAYS` engines one version of the rules each.
    static KNOWN: RefCell<[Option<Known>; WAYS]> = const { RefCell::new([const { None }; WAYS]) };
}

/// As [`with`], for hot calls: with the engine by the rules and instances now in
/// force, found without an atomic write where this thread has seen them before.
///
/// # Errors
/// Those of [`with`].
#[inline]
pub fn with_view<T>(handle: u64, call: impl FnOnce(&Host, View<'_>) -> Result<T, Code>) -> Result<T, Code> {
    let index = (handle & INDEX_MASK) as usize;
    let mut call = Some(call);
    let answer = KNOWN.try_with(|known| {
        let mut known = known.try_borrow_mut().ok()?;
        let known = known.get_mut(index % WAYS)?;
        if known.as_ref().is_none_or(|known| known.index != index) {
            *known = Some(Known { index, place: Cache::new(place(index)?), seen: Seen::default() });
        }
        let Known { place, seen, .. } = known.as_mut()?;
        let call = call.take()?;
        Some(guarded(place.load().as_deref(), handle, |host| call(host, host.engine.see(seen))))
    });
    match (answer, call) {
        (Ok(Some(answer)), _) => answer,
        // The thread ends, or calls from within a call, or there is no such place.
        (_, Some(call)) => with(handle, |host| call(host, host.engine.see(&mut Seen::default()))),
        (_, None) => Err(Code::Panicked),
    }
}

/// Runs `call` on the engine behind the handle. A panic inside is stopped here:
/// it becomes [`Code::Panicked`] and poisons this engine alone.
///
/// # Errors
/// [`Code::Closed`], [`Code::Poisoned`], [`Code::Panicked`], and what `call` says.
#[inline]
pub fn with<T>(handle: u64, call: impl FnOnce(&Host) -> Result<T, Code>) -> Result<T, Code> {
    let place = place((handle & INDEX_MASK) as usize).ok_or(Code::Closed)?;
    let guard = place.load();
    guarded(guard.as_deref(), handle, call)
}

/// Runs the call on what was found at the handle's place.
#[inline]
fn guarded<T>(found: Option<&Host>, handle: u64, call: impl FnOnce(&Host) -> Result<T, Code>) -> Result<T, Code> {
    let host = found.filter(|host| host.handle == handle).ok_or(Code::Closed)?;
    if host.poisoned.load(Ordering::Relaxed) {
        return Err(Code::Poisoned);
    }
    catch_unwind(AssertUnwindSafe(|| call(host))).unwrap_or_else(|_| {
        host.poisoned.store(true, Ordering::Relaxed);
        Err(Code::Panicked)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> Config {
        Config::new("demo-app")
    }

    #[test]
    fn a_closed_handle_is_an_error_and_stays_one() {
        let handle = open(app()).unwrap();
        assert_eq!(with(handle, |host| Ok(host.engine().version())), Ok(0));
        assert_eq!(close(handle), Ok(()));
        assert_eq!(close(handle), Err(Code::Closed));
        assert_eq!(with(handle, |_| Ok(())), Err(Code::Closed));
        assert_eq!(with(0, |_| Ok(())), Err(Code::Closed));
        assert_eq!(with(u64::MAX, |_| Ok(())), Err(Code::Closed));
    }

    #[test]
    fn a_panic_poisons_its_engine_alone() {
        let (bad, good) = (open(app()).unwrap(), open(app()).unwrap());
        assert_eq!(with::<()>(bad, |_| panic!("on purpose")), Err(Code::Panicked));
        assert_eq!(with(bad, |_| Ok(())), Err(Code::Poisoned));
        assert_eq!(with(good, |_| Ok(())), Ok(()));
        assert_eq!(close(bad), Ok(()));
        assert_eq!(close(good), Ok(()));
    }

    #[test]
    fn time_is_given_or_read() {
        let handle = open(app()).unwrap();
        with(handle, |host| {
            assert_eq!(host.tick(5), Tick(5));
            let first = host.tick(NOW);
            assert!(host.tick(NOW) >= first);
            Ok(())
        })
        .unwrap();
        close(handle).unwrap();
    }
}
