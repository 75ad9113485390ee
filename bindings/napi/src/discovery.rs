//! The instances of hosts: what discovery knows, and what came of calls to them.

use crate::failure::{Result, failure};
use crate::thread::on_words;
use crate::words::HANDLE;
use napi_derive::napi;
use sergo_border::call;

/// Tells what discovery knows of a host, as a JSON list (`sergo_border::text::instances`).
///
/// # Errors
/// `argument` for other JSON, and the codes of an engine.
#[napi(catch_unwind)]
pub fn set_instances(handle: f64, host: String, instances: String) -> Result<()> {
    call::set_instances(handle as u64, &host, &instances).map_err(failure)
}

/// Tells what has changed of a host: a JSON list of the instances that are new or
/// changed, and one of the ids of those that are gone.
///
/// # Errors
/// `argument` for other JSON, and the codes of an engine.
#[napi(catch_unwind)]
pub fn update_instances(handle: f64, host: String, changed: String, gone: String) -> Result<()> {
    call::update_instances(handle as u64, &host, &changed, &gone).map_err(failure)
}

/// The instance of a host behind its number, as JSON (`sergo_border::text::instance`).
///
/// # Errors
/// `stale` when discovery knows it no longer, and the codes of an engine.
#[napi(catch_unwind)]
pub fn instance(handle: f64, host: String, number: f64) -> Result<String> {
    call::instance(handle as u64, &host, number as u64).map_err(failure)
}

/// Takes what came of a call to an instance, by its id, at the moment in the
/// thread's [words](crate::words); `outcome` is a number of [`call::report`].
///
/// # Errors
/// The codes of [`call::report`].
#[napi(catch_unwind)]
pub fn report_named(host: String, instance: String, outcome: u32) -> Result<()> {
    on_words(|words| call::report(words.number(HANDLE), &host, &instance, outcome, words.time()))
}

/// The ids of a host's instances that are ejected at the moment in the thread's
/// [words](crate::words), a sorted JSON list.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn ejected(host: String) -> Result<String> {
    on_words(|words| call::ejected(words.number(HANDLE), &host, words.time()))
}

/// The limits of connections to a host, or with one to a subset of it, as JSON;
/// empty for none.
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn connection_pool(handle: f64, host: String, subset: Option<String>) -> Result<String> {
    call::connection_pool(handle as u64, &host, subset.as_deref()).map_err(failure)
}
