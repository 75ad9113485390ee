//! When the next entry of a queue may go.

use crate::sync::{AtomicU64, Ordering};
use crate::time::{Span, Tick};

/// A leaky bucket in one word: the next free moment.
#[derive(Debug, Default)]
pub struct Pace {
    next_free: AtomicU64,
}

impl Pace {
    /// Queues at `now`: the wait, or by how much it would be over `timeout`.
    /// Where the queue goes on `interval` later, `interval` being that of the
    /// whole cost.
    pub fn queue(&self, interval: Span, timeout: Span, now: Tick) -> Result<Span, Span> {
        let mut free = self.next_free.load(Ordering::Acquire);
        loop {
            let wait = wait(free, timeout, now)?;
            let after = now.after(wait).after(interval).0;
            // Without an interval there is nothing to keep others off.
            if interval == Span::ZERO || after == free {
                return Ok(wait);
            }
            match self.next_free.compare_exchange_weak(free, after, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(wait),
                Err(other) => free = other,
            }
        }
    }

    /// What [`queue`](Self::queue) would say; takes nothing.
    pub fn would_queue(&self, timeout: Span, now: Tick) -> Result<Span, Span> {
        wait(self.next_free.load(Ordering::Acquire), timeout, now)
    }

    /// How long an entry would queue at `now`, whatever the timeout.
    pub fn wait(&self, now: Tick) -> Span {
        Tick(self.next_free.load(Ordering::Acquire)).since(now)
    }
}

fn wait(free: u64, timeout: Span, now: Tick) -> Result<Span, Span> {
    let wait = Tick(free).since(now);
    match wait.0.checked_sub(timeout.0) {
        None | Some(0) => Ok(wait),
        Some(over) => Err(Span(over)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const INTERVAL: Span = Span(20 * MS);

    #[test]
    fn entries_queue_up_to_the_timeout_and_no_longer() {
        let pace = Pace::default();
        let timeout = Span(40 * MS);
        let queue = |now| pace.queue(INTERVAL, timeout, Tick(now));
        assert_eq!(queue(5 * MS), Ok(Span::ZERO));
        assert_eq!(queue(5 * MS), Ok(INTERVAL));
        assert_eq!(queue(5 * MS), Ok(timeout));
        assert_eq!(queue(5 * MS), Err(INTERVAL));
        assert_eq!(queue(25 * MS - 1), Err(Span(1)));
        assert_eq!(queue(25 * MS), Ok(timeout));
    }

    #[test]
    fn no_interval_is_no_limit_but_comes_after_the_queue_so_far() {
        let pace = Pace::default();
        assert_eq!(pace.queue(Span::ZERO, Span::ZERO, Tick(9)), Ok(Span::ZERO));
        assert_eq!(pace.queue(Span::ZERO, Span::ZERO, Tick(3)), Ok(Span::ZERO));
        assert_eq!(pace.queue(INTERVAL, Span::ZERO, Tick(0)), Ok(Span::ZERO));
        assert_eq!(pace.queue(Span::ZERO, INTERVAL, Tick(0)), Ok(INTERVAL));
        assert_eq!(pace.queue(Span::ZERO, Span::ZERO, Tick(INTERVAL.0)), Ok(Span::ZERO));
    }

    #[test]
    fn the_end_of_time_is_no_accident() {
        let pace = Pace::default();
        assert_eq!(pace.queue(Span(u64::MAX), Span::ZERO, Tick(7)), Ok(Span::ZERO));
        assert_eq!(pace.queue(Span(1), Span::ZERO, Tick(8)), Err(Span(u64::MAX - 8)));
        assert_eq!(pace.queue(Span(1), Span(u64::MAX), Tick(8)), Ok(Span(u64::MAX - 8)));
    }
}
