//! Where to: hosts, routes, splits, subsets and their fallbacks, instances.

mod answer;
pub mod colour;
pub mod condition;
mod connection;
mod directions;
mod discovery;
mod explain;
mod fleet;
mod hosts;
mod index;
mod layout;
mod pick;
mod pool;
mod request;
mod required;
mod rolls;
pub mod rule;
mod shape;
pub mod split;
mod table;
pub mod workload;

pub use crate::matcher::rpc::{Rpc, RpcArgument};
pub use answer::{Answer, AnswerId, Destination, Instance};
pub use connection::Connection;
pub use directions::{Directions, Effects};
pub use discovery::{Discovery, MAX_GONE};
pub use explain::{BlockMiss, RouteExplanation, RouteMiss};
pub use fleet::{Fleet, Host, SUBSET_LABELS};
pub(crate) use pick::cookie;
pub use pick::{Pick, PickedId};
pub use pool::Endpoint;
pub use request::{Caller, Headers, Request};
pub use required::Required;
pub use rolls::Rolls;
pub use table::{KEPT_VERSIONS, Moment, Table};
