//! Flow control against naive models: what must hold whatever the arrivals, the
//! costs, the reloads and the clock.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cancel;
mod clock;
mod kit;
mod limit;
mod model;
mod seen;
mod threads;
