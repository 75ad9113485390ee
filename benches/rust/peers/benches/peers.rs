//! Sergo, sentinel-core, governor and failsafe at the job of `benches/rules/peers.yaml`.
//! A benchmark is called `library/what it does/job`; each library does what it has.

use criterion::{Criterion, criterion_group, criterion_main};
use failsafe::{CircuitBreaker, backoff, failure_policy};
use governor::{Quota, RateLimiter};
use sentinel_core::base::TrafficType;
use sentinel_core::{EntryBuilder, circuitbreaker, flow};
use sergo_peers::{RULES, Timed, together};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Runs one operation over and over, on one thread.
fn alone(c: &mut Criterion, name: &str, mut once: impl FnMut()) {
    c.bench_function(name, |bencher| bencher.iter(&mut once));
}

/// Runs what `work` makes for each of two threads; nanoseconds are those that an
/// operation takes its thread.
fn by_two<W: FnMut()>(c: &mut Criterion, name: &str, work: impl Fn(usize) -> W + Sync) {
    c.bench_function(name, |bencher| bencher.iter_custom(|rounds| together(2, rounds, &work)));
}

/// What two threads ask for: the same, or each its own.
const PAIRS: [(&str, [&str; 2]); 2] = [("shared", ["", ""]), ("own", ["", "/2"])];

fn sergo(c: &mut Criterion) {
    let timed = Timed::under(RULES);
    let resolve = |name: &str| timed.engine.resolve(name);
    let mut caller = timed.caller();
    for (does, resource) in [("limit+breaker", "GET:/both"), ("limit", "GET:/limit"), ("breaker", "GET:/breaker")] {
        let id = resolve(resource);
        alone(c, &format!("sergo/{does}/pass"), || assert!(caller.enter_and_exit(black_box(id))));
        for (job, endings) in PAIRS {
            let ids = endings.map(|ending| resolve(&format!("{resource}{ending}")));
            by_two(c, &format!("sergo/{does}/{job}"), |thread| {
                let (mut caller, id) = (timed.caller(), ids[thread]);
                move || assert!(caller.enter_and_exit(black_box(id)))
            });
        }
    }
    let (blocked, unruled) = (resolve("GET:/blocked"), resolve("GET:/unruled"));
    alone(c, "sergo/limit+breaker/blocked", || assert!(!caller.enter_and_exit(black_box(blocked))));
    alone(c, "sergo/limit+breaker/unruled", || assert!(caller.enter_and_exit(black_box(unruled))));
}

fn sentinel_rules() {
    let limit = |resource: &str, threshold| {
        Arc::new(flow::Rule { resource: resource.into(), threshold, ..flow::Rule::default() })
    };
    let breaker = |resource: &str| {
        Arc::new(circuitbreaker::Rule {
            resource: resource.into(),
            strategy: circuitbreaker::BreakerStrategy::ErrorRatio,
            threshold: 0.5,
            stat_interval_ms: 10_000,
            stat_sliding_window_bucket_count: 10,
            retry_timeout_ms: 10_000,
            min_request_amount: 100,
            ..circuitbreaker::Rule::default()
        })
    };
    sentinel_core::init_default().expect("its own settings are good");
    flow::load_rules(vec![
        limit("GET:/both", 1e9),
        limit("GET:/both/2", 1e9),
        limit("GET:/limit", 1e9),
        limit("GET:/blocked", 0.0),
    ]);
    circuitbreaker::load_rules(["GET:/both", "GET:/both/2", "GET:/blocked"].map(breaker).to_vec());
}

fn sentinel_enters(resource: &str) -> bool {
    let entry = EntryBuilder::new(resource.into()).with_traffic_type(TrafficType::Inbound).build();
    entry.is_ok_and(|entry| {
        entry.exit();
        true
    })
}

fn sentinel(c: &mut Criterion) {
    sentinel_rules();
    for (name, resource, passes) in [
        ("sentinel-core/limit+breaker/pass", "GET:/both", true),
        ("sentinel-core/limit/pass", "GET:/limit", true),
        ("sentinel-core/limit+breaker/blocked", "GET:/blocked", false),
        ("sentinel-core/limit+breaker/unruled", "GET:/unruled", true),
    ] {
        alone(c, name, || assert_eq!(sentinel_enters(black_box(resource)), passes));
    }
    for (job, endings) in PAIRS {
        by_two(c, &format!("sentinel-core/limit+breaker/{job}"), |thread| {
            let resource = format!("GET:/both{}", endings[thread]);
            move || assert!(sentinel_enters(black_box(&resource)))
        });
    }
}

/// A rate limiter with a cell for each name.
fn governor(c: &mut Criterion) {
    let limiter = RateLimiter::keyed(Quota::per_second(NonZeroU32::new(1_000_000_000).expect("not 0")));
    alone(c, "governor/limit/pass", || assert!(limiter.check_key(&black_box("GET:/limit")).is_ok()));
    for (job, endings) in PAIRS {
        by_two(c, &format!("governor/limit/{job}"), |thread| {
            let (limiter, resource) = (&limiter, ["GET:/limit", "GET:/limit/2"][usize::from(endings[thread] == "/2")]);
            move || assert!(limiter.check_key(&black_box(resource)).is_ok())
        });
    }
    let hourly = RateLimiter::keyed(Quota::per_hour(NonZeroU32::MIN));
    assert!(hourly.check_key(&"GET:/blocked").is_ok(), "the only one of the hour");
    alone(c, "governor/limit/blocked", || assert!(hourly.check_key(&black_box("GET:/blocked")).is_err()));
}

fn failsafe(c: &mut Criterion) {
    let breaker = || {
        let wait = backoff::constant(Duration::from_secs(3600));
        let policy = failure_policy::success_rate_over_time_window(0.5, 100, Duration::from_secs(10), wait);
        failsafe::Config::new().failure_policy(policy).build()
    };
    let two = [breaker(), breaker()];
    let call = |number: usize| two[number].call(|| black_box(Ok::<(), ()>(()))).is_ok();
    alone(c, "failsafe/breaker/pass", || assert!(call(0)));
    for (job, endings) in PAIRS {
        by_two(c, &format!("failsafe/breaker/{job}"), |thread| {
            let (call, number) = (&call, usize::from(endings[thread] == "/2"));
            move || assert!(call(number))
        });
    }
    let policy = failure_policy::consecutive_failures(1, backoff::constant(Duration::from_secs(3600)));
    let open = failsafe::Config::new().failure_policy(policy).build();
    let _ = open.call(|| Err::<(), ()>(()));
    assert!(!open.is_call_permitted(), "one error opens it");
    alone(c, "failsafe/breaker/blocked", || assert!(open.call(|| Ok::<(), ()>(())).is_err()));
}

criterion_group!(peers, sergo, sentinel, governor, failsafe);
criterion_main!(peers);
