//! The instance as a whole: what is in flight, how fast it is served, and how
//! loaded the system is.

use super::share::{Counter, SLICE, Share};
use crate::sync::{AtomicU64, OnceLock, Ordering, Padded, fence};
use crate::time::{Span, Tick};

/// How many finished slices are looked at.
const SLICES: u64 = 100;
/// How many writers can have a share of their own.
const OWNERS: usize = 32;

/// In flight and completions of all inbound entries, and the system's figures.
#[derive(Debug)]
pub struct Instance {
    /// The share of all who have none of their own.
    common: Padded<Share>,
    /// Made when first owned; what was counted in one stays when its owner goes.
    own: [OnceLock<Box<Padded<Share>>>; OWNERS],
    /// A bit for each share that has an owner.
    owned: AtomicU64,
    load: [AtomicU64; 3],
}

/// A share of its own, to be [given back](Instance::disown).
#[derive(Debug)]
pub struct Owned(usize);

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
            common: Default::default(),
            own: Default::default(),
            owned: AtomicU64::new(0),
            load: [UNKNOWN, UNKNOWN, UNKNOWN].map(AtomicU64::new),
        }
    }
}

const UNKNOWN: u64 = u64::MAX;

impl Instance {
    /// Counts in the share that is nobody's own.
    #[must_use]
    pub const fn common(&self) -> Counter<'_> {
        Counter::new(&self.common.0, None)
    }

    /// Takes a share that nobody owns; `None` while all have an owner.
    pub fn own(&self) -> Option<Owned> {
        let free = |owned: u64| (owned.trailing_ones() < OWNERS as u32).then(|| owned | owned.wrapping_add(1));
        let before = self.owned.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).ok()?;
        Some(Owned(before.trailing_ones() as usize))
    }

    /// Gives a share back; what was counted in it stays.
    pub fn disown(&self, Owned(number): Owned) {
        self.owned.fetch_and(!(1 << number), Ordering::AcqRel);
    }

    /// Counts in the share that one has, or in the one that is nobody's own.
    ///
    /// The owner is to have one counter at a time.
    #[must_use]
    pub fn counter(&self, owned: Option<&Owned>) -> Counter<'_> {
        let own = owned.and_then(|Owned(number)| Some((*number, self.own.get(*number)?)));
        own.map_or(self.common(), |(number, share)| Counter::new(&share.get_or_init(Box::default).0, Some(number)))
    }

    fn shares(&self) -> impl Iterator<Item = &Share> {
        let own = self.own.iter().filter_map(|place| place.get());
        std::iter::once(&self.common).chain(own.map(|share| &**share)).map(|share| &share.0)
    }

    /// Inbound entries in flight.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        // Of two that come at once, one sees the other: each has counted before
        // this fence, and looks after it.
        fence(Ordering::SeqCst);
        let sum = self.shares().fold(0u64, |sum, share| sum.wrapping_add(share.in_flight()));
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
            let (count, sum) = self.shares().fold((0u64, 0u64), |(count, sum), share| {
                let (more, longer) = share.completed(slice);
                (count.saturating_add(more), sum.saturating_add(longer))
            });
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
        instance.common().exit(Span::from_secs(9), Tick(SLICE + 1));
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
            instance.common().exit(Span::from_millis(200), Tick(0));
        }
        for rt in [30, 70] {
            instance.common().exit(Span::from_millis(rt), Tick(SLICE));
        }
        // 40 per second at 50 ms: exactly 2.
        assert_eq!(instance.proven(Tick(2 * SLICE)), 2);
        instance.common().exit(Span(62_499_999), Tick(3 * SLICE));
        assert_eq!(instance.proven(Tick(102 * SLICE)), 1);
        assert_eq!(instance.proven(Tick(101 * SLICE)), 1);
    }

    #[test]
    fn halves_round_up() {
        let instance = Instance::default();
        // 10 per second at 250 ms: 2.5.
        instance.common().exit(Span::from_millis(250), Tick(0));
        assert_eq!(instance.proven(Tick(SLICE)), 3);
        let instance = Instance::default();
        instance.common().exit(Span(249_999_999), Tick(0));
        assert_eq!(instance.proven(Tick(SLICE)), 2);
    }

    #[test]
    fn shares_sum_up() {
        let instance = Instance::default();
        let (one, other) = (instance.own().unwrap(), instance.own().unwrap());
        let counters = [instance.common(), instance.counter(Some(&one)), instance.counter(Some(&other))];
        for counter in counters.iter().cycle().take(9) {
            counter.enter();
        }
        assert_eq!(instance.in_flight(), 9);
        // Some leave by another share than they came by.
        for (counter, rt) in counters.iter().take(2).cycle().zip([10, 20, 10, 20, 10, 20, 10, 20, 10]) {
            counter.exit(Span::from_millis(rt), Tick(0));
        }
        assert_eq!(instance.in_flight(), 0);
        // 90 per second at 14.4 ms.
        assert_eq!(instance.proven(Tick(SLICE)), 1);
        for _ in 0..91 {
            counters[2].exit(Span::from_millis(14), Tick(1));
        }
        assert_eq!(instance.proven(Tick(SLICE)), 14);
        counters[0].exit(Span::ZERO, Tick(3));
        assert_eq!(instance.in_flight(), 0, "never below zero");
    }

    #[test]
    fn a_share_has_one_owner_and_keeps_what_it_counted() {
        let instance = Instance::default();
        let mut owned: Vec<Owned> = std::iter::from_fn(|| instance.own()).collect();
        assert_eq!(owned.len(), OWNERS);
        let numbers: std::collections::BTreeSet<usize> = owned.iter().map(|Owned(number)| *number).collect();
        assert_eq!(numbers.len(), OWNERS);
        let gone = owned.remove(7);
        instance.counter(Some(&gone)).enter();
        instance.disown(gone);
        assert_eq!(instance.in_flight(), 1);
        let Owned(again) = instance.own().unwrap();
        assert_eq!(again, 7);
        assert!(instance.own().is_none());
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
