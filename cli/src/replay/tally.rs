//! What became of the requests, counted.

use super::run::Answer;
use super::timeline::Timeline;
use sergo::Tick;

/// What has blocked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    pub(crate) kind: &'static str,
    pub(crate) strategy: String,
    pub(crate) rule: String,
}

/// All counts of a run.
#[derive(Default)]
pub(crate) struct Tally {
    /// By the numbers of their names.
    pub(crate) resources: Vec<Counts>,
    pub(crate) total: Counts,
    /// Those that have blocked, the first to do so first.
    pub(crate) gates: Vec<Gate>,
    pub(crate) timeline: Timeline,
}

/// The counts of one resource, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// At once.
    pub(crate) passed: u64,
    pub(crate) waited: u64,
    pub(crate) blocked: u64,
    /// In nanoseconds, of those that waited.
    pub(crate) wait_sum: u128,
    pub(crate) wait_most: u64,
    /// When the first and the last came.
    pub(crate) came: Option<(Tick, Tick)>,
    /// By the numbers of their gates, the first to block first.
    pub(crate) blocks: Vec<(usize, Blocks)>,
    /// Most in one second.
    pub(crate) rate: Peak,
    /// Most in flight, those that wait included.
    pub(crate) flight: Peak,
    second: u64,
    in_second: u64,
    in_flight: u64,
}

/// How often a gate has blocked a resource.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Blocks {
    pub(crate) count: u64,
    pub(crate) first: Tick,
    pub(crate) last: Tick,
}

/// The most there was, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    pub(crate) most: u64,
    pub(crate) at: Tick,
}

const SECOND: u64 = 1_000_000_000;

impl Peak {
    fn see(&mut self, most: u64, at: Tick) {
        if most > self.most {
            *self = Peak { most, at };
        }
    }
}

impl Counts {
    pub(crate) fn requests(&self) -> u64 {
        self.passed + self.waited + self.blocked
    }

    /// Of those that waited, in nanoseconds.
    pub(crate) fn wait_mean(&self) -> Option<u64> {
        u64::try_from(self.wait_sum.checked_div(u128::from(self.waited))?).ok()
    }

    fn count(&mut self, answer: Answer, now: Tick) {
        self.came = Some(self.came.map_or((now, now), |(first, _)| (first, now)));
        let second = now.0 / SECOND;
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        self.rate.see(self.in_second, Tick(second * SECOND));
        match answer {
            Answer::Passed => self.passed += 1,
            Answer::Waited(wait) => {
                self.waited += 1;
                self.wait_sum += u128::from(wait.nanos());
                self.wait_most = self.wait_most.max(wait.nanos());
            }
            Answer::Blocked(gate) => {
                self.blocked += 1;
                match self.blocks.iter_mut().find(|(number, _)| *number == gate) {
                    Some((_, blocks)) => {
                        blocks.count += 1;
                        blocks.last = now;
                    }
                    None => self.blocks.push((gate, Blocks { count: 1, first: now, last: now })),
                }
                return;
            }
        }
        self.in_flight += 1;
        self.flight.see(self.in_flight, now);
    }
}

impl Tally {
    /// A request was answered.
    pub(super) fn count(&mut self, resource: usize, answer: Answer, now: Tick) {
        if self.resources.len() <= resource {
            self.resources.resize(resource + 1, Counts::default());
        }
        if let Some(counts) = self.resources.get_mut(resource) {
            counts.count(answer, now);
        }
        self.total.count(answer, now);
        self.timeline.count(answer, now);
    }

    /// A request has left.
    pub(super) fn left(&mut self, resource: usize) {
        for counts in self.resources.get_mut(resource).into_iter().chain([&mut self.total]) {
            counts.in_flight -= 1;
        }
    }

    /// The number of a gate that blocks for the first time.
    pub(super) fn gate(&mut self, gate: Gate) -> usize {
        self.gates.push(gate);
        self.gates.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sergo::Span;

    #[test]
    fn what_became_of_each_and_the_peaks() {
        let mut tally = Tally::default();
        let gate = tally.gate(Gate::default());
        let answers = [
            (0, Answer::Passed),
            (500_000_000, Answer::Waited(Span(10))),
            (999_999_999, Answer::Waited(Span(20))),
            (SECOND, Answer::Blocked(gate)),
            (SECOND + 5, Answer::Blocked(gate)),
        ];
        for (at, answer) in answers {
            tally.count(1, answer, Tick(at));
        }
        tally.left(1);
        tally.count(0, Answer::Passed, Tick(3 * SECOND));
        let counts = &tally.resources[1];
        assert_eq!((counts.passed, counts.waited, counts.blocked, counts.requests()), (1, 2, 2, 5));
        assert_eq!((counts.wait_mean(), counts.wait_most), (Some(15), 20));
        assert_eq!(counts.came, Some((Tick(0), Tick(SECOND + 5))));
        assert_eq!(counts.blocks, [(0, Blocks { count: 2, first: Tick(SECOND), last: Tick(SECOND + 5) })]);
        assert_eq!(counts.rate, Peak { most: 3, at: Tick(0) });
        assert_eq!(counts.flight, Peak { most: 3, at: Tick(999_999_999) });
        assert_eq!((tally.total.requests(), tally.total.in_flight, tally.resources[0].wait_mean()), (6, 3, None));
    }
}
