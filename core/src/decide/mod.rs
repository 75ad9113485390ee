//! May it pass: plans and gates, and the plain data they answer with.

mod answer;
pub(crate) mod breaker;
mod entry;
mod explain;
pub(crate) mod gate;
mod look;
pub(crate) mod overload;
pub(crate) mod permit;
pub(crate) mod table;
mod why;

pub use answer::{Ask, Block, BlockId, Blocked, Decision, Direction, Fallback, Outcome, ResourceId};
pub use explain::{Amount, Explanation, GateExplanation, Verdict};
pub use permit::Permit;
pub use table::Table;
