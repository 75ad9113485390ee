//! Which instance takes a request, what came of it, and why a route was chosen.

use crate::code::{answer, run, sergo_code};
use crate::request::{ask, numbers, random, sergo_request};
use crate::text::{list, one, sergo_str, sergo_text};
use sergo_border::call::{self, Picked};
use sergo_border::handle::Host;
use sergo_border::text::{explanation, json as write};
use sergo_core::{Code, Request, Rolls};

/// A call to an instance went well.
pub const SERGO_CALL_SUCCESS: u32 = 0;
/// A call to an instance was answered with a server error (5xx).
pub const SERGO_CALL_ERROR: u32 = 1;
/// A call to an instance was answered with a gateway error: 502, 503, 504.
pub const SERGO_CALL_GATEWAY_ERROR: u32 = 2;
/// There was no connection to an instance.
pub const SERGO_CALL_LOCAL_ERROR: u32 = 3;
/// A call to an instance was not made, or tells nothing of it.
pub const SERGO_CALL_CANCELLED: u32 = 4;

/// A pick as plain numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct sergo_picked {
    /// Where the request goes, for `sergo_answer_get`; 0 with an instance is the host
    /// that was asked for, which no route names.
    pub answer: u64,
    /// The instance's number, for `sergo_instance_json` and `sergo_report_id`; 0 is to
    /// ask `sergo_pick` with the same random numbers.
    pub instance: u64,
}

/// Where a request goes at `now` and which instance takes it, as JSON: what
/// `sergo_direct` answers, and `"instance"`, its id or null, and `"number"`, its number
/// for `sergo_report_id` or null. Text of no length when no route says and discovery
/// knows no such host. Where discovery knows a host that
/// no route names, the host as a whole is chosen among. The request counts as in
/// flight on the instance until `sergo_report_outcome`. `seed` is as for
/// `sergo_route`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick(
    engine: u64,
    request: *const sergo_request,
    seed: u64,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request lives through the call, and it vouches for `json`.
    unsafe { answer(json, || pick(engine, one(request)?, &mut Rolls::seeded(seed), now)) }
}

/// As `sergo_pick`, with the random numbers themselves, as `sergo_route_rolls`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick_rolls(
    engine: u64,
    request: *const sergo_request,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request and rolls live through the call, and it vouches for `json`.
    unsafe { answer(json, || pick(engine, one(request)?, &mut Rolls::given(numbers(rolls, roll_count)?), now)) }
}

/// As `sergo_pick`, of a block of bytes as for `sergo_route_packed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    seed: u64,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    let pick = || {
        // SAFETY: the caller's block and rolls live through the call.
        let (block, random) = unsafe { (list(block, block_len)?, random(seed, rolls, roll_count)?) };
        call::pick(engine, block, random, now).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, pick) }
}

/// What `sergo_pick` says, as plain numbers, where that is a plain destination with
/// an instance; then it counts as in flight there. Takes no lock and allocates nothing
/// while no instance is ejected. All else (no route, nothing healthy, what varies)
/// `sergo_pick` has to tell: both numbers are 0 then, and nothing has been counted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick_id(
    engine: u64,
    request: *const sergo_request,
    seed: u64,
    now: u64,
    picked: *mut sergo_picked,
) -> sergo_code {
    // SAFETY: the caller's request lives through the call, and it vouches for `picked`.
    unsafe { answer(picked, || pick_id(engine, one(request)?, &mut Rolls::seeded(seed), now)) }
}

/// As `sergo_pick_id`, with the random numbers themselves, as `sergo_route_rolls`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick_id_rolls(
    engine: u64,
    request: *const sergo_request,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    picked: *mut sergo_picked,
) -> sergo_code {
    // SAFETY: the caller's request and rolls live through the call, and it vouches for `picked`.
    unsafe { answer(picked, || pick_id(engine, one(request)?, &mut Rolls::given(numbers(rolls, roll_count)?), now)) }
}

/// As `sergo_pick_id`, of a block of bytes as for `sergo_route_packed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_pick_id_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    seed: u64,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    picked: *mut sergo_picked,
) -> sergo_code {
    let pick = || {
        // SAFETY: the caller's block and rolls live through the call.
        let (block, random) = unsafe { (list(block, block_len)?, random(seed, rolls, roll_count)?) };
        let Picked { answer, instance } = call::pick_id(engine, block, random, now)?;
        Ok(sergo_picked { answer, instance })
    };
    // SAFETY: as the caller vouches for `picked`.
    unsafe { answer(picked, pick) }
}

/// The instance of a host behind a number of `sergo_pick_id`, as JSON: `{"id",
/// "labels", "healthy", "weight", "zone": text or null}`. The number stays with the id
/// for as long as discovery knows it and is never another's, so what it stands for may
/// be kept.
///
/// SERGO_STALE when discovery knows it no longer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_instance_json(
    engine: u64,
    host: sergo_str,
    number: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's text lives through the call, and it vouches for `json`.
    unsafe { answer(json, || call::instance(engine, host.get()?, number).map(sergo_text::own)) }
}

/// Takes what came of a call to an instance that `sergo_pick` gave, at `now`:
/// `SERGO_CALL_SUCCESS`, say. Once for each pick. The host is the one of the pick's
/// destination, the instance its id; one that is gone is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_report_outcome(
    engine: u64,
    host: sergo_str,
    instance: sergo_str,
    outcome: u32,
    now: u64,
) -> sergo_code {
    // SAFETY: the caller's texts live through the call.
    run(|| unsafe { call::report(engine, host.get()?, instance.get()?, outcome, now) })
}

/// As `sergo_report_outcome`, by the instance's number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_report_id(
    engine: u64,
    host: sergo_str,
    number: u64,
    outcome: u32,
    now: u64,
) -> sergo_code {
    // SAFETY: the caller's text lives through the call.
    run(|| unsafe { call::report_id(engine, host.get()?, number, outcome, now) })
}

/// Which route a request goes by at `now`, and why none of those before it does, as
/// JSON: `{"router": text or null, "misses": [{"position", "blocks": [{"field",
/// "expected", "found"}]}], "position": number or null, "directions", "text"}`:
/// `directions` as `sergo_direct` answers, or null, `text` all of it for people. A
/// position is the route's index in the document's list; the first 1,000 misses are
/// told. It changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain_route(
    engine: u64,
    request: *const sergo_request,
    seed: u64,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request lives through the call, and it vouches for `json`.
    unsafe { answer(json, || explain(engine, one(request)?, &mut Rolls::seeded(seed), now)) }
}

/// As `sergo_explain_route`, with the random numbers themselves, as
/// `sergo_route_rolls`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain_route_rolls(
    engine: u64,
    request: *const sergo_request,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request and rolls live through the call, and it vouches for `json`.
    unsafe { answer(json, || explain(engine, one(request)?, &mut Rolls::given(numbers(rolls, roll_count)?), now)) }
}

/// As `sergo_explain_route`, of a block of bytes as for `sergo_route_packed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain_route_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    seed: u64,
    rolls: *const f64,
    roll_count: usize,
    now: u64,
    json: *mut sergo_text,
) -> sergo_code {
    let explain = || {
        // SAFETY: the caller's block and rolls live through the call.
        let (block, random) = unsafe { (list(block, block_len)?, random(seed, rolls, roll_count)?) };
        call::explain_route(engine, block, random, now).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, explain) }
}

/// # Safety
/// As for [`ask`].
unsafe fn pick(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>, now: u64) -> Result<sergo_text, Code> {
    let choose = |host: &Host, request: &Request<'_>| {
        host.engine().pick(request, rolls, host.tick(now)).map(|pick| write(&pick)).unwrap_or_default()
    };
    // SAFETY: as the caller vouches.
    unsafe { ask(engine, request, choose) }.map(sergo_text::own)
}

/// # Safety
/// As for [`ask`].
unsafe fn pick_id(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>, now: u64) -> Result<sergo_picked, Code> {
    let choose =
        |host: &Host, request: &Request<'_>| Picked::from(host.engine().pick_id(request, rolls, host.tick(now)));
    // SAFETY: as the caller vouches.
    let Picked { answer, instance } = unsafe { ask(engine, request, choose) }?;
    Ok(sergo_picked { answer, instance })
}

/// # Safety
/// As for [`ask`].
unsafe fn explain(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>, now: u64) -> Result<sergo_text, Code> {
    let look =
        |host: &Host, request: &Request<'_>| explanation(&host.engine().explain_route(request, rolls, host.tick(now)));
    // SAFETY: as the caller vouches.
    unsafe { ask(engine, request, look) }.map(sergo_text::own)
}
