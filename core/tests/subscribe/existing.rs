//! Streams of the existing control plane, rebuilt byte by byte from how its code
//! writes them, so that no type of ours has a part in them.

use crate::kit::{BREAKER, LIMIT, ROUTER, RULE, limit, rule};
use crate::plane::Quirks;
use crate::world::{SECOND, World, options};
use sergo::subscribe::Session;
use sergo::{Request, Rolls, Tick};

const THROTTLING: &str = "fault-tolerance.opensergo.io/v1alpha1/ThrottlingStrategy";
const CONCURRENCY: &str = "fault-tolerance.opensergo.io/v1alpha1/ConcurrencyLimitStrategy";
const ENVOY: &str = "envoy.config.route.v3.RouteConfiguration";

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A field that has a length.
fn field(tag: u8, value: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(u64::from(tag) << 3 | 2, &mut bytes);
    varint(value.as_ref().len() as u64, &mut bytes);
    bytes.extend(value.as_ref());
    bytes
}

/// A number, which is left out where it is 0.
fn number(tag: u8, value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if value != 0 {
        varint(u64::from(tag) << 3, &mut bytes);
        varint(value as u64, &mut bytes);
    }
    bytes
}

fn double(tag: u8, value: f64) -> Vec<u8> {
    [vec![tag << 3 | 1], value.to_le_bytes().to_vec()].concat()
}

fn any(message: &str, value: &[u8]) -> Vec<u8> {
    [field(1, format!("type.googleapis.com/{message}")), field(2, value)].concat()
}

fn strategy(kind: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    any(&format!("io.opensergo.proto.fault_tolerance.v1.{kind}"), &parts.concat())
}

/// A push: code 1 under the request's name where it was asked for, else code 200
/// without one.
fn push(app: &str, kind: &str, version: i64, response_id: &str, data: &[Vec<u8>]) -> Vec<u8> {
    let (code, name) = if response_id.is_empty() { (200, vec![]) } else { (1, field(8, response_id)) };
    let data: Vec<u8> = data.iter().flat_map(|any| field(1, any)).collect();
    [
        field(1, [number(1, code), field(2, "Get and send rule success")].concat()),
        field(3, "default"),
        field(4, app),
        field(5, kind),
        field(6, [data, number(2, version)].concat()),
        field(7, field(1, "osg-host")),
        name,
    ]
    .concat()
}

fn existing(kinds: &[&str]) -> World {
    let mut world = World::new(Quirks::EXISTING, kinds);
    world.settle();
    world
}

/// What the last push of a kind came to: what was accepted, the fields of the
/// mistakes, and how it was answered.
fn came(world: &mut World, kind: &str, data: &[Vec<u8>]) -> (usize, Vec<String>, i32) {
    let version = world.reports.len() as i64 + 1;
    world.receive(&push("demo", kind, version, "", data));
    world.settle();
    let report = world.reports.last().unwrap();
    let fields = report.rejected.iter().map(|mistake| mistake.field.clone()).collect();
    (report.accepted, fields, world.answers(kind).last().unwrap().1)
}

fn slow_breaker(strategy_number: i64, max_allowed_rt: i64) -> Vec<u8> {
    let parts = [
        field(1, "b"),
        number(2, strategy_number),
        double(3, 0.5),
        number(4, 300),
        number(6, 50),
        number(8, 5),
        field(9, number(1, max_allowed_rt)),
    ];
    strategy("CircuitBreakerStrategy", &parts)
}

#[test]
fn every_kind_is_read_as_it_is_sent() {
    let mut world = existing(&[RULE, LIMIT, THROTTLING, CONCURRENCY, BREAKER, ROUTER]);
    let reference = |name: &str, kind: &str| field(2, [field(1, name), field(2, kind)].concat());
    let rule = [
        field(1, field(1, "/foo")),
        reference("l", "RateLimitStrategy"),
        reference("t", "ThrottlingStrategy"),
        reference("c", "ConcurrencyLimitStrategy"),
        reference("b", "CircuitBreakerStrategy"),
    ];
    let limit = [field(1, "l"), number(4, 10), number(5, 1)];
    let throttling = [field(1, "t"), number(2, 20), number(3, 500)];
    let concurrency = [field(1, "c"), number(2, 1), number(3, 8)];
    for (kind, data) in [
        (RULE, strategy("FaultToleranceRule", &rule)),
        (LIMIT, strategy("RateLimitStrategy", &limit)),
        (THROTTLING, strategy("ThrottlingStrategy", &throttling)),
        (CONCURRENCY, strategy("ConcurrencyLimitStrategy", &concurrency)),
        (BREAKER, slow_breaker(1, 200)),
        (ROUTER, sample()),
    ] {
        let before = world.reports.last().map_or(0, |report| report.accepted);
        let came = came(&mut world, kind, &[data]);
        assert_eq!(came, (before + 1, vec![], 1), "{kind}: {:?}", world.reports.last());
    }
    assert!(world.reports.last().unwrap().waiting.is_empty());
    assert_eq!(world.threshold("/foo"), Some(8), "concurrency is asked first");
}

/// Its own sample: a tag goes to v2, else to v1.
fn sample() -> Vec<u8> {
    let to_v2 = [
        field(1, "outbound||v2|provider.default.svc.cluster.local"),
        field(2, "outbound||v1|provider.default.svc.cluster.local"),
    ];
    let fallback = any("io.opensergo.proto.router.v1.ClusterFallbackConfig_ClusterConfig", &to_v2.concat());
    let extension = [field(1, "envoy.router.cluster_specifier_plugin.cluster_fallback"), field(2, fallback)].concat();
    let tagged = field(6, [field(1, "x-tag"), field(4, "v2")].concat());
    router(&[
        [field(1, tagged), field(2, field(39, field(1, extension)))].concat(),
        [field(1, ""), to("outbound||v1|provider.default.svc.cluster.local")].concat(),
    ])
}

fn to(cluster: &str) -> Vec<u8> {
    field(2, field(1, cluster))
}

fn router(routes: &[Vec<u8>]) -> Vec<u8> {
    let routes: Vec<u8> = routes.iter().flat_map(|route| field(3, route)).collect();
    let host = [field(1, "r"), field(2, "provider.default.svc.cluster.local"), routes].concat();
    any(ENVOY, &[field(1, "r"), field(2, host)].concat())
}

/// The subset that a request with these headers goes to.
fn subset(world: &World, headers: &[(&str, &str)]) -> Option<String> {
    let request = Request { headers: &headers, ..Request::new("provider") };
    let directions = world.engine.direct(&request, &mut Rolls::given(&[0.5]), Tick(world.now))?;
    let answer = serde_json::to_value(directions).unwrap();
    answer.pointer("/destination/subset").unwrap().as_str().map(str::to_owned)
}

#[test]
fn its_sample_router_routes() {
    let mut world = existing(&[ROUTER]);
    assert_eq!(came(&mut world, ROUTER, &[sample()]), (1, vec![], 1));
    assert_eq!(subset(&world, &[("x-tag", "v2")]).as_deref(), Some("v2"));
    assert_eq!(subset(&world, &[("x-tag", "v3")]).as_deref(), Some("v1"));
}

#[test]
fn several_destinations_have_lost_their_fallbacks_and_keep_their_weights() {
    let mut world = existing(&[ROUTER]);
    let weighted = |subset: &str, weight| {
        let cluster = field(1, format!("outbound||{subset}|provider.default.svc.cluster.local"));
        // The weight is a message of its own; of 0 it is an empty one.
        field(1, [cluster, field(2, number(1, weight))].concat())
    };
    let action = field(2, field(3, [weighted("v1", 0), weighted("v2", 100)].concat()));
    assert_eq!(came(&mut world, ROUTER, &[router(&[[field(1, ""), action].concat()])]), (1, vec![], 1));
    assert_eq!(subset(&world, &[]).as_deref(), Some("v2"));
}

#[test]
fn conditions_that_have_lost_their_meaning_keep_the_last_router() {
    let mut world = existing(&[ROUTER]);
    assert_eq!(came(&mut world, ROUTER, &[sample()]), (1, vec![], 1));
    let refused = |world: &mut World, matched: Vec<u8>, at: &str| {
        let last = [field(1, ""), to("outbound||v9|provider.default.svc.cluster.local")].concat();
        let first = [field(1, matched), to("outbound||v8|provider.default.svc.cluster.local")].concat();
        assert_eq!(came(world, ROUTER, &[router(&[first, last])]), (0, vec![at.to_owned()], 4001));
        assert_eq!(subset(world, &[("x-tag", "v2")]).as_deref(), Some("v2"), "the last good one stays");
    };
    // The uri, the method, the authority: nothing is left of them.
    refused(&mut world, vec![], "spec.http[0].match");
    // A query parameter, of which the name is lost.
    refused(&mut world, field(7, field(5, field(1, "1"))), "spec.http[0].match[0].queryParams");
    // Two blocks, of which any was to match.
    let header = |value: &str| field(6, [field(1, "x"), field(4, value)].concat());
    refused(&mut world, [header("a"), header("b")].concat(), "spec.http[0].match[0].headers.x");
    // A header that need only be there has no form at all: that is well said.
    let present = router(&[[field(1, field(6, field(1, "x"))), to("outbound||v3|provider")].concat()]);
    assert_eq!(came(&mut world, ROUTER, &[present]), (1, vec![], 1));
    assert_eq!(subset(&world, &[("x", "")]).as_deref(), Some("v3"));
    assert_eq!(subset(&world, &[]), None);
}

#[test]
fn minus_one_is_a_mistake_only_where_it_counts() {
    let mut world = existing(&[BREAKER, THROTTLING]);
    assert_eq!(came(&mut world, BREAKER, &[slow_breaker(2, -1)]), (1, vec![], 1));
    let at = "spec.slowConditions.maxAllowedRt".to_owned();
    let (_, fields, code) = came(&mut world, BREAKER, &[slow_breaker(1, -1)]);
    assert_eq!((fields, code), (vec![at], 4001));
    // What could not be read of a duration.
    let pace = strategy("ThrottlingStrategy", &[field(1, "t"), number(2, -1), number(3, 500)]);
    let (_, fields, code) = came(&mut world, THROTTLING, &[pace]);
    assert!(fields.contains(&"spec.minIntervalOfRequests".to_owned()) && code == 4001, "{fields:?}");
}

#[test]
fn a_breaker_of_an_unknown_strategy_is_a_mistake() {
    let mut world = existing(&[BREAKER]);
    assert_eq!(came(&mut world, BREAKER, &[slow_breaker(0, -1)]), (0, vec!["spec.strategy".to_owned()], 4001));
}

#[test]
fn where_the_last_object_goes_an_empty_set_is_pushed() {
    let mut world = existing(&[LIMIT]);
    let limit = strategy("RateLimitStrategy", &[field(1, "l"), number(4, 10), number(5, 1)]);
    world.receive(&push("demo", LIMIT, 1, "request", &[limit]));
    world.settle();
    assert_eq!(world.reports.last().unwrap().accepted, 1);
    world.receive(&push("demo", LIMIT, 2, "", &[]));
    world.settle();
    assert_eq!(world.reports.last().unwrap().accepted, 0);
    assert_eq!(world.state().subscriptions[0].documents, 0);
    let codes: Vec<i32> = world.answers(LIMIT).iter().map(|answer| answer.1).collect();
    assert_eq!(codes, [1, 1]);
}

#[test]
fn a_refused_request_is_no_push() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    let answers = world.plane.answers.len();
    let status = field(1, [number(1, 4002), field(2, "Request is invalid")].concat());
    world.receive(&[status, field(2, "NACK"), field(8, "nobody's")].concat());
    world.settle();
    assert_eq!((world.threshold("a"), world.plane.answers.len()), (Some(10), answers));
}

#[test]
fn an_app_that_comes_late_hears_of_the_next_change() {
    // What a second app gets: nothing, until something changes.
    let mut world = existing(&[RULE, LIMIT]);
    world.run(60 * SECOND);
    let state = world.state();
    assert!(!state.is_synced && world.reports.is_empty() && world.dials.len() == 1, "{state:?}");
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    assert!(world.state().is_synced);
}

#[test]
fn routers_come_for_the_services_that_are_called() {
    let mut options = options(&[ROUTER]);
    options.services = vec!["provider".into()];
    let mut world = World::with(crate::plane::Plane::new(Quirks::EXISTING), Session::new(options, 42));
    world.settle();
    let apps: Vec<&str> =
        world.plane.requests.iter().map(|request| request.target.as_ref().unwrap().app.as_str()).collect();
    assert_eq!(apps, ["demo", "provider"]);
    // The called service's routers are pushed under its name.
    world.receive(&push("provider", ROUTER, 1, "", &[sample()]));
    world.settle();
    assert_eq!(subset(&world, &[("x-tag", "v2")]).as_deref(), Some("v2"));
}
