//! Where to: hosts, routes, splits, subsets and their fallbacks.

mod answer;
pub mod condition;
mod connection;
mod directions;
mod discovery;
mod index;
mod request;
mod rolls;
pub mod rule;
mod shape;
pub mod split;
mod table;

pub use answer::{Answer, AnswerId, Destination, Instance};
pub use connection::Connection;
pub use directions::{Directions, Effects};
pub use discovery::{Discovery, Instances, SUBSET_LABELS};
pub use request::{Caller, Headers, Request};
pub use rolls::Rolls;
pub use table::{KEPT_VERSIONS, Table};
