//! What a session does with a control plane that is correct.

use crate::kit::{ACTION, Item, LIMIT, ROUTER, RULE, limit, rule};
use crate::plane::{Plane, Quirks};
use crate::world::{SECOND, World, options};
use serde_json::json;
use sergo::route::Rolls;
use sergo::subscribe::wire::{NACK, UNSUBSCRIBE};
use sergo::subscribe::{Input, Output, Phase, Session};
use sergo::{Request, Tick};

pub(crate) fn governed() -> World {
    let mut world = World::new(Quirks::default(), &[RULE, LIMIT]);
    world.set(RULE, "a", Some(rule("a")));
    world.set(LIMIT, "a", Some(limit("a", 10)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(10));
    world
}

#[test]
fn rules_arrive_change_and_go() {
    let mut world = governed();
    let state = world.state();
    assert!(state.is_synced && state.phase == Phase::Connected, "{state:?}");
    assert_eq!((state.control_plane.as_str(), state.address.as_str()), ("osg-test", "one"));
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(20));
    world.set(LIMIT, "a", None);
    world.settle();
    assert_eq!(world.threshold("a"), None, "an empty set is a set");
    assert!(world.plane.answers.iter().all(|answer| answer.response_ack == "ACK"));
    // Two at first, one for the change, one for what went.
    assert_eq!(world.plane.answers.len(), 4);
}

#[test]
fn an_empty_control_plane_is_heard() {
    let mut world = World::new(Quirks::default(), &[RULE, LIMIT]);
    world.settle();
    assert!(world.state().is_synced && world.engine.version() > 0);
    assert_eq!(world.plane.answers.len(), 2);
}

#[test]
fn a_bad_document_keeps_its_last_version_and_is_answered_with_what_is_wrong() {
    let mut world = governed();
    world.set(LIMIT, "b", Some(limit("b", 5)));
    world.set(RULE, "b", Some(rule("b")));
    world.set(LIMIT, "a", Some(limit("a", -1)));
    world.settle();
    assert_eq!((world.threshold("a"), world.threshold("b")), (Some(10), Some(5)));
    let nack = world.plane.answers.last().unwrap();
    let status = nack.status.as_ref().unwrap();
    assert_eq!((nack.response_ack.as_str(), status.code), (NACK, 4001));
    let sentence = r#"RateLimitStrategy "a", spec.threshold: found -1 (a number), expected a number of at least 0"#;
    assert_eq!(status.message, sentence);
    let detail = &status.details[0];
    let detail = <prost_types::Struct as prost::Message>::decode(detail.value.as_slice()).unwrap();
    let field = detail.fields["field"].kind.clone();
    assert_eq!(field, Some(prost_types::value::Kind::StringValue("spec.threshold".into())));
    // Mended, it is in force, and the verdict is another.
    world.set(LIMIT, "a", Some(limit("a", 11)));
    world.settle();
    assert_eq!(world.threshold("a"), Some(11));
    assert_eq!(world.answers(LIMIT).last().unwrap().1, 1);
}

#[test]
fn a_push_of_one_kind_can_change_the_verdict_on_another() {
    let mut world = governed();
    let throttling = "fault-tolerance.opensergo.io/v1alpha1/ThrottlingStrategy";
    let app = world.state().subscriptions[0].app.clone();
    world.session.subscribe(&app, throttling);
    let spec = json!({"minIntervalOfRequests": "1s", "queueTimeout": "0s"});
    world.set(throttling, "a", Some(Item::whole(throttling, "a", spec)));
    world.settle();
    // The rule names a strategy of which there are two now: its old meaning stays.
    assert_eq!(world.threshold("a"), Some(10));
    assert_eq!(world.answers(RULE).last().map(|answer| answer.1), Some(4001));
    assert_eq!(world.answers(throttling).last().map(|answer| answer.1), Some(1));
    world.set(throttling, "a", None);
    world.settle();
    assert_eq!(world.answers(RULE).last().map(|answer| answer.1), Some(1));
}

#[test]
fn a_stream_that_is_lost_is_dialled_again_and_changes_nothing() {
    let mut world = governed();
    let version = world.engine.version();
    for _ in 0..5 {
        world.restart();
        assert_eq!(world.threshold("a"), Some(10));
        world.settle();
        assert_eq!(world.state().phase, Phase::Connected);
    }
    assert_eq!(world.engine.version(), version, "what is there already is not applied again");
    assert_eq!(world.answers(LIMIT).len(), 6, "and is answered all the same");
    let addresses: Vec<&str> = world.dials.iter().map(|(_, address)| address.as_str()).collect();
    assert_eq!(addresses, ["one", "two", "one", "two", "one", "two"]);
}

#[test]
fn pauses_grow_while_nobody_answers() {
    let mut world = governed();
    world.trouble.is_down = true;
    world.close();
    world.run(600 * SECOND);
    // Between 15 and 30 s each, after the first eight or nine.
    assert!((25..=50).contains(&world.dials.len()), "{}", world.dials.len());
    assert_eq!(world.threshold("a"), Some(10));
    world.trouble.is_down = false;
    world.run(31 * SECOND);
    assert!(world.state().is_synced);
}

#[test]
fn dialling_that_never_ends_is_given_up() {
    let mut world = World::new(Quirks::default(), &[RULE]);
    world.trouble.swallows_dials = true;
    world.run(19 * SECOND);
    assert_eq!((world.dials.len(), world.state().phase), (1, Phase::Dialing));
    world.run(2 * SECOND);
    assert_eq!(world.dials.len(), 2);
    assert_eq!(world.state().last_error, "dialling took too long");
}

#[test]
fn a_connection_that_is_dead_without_a_word_is_noticed() {
    let mut world = governed();
    world.freeze();
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.run(44 * SECOND);
    assert_eq!(world.dials.len(), 1);
    world.run(3 * SECOND);
    assert_eq!((world.dials.len(), world.threshold("a")), (2, Some(20)));
    // Also where it died before the first push.
    let mut world = World::new(Quirks::default(), &[RULE]);
    world.run(1_000_000);
    world.freeze();
    world.run(340 * SECOND);
    assert!(world.dials.len() == 2 && world.state().is_synced);
}

#[test]
fn what_a_broken_frame_was_to_say_comes_on_another_stream() {
    let mut world = governed();
    world.trouble.cut = 1;
    world.set(LIMIT, "a", Some(limit("a", 20)));
    world.settle();
    assert_eq!((world.dials.len(), world.threshold("a")), (2, Some(20)));
    assert!(world.state().last_error.contains("the control plane sent"), "{:?}", world.state());
}

#[test]
fn a_quiet_connection_is_not_a_dead_one() {
    let mut world = governed();
    world.run(3_600 * SECOND);
    assert_eq!(world.dials.len(), 1);
    let asked = world.plane.requests.len();
    assert!((100..=130).contains(&asked), "asked for a sign {asked} times in an hour");
    assert_eq!(world.reports.len() as u64, world.engine.version());
    assert!(world.engine.version() <= 2);
}

#[test]
fn unsubscribing_takes_the_documents_away() {
    let mut world = governed();
    assert!(world.session.unsubscribe("demo", LIMIT) && !world.session.unsubscribe("demo", LIMIT));
    world.settle();
    assert_eq!(world.threshold("a"), None);
    let last = world.plane.requests.last().unwrap();
    assert_eq!(
        (last.op_type, last.target.as_ref().unwrap().kinds.as_slice()),
        (UNSUBSCRIBE, [LIMIT.to_owned()].as_slice())
    );
    world.set(LIMIT, "a", Some(limit("a", 30)));
    world.settle();
    assert_eq!(world.threshold("a"), None);
    assert!(world.session.subscribe("demo", LIMIT));
    world.settle();
    assert_eq!(world.threshold("a"), Some(30));
}

#[test]
fn kinds_without_a_message_come_as_documents() {
    let mut world = World::new(Quirks::default(), &[RULE, LIMIT, ACTION]);
    let mut with_action = rule("a");
    with_action.whole["spec"]["fallbackAction"] = json!("sorry");
    world.set(RULE, "a", Some(with_action));
    world.set(LIMIT, "a", Some(limit("a", 0)));
    let spec = json!({"behavior": "ReturnProvidedResponse", "behaviorDesc": {"responseStatusCode": 503}});
    world.set(ACTION, "sorry", Some(Item::whole(ACTION, "sorry", spec)));
    world.settle();
    let ask = sergo::Ask { cost: 1, direction: sergo::Direction::Inbound };
    let sergo::Decision::Block(blocked) = world.engine.enter("a", ask, Tick(0)) else { panic!("it passed") };
    assert_eq!(world.engine.block(blocked.id).unwrap().fallback.as_ref().unwrap().status, 503);
}

#[test]
fn a_router_that_is_pushed_for_several_apps_is_one() {
    let mut options = options(&[ROUTER]);
    options.services = vec!["shop".into()];
    let mut world = World::with(Plane::new(Quirks::default()), Session::new(options, 1));
    let spec = json!({"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop", "subset": "v2"}}]}]});
    world.set(ROUTER, "r", Some(Item::whole(ROUTER, "r", spec)));
    world.settle();
    let apps: Vec<String> = world.state().subscriptions.into_iter().map(|one| one.app).collect();
    assert_eq!(apps, ["demo", "shop"]);
    let report = world.reports.last().unwrap();
    assert_eq!((report.accepted, report.rejected.len()), (1, 0), "{report:?}");
    let request = Request::new("shop");
    assert!(world.engine.route(&request, &mut Rolls::given(&[0.0]), Tick(0)).is_some());
}

#[test]
fn labels_and_the_wish_for_documents_go_with_each_subscription() {
    let mut options = options(&[RULE]);
    options.labels.insert("tag".into(), "gray".into());
    let mut world = World::with(Plane::new(Quirks::default()), Session::new(options, 1));
    world.settle();
    let request = &world.plane.requests[0];
    let target = request.target.as_ref().unwrap();
    assert_eq!((target.namespace.as_str(), target.app.as_str()), ("default", "demo"));
    assert_eq!((target.labels[0].key.as_str(), target.labels[0].value.as_str()), ("tag", "gray"));
    assert_eq!(request.attachments[0].type_url, "type.googleapis.com/google.protobuf.Struct");
}

#[test]
fn what_was_saved_governs_before_anybody_answers() {
    let mut before = governed();
    before.set(LIMIT, "a", Some(limit("a", -1)));
    before.settle();
    let saved = before.session.save();

    let mut world = World::new(Quirks::default(), &[RULE, LIMIT]);
    world.trouble.is_down = true;
    world.guarded = Some("a");
    world.session.restore(&saved).unwrap();
    world.settle();
    assert_eq!(world.threshold("a"), Some(10), "the last good one, not the bad one");
    // One kind after the other comes back, and never is the rule without its limit.
    world.plane.items = before.plane.items.clone();
    world.trouble.is_down = false;
    world.run(60 * SECOND);
    assert!(world.engine.version() > 1);
    // What the control plane has is bad, and it is not the last good of this process.
    assert_eq!(world.threshold("a"), Some(10));
    assert!(world.session.restore("nonsense").unwrap_err().contains("expected"));
    let other = Session::new(sergo::subscribe::Options { app: "other".into(), ..options(&[RULE]) }, 1).save();
    assert!(world.session.restore(&other).unwrap_err().contains("\"other\""));
}

#[test]
fn what_comes_from_an_older_stream_is_ignored() {
    let mut world = governed();
    let old = world.stream.unwrap();
    world.restart();
    world.settle();
    let data = vec![limit("a", 99).any(true).unwrap()];
    let late = world.plane.response("demo", LIMIT, 1, Some(data), "late".into());
    world.handle(Input::Received { stream: old, bytes: &late });
    world.handle(Input::Closed { stream: old, reason: "late" });
    world.settle();
    assert_eq!((world.threshold("a"), world.state().phase), (Some(10), Phase::Connected));
}

#[test]
fn an_ended_session_closes_and_keeps_the_rules() {
    let mut world = governed();
    world.session.end();
    world.run(3_600 * SECOND);
    let state = world.state();
    assert_eq!((state.phase, world.stream, world.dials.len()), (Phase::Ended, None, 1));
    assert_eq!((world.threshold("a"), world.session.deadline()), (Some(10), None));
}

#[test]
fn pushes_that_come_while_one_is_applied_are_one_update() {
    let mut session = Session::new(options(&[LIMIT]), 1);
    let mut plane = Plane::new(Quirks::default());
    let act = |session: &mut Session| -> Vec<Output> { std::iter::from_fn(|| session.poll()).collect() };
    session.handle(Input::Time, Tick(0));
    act(&mut session);
    session.handle(Input::Connected { stream: 1 }, Tick(0));
    let Some(Output::Send { bytes, .. }) = act(&mut session).pop() else { panic!() };
    for first in plane.receive(1, &bytes) {
        session.handle(Input::Received { stream: 1, bytes: &first }, Tick(0));
    }
    assert!(matches!(act(&mut session).as_slice(), [Output::Apply(_)]));
    for threshold in 1..=3 {
        for (stream, bytes) in plane.set(LIMIT, "a", Some(limit("a", threshold))) {
            session.handle(Input::Received { stream, bytes: &bytes }, Tick(0));
        }
        assert_eq!(act(&mut session), [], "one update at a time");
    }
    session.handle(Input::Applied(&sergo::Report::default()), Tick(0));
    assert!(!session.save().contains("threshold"), "nobody has judged it yet");
    let outputs = act(&mut session);
    let [Output::Apply(update)] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert!(update.sources[0].text.contains(r#""threshold":3"#), "{update:?}");
    session.handle(Input::Applied(&sergo::Report::default()), Tick(0));
    assert!(matches!(act(&mut session).as_slice(), [Output::Send { .. }]), "only the newest is answered");
    assert!(session.save().contains(r#""threshold":3"#));
}
