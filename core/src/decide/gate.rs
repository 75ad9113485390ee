//! One gate for each (target, strategy): its limits in this version of the
//! rules, over a statistic that outlives it.

use super::breaker::Breaker;
use crate::stat::gauge::Gauge;
use crate::stat::limit::{Admission, Admitted};
use crate::stat::pace::Pace;
use crate::stat::tally::Blocks;
use crate::sync::Arc;
use crate::time::{Span, Tick};

/// A gate of a target.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// Its target, as an index into the table's.
    pub(crate) target: u32,
    /// What it is called, as an index into the table's blocks.
    pub(crate) block: u32,
    /// How often it blocked.
    pub(crate) blocks: Arc<Blocks>,
    /// In which versions of the rules its statistic was asked.
    pub(crate) presence: Presence,
    /// What it asks for.
    pub(crate) act: Act,
}

/// What a gate asks for, and what it knows.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A bound on what is in flight.
    Concurrency {
        /// The most cost in flight.
        most: u64,
        /// The cost in flight.
        gauge: Arc<Gauge>,
    },
    /// A circuit breaker.
    Breaker(Breaker),
    /// A bound on what is admitted in any window.
    Rate {
        /// The most cost in a window.
        threshold: u64,
        /// What was admitted.
        admitted: Arc<Admitted>,
    },
    /// A distance between entries.
    Pacing {
        /// The distance for a cost of 1.
        interval: Span,
        /// The longest wait.
        timeout: Span,
        /// When the next may go.
        pace: Arc<Pace>,
    },
}

/// Refused; with the time after which it would not be, where that is known.
pub(crate) type Refused = Option<Span>;

impl Act {
    /// Whether it takes a budget that can't be given back.
    pub(crate) fn spends(&self) -> bool {
        matches!(self, Act::Rate { .. } | Act::Pacing { .. })
    }

    /// For a gate that [spends](Self::spends): takes its budget, or with
    /// `claim` unset only says what it would answer. The wait, or the refusal.
    pub(crate) fn spend(&self, cost: u64, now: Tick, claim: bool) -> Result<Span, Refused> {
        match self {
            Act::Rate { threshold, admitted } => {
                let admission = match claim {
                    true => admitted.admit(*threshold, cost, now),
                    false => admitted.would_admit(*threshold, cost, now),
                };
                match admission {
                    Admission::Admitted => Ok(Span::ZERO),
                    Admission::After(span) => Err(Some(span)),
                    Admission::Never | Admission::Sealed => Err(None),
                }
            }
            Act::Pacing { interval, timeout, pace } => match claim {
                true => pace.queue(Span(interval.0.saturating_mul(cost)), *timeout, now),
                false => pace.would_queue(*timeout, now),
            }
            .map_err(Some),
            Act::Concurrency { .. } | Act::Breaker(_) => Ok(Span::ZERO),
        }
    }
}

/// In which versions of the rules a statistic was asked: a permit reports only
/// to those that it passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence {
    /// The first of the versions.
    since: u32,
    /// From which version to before which it was not: its strategy's document
    /// was missing. Rare, hence behind a pointer.
    #[allow(clippy::box_collection)]
    absences: Option<Box<Vec<(u32, u32)>>>,
}

/// How many absences are remembered. An entry would have to be in flight over
/// more of them to be miscounted.
const ABSENCES: usize = 64;
/// The end of an absence that lasts.
const LASTS: u32 = u32::MAX;

impl Presence {
    /// From this version on.
    pub(crate) fn since(version: u64) -> Presence {
        Presence { since: version as u32, absences: None }
    }

    /// Absent from this version on, if it is not already.
    pub(crate) fn leave(&mut self, version: u64) {
        let absences = self.absences.get_or_insert_default();
        if absences.last().is_none_or(|(_, to)| *to != LASTS) {
            if absences.len() >= ABSENCES {
                absences.remove(0);
            }
            absences.push((version as u32, LASTS));
        }
    }

    /// Back from this version on, if it was absent.
    pub(crate) fn come_back(&mut self, version: u64) {
        if let Some((_, to)) = self.absences.as_mut().and_then(|absences| absences.last_mut())
            && *to == LASTS
        {
            *to = version as u32;
        }
    }

    /// Whether it is asked in the present version.
    pub(crate) fn is_asked(&self) -> bool {
        self.absences.as_ref().and_then(|absences| absences.last()).is_none_or(|(_, to)| *to != LASTS)
    }

    /// Whether a permit of this version has passed it.
    pub(crate) fn covers(&self, edition: u64) -> bool {
        let edition = edition as u32;
        let absent = |absences: &Vec<(u32, u32)>| absences.iter().any(|(from, to)| (*from..*to).contains(&edition));
        edition >= self.since && !self.absences.as_deref().is_some_and(absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_reports_to_what_was_asked_in_its_version() {
        let mut presence = Presence::since(3);
        assert!(!presence.covers(2) && presence.covers(3));
        presence.leave(5);
        presence.leave(6);
        assert!(!presence.is_asked());
        assert!(presence.covers(4) && !presence.covers(5) && !presence.covers(7));
        presence.come_back(8);
        presence.come_back(9);
        assert!(presence.is_asked());
        assert!(presence.covers(4) && !presence.covers(7) && presence.covers(8));
    }
}
