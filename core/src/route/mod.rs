//! Where to: hosts, routes, splits, subsets and their fallbacks.

mod answer;
mod request;
mod rolls;

pub use answer::{Answer, AnswerId, Destination, Instance};
pub use request::{Caller, Headers, Request};
pub use rolls::Rolls;
