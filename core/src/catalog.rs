//! The last good version of every document, by namespace, kind and name.

/// The documents in force.
#[derive(Debug, Default)]
pub struct Catalog {}
