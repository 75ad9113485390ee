//! What a replay came to, as JSON. Moments are nanoseconds since the first
//! request came, lengths of time nanoseconds.

use super::breakers::Breaker;
use super::compare::{Difference, Moves};
use super::names::Names;
use super::outcome::{Outcome, Ruled};
use super::tally::{Counts, Peak};
use super::trace::Unreadable;
use serde::Serialize;
use sergo::stat::event::BreakerState;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whole<'a> {
    trace: Trace<'a>,
    #[serde(flatten)]
    one: Rules<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Rules<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Differences<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trace<'a> {
    name: &'a str,
    format: Option<&'static str>,
    /// When the first request came, where the trace tells the time of day.
    begins: Option<String>,
    length_nanos: u64,
    requests: u64,
    timed: u64,
    loads: u64,
    late: u64,
    spread: bool,
    unreadable: u64,
    unreadable_lines: &'a [Unreadable],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rules<'a> {
    rules: &'a str,
    app: &'a str,
    namespace: &'a str,
    labels: &'a BTreeMap<String, String>,
    total: Row<'a>,
    resources: Vec<Row<'a>>,
    breakers: Vec<States<'a>>,
    timeline: Timeline,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    governed: Option<bool>,
    requests: u64,
    passed: u64,
    waited: u64,
    blocked: u64,
    wait_mean_nanos: Option<u64>,
    wait_max_nanos: Option<u64>,
    first: Option<u64>,
    last: Option<u64>,
    peak_per_second: Most,
    peak_in_flight: Most,
    blocked_by: Vec<Blocker<'a>>,
}

#[derive(Serialize)]
struct Most {
    most: u64,
    at: u64,
}

#[derive(Serialize)]
struct Blocker<'a> {
    kind: &'static str,
    strategy: &'a str,
    rule: &'a str,
    blocked: u64,
    first: u64,
    last: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct States<'a> {
    resource: &'a str,
    strategy: &'a str,
    opened: u64,
    not_closed_nanos: u64,
    changed: u64,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    at: u64,
    from: BreakerState,
    to: BreakerState,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad: Option<u64>,
}

/// Each part is as long as the width says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timeline {
    width_nanos: u64,
    passed: Vec<u64>,
    waited: Vec<u64>,
    blocked: Vec<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Differences<'a> {
    requests: u64,
    first: Option<u64>,
    moves: Vec<Move>,
    resources: Vec<Differing<'a>>,
    first_requests: Vec<Moment<'a>>,
}

#[derive(Serialize)]
struct Move {
    before: &'static str,
    after: &'static str,
    requests: u64,
}

#[derive(Serialize)]
struct Differing<'a> {
    resource: &'a str,
    requests: u64,
    first: Option<u64>,
    moves: Vec<Move>,
}

#[derive(Serialize)]
struct Moment<'a> {
    at: u64,
    line: u64,
    resource: &'a str,
    before: &'a str,
    after: &'a str,
}

impl<'a> Whole<'a> {
    pub(crate) fn new(outcome: &'a Outcome) -> Self {
        let Outcome { trace, told, names, clock, one, other, .. } = outcome;
        let last = one.total().came.map_or(0, |(_, last)| last.0);
        let rules = |ruled| Rules::new(ruled, outcome);
        Whole {
            trace: Trace {
                name: trace,
                format: told.format.map(|format| format.as_str()),
                begins: clock.whole(sergo::Tick(0)),
                length_nanos: last,
                requests: told.requests,
                timed: told.timed,
                loads: told.loads,
                late: told.late,
                spread: told.spread,
                unreadable: told.unreadable,
                unreadable_lines: &told.shown,
            },
            one: rules(one),
            against: other.as_ref().map(|(other, _)| rules(other)),
            difference: other.as_ref().map(|(_, difference)| Differences::new(difference, names)),
        }
    }
}

impl<'a> Rules<'a> {
    fn new(ruled: &'a Ruled, outcome: &'a Outcome) -> Self {
        let names = &outcome.names;
        let resources = ruled.resources(names).into_iter().map(|(number, counts)| Row {
            resource: Some(names.name(number)),
            governed: Some(ruled.governs(names, number)),
            ..Row::new(counts, ruled)
        });
        let timeline = &ruled.run.tally.timeline;
        let part = |index: usize| timeline.parts.iter().map(|part| part.get(index).copied().unwrap_or(0)).collect();
        Rules {
            rules: &ruled.rules,
            app: &ruled.audience.config.app,
            namespace: &ruled.audience.config.namespace,
            labels: &ruled.audience.config.labels,
            total: Row::new(ruled.total(), ruled),
            resources: resources.collect(),
            breakers: ruled.breakers().into_iter().map(|breaker| States::new(breaker, outcome.end)).collect(),
            timeline: Timeline { width_nanos: timeline.width(), passed: part(0), waited: part(1), blocked: part(2) },
        }
    }
}

impl<'a> Row<'a> {
    fn new(counts: &'a Counts, ruled: &'a Ruled) -> Self {
        let most = |peak: Peak| Most { most: peak.most, at: peak.at.0 };
        let blocked_by = counts.blocks.iter().filter_map(|(gate, blocks)| {
            let gate = ruled.run.tally.gates.get(*gate)?;
            let (blocked, first, last) = (blocks.count, blocks.first.0, blocks.last.0);
            Some(Blocker { kind: gate.kind, strategy: &gate.strategy, rule: &gate.rule, blocked, first, last })
        });
        Row {
            resource: None,
            governed: None,
            requests: counts.requests(),
            passed: counts.passed,
            waited: counts.waited,
            blocked: counts.blocked,
            wait_mean_nanos: counts.wait_mean(),
            wait_max_nanos: counts.wait_mean().map(|_| counts.wait_most),
            first: counts.came.map(|(first, _)| first.0),
            last: counts.came.map(|(_, last)| last.0),
            peak_per_second: most(counts.rate),
            peak_in_flight: most(counts.flight),
            blocked_by: blocked_by.collect(),
        }
    }
}

impl<'a> States<'a> {
    fn new(breaker: &'a Breaker, end: sergo::Tick) -> Self {
        let changes = breaker.changes.iter().map(|change| Change {
            at: change.at.0,
            from: change.from,
            to: change.to,
            total: change.judged.map(|(total, _)| total),
            bad: change.judged.map(|(_, bad)| bad),
        });
        States {
            resource: &breaker.target,
            strategy: &breaker.strategy,
            opened: breaker.opened,
            not_closed_nanos: breaker.not_closed(end),
            changed: breaker.changed,
            changes: changes.collect(),
        }
    }
}

impl<'a> Differences<'a> {
    fn new(difference: &'a Difference, names: &'a Names) -> Self {
        let resources = difference.differing(names).into_iter().map(|(number, of)| Differing {
            resource: names.name(number),
            requests: of.differing(),
            first: of.first.map(|first| first.0),
            moves: moves(of),
        });
        let first = difference.first.iter().map(|moment| Moment {
            at: moment.at.0,
            line: moment.line,
            resource: names.name(moment.resource),
            before: &moment.before,
            after: &moment.after,
        });
        Differences {
            requests: difference.total.differing(),
            first: difference.total.first.map(|first| first.0),
            moves: moves(&difference.total),
            resources: resources.collect(),
            first_requests: first.collect(),
        }
    }
}

fn moves(of: &Moves) -> Vec<Move> {
    of.kinds().map(|(before, after, requests)| Move { before, after, requests }).collect()
}
