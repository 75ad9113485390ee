//! Where a request goes, and what discovery knows.

use crate::code::{answer, run, sergo_code};
use crate::text::{list, map, one, sergo_pair, sergo_str, sergo_text};
use sergo_border::call::{self, Random};
use sergo_border::text::directions as directions_text;
use sergo_border::with;
use sergo_core::route::Caller;
use sergo_core::{Answer, AnswerId, Code, Engine, Headers, Instance, Request, Rolls, Span, Tick};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ptr::null;
use std::sync::Arc;

/// For an instance: discovery holds it for healthy.
pub const SERGO_HEALTHY: u32 = 0;
/// For an instance: discovery holds it for unhealthy.
pub const SERGO_UNHEALTHY: u32 = 1;

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

/// A request to route. All zero but the host is `GET /` over http without
/// headers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_request {
    /// The host that is called, perhaps with a port.
    pub host: sergo_str,
    /// The method; `GET` when absent.
    pub method: sergo_str,
    /// The path, perhaps with a query; `/` when absent.
    pub path: sergo_str,
    /// The scheme; `http` when absent.
    pub scheme: sergo_str,
    /// The headers, names in any case.
    pub headers: *const sergo_pair,
    /// How many.
    pub header_count: usize,
    /// The destination port; 0 is none.
    pub port: u16,
    /// The caller's address; may be absent.
    pub client: sergo_str,
    /// A sticky key; may be absent. The same key always gets the same destination.
    pub hash: sergo_str,
    /// The calling workload's labels; `NULL` is the engine's own.
    pub caller_labels: *const sergo_pair,
    /// How many.
    pub caller_label_count: usize,
    /// The calling workload's namespace; the engine's own when absent.
    pub caller_namespace: sergo_str,
    /// The gateway that the request came through; `mesh` when absent.
    pub caller_gateway: sergo_str,
}

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

/// An instance of a host, as discovery found it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct sergo_instance {
    /// Its identity.
    pub id: sergo_str,
    /// Its zone; may be absent.
    pub zone: sergo_str,
    /// Its labels.
    pub labels: *const sergo_pair,
    /// How many.
    pub label_count: usize,
    /// Its weight among its like; 0 is read as 1.
    pub weight: u32,
    /// `SERGO_HEALTHY` or `SERGO_UNHEALTHY`.
    pub flags: u32,
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
/// and value.
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

/// Tells what discovery knows of a host, replacing what it knew. A host of which
/// it has never told is unknown, not empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_set_instances(
    engine: u64,
    host: sergo_str,
    instances: *const sergo_instance,
    count: usize,
) -> sergo_code {
    run(|| {
        // SAFETY: the caller's text and instances live through the call.
        let (name, list) = unsafe { (host.get()?, list(instances, count)?) };
        let instances = list.iter().map(|instance| {
            // SAFETY: so does all they point to.
            unsafe { read(instance) }
        });
        let instances = instances.collect::<Result<Vec<_>, _>>()?;
        with(engine, |host| {
            host.engine().set_instances(name, instances);
            Ok(())
        })
    })
}

/// As `sergo_set_instances`, from JSON: a list of `{"id", "labels" ({}), "healthy"
/// (true), "weight" (1), "zone" (null)}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_set_instances_json(engine: u64, host: sergo_str, json: sergo_str) -> sergo_code {
    // SAFETY: the caller's texts live through the call.
    run(|| unsafe { call::set_instances(engine, host.get()?, json.get()?) })
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
    unsafe { ask(engine, request, |asked, request, now| asked.route(request, rolls, now).map_or(0, |id| id.0)) }
}

/// # Safety
/// As for [`ask`].
unsafe fn direct(engine: u64, request: &sergo_request, rolls: &mut Rolls<'_>) -> Result<sergo_text, Code> {
    let say = |asked: &Engine, request: &Request<'_>, now: Tick| {
        asked.direct(request, rolls, now).map(|directions| directions_text(&directions)).unwrap_or_default()
    };
    // SAFETY: as the caller vouches.
    unsafe { ask(engine, request, say) }.map(sergo_text::own)
}

/// # Safety
/// All that the request points to lives through the call.
unsafe fn ask<T>(
    engine: u64,
    request: &sergo_request,
    call: impl FnOnce(&Engine, &Request<'_>, Tick) -> T,
) -> Result<T, Code> {
    // SAFETY: as the caller vouches.
    let (labels, headers) = unsafe {
        let labels = caller_labels(request.caller_labels, request.caller_label_count)?;
        (labels, Pairs::read(request.headers, request.header_count)?)
    };
    // SAFETY: as the caller vouches.
    let request = unsafe {
        Request {
            host: request.host.get()?,
            method: request.method.option()?.unwrap_or("GET"),
            path: request.path.option()?.unwrap_or("/"),
            scheme: request.scheme.option()?.unwrap_or("http"),
            port: (request.port != 0).then_some(request.port),
            headers: &headers,
            client: request.client.option()?,
            caller: Caller {
                labels: labels.as_ref(),
                namespace: request.caller_namespace.option()?,
                gateway: request.caller_gateway.option()?,
            },
            hash: request.hash.option()?,
            rpc: None,
        }
    };
    with(engine, |host| Ok(call(host.engine(), &request, host.moment())))
}

/// The labels of who calls; none where they are the engine's own.
///
/// # Safety
/// As for [`map`].
pub(crate) unsafe fn caller_labels(
    first: *const sergo_pair,
    count: usize,
) -> Result<Option<BTreeMap<String, String>>, Code> {
    if first.is_null() && count == 0 {
        return Ok(None);
    }
    // SAFETY: as the caller vouches.
    unsafe { map(first, count) }.map(Some)
}

/// The headers of a request, checked once and then read in place.
struct Pairs<'a>(&'a [sergo_pair]);

impl Pairs<'_> {
    /// # Safety
    /// As for [`list`], and all their texts live as long.
    unsafe fn read<'a>(first: *const sergo_pair, count: usize) -> Result<Pairs<'a>, Code> {
        // SAFETY: as the caller vouches.
        let pairs = unsafe { list(first, count) }?;
        for pair in pairs {
            // SAFETY: as the caller vouches.
            unsafe { (pair.name.get()?, pair.value.get()?) };
        }
        Ok(Pairs(pairs))
    }
}

impl Headers for Pairs<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        // SAFETY: `read` has seen all of them, and whoever called it keeps them.
        let text = |text: sergo_str| unsafe { text.get() }.unwrap_or_default();
        let same = |pair: &&sergo_pair| pair.name.len == name.len() && text(pair.name).eq_ignore_ascii_case(name);
        let mut values = self.0.iter().filter(same).map(|pair| text(pair.value));
        let mut found = Cow::Borrowed(values.next()?);
        for value in values {
            let joined = found.to_mut();
            joined.push(',');
            joined.push_str(value);
        }
        Some(found)
    }
}

/// # Safety
/// As for [`list`].
pub(crate) unsafe fn numbers<'a>(first: *const f64, count: usize) -> Result<&'a [f64], Code> {
    // SAFETY: as the caller vouches.
    let rolls = unsafe { list(first, count) }?;
    if rolls.iter().all(|roll| (0.0..1.0).contains(roll)) { Ok(rolls) } else { Err(Code::Argument) }
}

/// # Safety
/// As for [`list`].
unsafe fn random<'a>(seed: u64, first: *const f64, count: usize) -> Result<Random<'a>, Code> {
    // SAFETY: as the caller vouches.
    let rolls = unsafe { numbers(first, count) }?;
    Ok(if rolls.is_empty() { Random::Seed(seed) } else { Random::Rolls(rolls) })
}

/// # Safety
/// All that the instance points to lives through the call.
unsafe fn read(instance: &sergo_instance) -> Result<Instance, Code> {
    let healthy = match instance.flags {
        SERGO_HEALTHY => true,
        SERGO_UNHEALTHY => false,
        _ => return Err(Code::Argument),
    };
    // SAFETY: as the caller vouches.
    unsafe {
        Ok(Instance {
            id: instance.id.get()?.to_owned(),
            labels: map(instance.labels, instance.label_count)?,
            healthy,
            weight: instance.weight.max(1),
            zone: instance.zone.option()?.map(str::to_owned),
        })
    }
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
