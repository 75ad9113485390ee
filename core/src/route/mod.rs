//! Where to: hosts, routes, splits, subsets and their fallbacks.

mod answer;
mod request;
mod rolls;

pub use answer::{Answer, AnswerId, Destination, Instance};
pub use request::{Caller, Headers, Request};
pub use rolls::Rolls;

/// The routes of all hosts, in one version of the rules.
#[derive(Debug, Default)]
pub struct Table {}

/// What discovery knows of each host's instances; outlives a reload.
#[derive(Debug, Default)]
pub struct Discovery {}
