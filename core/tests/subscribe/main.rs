//! The subscription session against control planes, on virtual time: one that is
//! correct and those that are not, over connections that fail in every way.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod bounds;
mod bytes;
mod chaos;
mod existing;
mod kit;
mod plane;
mod quirks;
mod session;
mod world;
