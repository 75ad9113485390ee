//! The calls, as every binding makes them: a handle, integers, borrowed text.
//!
//! Hot: [`enter`], [`exit`], [`route`], [`pick_id`], [`report_id`]. All others are
//! cold and may allocate.

mod routing;

pub use routing::{
    Picked, Random, answer, baggage, connect, connection_pool, direct, ejected, explain_route, instance, label, pick,
    pick_id, report, report_id, required, route, set_instances, update_instances,
};

use crate::handle::{with, with_view};
use crate::text;
use sergo::decide::{Ask, BlockId, Decision, Direction, Outcome, Permit, ResourceId};
use sergo::{Code, Source, SystemLoad};
use std::time::Instant;

/// The answer to [`enter`] as plain integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// The permit of a pass; all zero for a block.
    pub permit: [u64; Permit::WORDS],
    /// How long to wait before going on, in nanoseconds; 0 is not at all.
    pub wait: u64,
    /// 0 for a pass, else the number of the strategy kind that blocked.
    pub blocked_by: u8,
    /// For a block: its id, for [`block`].
    pub block: u64,
    /// For a block: after how many nanoseconds the same entry would pass, plus
    /// one; 0 is unknown.
    pub retry_after_plus_one: u64,
}

/// Resolves a resource's name for [`enter`].
///
/// # Errors
/// Those of [`with`].
pub fn resolve(handle: u64, resource: &str) -> Result<u64, Code> {
    with_view(handle, |_, view| Ok(view.resolve(resource).0))
}

/// Asks to enter a resolved resource.
///
/// # Errors
/// [`Code::Stale`]: resolve the name again; and those of [`with`].
#[inline]
pub fn enter(handle: u64, resource: u64, cost: u32, outbound: bool, now: u64) -> Result<Entered, Code> {
    with_view(handle, |host, view| {
        let decision = view.enter_id(ResourceId(resource), ask(cost, outbound), host.tick(now))?;
        Ok(flatten(&decision))
    })
}

/// Asks to enter a resource by its name.
///
/// # Errors
/// Those of [`with`].
#[inline]
pub fn enter_name(handle: u64, resource: &str, cost: u32, outbound: bool, now: u64) -> Result<Entered, Code> {
    with_view(handle, |host, view| Ok(flatten(&view.enter(resource, ask(cost, outbound), host.tick(now)))))
}

fn ask(cost: u32, outbound: bool) -> Ask {
    Ask { cost, direction: if outbound { Direction::Outbound } else { Direction::Inbound } }
}

fn flatten(decision: &Decision) -> Entered {
    match decision {
        Decision::Pass(permit) => Entered { permit: permit.words(), ..Entered::default() },
        Decision::Wait(wait, permit) => Entered { permit: permit.words(), wait: wait.nanos(), ..Entered::default() },
        Decision::Block(blocked) => Entered {
            blocked_by: blocked.strategy as u8,
            block: blocked.id.0,
            retry_after_plus_one: blocked.retry_after.map_or(0, |span| span.nanos().saturating_add(1)),
            ..Entered::default()
        },
    }
}

/// Gives a permit back; the caller forgets its words.
///
/// # Errors
/// Those of [`with`].
#[inline]
pub fn exit(handle: u64, permit: [u64; Permit::WORDS], error: bool, now: u64) -> Result<(), Code> {
    with_view(handle, |host, view| {
        view.exit(&mut Permit::from_words(permit), Outcome { error }, host.tick(now));
        Ok(())
    })
}

/// Gives a permit back whose call never began: its wait was cancelled, say.
///
/// # Errors
/// Those of [`with`].
pub fn cancel(handle: u64, permit: [u64; Permit::WORDS], now: u64) -> Result<(), Code> {
    with(handle, |host| {
        host.engine().cancel(&mut Permit::from_words(permit), host.tick(now));
        Ok(())
    })
}

/// The names behind a block, as [`text::block`].
///
/// # Errors
/// [`Code::Stale`] when they are no longer kept; and those of [`with`].
pub fn block(handle: u64, id: u64) -> Result<String, Code> {
    with(handle, |host| host.engine().block(BlockId(id)).map(|block| text::block(&block)).ok_or(Code::Stale))
}

/// What an entry to the resource would be answered, and why, as
/// [`text::explanation`]. It changes nothing.
///
/// # Errors
/// Those of [`with`].
pub fn explain(handle: u64, resource: &str, cost: u32, outbound: bool, now: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::explanation(&host.engine().explain(resource, ask(cost, outbound), host.tick(now)))))
}

/// Replaces all rules; the report as JSON.
///
/// # Errors
/// Those of [`with`]. A bad document is no error: the report has it.
pub fn apply(handle: u64, sources: &[Source<'_>]) -> Result<String, Code> {
    with(handle, |host| Ok(host.engine().apply(sources).to_json()))
}

/// The version of the rules in force, 0 before the first.
///
/// # Errors
/// Those of [`with`].
pub fn version(handle: u64) -> Result<u64, Code> {
    with(handle, |host| Ok(host.engine().version()))
}

/// The state of a breaker: `closed`, `open`, `half-open`, or empty for none.
///
/// # Errors
/// Those of [`with`].
pub fn breaker_state(handle: u64, target: &str, strategy: &str) -> Result<String, Code> {
    with(handle, |host| {
        let state = host.engine().breaker_state(target, strategy);
        Ok(state.map(|state| text::json(&state).trim_matches('"').to_owned()).unwrap_or_default())
    })
}

/// Takes the system's figures as they are at `now`, until the next call: the
/// shares of CPU time and of memory in use, 0 to 1, and the load average of the
/// last minute. What is no number (NaN) is unknown. They take the place of
/// [`sample_system`] for good, which from then on changes nothing.
///
/// # Errors
/// Those of [`with`].
pub fn set_system_load(handle: u64, cpu: f64, load1: f64, memory: f64, now: u64) -> Result<(), Code> {
    let known = |figure: f64| (!figure.is_nan()).then_some(figure);
    let load = SystemLoad { cpu: known(cpu), load1: known(load1), memory: known(memory) };
    with(handle, |host| {
        host.sampler().replace();
        host.engine().set_system_load(load, host.tick(now));
        Ok(())
    })
}

/// Samples the load of the system that the process runs in, and takes it as
/// [`set_system_load`] does, at `now`. To be called every
/// [`PERIOD`](crate::system::PERIOD) while [`needs_system_load`] says so; it
/// reads some ten small files of the system.
///
/// # Errors
/// Those of [`with`]. What the system doesn't tell is unknown, not an error.
pub fn sample_system(handle: u64, now: u64) -> Result<(), Code> {
    with(handle, |host| {
        let load = host.sampler().sample(Instant::now());
        // Asked last: the application may have told its own while these were read.
        if !host.sampler().is_replaced() {
            host.engine().set_system_load(load, host.tick(now));
        }
        Ok(())
    })
}

/// Whether the rules in force look at the system's figures: while they don't,
/// nobody needs to measure them.
///
/// # Errors
/// Those of [`with`].
pub fn needs_system_load(handle: u64) -> Result<bool, Code> {
    with(handle, |host| Ok(host.engine().needs_system_load()))
}

/// The events since the last call, a JSON list.
///
/// # Errors
/// Those of [`with`].
pub fn drain_events(handle: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::json(&host.engine().drain_events())))
}

/// The counters of this moment, as JSON.
///
/// # Errors
/// Those of [`with`].
pub fn figures(handle: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::json(&host.engine().figures())))
}

/// Panics inside the border, on purpose.
///
/// # Errors
/// Always [`Code::Panicked`], or what [`with`] says.
#[cfg(feature = "test-panic")]
pub fn panic_on_purpose(handle: u64) -> Result<(), Code> {
    with(handle, |_| panic!("a panic on purpose, to show that the border stops it"))
}
