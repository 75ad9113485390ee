//! Whole replays of random traces, in random order in their file, against a
//! model that keeps every entry and every completion as it was, and works
//! everything out anew each time.

use super::names::{Names, Shape};
use super::run::{Answer, Run};
use super::source::{Origin, Reading};
use crate::files::File;
use proptest::prelude::*;
use sergo::stat::event::BreakerState;
use sergo::{Config, Span, Tick};
use std::fmt::Write as _;

const CASES: u32 = 600;
/// A millisecond, in which all of the model counts.
const MILLI: u64 = 1_000_000;

/// What one strategy of each kind says, for the resource `a`.
#[derive(Clone, Debug)]
struct Limits {
    most: Option<u64>,
    breaker: Option<Trips>,
    /// Threshold and window.
    limit: Option<(u64, u64)>,
    /// Interval and timeout.
    pacing: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Trips {
    percent: u64,
    least: u64,
    window: u64,
    recovery: u64,
    /// Whether an error is bad, or else a response time over 50.
    errors: bool,
}

#[derive(Clone, Debug)]
struct Asked {
    at: u64,
    duration: u64,
    error: bool,
    cost: u64,
    /// Whether it is for `a`, which the rule is for.
    named: bool,
}

/// Documents with these limits.
fn rules(limits: &Limits) -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    let mut add = |name: &'static str, kind: &str, spec: String| {
        names.push(name);
        let _ = writeln!(
            text,
            "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---"
        );
    };
    if let Some(most) = limits.most {
        add("c", "ConcurrencyLimitStrategy", format!("maxConcurrency: {most}"));
    }
    if let Some(Trips { percent, least, window, recovery, errors }) = limits.breaker {
        let what = if errors {
            "strategy: ErrorRequestRatio"
        } else {
            "strategy: SlowRequestRatio, slowConditions: {maxAllowedRt: 50ms}"
        };
        let spec = format!(
            "{what}, triggerRatio: {percent}%, statDuration: {window}ms, recoveryTimeout: {recovery}ms, minRequestAmount: {least}"
        );
        add("b", "CircuitBreakerStrategy", spec);
    }
    if let Some((threshold, window)) = limits.limit {
        add("l", "RateLimitStrategy", format!("threshold: {threshold}, statDuration: {window}ms"));
    }
    if let Some((interval, timeout)) = limits.pacing {
        let spec = format!("minIntervalOfRequests: {interval}ms, queueTimeout: {timeout}ms");
        add("t", "ThrottlingStrategy", spec);
    }
    let strategies: String = names.iter().map(|name| format!("  - name: {name}\n")).collect();
    text + "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\nmetadata: {name: r}\nspec:\n  \
            targets:\n  - targetResourceName: a\n  strategies:\n"
        + &strategies
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Closed,
    Open { since: u64 },
    HalfOpen { lease: u64, probe: usize },
}

/// One that was let in and has not left.
struct Entry {
    number: usize,
    start: u64,
    end: u64,
    cost: u64,
    error: bool,
    changes: usize,
}

/// What is known of `a`.
struct Model {
    limits: Limits,
    state: State,
    told: Vec<(u64, State)>,
    completions: Vec<(u64, bool)>,
    admitted: Vec<(u64, u64)>,
    free: u64,
    inside: Vec<Entry>,
}

impl Model {
    fn change(&mut self, to: State, now: u64) {
        self.state = to;
        self.told.push((now, to));
    }

    /// All leave that do so by `now`, the earlier first.
    fn leave(&mut self, now: u64) {
        while let Some(index) = (0..self.inside.len()).min_by_key(|index| {
            let entry = &self.inside[*index];
            (entry.end, entry.number)
        }) {
            if self.inside[index].end > now {
                return;
            }
            let entry = self.inside.remove(index);
            self.left(&entry);
        }
    }

    fn left(&mut self, entry: &Entry) {
        let Some(trips) = self.limits.breaker else { return };
        if entry.changes != self.told.len() {
            return;
        }
        let now = entry.end;
        let bad = if trips.errors { entry.error } else { now - entry.start > 50 };
        match self.state {
            State::Closed => {
                self.completions.push((now, bad));
                // Ten slices, compared without rounding their length.
                let slice = |at: u64| at * 10 / trips.window;
                let inside = self.completions.iter().filter(|(at, _)| slice(*at) + 10 > slice(now));
                let (total, bads) = inside.fold((0, 0), |(total, bads), (_, bad)| (total + 1, bads + u64::from(*bad)));
                if total >= trips.least && bads > 0 && bads * 100 >= total * trips.percent {
                    self.change(State::Open { since: now }, now);
                }
            }
            State::HalfOpen { probe, .. } if probe == entry.number => {
                self.completions.clear();
                self.change(if bad { State::Open { since: now } } else { State::Closed }, now);
            }
            _ => {}
        }
    }

    /// The wait, or the strategy that blocks.
    fn enter(&mut self, number: usize, asked: &Asked) -> Result<u64, &'static str> {
        let now = asked.at;
        if let Some(most) = self.limits.most
            && self.inside.iter().map(|entry| entry.cost).sum::<u64>() + asked.cost > most
        {
            return Err("c");
        }
        let mut probes = false;
        if let Some(trips) = self.limits.breaker {
            let over = match self.state {
                State::Closed => 0,
                State::Open { since } => since + trips.recovery,
                State::HalfOpen { lease, .. } => lease + trips.recovery,
            };
            if over > now {
                return Err("b");
            }
            probes = self.state != State::Closed;
        }
        if let Some((threshold, window)) = self.limits.limit {
            let inside = self.admitted.iter().filter(|(at, _)| at + window > now);
            if inside.map(|(_, cost)| cost).sum::<u64>() + asked.cost > threshold {
                return Err("l");
            }
        }
        let mut wait = 0;
        if let Some((interval, timeout)) = self.limits.pacing {
            wait = self.free.saturating_sub(now);
            if wait > timeout {
                return Err("t");
            }
            self.free = now + wait + interval * asked.cost;
        }
        self.admitted.push((now, asked.cost));
        if probes {
            let to = State::HalfOpen { lease: now + wait, probe: number };
            // A probe in the place of another is no change that is told.
            if let State::Open { .. } = self.state { self.change(to, now) } else { self.state = to }
        }
        let start = now + wait;
        let changes = self.told.len();
        let Asked { cost, error, duration, .. } = *asked;
        self.inside.push(Entry { number, start, end: start + duration, cost, error, changes });
        Ok(wait)
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    let trips = (prop::sample::select(vec![1, 33, 50, 100]), 1u64..4, 100u64..2000, 1u64..400, any::<bool>());
    let trips = trips.prop_map(|(percent, least, window, recovery, errors)| Trips {
        percent,
        least,
        window: window / 10 * 10,
        recovery,
        errors,
    });
    let most = prop::option::weighted(0.5, 1u64..6);
    let breaker = prop::option::weighted(0.7, trips);
    let limit = prop::option::weighted(0.6, (1u64..10, 1u64..600));
    let pacing = prop::option::weighted(0.5, (1u64..80, 0u64..300));
    let limits = (most, breaker, limit, pacing).prop_map(|(most, breaker, limit, pacing)| Limits {
        most,
        breaker,
        limit,
        pacing,
    });
    // A rule names at least one strategy.
    limits.prop_map(|limits| match limits {
        Limits { most: None, breaker: None, limit: None, pacing: None } => Limits { limit: Some((3, 100)), ..limits },
        limits => limits,
    })
}

fn requests() -> impl Strategy<Value = Vec<Asked>> {
    let gap = prop_oneof![3 => Just(0u64), 8 => 1u64..40, 1 => 200u64..900];
    let one = (
        gap,
        0u64..150,
        prop::bool::weighted(0.4),
        prop_oneof![5 => Just(1u64), 1 => 2u64..4],
        prop::bool::weighted(0.9),
    );
    prop::collection::vec(one, 1..80).prop_map(|requests| {
        let mut now = 0;
        let asked = requests.into_iter().map(|(gap, duration, error, cost, named)| {
            now += gap;
            Asked { at: now, duration, error, cost, named }
        });
        asked.collect()
    })
}

/// The order of the lines: as a log is written, when requests end.
fn trace(requests: &[Asked]) -> (String, Vec<usize>) {
    let mut order: Vec<usize> = (0..requests.len()).collect();
    order.sort_by_key(|index| requests[*index].at + requests[*index].duration);
    let mut text = String::new();
    for index in &order {
        let Asked { at, duration, error, cost, named } = &requests[*index];
        let resource = if *named { "a" } else { "b" };
        let _ = writeln!(
            text,
            "{{\"time\": {}, \"duration\": \"{duration}ms\", \"error\": {error}, \"cost\": {cost}, \"resource\": \"{resource}\"}}",
            *at as f64 / 1000.0
        );
    }
    (text, order)
}

fn state(state: State) -> BreakerState {
    match state {
        State::Closed => BreakerState::Closed,
        State::Open { .. } => BreakerState::Open,
        State::HalfOpen { .. } => BreakerState::HalfOpen,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_answer_and_every_state_is_the_models(limits in limits(), requests in requests()) {
        let (text, order) = trace(&requests);
        let file = std::env::temp_dir().join(format!("sergo-replay-{}.jsonl", std::process::id()));
        std::fs::write(&file, text).unwrap();

        let files = [File { name: "rules".into(), text: rules(&limits) }];
        prop_assert_eq!(crate::check::report(&files).rejected, vec![]);
        let mut run = Run::new(&files, Config::new(""));
        let mut names = Names::new(Shape::default());
        let reading = Reading { format: None, reorder: Span::ZERO, as_logged: false, seed: 1 };
        let mut answers = Vec::new();
        let told = Origin::Path(file.clone()).read(&reading, &mut names, &run.governs(), &mut |call, names| {
            let answer = run.call(call, Tick(call.start.unsigned_abs()), names).unwrap();
            answers.push((call.line, answer));
        });
        run.end();
        std::fs::remove_file(&file).unwrap();
        let told = told.unwrap();
        prop_assert_eq!((told.requests, told.late, told.unreadable), (requests.len() as u64, 0, 0));

        // Of those that begin at once, the first in the file is the first.
        let mut sorted: Vec<(usize, &Asked)> = order.iter().map(|index| &requests[*index]).enumerate().collect();
        sorted.sort_by_key(|(_, asked)| asked.at);
        let mut model = Model {
            limits, state: State::Closed, told: vec![], completions: vec![], admitted: vec![], free: 0, inside: vec![],
        };
        for ((number, asked), (line, answer)) in sorted.iter().zip(&answers) {
            prop_assert_eq!(*number as u64 + 1, *line);
            model.leave(asked.at);
            let expected = if asked.named { model.enter(*number, asked) } else { Ok(0) };
            let found = match answer {
                Answer::Passed => Ok(0),
                Answer::Waited(wait) => Ok(wait.nanos() / MILLI),
                Answer::Blocked(gate) => Err(run.tally.gates[*gate].strategy.as_str()),
            };
            prop_assert_eq!(found, expected, "line {} at {}", line, asked.at);
        }
        model.leave(u64::MAX);
        let expected: Vec<_> = model.told.iter().map(|(at, to)| (Tick(at * MILLI), state(*to))).collect();
        let found = run.breakers.0.iter().flat_map(|breaker| breaker.changes.iter().map(|change| (change.at, change.to)));
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        let waited = answers.iter().filter(|(_, answer)| matches!(answer, Answer::Waited(_))).count() as u64;
        prop_assert_eq!((run.tally.total.requests(), run.tally.total.waited), (requests.len() as u64, waited));
    }
}
