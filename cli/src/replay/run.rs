//! Rules at work on virtual time: the engine that every package has is asked, and
//! what it is told to sleep or to do takes no time.

use super::breakers::Breakers;
use super::names::Names;
use super::order::Call;
use super::tally::{Gate, Tally};
use crate::files::File;
use sergo::{Ask, Config, Decision, Engine, Outcome, Permit, ResourceId, Source, Span, SystemLoad, Tick};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// Rules, and the requests that they have let in.
pub(crate) struct Run {
    engine: Arc<Engine>,
    /// The resources by the numbers of their names, as far as they have come.
    ids: Vec<ResourceId>,
    unnamed: ResourceId,
    leaving: BinaryHeap<Reverse<Leaving>>,
    /// The gates that have blocked, by the ids of their blocks.
    gates: HashMap<u64, usize>,
    load: SystemLoad,
    pub(crate) tally: Tally,
    pub(crate) breakers: Breakers,
}

/// What a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Passed,
    Waited(Span),
    /// By the gate with this number.
    Blocked(usize),
}

/// A request in flight.
struct Leaving {
    at: Tick,
    /// Of two that leave at once, the first that came leaves first.
    line: u64,
    resource: usize,
    error: bool,
    permit: Permit,
}

impl Run {
    /// The rules of these files, as this instance has them.
    pub(crate) fn new(files: &[File], whose: Config) -> Run {
        let engine = Arc::new(Engine::new(whose));
        let sources: Vec<Source<'_>> = files.iter().map(File::source).collect();
        engine.apply(&sources);
        engine.drain_events();
        Run {
            breakers: Breakers::new(&engine),
            unnamed: engine.resolve(""),
            engine,
            ids: Vec::new(),
            leaving: BinaryHeap::new(),
            gates: HashMap::new(),
            load: SystemLoad::default(),
            tally: Tally::default(),
        }
    }

    /// Says whether a rule names a resource, also while the rules are at work.
    pub(crate) fn governs(&self) -> impl Fn(&str) -> bool + use<> {
        let (engine, unnamed) = (Arc::clone(&self.engine), self.unnamed);
        move |resource| engine.resolve(resource) != unnamed
    }

    /// The targets that rules name.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.engine.figures().resources.into_iter().map(|figures| figures.resource).collect()
    }

    /// Lets a call come at `now`, after all that leave until then. `None` where
    /// it only tells the system's load.
    pub(crate) fn call(&mut self, call: &Call, now: Tick, names: &Names) -> Option<Answer> {
        self.leave(now);
        if let Some(load) = &call.load {
            // What is not told stays as it was.
            self.load.cpu = load.cpu.or(self.load.cpu);
            self.load.load1 = load.load1.or(self.load.load1);
            self.load.memory = load.memory.or(self.load.memory);
            self.engine.set_system_load(self.load, now);
        }
        let resource = call.resource?;
        while self.ids.len() <= resource {
            self.ids.push(self.engine.resolve(names.name(self.ids.len())));
        }
        let id = self.ids.get(resource).copied().unwrap_or(self.unnamed);
        let ask = Ask { cost: call.cost, direction: call.direction };
        // The rules are applied but once, so that no id is stale.
        let decision = self.engine.enter_id(id, ask, now).ok()?;
        self.breakers.note(&self.engine, now);
        let (answer, admitted) = match decision {
            Decision::Pass(permit) => (Answer::Passed, Some((Span::ZERO, permit))),
            Decision::Wait(wait, permit) => (Answer::Waited(wait), Some((wait, permit))),
            Decision::Block(blocked) => (Answer::Blocked(self.gate(blocked.id)), None),
        };
        self.tally.count(resource, answer, now);
        if let Some((wait, permit)) = admitted {
            let at = now.after(wait).after(Span(call.duration));
            self.leaving.push(Reverse(Leaving { at, line: call.line, resource, error: call.error, permit }));
        }
        Some(answer)
    }

    /// Lets all leave that are still in flight.
    pub(crate) fn end(&mut self) {
        self.leave(Tick(u64::MAX));
    }

    fn leave(&mut self, until: Tick) {
        while let Some(Reverse(next)) = self.leaving.peek()
            && next.at <= until
            && let Some(Reverse(mut leaving)) = self.leaving.pop()
        {
            self.engine.exit(&mut leaving.permit, Outcome { error: leaving.error }, leaving.at);
            self.breakers.note(&self.engine, leaving.at);
            self.tally.left(leaving.resource);
        }
    }

    /// The number of the gate that has blocked.
    fn gate(&mut self, id: sergo::BlockId) -> usize {
        *self.gates.entry(id.0).or_insert_with(|| {
            let block = self.engine.block(id);
            let gate = block.map(|block| Gate {
                kind: block.strategy.as_str(),
                strategy: block.strategy_name.to_string(),
                rule: block.rule.to_string(),
            });
            self.tally.gate(gate.unwrap_or_default())
        })
    }
}

impl PartialEq for Leaving {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Leaving {}

impl PartialOrd for Leaving {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Leaving {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.line).cmp(&(other.at, other.line))
    }
}
