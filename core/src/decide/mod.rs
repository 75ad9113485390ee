//! May it pass: plans and gates, and the plain data they answer with.

mod answer;
pub(crate) mod breaker;
mod entry;
pub(crate) mod gate;
mod look;
pub(crate) mod overload;
pub(crate) mod permit;
pub(crate) mod table;

pub use answer::{Ask, Block, BlockId, Blocked, Decision, Direction, Fallback, Outcome, ResourceId};
pub use permit::Permit;
pub use table::Table;
