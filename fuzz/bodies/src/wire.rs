//! What a control plane sends: frames and payloads.

use prost::Message;
use sergo::subscribe::wire::{Any, DataWithVersion, STRUCT_URL, Status, SubscribeResponse, code, read_response};
use sergo::subscribe::{Input, Options, Output, Session, envoy, payload};
use sergo::{Config, Engine, Request, Rolls, Tick};

const FAULT_TOLERANCE: [&str; 5] = [
    "FaultToleranceRule",
    "RateLimitStrategy",
    "ThrottlingStrategy",
    "ConcurrencyLimitStrategy",
    "CircuitBreakerStrategy",
];

/// Takes bytes for a frame or, by the first of them, for the payload of a push.
/// Whatever they are:
///
/// - nothing panics, and a frame that cannot be read applies nothing;
/// - each payload is counted, as a document or as a mistake;
/// - what came is read the same again, and from the saved text;
/// - a route that was accepted decides without a panic.
pub fn wire(data: &[u8]) {
    frame(data);
    if let Some((form, value)) = data.split_first() {
        push(usize::from(*form), value);
    }
}

fn session(engine: &Engine, kind: &str) -> (Session, u64, Tick) {
    let options = Options { addresses: vec!["a".into()], kinds: vec![kind.into()], ..Options::new(engine.config()) };
    let mut session = Session::new(options, 1);
    let mut now = Tick(0);
    loop {
        session.handle(Input::Time, now);
        match session.poll() {
            Some(Output::Dial { stream, .. }) => {
                session.handle(Input::Connected { stream }, now);
                while session.poll().is_some() {}
                return (session, stream, now);
            }
            Some(_) => {}
            None => now = session.deadline().unwrap(),
        }
    }
}

/// Applies all that the session asks for; how many documents were accepted, and
/// how many refused.
fn applied(session: &mut Session, engine: &Engine, now: Tick) -> Option<(usize, usize)> {
    let mut counts = None;
    while let Some(output) = session.poll() {
        if let Output::Apply(update) = output {
            let report = update.apply(engine);
            counts = Some((report.accepted, report.rejected.len()));
            session.handle(Input::Applied(&report), now);
        }
    }
    counts
}

fn frame(bytes: &[u8]) {
    let engine = Engine::new(Config::new("demo"));
    let (mut session, stream, now) = session(&engine, "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy");
    session.handle(Input::Received { stream, bytes }, now);
    let counts = applied(&mut session, &engine, now);
    if read_response(bytes).is_err() {
        assert_eq!(counts, None);
    }
}

fn push(form: usize, value: &[u8]) {
    let (group, kind, type_url) = match FAULT_TOLERANCE.get(form % 6) {
        Some(kind) => ("fault-tolerance", *kind, [payload::PACKAGE, kind].concat()),
        None => ("traffic", "TrafficRouter", envoy::ROUTE_CONFIGURATION.to_owned()),
    };
    let type_url = if form / 6 % 2 == 1 { STRUCT_URL.to_owned() } else { type_url };
    let kind = format!("{group}.opensergo.io/v1alpha1/{kind}");
    let frame = SubscribeResponse {
        status: Some(Status { code: code::SUCCESS, ..Status::default() }),
        namespace: "default".into(),
        app: "demo".into(),
        kind: kind.clone(),
        data_with_version: Some(DataWithVersion { data: vec![Any { type_url, value: value.to_vec() }], version: 1 }),
        response_id: "push".into(),
        ..SubscribeResponse::default()
    };
    let bytes = frame.encode_to_vec();
    let read = || {
        let engine = Engine::new(Config::new("demo"));
        let (mut session, stream, now) = session(&engine, &kind);
        session.handle(Input::Received { stream, bytes: &bytes }, now);
        let counts = applied(&mut session, &engine, now).expect("a push that can be read is applied");
        (engine, session, counts)
    };
    let (engine, first, counts) = read();
    assert!(counts.0 <= 1);
    // A whole document may be of a version that nobody knows: a warning.
    assert!(form / 6 % 2 == 1 || counts.0 + counts.1 > 0, "{counts:?}");
    let (_, second, again) = read();
    assert_eq!((counts, first.save()), (again, second.save()));
    let restored = Engine::new(Config::new("demo"));
    let (mut third, _, now) = session(&restored, &kind);
    third.restore(&first.save()).expect("what was saved is read");
    let accepted = applied(&mut third, &restored, now).map_or(0, |counts| counts.0);
    assert_eq!(accepted, counts.0);
    for host in ["shop", "a.b", "*"] {
        for path in ["/", "/a?x=1"] {
            let request = Request { path, ..Request::new(host) };
            let ask = |engine: &Engine| engine.direct(&request, &mut Rolls::given(&[0.5]), Tick(0));
            assert_eq!(ask(&engine), ask(&restored));
        }
    }
}
