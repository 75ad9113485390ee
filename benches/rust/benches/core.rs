//! `make rust-bench`: what an entry, its exit and a route cost in the core.

use divan::{Bencher, black_box};
use sergo::{Ask, Decision, Engine, Outcome, Request, Rolls, Tick};
use std::time::Instant;

fn main() {
    divan::main();
}

/// Enters and exits as a package does: the clock is read before each.
fn enter_and_exit(engine: &Engine, resource: sergo::ResourceId, born: Instant) {
    let now = || Tick(u64::try_from(born.elapsed().as_nanos()).unwrap_or(0));
    if let Ok(Decision::Pass(mut permit)) = engine.enter_id(black_box(resource), Ask::default(), now()) {
        engine.exit(&mut permit, Outcome::default(), now());
    }
}

#[divan::bench]
fn limited_enter_and_exit(bencher: Bencher<'_, '_>) {
    let (engine, born) = (sergo_benches::engine(), Instant::now());
    let resource = engine.resolve("GET:/foo");
    bencher.bench(|| enter_and_exit(&engine, resource, born));
}

#[divan::bench]
fn ungoverned_enter_and_exit(bencher: Bencher<'_, '_>) {
    let (engine, born) = (sergo_benches::engine(), Instant::now());
    let resource = engine.resolve("GET:/elsewhere");
    bencher.bench(|| enter_and_exit(&engine, resource, born));
}

#[divan::bench]
fn blocked_enter(bencher: Bencher<'_, '_>) {
    let (engine, born) = (sergo_benches::engine(), Instant::now());
    let resource = engine.resolve("GET:/closed");
    bencher.bench(|| enter_and_exit(&engine, resource, born));
}

#[divan::bench]
fn route_by_header(bencher: Bencher<'_, '_>) {
    let engine = sergo_benches::engine();
    let headers: &[(&str, &str)] =
        &[("accept", "*/*"), ("user-agent", "bench"), ("x-request-id", "7"), ("x-a", "1"), ("x-b", "2"), ("tag", "v2")];
    let request = Request { path: "/foo", headers: &headers, ..Request::new("service-provider") };
    bencher.bench_local(|| engine.route(black_box(&request), &mut Rolls::seeded(7), Tick(0)));
}
