//! What the existing control plane gets wrong, one by one.

use crate::kit::{BREAKER, Item, LIMIT, ROUTER, RULE, limit, rule};
use crate::plane::Quirks;
use crate::world::{SECOND, World};
use serde_json::Value;
use sergo::subscribe::payload::{CircuitBreakerStrategy, SlowCondition};
use sergo::subscribe::wire::Any;
use std::collections::BTreeSet;

fn existing(kinds: &[&str]) -> World {
    World::new(Quirks::EXISTING, kinds)
}

fn breaker(recovery_timeout: i32) -> Item {
    Item::whole(BREAKER, "b", Value::Null).and(&CircuitBreakerStrategy {
        name: "b".into(),
        strategy: 2,
        trigger_ratio: 0.5,
        // What "1s" becomes.
        stat_duration: 10,
        recovery_timeout,
        min_request_amount: 5,
        slow_condition: Some(SlowCondition { max_allowed_rt_millis: -1 }),
        ..CircuitBreakerStrategy::default()
    })
}

#[test]
fn its_messages_are_rules() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    let report = world.reports.last().unwrap();
    assert_eq!((report.accepted, report.warnings.len()), (2, 0), "{report:?}");
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(20));
    // Its pushes of changes have no name, and neither has the answer.
    assert_eq!(world.answers(LIMIT).last().unwrap(), &("ACK".to_owned(), 1, String::new()));
}

#[test]
fn durations_without_a_unit_are_warned_of_once_per_stream() {
    let mut world = existing(&[BREAKER]);
    world.set(BREAKER, "b", Some(breaker(50)));
    world.settle();
    let report = world.reports.last().unwrap();
    assert_eq!((report.accepted, report.rejected.len()), (1, 0), "a limit of -1 ms that is not used: {report:?}");
    let [warning] = report.warnings.as_slice() else { panic!("{report:?}") };
    assert_eq!((warning.name.as_str(), warning.field.as_str()), ("b", "spec.statDuration"));
    assert!(warning.message.contains("\"osg-test\"") && warning.message.contains("a hundred times too small"));
    world.set(BREAKER, "b", Some(breaker(60)));
    world.settle();
    assert!(world.reports.last().unwrap().warnings.is_empty(), "told already");
    world.restart();
    world.set(BREAKER, "b", Some(breaker(70)));
    world.settle();
    assert_eq!(world.reports.last().unwrap().warnings.len(), 1, "another stream");
}

#[test]
fn rules_without_names_stay_the_same_rules() {
    let mut world = existing(&[RULE, LIMIT]);
    for name in ["a", "b"] {
        world.set(RULE, name, Some(rule(name)));
        world.set(LIMIT, name, Some(limit(name, 10)));
    }
    world.settle();
    let version = world.engine.version();
    world.restart();
    world.settle();
    assert_eq!(world.engine.version(), version);
    world.set(RULE, "a", None);
    world.settle();
    assert_eq!((world.threshold("a"), world.threshold("b")), (None, Some(10)));
}

#[test]
fn silence_is_not_an_empty_set() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    world.plane.items.clear();
    world.restart();
    world.run(60 * SECOND);
    assert_eq!(world.threshold("a"), Some(10), "nothing has been said");
    let state = world.state();
    assert!(!state.is_synced && state.subscriptions.iter().all(|one| !one.is_answered));
    // It may be dead as well: after five minutes another stream shows.
    world.run(600 * SECOND);
    assert!((3..=5).contains(&world.dials.len()), "{}", world.dials.len());
}

#[test]
fn versions_that_begin_again_are_newer_all_the_same() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    for threshold in 1..=5 {
        world.set(LIMIT, "a", Some(limit("a", threshold)));
    }
    world.settle();
    assert_eq!(world.state().subscriptions[1].version, Some(6));
    world.restart();
    world.set(LIMIT, "a", Some(limit("a", 50)));
    world.settle();
    assert_eq!((world.threshold("a"), world.state().subscriptions[1].version), (Some(50), Some(2)));
}

#[test]
fn an_older_version_on_one_stream_is_refused() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    let data = Some(vec![limit("a", 5).message.unwrap()]);
    let old = world.plane.response("demo", LIMIT, 1, data.clone(), "old".into());
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    world.receive(&old);
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    assert_eq!(world.answers(LIMIT).last().unwrap(), &("NACK".to_owned(), 4010, "old".to_owned()));
    // Another control plane behind the same stream counts for itself.
    world.plane.identifier = "osg-other".into();
    world.plane.restart();
    let other = world.plane.response("demo", LIMIT, 1, data, "other".into());
    world.receive(&other);
    assert_eq!(world.threshold("a"), Some(5));
}

#[test]
fn each_stream_has_an_identifier_of_its_own() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        world.run(31 * SECOND);
        assert!(world.state().is_synced, "it is ignored under a name that is known");
        assert!(seen.insert(world.state().identifier));
        world.close();
    }
}

#[test]
fn unsubscribing_holds_even_where_it_is_not_understood() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    world.session.unsubscribe("demo", LIMIT);
    world.settle();
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.settle();
    assert_eq!(world.threshold("a"), None);
}

#[test]
fn a_kind_that_it_cannot_watch_keeps_its_rules_and_is_asked_for_again() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    world.plane.unwatched.insert(LIMIT.into());
    world.restart();
    world.settle();
    let state = world.state();
    assert_eq!(world.threshold("a"), Some(10));
    assert!(state.subscriptions[1].refused.as_ref().unwrap().contains("code 500"), "{state:?}");
    assert!(state.last_error.contains("as the model has it"));
    world.plane.unwatched.clear();
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.run(31 * SECOND);
    assert_eq!((world.threshold("a"), world.dials.len()), (Some(20), 2));
    assert_eq!(world.state().subscriptions[1].refused, None);
}

#[test]
fn a_push_without_data_changes_nothing() {
    let mut world = existing(&[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    let nothing = world.plane.response("demo", LIMIT, 1, None, "nothing".into());
    world.receive(&nothing);
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    assert_eq!(world.answers(LIMIT).last().unwrap(), &("NACK".to_owned(), 4001, "nothing".to_owned()));
}

/// A RouteConfiguration for shop with a route for each of these matches.
fn configuration(matches: &[&[u8]]) -> Any {
    fn field(tag: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag << 3 | 2, value.len() as u8];
        bytes.extend(value);
        bytes
    }
    let action = field(2, &field(1, b"outbound||v2|shop.default.svc.cluster.local"));
    let routes = matches.iter().flat_map(|one| field(3, &[field(1, one), action.clone()].concat()));
    let host = [field(2, b"shop.default.svc.cluster.local"), routes.collect()].concat();
    let mut value = field(1, b"r");
    value.extend(
        [vec![2 << 3 | 2], {
            let mut length = Vec::new();
            prost::encoding::encode_varint(host.len() as u64, &mut length);
            length
        }]
        .concat(),
    );
    value.extend(host);
    Any { type_url: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration".into(), value }
}

#[test]
fn a_route_that_would_catch_everything_is_refused_and_the_last_router_stays() {
    let mut world = existing(&[ROUTER]);
    let item = |matches: &[&[u8]]| Item { whole: Value::Null, message: Some(configuration(matches)) };
    // The header x must be "1".
    let on_header = b"\x32\x06\x0a\x01x\x22\x011".as_slice();
    world.set(ROUTER, "r", Some(item(&[on_header, b""])));
    world.settle();
    let report = world.reports.last().unwrap();
    assert_eq!((report.accepted, report.rejected.len(), report.warnings.len()), (1, 0, 0), "{report:?}");
    let routes = |world: &World| {
        let request = sergo::Request::new("shop");
        world.engine.route(&request, &mut sergo::Rolls::given(&[0.0]), sergo::Tick(0)).is_some()
    };
    assert!(routes(&world));
    world.set(ROUTER, "r", Some(item(&[b"", on_header])));
    world.settle();
    let report = world.reports.last().unwrap();
    assert_eq!((report.accepted, report.rejected.len()), (0, 1), "{report:?}");
    let refused = &report.rejected[0];
    assert_eq!((refused.name.as_str(), refused.field.as_str()), ("r", "spec.http[0].match"));
    assert_eq!(world.answers(ROUTER).last().unwrap().1, 4001);
    assert!(routes(&world), "the last good one stays");
    world.set(ROUTER, "r", None);
    world.settle();
    assert!(!routes(&world), "until it is removed");
}
