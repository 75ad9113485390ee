//! Entering and exiting, routing, picking, reporting and labelling: no arguments, everything
//! in the thread's [`words`](crate::words). Each answers a code's negative number
//! where it fails.

use crate::thread::with_words;
use crate::words::{ANSWER, CANCELLED, FLAG, HANDLE, INSTANCE, RANDOM, RESOURCE, seed};
use napi_derive::napi;
use sergo::Code;
use sergo_border::call;

/// Asks to enter. Answers 0 for a pass, the number of the strategy's kind for a
/// block.
#[napi(catch_unwind)]
pub fn enter() -> i32 {
    with_words(|words| {
        let (handle, resource) = (words.number(HANDLE), words.number(RESOURCE));
        let entered = call::enter(handle, resource, words.cost(), words.flag(), words.time())?;
        words.put(&entered);
        Ok(i32::from(entered.blocked_by))
    })
}

/// Gives a permit back. Answers 0.
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

/// Routes the packed request in the thread's block. Answers 0.
#[napi(catch_unwind)]
pub fn route() -> i32 {
    with_words(|words| {
        let id = call::route(words.named()?, words.block()?, seed(words.real(RANDOM)))?;
        words.set(ANSWER, id);
        Ok(0)
    })
}

/// Picks an instance for the packed request in the thread's block. Answers 0.
#[napi(catch_unwind)]
pub fn pick() -> i32 {
    with_words(|words| {
        let picked = call::pick_id(words.number(HANDLE), words.block()?, seed(words.real(RANDOM)), words.time())?;
        words.set(ANSWER, picked.answer);
        words.set(INSTANCE, picked.instance);
        Ok(0)
    })
}

/// Takes what came of a call to an instance of the host in the thread's block.
/// Answers 0.
#[napi(catch_unwind)]
pub fn report() -> i32 {
    with_words(|words| {
        let host = std::str::from_utf8(words.block()?).map_err(|_| Code::Utf8)?;
        let (instance, outcome) = (words.number(INSTANCE), words.number(FLAG) as u32);
        call::report_id(words.number(HANDLE), host, instance, outcome, words.time())?;
        Ok(0)
    })
}

/// Labels the packed request in the thread's block, and leaves the label there as
/// JSON ([`call::label`]), of length 0 for none. Answers 0.
#[napi(catch_unwind)]
pub fn label() -> i32 {
    with_words(|words| {
        let label = call::label(words.number(HANDLE), words.block()?, words.flag())?;
        words.put_text(&label)?;
        Ok(0)
    })
}
