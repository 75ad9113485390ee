//! Where the marks of an axis stand, and what is written at them.

use super::super::words::Clock;
use sergo::Tick;

const SECOND: u64 = 1_000_000_000;
/// How far apart marks of time may be, in tenths of a second.
const STEPS: [u64; 22] = [
    1, 2, 5, 10, 20, 50, 100, 150, 300, 600, 1_200, 3_000, 6_000, 9_000, 18_000, 36_000, 72_000, 216_000, 432_000,
    864_000, 6_048_000, 24_192_000,
];
/// The most marks along the time.
const MARKS: u64 = 10;

/// The axis of time.
pub(super) struct Times<'a> {
    pub(super) clock: &'a Clock,
    /// In nanoseconds.
    pub(super) end: u64,
    pub(super) left: f64,
    pub(super) width: f64,
}

impl Times<'_> {
    /// Where a moment stands.
    pub(super) fn x(&self, nanos: u64) -> f64 {
        self.left + self.width * (nanos.min(self.end) as f64 / self.end as f64)
    }

    /// How far apart the marks are, in nanoseconds.
    fn step(&self) -> u64 {
        let mut steps = STEPS.iter().map(|tenths| tenths * (SECOND / 10));
        let longest = || (self.end / MARKS).max(1);
        steps.find(|step| self.end / step <= MARKS).unwrap_or_else(longest)
    }

    /// The marks: where they stand, and what is written there.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        let step = self.step();
        // Marks of the time of day are full ones.
        let past = if self.clock.is_calendar() { self.clock.origin.unsigned_abs() % step } else { 0 };
        let first = if past == 0 { 0 } else { step - past };
        std::iter::successors(Some(first), |at| at.checked_add(step))
            .take_while(|at| *at <= self.end)
            .map(|at| (self.x(at), self.said(at, step)))
            .collect()
    }

    fn said(&self, at: u64, step: u64) -> String {
        if self.clock.is_calendar() {
            let pattern = match step {
                step if step >= 864_000 * (SECOND / 10) => "%m-%d",
                step if step >= 60 * SECOND => "%H:%M",
                step if step >= SECOND => "%H:%M:%S",
                _ => "%H:%M:%S%.1f",
            };
            return self.clock.as_calendar(Tick(at), pattern);
        }
        let seconds = at / SECOND;
        match step {
            step if step >= 60 * SECOND => {
                format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
            step if step >= SECOND => format!("{seconds}"),
            _ => format!("{}.{}", seconds, at % SECOND / (SECOND / 10)),
        }
    }

    /// What the axis measures.
    pub(super) fn unit(&self) -> &'static str {
        match (self.clock.is_calendar(), self.step() >= 60 * SECOND) {
            (true, _) => "time of day (UTC)",
            (false, true) => "hours:minutes:seconds since the first request",
            (false, false) => "seconds since the first request",
        }
    }
}

/// Marks from 0 to at least the highest value, of which the last is the top.
pub(super) fn marks(highest: f64) -> Vec<f64> {
    let rough = (highest / 4.0).max(0.25);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let count = (highest / step).ceil().max(1.0) as u32;
    (0..=count).map(|index| f64::from(index) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(origin: i64, end: u64) -> (Vec<String>, &'static str) {
        let clock = Clock::new(origin, Tick(end));
        let times = Times { clock: &clock, end, left: 0.0, width: 100.0 };
        (times.marks().into_iter().map(|(_, text)| text).collect(), times.unit())
    }

    #[test]
    fn marks_of_time_are_round() {
        assert_eq!(times(0, 60 * SECOND).0, ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(times(0, SECOND / 2).0, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        let (marks, unit) = times(0, 3600 * SECOND);
        assert_eq!((marks[1].as_str(), unit), ("0:10:00", "hours:minutes:seconds since the first request"));
        let (marks, unit) = times(1_795_262_407 * SECOND as i64, 3600 * SECOND);
        assert_eq!((marks[0].as_str(), marks.len(), unit), ("12:10", 6, "time of day (UTC)"));
        assert!((1..=11).contains(&times(0, u64::MAX).0.len()));
        assert_eq!(times(0, 1).0, ["0.0"]);
    }

    #[test]
    fn marks_of_rates_are_round_and_reach_the_top() {
        assert_eq!(marks(500.0), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(marks(10.0), [0.0, 2.5, 5.0, 7.5, 10.0]);
        assert_eq!(marks(0.0), [0.0, 0.25]);
        assert_eq!(marks(3.0), [0.0, 1.0, 2.0, 3.0]);
    }
}
