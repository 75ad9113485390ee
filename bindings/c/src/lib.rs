//! # The C ABI of sergo
//!
//! `include/sergo.h` is made from the files of this crate, comments included, so
//! the doc comments here speak to C programmers; `docs/c.md` has the conventions
//! on one page. This crate only carries arguments over: what a call means is in
//! `sergo-border` and the core.
//!
//! - [`code`]: what calls answer, and the stop for panics.
//! - [`text`]: borrowed and owned text, lists, and the checks of pointers.
//! - [`engine`]: open, close, and the rules.
//! - [`entry`]: enter, exit, and why an entry was blocked.
//! - [`request`]: a request, and the random numbers that it is chosen by.
//! - [`route`]: where a request goes.
//! - [`connect`]: where a connection goes.
//! - [`pick`]: which instance takes a request, and what came of it.
//! - [`discovery`]: what discovery knows, and what is known of its instances.
//! - [`label`]: the lane of a request, and what has to be handed over of one.
//! - [`session`]: rules from a control plane, pumped by the program itself.
//! - [`watch`]: explanations, breakers, events, figures, and the figures of the system.

// What is written here is what C sees.
#![allow(non_camel_case_types)]
// What every pointer must be is said once for all, in the header's preamble.
#![allow(clippy::missing_safety_doc)]

pub mod code;
pub mod connect;
pub mod discovery;
pub mod engine;
pub mod entry;
pub mod label;
pub mod pick;
pub mod request;
pub mod route;
pub mod session;
pub mod text;
pub mod watch;
