//! What has happened: atomics that outlive a reload.

pub mod event;
pub mod figures;
