//! May it pass: plans and gates, and the plain data they answer with.

mod answer;
mod permit;

pub use answer::{Ask, Block, BlockId, Blocked, Decision, Direction, Fallback, Outcome, ResourceId};
pub use permit::Permit;

/// The plans of all governed resources, in one version of the rules.
#[derive(Debug, Default)]
pub struct Table {}
