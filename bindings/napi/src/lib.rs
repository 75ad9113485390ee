//! The Node.js addon: plain functions on numeric handles, for the package in
//! `node/`, which gives them their public shape.
//!
//! - [`hot`]: entering and exiting, routing, picking, reporting and labelling. A
//!   call of Node-API without arguments costs less than half of one with them, so
//!   all of these take and leave everything in the thread's shared [`words`].
//! - [`routing`]: where a [packed](sergo_border::packed) request goes, in full.
//! - [`discovery`]: the instances of hosts.
//! - [`session`]: rules from a control plane.
//! - [`cold`]: everything else; text in, JSON out, and an error thrown whose
//!   `code` is the word of a [`sergo::Code`].
//! - [`thread`]: what the addon keeps for a JavaScript thread, and gives back
//!   when that thread ends.
//!
//! No export lets a panic through: one inside the engine is stopped by the
//! border and poisons that engine, any other becomes a JavaScript error.

pub mod cold;
pub mod discovery;
pub mod failure;
pub mod hot;
pub mod routing;
pub mod session;
pub mod thread;
pub mod words;
