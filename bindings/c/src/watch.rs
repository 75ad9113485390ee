//! Explanations, breakers, events, figures, and the figures of the system.

use crate::code::{answer, run, sergo_code};
use crate::entry::flag;
use crate::text::{sergo_str, sergo_text};
use sergo_border::{call, with};
use sergo_core::stat::event::BreakerState;

/// No rule gives this target this circuit breaker.
pub const SERGO_BREAKER_NONE: u32 = 0;
/// Entries pass.
pub const SERGO_BREAKER_CLOSED: u32 = 1;
/// Entries are blocked.
pub const SERGO_BREAKER_OPEN: u32 = 2;
/// One entry probes, all others are blocked.
pub const SERGO_BREAKER_HALF_OPEN: u32 = 3;

/// The state of the circuit breaker that `strategy` is for `target`, both named as
/// in the rules: `SERGO_BREAKER_CLOSED`, say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_breaker_state(
    engine: u64,
    target: sergo_str,
    strategy: sergo_str,
    state: *mut u32,
) -> sergo_code {
    let look = || {
        // SAFETY: the caller's texts live through the call.
        let (target, strategy) = unsafe { (target.get()?, strategy.get()?) };
        with(engine, |host| {
            Ok(match host.engine().breaker_state(target, strategy) {
                None => SERGO_BREAKER_NONE,
                Some(BreakerState::Closed) => SERGO_BREAKER_CLOSED,
                Some(BreakerState::Open) => SERGO_BREAKER_OPEN,
                Some(BreakerState::HalfOpen) => SERGO_BREAKER_HALF_OPEN,
            })
        })
    };
    // SAFETY: as the caller vouches for `state`.
    unsafe { answer(state, look) }
}

/// What an entry to the resource would be answered, and why, as JSON: `{"resource",
/// "governed": bool, "answer": "pass", "wait" or "block", "wait", "retryAfter",
/// "gates": [{"target", "kind", "strategy", "rule", "answer", "wait",
/// "retryAfter", "state", "limit", "used", "why"}], "text"}`, times in nanoseconds,
/// null where there is none; `text` is all of it for people. The arguments are those
/// of `sergo_enter_name`, but nothing is entered and nothing changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain(
    engine: u64,
    resource: sergo_str,
    cost: u32,
    flags: u32,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    let explain = || {
        let outbound = flag(flags)?;
        // SAFETY: the caller's text lives through the call.
        let resource = unsafe { resource.get() }?;
        call::explain(engine, resource, cost, outbound, now).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, explain) }
}

/// What happened since the last call, oldest first, as a JSON list of `{"event":
/// "breaker", "resource", "strategy", "from", "to", "total", "bad"}`, `{"event":
/// "rulesApplied", "version"}` and `{"event": "firstBlock", "resource",
/// "strategy"}`. The newest 1,024 are kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_drain_events(engine: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, || call::drain_events(engine).map(sergo_text::own)) }
}

/// The counters of this moment as JSON: `{"version", "inFlight", "resources":
/// [{"resource", "passed", "blocked", "waited", "inFlight", "completed", "errors",
/// "rtSumNanos", "rtMinNanos", "rtMaxNanos", "rtP50Nanos", "rtP99Nanos",
/// "rtHistogram", "strategies": [{"kind", "strategy", "blocked"}]}], "instance":
/// [{"kind", "strategy", "blocked"}]}`, the last being overload protection, which
/// is for the instance and not for a resource.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_figures(engine: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, || call::figures(engine).map(sergo_text::own)) }
}

/// Takes the system's figures as they are at `now`, until the next call, for
/// overload protection: the shares of CPU time and of memory in use, 0 to 1, and
/// the load average of the last minute. NaN is not known.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_set_system_load(engine: u64, cpu: f64, load1: f64, memory: f64, now: u64) -> sergo_code {
    run(|| call::set_system_load(engine, cpu, load1, memory, now))
}

/// Samples the load of the system that the process runs in, its container's where
/// that is limited, and takes it as `sergo_set_system_load` does, at `now`. To be
/// called every 500 ms while `sergo_needs_system_load` says so: the share of CPU
/// time is known from the second call on, and smoothed. Elsewhere than on Linux
/// nothing is known. It reads some ten small files of the system.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_sample_system(engine: u64, now: u64) -> sergo_code {
    run(|| call::sample_system(engine, now))
}

/// Whether the rules in force look at the system's figures; while they do not,
/// nobody needs to measure them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_needs_system_load(engine: u64, needs: *mut bool) -> sergo_code {
    // SAFETY: as the caller vouches for `needs`.
    unsafe { answer(needs, || call::needs_system_load(engine)) }
}

/// Fails inside the library on purpose, to show that the failure is stopped: it
/// answers SERGO_PANICKED, and the engine is poisoned. Only in a library that was
/// built for tests.
#[cfg(feature = "test-panic")]
#[unsafe(no_mangle)]
pub extern "C" fn sergo_test_panic(engine: u64) -> sergo_code {
    run(|| call::panic_on_purpose(engine))
}
