//! All gates together, against a model that keeps every entry and every
//! completion as it was and works everything out anew each time.

use crate::kit::{Answer, Plane, breaker, concurrency, pacing, rate, rule};
use proptest::prelude::*;
use sergo::compile::resolved::ResolvedRule;
use sergo::spec::strategy::Bad;
use sergo::stat::event::{BreakerState, Event};

const CASES: u32 = 10_000;
const WINDOW: u64 = 1000;

/// When the breaker opens.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limits {
    percent: u64,
    recovery: u64,
    least: u64,
    /// Whether an error is bad, or else a response time over 50.
    errors: bool,
}

/// What the rules say, for one target.
#[derive(Clone, Debug, PartialEq)]
struct Rules {
    /// Most in flight.
    most: Option<u64>,
    breaker: Option<Limits>,
    limit: Option<u64>,
    /// Interval and timeout.
    pacing: Option<(u64, u64)>,
    /// Whether the documents that are not there are missing, or not named.
    named: bool,
}

impl Rules {
    fn resolved(&self) -> Vec<ResolvedRule> {
        let strategies = [
            ("c", self.most.map(concurrency)),
            (
                "b",
                self.breaker.map(|Limits { percent, recovery, least, errors }| {
                    let bad = if errors { Bad::Error } else { Bad::SlowerThan(sergo::Span(50)) };
                    breaker(bad, percent, WINDOW, recovery, least)
                }),
            ),
            ("l", self.limit.map(|limit| rate(limit, WINDOW))),
            ("t", self.pacing.map(|(interval, timeout)| pacing(interval, timeout))),
        ];
        let named: Vec<_> = strategies.into_iter().filter(|(_, spec)| self.named || spec.is_some()).collect();
        vec![rule("r", &["a"], &named)]
    }
}

/// A statistic that is there, asked or not.
struct Kept<T> {
    of: T,
    /// Grows with every life.
    life: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    start: u64,
    cost: u64,
    /// The lives of the statistics that it passed.
    gauge: Option<usize>,
    circuit: Option<usize>,
    /// How many changes of the breaker it has seen.
    changes: usize,
    /// Its number as a probe.
    probe: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Circuit {
    Closed,
    Open(u64),
    HalfOpen { lease: u64, probe: usize },
}

struct Breaker {
    state: Circuit,
    changes: usize,
    probes: usize,
    completions: Vec<(u64, bool)>,
    /// The limits it was last asked by.
    limits: Limits,
}

/// A change of the breaker: from, to, and by which total and bad.
type Told = (BreakerState, BreakerState, Option<(u64, u64)>);

#[derive(Default)]
struct Model {
    rules: Option<Rules>,
    lives: usize,
    gauge: Option<Kept<u64>>,
    breaker: Option<Kept<Breaker>>,
    admitted: Option<Vec<(u64, u64)>>,
    free: Option<u64>,
    events: Vec<Told>,
}

fn state(circuit: &Circuit) -> BreakerState {
    match circuit {
        Circuit::Closed => BreakerState::Closed,
        Circuit::Open(_) => BreakerState::Open,
        Circuit::HalfOpen { .. } => BreakerState::HalfOpen,
    }
}

impl Model {
    fn load(&mut self, rules: Rules) {
        self.lives += 1;
        let life = self.lives;
        let keep = |is: bool, was: bool| is || rules.named && was;
        self.gauge = self.gauge.take().filter(|_| keep(rules.most.is_some(), true));
        self.breaker = self.breaker.take().filter(|_| keep(rules.breaker.is_some(), true));
        self.admitted = self.admitted.take().filter(|_| keep(rules.limit.is_some(), true));
        self.free = self.free.take().filter(|_| keep(rules.pacing.is_some(), true));
        if rules.most.is_some() {
            self.gauge.get_or_insert(Kept { of: 0, life });
        }
        if let Some(limits) = rules.breaker {
            // What measures something else is another breaker.
            self.breaker = self.breaker.take().filter(|kept| kept.of.limits.errors == limits.errors);
            let new = || Breaker { state: Circuit::Closed, changes: 0, probes: 0, completions: vec![], limits };
            self.breaker.get_or_insert_with(|| Kept { of: new(), life }).of.limits = limits;
        }
        if rules.limit.is_some() {
            self.admitted.get_or_insert_default();
        }
        if rules.pacing.is_some() {
            self.free.get_or_insert(0);
        }
        self.rules = Some(rules);
    }

    /// The wait and the entry, or who blocks and retryAfter.
    fn enter(&mut self, cost: u64, now: u64) -> Result<(u64, Entry), (&'static str, Option<u64>)> {
        let rules = self.rules.clone().unwrap();
        if let (Some(most), Some(gauge)) = (rules.most, &self.gauge)
            && gauge.of + cost > most
        {
            return Err(("c", None));
        }
        let mut probes = false;
        if let (Some(Limits { recovery, .. }), Some(breaker)) = (rules.breaker, &self.breaker) {
            let over = match breaker.of.state {
                Circuit::Closed => None,
                Circuit::Open(since) => Some(since + recovery),
                Circuit::HalfOpen { lease, .. } => Some(lease + recovery),
            };
            if let Some(over) = over {
                if over > now {
                    return Err(("b", Some(over - now)));
                }
                probes = true;
            }
        }
        if let (Some(limit), Some(admitted)) = (rules.limit, &self.admitted) {
            let count = |at: u64| admitted.iter().filter(|(t, _)| t + WINDOW > at).map(|(_, c)| c).sum::<u64>();
            let times = admitted.iter().map(|(t, _)| t + WINDOW).filter(|t| *t > now).chain([now]);
            match times.filter(|at| count(*at) + cost <= limit).min() {
                None => return Err(("l", None)),
                Some(at) if at > now => return Err(("l", Some(at - now))),
                Some(_) => {}
            }
        }
        let mut wait = 0;
        if let (Some((interval, timeout)), Some(free)) = (rules.pacing, &mut self.free) {
            wait = free.saturating_sub(now);
            if wait > timeout {
                return Err(("t", Some(wait - timeout)));
            }
            if interval > 0 {
                *free = now + wait + interval * cost;
            }
        }
        if let (Some(_), Some(admitted)) = (rules.limit, &mut self.admitted) {
            admitted.push((now, cost));
        }
        let gauge = self.gauge.as_mut().filter(|_| rules.most.is_some()).map(|gauge| {
            gauge.of += cost;
            gauge.life
        });
        let mut entry = Entry { start: now + wait, cost, gauge, circuit: None, changes: 0, probe: None };
        if let (Some(_), Some(Kept { of: breaker, life })) = (rules.breaker, &mut self.breaker) {
            if probes {
                breaker.probes += 1;
                if let Circuit::Open(_) = breaker.state {
                    breaker.changes += 1;
                    self.events.push((BreakerState::Open, BreakerState::HalfOpen, None));
                }
                breaker.state = Circuit::HalfOpen { lease: now + wait, probe: breaker.probes };
                entry.probe = Some(breaker.probes);
            }
            entry.circuit = Some(*life);
            entry.changes = breaker.changes;
        }
        Ok((wait, entry))
    }

    fn exit(&mut self, entry: &Entry, error: bool, now: u64) {
        if let Some(gauge) = &mut self.gauge
            && entry.gauge == Some(gauge.life)
        {
            gauge.of -= entry.cost;
        }
        let Some(Kept { of: breaker, life }) = &mut self.breaker else { return };
        if entry.circuit != Some(*life) || entry.changes != breaker.changes {
            return;
        }
        let Limits { percent, least, errors, .. } = breaker.limits;
        let bad = if errors { error } else { now.saturating_sub(entry.start) > 50 };
        let before = state(&breaker.state);
        match &breaker.state {
            Circuit::Closed => {
                breaker.completions.push((now, bad));
                let slice = |t: u64| t / (WINDOW / 10);
                let inside = |(t, _): &&(u64, bool)| slice(*t) + 10 > slice(now);
                let total = breaker.completions.iter().filter(inside).count() as u64;
                let bads = breaker.completions.iter().filter(inside).filter(|(_, bad)| *bad).count() as u64;
                if total >= least && bads > 0 && bads * 100 >= total * percent {
                    breaker.state = Circuit::Open(now);
                    breaker.changes += 1;
                    self.events.push((before, BreakerState::Open, Some((total, bads))));
                }
            }
            Circuit::HalfOpen { probe, .. } if entry.probe == Some(*probe) => {
                breaker.changes += 1;
                breaker.completions.clear();
                breaker.state = if bad { Circuit::Open(now) } else { Circuit::Closed };
                self.events.push((before, state(&breaker.state), None));
            }
            _ => {}
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Enter(u32),
    /// Which, and whether it failed.
    Exit(usize, bool),
    Tick(u64),
    Load(Rules),
    /// Goes to one nanosecond before what the last block said, then on time.
    Retry,
}

fn limits() -> impl Strategy<Value = Limits> {
    let percent = prop::sample::select(vec![0, 33, 50, 100]);
    let limits = (percent, 1u64..600, 1u64..5, any::<bool>());
    limits.prop_map(|(percent, recovery, least, errors)| Limits { percent, recovery, least, errors })
}

fn rules() -> impl Strategy<Value = Rules> {
    let most = prop::option::weighted(0.6, 0u64..8);
    let breaker = prop::option::weighted(0.8, limits());
    let limit = prop::option::weighted(0.6, 0u64..14);
    let pacing = prop::option::weighted(0.5, (0u64..120, 0u64..400));
    (most, breaker, limit, pacing, any::<bool>()).prop_map(|(most, breaker, limit, pacing, named)| Rules {
        most,
        breaker,
        limit,
        pacing,
        named,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop_oneof![6 => Just(1u32), 1 => 2u32..4].prop_map(Step::Enter),
        8 => any::<(usize, bool)>().prop_map(|(which, error)| Step::Exit(which, error)),
        5 => prop_oneof![8 => 0u64..120, 1 => 400u64..1500].prop_map(Step::Tick),
        2 => Just(Step::Retry),
        1 => rules().prop_map(Step::Load),
    ]
}

struct Run {
    plane: Plane,
    model: Model,
    now: u64,
    open: Vec<(sergo::Permit, Entry)>,
    /// Who blocked last, retryAfter and cost, while nothing else has happened.
    blocked: Option<(String, u64, u32)>,
}

impl Run {
    fn enter(&mut self, cost: u32) -> Result<(), TestCaseError> {
        let expected = self.model.enter(u64::from(cost), self.now);
        let bits = expected.is_err().then(|| self.plane.bits());
        self.blocked = None;
        match (self.plane.enter("a", cost, self.now), expected) {
            (Answer::Pass(wait, permit), Ok((waits, entry))) => {
                prop_assert_eq!(wait, waits);
                self.open.push((permit, entry));
            }
            (Answer::Block(by, after), Err((blocks, retries))) => {
                prop_assert_eq!((by.as_str(), after), (blocks, retries));
                prop_assert_eq!(Some(self.plane.bits()), bits);
                self.blocked = after.map(|after| (by, after, cost));
            }
            (answer, expected) => prop_assert!(false, "{answer:?} for {expected:?} at {}", self.now),
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Enter(cost) => self.enter(*cost)?,
            Step::Tick(by) => {
                self.now += by;
                self.blocked = None;
            }
            Step::Exit(which, error) if !self.open.is_empty() => {
                let (mut permit, entry) = self.open.swap_remove(which % self.open.len());
                self.plane.exit(&mut permit, *error, self.now);
                // A second exit does nothing.
                self.plane.exit(&mut permit, !*error, self.now);
                self.model.exit(&entry, *error, self.now);
                self.blocked = None;
            }
            Step::Load(rules) => {
                self.plane.load(&rules.resolved());
                self.model.load(rules.clone());
                self.blocked = None;
            }
            Step::Retry => {
                if let Some((by, after, cost)) = self.blocked.take() {
                    self.now += after - 1;
                    self.enter(cost)?;
                    prop_assert_eq!(&self.blocked, &Some((by.clone(), 1, cost)));
                    self.now += 1;
                    self.enter(cost)?;
                    // On time it passes this gate, if perhaps not a later one.
                    prop_assert_ne!(self.blocked.as_ref().map(|(by, ..)| by), Some(&by));
                }
            }
            Step::Exit(..) => {}
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_answer_state_and_event_is_the_models(first in rules(), steps in prop::collection::vec(step(), 1..60)) {
        let mut run =
            Run { plane: Plane::new(&first.resolved()), model: Model::default(), now: 0, open: vec![], blocked: None };
        run.model.load(first);
        for step in &steps {
            run.step(step)?;
            let expected = run.model.breaker.as_ref().map(|kept| state(&kept.of.state));
            prop_assert_eq!(run.plane.table.load().breaker_state("a", "b"), expected, "after {:?} at {}", step, run.now);
        }
        let told: Vec<_> = run.plane.state.events.drain().into_iter().filter_map(|event| match event {
            Event::Breaker { from, to, total, bad, .. } => Some((from, to, total.zip(bad))),
            _ => None,
        }).collect();
        prop_assert_eq!(told, run.model.events);
        // When all have left, nothing is in flight.
        for (mut permit, _) in run.open {
            run.plane.exit(&mut permit, false, run.now);
        }
        prop_assert_eq!(run.plane.state.instance.in_flight(), 0);
        prop_assert_eq!(run.plane.table.load().figures(&run.plane.state).resources[0].in_flight, 0);
        if run.model.rules.as_ref().and_then(|rules| rules.most) > Some(0) {
            let most = run.model.rules.unwrap().most.unwrap();
            run.plane.load(&[rule("r", &["a"], &[("c", Some(concurrency(most)))])]);
            prop_assert!(run.plane.enter("a", u32::try_from(most).unwrap(), run.now).passed());
        }
    }
}
