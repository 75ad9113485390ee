//! Entering and exiting: no arguments, everything in the thread's [`words`].

use crate::thread::with_words;
use crate::words::{CANCELLED, FLAG, HANDLE, RESOURCE};
use napi_derive::napi;
use sergo_border::call;

/// Asks to enter. Answers 0 for a pass, the number of the strategy's kind for a
/// block, or the negative number of a code.
#[napi(catch_unwind)]
pub fn enter() -> i32 {
    with_words(|words| {
        let (handle, resource) = (words.number(HANDLE), words.number(RESOURCE));
        let entered = call::enter(handle, resource, words.cost(), words.flag(), words.time())?;
        words.put(&entered);
        Ok(i32::from(entered.blocked_by))
    })
}

/// Gives a permit back. Answers 0, or the negative number of a code.
#[napi(catch_unwind)]
pub fn exit() -> i32 {
    with_words(|words| {
        let (handle, permit, now) = (words.number(HANDLE), words.permit(), words.time());
        match words.number(FLAG) {
            CANCELLED => call::cancel(handle, permit, now)?,
            _ => call::exit(handle, permit, words.flag(), now)?,
        }
        Ok(0)
    })
}
