//! Where two sets of rules answer the same requests differently.

use super::names::Names;
use super::order::Call;
use super::run::{Answer, Run};
use super::words::span;
use sergo::Tick;

/// How many of the first differences are kept.
const FIRST: usize = 10;

/// What the second rules do differently.
#[derive(Default)]
pub(crate) struct Difference {
    /// By the numbers of their names.
    pub(crate) resources: Vec<Moves>,
    pub(crate) total: Moves,
    /// The first requests that are answered differently.
    pub(crate) first: Vec<Moment>,
}

/// How many requests went from which answer to which: passed at once, waited,
/// blocked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moves {
    counts: [[u64; 3]; 3],
    /// When the first was answered differently.
    pub(crate) first: Option<Tick>,
}

/// The words for the three answers.
pub(crate) const ANSWERS: [&str; 3] = ["passed", "waited", "blocked"];

/// A request that is answered differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Tick,
    pub(crate) line: u64,
    pub(crate) resource: usize,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Moves {
    fn count(&mut self, before: Answer, after: Answer, now: Tick) {
        let (before, after) = (class(before), class(after));
        if let Some(count) = self.counts.get_mut(before).and_then(|row| row.get_mut(after)) {
            *count += 1;
        }
        if before != after {
            self.first.get_or_insert(now);
        }
    }

    /// How many are answered differently.
    pub(crate) fn differing(&self) -> u64 {
        self.kinds().map(|(.., count)| count).sum()
    }

    /// From which answer to which other, and how many; the most first.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let mut kinds = Vec::new();
        for (before, row) in ANSWERS.into_iter().zip(self.counts) {
            let others = ANSWERS.into_iter().zip(row).filter(|(after, count)| *after != before && *count > 0);
            kinds.extend(others.map(|(after, count)| (before, after, count)));
        }
        kinds.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        kinds.into_iter()
    }
}

impl Difference {
    /// Both have answered the call.
    pub(crate) fn count(
        &mut self,
        call: &Call,
        now: Tick,
        (one, before): (&Run, Answer),
        (other, after): (&Run, Answer),
    ) {
        let Some(resource) = call.resource else { return };
        if self.resources.len() <= resource {
            self.resources.resize(resource + 1, Moves::default());
        }
        if let Some(moves) = self.resources.get_mut(resource) {
            moves.count(before, after, now);
        }
        self.total.count(before, after, now);
        if class(before) != class(after) && self.first.len() < FIRST {
            let (before, after) = (said(one, before), said(other, after));
            self.first.push(Moment { at: now, line: call.line, resource, before, after });
        }
    }

    /// The resources that are answered differently, by their numbers; those with
    /// the most first.
    pub(crate) fn differing(&self, names: &Names) -> Vec<(usize, &Moves)> {
        let mut differing: Vec<_> = self.resources.iter().enumerate().filter(|(_, of)| of.first.is_some()).collect();
        differing.sort_by_key(|(number, of)| (std::cmp::Reverse(of.differing()), names.name(*number)));
        differing
    }
}

fn class(answer: Answer) -> usize {
    match answer {
        Answer::Passed => 0,
        Answer::Waited(_) => 1,
        Answer::Blocked(_) => 2,
    }
}

fn said(run: &Run, answer: Answer) -> String {
    match answer {
        Answer::Passed => "passed".to_owned(),
        Answer::Waited(wait) => format!("waited {}", span(wait.nanos())),
        Answer::Blocked(gate) => run.tally.gates.get(gate).map_or_else(
            || "blocked".to_owned(),
            |gate| format!("blocked by {} {} of the rule {}", gate.kind, gate.strategy, gate.rule),
        ),
    }
}
