//! Entering and leaving: all gates are asked in order, and what was reserved is
//! given back when one blocks.

use super::gate::{Act, Gate, Refused};
use super::permit::{Held, Permit, Seat};
use super::table::{Table, Target};
use super::{Ask, Blocked, Decision, Direction, Outcome, ResourceId};
use crate::error::Code;
use crate::name::StrategyKind;
use crate::stat::State;
use crate::stat::circuit::{Hold, Reply};
use crate::stat::event::Event;
use crate::stat::instance::SystemLoad;
use crate::stat::share::Counter;
use crate::stat::tally::Blocks;
use crate::time::{Span, Tick};

/// An entry that asks.
struct Entry<'a> {
    state: &'a State,
    cost: u64,
    now: Tick,
}

/// An entry that passed all gates.
struct Passed {
    wait: Span,
    era: u64,
}

impl Table {
    /// Asks to enter the resource at `now`.
    pub fn enter(&self, state: &State, by: Counter<'_>, resource: &str, ask: Ask, now: Tick) -> Decision {
        self.ask(state, by, self.find(resource), ask, now)
    }

    /// Asks to enter a resource that was resolved by a table with the same names.
    ///
    /// # Errors
    /// [`Code::Stale`] where the names were others.
    pub fn enter_id(
        &self,
        state: &State,
        by: Counter<'_>,
        resource: ResourceId,
        ask: Ask,
        now: Tick,
    ) -> Result<Decision, Code> {
        Ok(self.ask(state, by, self.target(resource)?, ask, now))
    }

    fn ask(&self, state: &State, by: Counter<'_>, target: Option<u32>, ask: Ask, now: Tick) -> Decision {
        // Before any gate is asked: a breaker that changes meanwhile doesn't
        // take this entry for one that came after.
        let era = state.eras.now();
        let entry = Entry { state, cost: u64::from(ask.cost.max(1)), now };
        let target = target.and_then(|index| self.targets.get(index as usize));
        let other = target.and_then(|target| self.targets.get(target.both.as_ref()?.other as usize));
        let inbound = ask.direction == Direction::Inbound;
        if inbound {
            by.enter();
        }
        let protected = if inbound { self.protect(&entry) } else { Ok(()) };
        let passed = protected.and_then(|()| match target {
            Some(target) => self.pass(target, &entry, era),
            None => Ok(Passed { wait: Span::ZERO, era }),
        });
        let tallies = target.into_iter().chain(other).map(|target| &target.tally);
        let Passed { wait, era } = match passed {
            Ok(passed) => passed,
            Err(blocked) => {
                if inbound {
                    by.give_back();
                }
                tallies.for_each(|tally| tally.block(by));
                return Decision::Block(blocked);
            }
        };
        tallies.for_each(|tally| tally.pass(by, wait));
        let seat = |target: Option<&Target>| target.map_or(Seat::NONE, |target| self.seat(target));
        let permit = Permit::new(Held {
            seats: [seat(target), seat(other)],
            start: now.after(wait),
            cost: ask.cost.max(1),
            inbound,
            edition: self.version,
            era,
        });
        if wait == Span::ZERO { Decision::Pass(permit) } else { Decision::Wait(wait, permit) }
    }

    /// Asks the overload protections.
    fn protect(&self, entry: &Entry<'_>) -> Result<(), Blocked> {
        if self.protections.is_empty() {
            return Ok(());
        }
        let load = entry.state.instance.load();
        for protection in self.protections.iter().filter(|protection| protection.is_asked) {
            protection
                .ask(&entry.state.instance, &load, entry.now)
                .map_err(|refused| self.blocked(protection.block, &protection.blocks, None, refused, entry))?;
        }
        Ok(())
    }

    /// Asks the gates of a target.
    fn pass(&self, target: &Target, entry: &Entry<'_>, era: u64) -> Result<Passed, Blocked> {
        let mut wait = Span::ZERO;
        // Rare: it allocates only where a breaker probes.
        let mut probes = Vec::new();
        let mut looked_ahead = !target.spends_several;
        let count = target.count();
        for position in 0..count {
            let Some(gate) = self.asked(target, position) else { continue };
            let refusal = match &gate.act {
                Act::Concurrency { most, gauge } => (!gauge.try_add(entry.cost, *most)).then_some((gate, None)),
                Act::Breaker(breaker) => match breaker.ask(entry.now) {
                    Reply::Pass => None,
                    Reply::Probe(hold) => {
                        probes.push((gate, hold));
                        None
                    }
                    Reply::After(span) => Some((gate, Some(span))),
                },
                // What is spent can't be given back, so before the first is
                // spent all are asked; only a race can then refuse.
                spends => {
                    let refusal = if looked_ahead { None } else { self.look_ahead(target, position..count, entry) };
                    looked_ahead = true;
                    refusal.or_else(|| match spends.spend(entry.cost, entry.now, true) {
                        Ok(queued) => {
                            wait = wait.max(queued);
                            None
                        }
                        Err(refused) => Some((gate, refused)),
                    })
                }
            };
            if let Some((gate, refused)) = refusal {
                self.give_back(target, position, probes, entry);
                let name = self.targets.get(gate.target as usize).map(|target| &*target.name);
                return Err(self.blocked(gate.block, &gate.blocks, name, refused, entry));
            }
        }
        if probes.is_empty() {
            return Ok(Passed { wait, era });
        }
        let era = entry.state.eras.begin();
        for (gate, hold) in &probes {
            if let Act::Breaker(breaker) = &gate.act {
                self.tell(gate, breaker.settle(hold, entry.now.after(wait), era), entry.state);
            }
        }
        Ok(Passed { wait, era })
    }

    /// The gate at this position of what an entry is asked.
    pub(super) fn asked(&self, target: &Target, position: usize) -> Option<&Gate> {
        match &target.both {
            Some(both) => self.gates.get(*both.order.get(position)? as usize),
            None => self.gates.get((target.first as usize).checked_add(position)?),
        }
    }

    /// The first gate that would refuse, of those that spend a budget.
    fn look_ahead(
        &self,
        target: &Target,
        mut positions: std::ops::Range<usize>,
        entry: &Entry<'_>,
    ) -> Option<(&Gate, Refused)> {
        positions.find_map(|position| {
            let gate = self.asked(target, position)?;
            gate.act.spend(entry.cost, entry.now, false).err().map(|refused| (gate, refused))
        })
    }

    /// Gives back what the gates before this position reserved, in reverse.
    fn give_back(&self, target: &Target, position: usize, mut probes: Vec<(&Gate, Hold)>, entry: &Entry<'_>) {
        for gate in (0..position).rev().filter_map(|position| self.asked(target, position)) {
            match &gate.act {
                Act::Concurrency { gauge, .. } => gauge.remove(entry.cost),
                Act::Breaker(breaker) => {
                    if let Some((_, hold)) = probes.pop_if(|(probed, _)| std::ptr::eq(*probed, gate)) {
                        self.tell(gate, breaker.give_back(&hold, entry.now, &entry.state.eras), entry.state);
                    }
                }
                Act::Rate { .. } | Act::Pacing { .. } => {}
            }
        }
    }

    fn blocked(
        &self,
        block: u32,
        blocks: &Blocks,
        target: Option<&str>,
        refused: Refused,
        entry: &Entry<'_>,
    ) -> Blocked {
        let called = self.called(block);
        if blocks.add(entry.now)
            && let Some(called) = called
        {
            let resource = target.unwrap_or_default().to_owned();
            entry.state.events.push(Event::FirstBlock { resource, strategy: called.strategy_name.as_ref().to_owned() });
        }
        Blocked {
            id: self.block_id(block),
            strategy: called.map_or(StrategyKind::RateLimit, |called| called.strategy),
            retry_after: refused,
        }
    }

    fn tell(&self, gate: &Gate, change: Option<super::breaker::Change>, state: &State) {
        if let Some(change) = change
            && let Some(called) = self.called(gate.block)
            && let Some(target) = self.targets.get(gate.target as usize)
        {
            state.events.push(Event::Breaker {
                resource: target.name.as_ref().to_owned(),
                strategy: called.strategy_name.as_ref().to_owned(),
                from: change.from,
                to: change.to,
                total: change.judged.map(|judged| judged.total),
                bad: change.judged.map(|judged| judged.bad),
            });
        }
    }

    /// Gives a permit back and closes it; a closed one does nothing.
    pub fn exit(&self, state: &State, by: Counter<'_>, permit: &mut Permit, outcome: Outcome, now: Tick) {
        let Some(held) = std::mem::replace(permit, Permit::closed()).held() else { return };
        let rt = held.response_time(now);
        if held.inbound {
            by.exit(rt, now);
        }
        for target in held.seats.iter().filter_map(|seat| self.seated(*seat)) {
            target.tally.exit(by, rt, outcome.error);
            for gate in self.gates_of(target).iter().filter(|gate| gate.presence.covers(held.edition)) {
                match &gate.act {
                    Act::Concurrency { gauge, .. } => gauge.remove(u64::from(held.cost)),
                    Act::Breaker(breaker) => {
                        self.tell(gate, breaker.exit(held.era, rt, outcome.error, now, &state.eras), state);
                    }
                    Act::Rate { .. } | Act::Pacing { .. } => {}
                }
            }
        }
    }

    /// Gives a permit back whose call never began, and closes it; a closed one
    /// does nothing.
    pub fn cancel(&self, state: &State, permit: &mut Permit, now: Tick) {
        let Some(held) = std::mem::replace(permit, Permit::closed()).held() else { return };
        let by = state.instance.common();
        if held.inbound {
            by.give_back();
        }
        for target in held.seats.iter().filter_map(|seat| self.seated(*seat)) {
            target.tally.cancel(by);
            for gate in self.gates_of(target).iter().filter(|gate| gate.presence.covers(held.edition)) {
                match &gate.act {
                    Act::Concurrency { gauge, .. } => gauge.remove(u64::from(held.cost)),
                    Act::Breaker(breaker) => breaker.cancel(held.era, now),
                    Act::Rate { .. } | Act::Pacing { .. } => {}
                }
            }
        }
    }

    /// Takes the system's figures.
    pub fn set_system_load(&self, state: &State, load: SystemLoad, now: Tick) {
        state.instance.set_load(load);
        let load = state.instance.load();
        for protection in &self.protections {
            protection.observe(&load, now);
        }
    }
}
