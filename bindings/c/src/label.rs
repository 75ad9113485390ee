//! The lane of a request, and what has to be handed over of one.

use crate::code::{answer, sergo_code};
use crate::request::{ask, sergo_request};
use crate::text::{list, one, sergo_str, sergo_text};
use sergo_border::call;
use sergo_border::handle::Host;
use sergo_border::text::{explanation, json as write};
use sergo_core::{Code, Request};

/// For a label: the lane that the request carries is not believed.
pub const SERGO_UNTRUSTED: u32 = 0;
/// For a label: the request comes from one who may choose its lane.
pub const SERGO_TRUSTED: u32 = 1;

/// The lane of a request that comes in, as JSON: `{"lane", "baggage": {key: lane}}`,
/// to be carried on to all calls that are made for it. Text of no length when it has
/// none. `flags` is `SERGO_UNTRUSTED` or `SERGO_TRUSTED`. The host is not looked at and
/// may be absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_label(
    engine: u64,
    request: *const sergo_request,
    flags: u32,
    json: *mut sergo_text,
) -> sergo_code {
    let lane = |host: &Host, request: &Request<'_>, trust| {
        host.engine().label(request, trust).map(|label| write(&label)).unwrap_or_default()
    };
    // SAFETY: as the caller vouches for all of them.
    unsafe { look(engine, request, flags, json, lane) }
}

/// As `sergo_label`, of a block of bytes as for `sergo_route_packed`; its host may
/// be empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_label_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    flags: u32,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: as the caller vouches for all of them.
    unsafe { look_packed(engine, (block, block_len), flags, json, call::label) }
}

/// Which lane `sergo_label` says that a request is of, and why, as JSON: `{"lane": text
/// or null, "why", "document": text or null, "came": {"lane", "key", "header",
/// "believed"} or null, "goes": {"key", "baggage"} or null, "misses": [{"document",
/// "blocks": [{"field", "expected", "found"}]}], "text"}`, `text` all of it for people.
/// It changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain_label(
    engine: u64,
    request: *const sergo_request,
    flags: u32,
    json: *mut sergo_text,
) -> sergo_code {
    let why = |host: &Host, request: &Request<'_>, trust| explanation(&host.engine().explain_label(request, trust));
    // SAFETY: as the caller vouches for all of them.
    unsafe { look(engine, request, flags, json, why) }
}

/// As `sergo_explain_label`, of a block of bytes as for `sergo_label_packed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_explain_label_packed(
    engine: u64,
    block: *const u8,
    block_len: usize,
    flags: u32,
    json: *mut sergo_text,
) -> sergo_code {
    // SAFETY: as the caller vouches for all of them.
    unsafe { look_packed(engine, (block, block_len), flags, json, call::explain_label) }
}

/// The `baggage` header (W3C) of the next call: that of the request that came in,
/// which may be absent, and the lane under its key, in front of the others. At most
/// 64 members and 8,192 bytes are kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_baggage(
    incoming: sergo_str,
    key: sergo_str,
    lane: sergo_str,
    header: *mut sergo_text,
) -> sergo_code {
    let merge = || {
        // SAFETY: the caller's texts live through the call.
        let (incoming, key, lane) = unsafe { (incoming.option()?.unwrap_or(""), key.get()?, lane.get()?) };
        Ok(sergo_text::own(call::baggage(incoming, key, lane)))
    };
    // SAFETY: as the caller vouches for `header`.
    unsafe { answer(header, merge) }
}

/// Which headers and query parameters routes and picks look at for a host, as JSON:
/// `{"version", "headers": [name], "parameters": [name]}`, both sorted, headers in
/// lower case. No others need be handed over while this version of the rules is in
/// force; at version 0 there is nothing to go by. For an absent or empty host, those that
/// `sergo_label` looks at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_required(engine: u64, host: sergo_str, json: *mut sergo_text) -> sergo_code {
    let look = || {
        // SAFETY: the caller's text lives through the call.
        let host = unsafe { host.option() }?.unwrap_or("");
        call::required(engine, host).map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, look) }
}

/// Writes what there is to be said of the lane of a request, whose host may be absent.
///
/// # Safety
/// The request, and all that it points to, live through the call; `json` is as for
/// [`answer`].
unsafe fn look(
    engine: u64,
    request: *const sergo_request,
    flags: u32,
    json: *mut sergo_text,
    look: impl FnOnce(&Host, &Request<'_>, bool) -> String,
) -> sergo_code {
    let text = || {
        let trust = trusted(flags)?;
        // SAFETY: the caller's request lives through the call.
        let mut request = *unsafe { one(request) }?;
        // SAFETY: so does its host.
        if unsafe { request.host.option() }?.is_none() {
            request.host = sergo_str::lend("");
        }
        // SAFETY: so does all else that it points to.
        unsafe { ask(engine, &request, |host, request| look(host, request, trust)) }.map(sergo_text::own)
    };
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, text) }
}

/// As [`look`], of a request in a block of so many bytes.
///
/// # Safety
/// The block lives through the call; `json` is as for [`answer`].
unsafe fn look_packed(
    engine: u64,
    (block, block_len): (*const u8, usize),
    flags: u32,
    json: *mut sergo_text,
    look: fn(u64, &[u8], bool) -> Result<String, Code>,
) -> sergo_code {
    // SAFETY: as the caller vouches.
    unsafe { answer(json, || look(engine, list(block, block_len)?, trusted(flags)?).map(sergo_text::own)) }
}

fn trusted(flags: u32) -> Result<bool, Code> {
    match flags {
        SERGO_UNTRUSTED => Ok(false),
        SERGO_TRUSTED => Ok(true),
        _ => Err(Code::Argument),
    }
}
