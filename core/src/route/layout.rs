//! How the keys of consistent hashing are laid out over instances.

use crate::policy::HashLayout;
use crate::policy::workload::MAX_RING_POINTS;
use std::num::NonZeroU32;

/// Keys laid out over numbered instances.
#[derive(Debug)]
pub(super) enum Layout {
    /// Points and whose they are, in order of the points.
    Ring(Vec<(u64, u32)>),
    /// Whose each place is.
    Maglev(Vec<u32>),
}

/// From this weight on an instance has no more points on a ring: all weights
/// are halved until the largest is below.
const MAX_RING_WEIGHT: u32 = 16;

impl Layout {
    /// Lays keys out over instances of these ids and weights, none of them zero.
    pub(super) fn new(layout: HashLayout, instances: &[(&str, u32)]) -> Layout {
        match layout {
            HashLayout::Ring(points) => Layout::Ring(ring(points, instances)),
            HashLayout::Maglev(places) => Layout::Maglev(maglev(places, instances)),
        }
    }

    /// The instances of a key, the first choice first; the others follow in an
    /// order that depends on the key alone, each at least once where the layout
    /// has a place for it.
    pub(super) fn choices(&self, key: u64) -> impl Iterator<Item = usize> {
        let length = match self {
            Layout::Ring(points) => points.len(),
            Layout::Maglev(places) => places.len(),
        };
        let start = match self {
            // The first point at or behind the key, around the end.
            Layout::Ring(points) => points.partition_point(|(point, _)| *point < key),
            Layout::Maglev(_) => usize::try_from(key.checked_rem(length as u64).unwrap_or(0)).unwrap_or(0),
        };
        (0..length).filter_map(move |step| {
            let place = start.checked_add(step)?.checked_rem(length)?;
            let whose = match self {
                Layout::Ring(points) => points.get(place)?.1,
                Layout::Maglev(places) => *places.get(place)?,
            };
            usize::try_from(whose).ok()
        })
    }
}

/// Where a text lies among all 64-bit numbers: FNV-1a of its bytes, mixed by
/// `SplitMix64`'s last step. It never changes, so that a key keeps its instance
/// across languages and versions.
pub(super) fn hash(text: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, fnv))
}

/// Where the key of a request lies: mixed once more than its
/// [share](super::split::share_of), so that the keys of one destination among
/// several spread over all of its instances.
pub(super) fn key(text: &str) -> u64 {
    mix(hash(text).wrapping_add(0x9e37_79b9_7f4a_7c15))
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// So many points for an instance of weight 1, however many instances there are:
/// one that goes takes only its own keys with it.
fn ring(points: NonZeroU32, instances: &[(&str, u32)]) -> Vec<(u64, u32)> {
    let largest = instances.iter().map(|(_, weight)| *weight).max().unwrap_or(1);
    let shift = (0..32).find(|shift| largest >> shift <= MAX_RING_WEIGHT).unwrap_or(32);
    let mut ring = Vec::new();
    for (number, (id, weight)) in (0u32..).zip(instances) {
        let own = points.get().saturating_mul((weight >> shift).max(1)).min(MAX_RING_POINTS);
        let seed = hash(id);
        let point = |step: u32| mix(seed.wrapping_add(u64::from(step).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        ring.extend((0..own).map(|step| (point(step), number)));
    }
    ring.sort_unstable();
    ring
}

/// The table of Maglev (Eisenbud and others: "Maglev: A Fast and Reliable
/// Software Network Load Balancer", 2016): each instance in turn takes the next
/// free place of its own order, the heavier the more turns.
fn maglev(places: NonZeroU32, instances: &[(&str, u32)]) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let size = u64::from(places.get());
    let mut table = vec![FREE; usize::try_from(size).unwrap_or(0)];
    let largest = instances.iter().map(|(_, weight)| *weight).max().unwrap_or(1);
    let mut turns: Vec<Turn> = instances.iter().map(|(id, weight)| Turn::new(hash(id), *weight, size)).collect();
    let mut left = table.len();
    while left > 0 && !turns.is_empty() {
        for (number, turn) in (0u32..).zip(&mut turns) {
            turn.credit = turn.credit.saturating_add(u64::from(turn.weight));
            if turn.credit < u64::from(largest) {
                continue;
            }
            turn.credit = turn.credit.saturating_sub(u64::from(largest));
            // A prime size visits every place once before it comes round.
            for _ in 0..size {
                let place = usize::try_from(turn.next).unwrap_or(0);
                turn.next = turn.next.saturating_add(turn.skip).checked_rem(size).unwrap_or(0);
                if let Some(free) = table.get_mut(place).filter(|whose| **whose == FREE) {
                    *free = number;
                    left = left.saturating_sub(1);
                    break;
                }
            }
            if left == 0 {
                break;
            }
        }
    }
    table
}

/// An instance's way through the places of a Maglev table.
struct Turn {
    next: u64,
    skip: u64,
    weight: u32,
    credit: u64,
}

impl Turn {
    fn new(hash: u64, weight: u32, size: u64) -> Turn {
        let next = hash.checked_rem(size).unwrap_or(0);
        let steps = size.saturating_sub(1).max(1);
        let skip = mix(hash.wrapping_add(1)).checked_rem(steps).unwrap_or(0).saturating_add(1);
        Turn { next, skip, weight, credit: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(layout: &Layout, instances: usize, keys: u32) -> Vec<f64> {
        let mut counts = vec![0f64; instances];
        (0..keys).for_each(|key| counts[layout.choices(hash(&key.to_string())).next().unwrap()] += 1.0);
        counts
    }

    fn ring_of(ids: &[(&str, u32)]) -> Layout {
        Layout::new(HashLayout::default(), ids)
    }

    #[test]
    fn an_instance_that_goes_takes_only_its_own_keys() {
        let names: Vec<String> = (0..10).map(|n| format!("10.0.0.{n}:8080")).collect();
        let all: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        for gone in 0..10 {
            let rest: Vec<(&str, u32)> = all.iter().copied().filter(|(id, _)| *id != all[gone].0).collect();
            let (before, after) = (ring_of(&all), ring_of(&rest));
            for key in 0..500u32 {
                let key = hash(&format!("user-{key}"));
                let mut choices = before.choices(key).filter(|whose| *whose != gone);
                let id = all[choices.next().unwrap()].0;
                assert_eq!(rest[after.choices(key).next().unwrap()].0, id);
            }
        }
    }

    #[test]
    fn keys_spread_by_weight() {
        let ids = [("a", 1), ("b", 1), ("c", 2)];
        for layout in [HashLayout::default(), HashLayout::Maglev(NonZeroU32::new(65_537).unwrap())] {
            let counts = counts(&Layout::new(layout, &ids), 3, 40_000);
            for (count, share) in counts.iter().zip([0.25, 0.25, 0.5]) {
                assert!((count / 40_000.0 - share).abs() < 0.03, "{layout:?}: {counts:?}");
            }
        }
        let heavy = counts(&ring_of(&[("a", 100), ("b", 300)]), 2, 40_000);
        assert!((heavy[1] / 40_000.0 - 0.75).abs() < 0.03, "{heavy:?}");
    }

    #[test]
    fn a_maglev_table_is_shared_to_within_one_place() {
        let Layout::Maglev(table) =
            Layout::new(HashLayout::Maglev(NonZeroU32::new(101).unwrap()), &[("a", 1), ("b", 1), ("c", 1)])
        else {
            panic!("no table");
        };
        let of = |whose: u32| table.iter().filter(|place| **place == whose).count();
        assert!((0..3).all(|whose| (33..=34).contains(&of(whose))), "{table:?}");
    }

    #[test]
    fn few_keys_move_in_a_maglev_table() {
        let names: Vec<String> = (0..10).map(|n| format!("i{n}")).collect();
        let all: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let place = |ids: &[(&str, u32)]| Layout::new(HashLayout::Maglev(NonZeroU32::new(5003).unwrap()), ids);
        let (before, after) = (place(&all), place(&all[..9]));
        let first = |layout: &Layout, key: u64| layout.choices(key).next().unwrap();
        let moved = (0..4000).filter(|n: &u32| {
            let key = hash(&n.to_string());
            first(&before, key) != 9 && first(&before, key) != first(&after, key)
        });
        // With a table 100 times the instances, a few percent.
        assert!(moved.count() < 400);
    }

    #[test]
    fn the_place_of_a_key_is_a_promise() {
        assert_eq!(hash("a") >> 11, (super::super::split::share_of("a") * (1u64 << 53) as f64) as u64);
        let ring = ring_of(&[("10.0.0.1:80", 1), ("10.0.0.2:80", 1), ("10.0.0.3:80", 2)]);
        let chosen: Vec<usize> = (0..12).map(|n| ring.choices(key(&format!("user-{n}"))).next().unwrap()).collect();
        assert_eq!(chosen, [2, 2, 2, 2, 2, 2, 0, 1, 2, 2, 2, 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The share of each instance of n lies about 1/n as the square root of
        /// the points of an instance allows; and one that goes moves its own keys
        /// alone, whichever of them it is.
        #[test]
        fn a_ring_spreads_keys_and_moves_only_those_of_one_that_goes(
            ids in prop::collection::btree_set("[a-z0-9.:-]{1,20}", 2..24),
            gone in 0usize..24,
            salt in "[a-z]{0,8}",
        ) {
            let all: Vec<(&str, u32)> = ids.iter().map(|id| (id.as_str(), 1)).collect();
            let gone = gone.min(all.len().saturating_sub(1));
            let ring = ring_of(&all);
            let mut counts = vec![0f64; all.len()];
            let rest: Vec<(&str, u32)> = all.iter().copied().filter(|(id, _)| *id != all[gone].0).collect();
            let after = ring_of(&rest);
            for n in 0..2_000u32 {
                let key = key(&format!("{salt}{n}"));
                let first = ring.choices(key).next().unwrap();
                prop_assert_eq!(ring.choices(key).next(), Some(first), "the same key twice");
                counts[first] += 1.0;
                if first != gone && !rest.is_empty() {
                    prop_assert_eq!(rest[after.choices(key).next().unwrap()].0, all[first].0);
                }
            }
            // A ring of 1,024 points for each: a share's deviation is 1/n/sqrt(1024),
            // beside that of having drawn 2,000 keys.
            let share = 1.0 / all.len() as f64;
            let deviation = share / 32.0 + (share * (1.0 - share) / 2_000.0).sqrt();
            for count in &counts {
                prop_assert!((count / 2_000.0 - share).abs() < 6.0 * deviation, "{counts:?}");
            }
        }

        #[test]
        fn every_key_has_a_choice(ids in prop::collection::btree_map("[a-z]{1,8}", 1u32..1000, 1..12), key: u64) {
            let ids: Vec<(&str, u32)> = ids.iter().map(|(id, weight)| (id.as_str(), *weight)).collect();
            for layout in [HashLayout::Ring(NonZeroU32::new(16).unwrap()), HashLayout::Maglev(NonZeroU32::new(13).unwrap())] {
                let layout = Layout::new(layout, &ids);
                prop_assert!(layout.choices(key).next().is_some_and(|whose| whose < ids.len()));
            }
        }
    }
}
