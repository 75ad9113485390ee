//! What is taken over from one push to the next is never seen: an engine that gets
//! small edits of its rules says what one says that has to read and compile all of
//! them anew each time.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use proptest::prelude::*;
use sergo::compile::report::Report;
use sergo::decide::{Ask, Decision, Outcome};
use sergo::{Config, Engine, Request, Rolls, Source, Tick};

const FAULT: &str = "fault-tolerance.opensergo.io/v1alpha1";
const TRAFFIC: &str = "traffic.opensergo.io/v1alpha1";

/// Documents, each with what it may say; some of it is a mistake, or one beside
/// another document.
const DOCUMENTS: [(&str, &str, &str, &[&str]); 14] = [
    (
        FAULT,
        "RateLimitStrategy",
        "a",
        &["{threshold: 1, statDuration: 1s}", "{threshold: 2, statDuration: 1s}", "{threshold: x}"],
    ),
    (
        FAULT,
        "RateLimitStrategy",
        "b",
        &["{threshold: 0, statDuration: 1s}", "{threshold: 3, statDuration: 2s, odd: 1}"],
    ),
    (FAULT, "ConcurrencyLimitStrategy", "a", &["{maxConcurrency: 1}", "{maxConcurrency: 2}"]),
    (
        FAULT,
        "CircuitBreakerStrategy",
        "c",
        &[
            "{strategy: ErrorRequestRatio, triggerRatio: 0.5, statDuration: 1s, recoveryTimeout: 1s, minRequestAmount: 1}",
            "{strategy: ErrorRequestRatio, triggerRatio: 0.1, statDuration: 1s, recoveryTimeout: 2s, minRequestAmount: 1}",
        ],
    ),
    (
        FAULT,
        "HttpRequestFallbackAction",
        "f",
        &[
            "{behavior: ReturnProvidedResponse, behaviorDesc: {responseStatusCode: 429, responseContentBody: one}}",
            "{behavior: ReturnProvidedResponse, behaviorDesc: {responseStatusCode: 430, responseContentBody: two}}",
        ],
    ),
    (
        FAULT,
        "FaultToleranceRule",
        "r",
        &[
            "{targets: [{targetResourceName: 'GET:/x'}], strategies: [{name: a}]}",
            "{targets: [{targetResourceName: 'GET:/x'}, {targetResourceName: /x}], strategies: [{name: a, kind: RateLimitStrategy}, {name: c}], fallbackAction: {name: f}}",
            "{targets: 7}",
        ],
    ),
    (
        FAULT,
        "FaultToleranceRule",
        "s",
        &[
            "{targets: [{targetResourceName: y}], strategies: [{name: b}], fallbackAction: {name: f}}",
            "{targets: [{targetResourceName: y}], strategies: [{name: b}, {name: gone}]}",
            "{targets: [{targetResourceName: z}], strategies: [{name: b}]}",
        ],
    ),
    (FAULT, "FaultToleranceRule", "a", &["{targets: [{targetResourceName: z}], strategies: [{name: c}]}"]),
    (
        TRAFFIC,
        "TrafficRouter",
        "p",
        &[
            "{hosts: [one], http: [{route: [{destination: {host: one, subset: v1}}]}]}",
            "{hosts: [one], http: [{route: [{destination: {host: one, subset: v2}}]}, {route: [{destination: {host: two}}]}]}",
            "{hosts: [one, two], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: two}}]}]}",
            "{hosts: ['b*d'], http: []}",
        ],
    ),
    (
        TRAFFIC,
        "TrafficRouter",
        "q",
        &[
            "{hosts: [two, '*.org'], http: [{name: here, route: [{destination: {host: two}}]}]}",
            "{hosts: [two, '*.org'], http: [{name: there, route: [{destination: {host: three}}]}]}",
            "{hosts: [two], http: [{match: [{uri: {prefix: /a}}], delegate: {name: d}}]}",
        ],
    ),
    (TRAFFIC, "VirtualService", "p", &["{hosts: [one], http: [{route: [{destination: {host: three}}]}]}"]),
    (
        TRAFFIC,
        "TrafficRouter",
        "d",
        &[
            "{http: [{match: [{uri: {prefix: /a/b}}], route: [{destination: {host: four}}]}]}",
            "{http: [{match: [{uri: {prefix: /c}}], route: [{destination: {host: five}}]}]}",
            "{hosts: [six], http: [{route: [{destination: {host: six}}]}]}",
        ],
    ),
    (
        TRAFFIC,
        "VirtualWorkload",
        "w",
        &[
            "{host: one, subsets: [{name: v1, labels: {version: v1}}]}",
            "{host: one, trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}, subsets: [{name: v2, labels: {version: v2}}]}",
        ],
    ),
    (FAULT, "Unheard", "u", &["{}"]),
];

/// Which document, and which of what it may say.
type Said = (usize, usize);

#[derive(Clone, Debug)]
enum Edit {
    /// Another version of the document in this place.
    Change(usize, usize),
    Insert(usize, Said),
    Remove(usize),
    Swap(usize, usize),
    Clear,
    Nothing,
}

fn said() -> impl Strategy<Value = Said> {
    (0..DOCUMENTS.len(), 0usize..4)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        8 => (any::<usize>(), any::<usize>()).prop_map(|(place, version)| Edit::Change(place, version)),
        2 => (any::<usize>(), said()).prop_map(|(place, said)| Edit::Insert(place, said)),
        1 => any::<usize>().prop_map(Edit::Remove),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Edit::Swap(one, other)),
        1 => Just(Edit::Clear),
        1 => Just(Edit::Nothing),
    ]
}

fn make(edit: &Edit, said: &mut Vec<Said>) {
    let count = said.len().max(1);
    match *edit {
        Edit::Change(place, version) => {
            if let Some(one) = said.get_mut(place % count) {
                one.1 = version;
            }
        }
        Edit::Insert(place, one) => said.insert(place % (said.len() + 1), one),
        Edit::Remove(place) if !said.is_empty() => drop(said.remove(place % count)),
        Edit::Swap(one, other) if !said.is_empty() => said.swap(one % count, other % count),
        Edit::Clear => said.clear(),
        Edit::Remove(_) | Edit::Swap(..) | Edit::Nothing => {}
    }
}

/// The documents as text; a mark that says nothing stands in each.
fn text(said: &[Said], mark: &str) -> String {
    let mut text = String::new();
    for (document, version) in said {
        let (api, kind, name, versions) = DOCUMENTS[*document];
        let spec = versions[version % versions.len()];
        text += &format!("---{mark}\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n");
    }
    text
}

fn apply(engine: &Engine, text: &str) -> Report {
    engine.apply(&[Source { name: "rules.yaml", text }])
}

/// All that can be asked of an engine, in words.
fn asked(engine: &Engine, now: Tick) -> Vec<String> {
    let mut said = Vec::new();
    for resource in ["GET:/x", "/x", "y", "z", "elsewhere"] {
        let decision = engine.enter(resource, Ask::default(), now);
        said.push(format!("{resource} {decision:?}"));
        if let Decision::Pass(mut permit) | Decision::Wait(_, mut permit) = decision {
            engine.exit(&mut permit, Outcome { error: resource == "y" }, now);
        }
        said.push(format!("{:?}", engine.explain(resource, Ask::default(), now)));
    }
    for host in ["one", "two.default.svc", "a.org", "six", "unknown"] {
        for path in ["/", "/a/b", "/c"] {
            let id = engine.route(&Request { path, ..Request::new(host) }, &mut Rolls::seeded(1), now);
            said.push(format!("{host} {path} {id:?} {:?}", id.map(|id| engine.answer(id))));
        }
        said.push(format!("{:?}", engine.connection_pool(host, Some("v2"))));
    }
    said.push(format!("{:?} {:?}", engine.figures(), engine.drain_events()));
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn edits_come_to_what_the_whole_comes_to(
        start in prop::collection::vec(said(), 0..12),
        edits in prop::collection::vec(edit(), 1..10),
    ) {
        let (edited, whole) = (Engine::new(Config::new("app")), Engine::new(Config::new("app")));
        let mut said = start;
        for (turn, edit) in (0u64..).zip(&edits) {
            let now = Tick(turn * 300_000_000);
            let report = apply(&edited, &text(&said, ""));
            // No piece of it is known, and no push is of the documents of the last.
            let other = format!(
                "---\napiVersion: {FAULT}\nkind: ThrottlingStrategy\nmetadata: {{name: t{turn}}}\nspec: {{minIntervalOfRequests: 1ms, queueTimeout: 1s}}\n"
            );
            let mut expected = apply(&whole, &(text(&said, &format!(" # {turn}")) + &other));
            expected.accepted -= 1;
            prop_assert_eq!(&report, &expected, "{}", text(&said, ""));
            prop_assert_eq!(asked(&edited, now), asked(&whole, now));
            make(edit, &mut said);
        }
    }
}
