//! Requests that nobody made: rates, bursts, latencies and phases of errors, for
//! trying rules before there is a trace.

mod draw;
mod plan;

pub(crate) use plan::Plan;

use super::names::Names;
use super::order::Call;
use draw::Draw;
use sergo::{Direction, SystemLoad};
use std::fmt::Write;

/// All that is to be generated.
pub(crate) struct Synthetic {
    plans: Vec<Plan>,
}

impl Synthetic {
    /// Puts plans together; one that doesn't say how long lasts as long as the
    /// longest.
    ///
    /// # Errors
    /// That none says how long.
    pub(crate) fn new(mut plans: Vec<Plan>) -> Result<Self, String> {
        let end = plans.iter().filter_map(Plan::end).fold(0.0, f64::max);
        if end <= 0.0 {
            return Err("nothing says how long the synthetic requests go on: 100/s for 60s".to_owned());
        }
        for plan in &mut plans {
            plan.last(end);
        }
        Ok(Synthetic { plans })
    }

    /// The calls in the order in which they begin; the same for the same seed.
    pub(crate) fn calls(&self, names: &mut Names, seed: u64) -> impl Iterator<Item = Call> + use<> {
        let mut draws: Vec<_> = (0..)
            .zip(&self.plans)
            .map(|(index, plan)| Draw::new(plan, names.number(&plan.resource, |_| true), seed, index))
            .collect();
        let mut line = 0;
        std::iter::from_fn(move || {
            let next = draws.iter_mut().filter(|draw| draw.next.is_some());
            let draw = next.min_by_key(|draw| draw.next.as_ref().map(|call| call.start))?;
            line += 1;
            let call = draw.take()?;
            Some(Call { line, ..call })
        })
    }
}

/// A call as a line of a trace.
pub(crate) fn line(call: &Call, names: &Names) -> String {
    let seconds = |nanos: u64| {
        let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let mut line = format!("{{\"time\":{}", seconds(call.start.unsigned_abs()));
    // Writing to a text can't fail.
    let mut add = |part: std::fmt::Arguments<'_>| line.write_fmt(part).unwrap_or_default();
    if let Some(resource) = call.resource {
        let name = serde_json::to_string(names.name(resource)).unwrap_or_default();
        add(format_args!(",\"resource\":{name},\"duration\":{}", seconds(call.duration)));
    }
    if call.error {
        add(format_args!(",\"error\":true"));
    }
    if call.cost != 1 {
        add(format_args!(",\"cost\":{}", call.cost));
    }
    if call.direction == Direction::Outbound {
        add(format_args!(",\"direction\":\"outbound\""));
    }
    let SystemLoad { cpu, load1, memory } = call.load.as_deref().copied().unwrap_or_default();
    for (name, figure) in [("cpu", cpu), ("load1", load1), ("memory", memory)] {
        if let Some(figure) = figure {
            add(format_args!(",\"{name}\":{figure}"));
        }
    }
    line + "}\n"
}

#[cfg(test)]
mod tests {
    use super::super::names::Shape;
    use super::super::trace::Format;
    use super::*;

    fn generate(plans: &[&str], seed: u64) -> (Vec<Call>, Names) {
        let mut names = Names::new(Shape::default());
        let plans = plans.iter().map(|text| Plan::read(text).unwrap()).collect();
        let calls = Synthetic::new(plans).unwrap().calls(&mut names, seed).collect();
        (calls, names)
    }

    const BUSY: &str = "GET:/a 100/s for 60s, 500/s at 20s for 5s, 30% errors from 30s to 40s, \
                        latency 20ms p99 200ms, cpu 20%, cpu 90% from 50s to 55s, cost 2 from 1s to 2s, outbound";

    #[test]
    fn it_is_as_was_asked_for() {
        let (calls, _) = generate(&[BUSY], 1);
        let within =
            |from: i64, to: i64| calls.iter().filter(move |call| (from..to).contains(&(call.start / 1_000_000_000)));
        let near = |count: usize, expected: f64| ((count as f64) - expected).abs() < 5.0 * expected.sqrt();
        assert!(near(within(0, 20).count(), 2000.0) && near(within(25, 60).count(), 3500.0));
        assert!(near(within(20, 25).count(), 2500.0));
        assert!(near(within(30, 40).filter(|call| call.error).count(), 300.0));
        assert!(within(0, 30).chain(within(40, 60)).all(|call| !call.error));
        assert!(within(60, i64::MAX).next().is_none());
        let slow = |nanos| calls.iter().filter(|call| call.duration > nanos).count() as f64 / calls.len() as f64;
        assert!((0.48..0.52).contains(&slow(20_000_000)) && (0.005..0.015).contains(&slow(200_000_000)));
        assert!(within(1, 2).all(|call| call.cost == 2) && within(2, 60).all(|call| call.cost == 1));
        let cpu = |call: &Call| call.load.as_ref().and_then(|load| load.cpu);
        assert!(within(50, 55).all(|call| cpu(call) == Some(0.9)) && within(55, 60).all(|call| cpu(call) == Some(0.2)));
        assert!(calls.iter().all(|call| call.direction == Direction::Outbound));
    }

    #[test]
    fn the_same_seed_gives_the_same_and_another_another() {
        assert_eq!(generate(&[BUSY, "b 3/s"], 7).0, generate(&[BUSY, "b 3/s"], 7).0);
        assert_ne!(generate(&[BUSY], 7).0, generate(&[BUSY], 8).0);
        // Two alike are still two.
        let (calls, _) = generate(&["a 5/s for 10s", "a 5/s"], 7);
        assert!(calls.windows(2).all(|two| two[0].start < two[1].start));
    }

    #[test]
    fn evenly_is_evenly() {
        let (calls, _) = generate(&["a 4/s for 1s, 2/s from 1s to 3s, evenly, latency 5ms"], 7);
        let starts: Vec<_> = calls.iter().map(|call| call.start / 1_000_000).collect();
        assert_eq!(starts, [0, 250, 500, 750, 1000, 1500, 2000, 2500]);
        assert!(calls.iter().all(|call| call.duration == 5_000_000));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let (calls, mut names) = generate(&[BUSY, "b 3/s"], 7);
        for call in &calls {
            let text = line(call, &names);
            let read = Format::Json.read(&text).unwrap();
            let name = read.resource.as_deref().unwrap();
            let resource = Some(names.number(name, |_| true));
            let load = (read.load != SystemLoad::default()).then(|| Box::new(read.load));
            assert_eq!((read.start, read.duration.unwrap().nanos()), (call.start, call.duration), "{text}");
            assert_eq!((read.cost, read.error, read.direction), (call.cost, call.error, call.direction));
            assert_eq!((resource, load), (call.resource, call.load.clone()));
        }
    }
}
