//! Explanations as people read them.

use super::breaker::Breaker;
use super::explain::{Explanation, GateExplanation, Verdict};
use super::gate::Refused;
use super::overload::Figure;
use crate::stat::event::BreakerState;
use crate::stat::window::Completions;
use crate::time::Span;
use std::cmp::Ordering;
use std::fmt;

/// Why an overload protection answers as it does. `room` is what is in flight
/// and what may be, where that decides.
pub(super) fn overload(figure: Figure, used: Option<f64>, threshold: f64, room: Option<(u64, u64)>) -> String {
    let (name, unit): (_, fn(f64) -> String) = match figure {
        Figure::Cpu => ("the CPU use", percent),
        Figure::Load1 => ("the load average", rounded),
        Figure::Memory => ("the memory use", percent),
    };
    let limit = unit(threshold);
    let reads = match used {
        None => format!("{name} is not known"),
        Some(value) => {
            let relation = match value.total_cmp(&threshold) {
                Ordering::Less => "under",
                Ordering::Equal => "at",
                Ordering::Greater => "over",
            };
            format!("{name} is {}, {relation} the threshold of {limit}", unit(value))
        }
    };
    match (used, room) {
        (None, None) => format!("{reads}, so nothing is blocked; the threshold is {limit}"),
        (Some(_), None) => reads,
        (_, Some((in_flight, most))) => {
            let relation = if in_flight > most { "over" } else { "within" };
            let is_reached = used.is_some_and(|value| value >= threshold);
            let lately = if is_reached { "" } else { ", and was at the threshold less than 1s ago" };
            format!(
                "{reads}{lately}; {in_flight} in flight, {relation} the limit of {most} worked out from the last 10s"
            )
        }
    }
}

/// Why a concurrency limit answers as it does.
pub(super) fn concurrency(used: u64, most: u64, cost: u64) -> String {
    match never(cost, most) {
        Some(never) => never,
        None => format!("{used} of {most} in flight{}", and_cost(cost)),
    }
}

/// Why a circuit breaker answers as it does.
pub(super) fn breaker(breaker: &Breaker, state: BreakerState, blocks: Option<Span>, seen: Completions) -> String {
    let limits = &breaker.limits;
    let recovery = readable(limits.recovery);
    match (state, blocks) {
        (BreakerState::Closed, _) => {
            let window = readable(breaker.window.length());
            let (are_bad, be_bad) = match limits.slower_than.map(readable) {
                Some(longest) => (format!("took longer than {longest}"), format!("take longer than {longest}")),
                None => ("failed".to_owned(), "fail".to_owned()),
            };
            let (so_far, do_it) = match seen {
                Completions { total: 0, .. } => (format!("no calls in the last {window}"), be_bad),
                Completions { total, bad } => {
                    (format!("{bad} of {total} calls in the last {window} {are_bad}"), "do".to_owned())
                }
            };
            let share = Some(limits.ratio.as_f64()).filter(|ratio| *ratio > 0.0).map_or("any".to_owned(), percent);
            let least = if limits.least > 1 { format!(" of at least {}", limits.least) } else { String::new() };
            format!("closed: {so_far}; it opens when {share}{least} {do_it}")
        }
        (BreakerState::Open, Some(left)) => format!("open: it lets one probe pass in {}", readable(left)),
        (BreakerState::Open, None) => format!("open: its {recovery} are over, so this one would pass as a probe"),
        (BreakerState::HalfOpen, Some(left)) => {
            format!("half-open: a probe is on its way; should it not end, the next may pass in {}", readable(left))
        }
        (BreakerState::HalfOpen, None) => {
            format!("half-open: the probe did not end within {recovery}, so this one would pass in its place")
        }
    }
}

/// Why a rate limit answers as it does.
pub(super) fn rate(answer: Result<Span, Refused>, used: u64, threshold: u64, window: Span, cost: u64) -> String {
    let admitted = format!("{used} of {threshold} admitted in the last {}{}", readable(window), and_cost(cost));
    match (answer, never(cost, threshold)) {
        (_, Some(never)) => never,
        (Err(Some(span)), None) => format!("{admitted}; there is room in {}", readable(span)),
        (_, None) => admitted,
    }
}

/// Why a throttle answers as it does.
pub(super) fn pacing(answer: Result<Span, Refused>, wait: Span, interval: Span, timeout: Span, cost: u64) -> String {
    let every = match interval {
        Span::ZERO => "no distance is asked for".to_owned(),
        interval => format!("one passes every {}{}", readable(interval), and_cost(cost)),
    };
    match answer {
        Ok(Span::ZERO) => format!("{every}; nobody waits"),
        Ok(_) => format!("{every}; the queue is {} long", readable(wait)),
        Err(_) => {
            format!("{every}; the queue is {} long, and nobody waits longer than {}", readable(wait), readable(timeout))
        }
    }
}

/// What never passes, whatever comes.
fn never(cost: u64, most: u64) -> Option<String> {
    match most {
        0 => Some("the limit is 0: nothing passes".to_owned()),
        most if cost > most => Some(format!("this costs {cost}, more than the limit of {most}: it never passes")),
        _ => None,
    }
}

fn and_cost(cost: u64) -> String {
    if cost == 1 { String::new() } else { format!(", and this costs {cost}") }
}

/// In seconds, or the largest smaller unit of which it is at least one; with up
/// to three decimals, rounded up.
fn readable(span: Span) -> String {
    let (unit, name) = match span.nanos() {
        1_000_000_000.. => (1_000_000_000, "s"),
        1_000_000.. => (1_000_000, "ms"),
        1_000.. => (1_000, "us"),
        nanos => return format!("{nanos}ns"),
    };
    let thousandths = u128::from(span.nanos()).saturating_mul(1000).div_ceil(unit);
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn percent(share: f64) -> String {
    format!("{}%", rounded(share * 100.0))
}

/// With up to three decimals.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Verdict {
    /// The word for it, `pass`, `wait` or `block`: also what it is serialized as.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Wait => "wait",
            Verdict::Block => "block",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Explanation {
    /// The answer in the first line, then two lines for each gate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.answer)?;
        match (self.wait, self.retry_after) {
            (Some(wait), _) => write!(f, ", {}", readable(wait))?,
            (None, Some(after)) => write!(f, ", retry after {}", readable(after))?,
            (None, None) => {}
        }
        if !self.governed {
            write!(f, " (no rule names it)")?;
        } else if self.gates.is_empty() {
            write!(f, " (no strategy of its rules is there)")?;
        }
        self.gates.iter().try_for_each(|gate| write!(f, "\n\n{gate}"))
    }
}

impl fmt::Display for GateExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GateExplanation { target, kind, strategy, rule, answer, why, .. } = self;
        let target = if target.is_empty() { "every inbound entry" } else { target };
        write!(f, "  {answer:<5}  {kind} {strategy}, by the rule {rule} for {target}\n         {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::breaker::Limits;
    use crate::ratio::Ratio;
    use crate::stat::window::Window;
    use crate::sync::Arc;

    #[test]
    fn times_are_rounded_up_to_what_is_read() {
        let cases = [
            (0, "0ns"),
            (999, "999ns"),
            (1_500, "1.5us"),
            (20_000_000, "20ms"),
            (11_999_999_999, "12s"),
            (1_000_000_001, "1.001s"),
            (999_999_999, "1000ms"),
            (60_000_000_000, "60s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(readable(Span(nanos)), text);
        }
    }

    #[test]
    fn rates_say_how_much_and_until_when() {
        let second = Span::from_secs(1);
        let rate = |answer, used, threshold, cost| rate(answer, used, threshold, second, cost);
        assert_eq!(rate(Ok(Span::ZERO), 9, 10, 1), "9 of 10 admitted in the last 1s");
        assert_eq!(
            rate(Err(Some(Span::from_millis(200))), 9, 10, 3),
            "9 of 10 admitted in the last 1s, and this costs 3; there is room in 200ms"
        );
        assert_eq!(rate(Err(None), 0, 10, 11), "this costs 11, more than the limit of 10: it never passes");
        assert_eq!(rate(Err(None), 0, 0, 1), "the limit is 0: nothing passes");
    }

    #[test]
    fn concurrency_says_how_much_is_in_flight() {
        assert_eq!(concurrency(3, 10, 1), "3 of 10 in flight");
        assert_eq!(concurrency(9, 10, 2), "9 of 10 in flight, and this costs 2");
        assert_eq!(concurrency(0, 1, 2), "this costs 2, more than the limit of 1: it never passes");
    }

    #[test]
    fn queues_say_how_long_they_are() {
        let ms = Span::from_millis;
        let pacing = |answer, wait, interval, cost| pacing(answer, ms(wait), ms(interval), ms(30), cost);
        assert_eq!(pacing(Ok(Span::ZERO), 0, 20, 1), "one passes every 20ms; nobody waits");
        assert_eq!(pacing(Ok(ms(20)), 20, 20, 2), "one passes every 20ms, and this costs 2; the queue is 20ms long");
        assert_eq!(
            pacing(Err(Some(ms(10))), 40, 20, 1),
            "one passes every 20ms; the queue is 40ms long, and nobody waits longer than 30ms"
        );
        assert_eq!(pacing(Ok(ms(5)), 5, 0, 1), "no distance is asked for; the queue is 5ms long");
    }

    #[test]
    fn breakers_say_what_opens_them_and_what_is_next() {
        let second = Span::from_secs(1);
        let breaker = |percent: u64, least, slower_than| Breaker {
            limits: Arc::new(Limits {
                slower_than,
                ratio: Ratio::new(percent, 100).unwrap(),
                least,
                recovery: Span::from_secs(5),
            }),
            circuit: Arc::default(),
            window: Arc::new(Window::new(Span::from_secs(30))),
        };
        let slow = breaker(60, 5, Some(Span::from_millis(500)));
        let why =
            |of: &Breaker, state, blocks, total, bad| super::breaker(of, state, blocks, Completions { total, bad });
        assert_eq!(
            why(&slow, BreakerState::Closed, None, 0, 0),
            "closed: no calls in the last 30s; it opens when 60% of at least 5 take longer than 500ms"
        );
        assert_eq!(
            why(&slow, BreakerState::Closed, None, 10, 2),
            "closed: 2 of 10 calls in the last 30s took longer than 500ms; it opens when 60% of at least 5 do"
        );
        assert_eq!(
            why(&breaker(0, 1, None), BreakerState::Closed, None, 0, 0),
            "closed: no calls in the last 30s; it opens when any fail"
        );
        let why = |state, blocks| why(&slow, state, blocks, 10, 6);
        assert_eq!(why(BreakerState::Open, Some(second)), "open: it lets one probe pass in 1s");
        assert_eq!(why(BreakerState::Open, None), "open: its 5s are over, so this one would pass as a probe");
        assert_eq!(
            why(BreakerState::HalfOpen, Some(second)),
            "half-open: a probe is on its way; should it not end, the next may pass in 1s"
        );
        assert_eq!(
            why(BreakerState::HalfOpen, None),
            "half-open: the probe did not end within 5s, so this one would pass in its place"
        );
    }

    #[test]
    fn overload_says_the_figure_and_what_is_in_flight() {
        let cpu = |used, room| overload(Figure::Cpu, used, 0.8, room);
        assert_eq!(cpu(None, None), "the CPU use is not known, so nothing is blocked; the threshold is 80%");
        assert_eq!(cpu(Some(0.2), None), "the CPU use is 20%, under the threshold of 80%");
        assert_eq!(cpu(Some(0.8), None), "the CPU use is 80%, at the threshold of 80%");
        assert_eq!(
            cpu(Some(0.9), Some((5, 3))),
            "the CPU use is 90%, over the threshold of 80%; 5 in flight, over the limit of 3 worked out from the last 10s"
        );
        assert_eq!(
            cpu(None, Some((3, 3))),
            "the CPU use is not known, and was at the threshold less than 1s ago; \
             3 in flight, within the limit of 3 worked out from the last 10s"
        );
        assert_eq!(
            overload(Figure::Load1, Some(3.25), 4.0, None),
            "the load average is 3.25, under the threshold of 4"
        );
    }

    #[test]
    fn shares_are_percentages() {
        assert_eq!(percent(0.6), "60%");
        assert_eq!(percent(1.0 / 3.0), "33.333%");
        assert_eq!(percent(0.005), "0.5%");
        assert_eq!((rounded(10.0), rounded(0.0), rounded(f64::INFINITY)), ("10".into(), "0".into(), "inf".into()));
    }
}
