//! How much is in flight.

use crate::sync::{AtomicU64, Ordering};

/// The cost in flight; never below zero.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Adds `cost` if no more than `most` is then in flight.
    pub fn try_add(&self, cost: u64, most: u64) -> bool {
        let step = |now: u64| now.checked_add(cost).filter(|sum| *sum <= most);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).is_ok()
    }

    /// Takes `cost` off.
    pub fn remove(&self, cost: u64) {
        let step = |now: u64| Some(now.saturating_sub(cost));
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
    }

    /// The cost in flight now.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fills_to_the_limit_and_never_falls_below_zero() {
        let gauge = Gauge::default();
        assert!(gauge.try_add(3, 5) && gauge.try_add(2, 5));
        assert!(!gauge.try_add(1, 5));
        gauge.remove(2);
        assert!(!gauge.try_add(3, 5) && gauge.try_add(2, 5));
        gauge.remove(9);
        assert_eq!(gauge.read(), 0);
        assert!(!gauge.try_add(1, 0));
    }
}
