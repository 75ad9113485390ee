//! `make rust-bench`: what an entry, its exit and a route cost in the core.

use divan::{Bencher, black_box};
use sergo::{Ask, Decision, Outcome, Request, Rolls, Seen, Tick};
use sergo_border::clock;

fn main() {
    divan::main();
}

/// Enters and exits as a package does: each looks for newer rules and reads the clock.
fn enter_and_exit(bencher: Bencher<'_, '_>, resource: &str) {
    let (engine, born, mut seen) = (sergo_benches::engine(), clock::now(), Seen::default());
    let resource = engine.resolve(resource);
    let now = || Tick(clock::now().saturating_sub(born));
    bencher.bench_local(|| {
        let decision = engine.see(&mut seen).enter_id(black_box(resource), Ask::default(), now());
        if let Ok(Decision::Pass(mut permit)) = decision {
            engine.see(&mut seen).exit(&mut permit, Outcome::default(), now());
        }
    });
}

#[divan::bench]
fn limited_enter_and_exit(bencher: Bencher<'_, '_>) {
    enter_and_exit(bencher, "GET:/foo");
}

#[divan::bench]
fn ungoverned_enter_and_exit(bencher: Bencher<'_, '_>) {
    enter_and_exit(bencher, "GET:/elsewhere");
}

#[divan::bench]
fn blocked_enter(bencher: Bencher<'_, '_>) {
    enter_and_exit(bencher, "GET:/closed");
}

#[divan::bench]
fn route_by_header(bencher: Bencher<'_, '_>) {
    let engine = sergo_benches::engine();
    let headers: &[(&str, &str)] =
        &[("accept", "*/*"), ("user-agent", "bench"), ("x-request-id", "7"), ("x-a", "1"), ("x-b", "2"), ("tag", "v2")];
    let request = Request { path: "/foo", headers: &headers, ..Request::new("service-provider") };
    bencher.bench_local(|| engine.route(black_box(&request), &mut Rolls::seeded(7), Tick(0)));
}
