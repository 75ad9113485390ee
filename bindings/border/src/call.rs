//! The calls, as every binding makes them: a handle, integers, borrowed text.
//!
//! Hot: [`enter`], [`exit`], [`route`]. All others are cold and may allocate.

use crate::handle::with;
use crate::{packed, text};
use sergo::decide::{Ask, BlockId, Decision, Direction, Outcome, Permit, ResourceId};
use sergo::route::{AnswerId, Rolls};
use sergo::{CallOutcome, Code, Source, SystemLoad};
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
    with(handle, |host| Ok(host.engine().resolve(resource).0))
}

/// Asks to enter a resolved resource.
///
/// # Errors
/// [`Code::Stale`]: resolve the name again; and those of [`with`].
#[inline]
pub fn enter(handle: u64, resource: u64, cost: u32, outbound: bool, now: u64) -> Result<Entered, Code> {
    with(handle, |host| {
        let decision = host.engine().enter_id(ResourceId(resource), ask(cost, outbound), host.tick(now))?;
        Ok(flatten(&decision))
    })
}

/// Asks to enter a resource by its name.
///
/// # Errors
/// Those of [`with`].
#[inline]
pub fn enter_name(handle: u64, resource: &str, cost: u32, outbound: bool, now: u64) -> Result<Entered, Code> {
    with(handle, |host| Ok(flatten(&host.engine().enter(resource, ask(cost, outbound), host.tick(now)))))
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
    with(handle, |host| {
        host.engine().exit(&mut Permit::from_words(permit), Outcome { error }, host.tick(now));
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

/// The random numbers that a call brings.
#[derive(Clone, Copy, Debug)]
pub enum Random<'a> {
    /// One random 64-bit number, from which as many as needed are made.
    Seed(u64),
    /// The numbers themselves, each in `[0, 1)`.
    Rolls(&'a [f64]),
}

impl<'a> Random<'a> {
    fn rolls(self) -> Rolls<'a> {
        match self {
            Random::Seed(seed) => Rolls::seeded(seed),
            Random::Rolls(numbers) => Rolls::given(numbers),
        }
    }
}

/// Where a [packed] request goes: an id for [`answer`], or 0 for
/// nowhere.
///
/// # Errors
/// [`Code::Argument`], [`Code::Utf8`]; and those of [`with`].
#[inline]
pub fn route(handle: u64, block: &[u8], random: Random<'_>) -> Result<u64, Code> {
    with(handle, |host| {
        packed::request(block, |request| {
            Ok(host.engine().route(request, &mut random.rolls(), host.moment()).map_or(0, |id| id.0))
        })
    })
}

/// Where a [packed] request goes and all that is done with it on the
/// way, as [`text::directions`]; empty for nowhere. For the same request and
/// random numbers it is what [`route`] answers.
///
/// # Errors
/// Those of [`route`].
pub fn direct(handle: u64, block: &[u8], random: Random<'_>) -> Result<String, Code> {
    with(handle, |host| {
        packed::request(block, |request| {
            let directions = host.engine().direct(request, &mut random.rolls(), host.moment());
            Ok(directions.map(|directions| text::directions(&directions)).unwrap_or_default())
        })
    })
}

/// What an id of [`route`] stands for, as [`text::answer`].
///
/// # Errors
/// [`Code::Stale`] when it is no longer kept; and those of [`with`].
pub fn answer(handle: u64, id: u64) -> Result<String, Code> {
    with(handle, |host| host.engine().answer(AnswerId(id)).map(|answer| text::answer(&answer)).ok_or(Code::Stale))
}

/// What an entry to the resource would be answered, and why, as
/// [`text::explanation`]. It changes nothing.
///
/// # Errors
/// Those of [`with`].
pub fn explain(handle: u64, resource: &str, cost: u32, outbound: bool, now: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::explanation(&host.engine().explain(resource, ask(cost, outbound), host.tick(now)))))
}

/// Where a connection goes, by the TLS and TCP routes, as [`text::answer`]; empty
/// for nowhere. The connection is described as in [`text::Connecting`].
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn connect(handle: u64, json: &str, random: Random<'_>) -> Result<String, Code> {
    let connecting = text::connecting(json)?;
    with(handle, |host| {
        // An answer is only forgotten when many new versions of the rules come
        // between the two questions: then the newest are asked.
        while let Some(id) = host.engine().connect(&connecting.connection(), &mut random.rolls(), host.moment()) {
            if let Some(answer) = host.engine().answer(id) {
                return Ok(text::answer(&answer));
            }
        }
        Ok(String::new())
    })
}

/// Where a [packed] request goes at `now` and which instance takes it:
/// what [`direct`] says, and `"instance"`, its id or null; empty for nowhere. The
/// request counts as in flight on the instance until [`report`].
///
/// # Errors
/// Those of [`route`].
pub fn pick(handle: u64, block: &[u8], random: Random<'_>, now: u64) -> Result<String, Code> {
    with(handle, |host| {
        packed::request(block, |request| {
            let pick = host.engine().pick(request, &mut random.rolls(), host.tick(now));
            Ok(pick.map(|pick| text::json(&pick)).unwrap_or_default())
        })
    })
}

/// Takes what came of a call to an instance of a host at `now`: 0 a success, 1 a
/// server error, 2 a gateway error (502, 503, 504), 3 no connection.
///
/// # Errors
/// [`Code::Argument`] for another outcome; and those of [`with`].
pub fn report(handle: u64, host_name: &str, instance: &str, outcome: u32, now: u64) -> Result<(), Code> {
    let outcome = match outcome {
        0 => CallOutcome::Success,
        1 => CallOutcome::Error,
        2 => CallOutcome::GatewayError,
        3 => CallOutcome::LocalError,
        _ => return Err(Code::Argument),
    };
    with(handle, |host| {
        host.engine().report(host_name, instance, outcome, host.tick(now));
        Ok(())
    })
}

/// The ids of a host's instances that are ejected at `now`, a sorted JSON list.
///
/// # Errors
/// Those of [`with`].
pub fn ejected(handle: u64, host_name: &str, now: u64) -> Result<String, Code> {
    with(handle, |host| Ok(text::json(&host.engine().ejected(host_name, host.tick(now)))))
}

/// The lane of a [packed] request that comes in, `{"lane", "baggage":
/// {key: lane}}`, or empty for none. Where `trust` is false the lane that it
/// carries is not believed.
///
/// # Errors
/// Those of [`route`].
pub fn label(handle: u64, block: &[u8], trust: bool) -> Result<String, Code> {
    with(handle, |host| {
        packed::request(block, |request| {
            let label = host.engine().label(request, trust);
            Ok(label.map(|label| text::json(&label)).unwrap_or_default())
        })
    })
}

/// The `baggage` header of the next call: that of the one that came in, and the
/// lane under its key.
#[must_use]
pub fn baggage(incoming: &str, key: &str, lane: &str) -> String {
    sergo::matcher::baggage::merge(incoming, key, lane)
}

/// Which headers and query parameters [`route`] and [`pick`] look at for a host,
/// `{"headers": [name], "parameters": [name]}`; for an empty host, which ones
/// [`label`] looks at.
///
/// # Errors
/// Those of [`with`].
pub fn required(handle: u64, host_name: &str) -> Result<String, Code> {
    with(handle, |host| {
        let engine = host.engine();
        let required = if host_name.is_empty() { engine.required_to_label() } else { engine.required(host_name) };
        Ok(text::json(&required))
    })
}

/// Which route a [packed] request goes by at `now`, and why none of those
/// before it does, as JSON (see [`sergo::RouteExplanation`]). It changes nothing.
///
/// # Errors
/// Those of [`route`].
pub fn explain_route(handle: u64, block: &[u8], random: Random<'_>, now: u64) -> Result<String, Code> {
    with(handle, |host| {
        packed::request(block, |request| {
            Ok(text::json(&host.engine().explain_route(request, &mut random.rolls(), host.tick(now))))
        })
    })
}

/// The limits that rules set for connections to a host, or to a subset of it, as
/// JSON (see [`sergo::policy::ConnectionPool`]); empty for none.
///
/// # Errors
/// Those of [`with`].
pub fn connection_pool(handle: u64, host_name: &str, subset: Option<&str>) -> Result<String, Code> {
    with(handle, |host| {
        let pool = host.engine().connection_pool(host_name, subset);
        Ok(pool.map(|pool| text::json(&pool)).unwrap_or_default())
    })
}

/// Tells what has changed of a host: a JSON list of instances that are new or
/// changed (see [`text::instances`]), and one of the ids of those that are gone.
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn update_instances(handle: u64, host_name: &str, changed: &str, gone: &str) -> Result<(), Code> {
    let (changed, gone) = (text::instances(changed)?, text::ids(gone)?);
    with(handle, |host| {
        let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
        host.engine().update_instances(host_name, changed, &gone);
        Ok(())
    })
}

/// Replaces all rules; the report as JSON.
///
/// # Errors
/// Those of [`with`]. A bad document is no error: the report has it.
pub fn apply(handle: u64, sources: &[Source<'_>]) -> Result<String, Code> {
    with(handle, |host| Ok(host.engine().apply(sources).to_json()))
}

/// Tells what discovery knows of a host, as a JSON list (see [`text::instances`]).
///
/// # Errors
/// [`Code::Argument`] for other JSON; and those of [`with`].
pub fn set_instances(handle: u64, host_name: &str, json: &str) -> Result<(), Code> {
    let instances = text::instances(json)?;
    with(handle, |host| {
        host.engine().set_instances(host_name, instances);
        Ok(())
    })
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
