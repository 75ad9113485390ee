//! May it pass: plans and gates, and the plain data they answer with.

mod answer;
mod permit;

pub use answer::{Ask, Block, BlockId, Blocked, Decision, Direction, Fallback, Outcome, ResourceId};
pub use permit::Permit;
