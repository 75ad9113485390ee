//! How many requests passed, waited and were blocked, over time. However long
//! the time is, there are only so many parts of it.

use super::run::Answer;
use sergo::Tick;

/// The most parts of the whole time.
const MOST: usize = 240;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// So many requests in a part are few, and so many parts are some.
const FEW: u64 = 25;
const SOME: u64 = 12;
/// How long a part may be. Each is a multiple of the one before.
const WIDTHS: [u64; 14] = [
    SECOND / 10,
    SECOND / 2,
    SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    240 * HOUR,
];

/// Requests by when they came.
#[derive(Clone, Default)]
pub(crate) struct Timeline {
    /// Passed at once, waited, and blocked.
    pub(crate) parts: Vec<[u64; 3]>,
    /// Which of the widths.
    width: usize,
}

impl Timeline {
    /// How long each part is, in nanoseconds.
    pub(crate) fn width(&self) -> u64 {
        WIDTHS.get(self.width).copied().unwrap_or(u64::MAX)
    }

    pub(super) fn count(&mut self, answer: Answer, now: Tick) {
        let mut part = self.part(now);
        while part >= MOST && self.width + 1 < WIDTHS.len() {
            self.widen();
            part = self.part(now);
        }
        // Beyond six years all is in the last part.
        let part = part.min(MOST - 1);
        if self.parts.len() <= part {
            self.parts.resize(part + 1, [0; 3]);
        }
        let Some([passed, waited, blocked]) = self.parts.get_mut(part) else { return };
        *match answer {
            Answer::Passed => passed,
            Answer::Waited(_) => waited,
            Answer::Blocked(_) => blocked,
        } += 1;
    }

    fn part(&self, now: Tick) -> usize {
        usize::try_from(now.0 / self.width()).unwrap_or(usize::MAX)
    }

    /// Makes the parts as long as the next width says.
    fn widen(&mut self) {
        let before = self.width();
        self.width += 1;
        let several = usize::try_from(self.width() / before).unwrap_or(1);
        let sum = |parts: &[[u64; 3]]| {
            parts.iter().fold([0; 3], |[a, b, c], [passed, waited, blocked]| [a + passed, b + waited, c + blocked])
        };
        self.parts = self.parts.chunks(several).map(sum).collect();
    }

    /// The same in parts of one length, which have enough requests each for a
    /// rate to mean something.
    pub(crate) fn readable(mut timelines: Vec<Timeline>) -> Vec<Timeline> {
        let widest = timelines.iter().map(|timeline| timeline.width).max().unwrap_or(0);
        for timeline in &mut timelines {
            while timeline.width < widest || timeline.is_sparse() {
                timeline.widen();
            }
        }
        timelines
    }

    /// Whether there are few requests in each part, and still some parts where
    /// they are longer. All timelines of the same requests are alike in that.
    fn is_sparse(&self) -> bool {
        let requests: u64 = self.parts.iter().flatten().sum();
        let longer = WIDTHS.get(self.width + 1).map_or(0, |next| self.parts.len() as u64 * self.width() / next);
        requests < FEW * self.parts.len() as u64 && longer >= SOME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_with_the_time_and_lose_nothing() {
        let mut timeline = Timeline::default();
        let mut count = |at: u64| {
            timeline.count(Answer::Passed, Tick(at));
            (timeline.width(), timeline.parts.len(), timeline.parts.iter().map(|[passed, ..]| passed).sum::<u64>())
        };
        assert_eq!(count(0), (SECOND / 10, 1, 1));
        assert_eq!(count(24 * SECOND - 1), (SECOND / 10, 240, 2));
        assert_eq!(count(24 * SECOND), (SECOND / 2, 49, 3));
        assert_eq!(count(HOUR), (30 * SECOND, 121, 4));
        assert_eq!(count(u64::MAX), (240 * HOUR, 240, 5));
    }

    #[test]
    fn few_requests_come_in_long_parts() {
        let mut timeline = Timeline::default();
        for tenth in 0..200 {
            timeline.count(Answer::Passed, Tick(tenth * SECOND / 10));
        }
        let readable = Timeline::readable(vec![timeline.clone(), timeline]);
        assert!(readable.iter().all(|timeline| (timeline.width(), timeline.parts.len()) == (SECOND, 20)));
    }

    #[test]
    fn each_width_is_a_multiple_of_the_one_before() {
        assert!(WIDTHS.windows(2).all(|two| two[1] % two[0] == 0 && two[1] > two[0]));
    }
}
