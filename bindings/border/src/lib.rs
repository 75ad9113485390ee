//! # What every binding of sergo shares
//!
//! The core knows no handles, no clock and no foreign text. This crate adds just
//! that, once, for the C, JNI, N-API and `PyO3` bindings:
//!
//! - [`clock`]: the monotonic clock.
//! - [`handle`]: engines behind plain numbers. A number that is used after close,
//!   or twice closed, is an error code and never a crash; a panic is stopped and
//!   poisons its engine alone.
//! - [`call`]: the calls, with integers and borrowed text as arguments.
//! - [`metadata`]: what a process reports of its services.
//! - [`packed`]: a request as one block of bytes, for languages in which one
//!   crossing is cheaper than many.
//! - [`session`]: subscriptions to a control plane.
//! - [`system`]: how loaded the system is.
//! - [`text`]: the cold answers as JSON, one shape for all languages.

pub mod call;
mod cgroup;
pub mod clock;
pub mod handle;
pub mod metadata;
pub mod packed;
pub mod session;
pub mod system;
pub mod text;

pub use handle::{NOW, close, open, with};
