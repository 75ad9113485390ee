//! The exact sliding log: when each unit of cost was admitted, as far back as
//! the limit reaches.
//!
//! Units are numbered in the order in which they are admitted. Unit `n` may be
//! admitted at `t` iff unit `n - limit` was admitted at `t - window` or before:
//! one look back is the whole question. The times stand in a ring, each with
//! the lap that it was written in, so that a place that is claimed but not yet
//! written can be told from one that is. Whoever meets such a place writes an
//! upper bound into it and goes on; nobody waits for anybody.
//!
//! Time may be read out of order by threads. An entry is judged at its own time
//! and recorded at the latest time seen, so recorded times never fall from unit
//! to unit and are never too early. Hence no half-open interval of the window's
//! length holds more than the limit, whatever the times are.

use super::limit::Admission;
use super::slices::Remains;
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};
use crate::time::{Span, Tick};
use std::num::NonZeroU32;

/// The most units that a log keeps, hence the highest limit that is exact.
pub const MAX_UNITS: u64 = 4096;

/// The latest tick that fits beside the lap.
const MAX_TICK: u64 = u64::MAX >> LAP_BITS;
const LAP_BITS: u32 = 2;
const LAP_MASK: u64 = (1 << LAP_BITS) - 1;
const SEALED: u64 = 1;

/// When the last units were admitted.
#[derive(Debug)]
pub struct Log {
    /// How many units were admitted, times two; plus one when sealed.
    head: AtomicU64,
    /// The latest time of an admission.
    latest: AtomicU64,
    ring: Ring,
    /// What was admitted before, while the limit was too high for a log.
    remains: Option<Arc<Remains>>,
}

impl Log {
    /// A log for limits of up to `limit`, which is at most [`MAX_UNITS`].
    #[must_use]
    pub fn new(limit: u64, remains: Option<Arc<Remains>>) -> Log {
        let bits = limit.clamp(1, MAX_UNITS).next_power_of_two().trailing_zeros();
        Log { head: AtomicU64::new(0), latest: AtomicU64::new(0), ring: Ring::new(bits), remains }
    }

    /// The highest limit that it can hold to.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.ring.capacity()
    }

    /// What is left in it from slices.
    #[must_use]
    pub fn remains(&self) -> Option<&Arc<Remains>> {
        self.remains.as_ref()
    }

    /// Asks for `cost` units at `now` and, if they are free and `claim` says
    /// so, takes them.
    pub fn ask(&self, limit: u64, window: Span, cost: u64, now: Tick, claim: bool) -> Admission {
        let limit = limit.min(self.capacity());
        if cost > limit {
            return Admission::Never;
        }
        let now = now.0.min(MAX_TICK);
        loop {
            let head = self.head.load(Ordering::Acquire);
            if head & SEALED != 0 {
                return Admission::Sealed;
            }
            let Some(earliest) = self.earliest(head, limit, window, cost, now, claim) else { continue };
            if earliest > now {
                // The answer must be of one moment: nothing was admitted meanwhile.
                if self.head.load(Ordering::Acquire) != head {
                    continue;
                }
                return Admission::After(Span(earliest.saturating_sub(now)));
            }
            if !claim || self.claim(head, cost, now) {
                return Admission::Admitted;
            }
        }
    }

    /// The earliest time from `now` on at which the cost is within the limit, if
    /// nothing else is admitted; `None` when something was. Only with `claim` does
    /// it write anything.
    fn earliest(&self, head: u64, limit: u64, window: Span, cost: u64, now: u64, claim: bool) -> Option<u64> {
        let units = head >> 1;
        let mut time = now;
        loop {
            let (old, next_fall) = self.remains.as_ref().map_or((0, u64::MAX), |remains| remains.at(time));
            let room = limit.saturating_sub(old);
            if cost > room {
                time = next_fall;
                continue;
            }
            // The newest unit that must have left before the last of the cost comes.
            let Some(leaver) = units.wrapping_add(cost).checked_sub(room.wrapping_add(1)) else { return Some(time) };
            let came = if claim { self.admitted_at(leaver, head) } else { self.seen_at(leaver, head) };
            let leaves = came?.saturating_add(window.0);
            if leaves <= time {
                return Some(time);
            }
            time = leaves.min(next_fall);
        }
    }

    /// How many units are in the window that ends at `now`; writes nothing. What
    /// is overwritten while it reads has left.
    #[must_use]
    pub fn held(&self, window: Span, now: Tick) -> u64 {
        let now = now.0.min(MAX_TICK);
        let units = self.head.load(Ordering::Acquire) >> 1;
        let is_in = |unit: &u64| {
            let word = self.ring.place(*unit).map_or(0, |place| place.load(Ordering::Acquire));
            let time = match (word & LAP_MASK).wrapping_sub(self.ring.lap(*unit)) & LAP_MASK {
                0 => word >> LAP_BITS,
                // The lap after: a unit that could come only when this one had left.
                1 => return false,
                // Not yet written: it came at the latest time or before.
                _ => self.latest.load(Ordering::Acquire),
            };
            time.saturating_add(window.0) > now
        };
        let held = (units.saturating_sub(self.capacity())..units).filter(is_in).count() as u64;
        held.saturating_add(self.remains.as_ref().map_or(0, |remains| remains.at(now).0))
    }

    /// When the unit was admitted, or an upper bound, which it then writes; `None`
    /// when the log has moved on from `head`.
    fn admitted_at(&self, unit: u64, head: u64) -> Option<u64> {
        let place = self.ring.place(unit)?;
        let lap = self.ring.lap(unit);
        let word = place.load(Ordering::Acquire);
        if word & LAP_MASK == lap {
            return Some(word >> LAP_BITS);
        }
        let bound = self.bound(head)?;
        match place.compare_exchange(word, bound << LAP_BITS | lap, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Some(bound),
            Err(other) if other & LAP_MASK == lap => Some(other >> LAP_BITS),
            Err(_) => None,
        }
    }

    /// When the unit was admitted, or an upper bound; `None` when the log has
    /// moved on from `head`. It writes nothing.
    fn seen_at(&self, unit: u64, head: u64) -> Option<u64> {
        let word = self.ring.place(unit)?.load(Ordering::Acquire);
        if word & LAP_MASK == self.ring.lap(unit) { Some(word >> LAP_BITS) } else { self.bound(head) }
    }

    /// An upper bound of the time of what is claimed and not yet written: the
    /// claimant recorded its own in `latest` before it claimed.
    fn bound(&self, head: u64) -> Option<u64> {
        (self.head.load(Ordering::Acquire) == head).then(|| self.latest.load(Ordering::Acquire))
    }

    /// Takes the next units; false when another entry did.
    fn claim(&self, head: u64, cost: u64, now: u64) -> bool {
        let first = head >> 1;
        let units = first..first.wrapping_add(cost);
        // What is about to be overwritten must be written, or its late writer
        // could be taken for one of this lap.
        for unit in units.clone() {
            if let Some(before) = unit.checked_sub(self.capacity())
                && self.admitted_at(before, head).is_none()
            {
                return false;
            }
            if self.ring.place(unit).is_none() {
                return false;
            }
        }
        let latest = self.latest.load(Ordering::Acquire);
        if latest < now {
            self.latest.fetch_max(now, Ordering::AcqRel);
        }
        let after = units.end << 1;
        if self.head.compare_exchange(head, after, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return false;
        }
        for unit in units {
            self.write(unit, latest.max(now));
        }
        true
    }

    fn write(&self, unit: u64, tick: u64) {
        let Some(place) = self.ring.place(unit) else { return };
        let lap = self.ring.lap(unit);
        let word = place.load(Ordering::Acquire);
        // Past the unit's own lap it has been written by another, and so has
        // this place for the next.
        let lapped = self.head.load(Ordering::Acquire) >> 1 > unit.wrapping_add(self.capacity());
        if word & LAP_MASK != lap && !lapped {
            // Where this fails, another has written a bound.
            let _ = place.compare_exchange(word, tick << LAP_BITS | lap, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// Admits no more, for ever; what was admitted can then be copied.
    pub fn seal(&self) {
        self.head.fetch_or(SEALED, Ordering::AcqRel);
    }

    /// The times in a sealed log, oldest first, and the latest time seen.
    #[must_use]
    pub fn times(&self) -> (Vec<Tick>, Tick) {
        let head = self.head.load(Ordering::Acquire);
        let units = head >> 1;
        let first = units.saturating_sub(self.capacity());
        let mut times: Vec<Tick> = (first..units).filter_map(|unit| self.admitted_at(unit, head).map(Tick)).collect();
        times.sort_unstable();
        (times, Tick(self.latest.load(Ordering::Acquire)))
    }

    /// A larger log with what `self`, which is sealed, holds.
    #[must_use]
    pub fn grown(&self, limit: u64) -> Log {
        let (times, latest) = self.times();
        let grown = Log::new(limit.max(self.capacity()), self.remains.clone());
        for (unit, tick) in (0u64..).zip(&times) {
            if let Some(place) = grown.ring.place(unit) {
                place.store(tick.0 << LAP_BITS | grown.ring.lap(unit), Ordering::Release);
            }
        }
        grown.latest.store(latest.0, Ordering::Release);
        grown.head.store((times.len() as u64) << 1, Ordering::Release);
        grown
    }
}

/// A ring of words whose memory follows what was reached: chunks of 8, 8, 16,
/// 32, ... words, each made when it is first needed.
struct Ring {
    /// How many words it has: a power of two.
    capacity: NonZeroU32,
    chunks: OnceLock<Box<[Chunk]>>,
}

type Chunk = OnceLock<Box<[AtomicU64]>>;
const FIRST_CHUNK_BITS: u32 = 3;

impl Ring {
    fn new(bits: u32) -> Ring {
        let capacity = NonZeroU32::new(1u32.wrapping_shl(bits)).unwrap_or(NonZeroU32::MIN);
        Ring { capacity, chunks: OnceLock::new() }
    }

    const fn capacity(&self) -> u64 {
        self.capacity.get() as u64
    }

    /// The capacity's binary logarithm.
    const fn bits(&self) -> u32 {
        self.capacity.trailing_zeros()
    }

    /// The lap in which the ring comes to this unit, from 1 on.
    const fn lap(&self, unit: u64) -> u64 {
        unit.wrapping_shr(self.bits()).wrapping_add(1) & LAP_MASK
    }

    /// The place of the unit; there always is one.
    fn place(&self, unit: u64) -> Option<&AtomicU64> {
        let position = unit & self.capacity().wrapping_sub(1);
        let chunks = self.chunks.get_or_init(|| {
            let count = self.bits().saturating_sub(FIRST_CHUNK_BITS).wrapping_add(1);
            (0..count).map(|_| Chunk::new()).collect()
        });
        // The first chunk holds positions 0 to 7, the next 8 to 15, then 16 to 31.
        let level = position.checked_ilog2().unwrap_or(0).max(FIRST_CHUNK_BITS.wrapping_sub(1));
        let index = level.wrapping_sub(FIRST_CHUNK_BITS.wrapping_sub(1));
        let (start, length) = match index {
            0 => (0, self.capacity().min(1 << FIRST_CHUNK_BITS)),
            _ => (1u64.wrapping_shl(level), 1u64.wrapping_shl(level)),
        };
        let chunk = chunks.get(index as usize)?;
        let words = chunk.get_or_init(|| (0..length).map(|_| AtomicU64::new(0)).collect());
        words.get(position.wrapping_sub(start) as usize)
    }
}

impl std::fmt::Debug for Ring {
    /// The words that were written: what a look at the log can see.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let chunks = self.chunks.get().into_iter().flatten().filter_map(OnceLock::get);
        let words = chunks.flatten().map(|word| word.load(Ordering::Relaxed)).filter(|word| *word != 0);
        f.debug_list().entries(words).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    fn claim(log: &Log, limit: u64, cost: u64, now: u64) -> Admission {
        log.ask(limit, SECOND, cost, Tick(now), true)
    }

    #[test]
    fn a_unit_leaves_exactly_one_window_after_it_came() {
        let log = Log::new(2, None);
        assert_eq!(claim(&log, 2, 1, 0), Admission::Admitted);
        assert_eq!(claim(&log, 2, 1, 5), Admission::Admitted);
        assert_eq!(claim(&log, 2, 1, 5), Admission::After(Span(999_999_995)));
        assert_eq!(claim(&log, 2, 1, 999_999_999), Admission::After(Span(1)));
        assert_eq!(claim(&log, 2, 1, 1_000_000_000), Admission::Admitted);
        assert_eq!(claim(&log, 2, 2, 1_000_000_005), Admission::After(Span(999_999_995)));
    }

    #[test]
    fn a_cost_takes_as_many_units() {
        let log = Log::new(5, None);
        assert_eq!(claim(&log, 5, 6, 0), Admission::Never);
        assert_eq!(claim(&log, 5, 3, 0), Admission::Admitted);
        assert_eq!(claim(&log, 5, 3, 10), Admission::After(Span(999_999_990)));
        assert_eq!(claim(&log, 5, 2, 10), Admission::Admitted);
        assert_eq!(claim(&log, 5, 4, 1_000_000_000), Admission::After(Span(10)));
        assert_eq!(claim(&log, 5, 3, 1_000_000_000), Admission::Admitted);
    }

    #[test]
    fn a_refusal_leaves_every_word_as_it_was() {
        let log = Log::new(3, None);
        claim(&log, 3, 3, 7);
        let before = format!("{log:?}");
        assert!(matches!(claim(&log, 3, 1, 500), Admission::After(_)));
        assert_eq!(format!("{log:?}"), before);
    }

    #[test]
    fn a_late_clock_is_judged_at_its_own_time_and_recorded_at_the_latest() {
        let log = Log::new(2, None);
        claim(&log, 2, 2, 0);
        assert_eq!(claim(&log, 2, 1, 1_000_000_000), Admission::Admitted);
        // At its own time both units of the start are still there.
        assert_eq!(claim(&log, 2, 1, 999_999_999), Admission::After(Span(1)));
        assert_eq!(claim(&log, 2, 1, 1_000_000_000), Admission::Admitted);
        assert_eq!(claim(&log, 2, 1, 1_999_999_999), Admission::After(Span(1)));
    }

    #[test]
    fn a_look_sees_what_is_claimed_and_writes_nothing() {
        let log = Log::new(4, None);
        claim(&log, 4, 3, 7);
        // As another thread leaves it between claiming a unit and writing it.
        log.latest.store(9, Ordering::Release);
        log.head.store(4 << 1, Ordering::Release);
        let before = format!("{log:?}");
        let look = |now| log.ask(4, SECOND, 4, Tick(now), false);
        assert_eq!((log.held(SECOND, Tick(10)), look(10)), (4, Admission::After(Span(999_999_999))));
        assert_eq!((log.held(SECOND, Tick(1_000_000_007)), look(1_000_000_009)), (1, Admission::Admitted));
        assert_eq!(format!("{log:?}"), before);
        assert_eq!(claim(&log, 4, 4, 1_000_000_009), Admission::Admitted);
        // As one sees it that looked at the head before these four came.
        log.head.store(4 << 1, Ordering::Release);
        assert_eq!(log.held(SECOND, Tick(1_000_000_009)), 0);
    }

    #[test]
    fn a_grown_log_remembers() {
        let log = Log::new(3, None);
        for now in 0..4 {
            claim(&log, 4, 1, now);
        }
        log.seal();
        assert_eq!(claim(&log, 4, 1, 9), Admission::Sealed);
        let grown = log.grown(100);
        assert_eq!(claim(&grown, 4, 1, 9), Admission::After(Span(999_999_991)));
        assert_eq!(claim(&grown, 6, 2, 9), Admission::Admitted);
        assert_eq!(claim(&grown, 6, 3, 9), Admission::After(Span(999_999_993)));
    }

    #[test]
    fn memory_follows_what_was_admitted() {
        let log = Log::new(4096, None);
        assert!(log.ring.chunks.get().is_none());
        claim(&log, 4096, 9, 0);
        let made = log.ring.chunks.get().unwrap().iter().filter(|chunk| chunk.get().is_some()).count();
        assert_eq!(made, 2);
    }

    #[test]
    fn every_position_has_a_place_of_its_own() {
        for bits in 0..=12 {
            let ring = Ring::new(bits);
            for unit in 0..ring.capacity() {
                ring.place(unit).unwrap().store(unit + 1, Ordering::Relaxed);
            }
            for unit in 0..ring.capacity() {
                assert_eq!(ring.place(unit).unwrap().load(Ordering::Relaxed), unit + 1);
            }
        }
    }
}
