//! Where a packed request goes, and to which instance: the cold calls, for all
//! that [`hot`](crate::hot) cannot say. The engine and the moment are those in the
//! thread's [words](crate::words). A packed request is the first `length` bytes of
//! a block. `random` is a random number in `[0, 1)`, from which all picks are made,
//! or a list of the picks' own.

use crate::failure::{Result, failure};
use crate::thread::on_words;
use crate::words::{HANDLE, seed};
use napi::bindgen_prelude::{Either, Float64Array};
use napi_derive::napi;
use sergo::Code;
use sergo_border::call::{self, Random};

type Numbers = Either<f64, Float64Array>;

fn random(numbers: &Numbers) -> Random<'_> {
    match numbers {
        Either::A(number) => seed(*number),
        Either::B(numbers) => Random::Rolls(numbers),
    }
}

/// The packed request in the first `length` bytes of a block.
pub(crate) fn packed(block: &[u8], length: u32) -> Result<&[u8]> {
    block.get(..length as usize).ok_or_else(|| failure(Code::Argument))
}

/// The id of the answer for a packed request, or 0 for nowhere.
///
/// # Errors
/// The codes of [`call::route`].
#[napi(catch_unwind)]
pub fn route_with(block: &[u8], length: u32, numbers: Numbers) -> Result<f64> {
    let block = packed(block, length)?;
    on_words(|words| call::route(words.named()?, block, random(&numbers))).map(|id| id as f64)
}

/// All that is done with the request on its way, as JSON
/// (`sergo_border::text::directions`); empty for nowhere. With the numbers of
/// [`route_with`] it is about the same answer.
///
/// # Errors
/// The codes of [`call::direct`].
#[napi(catch_unwind)]
pub fn direct(block: &[u8], length: u32, numbers: Numbers) -> Result<String> {
    let block = packed(block, length)?;
    on_words(|words| call::direct(words.named()?, block, random(&numbers)))
}

/// Where the request goes and which instance takes it, as JSON
/// ([`call::pick`]); empty for nowhere.
///
/// # Errors
/// The codes of [`call::pick`].
#[napi(catch_unwind)]
pub fn pick_with(block: &[u8], length: u32, numbers: Numbers) -> Result<String> {
    let block = packed(block, length)?;
    on_words(|words| call::pick(words.number(HANDLE), block, random(&numbers), words.time()))
}

/// Which route the request goes by, and why none before it does, as JSON.
///
/// # Errors
/// The codes of [`call::explain_route`].
#[napi(catch_unwind)]
pub fn explain_route(block: &[u8], length: u32, numbers: Numbers) -> Result<String> {
    let block = packed(block, length)?;
    on_words(|words| call::explain_route(words.number(HANDLE), block, random(&numbers), words.time()))
}

/// Where a connection goes, by the TLS and TCP routes, as JSON
/// (`sergo_border::text::answer`); empty for nowhere. `connection` is
/// `sergo_border::text::Connecting`.
///
/// # Errors
/// The codes of [`call::connect`].
#[napi(catch_unwind)]
pub fn connect(connection: String, numbers: Numbers) -> Result<String> {
    on_words(|words| call::connect(words.named()?, &connection, random(&numbers)))
}

/// What the id of an answer stands for, as JSON (`sergo_border::text::answer`).
///
/// # Errors
/// `stale` when it is no longer kept, and the codes of an engine.
#[napi(catch_unwind)]
pub fn answer(handle: f64, id: f64) -> Result<String> {
    call::answer(handle as u64, id as u64).map_err(failure)
}

/// The lane of a packed request, as JSON ([`call::label`]); empty for none.
///
/// # Errors
/// The codes of [`call::label`].
#[napi(catch_unwind)]
pub fn label_with(handle: f64, block: &[u8], length: u32, trust: bool) -> Result<String> {
    call::label(handle as u64, packed(block, length)?, trust).map_err(failure)
}

/// Which lane [`label_with`] says that the request is of, and why, as JSON.
///
/// # Errors
/// The codes of [`call::explain_label`].
#[napi(catch_unwind)]
pub fn explain_label(handle: f64, block: &[u8], length: u32, trust: bool) -> Result<String> {
    call::explain_label(handle as u64, packed(block, length)?, trust).map_err(failure)
}

/// The `baggage` header of the next call: the incoming one with the lane under its key.
#[napi(catch_unwind)]
pub fn baggage(incoming: String, key: String, lane: String) -> String {
    call::baggage(&incoming, &key, &lane)
}

/// Which headers and query parameters are looked at for a host, or for an empty
/// host by [`label_with`], as JSON ([`call::required`]).
///
/// # Errors
/// The codes of an engine.
#[napi(catch_unwind)]
pub fn required(handle: f64, host: String) -> Result<String> {
    call::required(handle as u64, &host).map_err(failure)
}
