//! What the addon keeps for one JavaScript thread: the shared words, and the
//! engines and sessions that were made there. All go when the thread's environment ends, so
//! that a worker leaves nothing behind.

use crate::failure::{Result, failure};
use crate::words::{COUNT, Words};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, ToNapiValue, Unknown};
use napi_derive::napi;
use sergo::Code;
use std::cell::RefCell;
use std::collections::HashSet;

thread_local! {
    static THREAD: RefCell<Option<Thread>> = const { RefCell::new(None) };
}

struct Thread {
    words: Float64Array,
    engines: HashSet<u64>,
    sessions: HashSet<u64>,
}

/// Takes the words that this thread shares with the addon, and answers those in
/// force: the first that were given. A second copy of the package in one thread
/// thereby uses the words of the first.
///
/// # Errors
/// `argument` when there are fewer words than the layout has.
#[napi(catch_unwind)]
pub fn share(env: Env, words: Float64Array) -> Result<Unknown<'static>> {
    if words.len() < COUNT {
        return Err(failure(Code::Argument));
    }
    THREAD.with_borrow_mut(|thread| {
        if thread.is_none() {
            env.add_env_cleanup_hook((), |()| leave()).map_err(|_| failure(Code::Argument))?;
            *thread = Some(Thread { words, engines: HashSet::new(), sessions: HashSet::new() });
        }
        let thread = thread.as_mut().ok_or_else(|| failure(Code::Argument))?;
        // SAFETY: called from JavaScript, in the environment that gave the words;
        // the value is handed back to it at once.
        unsafe {
            let value =
                ToNapiValue::to_napi_value(env.raw(), &mut thread.words).map_err(|_| failure(Code::Argument))?;
            Ok(Unknown::from_raw_unchecked(env.raw(), value))
        }
    })
}

/// Runs a hot call on this thread's words; a code becomes its number.
#[inline]
pub(crate) fn with_words(call: impl FnOnce(&mut Words<'_>) -> Result<i32, Code>) -> i32 {
    words(call).unwrap_or_else(|code| code as i32)
}

/// Runs a cold call on this thread's words; a code becomes an error.
pub(crate) fn on_words<T>(call: impl FnOnce(&mut Words<'_>) -> Result<T, Code>) -> Result<T> {
    words(call).map_err(failure)
}

#[inline]
fn words<T>(call: impl FnOnce(&mut Words<'_>) -> Result<T, Code>) -> Result<T, Code> {
    THREAD.with_borrow_mut(|thread| {
        let thread = thread.as_mut().ok_or(Code::Argument)?;
        // SAFETY: the reference that `words` holds keeps the memory where it is;
        // the package neither transfers nor resizes it, and no JavaScript runs on
        // this thread before the call is over.
        let words = unsafe { thread.words.as_mut() };
        call(&mut Words::new(words).ok_or(Code::Argument)?)
    })
}

/// Remembers an engine that this thread made.
pub(crate) fn made(handle: u64) {
    THREAD.with_borrow_mut(|thread| thread.iter_mut().for_each(|thread| _ = thread.engines.insert(handle)));
}

/// Forgets an engine that is closed.
pub(crate) fn closed(handle: u64) {
    THREAD.with_borrow_mut(|thread| thread.iter_mut().for_each(|thread| _ = thread.engines.remove(&handle)));
}

/// Remembers a session that this thread began.
pub(crate) fn began(session: u64) {
    THREAD.with_borrow_mut(|thread| thread.iter_mut().for_each(|thread| _ = thread.sessions.insert(session)));
}

/// Forgets a session that has ended.
pub(crate) fn ended(session: u64) {
    THREAD.with_borrow_mut(|thread| thread.iter_mut().for_each(|thread| _ = thread.sessions.remove(&session)));
}

/// The environment ends: closes what was left open, and lets go of the words
/// while they can still be let go of.
fn leave() {
    let left = THREAD.with_borrow_mut(Option::take);
    for session in left.iter().flat_map(|thread| &thread.sessions) {
        let _ = sergo_border::session::close(*session);
    }
    for handle in left.iter().flat_map(|thread| &thread.engines) {
        // One that another thread has closed meanwhile is closed, which is all
        // that is wanted.
        let _ = sergo_border::close(*handle);
    }
}
