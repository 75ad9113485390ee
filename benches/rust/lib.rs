//! The rules that every language's first benchmark runs under, so that their
//! figures are of the same job.

use sergo::{Config, Engine, Source};

/// A limit that never blocks here: `GET:/foo` passes.
pub const RULES: &str = include_str!("../rules/limit.yaml");

/// An engine under [`RULES`].
///
/// # Panics
/// When the rules are not accepted whole: a benchmark of nothing is worth nothing.
#[must_use]
pub fn engine() -> Engine {
    let engine = Engine::new(Config::new("bench-app"));
    let report = engine.apply(&[Source { name: "limit.yaml", text: RULES }]);
    assert!(report.rejected.is_empty() && report.waiting.is_empty(), "{report:?}");
    engine
}
