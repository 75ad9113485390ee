//! What the benchmarks here share: a clock, and threads that start together.

use sergo::{Ask, Config, Decision, Engine, Outcome, ResourceId, Seen, Source, Tick};
use sergo_border::clock;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// The rules that every language is compared under.
pub const RULES: &str = include_str!("../../rules/peers.yaml");

/// An engine, and since when it is asked: by the clock of the packages.
pub struct Timed {
    /// The engine.
    pub engine: Engine,
    born: u64,
}

/// A thread that asks, with what it saw last.
pub struct Caller<'a> {
    timed: &'a Timed,
    seen: Seen,
}

impl Timed {
    /// An engine under these rules.
    ///
    /// # Panics
    /// When one of them is not accepted: a benchmark of nothing is worth nothing.
    #[must_use]
    pub fn under(rules: &str) -> Self {
        let engine = Engine::new(Config::new("bench-app"));
        let report = engine.apply(&[Source { name: "rules.yaml", text: rules }]);
        assert!(report.rejected.is_empty() && report.waiting.is_empty() && report.warnings.is_empty(), "{report:?}");
        Timed { engine, born: clock::now() }
    }

    /// To ask from one thread.
    #[must_use]
    pub fn caller(&self) -> Caller<'_> {
        Caller { timed: self, seen: Seen::default() }
    }
}

impl Caller<'_> {
    /// Enters and, where that passes, exits, as a package does: each looks for newer
    /// rules and reads the clock.
    #[must_use]
    #[inline]
    pub fn enter_and_exit(&mut self, resource: ResourceId) -> bool {
        let Timed { engine, born } = self.timed;
        let now = || Tick(clock::now().saturating_sub(*born));
        match engine.see(&mut self.seen).enter_id(resource, Ask::default(), now()) {
            Ok(Decision::Pass(mut permit)) => {
                engine.see(&mut self.seen).exit(&mut permit, Outcome::default(), now());
                true
            }
            _ => false,
        }
    }
}

/// How long it takes until each of some threads, which start together, has done its
/// work: what `work` makes, on the thread with that number, is not counted.
///
/// # Panics
/// When a thread does.
pub fn together<W: FnMut()>(threads: usize, rounds: u64, work: impl Fn(usize) -> W + Sync) -> Duration {
    let (ready, done) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    thread::scope(|scope| {
        for number in 0..threads {
            let (work, ready, done) = (&work, &ready, &done);
            scope.spawn(move || {
                let mut once = work(number);
                ready.wait();
                for _ in 0..rounds {
                    once();
                }
                done.wait();
            });
        }
        ready.wait();
        let start = Instant::now();
        done.wait();
        start.elapsed()
    })
}
