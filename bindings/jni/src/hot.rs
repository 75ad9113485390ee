//! Entering and leaving, routing and picking.

use jni::sys::{JNIEnv, jboolean, jclass, jint, jlong};
use sergo::Code;
use sergo::decide::Permit;
use sergo_border::call::{self, Entered, Random};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What [`sergo_java_enter`] writes, little endian: the permit,
/// the wait, the block and what follows it, as in [`Entered`].
const WORDS: usize = Permit::WORDS + 3;

/// Exports a call twice: by a plain name, which `java.lang.foreign` calls, and as
/// JNI wants it. Neither goes through the other: a call costs as much as some of
/// what these do.
macro_rules! exported {
    (
        $(#[$doc:meta])*
        $plain:ident, $jni:ident;
        ($($name:ident: $kind:ty),*) -> $answer:ty $body:block
    ) => {
        $(#[$doc])*
        #[unsafe(no_mangle)]
        extern "C" fn $plain($($name: $kind),*) -> $answer $body

        $(#[$doc])*
        #[unsafe(no_mangle)]
        extern "system" fn $jni(_env: *mut JNIEnv, _class: jclass, $($name: $kind),*) -> $answer $body
    };
}

/// Runs `call`; a code, or a panic that the border did not see, is negative.
fn answer<T: From<i32>>(call: impl FnOnce() -> Result<T, Code>) -> T {
    let code = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => return answer,
        Ok(Err(code)) => code,
        Err(_) => Code::Panicked,
    };
    T::from(code as i32)
}

fn words(entered: &Entered) -> [u64; WORDS] {
    let [a, b, c, d, e] = entered.permit;
    [a, b, c, d, e, entered.wait, entered.block, entered.retry_after_plus_one].map(u64::to_le)
}

exported! {
    /// Asks to enter: 0 for a pass, the strategy's number for a block, or a code.
    sergo_java_enter, Java_io_sergo_Native_enter;
    (handle: jlong, resource: jlong, cost: jint, outbound: jboolean, now: jlong, out: jlong) -> jint {
        answer(|| {
            let out = out as usize as *mut [u64; WORDS];
            if out.is_null() {
                return Err(Code::Argument);
            }
            let entered = call::enter(handle as u64, resource as u64, cost as u32, outbound, now as u64)?;
            // SAFETY: `out` is the address of a place in `io.sergo.Scratch`, which
            // has room for the words, is never freed, and is taken by this caller.
            unsafe { out.write_unaligned(words(&entered)) };
            Ok(jint::from(entered.blocked_by))
        })
    }
}

exported! {
    /// Gives a permit back.
    sergo_java_exit, Java_io_sergo_Native_exit;
    (handle: jlong, a: jlong, b: jlong, c: jlong, d: jlong, e: jlong, error: jboolean, now: jlong) -> jint {
        let permit = [a, b, c, d, e].map(|word| word as u64);
        answer(|| call::exit(handle as u64, permit, error, now as u64).map(|()| Code::Ok as jint))
    }
}

/// Gives a permit back whose call never began.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_cancel(
    _env: *mut JNIEnv,
    _class: jclass,
    handle: jlong,
    a: jlong,
    b: jlong,
    c: jlong,
    d: jlong,
    e: jlong,
    now: jlong,
) -> jint {
    let permit = [a, b, c, d, e].map(|word| word as u64);
    answer(|| call::cancel(handle as u64, permit, now as u64).map(|()| Code::Ok as jint))
}

/// The bytes at an address.
///
/// # Safety
/// There are as many, and until the call that this is for returns they stay.
unsafe fn bytes<'a>(address: jlong, length: jint) -> Result<&'a [u8], Code> {
    let address = address as usize as *const u8;
    let length = usize::try_from(length).map_err(|_| Code::Argument)?;
    if address.is_null() {
        return Err(Code::Argument);
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(address, length) })
}

/// Routes the packed request at an address: the answer's id, 0 for nowhere, or
/// a code.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_route(
    _env: *mut JNIEnv,
    _class: jclass,
    handle: jlong,
    address: jlong,
    length: jint,
    seed: jlong,
) -> jlong {
    answer(|| {
        // SAFETY: the address and length are those of a direct buffer that the
        // caller holds, alone, until this call returns.
        let block = unsafe { bytes(address, length) }?;
        call::route(handle as u64, block, Random::Seed(seed as u64)).map(|id| id as jlong)
    })
}

/// Picks for the packed request at an address: [`Code::Ok`] and in `out` the
/// answer's id and the instance's number, or a code.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_pickId(
    _env: *mut JNIEnv,
    _class: jclass,
    handle: jlong,
    address: jlong,
    length: jint,
    seed: jlong,
    now: jlong,
    out: jlong,
) -> jint {
    answer(|| {
        let out = out as usize as *mut [u64; 2];
        if out.is_null() {
            return Err(Code::Argument);
        }
        // SAFETY: as for a route.
        let block = unsafe { bytes(address, length) }?;
        let picked = call::pick_id(handle as u64, block, Random::Seed(seed as u64), now as u64)?;
        // SAFETY: as for an entry, of whose words these are fewer.
        unsafe { out.write_unaligned([picked.answer, picked.instance].map(u64::to_le)) };
        Ok(Code::Ok as jint)
    })
}

/// Takes what came of a call to the instance with a number; the host's name is at
/// an address.
#[unsafe(no_mangle)]
extern "system" fn Java_io_sergo_Native_reportId(
    _env: *mut JNIEnv,
    _class: jclass,
    handle: jlong,
    address: jlong,
    length: jint,
    number: jlong,
    outcome: jint,
    now: jlong,
) -> jint {
    answer(|| {
        // SAFETY: as for a route.
        let host = std::str::from_utf8(unsafe { bytes(address, length) }?).map_err(|_| Code::Utf8)?;
        call::report_id(handle as u64, host, number as u64, outcome as u32, now as u64).map(|()| Code::Ok as jint)
    })
}
