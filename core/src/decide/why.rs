//! Explanations as people read them.

use super::breaker::Breaker;
use super::explain::{Explanation, GateExplanation, Verdict};
use super::gate::Refused;
use super::overload::Figure;
use crate::stat::event::BreakerState;
use crate::stat::window::Completions;
use crate::time::Span;
use std::fmt;

/// Why an overload protection answers as it does. `proven` is what is in flight
/// and what was seen to work, where that decides.
pub(super) fn overload(figure: Figure, used: Option<f64>, threshold: f64, proven: Option<(u64, u64)>) -> String {
    let (name, unit): (_, fn(f64) -> String) = match figure {
        Figure::Cpu => ("the CPU use", percent),
        Figure::Load1 => ("the load average", rounded),
        Figure::Memory => ("the memory use", percent),
    };
    let limit = unit(threshold);
    let figure = match used {
        None => format!("{name} is not known"),
        Some(value) if value < threshold => format!("{name} is {}, under the threshold of {limit}", unit(value)),
        Some(value) => format!("{name} is {}, and the threshold is {limit}", unit(value)),
    };
    match proven {
        None => figure,
        Some((in_flight, proven)) => {
            let relation = if in_flight > proven { "over" } else { "within" };
            let still = if used.is_some_and(|value| value >= threshold) { "" } else { " since less than 1s" };
            format!("{figure}{still}; {in_flight} in flight, {relation} the {proven} that were seen to work")
        }
    }
}

/// Why a concurrency limit answers as it does.
pub(super) fn concurrency(used: u64, most: u64, cost: u64) -> String {
    format!("{used} of {most} in flight{}", and_cost(cost))
}

/// Why a circuit breaker answers as it does.
pub(super) fn breaker(breaker: &Breaker, state: BreakerState, blocks: Option<Span>, seen: Completions) -> String {
    let limits = &breaker.limits;
    let recovery = readable(limits.recovery);
    match (state, blocks) {
        (BreakerState::Closed, _) => {
            let Completions { total, bad } = seen;
            let are_bad = match limits.slower_than {
                Some(longest) => format!("took longer than {}", readable(longest)),
                None => "failed".to_owned(),
            };
            let window = readable(breaker.window.length());
            let (ratio, least) = (percent(limits.ratio.as_f64()), limits.least);
            format!(
                "closed: {bad} of {total} calls in the last {window} {are_bad}; it opens at {ratio} of {least} or more"
            )
        }
        (BreakerState::Open, Some(left)) => format!("open: the next may probe in {}", readable(left)),
        (BreakerState::Open, None) => format!("open: its {recovery} are over, and this entry would probe"),
        (BreakerState::HalfOpen, Some(left)) => {
            format!("half-open: another entry probes; if it does not end, the next may in {}", readable(left))
        }
        (BreakerState::HalfOpen, None) => {
            format!("half-open: the probe did not end within {recovery}, and this entry would probe in its place")
        }
    }
}

/// Why a rate limit answers as it does.
pub(super) fn rate(answer: Result<Span, Refused>, used: u64, threshold: u64, window: Span, cost: u64) -> String {
    let admitted = format!("{used} of {threshold} admitted in the last {}", readable(window));
    let next = if cost == 1 { "the next".to_owned() } else { format!("a cost of {cost}") };
    match answer {
        Ok(_) => format!("{admitted}{}", and_cost(cost)),
        Err(Some(span)) => format!("{admitted}; {next} passes in {}", readable(span)),
        Err(None) => format!("a cost of {cost} is over the threshold of {threshold}: it never passes"),
    }
}

/// Why a throttle answers as it does.
pub(super) fn pacing(answer: Result<Span, Refused>, wait: Span, interval: Span, timeout: Span) -> String {
    let every = match interval {
        Span::ZERO => "entries need no distance".to_owned(),
        interval => format!("one passes every {}", readable(interval)),
    };
    match answer {
        Ok(Span::ZERO) => format!("{every}; nothing queues"),
        Ok(_) => format!("{every}; the queue is {} long", readable(wait)),
        Err(over) => {
            let (wait, over) = (readable(wait), readable(over.unwrap_or_default()));
            format!("{every}; the queue is {wait} long, {over} over its timeout of {}", readable(timeout))
        }
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
    fn shares_are_percentages() {
        assert_eq!(percent(0.6), "60%");
        assert_eq!(percent(1.0 / 3.0), "33.333%");
        assert_eq!(percent(0.005), "0.5%");
        assert_eq!((rounded(10.0), rounded(0.0), rounded(f64::INFINITY)), ("10".into(), "0".into(), "inf".into()));
    }
}
