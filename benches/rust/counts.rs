//! `make counts`: the core's hot paths, each in a function of its own that does it
//! [`TIMES`] times, for callgrind to count the instructions of. The clock is given, so
//! that every run does the same.

use sergo::{Ask, CallOutcome, Config, Decision, Engine, Instance, Outcome, Request, ResourceId, Rolls, Source, Tick};
use std::hint::black_box;

const RULES: &str = include_str!("../rules/peers.yaml");
/// How often; `report/count.py` divides by it.
const TIMES: u64 = 10_000;

// Each path's name in a black box keeps the compiler from making one of two paths.

/// A microsecond later each time, so that windows turn as they do in a service.
fn later(time: u64) -> Tick {
    Tick(1_000_000_000 + time * 1_000)
}

#[inline(always)]
fn enter_and_exit(engine: &Engine, resource: ResourceId) {
    for time in 0..TIMES {
        match engine.enter_id(black_box(resource), Ask::default(), later(time)) {
            Ok(Decision::Pass(mut permit)) => engine.exit(&mut permit, Outcome::default(), later(time)),
            other => panic!("{other:?}"),
        }
    }
}

#[inline(never)]
fn path_limit_breaker_pass(engine: &Engine, resource: ResourceId) {
    black_box("limit_breaker_pass");
    enter_and_exit(engine, resource);
}

#[inline(never)]
fn path_limit_pass(engine: &Engine, resource: ResourceId) {
    black_box("limit_pass");
    enter_and_exit(engine, resource);
}

#[inline(never)]
fn path_breaker_pass(engine: &Engine, resource: ResourceId) {
    black_box("breaker_pass");
    enter_and_exit(engine, resource);
}

#[inline(never)]
fn path_unruled(engine: &Engine, resource: ResourceId) {
    black_box("unruled");
    enter_and_exit(engine, resource);
}

#[inline(never)]
fn path_blocked(engine: &Engine, resource: ResourceId) {
    for time in 0..TIMES {
        let decision = engine.enter_id(black_box(resource), Ask::default(), later(time));
        assert!(matches!(decision, Ok(Decision::Block(_))), "it passed");
    }
}

#[inline(always)]
fn routes(engine: &Engine, request: &Request<'_>) {
    for time in 0..TIMES {
        engine.route(black_box(request), &mut Rolls::seeded(time), later(time)).expect("a route");
    }
}

#[inline(never)]
fn path_route_plain(engine: &Engine, request: &Request<'_>) {
    black_box("route_plain");
    routes(engine, request);
}

#[inline(never)]
fn path_route_six_headers(engine: &Engine, request: &Request<'_>) {
    black_box("route_six_headers");
    routes(engine, request);
}

#[inline(never)]
fn path_pick_report(engine: &Engine, request: &Request<'_>) {
    for time in 0..TIMES {
        let picked = engine.pick_id(black_box(request), &mut Rolls::seeded(time), later(time)).expect("an instance");
        engine.report_id("service-provider", picked.endpoint.health.number(), CallOutcome::Success, later(time));
    }
}

fn main() {
    let engine = Engine::new(Config::new("bench-app"));
    let report = engine.apply(&[Source { name: "peers.yaml", text: RULES }]);
    assert!(report.rejected.is_empty() && report.waiting.is_empty() && report.warnings.is_empty(), "{report:?}");
    path_limit_breaker_pass(&engine, engine.resolve("GET:/both"));
    path_limit_pass(&engine, engine.resolve("GET:/limit"));
    path_breaker_pass(&engine, engine.resolve("GET:/breaker"));
    path_unruled(&engine, engine.resolve("GET:/unruled"));
    path_blocked(&engine, engine.resolve("GET:/blocked"));

    let headers: &[(&str, &str)] =
        &[("accept", "*/*"), ("user-agent", "bench"), ("x-request-id", "7"), ("x-a", "1"), ("x-b", "2"), ("tag", "v2")];
    let plain = Request { path: "/foo", ..Request::new("service-provider") };
    let six = Request { headers: &headers, ..plain };
    path_route_plain(&engine, &plain);
    path_route_six_headers(&engine, &six);

    let instance = |id: &str| Instance {
        id: id.to_owned(),
        labels: [("version".to_owned(), "v2".to_owned())].into(),
        healthy: true,
        weight: 1,
        zone: None,
    };
    engine.set_instances("service-provider", ["a", "b", "c", "d"].map(instance).into());
    path_pick_report(&engine, &six);
}
