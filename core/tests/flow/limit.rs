//! The rate limit.

use crate::kit::{Answer, Plane, rate, rule};
use proptest::prelude::*;

const CASES: u32 = 10_000;
/// A window with slices of 1 ns, so that a few steps of the clock cross it.
const WINDOW: u64 = 256;

fn limited(threshold: u64) -> [sergo::compile::resolved::ResolvedRule; 1] {
    limited_in(WINDOW, threshold)
}

fn limited_in(window: u64, threshold: u64) -> [sergo::compile::resolved::ResolvedRule; 1] {
    [rule("r", &["a"], &[("l", Some(rate(threshold, window)))])]
}

/// What was admitted, kept as naively as can be: each entry by itself.
#[derive(Default)]
struct Model {
    /// Time, cost, and whether it counts by its slice.
    entries: Vec<(u64, u64, bool)>,
    limit: u64,
}

impl Model {
    fn set(&mut self, limit: u64) {
        self.limit = limit;
        if limit > 4096 {
            self.entries.iter_mut().for_each(|entry| entry.2 = true);
        }
    }

    fn leaves((time, _, sliced): &(u64, u64, bool)) -> u64 {
        if *sliced { (time * 256 / WINDOW + 257) * WINDOW / 256 } else { time + WINDOW }
    }

    fn count(&self, now: u64) -> u64 {
        self.entries.iter().filter(|entry| Self::leaves(entry) > now).map(|entry| entry.1).sum()
    }

    /// The wait until it would pass; `None` for never.
    fn ask(&self, cost: u64, now: u64) -> Option<u64> {
        // Room comes only when something leaves.
        let times = self.entries.iter().map(Self::leaves).filter(|time| *time > now).chain([now]);
        let passes = times.filter(|time| self.count(*time) + cost <= self.limit).min();
        passes.map(|time| time - now)
    }

    fn admit(&mut self, cost: u64, now: u64) {
        self.entries.push((now, cost, self.limit > 4096));
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// The clock goes on by this, then an entry of this cost asks.
    Enter(u64, u32),
    Limit(u64),
}

fn step(limits: impl Strategy<Value = u64> + 'static) -> impl Strategy<Value = Step> {
    let clock = prop_oneof![4 => Just(0u64), 6 => 1u64..40, 2 => 200u64..300, 1 => 500u64..2000];
    let cost = prop_oneof![5 => Just(1u32), 3 => 2u32..5, 2 => 1000u32..3000];
    prop_oneof![8 => (clock, cost).prop_map(|(clock, cost)| Step::Enter(clock, cost)), 1 => limits.prop_map(Step::Limit)]
}

fn limits() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..12, 1 => 12u64..100, 2 => 2000u64..4097, 3 => 4097u64..9000]
}

/// Runs the steps against the model: every answer is the model's, and an entry
/// that is blocked changes nothing.
fn follow(first: u64, steps: &[Step]) -> Result<(), TestCaseError> {
    let plane = Plane::new(&limited(first));
    let mut model = Model::default();
    model.set(first);
    let mut now = 0;
    for step in steps {
        match step {
            Step::Limit(limit) => {
                plane.load(&limited(*limit));
                model.set(*limit);
            }
            Step::Enter(clock, cost) => {
                now += clock;
                let expected = model.ask(u64::from(*cost), now);
                let before = (expected != Some(0)).then(|| plane.bits());
                match plane.enter("a", *cost, now) {
                    Answer::Pass(wait, mut permit) => {
                        prop_assert_eq!((expected, wait), (Some(0), 0), "at {}", now);
                        model.admit(u64::from(*cost), now);
                        plane.exit(&mut permit, false, now);
                    }
                    Answer::Block(_, retry_after) => {
                        prop_assert_eq!(retry_after, expected, "at {}", now);
                        prop_assert_eq!(Some(plane.bits()), before);
                    }
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_answer_is_the_models(first in limits(), steps in prop::collection::vec(step(limits()), 1..40)) {
        follow(first, &steps)?;
    }

    #[test]
    fn small_limits_are_exact_over_laps_and_growth(
        first in 1u64..6,
        steps in prop::collection::vec(step(1u64..20), 1..80),
    ) {
        follow(first, &steps)?;
    }

    /// Threads read the clock out of order; no interval at all holds more than
    /// the limit, wherever it begins.
    #[test]
    fn no_interval_is_over_the_limit_whatever_the_clock(
        // Slices of a nanosecond, of ten, and of no whole number.
        window in prop::sample::select(vec![WINDOW, 10 * WINDOW, 1001]),
        limit in prop_oneof![3 => 1u64..10, 1 => 4097u64..6000],
        steps in prop::collection::vec((-60i64..120, prop_oneof![3 => 1u32..4, 1 => 500u32..2500]), 1..60),
    ) {
        let plane = Plane::new(&limited_in(window, limit));
        let (mut now, mut admitted) = (1000i64, Vec::new());
        for (clock, cost) in steps {
            now += clock;
            let now = u64::try_from(now).unwrap();
            if plane.enter("a", cost, now).passed() {
                admitted.push((now, u64::from(cost)));
            }
        }
        for (end, _) in &admitted {
            let inside = admitted.iter().filter(|(time, _)| time <= end && *time + window > *end);
            let sum: u64 = inside.map(|(_, cost)| cost).sum();
            prop_assert!(sum <= limit, "{sum} in the interval that ends at {end}");
        }
    }

    /// Whatever came before, after a window of calm the whole limit is there.
    #[test]
    fn it_recovers_within_one_window(
        limit in prop_oneof![3 => 1u64..10, 1 => 4097u64..6000],
        steps in prop::collection::vec((0u64..5000, 1u32..3000), 1..30),
    ) {
        let plane = Plane::new(&limited(limit));
        let mut latest = 0;
        for (now, cost) in steps {
            plane.enter("a", cost, now);
            latest = latest.max(now);
        }
        // Above 4,096 it is the window and the rest of a slice.
        let calm = latest + WINDOW + u64::from(limit > 4096);
        prop_assert!(plane.enter("a", u32::try_from(limit).unwrap(), calm).passed());
        prop_assert!(!plane.enter("a", 1, calm).passed());
    }
}

#[test]
fn above_4096_at_least_99_percent_are_admitted_under_steady_overload() {
    for threshold in [4097, 5000, 100_000] {
        let window = 1_000_000_000;
        let plane = Plane::new(&[rule("r", &["a"], &[("l", Some(rate(threshold, window)))])]);
        // Twice the limit, evenly, for ten windows after the first.
        let step = window / (2 * threshold);
        let admitted = (0..11 * window / step)
            .filter(|number| plane.enter("a", 1, number * step).passed() && number * step >= window)
            .count() as u64;
        assert!(admitted * 100 >= threshold * 10 * 99, "{admitted} of {}", threshold * 10);
        assert!(admitted <= threshold * 11);
    }
}
