//! Where a request goes.

use crate::code::{answer, sergo_code};
use crate::request::{ask, numbers, random, sergo_request};
use crate::text::{list, one, sergo_str, sergo_text};
use sergo_border::handle::Host;
use sergo_border::text::directions as directions_text;
use sergo_border::{call, with};
use sergo_core::{Answer, AnswerId, Code, Request, Rolls, Span};
use std::ptr::null;
use std::sync::Arc;

/// An answer's kind: nothing; what an answer is after an error.
pub const SERGO_NOWHERE: u32 = 0;
/// An answer's kind: to the destination `host`, `subset`, `port`.
pub const SERGO_DESTINATION: u32 = 1;
/// An answer's kind: send the caller elsewhere; `sergo_direct` says where.
pub const SERGO_REDIRECT: u32 = 2;
/// An answer's kind: answer with `status` and `body` at once.
pub const SERGO_RESPONSE: u32 = 3;
/// An answer's kind: the chosen destination and its fallbacks have no healthy
/// instance; `host` and `subset` are the last that was looked at.
pub const SERGO_EMPTY: u32 = 4;

/// Where a request goes. Free it with `sergo_answer_free`, which its texts live
/// until.
#[repr(C)]
#[derive(Debug)]
pub struct sergo_answer {
    /// `SERGO_DESTINATION`, `SERGO_REDIRECT`, `SERGO_RESPONSE` or `SERGO_EMPTY`.
    pub kind: u32,
    /// Of a response: the HTTP status.
    pub status: u32,
    /// Of a destination: how long the call may take, in nanoseconds; 0 is no limit.
    pub timeout_nanos: u64,
    /// The name of the route that matched; may be absent.
    pub route: sergo_str,
    /// Of a destination: its host.
    pub host: sergo_str,
    /// The subset of the host's instances; may be absent.
    pub subset: sergo_str,
    /// Of a response: the body; may be absent.
    pub body: sergo_str,
    /// Of a destination: its port; 0 is none.
    pub port: u16,
    /// Whether this is a fallback for the destination that was chosen.
    pub fallback: bool,
    /// Whether rewriting, redirecting, faults or mirrors come with it, which
    /// `sergo_direct` works out for each request.
    pub varies: bool,
    /// Sergo's.
    pub owner: *const sergo_answer_owner,
}

/// What the texts of a `sergo_answer` live in.
#[derive(Debug)]
pub struct sergo_answer_owner {
    answer: Arc<Answer>,
}

/// Where a request goes: puts an id for `sergo_answer_get` into `id`, or 0 when no
/// route says. The same id always stands for the same answer, so what it stands
/// for may be kept. Takes no lock.
///
/// `seed` is what weighted picks are made by: any number that differs from request
/// to request, random or counted up from a random start, and not the same in
/// forked processes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_route(
    engine: u64,
    request: *const sergo_request,
    seed: u64,
    id: *mut u64,
) -> sergo_code {
    // SAFETY: the caller's request lives through the call, and it vouches for `id`.
    unsafe { answer(id, || find(engine, one(request)?, &mut Rolls::seeded(seed))) }
}

/// As `sergo_route`, with the random numbers themselves, each in [0, 1); the last
/// one serves every further pick. For tests that must come out the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_route_rolls(
    engine: u64,
    request: *const sergo_request,
    rolls: *const f64,
    roll_count: usize,
    id: *mut u64,
) -> sergo_code {
    // SAFETY: the caller's request and rolls live through the call, and it vouches for `id`.
    unsafe { answer(id, || find(engine, one(request)?, &mut Rolls::given(numbers(rolls, roll_count)?))) }
}

/// As `sergo_route`, for bindings to which one block of bytes is cheaper than a
/// struct of pointers; `rolls` may be `NULL`, then `seed` counts. Little endian;
/// a text is its length as a 32-bit number and that many bytes, an absent text has
/// the length 0xFFFFFFFF: port or 0xFFFFFFFF; host, method, path, scheme, client,
/// hash, caller namespace, caller gateway; the number of caller labels or
/// 0xFFFFFFFF, per label name and value; the number of headers, per header name
/// and value. Who hands over no more than `sergo_required` asks for puts 0xFFFFFFFF
/// before that number, and the version that it said, as a 64-bit number: SERGO_STALE
/// when other rules are in force. A call of a remote procedure goes on: service, method; the number of
/// arguments, per argument type and value; the number of attachments, per
/// attachment name and value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_route_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    seed: u64,
    rolls: *const f64,
    roll_count: usize,
    id: *mut u64,
) -> sergo_code {
    let route = || {
        // SAFETY: the caller's block and rolls live through the call.
        let (block, random) = unsafe { (list(block, block_len)?, random(seed, rolls, roll_count)?) };
        call::route(engine, block, random)
    };
    // SAFETY: as the caller vouches for `id`.
    unsafe { answer(id, route) }
}

/// Where a request goes and all that is done with it on the way, as JSON: as
/// `sergo_answer_json`, and where they apply also `"rewrite": {"uri", "authority"}`,
/// `"redirect": {"uri", "authority", "scheme", "port", "redirectCode"}`, `"fault":
/// {"abort", "delay"}`, `"mirror": [{"destination", "percentage"}]`, worked out and
/// drawn. Text of no length when no route says. With the same seed the destination
/// is the one of `sergo_route`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_direct(
    engine: u64,
    request: *const sergo_request,
    seed: u64,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request lives through the call, and it vouches for `json`.
    unsafe { answer(json, || direct(engine, one(request)?, &mut Rolls::seeded(seed))) }
}

/// As `sergo_direct`, with the random numbers themselves, as `sergo_route_rolls`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_direct_rolls(
    engine: u64,
    request: *const sergo_request,
    rolls: *const f64,
    roll_count: usize,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: the caller's request and rolls live through the call, and it vouches for `json`.
    unsafe { answer(json, || direct(engine, one(request)?, &mut Rolls::given(numbers(rolls, roll_count)?))) }
}

/// As `sergo_direct`, of a block of bytes as for `sergo_route_packed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_direct_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    seed: u64,
    rolls: *const f64,
    roll_count: usize,
    json: *mut sergo_text,
) -> sergo_code {
    let direct = || {
        // SAFETY: the caller's block and rolls live through the call.
        let (block, random) = unsafe { (list(block, block_len)?, random(seed, rolls, roll_count)?) };
        call::direct(engine, block, random).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, direct) }
}

/// What the id of a route stands for.
///
/// SERGO_STALE when the rules have changed eight times since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_answer_get(engine: u64, id: u64, out: *mut sergo_answer) -> sergo_code {
    // SAFETY: as the caller vouches for `out`.
    unsafe { answer(out, || with(engine, |host| host.engine().answer(AnswerId(id)).map(describe).ok_or(Code::Stale))) }
}

/// As `sergo_answer_get`, as JSON. A destination: `{"route": text or null,
/// "destination": {"host", "subset": text or null, "port": number or null},
/// "fallback": bool, "timeout": duration or null, "retries", "headers",
/// "corsPolicy", "varies": bool}`; a redirect: `{"route", "headers", "corsPolicy",
/// "varies"}`; a response: `{"route", "directResponse", "headers", "corsPolicy",
/// "varies"}`; empty: `{"empty": {"host", "subset": text or null}}`. What is not
/// explained is shaped as in the rule's document, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_answer_json(engine: u64, id: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, || call::answer(engine, id).map(sergo_text::own)) }
}

/// Frees an answer's texts and makes it all zero: freeing it again is harmless,
/// and so is `NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_answer_free(answer: *mut sergo_answer) {
    if answer.is_null() || !answer.is_aligned() {
        return;
    }
    // SAFETY: an answer that the caller owns.
    let owner = unsafe { answer.replace(sergo_answer::default()) }.owner;
    if !owner.is_null() {
        // SAFETY: `describe` made it of a box, and it is taken out of the answer just once.
        drop(unsafe { Box::from_raw(owner.cast_mut()) });
    }
}

impl Default for sergo_answer {
    fn default() -> Self {
        let absent = sergo_str::default();
        sergo_answer {
            kind: SERGO_NOWHERE,
            status: 0,
            timeout_nanos: 0,
            route: absent,
            host: absent,
            subset: absent,
            body: absent,
            port: 0,
            fallback: false,
            varies: false,
            owner: null(),
        }
    }
}

/// # Safety
/// As for [`ask`].
unsafe fn find(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>) -> Result<u64, Code> {
    // SAFETY: as the caller vouches.
    unsafe {
        ask(engine, request, |host, request| host.engine().route(request, rolls, host.moment()).map_or(0, |id| id.0))
    }
}

/// # Safety
/// As for [`ask`].
unsafe fn direct(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>) -> Result<sergo_text, Code> {
    let say = |host: &Host, request: &Request<'_>| {
        let directions = host.engine().direct(request, rolls, host.moment());
        directions.map(|directions| directions_text(&directions)).unwrap_or_default()
    };
    // SAFETY: as the caller vouches.
    unsafe { ask(engine, request, say) }.map(sergo_text::own)
}

fn describe(answer: Arc<Answer>) -> sergo_answer {
    let owner = Box::new(sergo_answer_owner { answer });
    let described = match &*owner.answer {
        Answer::To { route, destination, fallback, policy } => sergo_answer {
            kind: SERGO_DESTINATION,
            timeout_nanos: policy.timeout.map_or(0, Span::nanos),
            route: sergo_str::lend_option(route.as_deref()),
            host: sergo_str::lend(&destination.host),
            subset: sergo_str::lend_option(destination.subset.as_deref()),
            port: destination.port.unwrap_or(0),
            fallback: *fallback,
            ..sergo_answer::default()
        },
        Answer::Redirect { route, .. } => sergo_answer {
            kind: SERGO_REDIRECT,
            route: sergo_str::lend_option(route.as_deref()),
            ..sergo_answer::default()
        },
        Answer::Respond { route, response, .. } => sergo_answer {
            kind: SERGO_RESPONSE,
            status: u32::from(response.status),
            route: sergo_str::lend_option(route.as_deref()),
            body: sergo_str::lend_option(response.body.as_deref()),
            ..sergo_answer::default()
        },
        Answer::Empty { host, subset } => sergo_answer {
            kind: SERGO_EMPTY,
            host: sergo_str::lend(host),
            subset: sergo_str::lend_option(subset.as_deref()),
            ..sergo_answer::default()
        },
    };
    sergo_answer { varies: owner.answer.varies(), owner: Box::into_raw(owner), ..described }
}
