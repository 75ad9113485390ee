//! Whatever happens, the rules that were in force stay, and after a time of quiet
//! they are the control plane's.

use crate::kit::{LIMIT, RULE, limit, rule};
use crate::plane::Quirks;
use crate::world::{SECOND, World};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Happening {
    /// The first frames that tell of it may be cut.
    Change {
        name: usize,
        threshold: i64,
        cut: u32,
    },
    Spoil {
        name: usize,
    },
    Remove {
        name: usize,
    },
    Restart,
    Close,
    Freeze,
    Down {
        millis: u64,
    },
    Double {
        frames: u32,
    },
    Delay {
        millis: u64,
    },
    Rename {
        name: usize,
    },
    Pass {
        millis: u64,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    let name = 0..NAMES.len();
    prop_oneof![
        4 => (name.clone(), 0..1000i64, prop_oneof![3 => Just(0u32), 1 => 1..3u32])
            .prop_map(|(name, threshold, cut)| Happening::Change { name, threshold, cut }),
        1 => name.clone().prop_map(|name| Happening::Spoil { name }),
        1 => name.clone().prop_map(|name| Happening::Remove { name }),
        2 => Just(Happening::Restart),
        2 => Just(Happening::Close),
        1 => Just(Happening::Freeze),
        1 => (0..60_000u64).prop_map(|millis| Happening::Down { millis }),
        1 => (1..4u32).prop_map(|frames| Happening::Double { frames }),
        1 => (0..3_000u64).prop_map(|millis| Happening::Delay { millis }),
        1 => name.prop_map(|name| Happening::Rename { name }),
        4 => (0..20_000u64).prop_map(|millis| Happening::Pass { millis }),
    ]
}

fn quirks() -> impl Strategy<Value = Quirks> {
    prop_oneof![
        2 => Just(Quirks::default()),
        1 => Just(Quirks::EXISTING),
        1 => Just(Quirks { upstream: true, ..Quirks::default() }),
        1 => Just(Quirks { restarts_versions: true, nameless_changes: true, ..Quirks::default() }),
    ]
}

fn happen(world: &mut World, wanted: &mut BTreeMap<&'static str, u64>, happening: &Happening) {
    match *happening {
        Happening::Change { name, threshold, cut } => {
            let name = NAMES[name];
            world.trouble.cut += cut;
            wanted.insert(name, threshold as u64);
            world.set(RULE, name, Some(rule(name)));
            world.set(LIMIT, name, Some(limit(name, threshold)));
        }
        Happening::Spoil { name } => {
            wanted.remove(NAMES[name]);
            world.set(LIMIT, NAMES[name], Some(limit(NAMES[name], -1)));
        }
        Happening::Remove { name } => {
            wanted.remove(NAMES[name]);
            world.set(RULE, NAMES[name], None);
            world.set(LIMIT, NAMES[name], None);
        }
        Happening::Restart => world.restart(),
        Happening::Close => world.close(),
        Happening::Freeze => world.freeze(),
        Happening::Down { millis } => {
            world.trouble.is_down = true;
            world.close();
            world.run(millis * 1_000_000);
            world.trouble.is_down = false;
        }
        Happening::Double { frames } => world.trouble.doubled += frames,
        Happening::Delay { millis } => world.trouble.delay = millis,
        Happening::Rename { name } => {
            world.plane.identifier = format!("osg-{name}");
            world.restart();
        }
        Happening::Pass { millis } => world.run(millis * 1_000_000),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn after_quiet_the_rules_are_the_control_planes(
        quirks in quirks(),
        happenings in proptest::collection::vec(happening(), 1..40),
    ) {
        let mut world = World::new(quirks, &[RULE, LIMIT]);
        world.guarded = Some("guarded");
        world.set(RULE, "guarded", Some(rule("guarded")));
        world.set(LIMIT, "guarded", Some(limit("guarded", 7)));
        let mut wanted = BTreeMap::new();
        for happening in &happenings {
            happen(&mut world, &mut wanted, happening);
        }
        // What is spoilt has no one right answer: it may never have been good.
        for name in NAMES {
            let is_there = world.plane.items[LIMIT].contains_key(name);
            if is_there && !wanted.contains_key(name) {
                world.set(RULE, name, None);
                world.set(LIMIT, name, None);
            }
        }
        world.trouble = crate::world::Trouble { delay: 1, ..Default::default() };
        // A silent stream is given up after five and a half minutes.
        world.run(500 * SECOND);
        let state = world.state();
        prop_assert!(state.is_synced, "{state:?}");
        prop_assert_eq!(world.threshold("guarded"), Some(7));
        for name in NAMES {
            prop_assert_eq!(world.threshold(name), wanted.get(name).copied(), "{} {:?}", name, &state);
        }
        let identifiers: std::collections::BTreeSet<_> = world.plane.identifiers.iter().collect();
        prop_assert_eq!(identifiers.len(), world.plane.identifiers.len(), "no name of a stream comes twice");
    }
}
