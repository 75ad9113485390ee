//! Rules from a control plane, pumped by the program itself.

use crate::code::{answer, run, sergo_code};
use crate::text::{free, list, sergo_str, sergo_text};
use sergo_border::metadata;
use sergo_border::session::{self, Step};

/// As a length of time: for ever.
pub const SERGO_NEVER: u64 = u64::MAX;

/// A step's kind: there is nothing to be done, until something happens.
pub const SERGO_STEP_NONE: u32 = 0;
/// A step's kind: open the stream `stream` to the address `data`; then say
/// `sergo_session_connected`, or `sergo_session_closed` where that fails.
pub const SERGO_STEP_DIAL: u32 = 1;
/// A step's kind: write the bytes `data`, a whole message, to the stream.
pub const SERGO_STEP_SEND: u32 = 2;
/// A step's kind: cancel the stream, because of `data`; no more need be said of it.
pub const SERGO_STEP_CLOSE: u32 = 3;
/// A step's kind: new rules are in force; `data` is their report, as the JSON of a
/// `sergo_report`. `sergo_session_save` is worth writing to a file now.
pub const SERGO_STEP_APPLIED: u32 = 4;

/// What is to be done for a session. Free it with `sergo_step_free`.
#[repr(C)]
#[derive(Debug, Default)]
pub struct sergo_step {
    /// `SERGO_STEP_DIAL`, `SERGO_STEP_SEND`, `SERGO_STEP_CLOSE` or `SERGO_STEP_APPLIED`;
    /// `SERGO_STEP_NONE` after an error, too.
    pub kind: u32,
    /// The number of the stream that is meant; each is higher than the one before it.
    pub stream: u64,
    /// The address, the message (which is no text), the reason, or the report.
    pub data: sergo_text,
}

/// Opens a session that subscribes to an engine's rules, and puts its handle into
/// `session`: a plain number, never 0, that all threads may use at once. It opens no
/// connection and starts no thread: `sergo_session_poll` says what is to be done, and
/// docs/c.md how to. It goes by the library's own monotonic clock. Close it with
/// `sergo_session_close`; when its engine is closed, its calls answer SERGO_CLOSED.
///
/// The options are JSON: `{"addresses": [text], "labels": {}, "kinds": [text],
/// "services": [text], "documents": bool}`, all but the addresses optional: the
/// workload's labels (the engine's), the kinds to ask for (all), the services that are
/// called, whose routes are asked for too (none), whether to ask for whole documents
/// (yes). `seed` is 64 bits of the system's random numbers, others in each process.
///
/// SERGO_ARGUMENT for other JSON, SERGO_FULL when 4,096 are open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_open(
    engine: u64,
    options: sergo_str,
    seed: u64,
    session: *mut u64,
) -> sergo_code {
    // SAFETY: the caller's text lives through the call, and it vouches for `session`.
    unsafe { answer(session, || session::open(engine, options.get()?, seed)) }
}

/// Closes a session and frees what it holds; the rules in force stay. Its stream is
/// yours to close: `sergo_session_end` says which. Later calls answer SERGO_CLOSED, a
/// second close too.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_session_close(session: u64) -> sergo_code {
    run(|| session::close(session))
}

/// The stream is there: the call has begun, or its channel is ready.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_session_connected(session: u64, stream: u64) -> sergo_code {
    run(|| session::connected(session, stream))
}

/// A whole message has come on the stream, without the five bytes that gRPC puts
/// before it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_received(
    session: u64,
    stream: u64,
    message: *const u8,
    message_len: usize,
) -> sergo_code {
    // SAFETY: the caller's message lives through the call.
    run(|| unsafe { session::received(session, stream, list(message, message_len)?) })
}

/// The stream has ended, or could not be opened; `reason`, which may be absent, says
/// why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_closed(session: u64, stream: u64, reason: sergo_str) -> sergo_code {
    // SAFETY: the caller's text lives through the call.
    run(|| unsafe { session::closed(session, stream, reason.option()?.unwrap_or("")) })
}

/// Time has passed: to be called at the start, and when `sergo_session_wait` is over.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_session_time(session: u64) -> sergo_code {
    run(|| session::time(session))
}

/// Puts what is to be done next into `step`. After each happening it is called until
/// there is nothing more. Rules are applied in here, which may take a while when there
/// are thousands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_poll(session: u64, step: *mut sergo_step) -> sergo_code {
    // SAFETY: as the caller vouches for `step`.
    unsafe { answer(step, || Ok(session::poll(session)?.map(describe).unwrap_or_default())) }
}

/// Frees a step's data and makes it all zero: freeing it again is harmless, and so is
/// `NULL`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_step_free(step: *mut sergo_step) {
    if step.is_null() || !step.is_aligned() {
        return;
    }
    // SAFETY: a step that the caller owns.
    let mut step = unsafe { step.replace(sergo_step::default()) };
    // SAFETY: so are its data.
    unsafe { free(&raw mut step.data) };
}

/// After how many nanoseconds the session wants `sergo_session_time` to be called, if
/// nothing happens before: 0 is at once, `SERGO_NEVER` never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_wait(session: u64, nanos: *mut u64) -> sergo_code {
    // SAFETY: as the caller vouches for `nanos`.
    unsafe { answer(nanos, || session::wait(session)) }
}

/// What the session is doing, as JSON: `{"phase": "waiting", "dialing", "connected" or
/// "ended", "address", "identifier", "controlPlane", "connectedFor", "dialsIn",
/// "failures", "lastPushAgo", "lastError", "isSynced": bool, "subscriptions": [{"app",
/// "kind", "version", "documents", "isAnswered": bool, "refused"}]}`, lengths of time in
/// nanoseconds, null where there is none. It is synced when on this stream everything
/// that was asked for has been answered and is in force: what to wait for at the start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_state(session: u64, json: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `json`.
    unsafe { answer(json, || session::state(session).map(sergo_text::own)) }
}

/// The last good documents as a text with a checksum, for a file from which the next
/// process can restore them. Write it whole or not at all: beside the file, flushed,
/// then renamed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_save(session: u64, text: *mut sergo_text) -> sergo_code {
    // SAFETY: as the caller vouches for `text`.
    unsafe { answer(text, || session::save(session).map(sergo_text::own)) }
}

/// Takes the documents of such a text, which the next poll applies, until the control
/// plane pushes others. `problem` says in a sentence why nothing was taken; it is text
/// of no length when all was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_restore(session: u64, text: sergo_str, problem: *mut sergo_text) -> sergo_code {
    // SAFETY: the caller's text lives through the call, and it vouches for `problem`.
    unsafe { answer(problem, || session::restore(session, text.get()?).map(sergo_text::own)) }
}

/// Subscribes to a kind, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`, for an
/// app. `done` says whether it is subscribed to now, which it is not when there are
/// 1,000 subscriptions already. Poll afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_subscribe(
    session: u64,
    app: sergo_str,
    kind: sergo_str,
    done: *mut bool,
) -> sergo_code {
    // SAFETY: the caller's texts live through the call, and it vouches for `done`.
    unsafe { answer(done, || session::subscribe(session, app.get()?, kind.get()?)) }
}

/// Ends a subscription; its documents leave the engine. `done` says whether there was
/// one. Poll afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_session_unsubscribe(
    session: u64,
    app: sergo_str,
    kind: sergo_str,
    done: *mut bool,
) -> sergo_code {
    // SAFETY: the caller's texts live through the call, and it vouches for `done`.
    unsafe { answer(done, || session::unsubscribe(session, app.get()?, kind.get()?)) }
}

/// Ends a session: the next poll says which stream to close, and it dials no more. The
/// rules in force stay.
#[unsafe(no_mangle)]
pub extern "C" fn sergo_session_end(session: u64) -> sergo_code {
    run(|| session::end(session))
}

/// The message that reports the services that a process offers, for the gRPC method
/// `/opensergo.proto.service_contract.v1.MetadataService/ReportMetadata`: one message
/// each way, the answer empty. It is bytes, no text.
///
/// `node` and `services` are JSON and may be absent: `{"identifier": {"hostName",
/// "pid", "startTimestamp": {"seconds", "nanos"}}, "locality": {"region", "zone"},
/// "tag", "cluster", "env"}` and `[{"listeningAddresses": [{"address", "portValue"}],
/// "protocols": [text], "serviceContract": {"services": [{"name", "methods": [{"name",
/// "inputTypes", "outputTypes", "clientStreaming", "serverStreaming", "description",
/// "httpPaths", "httpMethods"}], "description"}], "types": [{"name", "fields": [{"name",
/// "number", "label", "type", "typeName", "description"}]}]}}]`; all fields are optional.
///
/// SERGO_ARGUMENT for other JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sergo_metadata(
    app: sergo_str,
    node: sergo_str,
    services: sergo_str,
    message: *mut sergo_text,
) -> sergo_code {
    let encode = || {
        // SAFETY: the caller's texts live through the call.
        let (app, node, services) = unsafe { (app.get()?, node.option()?, services.option()?) };
        metadata::metadata(app, node.unwrap_or(""), services.unwrap_or("")).map(sergo_text::own_bytes)
    };
    // SAFETY: as the caller vouches for `message`.
    unsafe { answer(message, encode) }
}

fn describe(step: Step) -> sergo_step {
    let (kind, stream, data) = match step {
        Step::Dial { stream, address } => (SERGO_STEP_DIAL, stream, address.into_bytes()),
        Step::Send { stream, bytes } => (SERGO_STEP_SEND, stream, bytes),
        Step::Close { stream, reason } => (SERGO_STEP_CLOSE, stream, reason.into_bytes()),
        Step::Applied { report } => (SERGO_STEP_APPLIED, 0, report.into_bytes()),
    };
    sergo_step { kind, stream, data: sergo_text::own_bytes(data) }
}
