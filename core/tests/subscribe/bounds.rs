//! What a session holds is bounded, whatever comes.

use crate::kit::{LIMIT, RULE, limit, rule};
use crate::plane::Quirks;
use crate::world::{World, options};
use sergo::subscribe::wire::{Any, MAX_DOCUMENTS};
use sergo::subscribe::{MAX_SUBSCRIPTIONS, Session};

#[test]
fn there_are_only_so_many_subscriptions() {
    let mut session = Session::new(options(&[]), 1);
    for number in 0..MAX_SUBSCRIPTIONS {
        assert!(session.subscribe("demo", &number.to_string()));
    }
    assert!(!session.subscribe("demo", "one more") && session.subscribe("demo", "0"));
    assert_eq!(session.state().subscriptions.len(), MAX_SUBSCRIPTIONS);
}

#[test]
fn documents_that_stay_beside_bad_ones_do_not_pile_up() {
    let mut world = World::new(Quirks::default(), &[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    // Each push keeps all that were before it, since one of it has no name.
    let per_push = MAX_DOCUMENTS / 4;
    for round in 0..6 {
        let mut data: Vec<Any> =
            (0..per_push).map(|number| limit(&format!("{round}-{number}"), 1).message.unwrap()).collect();
        data.push(Any::default());
        let push = world.plane.response("demo", LIMIT, 1, Some(data), round.to_string());
        world.receive(&push);
    }
    let held = world.state().subscriptions[1].documents;
    assert!((per_push..=MAX_DOCUMENTS).contains(&held), "{held}");
    assert_eq!(world.threshold("a"), Some(10));
    world.settle();
    assert_eq!(world.answers(LIMIT).last().map(|answer| answer.1), Some(4001));
}

#[test]
fn a_push_of_too_many_documents_is_refused_whole() {
    let mut world = World::new(Quirks::default(), &[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    let data = vec![Any::default(); MAX_DOCUMENTS + 1];
    let push = world.plane.response("demo", LIMIT, 1, Some(data), "many".into());
    world.receive(&push);
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    assert_eq!(world.answers(LIMIT).last().unwrap(), &("NACK".to_owned(), 4001, "many".to_owned()));
}

#[test]
fn a_driver_that_does_nothing_costs_nothing() {
    let mut session = Session::new(options(&[RULE]), 1);
    for second in 0..100_000 {
        session.handle(sergo::subscribe::Input::Time, sergo::Tick(second * 1_000_000_000));
    }
    let outputs = std::iter::from_fn(|| session.poll()).count();
    assert!(outputs <= 2, "{outputs}");
}
