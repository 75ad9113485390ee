//! What has happened: atomics that outlive a reload.

pub mod event;
pub mod figures;

/// What an engine keeps beside the rules, for its whole life.
#[derive(Debug, Default)]
pub struct State {}
