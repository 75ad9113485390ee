//! From resolved rules to the plans that gates are asked by.

use super::carry;
use super::resolved::{ResolvedRule, ResolvedStrategy};
use crate::decide::breaker::Limits;
use crate::decide::gate::{Gate, Presence};
use crate::decide::overload::Protection;
use crate::decide::permit::{GENERATION_MASK, MAX_SEATS};
use crate::decide::table::{Blocks, Both, PAST, Place, SERIAL_MASK, Target, hash, path_of};
use crate::decide::{Block, Table};
use crate::name::StrategyKind;
use crate::spec::strategy::StrategySpec;
use crate::sync::Arc;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::borrow::Borrow;

/// The plans for these rules, with the statistics of `previous` carried over.
/// `version` is the version of the rules that the table will be part of; it
/// rises from one to the next.
#[must_use]
pub fn lower<R: Borrow<ResolvedRule>>(rules: &[R], previous: &Table, version: u64) -> Table {
    let mut rules: Vec<&ResolvedRule> = rules.iter().map(Borrow::borrow).collect();
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names: Vec<Arc<str>> = rules.iter().flat_map(|rule| &*rule.targets).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MAX_SEATS);
    let mut index = HashTable::with_capacity(names.len());
    for (number, name) in (0u32..).zip(&names) {
        let rehash = |other: &u32| names.get(*other as usize).map_or(0, |name| hash(name));
        index.insert_unique(hash(name), number, rehash);
    }
    let named = Named { names: &names, index: &index };

    let mut draft = Draft {
        previous,
        version,
        rules: &rules,
        blocks: Vec::new(),
        found: HashMap::default(),
        limits: HashMap::default(),
    };
    let protections = draft.protections();
    let places = places(previous, named);
    let mut seats = vec![0; names.len()];
    for (seat, place) in (0u32..).zip(&places) {
        if let Some(of) = seats.get_mut(place.target as usize) {
            *of = seat;
        }
    }
    let mut targets = Vec::with_capacity(names.len());
    let mut gates = Vec::new();
    for (((index, name), wishes), seat) in (0u32..).zip(&names).zip(wishes(&rules, named)).zip(seats) {
        let first = gates.len();
        draft.gates(index, name, &wishes, &mut gates);
        let own = gates.get(first..).unwrap_or_default();
        let asked = own.iter().filter(|(_, gate)| gate.presence.is_asked()).count();
        let known = previous.named(name).and_then(|index| previous.targets.get(index as usize));
        targets.push(Target {
            name: Arc::clone(name),
            seat,
            first: first as u32,
            asked: asked as u32,
            absent: own.len().saturating_sub(asked) as u32,
            spends_several: own.iter().take(asked).filter(|(_, gate)| gate.act.spends()).count() > 1,
            both: None,
            tally: known.map_or_else(Arc::default, |known| Arc::clone(&known.tally)),
        });
    }
    join(&mut targets, named, &gates);

    let (blocks, past) = blocks(previous, draft.blocks, version);
    let same_names = names.iter().map(|name| &**name).eq(previous.targets.iter().map(|target| &*target.name));
    Table {
        version,
        names: if same_names { previous.names } else { previous.names.wrapping_add(1) & SERIAL_MASK },
        targets: targets.into(),
        index,
        gates: gates.into_iter().map(|(_, gate)| gate).collect(),
        places,
        protections,
        blocks,
        past,
    }
}

/// The names of all targets, in order, and where each is.
#[derive(Clone, Copy)]
struct Named<'n> {
    names: &'n [Arc<str>],
    index: &'n HashTable<u32>,
}

impl Named<'_> {
    fn find(self, name: &str) -> Option<usize> {
        let is_it = |number: &u32| self.names.get(*number as usize).is_some_and(|own| **own == *name);
        self.index.find(hash(name), is_it).map(|number| *number as usize)
    }
}

/// Where a gate stands among those of an entry: kind, rule by name, position of
/// the target, position of the strategy.
type Key = (u8, usize, usize, usize);

/// A gate that a rule asks for.
struct Wish<'a> {
    key: Key,
    /// The strategy, or the name and kind of one that is missing.
    strategy: Result<&'a ResolvedStrategy, (&'a str, Option<StrategyKind>)>,
}

/// What the rules ask for each target, in order; of one (target, strategy) the
/// first. What is missing comes last.
fn wishes<'a>(rules: &[&'a ResolvedRule], named: Named<'_>) -> Vec<Vec<Wish<'a>>> {
    let mut wishes: Vec<Vec<Wish<'a>>> = named.names.iter().map(|_| Vec::new()).collect();
    for (number, rule) in rules.iter().enumerate() {
        for (position, target) in rule.targets.iter().enumerate() {
            let Some(wishes) = named.find(target).and_then(|index| wishes.get_mut(index)) else {
                continue;
            };
            let own = |strategy: &&ResolvedStrategy| strategy.kind != StrategyKind::AdaptiveOverloadProtection;
            for strategy in rule.strategies.iter().filter(own) {
                let key = (strategy.kind as u8, number, position, strategy.position);
                let is_it =
                    |wish: &Wish<'_>| wish.strategy.is_ok_and(|s| s.kind == strategy.kind && s.name == strategy.name);
                if !wishes.iter().any(is_it) {
                    wishes.push(Wish { key, strategy: Ok(strategy) });
                }
            }
            for (at, missing) in rule.missing.iter().enumerate() {
                let key = (u8::MAX, number, position, at);
                wishes.push(Wish { key, strategy: Err((missing.name.as_str(), missing.kind)) });
            }
        }
    }
    for wishes in &mut wishes {
        wishes.sort_by_key(|wish| wish.key);
    }
    wishes
}

/// What is gathered while gates are made.
struct Draft<'a> {
    previous: &'a Table,
    version: u64,
    rules: &'a [&'a ResolvedRule],
    blocks: Vec<Block>,
    /// Where in `blocks` a rule's strategy is.
    found: HashMap<(usize, StrategyKind, Arc<str>), u32, FixedState>,
    /// The limits of each breaker strategy, by name.
    limits: HashMap<Arc<str>, Arc<Limits>, FixedState>,
}

impl Draft<'_> {
    /// Adds the gates of a target: those that are asked, then those whose
    /// statistic waits for its document.
    fn gates(&mut self, target: u32, name: &str, wishes: &[Wish<'_>], gates: &mut Vec<(Key, Gate)>) {
        let first = gates.len();
        for wish in wishes {
            let (_, rule, ..) = wish.key;
            match wish.strategy {
                Ok(strategy) => {
                    let before = self.previous.gate(name, strategy.kind, &strategy.name);
                    let limits = self.limits(strategy);
                    let Some(act) = carry::act(&strategy.spec, limits.as_ref(), before.map(|gate| &gate.act)) else {
                        continue;
                    };
                    let presence = match before {
                        Some(before) if carry::goes_on(&act, &before.act) => {
                            let mut presence = before.presence.clone();
                            presence.come_back(self.version);
                            presence
                        }
                        _ => Presence::since(self.version),
                    };
                    let block = self.block(rule, strategy.kind, &strategy.name);
                    let blocks = before.map_or_else(Arc::default, |gate| Arc::clone(&gate.blocks));
                    gates.push((wish.key, Gate { target, block, blocks, presence, act }));
                }
                Err((missing, kind)) => {
                    let previous = self.previous;
                    let Some(known) = previous.named(name).and_then(|index| previous.targets.get(index as usize))
                    else {
                        continue;
                    };
                    for before in previous.gates_of(known) {
                        let Some(called) = previous.called(before.block) else { continue };
                        let is_meant =
                            *called.strategy_name == *missing && kind.is_none_or(|kind| kind == called.strategy);
                        let is_there =
                            gates.iter().skip(first).any(|(_, gate)| Arc::ptr_eq(&gate.blocks, &before.blocks));
                        if is_meant && !is_there {
                            let mut gate = Gate { target, ..before.clone() };
                            gate.block = self.block(rule, called.strategy, &called.strategy_name);
                            gate.presence.leave(self.version);
                            gates.push((wish.key, gate));
                        }
                    }
                }
            }
        }
    }

    fn limits(&mut self, strategy: &ResolvedStrategy) -> Option<Arc<Limits>> {
        let StrategySpec::CircuitBreaker(spec) = &*strategy.spec else { return None };
        let made = || Arc::new(carry::limits_of(spec));
        Some(Arc::clone(self.limits.entry(Arc::clone(&strategy.name)).or_insert_with(made)))
    }

    /// The overload protections of all rules, in order.
    fn protections(&mut self) -> Box<[Protection]> {
        let mut protections: Vec<Protection> = Vec::new();
        let previous = self.previous;
        let before = |name: &str| {
            let is_it = |p: &&Protection| previous.called(p.block).is_some_and(|called| &*called.strategy_name == name);
            previous.protections.iter().find(is_it)
        };
        let kind = StrategyKind::AdaptiveOverloadProtection;
        let mut seen: Vec<&str> = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            for strategy in &rule.strategies {
                if let StrategySpec::AdaptiveOverloadProtection(spec) = &*strategy.spec
                    && !seen.contains(&&*strategy.name)
                {
                    seen.push(&strategy.name);
                    let block = self.block(number, kind, &strategy.name);
                    protections.push(carry::protection(spec, block, before(&strategy.name)));
                }
            }
        }
        for (number, rule) in self.rules.iter().enumerate() {
            for missing in rule.missing.iter().filter(|missing| missing.kind.is_none_or(|of| of == kind)) {
                if let Some(before) = before(&missing.name)
                    && !seen.contains(&missing.name.as_str())
                {
                    seen.push(&missing.name);
                    let block = self.block(number, kind, &Arc::from(missing.name.as_str()));
                    protections.push(Protection { block, is_asked: false, ..before.clone() });
                }
            }
        }
        protections.into()
    }

    /// Where the names of this rule's strategy are.
    fn block(&mut self, rule: usize, strategy: StrategyKind, name: &Arc<str>) -> u32 {
        let next = self.blocks.len() as u32;
        let index = *self.found.entry((rule, strategy, Arc::clone(name))).or_insert(next);
        if index == next
            && let Some(rule) = self.rules.get(rule)
        {
            self.blocks.push(Block {
                strategy,
                strategy_name: Arc::clone(name),
                rule: Arc::clone(&rule.name),
                fallback: rule.fallback.clone(),
            });
        }
        index
    }
}

/// Puts the gates of `M:/path` and of `/path` together, where both are targets.
fn join(targets: &mut [Target], named: Named<'_>, gates: &[(Key, Gate)]) {
    let asked = |target: &Target| {
        let first = target.first as usize;
        first..first.saturating_add(target.asked as usize)
    };
    let mut both = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let other = path_of(&target.name).and_then(|path| named.find(path));
        let Some((number, other)) = other.and_then(|number| Some((number, targets.get(number)?))) else { continue };
        let mut order: Vec<usize> = asked(target).chain(asked(other)).collect();
        order.sort_by_key(|gate| gates.get(*gate).map(|(key, _)| *key));
        let spending = |gate: &&usize| gates.get(**gate).is_some_and(|(_, gate)| gate.act.spends());
        let spends_several = order.iter().filter(spending).count() > 1;
        let order = order.into_iter().map(|gate| gate as u32).collect();
        both.push((index, Both { other: number as u32, order }, spends_several));
    }
    for (index, both, spends_several) in both {
        if let Some(target) = targets.get_mut(index) {
            target.both = Some(Box::new(both));
            target.spends_several = spends_several;
        }
    }
}

/// The seats: each name keeps its own, and those of names that are gone are
/// free for others, under another generation.
fn places(previous: &Table, named: Named<'_>) -> Box<[Place]> {
    let mut places = previous.places.to_vec();
    let mut seated = vec![false; named.names.len()];
    for place in places.iter_mut().filter(|place| place.target != Place::FREE) {
        let name = previous.targets.get(place.target as usize).map(|target| &target.name);
        match name.and_then(|name| named.find(name)) {
            Some(index) => {
                place.target = index as u32;
                if let Some(seated) = seated.get_mut(index) {
                    *seated = true;
                }
            }
            None => {
                *place = Place { generation: place.generation.wrapping_add(1) & GENERATION_MASK, target: Place::FREE }
            }
        }
    }
    let mut unseated = (0u32..).zip(seated).filter(|(_, seated)| !seated).map(|(index, _)| index);
    for place in places.iter_mut().filter(|place| place.target == Place::FREE) {
        let Some(index) = unseated.next() else { break };
        place.target = index;
    }
    places.extend(unseated.map(|target| Place { generation: 0, target }));
    places.into()
}

/// The names of blocks, and those of versions before. Where nothing of them has
/// changed the list is the same, and so are the ids.
fn blocks(previous: &Table, list: Vec<Block>, version: u64) -> (Arc<Blocks>, Box<[Arc<Blocks>]>) {
    if list.iter().eq(previous.blocks.list.iter().map(|block| &**block)) {
        return (Arc::clone(&previous.blocks), previous.past.clone());
    }
    let mut known: HashMap<_, &Arc<Block>, FixedState> = HashMap::default();
    for block in &previous.blocks.list {
        known.insert((&block.rule, block.strategy, &block.strategy_name), block);
    }
    let shared = |block: Block| match known.get(&(&block.rule, block.strategy, &block.strategy_name)) {
        Some(same) if ***same == block => Arc::clone(same),
        _ => Arc::new(block),
    };
    let list = list.into_iter().map(shared).collect();
    let past = std::iter::once(&previous.blocks).chain(&previous.past).take(PAST).cloned().collect();
    (Arc::new(Blocks { version, list }), past)
}
