//! Every order in which threads can meet, for the parts that decide without a
//! lock. Runs only under loom:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p sergo --test loom --release
//! ```

#![cfg(loom)]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use loom::thread;
use sergo::stat::cell::{Cell, is_newer};
use sergo::stat::circuit::{Circuit, Eras, Reply, Stage};
use sergo::stat::event::BreakerState;
use sergo::stat::gauge::Gauge;
use sergo::stat::limit::{Admission, Admitted};
use sergo::stat::pace::Pace;
use sergo::stat::slices::Slices;
use sergo::sync::Arc;
use sergo::{Span, Tick};

const WINDOW: Span = Span(256);

/// Every order of the threads, with at most three switches that nothing forces:
/// more finds no more, and takes hours.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 10_000;
    builder.check(check);
}

/// Runs each of them in a thread of its own and gives what they came to.
fn all<T: 'static>(work: Vec<Box<dyn FnOnce() -> T>>) -> Vec<T> {
    let threads: Vec<_> = work.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Admits at these times, each in a thread of its own, and gives the times that
/// were admitted.
fn admit(store: &Arc<Admitted>, limit: u64, cost: u64, times: &[u64]) -> Vec<u64> {
    let one = |now: u64| {
        let store = Arc::clone(store);
        Box::new(move || (store.admit(limit, cost, Tick(now)) == Admission::Admitted).then_some(now)) as Box<_>
    };
    all(times.iter().map(|now| one(*now)).collect()).into_iter().flatten().collect()
}

fn assert_within(limit: u64, cost: u64, times: &[u64]) {
    for end in times {
        let inside = times.iter().filter(|time| *time <= end && *time + WINDOW.0 > *end).count() as u64;
        assert!(inside * cost <= limit, "{times:?}");
    }
}

#[test]
fn a_log_admits_exactly_its_limit() {
    model(|| {
        let store = Admitted::new(2, WINDOW);
        assert_eq!(admit(&store, 2, 1, &[5, 5, 5]).len(), 2);
    });
}

#[test]
fn a_log_is_never_over_where_laps_meet() {
    model(|| {
        // A ring of one place, in the third lap.
        let store = Admitted::new(1, WINDOW);
        assert_eq!(store.admit(1, 1, Tick(0)), Admission::Admitted);
        assert_eq!(store.admit(1, 1, Tick(256)), Admission::Admitted);
        let mut times = admit(&store, 1, 1, &[512, 512, 700]);
        times.extend([0, 256]);
        assert_within(1, 1, &times);
        assert!(times.len() >= 3);
    });
}

#[test]
fn a_log_is_never_over_whatever_costs_and_clocks() {
    model(|| {
        let store = Admitted::new(3, WINDOW);
        assert_eq!(store.admit(3, 2, Tick(0)), Admission::Admitted);
        let mut times = admit(&store, 3, 2, &[255, 256, 300]);
        times.push(0);
        assert_within(3, 2, &times);
    });
}

#[test]
fn a_store_that_is_replaced_loses_and_doubles_nothing() {
    model(|| {
        let store = Admitted::new(1, WINDOW);
        let other = Arc::clone(&store);
        let reload = thread::spawn(move || other.fit(2));
        let early = admit(&store, 1, 1, &[5, 5]);
        let grown = reload.join().unwrap();
        // No more than one came under the limit of one, and it is remembered.
        assert_eq!(early.len(), 1);
        assert_eq!(grown.admit(2, 1, Tick(6)), Admission::Admitted);
        assert_eq!(grown.admit(2, 1, Tick(6)), Admission::After(Span(255)));
    });
}

#[test]
fn slices_are_never_over_where_one_begins() {
    model(|| {
        let slices = Arc::new(Slices::default());
        for (cost, now) in [(3000, 0), (1, 255)] {
            assert_eq!(slices.ask(5000, WINDOW, cost, Tick(now), true), Admission::Admitted);
        }
        let ask = |now: u64| {
            let slices = Arc::clone(&slices);
            let ask = move || slices.ask(5000, WINDOW, 3000, Tick(now), true) == Admission::Admitted;
            Box::new(move || ask().then_some(now)) as Box<_>
        };
        // At 256 the first slice is still in the window, at 257 it is not.
        let times: Vec<u64> = all(vec![ask(256), ask(257)]).into_iter().flatten().collect();
        assert_eq!(times, [257]);
    });
}

/// Runs the look beside the entries, and gives what it saw.
fn look<T: 'static>(look: impl FnOnce() -> T + 'static, entries: impl FnOnce() + 'static) -> T {
    let looks = thread::spawn(look);
    entries();
    looks.join().unwrap()
}

#[test]
fn a_look_at_a_log_sees_no_more_than_there_is() {
    model(|| {
        let store = Admitted::new(1, WINDOW);
        assert_eq!(store.admit(1, 1, Tick(0)), Admission::Admitted);
        let (seen, entered) = (Arc::clone(&store), Arc::clone(&store));
        let see = move || (seen.held(Tick(256)), seen.would_admit(1, 1, Tick(256)));
        let (held, answer) = look(see, move || {
            assert_eq!(entered.admit(1, 1, Tick(256)), Admission::Admitted);
            assert_eq!(entered.admit(1, 1, Tick(512)), Admission::Admitted);
        });
        assert!(held <= 1, "{held}");
        assert!([Admission::Admitted, Admission::After(WINDOW), Admission::After(Span(512))].contains(&answer));
        assert_eq!(store.admit(1, 1, Tick(767)), Admission::After(Span(1)));
    });
}

#[test]
fn a_look_at_slices_sees_no_more_than_there_is() {
    model(|| {
        let slices = Arc::new(Slices::default());
        assert_eq!(slices.ask(5000, WINDOW, 4000, Tick(0), true), Admission::Admitted);
        let (seen, entered) = (Arc::clone(&slices), Arc::clone(&slices));
        let see = move || seen.held(WINDOW, Tick(900));
        let held = look(see, move || {
            assert_eq!(entered.ask(5000, WINDOW, 7, Tick(600), true), Admission::Admitted);
            assert_eq!(entered.ask(5000, WINDOW, 9, Tick(700), true), Admission::Admitted);
        });
        // What came at 600 has left the window of 900.
        assert!([0, 9].contains(&held), "{held}");
    });
}

#[test]
fn a_gauge_is_never_over_and_ends_at_zero() {
    model(|| {
        let gauge = Arc::new(Gauge::default());
        let one = || {
            let gauge = Arc::clone(&gauge);
            Box::new(move || {
                if gauge.try_add(2, 3) {
                    assert!(gauge.read() <= 3);
                    gauge.remove(2);
                }
            }) as Box<_>
        };
        all(vec![one(), one(), one()]);
        assert_eq!(gauge.read(), 0);
    });
}

#[test]
fn a_queue_gives_every_place_once() {
    model(|| {
        let pace = Arc::new(Pace::default());
        let one = || {
            let pace = Arc::clone(&pace);
            Box::new(move || pace.queue(Span(10), Span(10), Tick(0)).ok()) as Box<_>
        };
        let mut waits: Vec<Span> = all(vec![one(), one(), one()]).into_iter().flatten().collect();
        waits.sort_unstable();
        assert_eq!(waits, [Span(0), Span(10)]);
    });
}

#[test]
fn a_cell_loses_no_count_of_the_newest_tag() {
    model(|| {
        let cell = Arc::new(Cell::<32>::default());
        let add = |tag: u64| {
            let cell = Arc::clone(&cell);
            Box::new(move || cell.add(tag, 1, |found| is_newer(found, tag, Cell::<32>::TAGS))) as Box<_>
        };
        all(vec![add(7), add(8), add(8)]);
        assert_eq!((cell.read(7), cell.read(8)), (0, 2));
    });
}

/// A circuit that is open since 0, with recovery at 100.
fn opened() -> (Arc<Circuit>, Arc<Eras>) {
    let (circuit, eras) = (Arc::new(Circuit::default()), Arc::new(Eras::default()));
    let Stage::Count(closed) = circuit.exit(0, false) else { panic!() };
    assert!(circuit.open(closed, Tick(0), &eras));
    (circuit, eras)
}

#[test]
fn a_circuit_opens_once() {
    model(|| {
        let (circuit, eras) = (Arc::new(Circuit::default()), Arc::new(Eras::default()));
        let one = || {
            let (circuit, eras) = (Arc::clone(&circuit), Arc::clone(&eras));
            Box::new(move || match circuit.exit(0, false) {
                Stage::Count(closed) => circuit.open(closed, Tick(3), &eras),
                _ => false,
            }) as Box<_>
        };
        assert_eq!(all(vec![one(), one(), one()]).into_iter().filter(|opened| *opened).count(), 1);
        assert_eq!((eras.now(), circuit.state()), (1, BreakerState::Open));
    });
}

#[test]
fn one_entry_probes_and_one_that_is_given_back_makes_room() {
    model(|| {
        let (circuit, eras) = opened();
        let one = |passes: bool| {
            let (circuit, eras) = (Arc::clone(&circuit), Arc::clone(&eras));
            Box::new(move || match circuit.ask(Span(100), Tick(100)) {
                Reply::Probe(hold) if passes => {
                    circuit.settle(&hold, Tick(100), eras.begin());
                    true
                }
                Reply::Probe(hold) => {
                    assert_eq!(circuit.give_back(&hold), None);
                    false
                }
                _ => false,
            }) as Box<_>
        };
        let probes = all(vec![one(true), one(true), one(false)]).into_iter().filter(|probe| *probe).count();
        assert!(probes <= 1);
        // It is never half-open for ever: the lease ends, or there was none.
        assert!(matches!(circuit.ask(Span(100), Tick(200)), Reply::Probe(_)));
    });
}

#[test]
fn the_verdict_of_a_late_probe_is_not_lost() {
    model(|| {
        let (circuit, eras) = opened();
        let Reply::Probe(hold) = circuit.ask(Span(100), Tick(100)) else { panic!() };
        let era = eras.begin();
        circuit.settle(&hold, Tick(100), era);
        // Its lease is over: another asks and is given back while it exits.
        let conclude = |circuit: &Circuit, eras: &Eras, hold, good| {
            circuit.conclude(&hold, good, Tick(200), eras);
        };
        let exits = {
            let (circuit, eras) = (Arc::clone(&circuit), Arc::clone(&eras));
            thread::spawn(move || {
                if let Stage::Decide(hold) = circuit.exit(era, true) {
                    conclude(&circuit, &eras, hold, true);
                }
            })
        };
        if let Reply::Probe(hold) = circuit.ask(Span(100), Tick(200))
            && let Some(good) = circuit.give_back(&hold)
        {
            conclude(&circuit, &eras, hold, good);
        }
        exits.join().unwrap();
        assert_eq!(circuit.state(), BreakerState::Closed);
    });
}

#[test]
fn an_entry_by_the_old_rules_and_one_by_the_new_share_the_count() {
    use sergo::compile::lower::lower;
    use sergo::compile::resolved::{ResolvedRule, ResolvedStrategy};
    use sergo::decide::Table;
    use sergo::spec::strategy::{ConcurrencyLimit, LimitMode, StrategySpec};
    use sergo::stat::State;
    use sergo::{Ask, Decision, Direction, Outcome};

    let rules = |most: u64| {
        let spec =
            StrategySpec::ConcurrencyLimit(ConcurrencyLimit { max_concurrency: most, limit_mode: LimitMode::Local });
        let strategy = ResolvedStrategy { position: 0, kind: spec.kind(), name: "c".into(), spec: Arc::new(spec) };
        let targets = vec![Arc::from("a")];
        [ResolvedRule { name: "r".into(), targets, strategies: vec![strategy], missing: vec![], fallback: None }]
    };
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let state = Arc::new(State::default());
        let old = Arc::new(lower(&rules(1), &Table::default(), 1));
        let new = Arc::new(lower(&rules(1), &old, 2));
        let ask = Ask { cost: 1, direction: Direction::Outbound };
        // In by one version of the rules, out by the other.
        let one = |enters: &Arc<Table>, exits: &Arc<Table>| {
            let (enters, exits, state) = (Arc::clone(enters), Arc::clone(exits), Arc::clone(&state));
            Box::new(move || {
                if let Decision::Pass(mut permit) = enters.enter(&state, "a", ask, Tick(1)) {
                    exits.exit(&state, &mut permit, Outcome::default(), Tick(2));
                }
            }) as Box<_>
        };
        all(vec![one(&old, &new), one(&new, &new)]);
        assert!(matches!(new.enter(&state, "a", ask, Tick(3)), Decision::Pass(_)));
        assert!(matches!(new.enter(&state, "a", ask, Tick(3)), Decision::Block(_)));
    });
}
