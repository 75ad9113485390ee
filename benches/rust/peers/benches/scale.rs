//! How sergo's costs grow: with resources, routes and threads, and what it takes to
//! load ten thousand rules. A benchmark is called as those of `peers.rs`, and after
//! the `@` stands how many.

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use sergo::{Config, Engine, Request, Rolls, Source, Tick};
use sergo_peers::{Timed, together};
use std::fmt::Write;
use std::hint::black_box;

const STRATEGIES: &str = r#"
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: wide}
spec: {metricType: RequestAmount, limitMode: Local, threshold: 1000000000, statDuration: "1s"}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata: {name: closed}
spec: {strategy: ErrorRequestRatio, triggerRatio: "50%", statDuration: "10s", recoveryTimeout: "10s", minRequestAmount: 100}
"#;

/// A limit and a breaker on each of some resources.
fn governed(resources: usize) -> String {
    let mut text = format!(
        "{STRATEGIES}---\napiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata: {{name: all}}\nspec:\n  strategies: [{{name: wide, kind: RateLimitStrategy}}, {{name: closed, kind: CircuitBreakerStrategy}}]\n  targets:\n"
    );
    for number in 0..resources {
        writeln!(text, "  - {{targetResourceName: 'GET:/svc{number}/orders'}}").expect("a text takes any text");
    }
    text
}

/// Enters one of many resources, over and over; and one after the other, so far apart
/// that of many none is still in a near cache when its turn comes.
fn resources(c: &mut Criterion) {
    for count in [1, 10, 100, 1_000, 10_000, 50_000] {
        let timed = Timed::under(&governed(count));
        let mut caller = timed.caller();
        let ids: Vec<_> = (0..count).map(|number| timed.engine.resolve(&format!("GET:/svc{number}/orders"))).collect();
        let one = ids[count / 2];
        c.bench_function(&format!("sergo/limit+breaker/resource-of@{count}"), |bencher| {
            bencher.iter(|| assert!(caller.enter_and_exit(black_box(one))));
        });
        let mut turn = 0usize;
        c.bench_function(&format!("sergo/limit+breaker/resources@{count}"), |bencher| {
            bencher.iter(|| {
                turn = (turn + 7_919) % count;
                assert!(caller.enter_and_exit(ids[turn]));
            });
        });
    }
}

fn threads(c: &mut Criterion) {
    let timed = Timed::under(&governed(4));
    let ids: Vec<_> = (0..4).map(|number| timed.engine.resolve(&format!("GET:/svc{number}/orders"))).collect();
    for threads in 1..=4 {
        for (job, stride) in [("threads-shared", 0), ("threads-own", 1)] {
            c.bench_function(&format!("sergo/limit+breaker/{job}@{threads}"), |bencher| {
                bencher.iter_custom(|rounds| {
                    together(threads, rounds, |thread| {
                        let (mut caller, id) = (timed.caller(), ids[thread * stride]);
                        move || assert!(caller.enter_and_exit(black_box(id)))
                    })
                });
            });
        }
    }
}

/// One router: a third of the routes by a path, a third by its beginning, and a third
/// by a header; or all by a regular expression.
fn router(routes: usize, regex: bool) -> String {
    let mut text = String::from(
        "{apiVersion: traffic.opensergo.io/v1alpha1, kind: TrafficRouter, metadata: {name: shop}, spec: {hosts: [shop], http: [",
    );
    for number in 0..routes {
        let matches = match (regex, number % 3) {
            (true, _) => format!("uri: {{regex: '/svc{number}/[a-z]+(/[0-9]+)?'}}"),
            (false, 0) => format!("uri: {{exact: /svc{number}/orders}}"),
            (false, 1) => format!("uri: {{prefix: /svc{number}/}}"),
            (false, _) => format!("headers: {{x-user: {{exact: svc{number}}}}}"),
        };
        writeln!(text, "{{match: [{{{matches}}}], route: [{{destination: {{host: backend, subset: v1}}}}]}},")
            .expect("a text takes any text");
    }
    text + "]}}"
}

/// Asks for the last of the routes, with six headers.
fn routes(c: &mut Criterion) {
    let counts = [(false, 1), (false, 10), (false, 100), (false, 1_000), (false, 10_000), (false, 50_000)];
    for (regex, count) in counts.into_iter().chain([(true, 1), (true, 10), (true, 100), (true, 1_000)]) {
        let timed = Timed::under(&router(count, regex));
        let (path, user) = (format!("/svc{}/orders", count - 1), format!("svc{}", count - 1));
        let headers: &[(&str, &str)] = &[
            ("accept", "*/*"),
            ("user-agent", "bench"),
            ("x-request-id", "7"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("x-user", &user),
        ];
        let request = Request { path: &path, headers: &headers, ..Request::new("shop") };
        let mut rolls = Rolls::seeded(7);
        c.bench_function(&format!("sergo/{}/routes@{count}", if regex { "regex" } else { "mixed" }), |bencher| {
            bencher.iter(|| timed.engine.route(black_box(&request), &mut rolls, Tick(0)).expect("a route"));
        });
    }
}

/// Five thousand rules with a strategy each, of which the one in the middle has this
/// threshold.
fn documents(changed: usize) -> String {
    const RULES: usize = 5_000;
    let mut text = String::new();
    for number in 0..RULES {
        let threshold = if number == RULES / 2 { changed } else { 7 };
        write!(
            text,
            "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\nmetadata:\n  name: limit-{number}\nspec:\n  metricType: RequestAmount\n  limitMode: Local\n  threshold: {threshold}\n  statDurationSeconds: 1\n---\n\
             apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata:\n  name: rule-{number}\nspec:\n  targets:\n  - targetResourceName: 'GET:/svc{number}/orders'\n  strategies:\n  - name: limit-{number}\n    kind: RateLimitStrategy\n---\n"
        )
        .expect("a text takes any text");
    }
    text
}

fn apply(engine: &Engine, text: &str) {
    let report = engine.apply(&[Source { name: "rules.yaml", text: black_box(text) }]);
    assert!(report.rejected.is_empty() && report.waiting.is_empty(), "{report:?}");
}

/// Ten thousand documents, all of them and one changed.
fn load(c: &mut Criterion) {
    let texts = [documents(7), documents(8)];
    let mut group = c.benchmark_group("sergo/load");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("first@10000", |bencher| {
        bencher.iter_with_large_drop(|| {
            let engine = Engine::new(Config::new("bench-app"));
            apply(&engine, &texts[0]);
            engine
        });
    });
    let engine = Engine::new(Config::new("bench-app"));
    apply(&engine, &texts[0]);
    let mut turn = 0usize;
    group.bench_function("changed@10000", |bencher| {
        bencher.iter(|| {
            turn += 1;
            apply(&engine, &texts[turn % 2]);
        });
    });
    group.finish();
}

criterion_group!(scale, resources, threads, routes, load);
criterion_main!(scale);
