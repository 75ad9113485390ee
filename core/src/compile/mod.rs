//! From what was written to what is enforced: specs and the previous snapshot
//! in, the next snapshot and a report out. The only place that sees both sides.

pub mod report;
pub mod resolved;
pub mod route;
