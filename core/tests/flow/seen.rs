//! Whoever asks, by what it saw before or without: the instance is one, and
//! overload protection decides the same.

use proptest::prelude::*;
use sergo::{Ask, Config, Decision, Engine, Outcome, Permit, Seen, Source, SystemLoad, Tick};

const CASES: u32 = 2_000;
const CALLERS: usize = 4;
const RULES: &str = "
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: AdaptiveOverloadProtectionStrategy
metadata: {name: bbr}
spec: {metricType: CpuPercentage, triggerThreshold: 50%, adaptiveStrategy: BBR}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: rule}
spec: {targets: [{targetResourceName: foo}], strategies: [{name: bbr}]}";

#[derive(Clone, Debug)]
enum Step {
    Enter {
        caller: usize,
        resource: &'static str,
    },
    Exit {
        caller: usize,
        which: usize,
    },
    /// It goes away, and what it saw with it.
    Forget {
        caller: usize,
    },
    Reload,
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let caller = || 0..CALLERS;
    let resource = prop::sample::select(vec!["foo", "unnamed"]);
    let step = prop_oneof![
        6 => (caller(), resource).prop_map(|(caller, resource)| Step::Enter { caller, resource }),
        5 => (caller(), any::<usize>()).prop_map(|(caller, which)| Step::Exit { caller, which }),
        1 => caller().prop_map(|caller| Step::Forget { caller }),
        1 => Just(Step::Reload),
    ];
    // Milliseconds: some slices of the history, seldom all of it.
    let on = prop_oneof![8 => 0u64..40, 3 => 90u64..250, 1 => 9_000u64..14_000];
    prop::collection::vec((on, step), 1..80)
}

fn engine() -> Engine {
    let engine = Engine::new(Config::new("demo-app"));
    assert_eq!(engine.apply(&[Source { name: "", text: RULES }]).accepted, 2);
    engine.set_system_load(SystemLoad { cpu: Some(0.9), ..SystemLoad::default() }, Tick(0));
    engine
}

fn permit(decision: Decision) -> Option<Permit> {
    match decision {
        Decision::Pass(permit) | Decision::Wait(_, permit) => Some(permit),
        Decision::Block(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn who_asks_makes_no_difference(steps in steps()) {
        let (shared, alone) = (engine(), engine());
        // The first has nothing of its own.
        let mut callers: [Option<Seen>; CALLERS] = [None, Some(Seen::default()), Some(Seen::default()), Some(Seen::default())];
        let mut inside: Vec<(Permit, Permit)> = Vec::new();
        let mut now = Tick(0);
        for (on, step) in steps {
            now = Tick(now.0 + on * 1_000_000);
            match step {
                Step::Enter { caller, resource } => {
                    let decision = match &mut callers[caller] {
                        Some(seen) => shared.see(seen).enter(resource, Ask::default(), now),
                        None => shared.enter(resource, Ask::default(), now),
                    };
                    let (one, other) = (permit(decision), permit(alone.enter(resource, Ask::default(), now)));
                    prop_assert_eq!(one.is_some(), other.is_some());
                    inside.extend(one.zip(other));
                }
                Step::Exit { caller, which } if !inside.is_empty() => {
                    let (mut one, mut other) = inside.swap_remove(which % inside.len());
                    match &mut callers[caller] {
                        Some(seen) => shared.see(seen).exit(&mut one, Outcome::default(), now),
                        None => shared.exit(&mut one, Outcome::default(), now),
                    }
                    alone.exit(&mut other, Outcome::default(), now);
                }
                Step::Exit { .. } => {}
                Step::Forget { caller } => {
                    if let Some(seen) = &mut callers[caller] {
                        *seen = Seen::default();
                    }
                }
                Step::Reload => {
                    shared.apply(&[Source { name: "", text: RULES }]);
                    alone.apply(&[Source { name: "", text: RULES }]);
                }
            }
            prop_assert_eq!(shared.figures().in_flight, inside.len() as u64);
            prop_assert_eq!(shared.figures(), alone.figures());
        }
    }
}
