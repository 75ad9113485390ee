//! A clock that stands still, jumps, goes back and comes near its end, under
//! all gates at once.

use crate::kit::{Answer, Plane, breaker, concurrency, pacing, rate, rule};
use proptest::prelude::*;
use sergo::compile::resolved::ResolvedRule;
use sergo::spec::strategy::Bad;

const CASES: u32 = 10_000;
const WINDOW: u64 = 1_000_000;
const HOUR: u64 = 3_600_000_000_000;
const RECOVERY: u64 = 700_000;
const TIMEOUT: u64 = 2_000_000;

/// All gates of one resource; the queue and the limits let some pass.
fn rules(most: u64, threshold: u64, interval: u64) -> [ResolvedRule; 1] {
    let strategies = [
        ("b", Some(breaker(Bad::Error, 50, WINDOW, RECOVERY, 2))),
        ("c", Some(concurrency(most))),
        ("l", Some(rate(threshold, WINDOW))),
        ("t", Some(pacing(interval, TIMEOUT))),
    ];
    [rule("r", &["a"], &strategies)]
}

#[derive(Clone, Debug)]
enum Step {
    /// At this time in the clock of some thread.
    Enter(u64, u32),
    Exit(u64, usize, bool),
}

/// The time of a step: it stands still or goes on a little mostly, and jumps an
/// hour seldom; threads read it up to two windows late.
fn clock() -> impl Strategy<Value = (u64, u64)> {
    let on = prop_oneof![6 => Just(0u64), 6 => 1..WINDOW / 4, 2 => WINDOW..3 * WINDOW, 1 => Just(HOUR)];
    let late = prop_oneof![4 => Just(0u64), 1 => 1..WINDOW / 8, 1 => 1..2 * WINDOW];
    (on, late)
}

fn steps(start: u64) -> impl Strategy<Value = Vec<Step>> {
    let step = (clock(), 1u32..4, any::<(usize, bool)>(), 0..5);
    prop::collection::vec(step, 1..60).prop_map(move |steps| {
        let mut now = start;
        let step = |((on, late), cost, (which, error), kind): ((u64, u64), u32, (usize, bool), i32)| {
            now = now.saturating_add(on);
            let read = now.saturating_sub(late);
            if kind < 3 { Step::Enter(read, cost) } else { Step::Exit(read, which, error) }
        };
        steps.into_iter().map(step).collect()
    })
}

/// What passed as the clocks of its threads say, and the last time of all.
struct Seen {
    admitted: Vec<(u64, u64)>,
    latest: u64,
}

/// Takes the steps and lets all leave; in flight is never over the limit.
fn take(plane: &Plane, most: u64, steps: &[Step]) -> Result<Seen, TestCaseError> {
    let mut open = Vec::new();
    let mut seen = Seen { admitted: Vec::new(), latest: 0 };
    for step in steps {
        match step {
            Step::Enter(now, cost) => {
                seen.latest = seen.latest.max(*now);
                if let Answer::Pass(wait, permit) = plane.enter("a", *cost, *now) {
                    prop_assert!(wait <= TIMEOUT);
                    seen.admitted.push((*now, u64::from(*cost)));
                    open.push((permit, u64::from(*cost)));
                    let in_flight: u64 = open.iter().map(|(_, cost)| cost).sum();
                    prop_assert!(in_flight <= most, "{} in flight", in_flight);
                }
            }
            Step::Exit(now, which, error) if !open.is_empty() => {
                seen.latest = seen.latest.max(*now);
                let (mut permit, _) = open.swap_remove(which % open.len());
                plane.exit(&mut permit, *error, *now);
            }
            Step::Exit(..) => {}
        }
    }
    for (mut permit, _) in open {
        plane.exit(&mut permit, false, seen.latest);
    }
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn no_window_is_over_the_limit_and_nothing_stays_in_flight(
        (most, threshold) in (1u64..12, 1u64..20),
        steps in steps(5 * WINDOW),
    ) {
        let plane = Plane::new(&rules(most, threshold, 0));
        let seen = take(&plane, most, &steps)?;
        for (end, _) in &seen.admitted {
            let inside = seen.admitted.iter().filter(|(time, _)| time <= end && end - time < WINDOW);
            let sum: u64 = inside.map(|(_, cost)| cost).sum();
            prop_assert!(sum <= threshold, "{} in the window that ends at {}", sum, end);
        }
        prop_assert_eq!(plane.state.instance.in_flight(), 0);
        prop_assert_eq!(plane.table.load().figures(&plane.state).resources[0].in_flight, 0);
    }

    /// After a window of calm, longer than recovery and any queue, one passes at
    /// once, whatever came before.
    #[test]
    fn one_window_later_it_lets_in_again(
        (most, threshold, interval) in (1u64..12, 1u64..20, 0u64..100_000),
        steps in steps(5 * WINDOW),
    ) {
        let plane = Plane::new(&rules(most, threshold, interval));
        let seen = take(&plane, most, &steps)?;
        // The queue is at most the timeout and the cost of its last entry.
        let queue = if interval == 0 { 0 } else { TIMEOUT + 3 * interval };
        let calm = seen.latest + WINDOW.max(queue);
        let Answer::Pass(0, mut permit) = plane.enter("a", 1, calm) else {
            return Err(TestCaseError::fail("blocked or waiting after a window of calm"));
        };
        plane.exit(&mut permit, false, calm);
        let breaker = plane.table.load().breaker_state("a", "b");
        prop_assert_eq!(breaker, Some(sergo::stat::event::BreakerState::Closed));
    }

    /// Near the end of time nothing overflows; how much passes there is nobody's
    /// promise, but for what is in flight.
    #[test]
    fn the_end_of_time_is_no_accident(
        (most, threshold, interval) in (1u64..12, prop_oneof![1u64..20, Just(5000)], 0u64..100_000),
        steps in steps(u64::MAX - HOUR),
    ) {
        let plane = Plane::new(&rules(most, threshold, interval));
        take(&plane, most, &steps)?;
        prop_assert_eq!(plane.state.instance.in_flight(), 0);
    }
}
