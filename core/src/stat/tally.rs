//! What is counted to be looked at, and decides nothing.

use super::latency::Latency;
use crate::sync::{AtomicU64, OnceLock, Ordering, Padded};
use crate::time::{Span, Tick};
use std::fmt;

/// The counters of a target; made when it is first entered.
#[derive(Default)]
pub struct Tally(OnceLock<Box<Padded<Counters>>>);

/// Counters of one target.
#[derive(Default)]
pub struct Counters {
    /// Entries that passed.
    pub passed: AtomicU64,
    /// Entries that were blocked.
    pub blocked: AtomicU64,
    /// Entries that passed after a wait.
    pub waited: AtomicU64,
    /// Entries that passed and were cancelled instead of exiting.
    pub cancelled: AtomicU64,
    /// Entries that exited with an error.
    pub errors: AtomicU64,
    /// The response times of those that exited.
    pub latency: Latency,
}

impl Tally {
    /// The counters, made if there are none yet.
    pub fn counters(&self) -> &Counters {
        &self.0.get_or_init(Box::default).0
    }

    /// The counters, if anything was counted.
    pub fn seen(&self) -> Option<&Counters> {
        self.0.get().map(|counters| &counters.0)
    }
}

impl Counters {
    /// Counts an entry that passed after this wait.
    pub fn pass(&self, wait: Span) {
        self.passed.fetch_add(1, Ordering::Relaxed);
        if wait > Span::ZERO {
            self.waited.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts an entry that was blocked.
    pub fn block(&self) {
        self.blocked.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an entry that was cancelled.
    pub fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an exit.
    pub fn exit(&self, rt: Span, error: bool) {
        self.latency.add(rt);
        if error {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
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
