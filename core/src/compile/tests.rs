//! What a push comes to, in the words of its report.

use super::*;
use crate::spec::document;
use proptest::prelude::*;

/// An engine's side of the rule plane, without the plans.
#[derive(Default)]
struct Plane {
    past: Past,
    rules: Vec<Arc<ResolvedRule>>,
    report: Report,
}

impl Plane {
    fn push(&mut self, text: &str) -> &mut Self {
        let labels = BTreeMap::from([("tag".to_owned(), "gray".to_owned())]);
        let whose = Whose::Engine { namespace: "default", app: "demo-app", labels: &labels };
        let mut compiled = compile(whose, std::mem::take(&mut self.past), document::read("rules.yaml", text));
        self.past = std::mem::take(&mut compiled.past);
        self.rules = compiled.rules.clone();
        self.report = compiled.into_report(1, Vec::new(), Vec::new());
        self
    }

    fn accepts(&self, accepted: usize) -> &Self {
        assert_eq!(self.report.accepted, accepted, "{:#?}", self.report);
        self
    }

    fn rejects(&self, fields: &[&str]) -> &Self {
        let rejected: Vec<_> = self.report.rejected.iter().map(|one| format!("{} {}", one.name, one.field)).collect();
        assert_eq!(rejected, fields, "{:#?}", self.report);
        self
    }

    fn warns(&self, fields: &[&str]) -> &Self {
        let warned: Vec<_> = self.report.warnings.iter().map(|one| format!("{} {}", one.name, one.field)).collect();
        assert_eq!(warned, fields, "{:#?}", self.report);
        self
    }

    fn waits(&self, names: &[&str]) -> &Self {
        let missing: Vec<_> = self.report.waiting.iter().map(|one| format!("{} {}", one.name, one.missing)).collect();
        assert_eq!(missing, names, "{:#?}", self.report);
        self
    }

    /// What is enforced: `rule: Kind/name=...`, the number being the threshold
    /// or the concurrency.
    fn enforces(&self, expected: &[&str]) -> &Self {
        use crate::spec::strategy::StrategySpec::{ConcurrencyLimit, RateLimit};
        let line = |rule: &Arc<ResolvedRule>| {
            let strategies = rule.strategies.iter().map(|strategy| {
                let number = match &*strategy.spec {
                    RateLimit(limit) => limit.threshold,
                    ConcurrencyLimit(limit) => limit.max_concurrency,
                    _ => 0,
                };
                format!(" {}={number}", strategy.kind)
            });
            let fallback = rule.fallback.iter().map(|fallback| format!(" {}", fallback.status));
            [&*rule.name, ":"].into_iter().map(str::to_owned).chain(strategies).chain(fallback).collect::<String>()
        };
        assert_eq!(self.rules.iter().map(line).collect::<Vec<_>>(), expected);
        self
    }
}

fn document(kind: &str, name: &str, spec: &str) -> String {
    let api = "fault-tolerance.opensergo.io/v1alpha1";
    format!("---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn limit(name: &str, threshold: &str) -> String {
    document("RateLimitStrategy", name, &format!("{{threshold: {threshold}, statDuration: 1s}}"))
}

fn concurrency(name: &str, most: u32) -> String {
    document("ConcurrencyLimitStrategy", name, &format!("{{maxConcurrency: {most}}}"))
}

fn rule(name: &str, rest: &str) -> String {
    document("FaultToleranceRule", name, &format!("{{targets: [{{targetResourceName: /foo}}], {rest}}}"))
}

#[test]
fn rules_find_their_strategies_whatever_the_order() {
    let text = [rule("r", "strategies: [{name: a}, {name: b, kind: ConcurrencyLimitStrategy}]"), limit("a", "5")];
    let mut plane = Plane::default();
    plane.push(&[text.concat(), concurrency("b", 3)].concat()).accepts(3).rejects(&[]).waits(&[]);
    plane.enforces(&["r: RateLimitStrategy=5 ConcurrencyLimitStrategy=3"]);
}

#[test]
fn what_is_missing_is_waited_for() {
    let waiting = rule("r", "strategies: [{name: a}, {name: b}], fallbackAction: sorry");
    let mut plane = Plane::default();
    plane.push(&waiting).accepts(1).waits(&["r a", "r b", "r sorry"]).enforces(&["r:"]);
    let bad_action = document("HttpRequestFallbackAction", "sorry", "{behaviorDesc: {responseStatusCode: 99}}");
    plane.push(&[waiting.clone(), limit("b", "7"), bad_action].concat());
    plane.accepts(2).waits(&["r a", "r sorry"]).rejects(&["sorry spec.behaviorDesc.responseStatusCode"]);
    plane.enforces(&["r: RateLimitStrategy=7"]);
    let action = document("HttpRequestFallbackAction", "sorry", "{behaviorDesc: {responseStatusCode: 503}}");
    plane.push(&[waiting, limit("b", "7"), limit("a", "1"), action].concat()).waits(&[]);
    plane.enforces(&["r: RateLimitStrategy=1 RateLimitStrategy=7 503"]);
}

#[test]
fn the_last_good_version_stays_until_the_document_is_removed() {
    let rule = rule("r", "strategies: [{name: a}]");
    let with = |limit: String| [rule.clone(), limit].concat();
    let mut plane = Plane::default();
    plane.push(&with(limit("a", "5"))).enforces(&["r: RateLimitStrategy=5"]);
    plane.push(&with(limit("a", "ten"))).accepts(1).rejects(&["a spec.threshold"]).waits(&[]);
    plane.enforces(&["r: RateLimitStrategy=5"]);
    plane.push(&with(limit("a", "'6'"))).enforces(&["r: RateLimitStrategy=5"]);
    plane.push(&rule).waits(&["r a"]).enforces(&["r:"]);
    // It has been forgotten.
    plane.push(&with(limit("a", "ten"))).waits(&["r a"]).enforces(&["r:"]);
}

#[test]
fn the_later_of_two_with_one_name_is_bad() {
    let mut plane = Plane::default();
    plane.push(&[limit("a", "5"), limit("a", "6"), rule("r", "strategies: [{name: a}]")].concat());
    plane.accepts(2).rejects(&["a metadata.name"]).enforces(&["r: RateLimitStrategy=5"]).waits(&[]);
    // The first one being bad does not make the second good.
    plane.push(&[limit("a", "ten"), limit("a", "6"), rule("r", "strategies: [{name: a}]")].concat());
    plane.accepts(1).rejects(&["a spec.threshold", "a metadata.name"]).enforces(&["r: RateLimitStrategy=5"]);
}

#[test]
fn a_document_without_a_name_holds_back_what_is_not_named() {
    let both = [limit("a", "5"), limit("b", "6"), rule("r", "strategies: [{name: a}, {name: b}]")].concat();
    let enforced = "r: RateLimitStrategy=5 RateLimitStrategy=6";
    for broken in ["---\na: [\n", "---\njust text\n", "---\n- a\n- list\n", &limit("''", "5"), &limit("[x]", "5")] {
        let mut plane = Plane::default();
        plane.push(&both).enforces(&[enforced]);
        plane.push(&[limit("a", "8"), broken.to_owned()].concat()).accepts(1);
        plane.enforces(&["r: RateLimitStrategy=8 RateLimitStrategy=6"]);
        assert_eq!(plane.report.rejected.len(), 1, "{:#?}", plane.report);
        plane.push(broken).accepts(0).enforces(&["r: RateLimitStrategy=8 RateLimitStrategy=6"]);
        plane.push(&limit("a", "8")).accepts(1).rejects(&[]).enforces(&[]);
    }
}

#[test]
fn an_ambiguous_rule_is_bad_and_keeps_what_it_meant() {
    let rule_a = rule("r", "strategies: [{name: b, kind: RateLimitStrategy}, {name: a}]");
    let mut plane = Plane::default();
    plane.push(&[rule_a.clone(), limit("a", "5"), limit("b", "1")].concat());
    let now_ambiguous = [rule_a.clone(), limit("a", "6"), limit("b", "1"), concurrency("a", 3)].concat();
    for _ in 0..2 {
        plane.push(&now_ambiguous).accepts(3).rejects(&["r spec.strategies[1].kind"]).waits(&[]);
        plane.enforces(&["r: RateLimitStrategy=1 RateLimitStrategy=6"]);
    }
    let message = &plane.report.rejected[0].message;
    assert!(message.contains("ConcurrencyLimitStrategy and RateLimitStrategy"), "{message}");
    plane.push(&[rule_a, concurrency("a", 3)].concat()).rejects(&[]).waits(&["r b"]);
    plane.enforces(&["r: ConcurrencyLimitStrategy=3"]);
    // One that never meant anything is not in force.
    let mut plane = Plane::default();
    plane.push(&now_ambiguous).rejects(&["r spec.strategies[1].kind"]).enforces(&[]);
}

#[test]
fn rules_of_others_are_accepted_and_do_nothing() {
    let strategies = "strategies: [{name: a}]";
    let selected = |name: &str, selector: &str| rule(name, &format!("selector: {selector}, {strategies}"));
    let labelled = |name: &str, app: &str| {
        rule(name, strategies).replace("metadata: {", &format!("metadata: {{labels: {{app: {app}}}, "))
    };
    let elsewhere = rule("elsewhere", strategies).replace("metadata: {", "metadata: {namespace: prod, ");
    let rules = [
        selected("mine", "{app: demo-app}"),
        selected("gray", "{tag: gray}"),
        selected("other-app", "{app: other}"),
        selected("blue", "{tag: blue}"),
        selected("unlabelled", "{zone: a}"),
        labelled("mine-too", "demo-app"),
        labelled("other-too", "other"),
        rule("everyones", strategies),
        elsewhere,
    ];
    let mut plane = Plane::default();
    plane.push(&rules.concat()).accepts(9).rejects(&[]).warns(&[]);
    plane.waits(&["everyones a", "gray a", "mine a", "mine-too a"]);
    plane.enforces(&["everyones:", "gray:", "mine:", "mine-too:"]);
    // Nor are they wrong for what would be ambiguous here.
    plane.push(&[selected("other-app", "{app: other}"), limit("a", "1"), concurrency("a", 1)].concat());
    plane.accepts(3).rejects(&[]).enforces(&[]);
}

#[test]
fn the_app_is_in_the_selector_or_in_the_labels() {
    let rule = rule("r", "selector: {app: other}, strategies: [{name: a}]");
    let conflict = rule.replace("metadata: {", "metadata: {labels: {app: demo-app}, ");
    let mut plane = Plane::default();
    plane.push(&conflict).accepts(0).rejects(&["r spec.selector.app"]).enforces(&[]);
    plane.push(&conflict.replace("app: other", "app: demo-app")).accepts(1).enforces(&["r:"]);
}

#[test]
fn names_are_looked_up_in_the_rule_s_own_namespace() {
    let strategy = limit("a", "5").replace("metadata: {", "metadata: {namespace: prod, ");
    let mut plane = Plane::default();
    plane.push(&[strategy, rule("r", "strategies: [{name: a}]")].concat()).accepts(2).waits(&["r a"]);
}

#[test]
fn unknown_kinds_are_warned_of_and_not_accepted() {
    let mut plane = Plane::default();
    let text = [
        document("RateLimitStrategie", "a", "{}"),
        limit("b", "1").replace("v1alpha1", "v2"),
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n".to_owned(),
        "---\nsome: map\n".to_owned(),
        limit("d", "1"),
    ];
    plane.push(&text.concat()).accepts(1).rejects(&[]).warns(&["a kind", "b kind", "c kind", " kind"]);
    assert!(plane.report.warnings[0].message.ends_with("\"RateLimitStrategy\": did you mean that?"));
}

#[test]
fn every_mistake_of_every_document_is_told_once_with_its_place() {
    let text = [limit("a", "ten"), document("ThrottlingStrategy", "t", "{queueTimeout: soon, colour: red}")].concat();
    let mut plane = Plane::default();
    plane.push(&text).rejects(&["a spec.threshold", "t spec.minIntervalOfRequests", "t spec.queueTimeout"]);
    plane.warns(&["t spec.colour"]);
    let first = &plane.report.rejected[0];
    assert_eq!((&*first.source, first.line, first.column), ("rules.yaml", 5, 19));
    assert_eq!(
        first.message,
        "RateLimitStrategy \"a\", spec.threshold: found \"ten\" (text), expected a number of at least 0"
    );
    let lines: Vec<u32> = plane.report.rejected.iter().map(|one| one.line).collect();
    assert_eq!(lines, [5, 10, 10]);
}

#[test]
fn lists_are_taken_apart() {
    let api = "fault-tolerance.opensergo.io/v1alpha1";
    let item = |name: &str, threshold: &str| {
        let spec = format!(r#"{{"threshold": {threshold}, "statDuration": "1s"}}"#);
        format!(
            r#"{{"apiVersion": "{api}", "kind": "RateLimitStrategy", "metadata": {{"name": "{name}"}}, "spec": {spec}}}"#
        )
    };
    let list = |kind: &str| {
        format!(r#"{{"apiVersion": "v1", "kind": "{kind}", "items": [{}, {}]}}"#, item("a", "1"), item("b", "\"x\""))
    };
    let mut plane = Plane::default();
    plane.push(&list("List")).accepts(1).rejects(&["b spec.threshold"]);
    plane.push(&list("RateLimitStrategyList")).accepts(1).rejects(&["b spec.threshold"]);
    plane.push("kind: List\napiVersion: v1\nitems: 5\n").accepts(0).rejects(&[" items"]);
    plane.push("kind: List\napiVersion: v1\nitems: []\n").accepts(0).rejects(&[]);
}

#[test]
fn a_limit_over_all_instances_counts_here_with_a_warning() {
    let global = limit("a", "5").replace("statDuration", "limitMode: Global, statDuration");
    let mut plane = Plane::default();
    plane.push(&[global, rule("r", "strategies: [{name: a}]")].concat()).accepts(2).warns(&["a spec.limitMode"]);
    plane.enforces(&["r: RateLimitStrategy=5"]);
}

/// Some of the documents that a push may hold, good and bad.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for name in ["a", "b"] {
        pieces.extend(["1", "2", "bad"].map(|threshold| limit(name, threshold)));
        pieces.extend([1, 2].map(|most| concurrency(name, most)));
    }
    for strategies in ["[{name: a}]", "[{name: b}, {name: a, kind: RateLimitStrategy}]", "7"] {
        pieces.extend(["r", "s"].map(|name| rule(name, &format!("strategies: {strategies}"))));
    }
    pieces.extend(["---\n{\n", "---\nkind: Other\n"].map(str::to_owned));
    pieces
}

proptest! {
    #[test]
    fn pushes_in_any_order_keep_the_promises(
        pushes in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(pieces()), 0..7), 1..6)
    ) {
        let mut plane = Plane::default();
        for push in pushes {
            let text = push.concat();
            plane.push(&text);
            let readings = document::read("", &text);
            let unknown = readings.iter().filter(|one| one.outcome == Outcome::Unknown).count();
            let (accepted, rejected) = (plane.report.accepted, &plane.report.rejected);
            let bad = readings.len().checked_sub(unknown).and_then(|known| known.checked_sub(accepted));
            prop_assert_eq!(bad.unwrap() == 0, rejected.is_empty(), "{:#?}", plane.report);
            let (enforced, report) = (format!("{:?}", plane.rules), plane.report.clone());
            // The same push again changes nothing.
            plane.push(&text);
            prop_assert_eq!(&format!("{:?}", plane.rules), &enforced);
            prop_assert_eq!(&plane.report, &report);
        }
        plane.push("");
        prop_assert!(plane.rules.is_empty());
    }
}
