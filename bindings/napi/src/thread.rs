//! What the addon keeps for one JavaScript thread: the shared words, and the
//! engines and sessions that were made there. All go when the thread's environment ends, so
//! that a worker leaves nothing behind.

use crate::failure::{Result, failure};
use crate::words::{LEAST, Words};
use napi::Env;
use napi::bindgen_prelude::{Float64Array, ToNapiValue, Unknown};
use napi::sys::{napi_env, napi_value};
use napi_derive::napi;
use sergo::Code;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

thread_local! {
    static THREAD: RefCell<Option<Thread>> = const { RefCell::new(None) };
    /// Where the thread's words are. On its own: what has nothing to drop is found
    /// without asking whether it still is.
    static WORDS: Cell<Option<NonNull<[f64]>>> = const { Cell::new(None) };
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
pub fn share(env: Env, mut words: Float64Array) -> Result<Unknown<'static>> {
    if words.len() < LEAST {
        return Err(failure(Code::Argument));
    }
    THREAD.with_borrow_mut(|thread| {
        if thread.is_none() {
            env.add_env_cleanup_hook((), |()| leave()).map_err(|_| failure(Code::Argument))?;
            // SAFETY: nobody else has it; see `words` for how long it is used.
            WORDS.set(Some(NonNull::from(unsafe { words.as_mut() })));
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

/// Runs a hot call on this thread's words and leaves its status there, a code as its
/// number. The value for JavaScript is undefined.
#[inline]
pub(crate) fn with_words(env: napi_env, call: impl FnOnce(&mut Words<'_>) -> Result<i32, Code>) -> napi_value {
    let told = words(|words| {
        // What the border does not stop must not get any further than this either.
        let answer = catch_unwind(AssertUnwindSafe(|| call(&mut *words))).unwrap_or(Err(Code::Panicked));
        words.put_status(answer.unwrap_or_else(|code| code as i32));
        Ok(())
    });
    if told.is_err() {
        nowhere(env);
    }
    ptr::null_mut()
}

/// There are no words to leave a status in.
#[cold]
fn nowhere(env: napi_env) {
    let _ = Env::from_raw(env).throw_error(Code::Argument.sentence(), Some(Code::Argument.word()));
}

/// Runs a cold call on this thread's words; a code becomes an error.
pub(crate) fn on_words<T>(call: impl FnOnce(&mut Words<'_>) -> Result<T, Code>) -> Result<T> {
    words(call).map_err(failure)
}

#[inline]
fn words<T>(call: impl FnOnce(&mut Words<'_>) -> Result<T, Code>) -> Result<T, Code> {
    let mut words = WORDS.get().ok_or(Code::Argument)?;
    // SAFETY: the thread's reference to the array keeps the memory where it is, and
    // `leave` forgets it before it lets go; the package neither transfers nor resizes
    // it. No JavaScript runs on this thread before the call is over, and no call makes
    // another, so nobody else has it.
    let words = unsafe { words.as_mut() };
    call(&mut Words::new(words).ok_or(Code::Argument)?)
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
    WORDS.set(None);
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
