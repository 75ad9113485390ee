//! The immutable whole that one version of the rules compiles to.

/// Everything that a request looks at.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Counted from 1; 0 is the empty snapshot before the first rules.
    pub version: u64,
    /// Which gates ask which resource.
    pub decide: crate::decide::Table,
    /// Which routes serve which host.
    pub route: crate::route::Table,
}
