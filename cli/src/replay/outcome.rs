//! All that a replay came to, for whoever shows it.

use super::breakers::Breaker;
use super::compare::Difference;
use super::names::Names;
use super::run::Run;
use super::source::Told;
use super::tally::{Counts, Peak};
use super::words::Clock;
use crate::explain::audience::Audience;
use sergo::Tick;

/// A replay that has ended.
pub(crate) struct Outcome {
    /// What the trace is called.
    pub(crate) trace: String,
    pub(crate) told: Told,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    /// When the last request came, or the last breaker changed.
    pub(crate) end: Tick,
    pub(crate) one: Ruled,
    pub(crate) other: Option<(Ruled, Difference)>,
}

/// What some rules did.
pub(crate) struct Ruled {
    /// What the rules are called.
    pub(crate) rules: String,
    pub(crate) audience: Audience,
    pub(crate) run: Run,
}

impl Outcome {
    /// All that came of a trace whose first request came at `begin`.
    pub(crate) fn new(
        trace: String,
        told: Told,
        names: Names,
        begin: i64,
        one: Ruled,
        other: Option<(Ruled, Difference)>,
    ) -> Outcome {
        let ruled = || [Some(&one), other.as_ref().map(|(other, _)| other)].into_iter().flatten();
        let changes = ruled().flat_map(|ruled| &ruled.run.breakers.0).filter_map(|breaker| breaker.changes.last());
        let last = one.total().came.map(|(_, last)| last);
        let end = changes.map(|change| change.at).chain(last).max().unwrap_or_default();
        Outcome { trace, told, names, clock: Clock::new(begin, end), end, one, other }
    }
}

impl Ruled {
    /// The resources that came, by number: those that were blocked or waited
    /// most first, then those that came most.
    pub(crate) fn resources<'a>(&'a self, names: &Names) -> Vec<(usize, &'a Counts)> {
        let came = self.run.tally.resources.iter().enumerate().filter(|(_, counts)| counts.came.is_some());
        let mut resources: Vec<_> = came.collect();
        resources.sort_by(|(one, a), (other, b)| {
            let most = (b.blocked, b.waited, b.requests()).cmp(&(a.blocked, a.waited, a.requests()));
            most.then_with(|| names.name(*one).cmp(names.name(*other)))
        });
        resources
    }

    /// Whether a rule names the resource.
    pub(crate) fn governs(&self, names: &Names, number: usize) -> bool {
        !names.is_others(number) && (self.run.governs())(names.name(number))
    }

    pub(crate) fn total(&self) -> &Counts {
        &self.run.tally.total
    }

    /// Most requests in a second, and most in flight.
    pub(crate) fn peaks(&self) -> (Peak, Peak) {
        (self.total().rate, self.total().flight)
    }

    /// The circuit breakers: those that changed most first.
    pub(crate) fn breakers(&self) -> Vec<&Breaker> {
        let mut breakers: Vec<_> = self.run.breakers.0.iter().collect();
        breakers.sort_by_key(|breaker| std::cmp::Reverse(breaker.changed));
        breakers
    }
}
