//! The immutable whole that one version of the rules compiles to.

/// Everything that a request looks at.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Counted from 1; 0 is the empty snapshot before the first rules.
    pub version: u64,
}
