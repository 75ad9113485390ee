//! Any order of loading rules, entering, leaving and reading the clock, against
//! naive counts of what was let in.

use crate::rules::{RESOURCES, Rules};
use arbitrary::{Arbitrary, Unstructured};
use sergo::decide::Verdict;
use sergo::{
    Ask, Blocked, Config, Decision, Direction, Engine, Explanation, Outcome, Permit, Source, Span, StrategyKind,
    SystemLoad, Tick,
};
use std::collections::BTreeMap;

/// One thing that happens.
#[derive(Arbitrary, Debug)]
enum Step {
    /// Loads rules.
    Apply(Rules),
    /// Enters; the second number is how late the thread read its clock.
    Enter { resource: u8, cost: u8, outbound: bool, late: u8 },
    /// Enters many times with a cost, to fill what is large.
    Rush { resource: u8, cost: u16, times: u8 },
    /// Exits one that is in flight, twice.
    Exit { which: u8, error: bool, late: u8 },
    /// The clock goes on: so many, times a power of 32.
    Clock { by: u8, power: u8 },
    /// The system's CPU share in percent, or unknown.
    Load(Option<u8>),
    /// Drains the events.
    Drain,
}

/// The most steps of an input.
const MOST_STEPS: usize = 200;

/// Reads steps from the bytes and takes them.
pub fn operations(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut run = Run::new();
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else { break };
        run.step(step);
        run.look();
    }
    run.end();
}

/// An entry in flight.
struct Open {
    permit: Permit,
    inbound: bool,
    /// The targets whose concurrency limit it passed, each with the life of the
    /// count; and its cost.
    counted: Vec<(&'static str, usize)>,
    cost: u64,
}

/// What a rate limit let in since its statistic began.
#[derive(Default)]
struct Admitted {
    window: u64,
    entries: Vec<(u64, u64)>,
    highest: u64,
}

struct Run {
    engine: Engine,
    rules: Rules,
    now: u64,
    open: Vec<Open>,
    /// By target.
    admitted: BTreeMap<&'static str, Admitted>,
    /// The life of each target's count in flight.
    lives: BTreeMap<&'static str, usize>,
    life: usize,
}

/// The targets of a resource.
fn targets(resource: &str) -> &'static [&'static str] {
    match resource {
        "GET:/a" => &["GET:/a", "/a"],
        "POST:/a" | "/a" => &["/a"],
        "b" => &["b"],
        _ => &[],
    }
}

impl Run {
    fn new() -> Run {
        Run {
            engine: Engine::new(Config::new("demo-app")),
            rules: Rules::default(),
            now: 0,
            open: Vec::new(),
            admitted: BTreeMap::new(),
            lives: BTreeMap::new(),
            life: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Apply(rules) => self.apply(rules),
            Step::Enter { resource, cost, outbound, late } => {
                self.enter(resource, u32::from(cost % 4) + 1, outbound, u64::from(late));
            }
            Step::Rush { resource, cost, times } => {
                for _ in 0..times % 8 {
                    self.enter(resource, u32::from(cost) + 1, false, 0);
                }
            }
            Step::Exit { which, error, late } if !self.open.is_empty() => {
                let mut open = self.open.swap_remove(usize::from(which) % self.open.len());
                self.engine.exit(&mut open.permit, Outcome { error }, Tick(self.now.saturating_sub(u64::from(late))));
                assert!(!open.permit.is_open());
                self.engine.exit(&mut open.permit, Outcome { error }, Tick(self.now));
            }
            Step::Clock { by, power } => {
                self.now = self.now.saturating_add(u64::from(by) << (5 * (power % 9)));
            }
            Step::Load(percent) => {
                let cpu = percent.map(|percent| f64::from(percent % 101) / 100.0);
                self.engine.set_system_load(SystemLoad { cpu, ..SystemLoad::default() }, Tick(self.now));
            }
            Step::Drain => drop(self.engine.drain_events()),
            Step::Exit { .. } => {}
        }
    }

    fn apply(&mut self, rules: Rules) {
        let text = rules.text();
        let report = self.engine.apply(&[Source { name: "", text: &text }]);
        assert_eq!(report.rejected, [], "{text}");
        for target in ["/a", "GET:/a", "b"] {
            let named = rules.names(target);
            // Without a name or a document there is no statistic any more; while
            // only the document is missing, it waits.
            match rules.limit {
                Some(limit) if named => {
                    let kept = self.admitted.entry(target).or_default();
                    if kept.window != limit.window() {
                        *kept = Admitted { window: limit.window(), ..Admitted::default() };
                    }
                    kept.highest = kept.highest.max(limit.threshold());
                }
                None if named && rules.names_missing => {}
                _ => drop(self.admitted.remove(target)),
            }
            match rules.most {
                Some(_) if named => {
                    self.life += 1;
                    self.lives.entry(target).or_insert(self.life);
                }
                None if named && rules.names_missing => {}
                _ => drop(self.lives.remove(target)),
            }
        }
        self.rules = rules;
    }

    /// The gates of a kind that an entry to the resource is asked, by target.
    fn asked(&self, resource: &str) -> impl Iterator<Item = &'static str> {
        targets(resource).iter().copied().filter(|target| self.rules.names(target))
    }

    fn look_at_all(&self) -> Vec<Explanation> {
        RESOURCES.iter().map(|resource| self.engine.explain(resource, Ask::default(), Tick(self.now))).collect()
    }

    fn enter(&mut self, resource: u8, cost: u32, outbound: bool, late: u64) {
        let resource = RESOURCES[usize::from(resource) % RESOURCES.len()];
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let (ask, now) = (Ask { cost, direction }, self.now.saturating_sub(late));
        let explained = self.engine.explain(resource, ask, Tick(now));
        let before = if explained.answer == Verdict::Block { self.look_at_all() } else { Vec::new() };
        let (permit, wait) = match self.engine.enter(resource, ask, Tick(now)) {
            Decision::Pass(permit) => (permit, None),
            Decision::Wait(wait, permit) => (permit, Some(wait)),
            Decision::Block(blocked) => {
                assert_eq!((explained.answer, explained.retry_after), (Verdict::Block, blocked.retry_after));
                // Overload takes note that it has blocked; nobody else does.
                if blocked.strategy != StrategyKind::AdaptiveOverloadProtection {
                    assert_eq!(self.look_at_all(), before, "a trace of a blocked entry");
                }
                if late == 0 {
                    self.retry(resource, ask, &explained, blocked);
                }
                return;
            }
        };
        assert_eq!((explained.answer == Verdict::Wait, explained.wait), (wait.is_some(), wait), "{explained:?}");
        assert_ne!((explained.answer, wait), (Verdict::Block, Some(Span::ZERO)));
        self.passed(resource, u64::from(cost), now);
        let asked = self.asked(resource).filter(|_| self.rules.most.is_some());
        let counted = asked.filter_map(|target| Some((target, *self.lives.get(target)?))).collect();
        self.open.push(Open { permit, inbound: !outbound, counted, cost: u64::from(cost) });
        let most = self.rules.most.map(|most| u64::from(most % 16));
        for target in self.asked(resource).filter(|_| most.is_some()) {
            let life = self.lives.get(target).copied();
            let counts = |open: &&Open| open.counted.iter().any(|(of, since)| *of == target && Some(*since) == life);
            let in_flight: u64 = self.open.iter().filter(counts).map(|open| open.cost).sum();
            assert!(Some(in_flight) <= most, "{in_flight} in flight through {target}");
        }
    }

    /// A nanosecond before retryAfter it still blocks, and then it does not.
    fn retry(&self, resource: &str, ask: Ask, explained: &Explanation, blocked: Blocked) {
        let Some(after) = blocked.retry_after else { return };
        let position = explained.gates.iter().position(|gate| gate.answer == Verdict::Block).unwrap();
        let Some(then) = self.now.checked_add(after.nanos()) else { return };
        let answer = |now| self.engine.explain(resource, ask, Tick(now)).gates[position].answer;
        assert_ne!(answer(then), Verdict::Block, "{after} after {}: {explained:?}", self.now);
        assert_eq!(answer(then - 1), Verdict::Block, "{after} after {}: {explained:?}", self.now);
    }

    /// No interval of the window holds more than the limit.
    fn passed(&mut self, resource: &str, cost: u64, now: u64) {
        let Some(limit) = self.rules.limit else { return };
        let asked: Vec<_> = self.asked(resource).collect();
        for target in asked {
            let Some(admitted) = self.admitted.get_mut(target) else { continue };
            admitted.entries.push((now, cost));
            let window = admitted.window;
            let sum = |end: u64| -> u64 {
                let inside = |(at, _): &&(u64, u64)| *at <= end && end - *at < window;
                admitted.entries.iter().filter(inside).map(|(_, cost)| cost).sum()
            };
            let own = sum(now);
            assert!(own <= limit.threshold(), "{own} in the window that ends at {now}, of {}", limit.threshold());
            for (end, _) in admitted.entries.iter().filter(|(end, _)| *end > now) {
                assert!(sum(*end) <= admitted.highest, "{} in the window that ends at {end}", sum(*end));
            }
        }
    }

    /// What holds at any moment.
    fn look(&self) {
        let inbound = self.open.iter().filter(|open| open.inbound).count() as u64;
        assert_eq!(self.engine.figures().in_flight, inbound);
    }

    /// When all have left there is nothing in flight, and after an hour of calm
    /// everything that is not shut for good lets one in again.
    fn end(mut self) {
        for open in &mut self.open {
            self.engine.exit(&mut open.permit, Outcome::default(), Tick(self.now));
        }
        let figures = self.engine.figures();
        assert_eq!(figures.in_flight, 0);
        for resource in figures.resources {
            assert!(resource.in_flight == 0, "{resource:?}");
        }
        self.engine.set_system_load(SystemLoad::default(), Tick(self.now));
        let hour = 3_600_000_000_000;
        let shut = self.rules.limit.is_some_and(|limit| limit.threshold() == 0)
            || self.rules.most.is_some_and(|most| most.is_multiple_of(16));
        for (number, resource) in (1u64..).zip(RESOURCES).filter(|_| !shut && self.now < 1 << 50) {
            let later = self.now + hour * number;
            let came = self.engine.enter(resource, Ask::default(), Tick(later));
            let Decision::Pass(mut permit) = came else { panic!("{resource} after an hour: {came:?}") };
            self.engine.exit(&mut permit, Outcome::default(), Tick(later));
        }
    }
}
