//! Where a packed request goes.

use crate::failure::{Result, failure};
use napi_derive::napi;
use sergo::Code;
use sergo_border::call::{self, Random};

/// The id of the answer for the packed request in the first `length` bytes of
/// `block`, or 0 for nowhere. `random` is a random number in `[0, 1)`, from which
/// all picks are made.
///
/// # Errors
/// The codes of [`call::route`].
#[napi(catch_unwind)]
pub fn route(handle: f64, block: &[u8], length: u32, random: f64) -> Result<f64> {
    // What a double in [0, 1) can hold are 53 bits.
    let seed = (random * (1u64 << 53) as f64) as u64;
    asked(handle, block, length, Random::Seed(seed))
}

/// As [`route`], with the picks' random numbers themselves.
///
/// # Errors
/// The codes of [`call::route`].
#[napi(catch_unwind)]
pub fn route_rolled(handle: f64, block: &[u8], length: u32, rolls: &[f64]) -> Result<f64> {
    asked(handle, block, length, Random::Rolls(rolls))
}

fn asked(handle: f64, block: &[u8], length: u32, random: Random<'_>) -> Result<f64> {
    let block = block.get(..length as usize).ok_or_else(|| failure(Code::Argument))?;
    Ok(call::route(handle as u64, block, random).map_err(failure)? as f64)
}

/// What an id of [`route`] stands for, as JSON (`sergo_border::text::answer`).
///
/// # Errors
/// `stale` when it is no longer kept, and the codes of an engine.
#[napi(catch_unwind)]
pub fn answer(handle: f64, id: f64) -> Result<String> {
    call::answer(handle as u64, id as u64).map_err(failure)
}

/// Tells what discovery knows of a host, as a JSON list (`sergo_border::text::instances`).
///
/// # Errors
/// `argument` for other JSON, and the codes of an engine.
#[napi(catch_unwind)]
pub fn set_instances(handle: f64, host: String, instances: String) -> Result<()> {
    call::set_instances(handle as u64, &host, &instances).map_err(failure)
}
