//! What is known of one instance of another host: what is in flight there, how
//! it failed lately, and until when it is ejected.

use crate::policy::Outlier;
use crate::policy::workload::MAX_EJECTION;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering, lock};
use crate::time::Tick;
use std::sync::Mutex;

/// What came of a call to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// An answer that is no server error.
    Success,
    /// A server error: a 5xx that is no gateway error.
    Error,
    /// 502, 503 or 504.
    GatewayError,
    /// No connection, or one that broke: there is no answer.
    LocalError,
    /// The call was not made, or was called off: it tells nothing.
    Cancelled,
}

/// Outlives discovery's updates and reloads.
#[derive(Debug, Default)]
pub struct Health {
    /// See [`Health::number`].
    number: u64,
    in_flight: AtomicU32,
    /// The tick until which it is ejected; 0 where it never was.
    ejected_until: AtomicU64,
    /// Whether `past` counts any failure: a success need look no further.
    troubled: AtomicBool,
    past: Mutex<Past>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Past {
    server_errors: u32,
    gateway_errors: u32,
    local_errors: u32,
    /// How often it was ejected, as far as that is not forgotten.
    times: u32,
}

impl Health {
    /// Of the instance with this number.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        Health { number, ..Health::default() }
    }

    /// What the instance is called by a host that hands integers around: never 0,
    /// and no other instance's of the engine, also later.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What is in flight, from [`Health::begin`] to [`Health::end`].
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A call goes to the instance.
    pub fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A call has come back; one that never went is none.
    pub fn end(&self) {
        let less = |count: u32| count.checked_sub(1);
        let _ = self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Whether it is ejected at `now`; at the end of the ejection it is back.
    pub fn is_ejected(&self, now: Tick) -> bool {
        now.0 < self.ejected_until.load(Ordering::Relaxed)
    }

    /// Counts what came of a call; whether the instance has failed often enough
    /// in a row to be ejected, in which case its count begins anew. While it is
    /// ejected nothing counts.
    pub fn count(&self, outcome: CallOutcome, outlier: &Outlier, now: Tick) -> bool {
        match outcome {
            CallOutcome::Cancelled => return false,
            CallOutcome::Success if !self.troubled.load(Ordering::Relaxed) => return false,
            _ => {}
        }
        let mut past = lock(&self.past);
        if self.is_ejected(now) {
            return false;
        }
        let is_full = past.count(outcome, outlier);
        self.troubled.store(past.is_troubled(), Ordering::Relaxed);
        is_full
    }

    /// Ejects it at `now`, the longer the more often it was ejected; until when.
    pub fn eject(&self, outlier: &Outlier, now: Tick) -> Tick {
        let mut past = lock(&self.past);
        let returned = Tick(self.ejected_until.load(Ordering::Relaxed));
        let healthy_intervals = now.since(returned).0.checked_div(outlier.interval.0.max(1)).unwrap_or(0);
        let forgotten = u32::try_from(healthy_intervals).unwrap_or(u32::MAX);
        let times = past.times.saturating_sub(forgotten).saturating_add(1);
        *past = Past { times, ..Past::default() };
        self.troubled.store(false, Ordering::Relaxed);
        let length = outlier.base_ejection.0.saturating_mul(u64::from(times)).min(MAX_EJECTION.0);
        let until = now.after(crate::time::Span(length));
        self.ejected_until.store(until.0, Ordering::Relaxed);
        until
    }

    /// Forgets all but what is in flight: no rule judges it any longer.
    pub fn forget(&self) {
        let mut past = lock(&self.past);
        *past = Past::default();
        self.troubled.store(false, Ordering::Relaxed);
        self.ejected_until.store(0, Ordering::Relaxed);
    }

    /// Whether there is nothing to remember of it.
    pub fn is_blank(&self) -> bool {
        self.in_flight() == 0
            && !self.troubled.load(Ordering::Relaxed)
            && self.ejected_until.load(Ordering::Relaxed) == 0
    }
}

impl Past {
    fn is_troubled(&self) -> bool {
        self.server_errors > 0 || self.gateway_errors > 0 || self.local_errors > 0
    }

    /// Counts, and answers whether a limit is reached.
    fn count(&mut self, outcome: CallOutcome, outlier: &Outlier) -> bool {
        let split = outlier.local_errors.is_some();
        match outcome {
            CallOutcome::Cancelled => return false,
            CallOutcome::Success => *self = Past { times: self.times, ..Past::default() },
            CallOutcome::LocalError if split => self.local_errors = self.local_errors.saturating_add(1),
            CallOutcome::Error => {
                self.server_errors = self.server_errors.saturating_add(1);
                self.gateway_errors = 0;
            }
            CallOutcome::GatewayError | CallOutcome::LocalError => {
                self.server_errors = self.server_errors.saturating_add(1);
                self.gateway_errors = self.gateway_errors.saturating_add(1);
            }
        }
        if split && outcome != CallOutcome::LocalError {
            // It answered, so there was a connection.
            self.local_errors = 0;
        }
        let mut is_full = false;
        let limits = [
            (&mut self.server_errors, outlier.server_errors),
            (&mut self.gateway_errors, outlier.gateway_errors),
            (&mut self.local_errors, outlier.local_errors.unwrap_or(0)),
        ];
        for (count, limit) in limits {
            if limit > 0 && *count >= limit {
                *count = 0;
                is_full = true;
            }
        }
        is_full
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::time::Span;

    const SECOND: u64 = 1_000_000_000;

    fn fail(health: &Health, outcome: CallOutcome, outlier: &Outlier, times: u32) -> Vec<bool> {
        (0..times).map(|_| health.count(outcome, outlier, Tick(0))).collect()
    }

    #[test]
    fn so_many_in_a_row_are_enough_and_a_success_begins_anew() {
        let (health, outlier) = (Health::default(), Outlier { server_errors: 3, ..Outlier::default() });
        assert_eq!(fail(&health, CallOutcome::Error, &outlier, 2), [false, false]);
        assert!(!health.count(CallOutcome::Success, &outlier, Tick(0)));
        assert_eq!(fail(&health, CallOutcome::GatewayError, &outlier, 4), [false, false, true, false]);
        let off = Outlier { server_errors: 0, ..Outlier::default() };
        assert!(!fail(&Health::default(), CallOutcome::Error, &off, 20).contains(&true));
    }

    #[test]
    fn an_error_that_is_none_of_the_gateway_resets_the_gateways_count() {
        let (health, outlier) =
            (Health::default(), Outlier { server_errors: 0, gateway_errors: 2, ..Outlier::default() });
        assert_eq!(fail(&health, CallOutcome::GatewayError, &outlier, 1), [false]);
        assert_eq!(fail(&health, CallOutcome::Error, &outlier, 1), [false]);
        assert_eq!(fail(&health, CallOutcome::LocalError, &outlier, 2), [false, true]);
    }

    #[test]
    fn local_errors_count_by_themselves_where_they_are_split() {
        let outlier = Outlier { server_errors: 2, local_errors: Some(3), ..Outlier::default() };
        let health = Health::default();
        assert_eq!(fail(&health, CallOutcome::LocalError, &outlier, 2), [false, false]);
        assert_eq!(fail(&health, CallOutcome::Error, &outlier, 1), [false]);
        assert_eq!(fail(&health, CallOutcome::LocalError, &outlier, 3), [false, false, true]);
        assert_eq!(fail(&health, CallOutcome::Error, &outlier, 1), [true], "the one before still counts");
    }

    #[test]
    fn ejections_grow_and_are_forgotten_by_the_interval() {
        let (health, outlier) = (Health::default(), Outlier::default());
        assert_eq!(health.eject(&outlier, Tick(0)), Tick(30 * SECOND));
        assert!(health.is_ejected(Tick(30 * SECOND - 1)) && !health.is_ejected(Tick(30 * SECOND)));
        assert_eq!(health.eject(&outlier, Tick(39 * SECOND)), Tick(99 * SECOND), "the second of 60 s");
        assert_eq!(health.eject(&outlier, Tick(119 * SECOND)), Tick(149 * SECOND), "two healthy intervals: the first");
        let long = Outlier { base_ejection: Span::from_secs(200), ..outlier };
        assert_eq!(health.eject(&long, Tick(149 * SECOND)), Tick(449 * SECOND), "300 s at most");
    }

    #[test]
    fn what_is_in_flight_never_falls_below_zero() {
        let health = Health::default();
        health.end();
        health.begin();
        assert_eq!(health.in_flight(), 1);
        health.end();
        health.end();
        assert_eq!((health.in_flight(), health.is_blank()), (0, true));
    }
}
