//! Drawing the calls of one plan.

use super::super::order::Call;
use super::plan::{Latency, Phases, Plan};
use sergo::{Direction, Rolls, SystemLoad};
use std::f64::consts::TAU;

/// How long a call takes where nothing is said.
const LATENCY: Latency = Latency::Fixed(0.02);
/// How many standard deviations the 99th percentile is from the median.
const P99: f64 = 2.326_347_874_040_841;
/// A part of a request so small that it is one of rounding.
const NOTHING: f64 = 1e-9;

/// The calls of one plan, one after the other.
pub(super) struct Draw {
    plan: Plan,
    resource: usize,
    rolls: Rolls<'static>,
    /// The moments at which the rate may change, sorted.
    edges: Vec<f64>,
    /// How many of them are past.
    past: usize,
    /// The moment reached, in seconds.
    now: f64,
    /// The next call; `None` at the end.
    pub(super) next: Option<Call>,
}

impl Draw {
    pub(super) fn new(plan: &Plan, resource: usize, seed: u64, index: u64) -> Draw {
        let mut edges: Vec<f64> = plan.rates.edges().collect();
        edges.sort_by(f64::total_cmp);
        let rolls = Rolls::seeded(seed ^ index.rotate_left(48));
        let mut draw = Draw { plan: plan.clone(), resource, rolls, edges, past: 0, now: 0.0, next: None };
        draw.next = if plan.evenly { draw.call(0.0) } else { draw.advance() };
        draw
    }

    /// The next call, which is no longer it.
    pub(super) fn take(&mut self) -> Option<Call> {
        let next = self.advance();
        std::mem::replace(&mut self.next, next)
    }

    /// Draws the call after the moment reached.
    fn advance(&mut self) -> Option<Call> {
        // Requests come one by one as rolls say, or at once each; a gap of a
        // whole one is 1 / rate long.
        let gap = if self.plan.evenly { 1.0 } else { exponential(&mut self.rolls) };
        self.call(gap)
    }

    /// The call that is so many requests after the moment reached.
    fn call(&mut self, mut gap: f64) -> Option<Call> {
        loop {
            let edge = loop {
                let edge = *self.edges.get(self.past)?;
                if edge > self.now {
                    break edge;
                }
                self.past += 1;
            };
            let rate = self.plan.rates.at(self.now).unwrap_or(0.0);
            let until_edge = (edge - self.now) * rate;
            if gap < until_edge - NOTHING {
                self.now += gap / rate;
                break;
            }
            gap = (gap - until_edge).max(0.0);
            self.now = edge;
        }
        Some(self.at(self.now))
    }

    fn at(&mut self, now: f64) -> Call {
        let plan = &self.plan;
        let latency = plan.latencies.at(now).unwrap_or(LATENCY);
        let duration = seconds(latency, &mut self.rolls);
        let error = plan.errors.at(now).is_some_and(|share| self.rolls.roll() < share);
        // Where a figure is spoken of at all, it is 0 while nothing else is said.
        let figure = |phases: &Phases<f64>| (!phases.is_empty()).then(|| phases.at(now).unwrap_or(0.0));
        let load = SystemLoad { cpu: figure(&plan.cpu), load1: figure(&plan.load1), memory: figure(&plan.memory) };
        Call {
            start: nanos(now) as i64,
            line: 0,
            duration: nanos(duration),
            resource: Some(self.resource),
            cost: plan.costs.at(now).unwrap_or(1),
            error,
            direction: if plan.outbound { Direction::Outbound } else { Direction::Inbound },
            load: (load != SystemLoad::default()).then(|| Box::new(load)),
        }
    }
}

fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

fn seconds(latency: Latency, rolls: &mut Rolls<'_>) -> f64 {
    match latency {
        Latency::Fixed(length) => length,
        Latency::Uniform(from, to) => from + (to - from) * rolls.roll(),
        Latency::Mean(mean) => mean * exponential(rolls),
        Latency::Median(median, p99) => median * ((p99 / median).ln() / P99 * normal(rolls)).exp(),
    }
}

/// With a mean of 1.
fn exponential(rolls: &mut Rolls<'_>) -> f64 {
    -(1.0 - rolls.roll()).ln()
}

/// With a mean of 0 and a standard deviation of 1 (Box and Muller).
fn normal(rolls: &mut Rolls<'_>) -> f64 {
    (2.0 * exponential(rolls)).sqrt() * (TAU * rolls.roll()).cos()
}
