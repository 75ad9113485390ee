//! The sliding window for limits too high for a log: a window is 256 slices, and
//! of each slice it is known how much had been admitted when it began.
//!
//! What was admitted since slice `k` began is one subtraction, so an entry looks
//! at two words. A slice counts whole as long as any of it is in the window:
//! the limit is never exceeded, and at most one slice in 257 goes unused.
//!
//! As in the [log](super::log), an entry is judged at its own time and counted
//! in the latest slice that was seen.

use super::limit::Admission;
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};
use crate::time::{Span, Tick};

/// How many slices a window has.
const SLICES: u64 = 256;
/// How many starts are kept: what two windows reach over.
const STARTS: u64 = 512;
const LAP_SHIFT: u32 = 9;
const UNIT_BITS: u32 = 48;
const UNIT_MASK: u64 = (1 << UNIT_BITS) - 1;
/// Higher limits are read as this, 140 trillion: more than can be admitted in
/// any window.
const MAX_LIMIT: u64 = 1 << 47;
const SEALED: u64 = 1;

/// How much was admitted, and how much of it before each slice.
#[derive(Default)]
pub struct Slices {
    /// How many units were admitted, times two; plus one when sealed.
    head: AtomicU64,
    /// Slices before this one have begun: it is known how much came before them.
    begun: AtomicU64,
    /// Slices before this one have begun or are about to.
    announced: AtomicU64,
    /// By slice: a lap, and the units that had been admitted when it began.
    starts: OnceLock<Box<[AtomicU64]>>,
}

impl Slices {
    /// Slices in which this much was admitted, each part with its slice.
    #[must_use]
    pub fn with(mut parts: Vec<(u64, u64)>) -> Slices {
        parts.sort_unstable();
        let slices = Slices::default();
        let Some(&(newest, _)) = parts.last() else { return slices };
        let mut units = 0u64;
        let mut rest = parts.iter().peekable();
        for slice in newest.saturating_sub(SLICES)..=newest {
            while let Some((_, count)) = rest.next_if(|(of, _)| *of < slice) {
                units = units.wrapping_add(*count);
            }
            if let Some(place) = slices.start(slice) {
                place.store(start_word(slice, units), Ordering::Release);
            }
        }
        let units = rest.fold(units, |sum, (_, count)| sum.wrapping_add(*count));
        slices.announced.store(newest.saturating_add(1), Ordering::Release);
        slices.begun.store(newest.saturating_add(1), Ordering::Release);
        slices.head.store(units << 1, Ordering::Release);
        slices
    }

    /// Asks for `cost` units at `now` and, if they are free and `claim` says
    /// so, takes them.
    pub fn ask(&self, limit: u64, window: Span, cost: u64, now: Tick, claim: bool) -> Admission {
        let limit = limit.min(MAX_LIMIT);
        if cost > limit {
            return Admission::Never;
        }
        let slice = slice_of(now, window);
        let first = slice.saturating_sub(SLICES);
        loop {
            // The units before the slices: what had been admitted while a slice
            // had not begun was admitted before it.
            let word = self.head.load(Ordering::Acquire);
            if word & SEALED != 0 {
                return Admission::Sealed;
            }
            let head = word >> 1;
            let begun = self.begun.load(Ordering::Acquire);
            let free = |from: u64| self.since(from, begun, head).saturating_add(cost) <= limit;
            let is_free = free(first);
            // Of a time that is more than a window late, not enough is known any more.
            let oldest = self.announced.load(Ordering::Acquire).saturating_sub(STARTS);
            if first < oldest || !is_free {
                let from = first_where(first.max(oldest), begun, free);
                let earliest = start_of(from.saturating_add(SLICES), window);
                if self.head.load(Ordering::Acquire) != word {
                    continue;
                }
                return Admission::After(Span(earliest.saturating_sub(now.0).max(1)));
            }
            if !claim {
                return Admission::Admitted;
            }
            if slice >= begun && !self.begin(slice, begun, head) {
                // Another thread is a window ahead and about to say so.
                return Admission::After(Span((window.0 / SLICES).max(1)));
            }
            let after = head.wrapping_add(cost) << 1;
            if self.head.compare_exchange(word, after, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Admission::Admitted;
            }
        }
    }

    /// How many units are in the slices of the window that ends at `now`; writes
    /// nothing.
    #[must_use]
    pub fn held(&self, window: Span, now: Tick) -> u64 {
        let first = slice_of(now, window).saturating_sub(SLICES);
        loop {
            let word = self.head.load(Ordering::Acquire);
            let begun = self.begun.load(Ordering::Acquire);
            let oldest = self.announced.load(Ordering::Acquire).saturating_sub(STARTS);
            let held = self.since(first.max(oldest), begun, word >> 1);
            // A slice that began meanwhile may begin after these units.
            if self.head.load(Ordering::Acquire) == word {
                return held;
            }
        }
    }

    /// The units admitted since the slice began, of `head` in all.
    fn since(&self, slice: u64, begun: u64, head: u64) -> u64 {
        // A slice that was leapt over begins where the next one does.
        for slice in slice..begun {
            let word = self.start(slice).map_or(0, |start| start.load(Ordering::Acquire));
            if word >> UNIT_BITS == lap(slice) {
                return head.wrapping_sub(word) & UNIT_MASK;
            }
        }
        0
    }

    /// Writes where the slices up to this one begin; false when a thread is so
    /// far ahead that it takes their places.
    fn begin(&self, slice: u64, begun: u64, head: u64) -> bool {
        self.announced.fetch_max(slice.saturating_add(1), Ordering::AcqRel);
        for next in begun.max(slice.saturating_sub(SLICES))..=slice {
            let Some(start) = self.start(next) else { return false };
            let word = start.load(Ordering::Acquire);
            if self.announced.load(Ordering::Acquire) > next.saturating_add(STARTS) {
                return false;
            }
            if word >> UNIT_BITS != lap(next) || word & UNIT_MASK < head & UNIT_MASK {
                // Where this fails, another has begun the slice.
                let _ = start.compare_exchange(word, start_word(next, head), Ordering::AcqRel, Ordering::Acquire);
            }
        }
        self.begun.fetch_max(slice.saturating_add(1), Ordering::AcqRel);
        true
    }

    fn start(&self, slice: u64) -> Option<&AtomicU64> {
        self.starts.get_or_init(|| (0..STARTS).map(|_| AtomicU64::new(0)).collect()).get((slice % STARTS) as usize)
    }

    /// Admits no more, for ever.
    pub fn seal(&self) {
        self.head.fetch_or(SEALED, Ordering::AcqRel);
    }

    /// What sealed slices hold: each slice with its units, oldest first.
    #[must_use]
    pub fn parts(&self) -> Vec<(u64, u64)> {
        let head = self.head.load(Ordering::Acquire) >> 1;
        let begun = self.begun.load(Ordering::Acquire);
        (begun.saturating_sub(SLICES).saturating_sub(1)..begun)
            .map(|slice| {
                let later = self.since(slice.saturating_add(1), begun, head);
                (slice, self.since(slice, begun, head).wrapping_sub(later))
            })
            .filter(|(_, units)| *units > 0)
            .collect()
    }
}

impl std::fmt::Debug for Slices {
    /// The words that were written: what a look at the slices can see.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let starts = self.starts.get().into_iter().flatten().map(|start| start.load(Ordering::Relaxed));
        f.debug_list().entry(&self.head).entry(&self.begun).entries(starts.filter(|word| *word != 0)).finish()
    }
}

/// What is left of slices in a log that took their place, until it has left.
#[derive(Debug)]
pub struct Remains {
    /// Each slice with its units, oldest first.
    parts: Vec<(u64, u64)>,
    /// When each of them leaves.
    leaves: Vec<u64>,
}

impl Remains {
    /// What these slices hold; `None` when it is nothing.
    #[must_use]
    pub fn new(parts: Vec<(u64, u64)>, window: Span) -> Option<Arc<Remains>> {
        let leaves: Vec<u64> = parts.iter().map(|(slice, _)| leaves(*slice, window)).collect();
        (!parts.is_empty()).then(|| Arc::new(Remains { parts, leaves }))
    }

    /// Each slice with its units.
    #[must_use]
    pub fn parts(&self) -> &[(u64, u64)] {
        &self.parts
    }

    /// How many units are left at this time, and when the next of them leave.
    #[must_use]
    pub fn at(&self, time: u64) -> (u64, u64) {
        let gone = self.leaves.partition_point(|leaves| *leaves <= time);
        let left = self.parts.iter().skip(gone).fold(0u64, |sum, (_, units)| sum.saturating_add(*units));
        (left, self.leaves.get(gone).copied().unwrap_or(u64::MAX))
    }
}

const LAP_MASK: u64 = u64::MAX >> UNIT_BITS;

/// The lap of the ring that the slice is in; 0 only where all laps were used.
const fn lap(slice: u64) -> u64 {
    (slice >> LAP_SHIFT).wrapping_add(1) & LAP_MASK
}

const fn start_word(slice: u64, units: u64) -> u64 {
    lap(slice) << UNIT_BITS | units & UNIT_MASK
}

/// The slice that a time is in.
#[must_use]
pub fn slice_of(time: Tick, window: Span) -> u64 {
    time.slice(window, SLICES)
}

/// The first moment of a slice.
fn start_of(slice: u64, window: Span) -> u64 {
    let start = u128::from(slice).saturating_mul(u128::from(window.0)).div_ceil(u128::from(SLICES));
    u64::try_from(start).unwrap_or(u64::MAX)
}

/// When a slice is out of the window.
fn leaves(slice: u64, window: Span) -> u64 {
    start_of(slice.saturating_add(SLICES).saturating_add(1), window)
}

/// The first number from `low` to `high` for which it holds, given that it
/// holds for `high` and for all after the first.
fn first_where(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window in which a slice is one nanosecond.
    const WINDOW: Span = Span(256);

    fn claim(slices: &Slices, limit: u64, cost: u64, now: u64) -> Admission {
        slices.ask(limit, WINDOW, cost, Tick(now), true)
    }

    #[test]
    fn a_slice_counts_whole_until_none_of_it_is_in_the_window() {
        let slices = Slices::default();
        assert_eq!(claim(&slices, 5000, 3000, 10), Admission::Admitted);
        assert_eq!(claim(&slices, 5000, 2000, 12), Admission::Admitted);
        assert_eq!(claim(&slices, 5000, 1, 12), Admission::After(Span(255)));
        assert_eq!(claim(&slices, 5000, 3001, 12), Admission::After(Span(257)));
        assert_eq!(claim(&slices, 5000, 1, 266), Admission::After(Span(1)));
        assert_eq!(claim(&slices, 5000, 3000, 267), Admission::Admitted);
        assert_eq!(claim(&slices, 5000, 5001, 267), Admission::Never);
    }

    #[test]
    fn what_was_admitted_first_of_all_is_counted() {
        let slices = Slices::default();
        assert_eq!(claim(&slices, 5000, 5000, 0), Admission::Admitted);
        assert_eq!(claim(&slices, 5000, 1, 1), Admission::After(Span(256)));
        assert_eq!(claim(&slices, 5000, 5000, 257), Admission::Admitted);
    }

    #[test]
    fn a_long_calm_leaves_nothing() {
        let slices = Slices::default();
        assert_eq!(claim(&slices, 5000, 5000, 3), Admission::Admitted);
        let hour = 3_600_000_000_000;
        assert_eq!(claim(&slices, 5000, 5000, hour), Admission::Admitted);
        assert_eq!(claim(&slices, 5000, 1, hour), Admission::After(Span(257)));
        // A clock that is late by more than a window finds out when it may ask.
        assert!(matches!(claim(&slices, 5000, 1, 300), Admission::After(_)));
    }

    #[test]
    fn parts_make_the_same_slices_again() {
        let slices = Slices::default();
        for (cost, now) in [(7, 0), (100, 5), (30, 5), (4, 200), (9, 250)] {
            assert_eq!(claim(&slices, 5000, cost, now), Admission::Admitted);
        }
        assert_eq!(slices.parts(), [(0, 7), (5, 130), (200, 4), (250, 9)]);
        let again = Slices::with(slices.parts());
        assert_eq!(again.parts(), slices.parts());
        for now in [251, 260, 300, 460, 507] {
            for cost in [4851, 4900, 4980, 4990, 4999] {
                let ask = |of: &Slices| of.ask(5000, WINDOW, cost, Tick(now), false);
                assert_eq!(ask(&again), ask(&slices), "{cost} at {now}");
            }
        }
    }

    #[test]
    fn remains_leave_slice_by_slice() {
        let remains = Remains::new(vec![(0, 7), (5, 130)], WINDOW).unwrap();
        assert_eq!(remains.at(256), (137, 257));
        assert_eq!(remains.at(257), (130, 262));
        assert_eq!(remains.at(262), (0, u64::MAX));
    }

    #[test]
    fn a_window_that_256_does_not_divide_has_slices_all_the_same() {
        let window = Span(1_000_000_007);
        for slice in [0, 1, 255, 256, 1_000_000] {
            let start = start_of(slice, window);
            assert_eq!(slice_of(Tick(start), window), slice);
            assert!(start == 0 || slice_of(Tick(start - 1), window) == slice - 1);
        }
        assert_eq!(slice_of(Tick(u64::MAX), Span(1)), u64::MAX);
    }
}
