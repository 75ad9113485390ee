//! Where to: hosts, routes, splits, subsets and their fallbacks.

mod answer;
pub mod condition;
mod discovery;
mod request;
mod rolls;
pub mod split;
mod table;

pub use answer::{Answer, AnswerId, Destination, Instance};
pub use discovery::{Discovery, Instances, SUBSET_LABELS};
pub use request::{Caller, Headers, Request};
pub use rolls::Rolls;
pub use table::{Action, KEPT_VERSIONS, Routes, Rule, Table};
