//! What is to be generated for one resource, as it is written on the command line.

use super::super::trace::quoted;
use sergo::spec::quantity::duration;

/// The requests for one resource: `GET:/foo 100/s for 60s, 30% errors from 30s to 40s`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) resource: String,
    pub(super) rates: Phases<f64>,
    pub(super) latencies: Phases<Latency>,
    /// Shares of one.
    pub(super) errors: Phases<f64>,
    pub(super) costs: Phases<u32>,
    pub(super) cpu: Phases<f64>,
    pub(super) load1: Phases<f64>,
    pub(super) memory: Phases<f64>,
    pub(super) evenly: bool,
    pub(super) outbound: bool,
}

/// How long calls take, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Latency {
    Fixed(f64),
    /// Anything between the two alike.
    Uniform(f64, f64),
    /// Exponential, with this mean.
    Mean(f64),
    /// Log-normal, with this median and 99th percentile.
    Median(f64, f64),
}

/// What holds when: of several that cover a moment, the last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phases<T>(Vec<Phase<T>>);

#[derive(Clone, Debug, PartialEq)]
struct Phase<T> {
    /// In seconds.
    from: f64,
    to: Option<f64>,
    what: T,
}

impl<T> Default for Phases<T> {
    fn default() -> Self {
        Phases(Vec::new())
    }
}

impl<T: Copy> Phases<T> {
    /// What holds at a moment, in seconds.
    pub(super) fn at(&self, moment: f64) -> Option<T> {
        let covers = |phase: &&Phase<T>| phase.from <= moment && phase.to.is_none_or(|to| moment < to);
        self.0.iter().rev().find(covers).map(|phase| phase.what)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The moments at which something else may hold.
    pub(super) fn edges(&self) -> impl Iterator<Item = f64> {
        self.0.iter().flat_map(|phase| [Some(phase.from), phase.to]).flatten()
    }

    fn end(&self) -> Option<f64> {
        self.0.iter().filter_map(|phase| phase.to).reduce(f64::max)
    }
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// What was found and what would be right.
    pub(crate) fn read(text: &str) -> Result<Plan, String> {
        let text = text.trim();
        let (resource, clauses) = text
            .split_once(char::is_whitespace)
            .ok_or_else(|| format!("{} is no resource with clauses behind it: GET:/foo 100/s for 60s", quoted(text)))?;
        let mut plan = Plan { resource: resource.to_owned(), ..Plan::default() };
        for clause in clauses.split(',') {
            let mut words = Words { words: clause.split_whitespace().collect(), at: 0 };
            let understood = plan.add(&mut words)?;
            if !understood || words.at < words.words.len() {
                return Err(format!(
                    "{} is no clause like 100/s, latency 20ms or 30% errors from 30s to 40s; sergo replay --help has all",
                    quoted(clause.trim())
                ));
            }
        }
        if plan.rates.is_empty() {
            return Err(format!("{resource} has no rate: {resource} 100/s for 60s"));
        }
        Ok(plan)
    }

    /// Adds a clause; false where it is none.
    fn add(&mut self, words: &mut Words<'_>) -> Result<bool, String> {
        if let Some(rate) = words.next_if(rate) {
            return words.when(rate, &mut self.rates);
        }
        if let Some(share) = words.next_if(percent) {
            return if words.is("errors") { words.when(share, &mut self.errors) } else { Ok(false) };
        }
        let Some(word) = words.next_if(|word| Some(word.to_owned())) else { return Ok(false) };
        match word.as_str() {
            "latency" => match words.latency() {
                Some(latency) => words.when(latency, &mut self.latencies),
                None => Ok(false),
            },
            "errors" => words.figure(percent, &mut self.errors),
            "cost" => words.figure(|word| word.parse().ok().filter(|cost| *cost > 0), &mut self.costs),
            "cpu" => words.figure(percent, &mut self.cpu),
            "memory" => words.figure(percent, &mut self.memory),
            "load1" => words.figure(number, &mut self.load1),
            "evenly" => {
                self.evenly = true;
                Ok(true)
            }
            "outbound" => {
                self.outbound = true;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The end of its last phase of requests, in seconds.
    pub(super) fn end(&self) -> Option<f64> {
        self.rates.end()
    }

    /// Ends the rates that have none then, where the plan itself says no end.
    pub(super) fn last(&mut self, end: f64) {
        let end = self.end().unwrap_or(end);
        for phase in &mut self.rates.0 {
            phase.to.get_or_insert(end);
        }
    }
}

/// The words of a clause, read one after the other.
struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl Words<'_> {
    fn next_if<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let read = read(self.words.get(self.at)?)?;
        self.at += 1;
        Some(read)
    }

    fn is(&mut self, word: &str) -> bool {
        self.next_if(|found| (found == word).then_some(())).is_some()
    }

    fn figure<T>(&mut self, read: impl Fn(&str) -> Option<T>, phases: &mut Phases<T>) -> Result<bool, String> {
        match self.next_if(read) {
            Some(figure) => self.when(figure, phases),
            None => Ok(false),
        }
    }

    fn latency(&mut self) -> Option<Latency> {
        if self.is("mean") {
            return self.next_if(span).map(Latency::Mean);
        }
        let first = self.next_if(span)?;
        if self.is("to") {
            return self.next_if(span).filter(|last| *last >= first).map(|last| Latency::Uniform(first, last));
        }
        if self.is("p99") {
            return self
                .next_if(span)
                .filter(|p99| *p99 >= first && first > 0.0)
                .map(|p99| Latency::Median(first, p99));
        }
        Some(Latency::Fixed(first))
    }

    /// Reads when something holds, and adds it; false where that is not to be
    /// understood.
    fn when<T>(&mut self, what: T, phases: &mut Phases<T>) -> Result<bool, String> {
        let phase = if self.is("from") {
            let Some(from) = self.next_if(span) else { return Ok(false) };
            let to = if self.is("to") { self.next_if(span) } else { return Ok(false) };
            Phase { from, to, what }
        } else if self.is("at") {
            let Some(from) = self.next_if(span) else { return Ok(false) };
            let length = if self.is("for") { self.next_if(span) } else { Some(1.0) };
            Phase { from, to: length.map(|length| from + length), what }
        } else if self.is("for") {
            Phase { from: 0.0, to: self.next_if(span), what }
        } else {
            phases.0.push(Phase { from: 0.0, to: None, what });
            return Ok(true);
        };
        let Some(to) = phase.to else { return Ok(false) };
        if to <= phase.from {
            return Err(format!("from {}s to {to}s is no time", phase.from));
        }
        phases.0.push(phase);
        Ok(true)
    }
}

/// The most requests a second: one a nanosecond.
const MOST: f64 = 1e9;

/// A rate, per second.
fn rate(word: &str) -> Option<f64> {
    let (count, unit) = word.split_once('/')?;
    let seconds = match unit {
        "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(number(count)? / seconds).filter(|rate| *rate <= MOST)
}

fn percent(word: &str) -> Option<f64> {
    Some(number(word.strip_suffix('%')?)? / 100.0).filter(|share| *share <= 1.0)
}

/// From 0 on.
fn number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// A length of time, in seconds.
fn span(word: &str) -> Option<f64> {
    let nanos = if word == "0" { 0 } else { duration(word)?.nanos() };
    // A hundred days: exact to a nanosecond as a double.
    Some(nanos as f64 / 1e9).filter(|seconds| *seconds <= 8_640_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_covers_a_moment_holds() {
        let plan = Plan::read("GET:/a 6/min for 10s, 5/s at 2s, 7/s from 2.5s to 3s, latency 1ms").unwrap();
        let rates = [0.0, 2.0, 2.5, 3.0, 9.9, 10.0].map(|at| plan.rates.at(at));
        assert_eq!(rates, [Some(0.1), Some(5.0), Some(7.0), Some(0.1), Some(0.1), None]);
        assert_eq!((plan.latencies.at(99.0), plan.end()), (Some(Latency::Fixed(0.001)), Some(10.0)));
    }

    #[test]
    fn all_latencies() {
        let latency = |text: &str| Plan::read(&format!("a 1/s for 1s, latency {text}")).unwrap().latencies.at(5.0);
        assert_eq!(latency("10ms to 30ms from 5s to 6s"), Some(Latency::Uniform(0.01, 0.03)));
        assert_eq!(latency("mean 1s"), Some(Latency::Mean(1.0)));
        assert_eq!(latency("20ms p99 200ms"), Some(Latency::Median(0.02, 0.2)));
    }

    #[test]
    fn what_is_no_plan_is_told() {
        let error = |text: &str| Plan::read(text).unwrap_err();
        assert_eq!(error("a"), "\"a\" is no resource with clauses behind it: GET:/foo 100/s for 60s");
        assert_eq!(error("a latency 1s"), "a has no rate: a 100/s for 60s");
        assert_eq!(error("a 1/s from 3s to 2s"), "from 3s to 2s is no time");
        let no_clauses = [
            "soon",
            "1/s soon",
            "1/s from 1s",
            "1/s at 1s for",
            "1/d",
            "-1/s",
            "150% errors",
            "30%",
            "cost 0",
            "",
            "1/s for x",
        ];
        for clause in no_clauses {
            assert!(error(&format!("a 1/s, {clause}")).starts_with(&format!("\"{clause}\" is no clause")), "{clause}");
        }
    }
}
