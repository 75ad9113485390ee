//! What was admitted under a rate limit: an exact [log](Log) for limits of up to
//! 4,096, [slices](Slices) above, and the step from one to the other.

use super::log::{Log, MAX_UNITS};
use super::slices::{Remains, Slices, slice_of};
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};
use crate::time::{Span, Tick};

/// What a limit says to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is within the limit.
    Admitted,
    /// It is over the limit, and would be within it after this time, over zero.
    After(Span),
    /// It costs more than the limit.
    Never,
    /// The store takes no more: its successor is to be asked.
    Sealed,
}

/// What was admitted in the last window. When a new limit needs another way of
/// keeping it, a successor takes over; entries that still ask this one are led
/// to it and never counted twice.
#[derive(Debug)]
pub struct Admitted {
    window: Span,
    kept: Kept,
    /// The limit that the successor is made for; written before the seal.
    goal: AtomicU64,
    next: OnceLock<Arc<Admitted>>,
}

#[derive(Debug)]
enum Kept {
    Log(Log),
    Slices(Slices),
}

impl Admitted {
    /// Nothing so far, in windows of this length.
    #[must_use]
    pub fn new(limit: u64, window: Span) -> Arc<Admitted> {
        let kept = if limit > MAX_UNITS { Kept::Slices(Slices::default()) } else { Kept::Log(Log::new(limit, None)) };
        Arc::new(Admitted::with(kept, window))
    }

    fn with(kept: Kept, window: Span) -> Admitted {
        Admitted { window, kept, goal: AtomicU64::new(0), next: OnceLock::new() }
    }

    /// The window's length.
    #[must_use]
    pub fn window(&self) -> Span {
        self.window
    }

    /// Takes `cost` units at `now` if no more than `limit` are then in the window.
    pub fn admit(&self, limit: u64, cost: u64, now: Tick) -> Admission {
        self.ask(limit, cost, now, true)
    }

    /// What [`admit`](Self::admit) would say; takes nothing.
    #[must_use]
    pub fn would_admit(&self, limit: u64, cost: u64, now: Tick) -> Admission {
        self.ask(limit, cost, now, false)
    }

    fn ask(&self, limit: u64, cost: u64, now: Tick, claim: bool) -> Admission {
        let mut asked = self;
        loop {
            let answer = match &asked.kept {
                Kept::Log(log) => log.ask(limit, asked.window, cost, now, claim),
                Kept::Slices(slices) => slices.ask(limit, asked.window, cost, now, claim),
            };
            if answer != Admission::Sealed {
                return answer;
            }
            asked = asked.successor();
        }
    }

    /// How many units are in the window that ends at `now`; takes nothing.
    #[must_use]
    pub fn held(&self, now: Tick) -> u64 {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        match &last.kept {
            Kept::Log(log) => log.held(last.window, now),
            Kept::Slices(slices) => slices.held(last.window, now),
        }
    }

    /// The same statistic, kept in a way that can hold to this limit.
    #[must_use]
    pub fn fit(self: &Arc<Self>, limit: u64) -> Arc<Admitted> {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        let fits = match &last.kept {
            Kept::Log(log) => limit <= log.capacity(),
            Kept::Slices(_) => limit > MAX_UNITS,
        };
        if fits {
            return Arc::clone(last);
        }
        last.goal.store(limit, Ordering::Release);
        match &last.kept {
            Kept::Log(log) => log.seal(),
            Kept::Slices(slices) => slices.seal(),
        }
        Arc::clone(last.successor())
    }

    /// The successor of a sealed one. What it is made from changes no more, so
    /// all that come here make the same, and none waits while another does.
    fn successor(&self) -> &Arc<Admitted> {
        if let Some(next) = self.next.get() {
            return next;
        }
        let limit = self.goal.load(Ordering::Acquire);
        let kept = match &self.kept {
            Kept::Log(log) if limit <= MAX_UNITS => Kept::Log(log.grown(limit)),
            Kept::Log(log) => {
                let times = log.times().0.into_iter().map(|time| (slice_of(time, self.window), 1));
                let remains = log.remains().map_or(&[][..], |remains| remains.parts());
                Kept::Slices(Slices::with(remains.iter().copied().chain(times).collect()))
            }
            Kept::Slices(slices) => Kept::Log(Log::new(limit, Remains::new(slices.parts(), self.window))),
        };
        let made = Arc::new(Admitted::with(kept, self.window));
        self.next.get_or_init(|| made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Span = Span::from_secs(1);

    #[test]
    fn raising_and_lowering_loses_no_unit() {
        let first = Admitted::new(10, WINDOW);
        assert_eq!(first.admit(10, 10, Tick(0)), Admission::Admitted);
        let sliced = first.fit(5000);
        assert_eq!(sliced.admit(5000, 4991, Tick(1)), Admission::After(Span(1_003_906_249)));
        assert_eq!(sliced.admit(5000, 4990, Tick(1)), Admission::Admitted);
        let logged = sliced.fit(5);
        // All that the slices held stays until its slice has left.
        assert_eq!(logged.admit(5, 1, Tick(1_000_000_001)), Admission::After(Span(3_906_249)));
        assert_eq!(logged.admit(5, 5, Tick(1_003_906_250)), Admission::Admitted);
        assert_eq!(logged.admit(5, 1, Tick(1_003_906_251)), Admission::After(Span(999_999_999)));
        // Those that still ask the first are led to the last.
        assert_eq!(first.admit(10, 6, Tick(1_003_906_252)), Admission::After(Span(999_999_998)));
        assert!(Arc::ptr_eq(&first.fit(8), &logged));
    }

    #[test]
    fn a_limit_that_fits_keeps_the_store() {
        let store = Admitted::new(5, WINDOW);
        assert!(Arc::ptr_eq(&store.fit(8), &store));
        assert!(Arc::ptr_eq(&store.fit(0), &store));
        assert!(!Arc::ptr_eq(&store.fit(9), &store));
    }
}
