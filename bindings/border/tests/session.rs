//! A session across the border, with a control plane that the test speaks for.

#![allow(clippy::unwrap_used)]

use prost::Message;
use sergo::subscribe::structure;
use sergo::subscribe::wire::{
    Any, ControlPlaneDesc, DataWithVersion, STRUCT_URL, Status, SubscribeRequest, SubscribeResponse,
};
use sergo::{Code, Config};
use sergo_border::session::{self, Step};
use sergo_border::{call, close, open};

const LIMIT: &str = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy";
const OPTIONS: &str = r#"{"addresses": ["one:10246", "two:10246"], "kinds": ["fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy"]}"#;

fn limit(threshold: i64) -> Vec<u8> {
    let whole = serde_json::json!({
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "RateLimitStrategy",
        "metadata": {"name": "a"}, "spec": {"threshold": threshold, "statDuration": "1s"},
    });
    let value = structure::from_json(whole.as_object().unwrap()).encode_to_vec();
    SubscribeResponse {
        status: Some(Status { code: 1, message: String::new(), details: vec![] }),
        namespace: "default".into(),
        app: "demo-app".into(),
        kind: LIMIT.into(),
        data_with_version: Some(DataWithVersion { data: vec![Any { type_url: STRUCT_URL.into(), value }], version: 1 }),
        control_plane: Some(ControlPlaneDesc { identifier: "test".into() }),
        response_id: "1".into(),
        ack: String::new(),
    }
    .encode_to_vec()
}

fn steps(session: u64) -> Vec<Step> {
    std::iter::from_fn(|| session::poll(session).unwrap()).collect()
}

fn request(step: &Step) -> SubscribeRequest {
    let Step::Send { bytes, .. } = step else { panic!("{step:?}") };
    SubscribeRequest::decode(bytes.as_slice()).unwrap()
}

fn state(session: u64) -> serde_json::Value {
    serde_json::from_str(&session::state(session).unwrap()).unwrap()
}

#[test]
fn rules_arrive_and_are_answered() {
    let engine = open(Config::new("demo-app")).unwrap();
    let handle = session::open(engine, OPTIONS, 7).unwrap();
    session::time(handle).unwrap();
    let steps_taken = steps(handle);
    assert_eq!(steps_taken, [Step::Dial { stream: 1, address: "one:10246".into() }]);
    assert_eq!(state(handle)["phase"], "dialing");
    session::connected(handle, 1).unwrap();
    let sent = steps(handle);
    assert_eq!((sent.len(), request(&sent[0]).target.unwrap().kinds), (1, vec![LIMIT.to_owned()]));

    session::received(handle, 1, &limit(5)).unwrap();
    let done = steps(handle);
    let [Step::Applied { report }, answer] = &done[..] else { panic!("{done:?}") };
    assert!(report.contains(r#""accepted":1"#), "{report}");
    assert_eq!(request(answer).response_ack, "ACK");
    assert_eq!(call::version(engine), Ok(1));
    let now = state(handle);
    assert!(now["isSynced"].as_bool().unwrap() && now["connectedFor"].is_u64() && now["lastPushAgo"].is_u64(), "{now}");
    assert!(now["dialsIn"].is_null() && session::wait(handle).unwrap() <= 30_000_000_000);

    session::closed(handle, 1, "gone").unwrap();
    assert_eq!(steps(handle), []);
    let lost = state(handle);
    assert!(
        lost["phase"] == "waiting" && lost["dialsIn"].is_u64() && lost["lastError"].as_str().unwrap().contains("gone")
    );
    assert!(session::wait(handle).unwrap() <= 200_000_000);
    assert_eq!(call::version(engine), Ok(1), "the rules stay");

    // What was saved governs the next process before anybody answers.
    let saved = session::save(handle).unwrap();
    let later = open(Config::new("demo-app")).unwrap();
    let restored = session::open(later, OPTIONS, 8).unwrap();
    assert!(session::restore(restored, &saved[1..]).unwrap().starts_with("found "));
    assert_eq!(session::restore(restored, &saved), Ok(String::new()));
    assert!(matches!(&steps(restored)[..], [Step::Applied { .. }, Step::Dial { .. }]));
    assert_eq!(call::version(later), Ok(1));

    session::end(handle).unwrap();
    assert_eq!((steps(handle), session::wait(handle)), (vec![], Ok(u64::MAX)));
    session::close(handle).unwrap();
    close(engine).unwrap();
    close(later).unwrap();
    assert_eq!(session::poll(restored), Err(Code::Closed), "its engine is closed");
    session::close(restored).unwrap();
}

#[test]
fn a_handle_is_one_sessions_alone() {
    assert_eq!(session::open(0, OPTIONS, 1), Err(Code::Closed));
    let engine = open(Config::new("demo-app")).unwrap();
    for bad in ["", "{}", r#"{"addresses": [1]}"#, r#"{"addresses": [], "colour": 1}"#] {
        assert_eq!(session::open(engine, bad, 1), Err(Code::Argument), "{bad}");
    }
    let first = session::open(engine, OPTIONS, 1).unwrap();
    assert!(session::unsubscribe(first, "demo-app", LIMIT).unwrap());
    assert!(!session::unsubscribe(first, "demo-app", LIMIT).unwrap());
    assert!(session::subscribe(first, "demo-app", LIMIT).unwrap());
    session::close(first).unwrap();
    assert_eq!(session::close(first), Err(Code::Closed));
    let second = session::open(engine, OPTIONS, 1).unwrap();
    assert_ne!(first, second);
    let calls =
        [session::time(first), session::connected(first, 1), session::closed(first, 1, ""), session::end(first)];
    assert_eq!(calls, [Err(Code::Closed); 4]);
    assert_eq!(session::received(first, 1, b""), Err(Code::Closed));
    session::close(second).unwrap();
    close(engine).unwrap();
}
