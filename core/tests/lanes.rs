//! To explain a lane is to say what a request is labelled with, and why.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use sergo::{Config, Engine, LabelExplanation, Request, Source};

const RULES: &str = "\
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: a-blue}
spec: {rules: {workload: {selector: {zone: b}}, traffic: {http: [{uri: {prefix: /b}}, {headers: {tag: {exact: b}}}]}, lane: {name: Blue}}}
---
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata: {name: gray}
spec: {trafficLabel: gray, match: [{type: cookie, key: who, condition: in, value: 'me, you'}]}
";

fn explain(path: &str, headers: &[(&str, &str)], trust: bool) -> LabelExplanation {
    let engine = Engine::new(Config::new("shop"));
    assert_eq!(engine.apply(&[Source { name: "", text: RULES }]).accepted, 2);
    let request = Request { path, headers: &headers, ..Request::new("") };
    let explained = engine.explain_label(&request, trust);
    let label = engine.label(&request, trust);
    assert_eq!(explained.lane, label.as_ref().map(|label| label.lane.clone()));
    assert_eq!(explained.goes.as_ref().map(|goes| &goes.key), label.as_ref().map(|label| &label.key));
    explained
}

#[test]
fn what_gives_the_lane_and_what_does_not() {
    assert_eq!(
        explain("/b", &[("baggage", "a=1")], true).to_string(),
        "lane Blue: by TrafficLane a-blue: its traffic.http[0] holds\n\
         \u{20} goes on:  x-opensergo-traffic: Blue\n\
         \u{20}           baggage: x-opensergo-traffic=Blue,a=1\n"
    );
    let miss = "  TrafficLane a-blue is not for it: uri: found \"/\", expected a value that begins with \"/b\"\n\
                \u{20}                                or headers.tag: found nothing, expected \"b\"\n\
                \u{20}                                or workload.selector.zone: found nothing, expected \"b\"\n";
    let gray = explain("/", &[("cookie", "who=you")], true).to_string();
    assert!(gray.starts_with("lane gray: by TrafficLabelRule gray: all that it asks for holds\n"), "{gray}");
    assert!(gray.ends_with(miss), "{gray}");
    assert_eq!(
        explain("/", &[], true).to_string(),
        format!(
            "no lane: it came with none, and no rule is for it\n{miss}\
             \u{20} TrafficLabelRule gray is not for it: cookie who: found nothing, expected \"me\" or \"you\"\n"
        )
    );
}

#[test]
fn what_came_in_is_believed_or_not() {
    let believed = explain("/b", &[("X-OpenSergo-Traffic", "Z")], true).to_string();
    assert!(believed.starts_with("lane Z: it came with it, which goes before all rules\n"), "{believed}");
    assert!(believed.contains("  came in:  Z, by the header x-opensergo-traffic\n"), "{believed}");
    let doubted = explain("/b", &[("baggage", "OpenSergo-Label=Z")], false);
    assert_eq!(doubted.lane.as_deref(), Some("Blue"));
    let came = "  came in:  Z, by OpenSergo-Label in the header baggage, which is not believed\n";
    assert!(doubted.to_string().contains(came), "{doubted}");
}

#[test]
fn it_is_json_too() {
    let json = serde_json::to_value(explain("/b", &[], true)).unwrap();
    assert_eq!(json["goes"], serde_json::json!({"key": "x-opensergo-traffic", "baggage": "x-opensergo-traffic=Blue"}));
    assert_eq!((json["lane"].as_str(), json["came"].is_null()), (Some("Blue"), true));
    assert_eq!(json["document"], "TrafficLane a-blue");
}
