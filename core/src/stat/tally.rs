//! What is counted to be looked at, and decides nothing.

use super::latency::{Latency, Spread};
use super::share::{Counter, add};
use crate::sync::{AtomicU64, OnceLock, Ordering, Padded};
use crate::time::{Span, Tick};
use std::fmt;

/// How many threads count a target by themselves: the owners of the first shares.
/// The others count together.
const ALONE: usize = 4;

/// The counters of a target; made when it is first entered.
#[derive(Default)]
pub struct Tally(OnceLock<Box<[Part; ALONE + 1]>>);

/// The counters of one thread, or of all others; made when they first come.
type Part = OnceLock<Box<Padded<Counters>>>;

/// Counters of one target.
#[derive(Default)]
#[repr(C)] // the few that each entry counts, side by side
struct Counters {
    passed: AtomicU64,
    latency: Latency,
    blocked: AtomicU64,
    waited: AtomicU64,
    cancelled: AtomicU64,
    errors: AtomicU64,
}

/// What was counted of a target so far.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Entries that passed.
    pub passed: u64,
    /// Entries that were blocked.
    pub blocked: u64,
    /// Entries that passed after a wait.
    pub waited: u64,
    /// Entries that passed and were cancelled instead of exiting.
    pub cancelled: u64,
    /// Entries that exited with an error.
    pub errors: u64,
    /// The response times of those that exited.
    pub spread: Spread,
}

impl Tally {
    /// Counts an entry that passed after this wait.
    pub fn pass(&self, by: Counter<'_>, wait: Span) {
        let (counters, alone) = self.counters(by);
        add(&counters.passed, 1, alone);
        if wait > Span::ZERO {
            add(&counters.waited, 1, alone);
        }
    }

    /// Counts an entry that was blocked.
    pub fn block(&self, by: Counter<'_>) {
        let (counters, alone) = self.counters(by);
        add(&counters.blocked, 1, alone);
    }

    /// Counts an entry that was cancelled.
    pub fn cancel(&self, by: Counter<'_>) {
        let (counters, alone) = self.counters(by);
        add(&counters.cancelled, 1, alone);
    }

    /// Counts an exit.
    pub fn exit(&self, by: Counter<'_>, rt: Span, error: bool) {
        let (counters, alone) = self.counters(by);
        counters.latency.add(rt, alone);
        if error {
            add(&counters.errors, 1, alone);
        }
    }

    /// Where `by` counts, and whether nobody else does.
    fn counters(&self, by: Counter<'_>) -> (&Counters, bool) {
        let parts = self.0.get_or_init(Box::default);
        let [common, own @ ..] = &**parts;
        let own = by.number().and_then(|number| own.get(number));
        (&own.unwrap_or(common).get_or_init(Box::default).0, own.is_some())
    }

    /// What was counted, if anything was.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        let parts: Vec<&Counters> = self.0.get()?.iter().filter_map(|part| Some(&part.get()?.0)).collect();
        // What exited first: what passed is then no less.
        let spread = Spread::of(parts.iter().map(|part| &part.latency));
        let sum = |of: fn(&Counters) -> &AtomicU64| {
            parts.iter().fold(0u64, |sum, part| sum.wrapping_add(of(part).load(Ordering::Relaxed)))
        };
        Some(Totals {
            cancelled: sum(|part| &part.cancelled),
            errors: sum(|part| &part.errors),
            waited: sum(|part| &part.waited),
            passed: sum(|part| &part.passed),
            blocked: sum(|part| &part.blocked),
            spread,
        })
    }
}

/// How often a gate blocked, and when it last did.
#[derive(Default)]
pub struct Blocks {
    count: AtomicU64,
    last: AtomicU64,
}

/// Without a block for this long there is calm.
const CALM: Span = Span::from_secs(10);

impl Blocks {
    /// Counts a block; true for the first one after a calm of 10 s, or of all.
    pub fn add(&self, now: Tick) -> bool {
        let first = self.count.fetch_add(1, Ordering::Relaxed) == 0;
        // Of several that end a calm together, one finds the old time.
        let last = Tick(self.last.fetch_max(now.0, Ordering::Relaxed));
        first || now.since(last) >= CALM
    }

    /// How often it blocked.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Tally {
    /// Nothing of what was counted: a look at what decides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally").finish_non_exhaustive()
    }
}

impl fmt::Debug for Blocks {
    /// Nothing of what was counted: a look at what decides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stat::instance::Instance;

    #[test]
    fn parts_sum_up() {
        let (instance, tally) = (Instance::default(), Tally::default());
        assert!(tally.totals().is_none());
        let owned: Vec<_> = (0..ALONE + 2).map(|_| instance.own().unwrap()).collect();
        for by in owned.iter().map(|owned| instance.counter(Some(owned))).chain([instance.common()]) {
            tally.pass(by, Span(1));
            tally.pass(by, Span::ZERO);
            tally.block(by);
            tally.exit(by, Span::from_millis(1), true);
            tally.cancel(by);
        }
        let count = (ALONE + 3) as u64;
        let totals = tally.totals().unwrap();
        assert_eq!((totals.passed, totals.waited, totals.blocked), (2 * count, count, count));
        assert_eq!((totals.cancelled, totals.errors), (count, count));
        assert_eq!((totals.spread.count, totals.spread.sum), (count, count * 1_000_000));
    }

    #[test]
    fn the_first_block_after_a_calm_stands_out() {
        let blocks = Blocks::default();
        let second = |s| Tick(Span::from_secs(s).0);
        assert!(blocks.add(second(1)));
        assert!(!blocks.add(second(1)));
        assert!(!blocks.add(second(10)));
        assert!(!blocks.add(second(19)));
        assert!(blocks.add(second(29)));
        assert!(!blocks.add(second(3)));
        assert_eq!(blocks.count(), 6);
    }
}
