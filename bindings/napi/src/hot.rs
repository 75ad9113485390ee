//! Entering and exiting, routing, picking, reporting and labelling: no arguments and no
//! value, everything in the thread's [`words`](crate::words). Each leaves in
//! [`STATUS`](crate::words::STATUS) 0, or what else it says, or a code's negative number
//! where it fails.
//!
//! These are callbacks of Node-API itself: what the macro of napi puts around a function,
//! to read arguments that there are not and to make a value of the answer, costs as much
//! as the work of some of them.

use crate::thread::with_words;
use crate::words::{ANSWER, CANCELLED, FLAG, HANDLE, INSTANCE, RANDOM, RESOURCE, seed};
use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::sys::{napi_callback_info, napi_env, napi_value};
use napi::{Callback, Env, Result};
use napi_derive::napi;
use sergo::Code;
use sergo_border::call;

/// Puts the hot calls among the exports.
///
/// # Errors
/// Those of Node-API.
#[napi(module_exports)]
pub fn hot(mut exports: Object<'_>, env: Env) -> Result<()> {
    let calls: [(&str, Callback); 6] =
        [("enter", enter), ("exit", exit), ("route", route), ("pick", pick), ("report", report), ("label", label)];
    calls
        .into_iter()
        .try_for_each(|(name, call)| exports.set_named_property(name, env.create_function::<(), ()>(name, call)?))
}

/// Asks to enter. Says 0 for a pass, the number of the strategy's kind for a block,
/// [`WAITS`](crate::words::WAITS) for a pass after a wait.
extern "C" fn enter(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let (handle, resource) = (words.number(HANDLE), words.number(RESOURCE));
        let entered = call::enter(handle, resource, words.cost(), words.flag(), words.time())?;
        Ok(words.put(&entered))
    })
}

/// Gives a permit back.
extern "C" fn exit(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let (handle, permit, now) = (words.number(HANDLE), words.permit(), words.time());
        match words.number(FLAG) {
            CANCELLED => call::cancel(handle, permit, now)?,
            _ => call::exit(handle, permit, words.flag(), now)?,
        }
        Ok(0)
    })
}

/// Routes the packed request in the thread's block.
extern "C" fn route(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let id = call::route(words.named()?, words.block()?, seed(words.real(RANDOM)))?;
        words.set(ANSWER, id);
        Ok(0)
    })
}

/// Picks an instance for the packed request in the thread's block.
extern "C" fn pick(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let picked = call::pick_id(words.number(HANDLE), words.block()?, seed(words.real(RANDOM)), words.time())?;
        words.set(ANSWER, picked.answer);
        words.set(INSTANCE, picked.instance);
        Ok(0)
    })
}

/// Takes what came of a call to an instance of the host in the thread's block.
extern "C" fn report(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let host = std::str::from_utf8(words.block()?).map_err(|_| Code::Utf8)?;
        let (instance, outcome) = (words.number(INSTANCE), words.number(FLAG) as u32);
        call::report_id(words.number(HANDLE), host, instance, outcome, words.time())?;
        Ok(0)
    })
}

/// Labels the packed request in the thread's block, and leaves the label there as
/// JSON ([`call::label`]), of length 0 for none.
extern "C" fn label(env: napi_env, _: napi_callback_info) -> napi_value {
    with_words(env, |words| {
        let label = call::label(words.number(HANDLE), words.block()?, words.flag())?;
        words.put_text(&label)?;
        Ok(0)
    })
}
