//! Real threads: nothing is admitted twice, nothing is lost, and all that came
//! has left at the end.

use crate::kit::{Answer, Plane, breaker, concurrency, rate, rule};
use sergo::spec::strategy::Bad;
use sergo::{Ask, Config, Decision, Engine, Outcome, Seen, Source, Span, SystemLoad, Tick};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;

const THREADS: u64 = 8;
const ENTRIES: u64 = 20_000;

/// Runs `work` in every thread with the thread's number.
fn threads(work: impl Fn(u64) + Sync) {
    thread::scope(|scope| {
        for number in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

#[test]
fn of_all_threads_together_exactly_the_limit_is_admitted() {
    for limit in [1, 3, 100, 4096, 5000, 100_000] {
        let plane = Plane::new(&[rule("r", &["a"], &[("l", Some(rate(limit, 1_000_000_000)))])]);
        let admitted = AtomicU64::new(0);
        threads(|_| {
            for _ in 0..ENTRIES {
                if plane.enter("a", 1, 7).passed() {
                    admitted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        assert_eq!(admitted.into_inner(), limit.min(THREADS * ENTRIES));
    }
}

#[test]
fn no_window_is_over_the_limit_while_time_goes_on_and_rules_reload() {
    let (window, limits) = (1000, [5, 40, 5000, 17]);
    let rules = |limit| [rule("r", &["a"], &[("l", Some(rate(limit, window)))])];
    for over in [1, 3] {
        // Every second round reloads over the step from slices to the log too.
        let limits = &limits[..if over == 1 { 2 } else { 4 }];
        let plane = Plane::new(&rules(limits[0]));
        let clock = AtomicU64::new(0);
        let done = AtomicBool::new(false);
        let admitted: Vec<Vec<(u64, u64)>> = thread::scope(|scope| {
            let handles: Vec<_> = (0..THREADS)
                .map(|number| {
                    let (plane, clock) = (&plane, &clock);
                    scope.spawn(move || {
                        let mut admitted = Vec::new();
                        for step in 0..ENTRIES {
                            let now = clock.fetch_add(1 + step % 3, Ordering::Relaxed);
                            let cost = 1 + (step + number) % 3;
                            if plane.enter("a", cost as u32, now).passed() {
                                admitted.push((now, cost));
                            }
                        }
                        admitted
                    })
                })
                .collect();
            let reloads = scope.spawn(|| {
                for limit in limits.iter().cycle() {
                    plane.load(&rules(*limit));
                    thread::yield_now();
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let admitted = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
            done.store(true, Ordering::Relaxed);
            reloads.join().unwrap();
            admitted
        });
        let mut all: Vec<(u64, u64)> = admitted.into_iter().flatten().collect();
        all.sort_unstable();
        assert!(!all.is_empty());
        let most = *limits.iter().max().unwrap();
        let (mut first, mut sum) = (0, 0);
        for (now, cost) in &all {
            sum += cost;
            while all[first].0 + window <= *now {
                sum -= all[first].1;
                first += 1;
            }
            assert!(sum <= most, "{sum} in the window that ends at {now}");
        }
    }
}

#[test]
fn in_flight_is_never_over_the_limit_and_zero_at_the_end_over_reloads() {
    let rules = |most| [rule("r", &["/a", "GET:/a"], &[("c", Some(concurrency(most)))])];
    let plane = Plane::new(&rules(10));
    let (inside, left) = (AtomicI64::new(0), AtomicU64::new(THREADS));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (plane, inside, left) = (&plane, &inside, &left);
            scope.spawn(move || {
                for step in 0..ENTRIES {
                    let cost = 1 + (number + step) % 4;
                    if let Answer::Pass(_, mut permit) = plane.enter("GET:/a", cost as u32, step) {
                        let now = inside.fetch_add(cost as i64, Ordering::SeqCst) + cost as i64;
                        assert!(now <= 10, "{now} in flight");
                        inside.fetch_sub(cost as i64, Ordering::SeqCst);
                        plane.exit(&mut permit, false, step);
                    }
                }
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| {
            while left.load(Ordering::SeqCst) > 0 {
                for most in [3, 10, 7] {
                    plane.load(&rules(most));
                }
                thread::yield_now();
            }
        });
    });
    plane.load(&rules(10));
    assert!(plane.enter("/a", 10, 0).passed() && !plane.enter("/a", 1, 0).passed());
    assert!(!plane.enter("GET:/a", 1, 0).passed());
    let figures = plane.table.load().figures(&plane.state);
    assert_eq!((figures.in_flight, figures.resources[0].in_flight, figures.resources[1].in_flight), (1, 1, 0));
    let counted = &figures.resources[1];
    assert_eq!(counted.passed + counted.blocked, THREADS * ENTRIES + 1);
    assert_eq!(counted.passed, counted.completed);
}

#[test]
fn at_most_one_probe_at_a_time() {
    let spec = breaker(Bad::Error, 50, 1_000_000_000, 10, 1);
    let plane = Plane::new(&[rule("r", &["a"], &[("b", Some(spec))])]);
    let Answer::Pass(_, mut permit) = plane.enter("a", 1, 0) else { panic!() };
    plane.exit(&mut permit, true, 0);
    for round in 1..2000 {
        // Open since the last round; its recovery is over.
        let probes = AtomicU64::new(0);
        let permits = std::sync::Mutex::new(Vec::new());
        threads(|_| {
            if let Answer::Pass(_, permit) = plane.enter("a", 1, round * 10) {
                probes.fetch_add(1, Ordering::SeqCst);
                permits.lock().unwrap().push(permit);
            }
        });
        assert_eq!(probes.into_inner(), 1);
        for mut permit in permits.into_inner().unwrap() {
            plane.exit(&mut permit, true, round * 10);
        }
    }
}

/// All gates of one resource and of its path, as a user writes them.
fn documents(most: u64, threshold: u64, interval: &str) -> String {
    let document = |kind: &str, name: &str, spec: &str| {
        format!(
            "---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n\
             spec: {{{spec}}}\n"
        )
    };
    let breaker = "strategy: ErrorRequestRatio, triggerRatio: 50%, statDuration: 1ms, recoveryTimeout: 2us, \
                   minRequestAmount: 5";
    [
        document("ConcurrencyLimitStrategy", "c", &format!("maxConcurrency: {most}")),
        document("RateLimitStrategy", "l", &format!("threshold: {threshold}, statDuration: 50us")),
        document("ThrottlingStrategy", "t", &format!("minIntervalOfRequests: {interval}, queueTimeout: 5us")),
        document("CircuitBreakerStrategy", "b", breaker),
        document("AdaptiveOverloadProtectionStrategy", "o", OVERLOAD),
        document("FaultToleranceRule", "r", RULE),
    ]
    .concat()
}

const OVERLOAD: &str = "metricType: CpuPercentage, triggerThreshold: 80%, adaptiveStrategy: BBR";
const RULE: &str = "targets: [{targetResourceName: /a}, {targetResourceName: 'GET:/a'}], \
                    strategies: [{name: c}, {name: l}, {name: t}, {name: b}, {name: o}]";

/// Everything at once: entries, exits with and without errors, reloads that
/// change all limits and the store behind one, and figures of the system.
#[test]
fn under_full_load_and_reloads_nothing_is_lost_and_nothing_stays() {
    let engine = Engine::new(Config::new("demo-app"));
    let load = |text: &str| assert_eq!(engine.apply(&[Source { name: "", text }]).accepted, 6);
    let texts = [documents(6, 100, "10ns"), documents(9, 5000, "0ns"), documents(4, 30, "50ns")];
    load(&texts[0]);
    let (clock, left) = (AtomicU64::new(0), AtomicU64::new(THREADS));
    let [asked, passed] = [AtomicU64::new(0), AtomicU64::new(0)];
    let inside = AtomicI64::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (engine, clock, left, asked, passed, inside) = (&engine, &clock, &left, &asked, &passed, &inside);
            scope.spawn(move || {
                let names = ["GET:/a", "/a", "unnamed"];
                let mut seen = Seen::default();
                for step in 0..ENTRIES {
                    let name = names[(step % 3) as usize];
                    let now = Tick(clock.fetch_add(step % 40, Ordering::Relaxed));
                    let counts = u64::from(name == "GET:/a");
                    asked.fetch_add(counts, Ordering::Relaxed);
                    let decision = match number % 2 {
                        0 => engine.see(&mut seen).enter(name, Ask::default(), now),
                        _ => engine.enter(name, Ask::default(), now),
                    };
                    let permit = match decision {
                        Decision::Pass(permit) | Decision::Wait(_, permit) => permit,
                        Decision::Block(_) => continue,
                    };
                    passed.fetch_add(counts, Ordering::Relaxed);
                    // Both names count against the limit of the path.
                    let governed = i64::from(name != "unnamed");
                    let now_inside = inside.fetch_add(governed, Ordering::SeqCst) + governed;
                    assert!(now_inside <= 9, "{now_inside} in flight");
                    inside.fetch_sub(governed, Ordering::SeqCst);
                    let mut permit = permit;
                    let outcome = Outcome { error: (step + number) % 5 == 0 };
                    let later = now.after(Span(step % 7));
                    match step % 2 {
                        0 => engine.see(&mut seen).exit(&mut permit, outcome, later),
                        _ => engine.exit(&mut permit, outcome, later),
                    }
                }
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| {
            for round in 0.. {
                load(&texts[round % texts.len()]);
                let cpu = Some(if round % 4 == 0 { 0.9 } else { 0.1 });
                let figures = SystemLoad { cpu, ..SystemLoad::default() };
                engine.set_system_load(figures, Tick(clock.load(Ordering::Relaxed)));
                if left.load(Ordering::SeqCst) == 0 {
                    break;
                }
            }
        });
    });
    let figures = engine.figures();
    assert_eq!(figures.in_flight, 0);
    assert!(figures.resources.iter().all(|resource| resource.in_flight == 0), "{figures:?}");
    let counted = figures.resources.iter().find(|resource| resource.resource == "GET:/a").unwrap();
    assert_eq!(counted.passed + counted.blocked, asked.into_inner());
    assert_eq!((counted.passed, counted.completed), (passed.load(Ordering::Relaxed), passed.into_inner()));
    // The whole of the path's limit is there again.
    load(&texts[1]);
    engine.set_system_load(SystemLoad::default(), Tick(clock.load(Ordering::Relaxed)));
    let later = Tick(clock.into_inner() + 1_000_000_000);
    assert!(matches!(engine.enter("/a", Ask { cost: 9, ..Ask::default() }, later), Decision::Pass(_)));
    assert!(matches!(engine.enter("/a", Ask::default(), later), Decision::Block(_)));
}
