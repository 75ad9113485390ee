//! # What is tried on every input
//!
//! Each body takes any bytes at all and panics where a promise is broken. The
//! fuzz targets (`fuzz/targets`) feed them new inputs, the test of this package
//! the corpus (`fuzz/corpus`).

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod baggage;
mod clients;
mod convert;
mod documents;
mod matching;
mod operations;
mod routes;
mod rules;
mod traces;
mod wire;

pub use baggage::baggage;
pub use clients::clients;
pub use convert::convert;
pub use documents::documents;
pub use matching::matching;
pub use operations::operations;
pub use routes::routes;
pub use traces::traces;
pub use wire::wire;
