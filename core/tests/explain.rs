//! To explain is to say what an entry would be answered, and to change nothing.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::sample::select;
use sergo::stat::event::BreakerState;
use sergo::{
    Amount, Ask, Config, Decision, Direction, Engine, Explanation, Outcome, Permit, Source, Span, SystemLoad, Tick,
    Verdict,
};
use std::fmt::Write;

const CASES: u32 = 3_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

/// Which strategies there are, and which of them each of two rules names: the
/// first is for `/foo`, the second for `GET:/foo` and `plain`.
#[derive(Clone, Debug)]
struct Rules {
    /// Metric, threshold and strategy.
    overload: Option<(&'static str, &'static str, &'static str)>,
    most: Option<u64>,
    /// Whether slow calls are bad, or errors; and from how many on.
    breaker: Option<(bool, u64)>,
    threshold: Option<u64>,
    pacing: Option<(u64, u64)>,
    named: [u8; 2],
}

const NAMES: [&str; 5] = ["overload", "most", "breaker", "limit", "pace"];

impl Rules {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut document = |kind: &str, name: &str, spec: &str| {
            let head = "apiVersion: fault-tolerance.opensergo.io/v1alpha1";
            writeln!(text, "---\n{head}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}").unwrap();
        };
        if let Some((metric, threshold, adaptive)) = self.overload {
            let spec = format!("metricType: {metric}, triggerThreshold: {threshold}, adaptiveStrategy: {adaptive}");
            document("AdaptiveOverloadProtectionStrategy", "overload", &spec);
        }
        if let Some(most) = self.most {
            document("ConcurrencyLimitStrategy", "most", &format!("maxConcurrency: {most}"));
        }
        if let Some((slow, least)) = self.breaker {
            let bad = match slow {
                true => "strategy: SlowRequestRatio, slowConditions: {maxAllowedRt: 100ms}",
                false => "strategy: ErrorRequestRatio",
            };
            let rest = format!("triggerRatio: 50%, statDuration: 2s, recoveryTimeout: 1s, minRequestAmount: {least}");
            document("CircuitBreakerStrategy", "breaker", &format!("{bad}, {rest}"));
        }
        if let Some(threshold) = self.threshold {
            document("RateLimitStrategy", "limit", &format!("threshold: {threshold}, statDuration: 1s"));
        }
        if let Some((interval, timeout)) = self.pacing {
            let spec = format!("minIntervalOfRequests: {interval}ms, queueTimeout: {timeout}ms");
            document("ThrottlingStrategy", "pace", &spec);
        }
        for (name, targets, named) in [("a", "/foo", self.named[0]), ("b", "GET:/foo, plain", self.named[1])] {
            let targets: Vec<_> = targets.split(", ").map(|of| format!("{{targetResourceName: '{of}'}}")).collect();
            let named = NAMES.iter().enumerate().filter(|(index, _)| named >> index & 1 == 1);
            let named: Vec<_> = named.map(|(_, name)| format!("{{name: {name}}}")).collect();
            let spec = format!("targets: [{}], strategies: [{}]", targets.join(", "), named.join(", "));
            document("FaultToleranceRule", name, &spec);
        }
        text
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let metric = select(vec!["CpuPercentage", "SystemLoad", "MemoryPercentage"]);
    let overload = (metric, select(vec!["0.3", "0.5", "0.7"]), select(vec!["NONE", "BBR", "BBR"]));
    let threshold = prop_oneof![5 => 0u64..9, 1 => 4096u64..9000];
    let named = prop::array::uniform2(prop_oneof![3 => 1u8..32, 1 => Just(31u8)]);
    (
        prop::option::weighted(0.6, overload),
        prop::option::weighted(0.7, 0u64..6),
        prop::option::weighted(0.7, (any::<bool>(), 1u64..4)),
        prop::option::weighted(0.7, threshold),
        prop::option::weighted(0.6, (0u64..300, 0u64..600)),
        named,
    )
        .prop_map(|(overload, most, breaker, threshold, pacing, named)| Rules {
            overload,
            most,
            breaker,
            threshold,
            pacing,
            named,
        })
}

#[derive(Clone, Debug)]
enum Step {
    Enter(&'static str, Ask),
    Exit(usize, bool),
    /// The clock goes on by so many milliseconds, or falls back.
    Clock(i64),
    System(Option<f64>),
    Apply(Rules),
}

fn step() -> impl Strategy<Value = Step> {
    let resource = select(vec!["GET:/foo", "GET:/foo", "POST:/foo", "/foo", "plain", "unnamed", ""]);
    let cost = prop_oneof![8 => Just(1u32), 3 => 0u32..4, 1 => 2000u32..5000];
    let direction = prop_oneof![3 => Just(Direction::Inbound), 1 => Just(Direction::Outbound)];
    let clock = prop_oneof![6 => 0i64..150, 2 => 900i64..1100, 1 => -300i64..0, 1 => 5_000i64..100_000];
    prop_oneof![
        12 => (resource, cost, direction).prop_map(|(of, cost, direction)| Step::Enter(of, Ask { cost, direction })),
        8 => (any::<usize>(), any::<bool>()).prop_map(|(which, error)| Step::Exit(which, error)),
        6 => clock.prop_map(Step::Clock),
        3 => prop::option::of(select(vec![0.2, 0.5, 0.9])).prop_map(Step::System),
        1 => rules().prop_map(Step::Apply),
    ]
}

fn apply(engine: &Engine, text: &str) {
    let report = engine.apply(&[Source { name: "", text }]);
    assert_eq!(report.rejected, [], "{text}");
}

fn engine(text: &str) -> Engine {
    let engine = Engine::new(Config::new("demo-app"));
    apply(&engine, text);
    engine
}

/// A decision as plain values: the permit's words are compared too.
fn plain(decision: &Decision) -> (Verdict, Option<Span>, Option<Span>, String) {
    match decision {
        Decision::Pass(permit) => (Verdict::Pass, None, None, format!("{permit:?}")),
        Decision::Wait(wait, permit) => (Verdict::Wait, Some(*wait), None, format!("{permit:?}")),
        Decision::Block(blocked) => (Verdict::Block, None, blocked.retry_after, format!("{blocked:?}")),
    }
}

fn permit(decision: Decision) -> Option<Permit> {
    match decision {
        Decision::Pass(permit) | Decision::Wait(_, permit) => Some(permit),
        Decision::Block(_) => None,
    }
}

/// What an explanation says holds together.
fn assert_is_coherent(explanation: &Explanation, engine: &Engine) {
    let order = ["AdaptiveOverload", "ConcurrencyLimit", "CircuitBreaker", "RateLimit", "Throttling"];
    let places = explanation.gates.iter().map(|gate| order.iter().position(|kind| gate.kind.starts_with(kind)));
    assert!(places.is_sorted(), "{explanation}");
    for gate in &explanation.gates {
        assert_eq!(gate.wait.is_some(), gate.answer == Verdict::Wait, "{explanation}");
        assert!(gate.retry_after.is_none() || gate.answer == Verdict::Block, "{explanation}");
        assert_eq!(gate.state, engine.breaker_state(&gate.target, &gate.strategy), "{explanation}");
        assert!(!gate.why.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// Two engines live through the same; what the second would answer is
    /// explained before every step. It then answers so, and as the first does.
    #[test]
    fn it_answers_what_enter_answers_and_changes_nothing(
        first in rules(),
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let text = first.text();
        let (quiet, asked) = (engine(&text), engine(&text));
        let mut now = SECOND;
        let mut open = Vec::new();
        for step in steps {
            match step {
                Step::Enter(resource, ask) => {
                    let before = format!("{asked:?}");
                    let explanation = asked.explain(resource, ask, Tick(now));
                    prop_assert_eq!(format!("{asked:?}"), before);
                    assert_is_coherent(&explanation, &asked);
                    let (one, other) = (quiet.enter(resource, ask, Tick(now)), asked.enter(resource, ask, Tick(now)));
                    let (answer, wait, retry_after, _) = plain(&other);
                    prop_assert_eq!(plain(&one), plain(&other));
                    prop_assert_eq!(
                        (explanation.answer, explanation.wait, explanation.retry_after),
                        (answer, wait, retry_after),
                        "{} at {}", explanation, now
                    );
                    if let Decision::Block(blocked) = &other {
                        let block = asked.block(blocked.id).unwrap();
                        let gate = explanation.gates.iter().find(|gate| gate.answer == Verdict::Block).unwrap();
                        prop_assert_eq!(
                            (gate.kind, &*gate.strategy, &*gate.rule),
                            (block.strategy.as_str(), &*block.strategy_name, &*block.rule)
                        );
                    }
                    open.extend(permit(one).zip(permit(other)));
                }
                Step::Exit(which, error) if !open.is_empty() => {
                    let index = which % open.len();
                    let (mut one, mut other) = open.swap_remove(index);
                    quiet.exit(&mut one, Outcome { error }, Tick(now));
                    asked.exit(&mut other, Outcome { error }, Tick(now));
                }
                Step::Exit(..) => {}
                Step::Clock(by) => now = now.saturating_add_signed(by * MS as i64),
                Step::System(figure) => {
                    let load = SystemLoad { cpu: figure, load1: figure, memory: figure };
                    quiet.set_system_load(load, Tick(now));
                    asked.set_system_load(load, Tick(now));
                }
                Step::Apply(rules) => {
                    let text = rules.text();
                    apply(&quiet, &text);
                    apply(&asked, &text);
                }
            }
            for resource in ["GET:/foo", "POST:/foo", "plain"] {
                let _ = asked.explain(resource, Ask { cost: 2, direction: Direction::Inbound }, Tick(now + MS));
            }
        }
        prop_assert_eq!(quiet.drain_events(), asked.drain_events());
        prop_assert_eq!(quiet.figures(), asked.figures());
    }
}

fn only(engine: &Engine, resource: &str, now: u64) -> sergo::GateExplanation {
    let mut explanation = engine.explain(resource, Ask::default(), Tick(now));
    assert_eq!(explanation.gates.len(), 1, "{explanation}");
    explanation.gates.remove(0)
}

const NOTHING: Rules =
    Rules { overload: None, most: None, breaker: None, threshold: None, pacing: None, named: [31; 2] };

#[test]
fn a_rate_limit_tells_what_was_admitted() {
    for threshold in [10, 1_000_000] {
        let engine = engine(&Rules { threshold: Some(threshold), ..NOTHING }.text());
        let most = Ask { cost: threshold as u32 - 1, direction: Direction::Inbound };
        assert!(matches!(engine.enter("plain", most, Tick(SECOND)), Decision::Pass(_)));
        let gate = only(&engine, "plain", SECOND + 1);
        assert_eq!(
            (gate.answer, gate.limit, gate.used),
            (Verdict::Pass, Some(Amount::Whole(threshold)), Some(Amount::Whole(threshold - 1)))
        );
        assert!(matches!(engine.enter("plain", Ask::default(), Tick(SECOND + 1)), Decision::Pass(_)));
        let gate = only(&engine, "plain", SECOND + 2);
        assert_eq!((gate.answer, gate.used), (Verdict::Block, Some(Amount::Whole(threshold))));
        let later = SECOND + 2 + gate.retry_after.unwrap().nanos();
        assert_eq!(only(&engine, "plain", later - 1).answer, Verdict::Block);
        assert_eq!(only(&engine, "plain", later).answer, Verdict::Pass);
        // A window later none of it is left; a clock of long ago sees no more than there is.
        assert_eq!(only(&engine, "plain", 3 * SECOND).used, Some(Amount::Whole(0)));
        let early = only(&engine, "plain", 0).used;
        assert!(matches!(early, Some(Amount::Whole(used)) if used <= threshold), "{early:?}");
    }
}

#[test]
fn what_slices_left_behind_counts_in_a_log() {
    let engine = engine(&Rules { threshold: Some(1_000_000), ..NOTHING }.text());
    let ask = Ask { cost: 700, direction: Direction::Inbound };
    assert!(matches!(engine.enter("plain", ask, Tick(SECOND)), Decision::Pass(_)));
    apply(&engine, &Rules { threshold: Some(1000), ..NOTHING }.text());
    assert!(matches!(engine.enter("plain", Ask::default(), Tick(SECOND)), Decision::Pass(_)));
    assert_eq!(only(&engine, "plain", SECOND).used, Some(Amount::Whole(701)));
    assert_eq!(only(&engine, "plain", 2 * SECOND).used, Some(Amount::Whole(700)));
    assert_eq!(only(&engine, "plain", 3 * SECOND).used, Some(Amount::Whole(0)));
}

#[test]
fn a_path_and_its_method_are_both_asked() {
    let engine = engine(&Rules { threshold: Some(5), most: Some(3), ..NOTHING }.text());
    let gates = |resource: &str| -> Vec<_> {
        let explanation = engine.explain(resource, Ask::default(), Tick(0));
        explanation.gates.into_iter().map(|gate| (gate.target, gate.strategy, gate.rule)).collect()
    };
    let of = |target: &str, strategy: &str, rule: &str| (target.to_owned(), strategy.to_owned(), rule.to_owned());
    let (path, get) = (["most", "limit"].map(|name| of("/foo", name, "a")), |name| of("GET:/foo", name, "b"));
    assert_eq!(gates("POST:/foo"), path);
    assert_eq!(gates("/foo"), path);
    assert_eq!(gates("GET:/foo"), [path[0].clone(), get("most"), path[1].clone(), get("limit")]);
    assert_eq!(gates("get:/foo"), []);
}

#[test]
fn a_breaker_is_seen_through_all_its_states() {
    let engine = engine(&Rules { breaker: Some((false, 1)), ..NOTHING }.text());
    let enter = |now| permit(engine.enter("plain", Ask::default(), Tick(now))).unwrap();
    let seen = |now| {
        let gate = only(&engine, "plain", now);
        (gate.state.unwrap(), gate.answer, gate.retry_after.map(Span::nanos), gate.used)
    };
    assert_eq!(seen(0), (BreakerState::Closed, Verdict::Pass, None, None));
    engine.exit(&mut enter(0), Outcome { error: true }, Tick(MS));
    let all = Some(Amount::Part(1.0));
    assert_eq!(seen(MS), (BreakerState::Open, Verdict::Block, Some(SECOND), all));
    assert_eq!(seen(SECOND), (BreakerState::Open, Verdict::Block, Some(MS), all));
    assert_eq!(seen(SECOND + MS), (BreakerState::Open, Verdict::Pass, None, all));
    let mut probe = enter(SECOND + MS);
    assert_eq!(seen(SECOND + MS), (BreakerState::HalfOpen, Verdict::Block, Some(SECOND), all));
    assert_eq!(seen(2 * SECOND + MS), (BreakerState::HalfOpen, Verdict::Pass, None, None));
    engine.exit(&mut probe, Outcome { error: false }, Tick(2 * SECOND + MS));
    assert_eq!(seen(2 * SECOND + MS), (BreakerState::Closed, Verdict::Pass, None, None));
}

#[test]
fn overload_asks_what_comes_in_whatever_it_is() {
    let engine = engine(&Rules { overload: Some(("CpuPercentage", "50%", "NONE")), ..NOTHING }.text());
    let gate = only(&engine, "unnamed", 0);
    assert_eq!((&*gate.target, gate.answer, gate.used), ("", Verdict::Pass, None));
    engine.set_system_load(SystemLoad { cpu: Some(0.5), ..SystemLoad::default() }, Tick(0));
    let explanation = engine.explain("unnamed", Ask::default(), Tick(0));
    assert_eq!((explanation.governed, explanation.answer), (false, Verdict::Block));
    assert_eq!(
        explanation.to_string(),
        "unnamed: block (no rule names it)\n\n  \
         block  AdaptiveOverloadProtectionStrategy overload, by the rule a for every inbound entry\n         \
         the CPU use is 50%, at the threshold of 50%"
    );
    let outbound = Ask { cost: 1, direction: Direction::Outbound };
    assert_eq!(engine.explain("unnamed", outbound, Tick(0)).gates, []);
}

#[test]
fn the_text_reads_from_the_answer_to_the_reasons() {
    let engine = engine(&Rules { most: Some(3), threshold: Some(1), pacing: Some((20, 50)), ..NOTHING }.text());
    let mut permits: Vec<_> = permit(engine.enter("plain", Ask::default(), Tick(SECOND))).into_iter().collect();
    assert_eq!(
        engine.explain("plain", Ask::default(), Tick(SECOND + 5 * MS)).to_string(),
        "plain: block, retry after 995ms\n\n  \
         pass   ConcurrencyLimitStrategy most, by the rule b for plain\n         \
         1 of 3 in flight\n\n  \
         block  RateLimitStrategy limit, by the rule b for plain\n         \
         1 of 1 admitted in the last 1s; there is room in 995ms\n\n  \
         wait   ThrottlingStrategy pace, by the rule b for plain\n         \
         one passes every 20ms; the queue is 15ms long"
    );
    assert_eq!(permits.len(), 1);
    engine.exit(&mut permits[0], Outcome { error: false }, Tick(2 * SECOND));
    let missing = Rules { named: [1; 2], ..NOTHING }.text();
    apply(&engine, &missing);
    assert_eq!(
        engine.explain("plain", Ask::default(), Tick(SECOND)).to_string(),
        "plain: pass (no strategy of its rules is there)"
    );
}
