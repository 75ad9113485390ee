//! Documents as upstream messages: what they look like on the wire, and that the
//! core reads them back to the same decisions.

#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod fault_tolerance;
mod golden;
mod kit;
mod round_trip;
mod routers;
mod unsaid;
