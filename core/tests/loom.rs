//! Every order in which threads can meet, for the parts that decide without a
//! lock. Runs only under loom:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p sergo --test loom --release
//! ```

#![cfg(loom)]
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use loom::thread;
use sergo::compile::lower::lower;
use sergo::compile::resolved::{ResolvedRule, ResolvedStrategy};
use sergo::decide::Table;
use sergo::spec::strategy::{ConcurrencyLimit, LimitMode, RateLimit, StrategySpec};
use sergo::stat::State;
use sergo::stat::cell::{Cell, is_newer};
use sergo::stat::circuit::{Circuit, Eras, Reply, Stage};
use sergo::stat::event::BreakerState;
use sergo::stat::gauge::Gauge;
use sergo::stat::limit::{Admission, Admitted};
use sergo::stat::pace::Pace;
use sergo::stat::slices::Slices;
use sergo::stat::window::{Completions, Life, Window};
use sergo::sync::{Arc, Swap};
use sergo::{Ask, Decision, Direction, Outcome, Span, StrategyKind, Tick};

const WINDOW: Span = Span(256);

/// Every order of the threads, with at most two switches that nothing forces:
/// more takes hours.
fn model(check: impl Fn() + Sync + Send + 'static) {
    model_with(2, check);
}

/// Every order of the threads, with at most so many switches that nothing forces.
fn model_with(switches: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
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
        assert_eq!(admit(&store, 2, 1, &[5, 5]).len(), 2);
        assert_eq!(store.admit(2, 1, Tick(5)), Admission::After(WINDOW));
    });
}

#[test]
fn a_log_refuses_what_is_over_its_limit() {
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

/// A store for a limit of one is replaced by one for two while this many ask.
fn replace_while(askers: usize, switches: usize) {
    model_with(switches, move || {
        let store = Admitted::new(1, WINDOW);
        let other = Arc::clone(&store);
        let reload = thread::spawn(move || other.fit(2));
        let early = admit(&store, 1, 1, &vec![5; askers]);
        let grown = reload.join().unwrap();
        // No more than one came under the limit of one, and it is remembered.
        assert_eq!(early.len(), 1);
        assert_eq!(grown.admit(2, 1, Tick(6)), Admission::Admitted);
        assert_eq!(grown.admit(2, 1, Tick(6)), Admission::After(Span(255)));
    });
}

#[test]
fn a_store_that_is_replaced_loses_and_doubles_nothing() {
    replace_while(1, 3);
}

#[test]
fn a_store_that_is_replaced_is_never_over_its_limit() {
    replace_while(2, 1);
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
fn a_window_loses_no_completion_and_keeps_none_from_before_it_was_emptied() {
    model(|| {
        let window = Arc::new(Window::new(Span(10)));
        let early = window.life();
        window.add(early, true, Tick(0));
        let add = |life: Life, bad: bool| {
            let window = Arc::clone(&window);
            Box::new(move || {
                window.add(life, bad, Tick(0));
            }) as Box<dyn FnOnce()>
        };
        let emptied = {
            let window = Arc::clone(&window);
            Box::new(move || window.empty()) as Box<dyn FnOnce()>
        };
        all(vec![add(early, true), emptied]);
        let late = window.life();
        all(vec![add(late, true), add(early, true)]);
        window.add(late, false, Tick(0));
        assert_eq!(window.read(late, Tick(0)), Completions { total: 2, bad: 1 });
    });
}

/// Rules are swapped in while others enter by them: what is in flight and what
/// was admitted is one count, whichever version an entry met.
#[test]
fn rules_that_are_swapped_in_during_an_entry_share_the_counts() {
    let strategy = |spec: StrategySpec, name: &str| ResolvedStrategy {
        position: 0,
        kind: spec.kind(),
        name: name.into(),
        spec: Arc::new(spec),
    };
    let rules = move |most: u64| {
        let limit_mode = LimitMode::Local;
        let flight = StrategySpec::ConcurrencyLimit(ConcurrencyLimit { max_concurrency: most, limit_mode });
        let rate = StrategySpec::RateLimit(RateLimit { threshold: most, stat_duration: WINDOW, limit_mode });
        let strategies = vec![strategy(flight, "c"), strategy(rate, "l")];
        let targets = [Arc::from("a")].into();
        [ResolvedRule { name: "r".into(), targets, strategies, missing: vec![], fallback: None }]
    };
    model_with(3, move || {
        let state = Arc::new(State::default());
        let table = Arc::new(Swap::new(lower(&rules(1), &Table::default(), 1)));
        let ask = Ask { cost: 1, direction: Direction::Outbound };
        let enters = {
            let (table, state) = (Arc::clone(&table), Arc::clone(&state));
            thread::spawn(move || match table.load().enter(&state, state.instance.common(), "a", ask, Tick(1)) {
                Decision::Pass(mut permit) => {
                    table.load().exit(&state, state.instance.common(), &mut permit, Outcome::default(), Tick(2));
                    true
                }
                _ => false,
            })
        };
        table.store(Arc::new(lower(&rules(2), &table.load_full(), 2)));
        assert!(enters.join().unwrap());
        let Decision::Pass(mut permit) = table.load().enter(&state, state.instance.common(), "a", ask, Tick(3)) else {
            panic!()
        };
        // One place is left in flight, and none in the window.
        let table = table.load();
        let Decision::Block(blocked) = table.enter(&state, state.instance.common(), "a", ask, Tick(4)) else {
            panic!()
        };
        assert_eq!((blocked.strategy, blocked.retry_after), (StrategyKind::RateLimit, Some(Span(253))));
        table.exit(&state, state.instance.common(), &mut permit, Outcome::default(), Tick(5));
        assert_eq!(table.figures(&state).resources[0].in_flight, 0);
    });
}

#[test]
fn of_two_that_come_by_shares_of_their_own_one_sees_the_other() {
    model(|| {
        let state = Arc::new(State::default());
        let come = || {
            let state = Arc::clone(&state);
            Box::new(move || {
                let owned = state.instance.own();
                state.instance.counter(owned.as_ref()).enter();
                let seen = state.instance.in_flight();
                owned.into_iter().for_each(|owned| state.instance.disown(owned));
                seen
            }) as Box<dyn FnOnce() -> u64>
        };
        let seen = all(vec![come(), come()]);
        assert!(seen.contains(&2), "{seen:?}");
        assert_eq!(state.instance.in_flight(), 2);
    });
}

#[test]
fn of_two_that_complete_at_once_one_sees_both() {
    model(|| {
        let window = Arc::new(Window::new(Span(10)));
        let complete = |bad: bool| {
            let window = Arc::clone(&window);
            Box::new(move || window.add(window.life(), bad, Tick(0))) as Box<dyn FnOnce() -> _>
        };
        let seen = all(vec![complete(true), complete(false)]);
        assert!(seen.contains(&Some(Completions { total: 2, bad: 1 })), "{seen:?}");
    });
}
