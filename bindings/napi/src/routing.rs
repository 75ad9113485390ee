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
    asked(block, length, |block| call::route(handle as u64, block, seed(random))).map(|id| id as f64)
}

/// As [`route`], with the picks' random numbers themselves.
///
/// # Errors
/// The codes of [`call::route`].
#[napi(catch_unwind)]
pub fn route_rolled(handle: f64, block: &[u8], length: u32, rolls: &[f64]) -> Result<f64> {
    asked(block, length, |block| call::route(handle as u64, block, Random::Rolls(rolls))).map(|id| id as f64)
}

/// All that is done with the request on its way, as JSON
/// (`sergo_border::text::directions`); empty for nowhere. With the `random` of
/// [`route`] it is about the same answer.
///
/// # Errors
/// The codes of [`call::direct`].
#[napi(catch_unwind)]
pub fn direct(handle: f64, block: &[u8], length: u32, random: f64) -> Result<String> {
    asked(block, length, |block| call::direct(handle as u64, block, seed(random)))
}

/// As [`direct`], with the picks' random numbers themselves.
///
/// # Errors
/// The codes of [`call::direct`].
#[napi(catch_unwind)]
pub fn direct_rolled(handle: f64, block: &[u8], length: u32, rolls: &[f64]) -> Result<String> {
    asked(block, length, |block| call::direct(handle as u64, block, Random::Rolls(rolls)))
}

/// Where a connection goes, by the TLS and TCP routes, as JSON
/// (`sergo_border::text::answer`); empty for nowhere. `connection` is
/// `sergo_border::text::Connecting`, `random` as in [`route`].
///
/// # Errors
/// The codes of [`call::connect`].
#[napi(catch_unwind)]
pub fn connect(handle: f64, connection: String, random: f64) -> Result<String> {
    call::connect(handle as u64, &connection, seed(random)).map_err(failure)
}

/// As [`connect`], with the picks' random numbers themselves.
///
/// # Errors
/// The codes of [`call::connect`].
#[napi(catch_unwind)]
pub fn connect_rolled(handle: f64, connection: String, rolls: &[f64]) -> Result<String> {
    call::connect(handle as u64, &connection, Random::Rolls(rolls)).map_err(failure)
}

/// What a double in `[0, 1)` can hold are 53 bits.
fn seed(random: f64) -> Random<'static> {
    Random::Seed((random * (1u64 << 53) as f64) as u64)
}

fn asked<T>(block: &[u8], length: u32, ask: impl FnOnce(&[u8]) -> Result<T, Code>) -> Result<T> {
    let block = block.get(..length as usize).ok_or_else(|| failure(Code::Argument))?;
    ask(block).map_err(failure)
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
