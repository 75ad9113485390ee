//! Instances that one is chosen among.

use super::layout::{self, Layout};
use super::rolls::Rolls;
use super::{Instance, split};
use crate::policy::{Balance, HashLayout, Outlier};
use crate::stat::health::Health;
use crate::sync::{Arc, AtomicU64, OnceLock, Ordering};
use crate::time::Tick;
use std::collections::BinaryHeap;

/// An instance and what has happened to it.
#[derive(Debug)]
pub struct Endpoint {
    /// As discovery told it, with the label that rules give it.
    pub instance: Instance,
    /// What is known of it.
    pub health: Arc<Health>,
    /// When it is ejected; `None` is never.
    pub outlier: Option<Outlier>,
}

/// Whether ejections count at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heed(pub(super) Option<Tick>);

impl Heed {
    fn lets(self, endpoint: &Endpoint) -> bool {
        self.0.is_none_or(|now| !endpoint.health.is_ejected(now))
    }
}

/// The healthy instances of a subset, or of a lane in it.
#[derive(Debug)]
pub(super) struct Pool {
    members: Box<[Arc<Endpoint>]>,
    balance: Balance,
    /// The sums of weights up to and with each member.
    sums: Box<[u64]>,
    /// Whose turn comes when, for weights that differ.
    turns: Box<[u32]>,
    /// The next turn; it outlives the pool.
    turn: Arc<AtomicU64>,
    layout: OnceLock<Layout>,
}

/// The most turns in one round of weights that differ.
const MAX_TURNS: u64 = 4096;

impl Pool {
    /// The pool of these instances, the unhealthy ones left out, and those
    /// without weight where another has any. The turn goes on from `before`.
    pub(super) fn new(instances: &[Arc<Endpoint>], balance: &Balance, before: Option<&Pool>) -> Pool {
        let healthy = || instances.iter().filter(|endpoint| endpoint.instance.healthy);
        let weighted = healthy().any(|endpoint| endpoint.instance.weight > 0);
        let members: Box<[Arc<Endpoint>]> =
            healthy().filter(|endpoint| !weighted || endpoint.instance.weight > 0).cloned().collect();
        let mut sum = 0u64;
        let sums = members.iter().map(|member| {
            sum = sum.saturating_add(u64::from(weight(member)));
            sum
        });
        let sums = sums.collect();
        let is_even = members.windows(2).all(|pair| matches!(pair, [a, b] if weight(a) == weight(b)));
        let turns = if *balance == Balance::RoundRobin && !is_even { turns(&members) } else { Box::default() };
        let turn = before.map_or_else(Arc::default, |before| Arc::clone(&before.turn));
        Pool { members, balance: balance.clone(), sums, turns, turn, layout: OnceLock::new() }
    }

    /// Whether any member can be chosen.
    pub(super) fn serves(&self, heed: Heed) -> bool {
        match heed.0 {
            None => !self.members.is_empty(),
            Some(_) => self.members.iter().any(|member| heed.lets(member)),
        }
    }

    /// The members that can be chosen.
    pub(super) fn open(&self, heed: Heed) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.members.iter().filter(move |member| heed.lets(member))
    }

    /// How a member is chosen.
    pub(super) fn balance(&self) -> &Balance {
        &self.balance
    }

    /// Chooses a member; `None` where there is none. With a key the same key
    /// gets the same member, and no roll is used; nor where there is no choice.
    pub(super) fn choose(&self, heed: Heed, key: Option<&str>, rolls: &mut Rolls<'_>) -> Option<&Arc<Endpoint>> {
        let open: Vec<&Arc<Endpoint>>;
        let mut choices = Choices { pool: self, open: None };
        if heed.0.is_some() {
            open = self.open(heed).collect();
            if open.len() < self.members.len() {
                choices.open = Some(&open);
            }
        }
        if choices.len() <= 1 {
            return choices.at(0);
        }
        if let Some(key) = key {
            let layout = self.layout.get_or_init(|| self.lay_out());
            let mut wanted = layout.choices(layout::key(key)).filter_map(|whose| self.members.get(whose));
            return wanted.find(|member| heed.lets(member)).or_else(|| choices.at(0));
        }
        match self.balance {
            Balance::LeastRequest => choices.least_of_two(rolls.roll()),
            Balance::RoundRobin => self.next_turn(heed).or_else(|| choices.at(0)),
            // Without a key.
            Balance::Random | Balance::ConsistentHash { .. } => choices.by_weight(rolls.roll()),
        }
    }

    fn lay_out(&self) -> Layout {
        let layout = match &self.balance {
            Balance::ConsistentHash { layout, .. } => *layout,
            _ => HashLayout::default(),
        };
        let members: Vec<(&str, u32)> =
            self.members.iter().map(|member| (member.instance.id.as_str(), weight(member))).collect();
        Layout::new(layout, &members)
    }

    /// The member whose turn it is; one that is ejected loses its own.
    fn next_turn(&self, heed: Heed) -> Option<&Arc<Endpoint>> {
        let round = if self.turns.is_empty() { self.members.len() } else { self.turns.len() };
        let turn = || {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(round as u64)?;
            let turn = usize::try_from(turn).ok()?;
            let member = self.turns.get(turn).map_or(Some(turn), |whose| usize::try_from(*whose).ok())?;
            self.members.get(member)
        };
        // Others may take turns in between.
        (0..=round.saturating_mul(2)).filter_map(|_| turn()).find(|member| heed.lets(member))
    }
}

/// A member's weight, at least 1: where all are without weight they are alike.
fn weight(endpoint: &Endpoint) -> u32 {
    endpoint.instance.weight.max(1)
}

/// A round of turns in which each member has as many as its weight, spread out.
fn turns(members: &[Arc<Endpoint>]) -> Box<[u32]> {
    let common = members.iter().map(|member| weight(member)).fold(0, greatest_common_divisor).max(1);
    let total: u64 = members.iter().map(|member| u64::from(weight(member))).sum();
    // Too long a round is shortened.
    let scale = total.checked_div(u64::from(common)).unwrap_or(1).div_ceil(MAX_TURNS.max(members.len() as u64)).max(1);
    let shares: Vec<u64> = members
        .iter()
        .map(|member| {
            let share = u64::from(weight(member)).checked_div(u64::from(common)).unwrap_or(1);
            share.checked_div(scale).unwrap_or(1).max(1)
        })
        .collect();
    // The k-th turn of a share lies at (k + 1/2)/share of the round.
    let at = |share: u64, taken: u64| {
        let half = u128::from(taken).saturating_mul(2).saturating_add(1);
        half.saturating_mul(1 << 64).checked_div(u128::from(share)).unwrap_or(0)
    };
    let mut heap: BinaryHeap<_> = shares
        .iter()
        .zip(0u32..)
        .map(|(share, number)| (std::cmp::Reverse((at(*share, 0), number)), *share, 0u64))
        .collect();
    let mut turns = Vec::new();
    while let Some((std::cmp::Reverse((_, number)), share, taken)) = heap.pop() {
        turns.push(number);
        let taken = taken.saturating_add(1);
        if taken < share {
            heap.push((std::cmp::Reverse((at(share, taken), number)), share, taken));
        }
    }
    turns.into()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// The members that can be chosen: all, or those that are not ejected.
struct Choices<'p, 'o> {
    pool: &'p Pool,
    open: Option<&'o [&'p Arc<Endpoint>]>,
}

impl<'p> Choices<'p, '_> {
    fn len(&self) -> usize {
        self.open.map_or(self.pool.members.len(), <[_]>::len)
    }

    fn at(&self, index: usize) -> Option<&'p Arc<Endpoint>> {
        match self.open {
            None => self.pool.members.get(index),
            Some(open) => open.get(index).copied(),
        }
    }

    /// Draws two with one number, and takes the one with less in flight, the one
    /// that asks counted, for its weight; the first one where they are alike.
    fn least_of_two(&self, roll: f64) -> Option<&'p Arc<Endpoint>> {
        let point = roll * self.len() as f64;
        let first = (point as usize).min(self.len().saturating_sub(1));
        let others = self.len().saturating_sub(1);
        let second = ((point.fract() * others as f64) as usize).min(others.saturating_sub(1));
        let second = if second >= first { second.saturating_add(1) } else { second };
        let (first, second) = (self.at(first)?, self.at(second)?);
        let load = |of: &Endpoint, other: &Endpoint| {
            u64::from(of.health.in_flight()).saturating_add(1).saturating_mul(u64::from(weight(other)))
        };
        Some(if load(second, first) < load(first, second) { second } else { first })
    }

    fn by_weight(&self, roll: f64) -> Option<&'p Arc<Endpoint>> {
        match self.open {
            None => {
                let sums = &self.pool.sums;
                let index = split::place(sums.len(), *sums.last()?, roll, |index| sums.get(index).copied());
                self.at(index)
            }
            Some(open) => {
                let mut sum = 0u64;
                let sums: Vec<u64> = open
                    .iter()
                    .map(|member| {
                        sum = sum.saturating_add(u64::from(weight(member)));
                        sum
                    })
                    .collect();
                self.at(split::place(sums.len(), sum, roll, |index| sums.get(index).copied()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn endpoints(weights: &[u32]) -> Vec<Arc<Endpoint>> {
        let endpoint = |(number, weight): (usize, &u32)| {
            let instance = Instance {
                id: number.to_string(),
                labels: BTreeMap::new(),
                healthy: true,
                weight: *weight,
                zone: None,
            };
            Arc::new(Endpoint { instance, health: Arc::default(), outlier: Some(Outlier::default()) })
        };
        weights.iter().enumerate().map(endpoint).collect()
    }

    fn chosen(pool: &Pool, heed: Heed, times: usize) -> String {
        let mut rolls = Rolls::seeded(7);
        (0..times).map(|_| pool.choose(heed, None, &mut rolls).unwrap().instance.id.clone()).collect()
    }

    const ALL: Heed = Heed(None);

    #[test]
    fn turns_go_round_by_weight() {
        let pool = |weights: &[u32]| Pool::new(&endpoints(weights), &Balance::RoundRobin, None);
        assert_eq!(chosen(&pool(&[1, 1, 1]), ALL, 7), "0120120");
        assert_eq!(chosen(&pool(&[2, 1]), ALL, 6), "010010");
        assert_eq!(chosen(&pool(&[0, 0]), ALL, 4), "0101");
        assert_eq!(chosen(&pool(&[0, 5]), ALL, 3), "111");
        assert_eq!(chosen(&pool(&[1_000_000, 2_000_000]), ALL, 3), "101");
        assert!(pool(&[1, u32::MAX, 77_777]).turns.len() < 5000);
    }

    #[test]
    fn a_turn_goes_on_and_skips_what_is_ejected() {
        let all = endpoints(&[1, 1, 1]);
        let pool = Pool::new(&all, &Balance::RoundRobin, None);
        assert_eq!(chosen(&pool, ALL, 2), "01");
        let pool = Pool::new(&all, &Balance::RoundRobin, Some(&pool));
        assert_eq!(chosen(&pool, ALL, 2), "20");
        all[1].health.eject(&Outlier::default(), Tick(0));
        assert_eq!(chosen(&pool, Heed(Some(Tick(5))), 4), "2020");
    }

    #[test]
    fn the_less_loaded_of_two_is_taken_for_its_weight() {
        let all = endpoints(&[1, 3]);
        let pool = Pool::new(&all, &Balance::LeastRequest, None);
        let mut counts = [0; 2];
        for _ in 0..400 {
            let endpoint = pool.choose(ALL, None, &mut Rolls::given(&[0.3])).unwrap();
            endpoint.health.begin();
            counts[endpoint.instance.id.parse::<usize>().unwrap()] += 1;
        }
        assert_eq!(counts, [100, 300]);
    }

    #[test]
    fn every_pair_is_drawn() {
        let all = endpoints(&[1, 1, 1, 1]);
        all[..3].iter().for_each(|endpoint| endpoint.health.begin());
        let pool = Pool::new(&all, &Balance::LeastRequest, None);
        let idle = (0..1200).filter(|n| {
            let roll = (f64::from(*n) + 0.5) / 1200.0;
            pool.choose(ALL, None, &mut Rolls::given(&[roll])).unwrap().instance.id == "3"
        });
        assert_eq!(idle.count(), 600, "half of all pairs have the idle one");
    }

    #[test]
    fn a_draw_follows_the_weights_of_those_that_are_open() {
        let all = endpoints(&[1, 2, 1]);
        let pool = Pool::new(&all, &Balance::Random, None);
        let at = |heed, roll| pool.choose(heed, None, &mut Rolls::given(&[roll])).unwrap().instance.id.clone();
        assert_eq!([0.0, 0.24, 0.25, 0.74, 0.75, 0.99].map(|roll| at(ALL, roll)), ["0", "0", "1", "1", "2", "2"]);
        all[1].health.eject(&Outlier::default(), Tick(0));
        assert_eq!([0.49, 0.5].map(|roll| at(Heed(Some(Tick(1))), roll)), ["0", "2"]);
    }

    #[test]
    fn a_key_moves_only_while_its_instance_is_ejected() {
        let all = endpoints(&[1, 1, 1]);
        let pool = Pool::new(&all, &Balance::LeastRequest, None);
        let of = |heed, key: &str| pool.choose(heed, Some(key), &mut Rolls::given(&[])).unwrap().instance.id.clone();
        let before: Vec<String> = (0..99).map(|n| of(ALL, &n.to_string())).collect();
        all[1].health.eject(&Outlier::default(), Tick(0));
        for (n, id) in before.iter().enumerate() {
            let now = of(Heed(Some(Tick(1))), &n.to_string());
            assert!(if id == "1" { now != "1" } else { now == *id });
        }
    }

    #[test]
    fn where_there_is_no_choice_no_roll_is_used() {
        let mut rolls = Rolls::given(&[0.1, 0.9]);
        let alone = Pool::new(&endpoints(&[3]), &Balance::Random, None);
        assert!(alone.choose(ALL, None, &mut rolls).is_some());
        assert!(Pool::new(&[], &Balance::Random, None).choose(ALL, None, &mut rolls).is_none());
        assert_eq!(rolls.roll(), 0.1);
    }
}
