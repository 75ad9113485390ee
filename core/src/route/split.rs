//! Weighted destinations and, behind each, the chain of its fallbacks.

use super::rolls::Rolls;
use super::{Moment, Request};

/// Destinations that share the requests of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Those with a weight, each with the sum of weights up to and with it.
    parts: Box<[(u64, Chain)]>,
}

/// A destination and its fallbacks, in the order in which they are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The number of the first one's answer. The others' follow, then that of
    /// having found nothing.
    pub first: u32,
    /// The destination and its fallbacks.
    pub stops: Box<[Stop]>,
}

/// Instances that a request may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The host in its [shortest form](crate::matcher::HostName).
    pub host: Box<str>,
    /// The subset of its instances; `None` is all of them.
    pub subset: Option<Box<str>>,
}

impl Split {
    /// A split of these weights; `None` where nothing has any. One destination
    /// alone needs no weight.
    #[must_use]
    pub fn new(weighted: Vec<(u32, Chain)>) -> Option<Split> {
        let alone = weighted.len() == 1;
        let mut sum = 0u64;
        let parts: Box<[(u64, Chain)]> = weighted
            .into_iter()
            .map(|(weight, chain)| (if alone { 1 } else { u64::from(weight) }, chain))
            .filter(|(weight, _)| *weight > 0)
            .map(|(weight, chain)| {
                sum = sum.saturating_add(weight);
                (sum, chain)
            })
            .collect();
        (!parts.is_empty()).then_some(Split { parts })
    }

    /// The destinations, in order.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.parts.iter().map(|(_, chain)| chain)
    }

    /// The destinations, each with its share of all requests, from 0 to 1.
    pub(super) fn shares(&self) -> impl Iterator<Item = (f64, &Chain)> {
        let total = self.parts.last().map_or(1, |(total, _)| *total) as f64;
        let before = std::iter::once(0).chain(self.parts.iter().map(|(sum, _)| *sum));
        self.parts
            .iter()
            .zip(before)
            .map(move |((sum, chain), before)| (sum.saturating_sub(before) as f64 / total, chain))
    }

    /// The first destination whose running sum is greater than roll × total. A
    /// sticky key takes the roll's place; where there is no choice none is used.
    #[must_use]
    pub fn pick(&self, hash: Option<&str>, rolls: &mut Rolls<'_>) -> Option<&Chain> {
        let (total, last) = self.parts.last()?;
        if self.parts.len() == 1 {
            return Some(last);
        }
        let share = hash.map_or_else(|| rolls.roll(), share_of);
        let sum = |index| self.parts.get(index).map(|(sum, _)| *sum);
        let found = self.parts.get(place(self.parts.len(), *total, share, sum));
        Some(found.map_or(last, |(_, chain)| chain))
    }
}

impl Chain {
    /// The number of the answer: the first stop with an instance that the request
    /// may go to, or one that discovery knows nothing of.
    #[must_use]
    pub fn settle(&self, request: &Request<'_>, moment: &Moment<'_>) -> u32 {
        let serves = |stop: &Stop| {
            moment.fleet.serves(&stop.host, stop.subset.as_deref(), || moment.colour(request), moment.now)
        };
        let open = self.stops.iter().position(serves);
        let step = open.unwrap_or(self.stops.len());
        self.first.saturating_add(u32::try_from(step).unwrap_or(u32::MAX))
    }
}

/// The first of several running sums that is greater than roll × total, the last
/// one for a roll out of range.
pub(super) fn place(length: usize, total: u64, roll: f64, sum: impl Fn(usize) -> Option<u64>) -> usize {
    let point = roll * total as f64;
    let (mut low, mut high) = (0, length.saturating_sub(1));
    while low < high {
        let middle = low.midpoint(high);
        if sum(middle).is_some_and(|sum| sum as f64 > point) { high = middle } else { low = middle.saturating_add(1) }
    }
    low
}

/// Where a key lies in `[0, 1)`: its bytes by FNV-1a in 64 bits, mixed by
/// `SplitMix64`'s last step so that short keys spread as well, of which the upper
/// 53 bits count. This function is a promise: it never changes, so that a key
/// keeps its destination across languages and versions.
#[must_use]
pub fn share_of(key: &str) -> f64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in key.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(weights: &[u32]) -> Split {
        let chain = |first| Chain { first, stops: [Stop { host: "a".into(), subset: None }].into() };
        Split::new(weights.iter().zip(0u32..).map(|(weight, first)| (*weight, chain(first))).collect()).unwrap()
    }

    fn pick(weights: &[u32], roll: f64) -> u32 {
        split(weights).pick(None, &mut Rolls::given(&[roll])).unwrap().first
    }

    #[test]
    fn the_pick_is_the_first_sum_over_the_roll() {
        assert_eq!(pick(&[90, 10], 0.0), 0);
        assert_eq!(pick(&[90, 10], 0.899), 0);
        assert_eq!(pick(&[90, 10], 0.9), 1);
        assert_eq!(pick(&[90, 10], 0.999), 1);
        assert_eq!(pick(&[1, 1, 1, 1], 0.5), 2);
        assert_eq!(pick(&[0, 5], 0.0), 1, "a zero weight gets nothing");
        assert_eq!(pick(&[0], 0.7), 0, "one destination is always all of it");
        assert_eq!(pick(&[1, 1], 1.0), 1, "a roll out of range still lands");
    }

    #[test]
    fn a_pick_without_choice_uses_no_roll() {
        let mut rolls = Rolls::given(&[0.1, 0.9]);
        let _ = split(&[0, 3, 0]).pick(None, &mut rolls);
        let _ = split(&[1, 1]).pick(Some("key"), &mut rolls);
        assert_eq!(rolls.roll(), 0.1);
    }

    #[test]
    fn all_zero_is_no_split() {
        let chain = Chain { first: 0, stops: [].into() };
        assert_eq!(Split::new(vec![(0, chain.clone()), (0, chain)]), None);
        assert_eq!(Split::new(vec![]), None);
    }

    #[test]
    fn the_place_of_a_key_is_a_promise() {
        let places: Vec<u64> = ["", "a", "user-1", "user-2"].iter().map(|key| (share_of(key) * 1e6) as u64).collect();
        assert_eq!(places, [957_673, 10_753, 767_970, 311_333]);
    }

    proptest! {
        /// Each count lies within five standard deviations of its weight's share.
        #[test]
        fn shares_follow_the_weights(weights in prop::collection::vec(0u32..100, 2..6), seed: u64) {
            prop_assume!(weights.iter().sum::<u32>() > 0);
            let split = split(&weights);
            let (mut rolls, requests) = (Rolls::seeded(seed), 4000.0);
            let mut counts = vec![0f64; weights.len()];
            for _ in 0..4000 {
                counts[split.pick(None, &mut rolls).unwrap().first as usize] += 1.0;
            }
            for (count, weight) in counts.iter().zip(&weights) {
                let share = f64::from(*weight) / f64::from(weights.iter().sum::<u32>());
                let deviation = (requests * share * (1.0 - share)).sqrt();
                prop_assert!((count - requests * share).abs() <= 5.0 * deviation + 1e-9, "{counts:?} for {weights:?}");
            }
        }

        #[test]
        fn keys_spread_by_weight_and_stay(prefix in "[a-z]{0,6}") {
            let split = split(&[75, 25]);
            let first = |n: u32| {
                let key = format!("{prefix}{n}");
                let chain = split.pick(Some(&key), &mut Rolls::given(&[])).unwrap().first;
                assert_eq!(split.pick(Some(&key), &mut Rolls::seeded(9)).unwrap().first, chain);
                chain
            };
            let ones = (0..4000).filter(|n| first(*n) == 1).count() as f64;
            prop_assert!((ones - 1000.0).abs() < 5.0 * (4000.0f64 * 0.25 * 0.75).sqrt(), "{ones}");
        }
    }
}
