//! Any text as rule documents.

use sergo::{Ask, Config, Connection, Decision, Engine, Outcome, Report, Request, Rolls, Source, Tick, check};

/// Loads the bytes as rules, twice, asks all that they name, and unloads them.
/// What is no UTF-8 is replaced, as the border lets none through.
pub fn documents(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let sources = [Source { name: "fuzz", text: &text }];
    tells_all(&check(&sources));

    let engine = Engine::new(Config::new("demo-app"));
    let report = engine.apply(&sources);
    tells_all(&report);
    assert_eq!((report.version, engine.version()), (1, 1));
    ask(&engine);

    // The same rules again say the same and change nothing.
    let figures = engine.figures();
    let again = engine.apply(&sources);
    let parts = |report: &Report| {
        let Report { accepted, rejected, waiting, warnings, shadowed, .. } = report.clone();
        (accepted, rejected, waiting, warnings, shadowed)
    };
    assert_eq!(parts(&again), parts(&report));
    assert_eq!(engine.figures().resources, figures.resources);

    // No documents: nothing is kept of those that had names.
    let empty = engine.apply(&[]);
    assert_eq!((empty.accepted, empty.rejected.len()), (0, 0));
    assert_eq!(engine.figures().resources, []);
    assert!(matches!(engine.enter("a", Ask::default(), Tick(0)), Decision::Pass(_)));
}

/// Every diagnostic says where and what, in a report that is JSON.
fn tells_all(report: &Report) {
    for told in report.rejected.iter().chain(&report.warnings).chain(&report.shadowed).chain(&report.unserved) {
        assert!(!told.message.is_empty() && !told.expected.is_empty(), "{told:?}");
        assert_eq!(told.source, "fuzz");
    }
    for waiting in &report.waiting {
        assert!(!waiting.name.is_empty() && !waiting.missing.is_empty(), "{waiting:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["accepted"], report.accepted);
}

/// Enters and leaves what the rules name, twice each, and routes.
fn ask(engine: &Engine) {
    let resources = engine.figures().resources;
    for (number, figures) in (0u64..).zip(resources.iter().take(40)) {
        let now = Tick(number * 1_000_003);
        let passes = [(); 2].map(|()| {
            let explained = engine.explain(&figures.resource, Ask::default(), now);
            assert!(!explained.to_string().is_empty());
            engine.enter(&figures.resource, Ask::default(), now)
        });
        for decision in passes {
            match decision {
                Decision::Pass(mut permit) | Decision::Wait(_, mut permit) => {
                    engine.exit(&mut permit, Outcome { error: true }, now);
                }
                Decision::Block(blocked) => assert!(engine.block(blocked.id).is_some()),
            }
        }
    }
    assert_eq!(engine.figures().in_flight, 0);
    for host in ["a", "reviews", "service-provider", "shop.prod.svc.cluster.local:80", "[::1]:8080", "*"] {
        let headers: &[(&str, &str)] = &[("tag", "v2"), ("end-user", "jason"), ("cookie", "user=x; a=b")];
        let request = Request { path: "/foo/bar?x=1", headers: &headers, ..Request::new(host) };
        if let Some(id) = engine.route(&request, &mut Rolls::seeded(7), Tick(0)) {
            assert!(engine.answer(id).is_some());
        }
        engine.direct(&request, &mut Rolls::given(&[0.999]), Tick(0));
        engine.connect(&Connection::new(host), &mut Rolls::given(&[]), Tick(0));
    }
}
