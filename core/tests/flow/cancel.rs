//! A call that never began leaves nothing behind but that it was asked for.

use crate::kit::{Answer, Plane, breaker, concurrency, pacing, rule};
use sergo::spec::strategy::Bad;
use sergo::{Permit, Tick};

fn pass(plane: &Plane, now: u64) -> Permit {
    match plane.enter("a", 1, now) {
        Answer::Pass(_, permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn cancel(plane: &Plane, permit: &mut Permit, now: u64) {
    plane.table.load().cancel(&plane.state, permit, Tick(now));
}

#[test]
fn a_cancelled_entry_is_no_longer_in_flight() {
    let plane = Plane::new(&[rule("r", &["a"], &[("c", Some(concurrency(1)))])]);
    let mut permit = pass(&plane, 0);
    assert!(!plane.enter("a", 1, 0).passed());
    assert_eq!(plane.state.instance.in_flight(), 1);
    cancel(&plane, &mut permit, 5);
    // Closed: a second time, and an exit, do nothing.
    cancel(&plane, &mut permit, 5);
    plane.exit(&mut permit, true, 5);
    assert_eq!(plane.state.instance.in_flight(), 0);
    let mut next = pass(&plane, 5);
    let figures = plane.table.load().figures(&plane.state);
    let figures = &figures.resources[0];
    let seen = (figures.passed, figures.cancelled, figures.completed, figures.errors, figures.in_flight);
    assert_eq!(seen, (2, 1, 0, 0, 1));
    plane.exit(&mut next, false, 6);
}

#[test]
fn a_breaker_judges_by_no_cancelled_call() {
    let spec = breaker(Bad::Error, 50, 1000, 100, 2);
    let plane = Plane::new(&[rule("r", &["a"], &[("b", Some(spec))])]);
    // Were they counted, two bad of four would open it, or two good keep it closed.
    for error in [None, Some(true), None, Some(true)] {
        let mut permit = pass(&plane, 0);
        match error {
            None => cancel(&plane, &mut permit, 1),
            Some(error) => plane.exit(&mut permit, error, 1),
        }
    }
    assert!(!plane.enter("a", 1, 100).passed());
    // The probe is cancelled while others are blocked: the next may probe.
    let mut probe = pass(&plane, 101);
    assert!(!plane.enter("a", 1, 102).passed());
    cancel(&plane, &mut probe, 103);
    let mut probe = pass(&plane, 103);
    assert!(!plane.enter("a", 1, 202).passed());
    plane.exit(&mut probe, false, 202);
    assert!(plane.enter("a", 1, 202).passed());
}

#[test]
fn a_place_in_a_queue_stays_taken() {
    let plane = Plane::new(&[rule("r", &["a"], &[("t", Some(pacing(20, 100)))])]);
    let mut first = pass(&plane, 0);
    cancel(&plane, &mut first, 0);
    assert!(matches!(plane.enter("a", 1, 0), Answer::Pass(20, _)));
}
