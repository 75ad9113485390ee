//! The instance as a whole: what is in flight, how fast it is served, and how
//! loaded the system is.

use super::cell::{Cell, is_newer};
use crate::sync::{AtomicU64, Ordering, Padded};
use crate::time::{Span, Tick};

/// A slice of the instance's history.
const SLICE: u64 = 100_000_000;
/// How many finished slices are looked at.
const SLICES: u64 = 100;
const CELLS: u64 = 128;
/// Counters are spread over as many stripes, chosen by the clock's lower bits.
const STRIPES: usize = 4;

type Counts = Cell<32>;
type Sums = Cell<56>;

/// In flight and completions of all inbound entries, and the system's figures.
#[derive(Debug)]
pub struct Instance {
    in_flight: [Padded<AtomicU64>; STRIPES],
    history: Box<[(Counts, Sums)]>,
    load: [AtomicU64; 3],
}

/// The figures of the system; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SystemLoad {
    /// The share of CPU time in use, 0 to 1.
    pub cpu: Option<f64>,
    /// The load average of the last minute.
    pub load1: Option<f64>,
    /// The share of memory in use, 0 to 1.
    pub memory: Option<f64>,
}

impl Default for Instance {
    fn default() -> Self {
        Instance {
            in_flight: Default::default(),
            history: (0..CELLS).map(|_| Default::default()).collect(),
            load: [UNKNOWN, UNKNOWN, UNKNOWN].map(AtomicU64::new),
        }
    }
}

const UNKNOWN: u64 = u64::MAX;

impl Instance {
    /// An inbound entry comes.
    pub fn enter(&self, now: Tick) {
        if let Some(Padded(stripe)) = self.in_flight.get(stripe(now)) {
            stripe.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// It is blocked: it has never been in flight.
    pub fn give_back(&self, now: Tick) {
        if let Some(Padded(stripe)) = self.in_flight.get(stripe(now)) {
            stripe.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// An inbound entry exits after `rt`.
    pub fn exit(&self, rt: Span, now: Tick) {
        self.give_back(now);
        let slice = now.0 / SLICE;
        let lap = slice / CELLS;
        if let Some((count, sum)) = self.cell(slice)
            && count.add(lap, 1, |found| is_newer(found, lap & Counts::TAGS, Counts::TAGS))
        {
            // The count has shown that the slice is the cell's.
            sum.add(lap, rt.0, |_| false);
        }
    }

    /// Inbound entries in flight.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        // A stripe may be below zero: entries exit on another than they came on.
        let sum = self.in_flight.iter().fold(0u64, |sum, stripe| sum.wrapping_add(stripe.0.load(Ordering::SeqCst)));
        if sum > u64::MAX >> 1 { 0 } else { sum }
    }

    /// How much in flight was seen to work: the most completions of a slice per
    /// second, times the least mean response time of a slice, over the finished
    /// slices before `now`; rounded to the nearest, and at least 1.
    #[must_use]
    pub fn proven(&self, now: Tick) -> u64 {
        let current = now.0 / SLICE;
        let mut most = 0u64;
        let mut least: Option<(u64, u64)> = None;
        for slice in current.saturating_sub(SLICES)..current {
            let lap = slice / CELLS;
            let Some((count, sum)) = self.cell(slice) else { continue };
            let (count, sum) = (count.read(lap), sum.read(lap));
            if count == 0 {
                continue;
            }
            most = most.max(count);
            let faster = |(other_sum, other_count): (u64, u64)| {
                u128::from(sum).saturating_mul(u128::from(other_count))
                    < u128::from(other_sum).saturating_mul(u128::from(count))
            };
            if least.is_none_or(faster) {
                least = Some((sum, count));
            }
        }
        let Some((sum, count)) = least else { return 1 };
        // most × 10 per second × sum / count nanoseconds, plus a half, exactly.
        let second = u128::from(count).saturating_mul(1_000_000_000);
        let twice = u128::from(most).saturating_mul(20).saturating_mul(u128::from(sum)).saturating_add(second);
        let limit = twice.checked_div(second.saturating_mul(2)).unwrap_or(0);
        u64::try_from(limit).unwrap_or(u64::MAX).max(1)
    }

    fn cell(&self, slice: u64) -> Option<&(Counts, Sums)> {
        self.history.get((slice % CELLS) as usize)
    }

    /// Takes the system's figures; those that are no number are unknown.
    pub fn set_load(&self, load: SystemLoad) {
        for (place, figure) in self.load.iter().zip([load.cpu, load.load1, load.memory]) {
            place.store(figure.filter(|f| !f.is_nan()).map_or(UNKNOWN, f64::to_bits), Ordering::Release);
        }
    }

    /// The system's figures as they were last given.
    #[must_use]
    pub fn load(&self) -> SystemLoad {
        let [cpu, load1, memory] = &self.load;
        let read =
            |place: &AtomicU64| Some(place.load(Ordering::Acquire)).filter(|f| *f != UNKNOWN).map(f64::from_bits);
        SystemLoad { cpu: read(cpu), load1: read(load1), memory: read(memory) }
    }
}

/// Clocks tick in steps of up to a hundred nanoseconds: lower bits may stand still.
const fn stripe(now: Tick) -> usize {
    (now.0 ^ now.0 >> 7) as usize % STRIPES
}

/// Whether an overload protection's metric has reached its threshold, and
/// whether it has blocked since.
#[derive(Debug, Default)]
pub struct Surge(AtomicU64);

const REACHED: u64 = 1;
const BLOCKED: u64 = 2;
/// How long after the fall it goes on, where it has blocked.
const AFTERMATH: Span = Span::from_secs(1);

impl Surge {
    /// Takes note of whether the metric is at its threshold, and says whether
    /// an entry may be blocked at `now`.
    pub fn observe(&self, reached: bool, now: Tick) -> bool {
        let mut word = self.0.load(Ordering::Acquire);
        while let Some(next) = noted(word, reached, now) {
            match self.0.compare_exchange(word, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => word = next,
                Err(other) => word = other,
            }
        }
        may_block(word, reached, now)
    }

    /// What [`observe`](Self::observe) would say; takes no note.
    #[must_use]
    pub fn would_observe(&self, reached: bool, now: Tick) -> bool {
        let word = self.0.load(Ordering::Acquire);
        may_block(noted(word, reached, now).unwrap_or(word), reached, now)
    }

    /// An entry was blocked.
    pub fn blocked(&self) {
        if self.0.load(Ordering::Acquire) & (REACHED | BLOCKED) == REACHED {
            self.0.fetch_or(BLOCKED, Ordering::AcqRel);
        }
    }
}

/// The word after this one, where it is another.
const fn noted(word: u64, reached: bool, now: Tick) -> Option<u64> {
    match (word & REACHED != 0, reached) {
        (false, true) => Some(REACHED),
        (true, false) => Some(now.0 << 2 | word & BLOCKED),
        _ => None,
    }
}

fn may_block(word: u64, reached: bool, now: Tick) -> bool {
    reached || word & BLOCKED != 0 && Tick(now.0 & u64::MAX >> 2).since(Tick(word >> 2)) < AFTERMATH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_is_a_limit_of_one() {
        let instance = Instance::default();
        assert_eq!(instance.proven(Tick(0)), 1);
        instance.exit(Span::from_secs(9), Tick(SLICE + 1));
        // The current slice is not finished.
        assert_eq!(instance.proven(Tick(SLICE + 2)), 1);
        assert_eq!(instance.proven(Tick(2 * SLICE)), 90);
        assert_eq!(instance.proven(Tick(101 * SLICE)), 90);
        assert_eq!(instance.proven(Tick(102 * SLICE)), 1);
    }

    #[test]
    fn the_most_completions_times_the_least_mean() {
        let instance = Instance::default();
        for _ in 0..4 {
            instance.exit(Span::from_millis(200), Tick(0));
        }
        for rt in [30, 70] {
            instance.exit(Span::from_millis(rt), Tick(SLICE));
        }
        // 40 per second at 50 ms: exactly 2.
        assert_eq!(instance.proven(Tick(2 * SLICE)), 2);
        instance.exit(Span(62_499_999), Tick(3 * SLICE));
        assert_eq!(instance.proven(Tick(102 * SLICE)), 1);
        assert_eq!(instance.proven(Tick(101 * SLICE)), 1);
    }

    #[test]
    fn halves_round_up() {
        let instance = Instance::default();
        // 10 per second at 250 ms: 2.5.
        instance.exit(Span::from_millis(250), Tick(0));
        assert_eq!(instance.proven(Tick(SLICE)), 3);
        let instance = Instance::default();
        instance.exit(Span(249_999_999), Tick(0));
        assert_eq!(instance.proven(Tick(SLICE)), 2);
    }

    #[test]
    fn stripes_sum_up() {
        let instance = Instance::default();
        for now in 0..10 {
            instance.enter(Tick(now));
        }
        for _ in 0..10 {
            instance.exit(Span::ZERO, Tick(3));
        }
        assert_eq!(instance.in_flight(), 0);
        instance.exit(Span::ZERO, Tick(3));
        assert_eq!(instance.in_flight(), 0);
    }

    #[test]
    fn a_surge_lasts_a_second_longer_where_it_has_blocked() {
        let surge = Surge::default();
        assert!(!surge.observe(false, Tick(0)));
        assert!(surge.observe(true, Tick(1)));
        assert!(!surge.observe(false, Tick(2)));
        assert!(surge.observe(true, Tick(3)));
        surge.blocked();
        assert!(surge.observe(false, Tick(10)));
        assert!(surge.observe(false, Tick(1_000_000_009)));
        assert!(!surge.observe(false, Tick(1_000_000_010)));
        // Reached again, it starts anew.
        assert!(surge.observe(true, Tick(1_000_000_011)));
        assert!(!surge.observe(false, Tick(1_000_000_012)));
    }

    #[test]
    fn figures_are_as_given_or_unknown() {
        let instance = Instance::default();
        assert_eq!(instance.load(), SystemLoad::default());
        instance.set_load(SystemLoad { cpu: Some(0.5), load1: Some(f64::NAN), memory: None });
        assert_eq!(instance.load(), SystemLoad { cpu: Some(0.5), load1: None, memory: None });
    }
}
